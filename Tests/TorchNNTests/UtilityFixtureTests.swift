// Lazy modules, initialisers, parametrizations, pruning and fusion against PyTorch's (Fixtures/nn/utilities.json).

import TestSupport
import Testing
import TorchCore
import TorchNN

private struct Value: Decodable {
  let shape: [Int]
  let dtype: String
  let values: [Double]
}

private struct Utilities: Decodable {
  struct Lazy: Decodable {
    let before, after: String
    let input: [Int]
    let state: [String: Value]
    let output: Value
  }
  struct Parametrized: Decodable {
    let repr: String
    let input: [Int]
    let output: Value
    let state, grads: [String: Value]
  }
  struct Pruned: Decodable {
    let state, grads: [String: Value]
    let weight, output: Value
  }
  struct Fused: Decodable {
    let repr: String
    let state: [String: Value]
    let requires: [Bool]
  }
  struct Sync: Decodable {
    let repr: String
    let keys: [String]
  }
  let lazy: [String: Lazy]
  let inits: [String: Value]
  let parametrized: [String: Parametrized]
  let pruned: [String: Pruned]
  let fused: [String: Fused]
  let sync: Sync
}

private let prune = nn.utils.prune.self
private let parametrize = nn.utils.parametrize.self
private let parametrizations = nn.utils.parametrizations.self

private func ramp(_ shape: [Int]) -> Tensor {
  (Tensor.arange(.int(shape.reduce(1, *)), dtype: .float64) * 0.37).sin().reshape(shape)
}

private func compare(_ actual: Tensor, _ expected: Value, _ tolerance: Double, _ what: String) throws {
  #expect(Array(actual.shape) == expected.shape, "\(what)")
  #expect(actual.dtype.description == "torch." + expected.dtype, "\(what)")
  #expect(try distance(actual.detach(), expected.values) <= tolerance, "\(what)")
}

private func compare(
  _ actual: [String: Tensor], _ expected: [String: Value], _ tolerance: Double, _ what: String
) throws {
  #expect(Set(actual.keys) == Set(expected.keys), "\(what)")
  for (key, value) in expected { if let tensor = actual[key] { try compare(tensor, value, tolerance, "\(what).\(key)") } }
}

private func state(_ module: nn.Module) -> [String: Tensor] {
  Dictionary(uniqueKeysWithValues: module.stateDict().map { ($0.key, $0.value) })
}

private func gradients(_ module: nn.Module) -> [String: Tensor] {
  Dictionary(uniqueKeysWithValues: module.namedParameters().compactMap { name, tensor in tensor.grad.map { (name, $0) } })
}

@Test func lazyModulesTakeTheirSizesFromTheFirstInput() throws {
  let makers: [String: () -> any nn.Layer<Tensor, Tensor>] = [
    "LazyLinear": { nn.LazyLinear(3) }, "LazyLinearNoBias": { nn.LazyLinear(3, bias: false) },
    "LazyConv1d": { nn.LazyConv1d(4, 3, stride: 2, groups: 2) },
    "LazyConv2d": { nn.LazyConv2d(3, [2, 3], padding: .same, bias: false) }, "LazyConv3d": { nn.LazyConv3d(2, 2) },
    "LazyConvTranspose1d": { nn.LazyConvTranspose1d(4, 3, stride: 2, outputPadding: 1) },
    "LazyConvTranspose2d": { nn.LazyConvTranspose2d(4, 2, groups: 2) },
    "LazyConvTranspose3d": { nn.LazyConvTranspose3d(2, 2) }, "LazyBatchNorm1d": { nn.LazyBatchNorm1d() },
    "LazyBatchNorm2d": { nn.LazyBatchNorm2d(momentum: nil, affine: false) },
    "LazyBatchNorm3d": { nn.LazyBatchNorm3d(trackRunningStats: false) },
    "LazyInstanceNorm1d": { nn.LazyInstanceNorm1d() }, "LazyInstanceNorm2d": { nn.LazyInstanceNorm2d(affine: false) },
    "LazyInstanceNorm3d": { nn.LazyInstanceNorm3d(trackRunningStats: false) },
  ]
  let fixtures = try fixture("nn/utilities.json", Utilities.self).lazy
  #expect(Set(makers.keys) == Set(fixtures.keys))
  for (name, expected) in fixtures.sorted(by: { $0.key < $1.key }) {
    torch.manualSeed(7)
    let module = makers[name]!()
    #expect(module.description == expected.before)
    let output = module(ramp(expected.input).float())
    #expect(module.description == expected.after)
    try compare(state(module), expected.state, 1e-6, name)
    try compare(output, expected.output, 1e-5, name)
  }
}

@Test func lazyParametersCanBeConvertedLoadedAndNothingElse() throws {
  let lazy = nn.LazyLinear(3)
  #expect(lazy.hasUninitializedParams() && lazy.weight.isUninitialized)
  #expect { try withErrors { _ = lazy.weight + 1 } } throws: {
    "\($0)".hasPrefix("Attempted to use an uninitialized parameter.")
  }
  lazy.double()
  #expect(lazy.weight.dtype == .float64)
  let plain = nn.Linear(2, 3, dtype: .float64)
  #expect(throws: TorchError.self) { try plain.loadStateDict(lazy.stateDict()) }
  let weight = lazy.weight
  try lazy.loadStateDict(plain.stateDict())
  #expect(lazy.weight === weight && weight.requiresGrad && weight.shape == [3, 2])
  let x = ramp([4, 2])
  #expect(try torch.allclose(lazy(x), plain(x)))
  #expect(lazy.inFeatures == 2)
  #expect { try withErrors { _ = nn.LazyConv2d(3, 2)(Tensor.ones(2, 2)) } } throws: {
    "\($0)".contains("Expected 3D (unbatched) or 4D (batched) input to LazyConv2d, but got input of size: torch.Size([2, 2])")
  }
}

@Test func initialisersDrawPyTorchsNumbers() throws {
  let fill: [String: (Tensor) -> Tensor] = [
    "trunc_normal": { nn.initializers.truncNormal_($0) },
    "trunc_normal_narrow": { nn.initializers.truncNormal_($0, mean: 1, std: 2, a: 0.5, b: 0.9) },
    "trunc_normal_tail": { nn.initializers.truncNormal_($0, a: 1.5, b: 3) },
    "orthogonal": { nn.initializers.orthogonal_($0, gain: $0.ndim == 2 ? 1.5 : 1) },
    "sparse": { nn.initializers.sparse_($0, sparsity: 0.4) }, "eye": { nn.initializers.eye_($0) },
    "xavier_normal": { nn.initializers.xavierNormal_($0, gain: 0.7) },
    "kaiming_normal_out": { nn.initializers.kaimingNormal_($0, mode: .fanOut, nonlinearity: .relu) },
    "dirac": { nn.initializers.dirac_($0) }, "dirac_groups": { nn.initializers.dirac_($0, groups: 2) },
  ]
  for (name, expected) in try fixture("nn/utilities.json", Utilities.self).inits {
    let kind = String(name.split(separator: " ")[0])
    torch.manualSeed(11)
    let tensor = Tensor.empty(Shape(expected.shape))
    let initialize = try #require(fill[kind])
    let filled = initialize(tensor)
    #expect(filled === tensor)
    // The factors of orthogonal matrices are LAPACK's.
    try compare(tensor, expected, kind == "orthogonal" ? 2e-6 : 1e-6, name)
  }
}

private final class Symmetric: nn.Module, nn.Layer, nn.Parametrization {
  func forward(_ x: Tensor) -> Tensor { x.triu() + x.triu(1).mT }
  func originals(for value: Tensor) -> [Tensor]? { [value.triu()] }
}

private final class Doubled: nn.Module, nn.Layer, nn.Parametrization {
  func forward(_ x: Tensor) -> Tensor { x * 2 }
}

private func both(_ layer: nn.Linear) throws -> nn.Linear {
  try parametrize.registerParametrization(layer, "weight", Symmetric())
  return try parametrize.registerParametrization(layer, "weight", Doubled())
}

@Test func parametrizationsArePyTorchs() throws {
  typealias Layer = any nn.Layer<Tensor, Tensor>
  let makers: [String: () throws -> Layer] = [
    "weight_norm": { try parametrizations.weightNorm(nn.Linear(4, 3)) },
    "weight_norm_none": { try parametrizations.weightNorm(nn.Linear(4, 3), dim: nil) },
    "weight_norm_conv": { try parametrizations.weightNorm(nn.Conv2d(2, 3, 2), dim: 1) },
    "spectral_norm": { try parametrizations.spectralNorm(nn.Linear(4, 3)) },
    "spectral_norm_conv": { try parametrizations.spectralNorm(nn.ConvTranspose1d(2, 3, 2), nPowerIterations: 2) },
    "spectral_norm_bias": { try parametrizations.spectralNorm(nn.Linear(4, 3), name: "bias") },
    "orthogonal_exp": { try parametrizations.orthogonal(nn.Linear(3, 3)) },
    "orthogonal_householder": { try parametrizations.orthogonal(nn.Linear(4, 3)) },
    "orthogonal_cayley": { try parametrizations.orthogonal(nn.Linear(3, 5), map: .cayley) },
    "orthogonal_plain": {
      try parametrizations.orthogonal(nn.Linear(3, 5), map: .householder, useTrivialization: false)
    },
    "orthogonal_exp_plain": {
      try parametrizations.orthogonal(nn.Linear(3, 5), map: .matrixExp, useTrivialization: false)
    },
    "symmetric": { try parametrize.registerParametrization(nn.Linear(3, 3), "weight", Symmetric()) },
    "symmetric_doubled": { try both(nn.Linear(3, 3)) },
    "assigned": {
      let layer = try parametrize.registerParametrization(nn.Linear(3, 3).double(), "weight", Symmetric())
      layer.weight = ramp([3, 3]) + ramp([3, 3]).mT
      return layer
    },
    "removed": { try parametrize.removeParametrizations(try parametrizations.weightNorm(nn.Linear(3, 3)), "weight") },
    "left_original": {
      try parametrize.removeParametrizations(both(nn.Linear(3, 3)), "weight", leaveParametrized: false)
    },
    "old_weight_norm": { try nn.utils.weightNorm(nn.Linear(4, 3)) },
    "old_spectral_norm": { try nn.utils.spectralNorm(nn.Linear(4, 3), nPowerIterations: 2) },
    "old_weight_norm_removed": { try nn.utils.removeWeightNorm(nn.utils.weightNorm(nn.Linear(4, 3))) },
    "old_spectral_norm_removed": { try nn.utils.removeSpectralNorm(nn.utils.spectralNorm(nn.Linear(4, 3))) },
  ]
  let fixtures = try fixture("nn/utilities.json", Utilities.self).parametrized
  #expect(Set(makers.keys) == Set(fixtures.keys))
  for (name, expected) in fixtures.sorted(by: { $0.key < $1.key }) {
    try withErrors {
      torch.manualSeed(5)
      let module = try makers[name]!()
      module.double()
      #expect(module.description == expected.repr)
      let output = module(ramp(expected.input))
      (output * ramp(Array(output.shape)).cos()).sum().backward()
      // Drawn in float32, and decomposed in it.
      try compare(output, expected.output, 2e-6, name)
      try compare(state(module), expected.state, 2e-6, name)
      try compare(gradients(module), expected.grads, 1e-5, name)
    }
  }
}

@Test func parametrizationsRefuseWhatDoesNotFit() throws {
  final class Wider: nn.Module, nn.Layer, nn.Parametrization {
    func forward(_ x: Tensor) -> Tensor { torch.cat([x, x]) }
  }
  let layer = nn.Linear(3, 2)
  let weight = layer.weight
  #expect { try parametrize.registerParametrization(layer, "weight", Wider()) } throws: {
    "\($0)".hasPrefix("Registering a parametrization may not change the shape of the tensor, unless `unsafe` flag is enabled.")
  }
  #expect(layer.weight === weight && !parametrize.isParametrized(layer))
  #expect { try parametrize.registerParametrization(layer, "nothing", Doubled()) } throws: {
    "\($0)".contains("does not have a parameter, a buffer, or a parametrized element with name 'nothing'")
  }
  #expect(throws: TorchError.self) { try parametrize.removeParametrizations(layer, "weight") }
  try parametrize.registerParametrization(layer, "weight", Doubled())
  #expect(parametrize.isParametrized(layer, "weight") && !parametrize.isParametrized(layer, "bias"))
  #expect { try withErrors { layer.weight = Tensor.ones(2, 3) } } throws: {
    "\($0)" == "parametrization Doubled does not implement right_inverse."
  }
  // One original stays the object that an optimizer has.
  #expect(layer.parameters().contains { $0 === weight })
  #expect(parametrize.cached { layer.weight === layer.weight })
  #expect(!(layer.weight === layer.weight))
}

/// Older checkpoints of weight normalization load.
@Test func weightNormLoadsItsOlderKeys() throws {
  let old = try nn.utils.weightNorm(nn.Linear(4, 3))
  let new = nn.Sequential(try parametrizations.weightNorm(nn.Linear(4, 3)))
  var dict: StateDict = [:]
  for (key, tensor) in old.stateDict() { dict["0." + key] = tensor }
  try new.loadStateDict(dict)
  let x = Tensor.ones(2, 4)
  #expect(try torch.allclose(new(x), old(x)))
}

private func pruneTwice(_ m: nn.Linear) throws -> nn.Linear {
  try prune.l1Unstructured(m, "weight", amount: 0.25)
  try prune.lnStructured(m, "weight", amount: 1, n: 2, dim: 0)
  return try prune.randomUnstructured(m, "weight", amount: 3)
}

@Test func pruningIsPyTorchs() throws {
  let changes: [String: (nn.Linear) throws -> Void] = [
    "l1": { try prune.l1Unstructured($0, "weight", amount: 0.3) },
    "l1_scores": { try prune.l1Unstructured($0, "weight", amount: 5, importanceScores: ramp([3, 4]).float()) },
    "random": { try prune.randomUnstructured($0, "weight", amount: 0.5) },
    "ln": { try prune.lnStructured($0, "weight", amount: 0.5, n: 1, dim: 1) },
    "ln_inf": { try prune.lnStructured($0, "weight", amount: 1, n: .infinity, dim: 0) },
    "random_structured": { try prune.randomStructured($0, "weight", amount: 2, dim: 1) },
    "mask": { try prune.customFromMask($0, "bias", mask: Tensor([0, 1, 0])) },
    "identity": { try prune.identity($0, "weight") }, "twice": { _ = try pruneTwice($0) },
    "global": {
      try prune.identity($0, "bias")
      try prune.globalUnstructured([($0, "weight"), ($0, "bias")], prune.L1Unstructured(amount: 0.4))
    },
    "removed": { try prune.remove(pruneTwice($0), "weight") },
  ]
  let fixtures = try fixture("nn/utilities.json", Utilities.self).pruned
  #expect(Set(changes.keys) == Set(fixtures.keys))
  for (name, expected) in fixtures.sorted(by: { $0.key < $1.key }) {
    try withErrors {
      torch.manualSeed(3)
      let module = nn.Linear(4, 3)
      try changes[name]!(module)
      #expect(prune.isPruned(module) == (name != "removed"))
      let output = module(ramp([2, 4]).float())
      (output * ramp([2, 3]).float()).sum().backward()
      try compare(state(module), expected.state, 1e-7, name)
      try compare(module.weight, expected.weight, 1e-7, name)
      try compare(output, expected.output, 1e-6, name)
      try compare(gradients(module), expected.grads, 1e-6, name)
    }
  }
  let layer = nn.Linear(4, 3)
  #expect(throws: TorchError.self) { try prune.remove(layer, "weight") }
  #expect { try prune.l1Unstructured(layer, "weight", amount: 13) } throws: {
    "\($0)" == "amount=13 should be smaller than the number of parameters to prune=12"
  }
  #expect { try prune.l1Unstructured(layer, "weight", amount: 1.5) } throws: {
    "\($0)" == "amount=1.5 should either be a float in the range [0, 1] or a non-negative integer"
  }
  #expect(!prune.isPruned(layer))
}

@Test func batchNormsAreFoldedIntoTheLayerBefore() throws {
  func prepare(_ bn: nn.ChannelNorm) {
    bn.double().eval()
    torch.noGrad {
      bn.runningMean!.copy_(ramp([3]))
      bn.runningVar!.copy_(ramp([3]) + 2)
      bn.weight?.copy_(ramp([3]) + 0.5)
    }
  }
  func fuse(_ conv: nn.Convolution, _ bn: nn.ChannelNorm, _ transpose: Bool = false) throws -> nn.Module {
    prepare(bn)
    torch.noGrad { _ = bn.bias?.copy_(ramp([3]) - 0.2) }
    return try nn.utils.fuseConvBNEval(conv.double().eval(), bn, transpose: transpose)
  }
  let makers: [String: () throws -> nn.Module] = [
    "conv": { try fuse(nn.Conv2d(2, 3, 3, padding: 1), nn.BatchNorm2d(3)) },
    "conv_plain": { try fuse(nn.Conv1d(4, 3, 2, stride: 2, bias: false), nn.BatchNorm1d(3, affine: false)) },
    "conv_transpose": { try fuse(nn.ConvTranspose2d(2, 3, 2), nn.BatchNorm2d(3), true) },
    "linear": {
      let (linear, bn) = (nn.Linear(4, 3), nn.BatchNorm1d(3))
      prepare(bn)
      return try nn.utils.fuseLinearBNEval(linear.double().eval(), bn)
    },
  ]
  for (name, expected) in try fixture("nn/utilities.json", Utilities.self).fused {
    torch.manualSeed(2)
    let make = try #require(makers[name])
    let module = try make()
    #expect(module.description == expected.repr)
    try compare(state(module), expected.state, 1e-12, name)
    #expect(module.parameters().map(\.requiresGrad) == expected.requires, "\(name)")
    #expect(!module.training)
  }
  #expect { try nn.utils.fuseConvBNEval(nn.Conv1d(2, 2, 1), nn.BatchNorm1d(2).eval()) } throws: {
    "\($0)" == "Fusion only for eval!"
  }
}

@Test func batchNormsInContainersBecomeSynchronized() throws {
  let expected = try fixture("nn/utilities.json", Utilities.self).sync
  let norm = nn.BatchNorm1d(3, momentum: 0.2)
  let model = nn.Sequential(nn.Linear(4, 3), norm)
  try nn.SyncBatchNorm.convertSyncBatchnorm(model)
  #expect(model.description == expected.repr)
  #expect(Array(model.stateDict().keys) == expected.keys)
  let sync = try #require(model[1] as? nn.SyncBatchNorm)
  #expect(sync.weight === norm.weight && sync.runningMean === norm.runningMean)
  let x = ramp([5, 3]).float()
  #expect(try torch.allclose(sync(x), nn.BatchNorm1d(3)(x)))
  final class Net: nn.Module { let bn = nn.BatchNorm1d(3) }
  #expect(throws: TorchError.self) { try nn.SyncBatchNorm.convertSyncBatchnorm(Net()) }
}

@Test func initialisationCanBeSkipped() throws {
  torch.manualSeed(1)
  let next = torch.rand(1)
  torch.manualSeed(1)
  let layer = nn.utils.skipInit { nn.Linear(4, 3) }
  #expect(try torch.rand(1).toArray(Float.self) == next.toArray(Float.self))
  #expect(layer.weight.shape == [3, 4] && layer.weight.requiresGrad)
}
