// Every module class that ONNX can express, exported with a dynamic batch and run after reading the file back.

import Testing
import Torch
import TorchONNX

@Suite struct ModuleExportTests {
  @Test(arguments: activations) func activation(_ layer: ExportCase) throws { try run(layer) }
  @Test(arguments: shapes) func shape(_ layer: ExportCase) throws { try run(layer) }
  @Test(arguments: convolutions) func convolution(_ layer: ExportCase) throws { try run(layer) }
  @Test(arguments: poolings) func pooling(_ layer: ExportCase) throws { try run(layer) }
  @Test(arguments: normalizations) func normalization(_ layer: ExportCase) throws { try run(layer) }
  @Test(arguments: losses) func loss(_ layer: ExportCase) throws { try run(layer) }
  @Test(arguments: sequences) func sequence(_ layer: ExportCase) throws { try run(layer) }

  private func run(_ layer: ExportCase) throws {
    for opset in [17, 18, 20, 21] where opset >= layer.since { try layer.check(opset: opset) }
  }

  static let activations: [ExportCase] = [
    .layer("ReLU", 4) { nn.ReLU() }, .layer("ReLUInplace", 4) { nn.ReLU(inplace: true) },
    .layer("ReLU6", 4) { nn.ReLU6() },
    .layer("SiLU", 4) { nn.SiLU() }, .layer("Mish", 4) { nn.Mish() }, .layer("SELU", 4) { nn.SELU() },
    .layer("Hardsigmoid", 4) { nn.Hardsigmoid() }, .layer("Hardswish", 4) { nn.Hardswish() },
    .layer("ELU", 4) { nn.ELU(alpha: 0.5) }, .layer("CELU", 4) { nn.CELU(alpha: 1.5) },
    .layer("LeakyReLU", 4) { nn.LeakyReLU(negativeSlope: 0.1) }, .layer("RReLU", 4) { nn.RReLU() },
    .layer("Hardtanh", 4) { nn.Hardtanh(minVal: -0.5, maxVal: 0.7) }, .layer("Sigmoid", 4) { nn.Sigmoid() },
    .layer("Tanh", 4) { nn.Tanh() }, .layer("LogSigmoid", 4) { nn.LogSigmoid() },
    .layer("Softsign", 4) { nn.Softsign() }, .layer("Tanhshrink", 4) { nn.Tanhshrink() },
    .layer("GELU", 4) { nn.GELU() },
    .layer("GELUTanh", 4) { nn.GELU(approximate: "tanh") },
    .layer("Softplus", 4) { nn.Softplus(beta: 2, threshold: 1) },
    .layer("Hardshrink", 4) { nn.Hardshrink() }, .layer("Softshrink", 4) { nn.Softshrink() },
    .layer("PReLU", 3, 4, 4) { nn.PReLU(3) }, .layer("PReLUOne", 4) { nn.PReLU() }, .layer("GLU", 4) { nn.GLU(dim: 1) },
    .layer("Softmax", 4) { nn.Softmax(dim: 1) }, .layer("LogSoftmax", 4) { nn.LogSoftmax(dim: -1) },
    .layer("Softmin", 4) { nn.Softmin(dim: 1) }, .layer("Softmax2d", 3, 4, 4) { nn.Softmax2d() },
    .layer("Threshold", 4) { nn.Threshold(0.1, 20) }, .layer("Dropout", 4) { nn.Dropout() },
    .layer("Dropout1d", 3, 4) { nn.Dropout1d() }, .layer("Dropout2d", 3, 4, 4) { nn.Dropout2d(inplace: true) },
    .layer("Dropout3d", 3, 4, 4, 4) { nn.Dropout3d() }, .layer("AlphaDropout", 4) { nn.AlphaDropout() },
    .layer("FeatureAlphaDropout", 4) { nn.FeatureAlphaDropout() },
  ]

  static let shapes: [ExportCase] = [
    .layer("Identity", 4) { nn.Identity() }, .layer("Flatten", 3, 4) { nn.Flatten() },
    .layer("Unflatten", 6) { nn.Unflatten(1, [2, 3]) }, .layer("Linear", 3) { nn.Linear(3, 2) },
    .layer("LinearNoBias", 3) { nn.Linear(3, 2, bias: false) }, .layer("LinearOfSequence", 5, 3) { nn.Linear(3, 2) },
    .pair("Bilinear") {
      [torch.randn($0, 3), torch.randn($0, 2)]
    } _: {
      nn.Bilinear(3, 2, 4)
    },
    .pair("BilinearNoBias") {
      [torch.randn($0, 5, 3), torch.randn($0, 5, 2)]
    } _: {
      nn.Bilinear(3, 2, 4, bias: false)
    },
    .layer("PixelShuffle", 8, 3, 4) { nn.PixelShuffle(2) }, .layer("PixelUnshuffle", 2, 4, 6) { nn.PixelUnshuffle(2) },
    .layer("ChannelShuffle", 6, 3, 4) { nn.ChannelShuffle(2) },
    .pair("CosineSimilarity") {
      [torch.randn($0, 5), torch.randn($0, 5)]
    } _: {
      nn.CosineSimilarity()
    },
    .pair("PairwiseDistance") {
      [torch.randn($0, 5), torch.randn($0, 5)]
    } _: {
      nn.PairwiseDistance()
    },
    .layer("ZeroPad1d", 3, 4) { nn.ZeroPad1d(2) }, .layer("ZeroPad2d", 3, 4, 5) { nn.ZeroPad2d([1, 2, 3, 4]) },
    .layer("ZeroPad3d", 3, 4, 5, 3) { nn.ZeroPad3d(1) }, .layer("ReflectionPad1d", 3, 5) { nn.ReflectionPad1d(2) },
    .layer("ReflectionPad2d", 3, 5, 4) { nn.ReflectionPad2d([1, 2, 0, 1]) },
    .layer("ReflectionPad3d", 2, 3, 4, 5) { nn.ReflectionPad3d(1) },
    .layer("ReplicationPad1d", 3, 5) { nn.ReplicationPad1d(2) },
    .layer("ReplicationPad2d", 3, 5, 4) { nn.ReplicationPad2d(3) },
    .layer("ReplicationPad3d", 2, 3, 4, 5) { nn.ReplicationPad3d(1) },
    .layer("CircularPad1d", 3, 5) { nn.CircularPad1d(2) },
    .layer("CircularPad2d", 3, 5, 4) { nn.CircularPad2d([1, 1, 2, 0]) },
    .layer("CircularPad3d", 2, 3, 4, 5) { nn.CircularPad3d(1) },
    .layer("ConstantPad1d", 3, 4) { nn.ConstantPad1d(2, 3.5) },
    .layer("ConstantPad2d", 3, 4, 4) { nn.ConstantPad2d([1, -1, 0, 2], 0.5) },
    .layer("ConstantPad3d", 2, 3, 4, 4) { nn.ConstantPad3d(1, -1) },
    .layer("UpsampleNearest", 3, 4, 5) { nn.Upsample(scaleFactor: 2) },
    .layer("UpsampleLinear", 3, 6) { nn.Upsample(scaleFactor: 2, mode: .linear) },
    .layer("UpsampleBilinear", 3, 4, 5) { nn.Upsample(scaleFactor: 2, mode: .bilinear) },
    .layer("UpsampleBilinearCorners", 3, 4, 5) { nn.Upsample(size: [7, 9], mode: .bilinear, alignCorners: true) },
    .layer("UpsampleBicubic", 3, 6, 5) { nn.Upsample(size: [9, 10], mode: .bicubic) },
    .layer("UpsampleTrilinear", 2, 3, 4, 5) { nn.Upsample(scaleFactor: 2, mode: .trilinear) },
    .layer("UpsampleSize", 3, 4, 5) { nn.Upsample(size: [3, 4]) },
    .layer("UpsampleExact", 3, 4, 6) { nn.Upsample(scaleFactor: [2, 1.5], mode: .nearestExact) },
    .layer("UpsamplingNearest2d", 3, 4, 5) { nn.UpsamplingNearest2d(size: 5) },
    .layer("UpsamplingBilinear2d", 3, 4, 5) { nn.UpsamplingBilinear2d(scaleFactor: 2) },
  ]

  static let convolutions: [ExportCase] = [
    .layer("Conv1d", 4, 12) { nn.Conv1d(4, 6, 3, stride: 2, padding: 1, dilation: 2, groups: 2, bias: false) },
    .layer("Conv2d", 3, 8, 9) { nn.Conv2d(3, 4, 3, padding: 1) },
    .layer("Conv2dSame", 4, 8, 9) { nn.Conv2d(4, 6, [3, 4], padding: .same) },
    .layer("Conv2dReflect", 4, 8, 9) { nn.Conv2d(4, 6, [3, 5], padding: .same, paddingMode: .reflect) },
    .layer("Conv2dCircular", 4, 8, 9) { nn.Conv2d(4, 6, 3, padding: 1, paddingMode: .circular) },
    .layer("Conv3d", 2, 4, 5, 6) { nn.Conv3d(2, 3, 2) },
    .layer("ConvTranspose1d", 4, 7) { nn.ConvTranspose1d(4, 6, 3, stride: 2, outputPadding: 1, groups: 2) },
    .layer("ConvTranspose2d", 2, 5, 6) { nn.ConvTranspose2d(2, 3, 3, padding: 1) },
    .layer("ConvTranspose3d", 2, 3, 4, 5) { nn.ConvTranspose3d(2, 3, 2) },
    .layer("Unfold", 3, 6, 7) { nn.Unfold([2, 3], padding: 1, stride: 2) },
    .layer("Fold", 12, 12, since: 18) { nn.Fold([4, 5], 2) },
  ]

  static let poolings: [ExportCase] = [
    .layer("MaxPool1d", 3, 9) { nn.MaxPool1d(2) },
    .layer("MaxPool2d", 3, 8, 9) { nn.MaxPool2d([3, 2], stride: [2, 1], padding: 1, ceilMode: true) },
    .layer("MaxPool3d", 2, 6, 7, 8) { nn.MaxPool3d(2, dilation: 2) }, .layer("AvgPool1d", 3, 9) { nn.AvgPool1d(3) },
    .layer("AvgPool2d", 3, 8, 9) { nn.AvgPool2d([3, 2], padding: 1) },
    .layer("AvgPool2dWithout", 3, 8, 8) { nn.AvgPool2d(3, padding: 1, countIncludePad: false) },
    .layer("AvgPool2dDivisor", 3, 8, 8) { nn.AvgPool2d(2, divisorOverride: 3) },
    .layer("AvgPool3d", 2, 4, 5, 6) { nn.AvgPool3d(2, stride: 1, padding: 1) },
    .layer("AdaptiveAvgPool1d", 3, 9) { nn.AdaptiveAvgPool1d(4) },
    .layer("AdaptiveAvgPool2d", 3, 8, 9) { nn.AdaptiveAvgPool2d(1) },
    .layer("AdaptiveAvgPool2dTo", 3, 8, 9) { nn.AdaptiveAvgPool2d([4, nil]) },
    .layer("AdaptiveAvgPool3d", 2, 4, 6, 8) { nn.AdaptiveAvgPool3d([2, 3, 4]) },
    .layer("AdaptiveMaxPool1d", 3, 9) { nn.AdaptiveMaxPool1d(4) },
    .layer("AdaptiveMaxPool2d", 3, 8, 9) { nn.AdaptiveMaxPool2d([4, nil]) },
    .layer("AdaptiveMaxPool3d", 2, 4, 6, 8) { nn.AdaptiveMaxPool3d([2, 3, 4]) },
    .module("AdaptiveMaxPoolIndices", inputs: { [torch.randn($0, 2, 7, 9)] }, { nn.Module() }) {
      let two = torch.adaptiveMaxPool2d($1[0], [3, 4])
      let one = torch.adaptiveMaxPool1d($1[0].flatten(2), [10])
      return [two.values, two.indices, one.values, one.indices]
    },
    .module(
      "FractionalMaxPool2d", inputs: { [torch.randn($0, 2, 9, 12)] },
      { () -> nn.FractionalMaxPool2d in
        let samples = Tensor([[[0.1, 0.9], [0.6, 0.3]]]).expand(3, 2, 2)
        return nn.FractionalMaxPool2d([3, 2], outputSize: [4, 5], randomSamples: samples)
      }
    ) {
      let pooled = $0.withIndices($1[0])
      return [pooled.values, pooled.indices, $0($1[0][0])]
    },
    .module(
      "FractionalMaxPool3d", inputs: { [torch.randn($0, 1, 6, 7, 8)] },
      { () -> nn.FractionalMaxPool3d in
        let samples = Tensor([[[0.2, 0.5, 0.8]]]).expand(3, 1, 3)
        return nn.FractionalMaxPool3d(2, outputRatio: [0.5, 0.6, 0.7], randomSamples: samples)
      }
    ) { [$0($1[0])] },
    .layer("LPPool1d", 3, 9) { nn.LPPool1d(2, 3) },
    .layer("LPPool2d", 3, 8, 9) { nn.LPPool2d(2, [3, 2], stride: [2, 1]) },
    .layer("LPPool3d", 2, 4, 5, 6) { nn.LPPool3d(2, 2, stride: 1) },
    .function("MaxUnpool1d", 3, 8) { x in
      let (y, places) = nn.functional.maxPool1dWithIndices(x, 2)
      return nn.MaxUnpool1d(2)(y, places)
    },
    .function("MaxUnpool2d", 3, 8, 6) { x in
      let (y, places) = nn.functional.maxPool2dWithIndices(x, 2)
      return nn.MaxUnpool2d(2)(y, places)
    },
    .function("MaxUnpool3d", 2, 4, 6, 4) { x in
      let (y, places) = nn.functional.maxPool3dWithIndices(x, 2)
      return nn.MaxUnpool3d(2)(y, places)
    },
  ]

  static let normalizations: [ExportCase] = [
    .layer("BatchNorm1d", 4) { started(nn.BatchNorm1d(4)) },
    .layer("BatchNorm1dOfSequence", 4, 7) { started(nn.BatchNorm1d(4)) },
    .layer("BatchNorm2d", 4, 5, 5) { started(nn.BatchNorm2d(4, affine: false)) },
    .layer("BatchNorm3d", 4, 3, 4, 5) { started(nn.BatchNorm3d(4, eps: 1e-3)) },
    .layer("BatchNormOfBatch", 4, 5, 5) { nn.BatchNorm2d(4, trackRunningStats: false) },
    .layer("InstanceNorm1d", 4, 7) { nn.InstanceNorm1d(4) },
    .layer("InstanceNorm2d", 4, 5, 6) { started(nn.InstanceNorm2d(4, affine: true, trackRunningStats: true)) },
    .layer("InstanceNorm3d", 4, 3, 4, 5) { nn.InstanceNorm3d(4, affine: true) },
    .layer("LayerNorm", 3, 4) { started(nn.LayerNorm([3, 4])) },
    .layer("LayerNormNoBias", 3, 4) { nn.LayerNorm(4, bias: false) },
    .layer("LayerNormPlain", 3, 4) { nn.LayerNorm(4, elementwiseAffine: false) },
    .layer("RMSNorm", 3, 4) { nn.RMSNorm(4) }, .layer("GroupNorm", 6, 4, 5) { started(nn.GroupNorm(2, 6)) },
    .layer("GroupNormPlain", 6, 4) { nn.GroupNorm(3, 6, affine: false) },
    .layer("LocalResponseNorm", 5, 4, 4) { nn.LocalResponseNorm(3) },
    .layer("SyncBatchNorm", 5, 4) { nn.SyncBatchNorm(5) },
    .layer("CrossMapLRN2d", 5, 4, 4) { nn.CrossMapLRN2d(3) },
    .layer("LocalResponseNorm1d", 5, 4) { nn.LocalResponseNorm(2) },
  ]

  /// Weights, biases and statistics that are not ones and zeros.
  private static func started<M: nn.Module>(_ module: M) -> M {
    torch.noGrad {
      for parameter in module.parameters() { parameter.uniform_(0.5, 1.5) }
      for (name, buffer) in module.namedBuffers() where buffer.dtype.isFloatingPoint {
        _ = name.hasSuffix("var") ? buffer.uniform_(0.5, 2) : buffer.uniform_(-1, 1)
      }
    }
    return module
  }

  private static func classes(_ batch: Int, _ count: Int) -> Tensor { torch.randint(0, count, [batch]) }
  private static func signs(_ batch: Int, _ rest: Int...) -> Tensor {
    torch.randint(0, 2, Shape([batch] + rest)).to(.float32) * 2 - 1
  }

  static let losses: [ExportCase] = [
    .pair("MSELoss") {
      [torch.randn($0, 4), torch.randn($0, 4)]
    } _: {
      nn.MSELoss()
    },
    .pair("L1Loss") {
      [torch.randn($0, 4), torch.randn($0, 4)]
    } _: {
      nn.L1Loss(reduction: .sum)
    },
    .pair("SmoothL1Loss") {
      [torch.randn($0, 4), torch.randn($0, 4)]
    } _: {
      nn.SmoothL1Loss(beta: 0.5)
    },
    .pair("HuberLoss") {
      [torch.randn($0, 4), torch.randn($0, 4)]
    } _: {
      nn.HuberLoss(delta: 0.5)
    },
    .pair("PoissonNLLLoss") {
      [torch.randn($0, 4), torch.rand($0, 4)]
    } _: {
      nn.PoissonNLLLoss()
    },
    .pair("HingeEmbeddingLoss") {
      [torch.randn($0, 4), signs($0, 4)]
    } _: {
      nn.HingeEmbeddingLoss()
    },
    .pair("SoftMarginLoss") {
      [torch.randn($0, 4), signs($0, 4)]
    } _: {
      nn.SoftMarginLoss()
    },
    .pair("KLDivLoss") {
      [torch.randn($0, 4).logSoftmax(dim: 1), torch.rand($0, 4)]
    } _: {
      nn.KLDivLoss(batchMean: true)
    },
    .pair("CrossEntropyLoss") {
      [torch.randn($0, 5), classes($0, 5)]
    } _: {
      nn.CrossEntropyLoss()
    },
    .pair("CrossEntropyLossWeighted") {
      [torch.randn($0, 5), classes($0, 5)]
    } _: {
      nn.CrossEntropyLoss(weight: Tensor([1.0, 2, 0.5, 1, 3]), reduction: .sum)
    },
    .pair("CrossEntropyLossSmoothed") {
      [torch.randn($0, 5), classes($0, 5)]
    } _: {
      nn.CrossEntropyLoss(labelSmoothing: 0.1)
    },
    .pair("NLLLoss") {
      [torch.randn($0, 5).logSoftmax(dim: 1), classes($0, 5)]
    } _: {
      nn.NLLLoss()
    },
    .pair("BCELoss") {
      [torch.rand($0, 4), torch.rand($0, 4)]
    } _: {
      nn.BCELoss()
    },
    .pair("BCEWithLogitsLoss") {
      [torch.randn($0, 3), torch.rand($0, 3)]
    } _: {
      nn.BCEWithLogitsLoss(posWeight: Tensor([1.0, 2, 3]))
    },
    .pair("MultiLabelSoftMarginLoss") {
      [torch.randn($0, 4), torch.rand($0, 4).round()]
    } _: {
      nn.MultiLabelSoftMarginLoss()
    },
    .triple("GaussianNLLLoss") {
      [torch.randn($0, 4), torch.randn($0, 4), torch.rand($0, 4)]
    } _: {
      nn.GaussianNLLLoss()
    },
    .triple("MarginRankingLoss") {
      [torch.randn($0), torch.randn($0), signs($0)]
    } _: {
      nn.MarginRankingLoss(margin: 0.1)
    },
    .triple("CosineEmbeddingLoss") {
      [torch.randn($0, 4), torch.randn($0, 4), signs($0)]
    } _: {
      nn.CosineEmbeddingLoss()
    },
    .module(
      "AdaptiveLogSoftmax", inputs: { [torch.randn($0, 6)] }, { nn.AdaptiveLogSoftmaxWithLoss(6, 10, cutoffs: [3, 7]) }
    ) { [$0.logProb($1[0]), $0.predict($1[0])] },
    .module(
      "AdaptiveLogSoftmaxWithLoss", axes: [0, 0], inputs: { [torch.randn($0, 6), Tensor([1, 8, 4])[..<$0]] },
      { nn.AdaptiveLogSoftmaxWithLoss(6, 10, cutoffs: [3, 7]) }
    ) {
      let (output, loss) = $0($1[0], $1[1])
      return [output, loss]
    },
    .pair("MultiMarginLoss") {
      [torch.randn($0, 5), torch.randint(0, 5, [$0])]
    } _: {
      nn.MultiMarginLoss(p: 2, margin: 0.7, weight: Tensor([1.0, 2, 0.5, 1, 3]))
    },
    .pair("MultiMarginLossNone") {
      [torch.randn($0, 5), torch.randint(0, 5, [$0])]
    } _: {
      nn.MultiMarginLoss(reduction: .none)
    },
    .pair("MultiLabelMarginLoss") {
      [torch.randn($0, 4), Tensor([[3, 0, -1, 1], [-1, 2, 2, 2], [0, 1, 2, 3]])[..<$0]]
    } _: {
      nn.MultiLabelMarginLoss()
    },
    .pair("NLLLoss2d") {
      [torch.randn($0, 5, 2, 3).logSoftmax(dim: 1), torch.randint(0, 5, [$0, 2, 3])]
    } _: {
      nn.NLLLoss2d()
    },
    .pair("LinearCrossEntropyLoss") {
      [torch.randn($0, 3), torch.randint(0, 5, [$0])]
    } _: {
      nn.LinearCrossEntropyLoss(3, 5, bias: true)
    },
    .triple("TripletMarginWithDistanceLoss") {
      [torch.randn($0, 5), torch.randn($0, 5), torch.randn($0, 5)]
    } _: {
      nn.TripletMarginWithDistanceLoss(swap: true)
    },
    // The batch is the second dimension of the log-probabilities.
    .module(
      "CTCLoss", axes: [1, 0, 0, 0],
      inputs: { n in
        [
          torch.randn(7, n, 5).logSoftmax(dim: 2), Tensor([[1, 2, 2], [3, 0, 0], [4, 4, 1]])[..<n],
          Tensor([7, 5, 6])[..<n], Tensor([3, 1, 2])[..<n],
        ]
      }, { nn.CTCLoss() }
    ) { [$0($1[0], $1[1], inputLengths: $1[2], targetLengths: $1[3])] },
    // Targets in one row, one of them empty, one longer than its input.
    .module(
      "CTCLossJoined", axes: [nil, nil, nil, nil],
      inputs: { _ in
        [
          torch.randn(6, 3, 4).logSoftmax(dim: 2), Tensor([1, 3, 2, 2, 3]), Tensor([6, 3, 2]), Tensor([2, 0, 3]),
        ]
      }, { nn.CTCLoss(reduction: .none, zeroInfinity: true) }
    ) { [$0($1[0], $1[1], inputLengths: $1[2], targetLengths: $1[3])] },
    .triple("TripletMarginLoss") {
      [torch.randn($0, 4), torch.randn($0, 4), torch.randn($0, 4)]
    } _: {
      nn.TripletMarginLoss()
    },
  ]

  /// A padded batch, and the lengths of its sequences.
  private static let packable: @Sendable (Int) -> [Tensor] = { [torch.randn($0, 5, 3), Tensor([5, 3, 2])[..<$0]] }

  static let sequences: [ExportCase] = [
    .module("Embedding", inputs: { [torch.randint(0, 5, [$0, 4])] }, { nn.Embedding(5, 3) }) { [$0($1[0])] },
    .module("EmbeddingBag", inputs: { [torch.randint(0, 5, [$0, 4])] }, { nn.EmbeddingBag(5, 3) }) { [$0($1[0])] },
    .module(
      "EmbeddingBagSum", inputs: { [torch.randint(0, 5, [$0, 4])] },
      { nn.EmbeddingBag(5, 3, mode: .sum, paddingIdx: 1) }
    ) {
      [$0($1[0])]
    },
    .module(
      "EmbeddingBagMax", since: 18, inputs: { [torch.randint(0, 5, [$0, 4])] }, { nn.EmbeddingBag(5, 3, mode: .max) }
    ) {
      [$0($1[0])]
    },
    .module("RNN", inputs: { [torch.randn($0, 5, 3)] }, { nn.RNN(3, 4, numLayers: 2, batchFirst: true) }) {
      let (y, h) = $0($1[0])
      return [y, h]
    },
    .module(
      "RNNRelu", axes: [1], inputs: { [torch.randn(5, $0, 3)] },
      { nn.RNN(3, 4, nonlinearity: .relu, bidirectional: true) }
    ) {
      let (y, h) = $0($1[0])
      return [y, h]
    },
    .module(
      "GRU", inputs: { [torch.randn($0, 5, 3)] }, { nn.GRU(3, 4, numLayers: 2, batchFirst: true, bidirectional: true) }
    ) {
      let (y, h) = $0($1[0])
      return [y, h]
    },
    .module(
      "LSTM", inputs: { [torch.randn($0, 5, 3)] },
      { nn.LSTM(3, 4, numLayers: 2, batchFirst: true, bidirectional: true) }
    ) {
      let (y, (h, c)) = $0($1[0])
      return [y, h, c]
    },
    .module("LSTMNoBias", axes: [1], inputs: { [torch.randn(5, $0, 3)] }, { nn.LSTM(3, 4, bias: false) }) {
      [$0($1[0]).output]
    },
    .module(
      "LSTMState", axes: [1, 1, 1], inputs: { [torch.randn(5, $0, 3), torch.randn(1, $0, 4), torch.randn(1, $0, 4)] },
      { nn.LSTM(3, 4) }
    ) {
      [$0($1[0], ($1[1], $1[2])).output]
    },
    .module(
      "LSTMProjected", inputs: { [torch.randn($0, 5, 3)] },
      { nn.LSTM(3, 4, numLayers: 2, batchFirst: true, bidirectional: true, projSize: 2) }
    ) {
      let (y, (h, c)) = $0($1[0])
      return [y, h, c]
    },
    .module(
      "LSTMProjectedState", axes: [1, 1, 1],
      inputs: { [torch.randn(5, $0, 3), torch.randn(1, $0, 2), torch.randn(1, $0, 4)] },
      { nn.LSTM(3, 4, bias: false, projSize: 2) }
    ) {
      let (y, (h, c)) = $0($1[0], ($1[1], $1[2]))
      return [y, h, c]
    },
    .module("LSTMPacked", axes: [0, 0], inputs: packable, { nn.LSTM(3, 4, numLayers: 2, bidirectional: true) }) {
      let packed = nn.utils.rnn.packPaddedSequence($1[0], $1[1], batchFirst: true)
      let (y, (h, c)) = $0(packed)
      let (padded, lengths) = nn.utils.rnn.padPackedSequence(y, batchFirst: true, paddingValue: -1, totalLength: 6)
      return [padded, lengths, h, c]
    },
    .module("LSTMPackedProjected", axes: [0, 0], inputs: packable, { nn.LSTM(3, 4, bidirectional: true, projSize: 2) })
    {
      let (y, (h, c)) = $0(nn.utils.rnn.packPaddedSequence($1[0], $1[1], batchFirst: true))
      return [y.data.tanh(), nn.utils.rnn.padPackedSequence(y).padded, h, c]
    },
    .module(
      "GRUPackedUnsorted", axes: [0, 0], inputs: { [packable($0)[0], packable($0)[1].flip(0)] }, { nn.GRU(3, 4) }
    ) {
      let (y, h) = $0(nn.utils.rnn.packPaddedSequence($1[0], $1[1], batchFirst: true, enforceSorted: false))
      return [nn.utils.rnn.padPackedSequence(y, batchFirst: true).padded, h]
    },
    .module("RNNPacked", axes: [0, 0], inputs: packable, { nn.RNN(3, 4) }) {
      let (y, h) = $0(nn.utils.rnn.packPaddedSequence($1[0], $1[1], batchFirst: true))
      return [nn.utils.rnn.padPackedSequence(y).padded, h]
    },
    .module("RNNCell", axes: [0, 0], inputs: { [torch.randn($0, 3), torch.randn($0, 4)] }, { nn.RNNCell(3, 4) }) {
      [$0($1[0], $1[1])]
    },
    .module("GRUCell", axes: [0, 0], inputs: { [torch.randn($0, 3), torch.randn($0, 4)] }, { nn.GRUCell(3, 4) }) {
      [$0($1[0], $1[1])]
    },
    .module("LSTMCell", inputs: { [torch.randn($0, 3)] }, { nn.LSTMCell(3, 4) }) {
      let (h, c) = $0($1[0])
      return [h, c]
    },
    .module(
      "MultiheadAttention", axes: [0, 0], inputs: { [torch.randn($0, 5, 8), torch.randn($0, 6, 8)] },
      { nn.MultiheadAttention(8, 2, batchFirst: true) }
    ) {
      let (y, weights) = $0($1[0], $1[1], $1[1])
      return [y, weights!]
    },
    .module(
      "MultiheadAttentionMasked", axes: [1, 0],
      inputs: { [torch.randn(5, $0, 8), torch.randint(0, 2, [$0, 5]).bool() .& (Tensor.arange(5) .!= 0)] },
      { nn.MultiheadAttention(8, 2, addBiasKV: true, addZeroAttn: true) }
    ) { [$0($1[0], $1[0], $1[0], keyPaddingMask: $1[1], needWeights: false).output] },
    .module(
      "TransformerEncoderLayer", tolerance: 5e-5, inputs: { [torch.randn($0, 5, 8)] },
      { nn.TransformerEncoderLayer(8, 2, dimFeedforward: 16, batchFirst: true) }
    ) {
      [$0($1[0])]
    },
    .module(
      "TransformerDecoderLayer", axes: [1, 1], tolerance: 5e-5,
      inputs: { [torch.randn(5, $0, 8), torch.randn(6, $0, 8)] },
      { nn.TransformerDecoderLayer(8, 2, dimFeedforward: 16) }
    ) {
      [$0($1[0], $1[1])]
    },
    .module(
      "TransformerEncoder", axes: [0, 0], tolerance: 5e-5,
      inputs: { [torch.randn($0, 5, 8), Tensor.arange(5).expand([$0, 5]) > 3] },
      {
        nn.TransformerEncoder(
          nn.TransformerEncoderLayer(8, 2, dimFeedforward: 16, activation: .gelu, batchFirst: true, normFirst: true), 2)
      }
    ) {
      [
        $0(
          $1[0], mask: nn.Transformer.generateSquareSubsequentMask(5),
          srcKeyPaddingMask: $1[1].to(.float32).maskedFill($1[1], .double(-.infinity)))
      ]
    },
    .module(
      "TransformerDecoder", axes: [0, 0], tolerance: 5e-5, inputs: { [torch.randn($0, 5, 8), torch.randn($0, 6, 8)] },
      {
        nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, dimFeedforward: 16, batchFirst: true), 2)
      }
    ) { [$0($1[0], $1[1])] },
    .module(
      "Transformer", axes: [0, 0], tolerance: 5e-5, inputs: { [torch.randn($0, 5, 8), torch.randn($0, 4, 8)] },
      {
        nn.Transformer(8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 16, batchFirst: true)
      }
    ) { [$0($1[0], $1[1])] },
  ]
}
