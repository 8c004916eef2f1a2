// One case for each class of `nn` (and more for configurations that take another way): what traces and scripts are tried on.

import Testing
import Torch

/// A module, inputs, and how it is called in Swift.
struct ModuleCase: CustomTestStringConvertible, @unchecked Sendable {
  // Unchecked: the suite runs its cases one after the other.
  let name: String
  let module: nn.Module
  let inputs: [Tensor]
  /// What it gives for tensors as the example's.
  let call: ([Tensor]) -> [Tensor]
  /// Whether it draws random numbers in evaluation mode too.
  var isRandom = false
  /// Whether TorchScript takes the same inputs in the same order.
  var isScriptable = true
  /// Whether the size of the first dimension of all inputs may change.
  var hasBatch = true

  var testDescription: String { name }

  static func one(_ name: String, _ layer: any nn.Layer<Tensor, Tensor>, _ x: Tensor) -> ModuleCase {
    ModuleCase(name: name, module: layer, inputs: [x]) { [layer($0[0])] }
  }

  static func two<L: nn.Layer>(_ name: String, _ layer: L, _ a: Tensor, _ b: Tensor) -> ModuleCase
  where L.Input == (Tensor, Tensor), L.Output == Tensor {
    ModuleCase(name: name, module: layer, inputs: [a, b]) { [layer($0[0], $0[1])] }
  }

  static func three<L: nn.Layer>(_ name: String, _ layer: L, _ a: Tensor, _ b: Tensor, _ c: Tensor) -> ModuleCase
  where L.Input == (Tensor, Tensor, Tensor), L.Output == Tensor {
    ModuleCase(name: name, module: layer, inputs: [a, b, c]) { [layer($0[0], $0[1], $0[2])] }
  }

  func with(_ change: (inout ModuleCase) -> Void) -> ModuleCase {
    var copy = self
    change(&copy)
    return copy
  }
}

extension ModuleCase {
  /// All cases, with weights and inputs of a fixed seed.
  static func all() -> [ModuleCase] {
    torch.manualSeed(0)
    return linear() + activations() + convolutions() + pooling() + norms() + shapes() + losses() + recurrent() + attention()
  }

  private static func x(_ sizes: Int...) -> Tensor { torch.randn(Shape(sizes)) }

  private static func linear() -> [ModuleCase] {
    let indices = Tensor([[1, 2, 4], [4, 3, 9]])
    let weights = torch.rand(2, 3)
    let bag = nn.EmbeddingBag(10, 3, mode: .sum)
    let flat = nn.EmbeddingBag(10, 3, mode: .mean)
    let adaptive = nn.AdaptiveLogSoftmaxWithLoss(6, 12, cutoffs: [4, 8])
    return [
      one("Linear", nn.Linear(3, 4), x(2, 3)), one("Linear_no_bias", nn.Linear(3, 4, bias: false), x(2, 5, 3)),
      two("Bilinear", nn.Bilinear(3, 4, 5), x(2, 3), x(2, 4)), one("Identity", nn.Identity(), x(2, 3)),
      one("Flatten", nn.Flatten(), x(2, 3, 4)), one("Unflatten", nn.Unflatten(1, [2, 3]), x(2, 6)),
      one("Embedding", nn.Embedding(10, 3, paddingIdx: 2), indices),
      one("Embedding_max_norm", nn.Embedding(10, 3, maxNorm: 0.8), indices),
      one("EmbeddingBag", nn.EmbeddingBag(10, 3), indices),
      one("EmbeddingBag_max", nn.EmbeddingBag(10, 3, mode: .max), indices),
      one("EmbeddingBag_max_norm", nn.EmbeddingBag(10, 3, maxNorm: 0.8), indices),
      ModuleCase(name: "EmbeddingBag_offsets", module: flat, inputs: [Tensor([1, 2, 4, 5]), Tensor([0, 2])]) {
        [flat($0[0], offsets: $0[1])]
      }.with { $0.hasBatch = false },
      ModuleCase(name: "EmbeddingBag_weights", module: bag, inputs: [indices, weights]) {
        [bag($0[0], perSampleWeights: $0[1])]
      }.with { $0.isScriptable = false },
      ModuleCase(name: "AdaptiveLogSoftmaxWithLoss", module: adaptive, inputs: [x(4, 6), Tensor([0, 5, 3, 10])]) {
        let (output, loss) = adaptive($0[0], $0[1])
        return [output, loss]
      }.with { $0.hasBatch = false },
    ]
  }

  private static func activations() -> [ModuleCase] {
    let layers: [(String, any nn.Layer<Tensor, Tensor>)] = [
      ("ReLU", nn.ReLU()), ("ReLU6", nn.ReLU6()), ("SiLU", nn.SiLU()), ("Mish", nn.Mish()), ("SELU", nn.SELU()),
      ("Hardsigmoid", nn.Hardsigmoid()), ("Hardswish", nn.Hardswish()), ("ELU", nn.ELU(alpha: 0.7)),
      ("CELU", nn.CELU(alpha: 1.2)), ("LeakyReLU", nn.LeakyReLU(negativeSlope: 0.2)), ("RReLU", nn.RReLU()),
      ("Hardtanh", nn.Hardtanh(minVal: -0.5, maxVal: 0.5)), ("Threshold", nn.Threshold(0.1, 20)), ("Sigmoid", nn.Sigmoid()),
      ("Tanh", nn.Tanh()), ("LogSigmoid", nn.LogSigmoid()), ("Softsign", nn.Softsign()),
      ("Tanhshrink", nn.Tanhshrink()), ("GELU", nn.GELU()), ("GELU_tanh", nn.GELU(approximate: "tanh")),
      ("Softplus", nn.Softplus(beta: 2)), ("Hardshrink", nn.Hardshrink()), ("Softshrink", nn.Softshrink()),
      ("PReLU", nn.PReLU(4)), ("GLU", nn.GLU(dim: 1)), ("Softmax", nn.Softmax(dim: 1)),
      ("LogSoftmax", nn.LogSoftmax(dim: 1)), ("Softmin", nn.Softmin(dim: 1)), ("Softmax2d", nn.Softmax2d()),
      ("Dropout", nn.Dropout(0.3)), ("Dropout1d", nn.Dropout1d(0.3)), ("Dropout2d", nn.Dropout2d(0.3)),
      ("Dropout3d", nn.Dropout3d(0.3)), ("AlphaDropout", nn.AlphaDropout(0.3)),
      ("FeatureAlphaDropout", nn.FeatureAlphaDropout(0.3)),
    ]
    return layers.map { name, layer in
      one(name, layer, name == "Dropout1d" ? x(2, 4, 3) : name == "Dropout3d" ? x(2, 4, 2, 3, 2) : x(2, 4, 3, 2))
    }
  }

  private static func convolutions() -> [ModuleCase] {
    [
      one("Conv1d", nn.Conv1d(2, 4, 3, padding: 1), x(2, 2, 8)),
      one("Conv2d", nn.Conv2d(2, 4, 3, stride: 2, padding: 1, groups: 2), x(2, 2, 8, 8)),
      one("Conv2d_same", nn.Conv2d(2, 4, 3, padding: .same, bias: false), x(2, 2, 6, 6)),
      one("Conv2d_reflect", nn.Conv2d(2, 4, 3, padding: 1, paddingMode: .reflect), x(2, 2, 6, 6)),
      one("Conv3d", nn.Conv3d(2, 4, 3, dilation: 2), x(1, 2, 6, 6, 6)),
      one("ConvTranspose1d", nn.ConvTranspose1d(2, 4, 3, stride: 2), x(2, 2, 8)),
      one("ConvTranspose2d", nn.ConvTranspose2d(2, 4, 3, stride: 2, padding: 1, outputPadding: 1), x(2, 2, 5, 5)),
      one("ConvTranspose3d", nn.ConvTranspose3d(2, 2, 2), x(1, 2, 3, 3, 3)),
    ]
  }

  private static func pooling() -> [ModuleCase] {
    let (_, indices) = nn.MaxPool2d(2).withIndices(x(2, 3, 4, 4))
    let (_, indices1) = nn.MaxPool1d(2).withIndices(x(2, 3, 8))
    let (_, indices3) = nn.MaxPool3d(2).withIndices(x(1, 3, 4, 4, 4))
    let samples = torch.rand(2, 3, 2)
    return [
      one("MaxPool1d", nn.MaxPool1d(2), x(2, 3, 8)), one("MaxPool2d", nn.MaxPool2d(3, stride: 2, padding: 1), x(2, 3, 8, 8)),
      one("MaxPool3d", nn.MaxPool3d(2, ceilMode: true), x(1, 3, 5, 5, 5)), one("AvgPool1d", nn.AvgPool1d(2), x(2, 3, 8)),
      one("AvgPool2d", nn.AvgPool2d([2, 3], padding: [0, 1], countIncludePad: false), x(2, 3, 8, 8)),
      one("AvgPool3d", nn.AvgPool3d(2, divisorOverride: 3), x(1, 3, 4, 4, 4)),
      one("AdaptiveAvgPool1d", nn.AdaptiveAvgPool1d(3), x(2, 3, 8)),
      one("AdaptiveAvgPool2d", nn.AdaptiveAvgPool2d([nil, 3]), x(2, 3, 8, 8)),
      one("AdaptiveAvgPool3d", nn.AdaptiveAvgPool3d(2), x(1, 3, 4, 5, 4)),
      one("AdaptiveMaxPool1d", nn.AdaptiveMaxPool1d(3), x(2, 3, 8)),
      one("AdaptiveMaxPool2d", nn.AdaptiveMaxPool2d([3, 2]), x(2, 3, 8, 8)),
      one("AdaptiveMaxPool3d", nn.AdaptiveMaxPool3d(2), x(1, 3, 4, 5, 4)),
      two("MaxUnpool1d", nn.MaxUnpool1d(2), x(2, 3, 4), indices1),
      two("MaxUnpool2d", nn.MaxUnpool2d(2), x(2, 3, 2, 2), indices),
      two("MaxUnpool3d", nn.MaxUnpool3d(2), x(1, 3, 2, 2, 2), indices3),
      one("FractionalMaxPool2d", nn.FractionalMaxPool2d(2, outputSize: 3, randomSamples: samples), x(2, 3, 7, 7))
        .with { $0.hasBatch = false },
      one("FractionalMaxPool2d_random", nn.FractionalMaxPool2d(2, outputRatio: 0.5), x(2, 3, 8, 8)).with { $0.isRandom = true },
      one("FractionalMaxPool3d", nn.FractionalMaxPool3d(2, outputSize: 2), x(1, 3, 5, 5, 5)).with { $0.isRandom = true },
      one("LPPool1d", nn.LPPool1d(2, 3), x(2, 3, 8)), one("LPPool2d", nn.LPPool2d(2, 3, stride: 2), x(2, 3, 8, 8)),
      one("LPPool3d", nn.LPPool3d(2, 2), x(1, 3, 4, 4, 4)),
    ]
  }

  private static func norms() -> [ModuleCase] {
    let trained = nn.BatchNorm2d(3)
    _ = trained(x(4, 3, 5, 5))
    return [
      one("BatchNorm1d", nn.BatchNorm1d(3), x(4, 3)), one("BatchNorm2d", trained, x(4, 3, 5, 5)),
      one("BatchNorm3d", nn.BatchNorm3d(3), x(2, 3, 4, 4, 4)),
      one("BatchNorm2d_no_statistics", nn.BatchNorm2d(3, trackRunningStats: false), x(4, 3, 5, 5)),
      one("BatchNorm1d_average", nn.BatchNorm1d(3, momentum: nil), x(4, 3, 6)),
      one("InstanceNorm1d", nn.InstanceNorm1d(3, affine: true), x(2, 3, 6)),
      one("InstanceNorm2d", nn.InstanceNorm2d(3), x(2, 3, 5, 5)),
      one("InstanceNorm3d", nn.InstanceNorm3d(3, trackRunningStats: true), x(2, 3, 3, 3, 3)),
      one("LayerNorm", nn.LayerNorm([4, 3]), x(2, 4, 3)), one("RMSNorm", nn.RMSNorm(4), x(2, 3, 4)),
      one("GroupNorm", nn.GroupNorm(2, 4), x(2, 4, 3)), one("LocalResponseNorm", nn.LocalResponseNorm(2), x(2, 4, 3, 3)),
    ]
  }

  private static func shapes() -> [ModuleCase] {
    [
      one("ZeroPad1d", nn.ZeroPad1d(1), x(2, 3, 4)), one("ZeroPad2d", nn.ZeroPad2d([1, 0, 2, 1]), x(2, 3, 4, 4)),
      one("ZeroPad3d", nn.ZeroPad3d(1), x(1, 2, 3, 3, 3)), one("ConstantPad1d", nn.ConstantPad1d(1, 2.5), x(2, 3, 4)),
      one("ConstantPad2d", nn.ConstantPad2d(1, 2.5), x(2, 3, 4, 4)),
      one("ConstantPad3d", nn.ConstantPad3d(1, 2.5), x(1, 2, 3, 3, 3)),
      one("ReflectionPad1d", nn.ReflectionPad1d(2), x(2, 3, 4)), one("ReflectionPad2d", nn.ReflectionPad2d([1, 2, 0, 1]), x(2, 3, 4, 4)),
      one("ReflectionPad3d", nn.ReflectionPad3d(1), x(1, 2, 3, 3, 3)), one("ReplicationPad1d", nn.ReplicationPad1d(2), x(2, 3, 4)),
      one("ReplicationPad2d", nn.ReplicationPad2d(1), x(2, 3, 4, 4)),
      one("ReplicationPad3d", nn.ReplicationPad3d(1), x(1, 2, 3, 3, 3)), one("CircularPad1d", nn.CircularPad1d(2), x(2, 3, 4)),
      one("CircularPad2d", nn.CircularPad2d(1), x(2, 3, 4, 4)), one("CircularPad3d", nn.CircularPad3d(1), x(1, 2, 3, 3, 3)),
      one("PixelShuffle", nn.PixelShuffle(2), x(2, 8, 3, 3)), one("PixelUnshuffle", nn.PixelUnshuffle(2), x(2, 2, 4, 4)),
      one("ChannelShuffle", nn.ChannelShuffle(2), x(2, 4, 3, 3)),
      two("CosineSimilarity", nn.CosineSimilarity(), x(2, 3), x(2, 3)),
      two("PairwiseDistance", nn.PairwiseDistance(), x(2, 3), x(2, 3)),
      one("Unfold", nn.Unfold([2, 3], padding: 1), x(2, 3, 4, 5)), one("Fold", nn.Fold([4, 5], [2, 2]), x(2, 12, 12)),
      one("Upsample", nn.Upsample(scaleFactor: 2), x(2, 3, 4)),
      one("Upsample_bilinear", nn.Upsample(scaleFactor: [2, 1.5], mode: .bilinear), x(2, 3, 4, 4)),
      one("Upsample_size", nn.Upsample(size: [7, 5], mode: .bicubic, alignCorners: true), x(2, 3, 4, 4)),
      one("Upsample_trilinear", nn.Upsample(scaleFactor: 2, mode: .trilinear), x(1, 2, 3, 3, 3)),
      one("Upsample_area", nn.Upsample(size: 3, mode: .area), x(2, 3, 6, 6)),
      one("UpsamplingNearest2d", nn.UpsamplingNearest2d(scaleFactor: 2), x(2, 3, 4, 4)),
      one("UpsamplingBilinear2d", nn.UpsamplingBilinear2d(size: 6), x(2, 3, 4, 4)),
      one(
        "Sequential", nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(32, 3)),
        x(2, 1, 6, 6)),
      one("Sequential_named", nn.Sequential([("fc", nn.Linear(3, 4)), ("act", nn.Tanh())]), x(2, 3)),
    ]
  }

  private static func losses() -> [ModuleCase] {
    let signs = Tensor([1.0, -1, 1, -1])
    let classes = Tensor([0, 2, 1, 2])
    let onesAndZeros = (torch.rand(4, 3) > 0.5).to(.float32)
    let ctc = nn.CTCLoss()
    let logs = torch.randn(12, 4, 5).logSoftmax(dim: 2)
    let labels = torch.randint(1, 5, [4, 6])
    return [
      two("MSELoss", nn.MSELoss(), x(4, 3), x(4, 3)), two("L1Loss", nn.L1Loss(reduction: .sum), x(4, 3), x(4, 3)),
      two("SmoothL1Loss", nn.SmoothL1Loss(beta: 0.5), x(4, 3), x(4, 3)),
      two("HuberLoss", nn.HuberLoss(delta: 0.7), x(4, 3), x(4, 3)),
      two("PoissonNLLLoss", nn.PoissonNLLLoss(full: true), x(4, 3), x(4, 3).abs()),
      two("HingeEmbeddingLoss", nn.HingeEmbeddingLoss(), x(4), signs), two("SoftMarginLoss", nn.SoftMarginLoss(), x(4), signs),
      two("KLDivLoss", nn.KLDivLoss(), x(4, 3).logSoftmax(dim: 1), x(4, 3).softmax(dim: 1)),
      two("CrossEntropyLoss", nn.CrossEntropyLoss(labelSmoothing: 0.1), x(4, 3), classes),
      two("CrossEntropyLoss_weight", nn.CrossEntropyLoss(weight: Tensor([0.5, 1, 2.0])), x(4, 3), classes),
      two("NLLLoss", nn.NLLLoss(), x(4, 3).logSoftmax(dim: 1), classes),
      two("BCELoss", nn.BCELoss(), x(4, 3).sigmoid(), onesAndZeros),
      two("BCEWithLogitsLoss", nn.BCEWithLogitsLoss(posWeight: Tensor([1.0, 2, 3])), x(4, 3), onesAndZeros),
      two("MultiLabelSoftMarginLoss", nn.MultiLabelSoftMarginLoss(), x(4, 3), onesAndZeros),
      two("MultiMarginLoss", nn.MultiMarginLoss(p: 2), x(4, 3), classes),
      two("MultiLabelMarginLoss", nn.MultiLabelMarginLoss(), x(2, 4), Tensor([[3, 0, -1, 1], [1, -1, 0, 0]])),
      three("GaussianNLLLoss", nn.GaussianNLLLoss(full: true), x(4, 3), x(4, 3), torch.rand(4, 3) + 0.1),
      three("MarginRankingLoss", nn.MarginRankingLoss(margin: 0.2), x(4), x(4), signs),
      three("CosineEmbeddingLoss", nn.CosineEmbeddingLoss(margin: 0.1), x(4, 3), x(4, 3), signs),
      three("TripletMarginLoss", nn.TripletMarginLoss(swap: true), x(4, 3), x(4, 3), x(4, 3)),
      three(
        "TripletMarginWithDistanceLoss", nn.TripletMarginWithDistanceLoss(swap: true), x(4, 3), x(4, 3), x(4, 3)),
      // Lengths are Swift's integers when it is traced, and tensors when it is scripted.
      ModuleCase(name: "CTCLoss", module: ctc, inputs: [logs, labels]) {
        [ctc($0[0], $0[1], inputLengths: [12, 12, 12, 12], targetLengths: [6, 6, 6, 6])]
      }.with { $0.isScriptable = false; $0.hasBatch = false },
    ]
  }

  private static func recurrent() -> [ModuleCase] {
    func single(_ name: String, _ rnn: nn.SingleStateRNN, _ x: Tensor, _ h: Tensor? = nil) -> ModuleCase {
      ModuleCase(name: name, module: rnn, inputs: [x] + (h.map { [$0] } ?? [])) {
        let (y, h) = rnn($0[0], $0.count > 1 ? $0[1] : nil)
        return [y, h]
      }
    }
    func lstm(_ name: String, _ lstm: nn.LSTM, _ x: Tensor) -> ModuleCase {
      ModuleCase(name: name, module: lstm, inputs: [x]) {
        let (y, (h, c)) = lstm($0[0])
        return [y, h, c]
      }
    }
    let (rnnCell, gruCell, lstmCell) = (nn.RNNCell(3, 4), nn.GRUCell(3, 4, bias: false), nn.LSTMCell(3, 4))
    return [
      single("RNN", nn.RNN(3, 4, numLayers: 2), x(5, 2, 3)),
      single("RNN_relu", nn.RNN(3, 4, nonlinearity: .relu, bias: false, batchFirst: true, bidirectional: true), x(2, 5, 3)),
      single("GRU", nn.GRU(3, 4, numLayers: 2, dropout: 0.2, bidirectional: true), x(5, 2, 3)),
      single("GRU_state", nn.GRU(3, 4), x(5, 2, 3), x(1, 2, 4)).with { $0.hasBatch = false },
      single("GRU_unbatched", nn.GRU(3, 4), x(5, 3)),
      lstm("LSTM", nn.LSTM(3, 4, numLayers: 2, batchFirst: true), x(2, 5, 3)),
      lstm("LSTM_projection", nn.LSTM(3, 4, bidirectional: true, projSize: 2), x(5, 2, 3)),
      ModuleCase(name: "RNNCell", module: rnnCell, inputs: [x(2, 3)]) { [rnnCell($0[0])] },
      ModuleCase(name: "GRUCell", module: gruCell, inputs: [x(2, 3), x(2, 4)]) { [gruCell($0[0], $0[1])] },
      ModuleCase(name: "LSTMCell", module: lstmCell, inputs: [x(2, 3)]) {
        let (h, c) = lstmCell($0[0])
        return [h, c]
      },
    ]
  }

  private static func attention() -> [ModuleCase] {
    func mha(_ name: String, _ m: nn.MultiheadAttention, _ q: Tensor, _ k: Tensor, _ v: Tensor) -> ModuleCase {
      ModuleCase(name: name, module: m, inputs: [q, k, v]) {
        let (y, weights) = m($0[0], $0[1], $0[2])
        return [y, weights!]
      }
    }
    func encoderLayer(_ normFirst: Bool) -> nn.TransformerEncoderLayer {
      nn.TransformerEncoderLayer(8, 2, dimFeedforward: 16, batchFirst: true, normFirst: normFirst)
    }
    let (first, last) = (encoderLayer(true), encoderLayer(false))
    let encoder = nn.TransformerEncoder(encoderLayer(false), 2, norm: nn.LayerNorm(8))
    let decoderLayer = nn.TransformerDecoderLayer(8, 2, dimFeedforward: 16, activation: .gelu, batchFirst: true)
    let decoder = nn.TransformerDecoder(decoderLayer, 2)
    let transformer = nn.Transformer(
      8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 16, batchFirst: true)
    return [
      mha("MultiheadAttention", nn.MultiheadAttention(8, 2), x(4, 2, 8), x(5, 2, 8), x(5, 2, 8)).with { $0.hasBatch = false },
      mha(
        "MultiheadAttention_options", nn.MultiheadAttention(8, 2, addBiasKV: true, addZeroAttn: true, kdim: 3, vdim: 5, batchFirst: true),
        x(2, 4, 8), x(2, 5, 3), x(2, 5, 5)),
      ModuleCase(name: "TransformerEncoderLayer", module: last, inputs: [x(2, 4, 8)]) { [last($0[0])] },
      ModuleCase(name: "TransformerEncoderLayer_norm_first", module: first, inputs: [x(2, 4, 8)]) { [first($0[0])] },
      ModuleCase(name: "TransformerEncoder", module: encoder, inputs: [x(2, 4, 8)]) { [encoder($0[0])] },
      ModuleCase(name: "TransformerDecoderLayer", module: decoderLayer, inputs: [x(2, 4, 8), x(2, 5, 8)]) {
        [decoderLayer($0[0], $0[1])]
      },
      ModuleCase(name: "TransformerDecoder", module: decoder, inputs: [x(2, 4, 8), x(2, 5, 8)]) { [decoder($0[0], $0[1])] },
      ModuleCase(name: "Transformer", module: transformer, inputs: [x(2, 4, 8), x(2, 5, 8)]) { [transformer($0[0], $0[1])] },
    ]
  }
}
