// What modules promise: nothing stale, keys, strict loading, hooks, typed calls.

import TestSupport
import Testing
import TorchCore
import TorchNN

private final class Tied: nn.Module, nn.Layer {
  let encoder = nn.Linear(3, 3)
  let decoder = nn.Linear(3, 3, bias: false)
  var extra: nn.Linear?
  @Child("LayerNorm") var norm = nn.Identity()

  override init() {
    super.init()
    decoder.weight = encoder.weight
  }

  func forward(_ x: Tensor) -> Tensor { decoder(encoder(x)) }
}

private final class TwoInputs: nn.Module, nn.Layer {
  func forward(_ input: (Tensor, Tensor)) -> (sum: Tensor, product: Tensor) {
    (input.0 + input.1, input.0 * input.1)
  }
}

private final class Labelled: nn.Module {
  @Parameter var scale = Tensor.ones(1)
  func callAsFunction(_ x: Tensor, times: Int = 2) -> Tensor { hooked(x) { $0 * self.scale * times } }
}

private final class Bare: nn.Module {
  let weight = Tensor.ones(2, requiresGrad: true)
}

@Test func sharedParametersAreListedOnceAndSavedTwice() {
  let model = Tied()
  #expect(model.namedParameters().map(\.name) == ["encoder.weight", "encoder.bias"])
  #expect(Array(model.stateDict().keys) == ["encoder.weight", "encoder.bias", "decoder.weight"])
  #expect(model.namedModules().map(\.name) == ["", "encoder", "decoder", "LayerNorm"])
}

@Test func replacedChildrenAndTensorsAreSeen() {
  let model = Tied()
  #expect(model.parameters().count == 2)
  model.extra = nn.Linear(2, 2)
  #expect(model.parameters().count == 4)
  model.extra = nn.Linear(2, 5)
  #expect(model.parameters()[2].shape == [5, 2])
  model.encoder.bias = nil
  #expect(Array(model.stateDict().keys) == ["encoder.weight", "decoder.weight", "extra.weight", "extra.bias"])
  let fresh = Tensor.zeros(3, 3)
  model.encoder.weight = fresh
  #expect(model.parameters()[0] === fresh)
  #expect(fresh.requiresGrad)
}

@Test func aBareTensorThatRequiresGradIsAnErrorThatNamesIt() {
  #expect {
    try withErrors { _ = Bare().parameters() }
  } throws: { "\($0)".contains("'weight' of Bare") }
}

@Test func strictLoadingNamesWhatDoesNotFitAndChangesNothing() throws {
  let model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
  let before = try model.stateDict()["0.weight"]!.toArray(Float.self)
  var state = model.stateDict().mapValues { Tensor.ones($0.shape) }
  state["2.weight"] = Tensor.zeros(2, 2)
  state["0.bias"] = nil
  state["9.weight"] = Tensor.zeros(1)
  do {
    try model.loadStateDict(state)
    Issue.record("loaded")
  } catch {
    #expect(
      "\(error)" == """
        Error(s) in loading state_dict for Sequential:
        \tMissing key(s) in state_dict: "0.bias". 
        \tUnexpected key(s) in state_dict: "9.weight". 
        \tsize mismatch for 2.weight: copying a param with shape torch.Size([2, 2]) from checkpoint, the shape in current model is torch.Size([1, 3]).
        """)
  }
  #expect(try model.stateDict()["0.weight"]!.toArray(Float.self) == before)
  state["2.weight"] = nil
  let left = try model.loadStateDict(state, strict: false)
  #expect(left == nn.IncompatibleKeys(missing: ["0.bias", "2.weight"], unexpected: ["9.weight"]))
  #expect(try model.stateDict()["0.weight"]!.toArray(Float.self) == [1, 1, 1, 1, 1, 1])
}

@Test func conversionKeepsTheObjects() {
  let model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
  let parameters = model.parameters()
  model.to(.float64)
  #expect(model.parameters().map(ObjectIdentifier.init) == parameters.map(ObjectIdentifier.init))
  #expect(parameters.allSatisfy { $0.dtype == .float64 && $0.requiresGrad })
  #expect(model.buffers().map(\.dtype) == [.float64, .float64, .int64])
}

@Test func modesReachEverything() {
  let model = Tied().eval()
  #expect(model.modules().allSatisfy { !$0.training })
  #expect(model.train().modules().allSatisfy { $0.training })
}

@Test func callsAreTyped() throws {
  let (sum, product) = TwoInputs()(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]))
  #expect(try sum.toArray(Float.self) == [4, 6])
  #expect(try product.toArray(Float.self) == [3, 8])
  #expect(try Labelled()(Tensor([2.0]), times: 3).item(Float.self) == 6)
}

@Test func hooksSeeAndReplace() throws {
  let layer = nn.Identity()
  let pre = layer.registerForwardPreHook { _, x in x + 1 }
  let post = layer.registerForwardHook { _, _, y in y * 10 }
  var seen: [Int] = []
  let look = layer.observeOutputs { _, inputs, outputs in seen = [inputs.count, outputs.count] }
  #expect(try layer(Tensor([1.0])).item(Float.self) == 20)
  #expect(seen == [1, 1])
  pre.remove()
  post.remove()
  look.remove()
  #expect(!layer.hasHooks)
  #expect(try layer(Tensor([1.0])).item(Float.self) == 1)

  var count = 0
  let two = TwoInputs()
  two.observeOutputs { _, inputs, outputs in count = inputs.count * 10 + outputs.count }
  _ = two(Tensor([1.0]), Tensor([1.0]))
  #expect(count == 22)
}

@Test func backwardHooksSeeTheGradientsOfTheirModuleOnly() throws {
  let layer = nn.ReLU()
  var inputs: [Float] = []
  var outputs: [Float] = []
  layer.registerFullBackwardHook { _, gradIn, gradOut in
    inputs = (try? gradIn[0]?.toArray(Float.self)) ?? []
    outputs = (try? gradOut[0]?.toArray(Float.self)) ?? []
    return gradIn[0].map { $0 * 2 }
  }
  let x = Tensor([-1.0, 2.0], requiresGrad: true)
  (layer(x) * 3 + x).sum().backward()
  #expect(outputs == [3, 3])
  #expect(inputs == [0, 3])
  #expect(try x.grad!.toArray(Float.self) == [1, 7])
}

@Test func clippingScalesToTheNorm() throws {
  let x = Tensor([3.0, 4.0], requiresGrad: true)
  (x * x).sum().backward()
  let norm = nn.utils.clipGradNorm_([x], maxNorm: 1)
  #expect(try norm.item(Float.self) == 10)
  #expect(try distance(x.grad!, [0.6, 0.8]) < 1e-6)
  nn.utils.clipGradValue_([x], clipValue: 0.7)
  #expect(try distance(x.grad!, [0.6, 0.7]) < 1e-6)
}
