// Printed forms, state-dict keys and seeded initial values of modules against PyTorch's (Fixtures/nn/modules.json).

import TestSupport
import Testing
import TorchCore
import TorchNN

final class ConvNet: nn.Module, nn.Layer {
  let conv1 = nn.Conv2d(1, 32, 3, stride: 1)
  let conv2 = nn.Conv2d(32, 64, 3, stride: 1)
  let dropout1 = nn.Dropout2d(0.25)
  let dropout2 = nn.Dropout2d(0.5)
  let fc1 = nn.Linear(9216, 128)
  let fc2 = nn.Linear(128, 10)

  func forward(_ x: Tensor) -> Tensor { x }
}

final class Block: nn.Module {
  let layers = nn.ModuleList((0..<3).map { _ in nn.Linear(4, 4) })
  let heads = nn.ModuleDict(["left": nn.Linear(4, 2), "right": nn.Linear(4, 3)])
  let selfAttn = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Sequential(nn.Flatten(), nn.Identity()))
  let scales = nn.ParameterList([Tensor.zeros(2), Tensor.zeros(3, 4)])
  @Parameter var inProjWeight = Tensor.zeros(2, 2)
  @Buffer var runningMax = Tensor.zeros(3)
  @Buffer(persistent: false) var mask = Tensor.zeros(3)
}

private struct Form: Decodable {
  struct Value: Decodable {
    let shape: [Int]
    let dtype: String
    let head, tail: [Double]
  }
  let repr: String
  let keys: [String]
  let state: [String: Value]
}

private let makers: [String: @Sendable () -> nn.Module] = [
  "ConvNet": { ConvNet() }, "Block": { Block() }, "Linear": { nn.Linear(3, 2) },
  "LinearNoBias": { nn.Linear(3, 2, bias: false) }, "Bilinear": { nn.Bilinear(3, 2, 4) },
  "Identity": { nn.Identity() }, "Flatten": { nn.Flatten() }, "Unflatten": { nn.Unflatten(1, [2, 3]) },
  "Conv1d": { nn.Conv1d(4, 6, 3, stride: 2, padding: 1, dilation: 2, groups: 2, bias: false) },
  "Conv2d": { nn.Conv2d(4, 6, [3, 5], padding: .same, paddingMode: .reflect) }, "Conv3d": { nn.Conv3d(2, 3, 2) },
  "ConvTranspose1d": { nn.ConvTranspose1d(4, 6, 3, stride: 2, outputPadding: 1, groups: 2) },
  "ConvTranspose2d": { nn.ConvTranspose2d(2, 3, 3, padding: 1) }, "ConvTranspose3d": { nn.ConvTranspose3d(2, 3, 2) },
  "MaxPool1d": { nn.MaxPool1d(2) },
  "MaxPool2d": { nn.MaxPool2d([3, 2], stride: [2, 1], padding: 1, ceilMode: true) },
  "MaxPool3d": { nn.MaxPool3d(2, dilation: 2) }, "AvgPool1d": { nn.AvgPool1d(3) },
  "AvgPool2d": { nn.AvgPool2d([3, 2]) }, "AvgPool3d": { nn.AvgPool3d(2, stride: 1, padding: 1) },
  "AdaptiveAvgPool1d": { nn.AdaptiveAvgPool1d(5) }, "AdaptiveAvgPool2d": { nn.AdaptiveAvgPool2d([5, nil]) },
  "AdaptiveAvgPool3d": { nn.AdaptiveAvgPool3d([2, 3, 4]) }, "BatchNorm1d": { nn.BatchNorm1d(4) },
  "BatchNorm2d": { nn.BatchNorm2d(4, momentum: nil, affine: false) },
  "BatchNorm3d": { nn.BatchNorm3d(4, eps: 1e-3, trackRunningStats: false) },
  "InstanceNorm1d": { nn.InstanceNorm1d(4) },
  "InstanceNorm2d": { nn.InstanceNorm2d(4, affine: true, trackRunningStats: true) },
  "InstanceNorm3d": { nn.InstanceNorm3d(4, affine: true) }, "LayerNorm": { nn.LayerNorm([3, 4]) },
  "LayerNormNoBias": { nn.LayerNorm(4, bias: false) }, "RMSNorm": { nn.RMSNorm(4) },
  "GroupNorm": { nn.GroupNorm(2, 4) }, "Dropout": { nn.Dropout() }, "Dropout1d": { nn.Dropout1d(0.1) },
  "Dropout2d": { nn.Dropout2d(0.25, inplace: true) }, "Dropout3d": { nn.Dropout3d() },
  "AlphaDropout": { nn.AlphaDropout(0.2) }, "FeatureAlphaDropout": { nn.FeatureAlphaDropout() },
  "ReLU": { nn.ReLU() }, "ReLUInplace": { nn.ReLU(inplace: true) }, "ReLU6": { nn.ReLU6(inplace: true) },
  "SiLU": { nn.SiLU() }, "Mish": { nn.Mish() }, "SELU": { nn.SELU() }, "Hardsigmoid": { nn.Hardsigmoid() },
  "Hardswish": { nn.Hardswish() }, "ELU": { nn.ELU(alpha: 0.5, inplace: true) }, "CELU": { nn.CELU() },
  "LeakyReLU": { nn.LeakyReLU(negativeSlope: 0.1) }, "RReLU": { nn.RReLU() },
  "Hardtanh": { nn.Hardtanh(minVal: -2, maxVal: 2.5) }, "Sigmoid": { nn.Sigmoid() }, "Tanh": { nn.Tanh() },
  "LogSigmoid": { nn.LogSigmoid() }, "Softsign": { nn.Softsign() }, "Tanhshrink": { nn.Tanhshrink() },
  "GELU": { nn.GELU(approximate: "tanh") }, "Softplus": { nn.Softplus() }, "Hardshrink": { nn.Hardshrink() },
  "Softshrink": { nn.Softshrink() }, "PReLU": { nn.PReLU(3) }, "GLU": { nn.GLU(dim: 1) },
  "Softmax": { nn.Softmax(dim: 1) }, "LogSoftmax": { nn.LogSoftmax(dim: -1) }, "Softmin": { nn.Softmin(dim: 0) },
  "Softmax2d": { nn.Softmax2d() }, "MSELoss": { nn.MSELoss() },
  "CrossEntropyLoss": { nn.CrossEntropyLoss(weight: Tensor.ones(3)) }, "NLLLoss": { nn.NLLLoss() },
  "BCEWithLogitsLoss": { nn.BCEWithLogitsLoss(posWeight: Tensor.ones(3)) },
  "TripletMarginLoss": { nn.TripletMarginLoss() }, "PixelShuffle": { nn.PixelShuffle(2) },
  "PixelUnshuffle": { nn.PixelUnshuffle(2) }, "ChannelShuffle": { nn.ChannelShuffle(2) },
  "ZeroPad2d": { nn.ZeroPad2d([1, 2, 3, 4]) }, "ReflectionPad1d": { nn.ReflectionPad1d(2) },
  "ConstantPad1d": { nn.ConstantPad1d(2, 3.5) }, "CircularPad2d": { nn.CircularPad2d([1, 1, 2, 0]) },
  "Embedding": { nn.Embedding(5, 3, paddingIdx: -1) }, "CosineSimilarity": { nn.CosineSimilarity() },
  "Upsample": { nn.Upsample(scaleFactor: 2, mode: .bilinear) }, "UpsampleSize": { nn.Upsample(size: [3, 4]) },
  "UpsampleScales": { nn.Upsample(scaleFactor: [2, 1.5], mode: .nearestExact) },
  "UpsamplingNearest2d": { nn.UpsamplingNearest2d(size: 5) },
  "UpsamplingBilinear2d": { nn.UpsamplingBilinear2d(scaleFactor: 2.5) },
  "AdaptiveMaxPool1d": { nn.AdaptiveMaxPool1d(5) }, "AdaptiveMaxPool2d": { nn.AdaptiveMaxPool2d([5, nil]) },
  "AdaptiveMaxPool3d": { nn.AdaptiveMaxPool3d([2, 3, 4]) }, "MaxUnpool1d": { nn.MaxUnpool1d(3) },
  "MaxUnpool2d": { nn.MaxUnpool2d([3, 2], stride: [2, 1], padding: 1) },
  "MaxUnpool3d": { nn.MaxUnpool3d(2, stride: 3) },
  "FractionalMaxPool2d": { nn.FractionalMaxPool2d(3, outputRatio: 0.5) },
  "FractionalMaxPool3d": { nn.FractionalMaxPool3d(2, outputSize: 3, randomSamples: Tensor.zeros(1, 1, 3)) },
  "LPPool1d": { nn.LPPool1d(2, 3) }, "LPPool2d": { nn.LPPool2d(1.5, [3, 2], stride: [2, 1]) },
  "LPPool3d": { nn.LPPool3d(2, 2, stride: 1, ceilMode: true) }, "Unfold": { nn.Unfold([2, 3], stride: 2) },
  "Fold": { nn.Fold([4, 5], 2, padding: [1, 0]) },
  "EmbeddingMaxNorm": { nn.Embedding(5, 3, maxNorm: 1.5, normType: 1, scaleGradByFreq: true) },
  "EmbeddingBag": { nn.EmbeddingBag(5, 3) },
  "EmbeddingBagSum": { nn.EmbeddingBag(5, 3, maxNorm: 2, mode: .sum, paddingIdx: 1) },
  "LocalResponseNorm": { nn.LocalResponseNorm(2) }, "Threshold": { nn.Threshold(0.1, 20) },
  "MultiMarginLoss": { nn.MultiMarginLoss(weight: Tensor.ones(3)) },
  "MultiLabelMarginLoss": { nn.MultiLabelMarginLoss() }, "CTCLoss": { nn.CTCLoss() },
  "TripletMarginWithDistanceLoss": { nn.TripletMarginWithDistanceLoss() },
  "CrossMapLRN2d": { nn.CrossMapLRN2d(3, beta: 0.5) }, "NLLLoss2d": { nn.NLLLoss2d() },
  "SyncBatchNorm": { nn.SyncBatchNorm(4) }, "LinearCrossEntropyLoss": { nn.LinearCrossEntropyLoss(3, 4) },
  "LinearCrossEntropyLossOptions": {
    nn.LinearCrossEntropyLoss(
      3, 4, outFeatures: [2, 5], bias: true, reduction: .sum, weight: Tensor.ones(4), ignoreIndex: 1,
      labelSmoothing: 0.1)
  },
  "AdaptiveLogSoftmaxWithLoss": { nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs: [4, 10], divValue: 2, headBias: true) },
]

/// Serialized: each case seeds the default generator.
@Test func modulesPrintAndNameAndStartAsPyTorchs() throws {
  let forms = try fixture("nn/modules.json", [String: Form].self)
  #expect(Set(forms.keys) == Set(makers.keys))
  for (name, form) in forms.sorted(by: { $0.key < $1.key }) {
    guard let make = makers[name] else { continue }
    torch.manualSeed(7)
    let module = make()
    #expect(module.description == form.repr)
    let state = module.stateDict()
    #expect(Array(state.keys) == form.keys, "\(name)")
    for (key, expected) in form.state {
      guard let tensor = state[key] else { continue }
      #expect(Array(tensor.shape) == expected.shape, "\(name).\(key)")
      #expect(tensor.dtype.description == expected.dtype, "\(name).\(key)")
      let values = try tensor.toArray(Double.self)
      #expect(Array(values.prefix(6)) == expected.head, "\(name).\(key)")
      #expect(Array(values.suffix(3)) == expected.tail, "\(name).\(key)")
    }
  }
}
