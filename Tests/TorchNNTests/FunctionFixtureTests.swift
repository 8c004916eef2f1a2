// Outputs and gradients of functions against PyTorch's, in float64 (Fixtures/nn/functions.json).

import TestSupport
import Testing
import TorchCore
import TorchNN

private struct Cases: Decodable {
  struct Input: Decodable {
    let shape: [Int]
    let dtype: String
    let values: [Double]
  }
  struct Case: Decodable {
    let inputs: [Input]
    let weights: [Double]
    let shape: [Int]
    let output: [Double]
    let grads: [[Double]?]
  }
  let cases: [String: Case]
  let constants: [String: [Double]]
}

private typealias F = nn.functional

/// Layers and functions over images, and losses of sequences and classes.
private func visionFunctions() -> [String: ([Tensor]) -> Tensor] {
  [
    "interpolate_nearest": { F.interpolate($0[0], size: [4, 9]) },
    "interpolate_bilinear": { F.interpolate($0[0], scaleFactor: [1.5, 0.7], mode: .bilinear) },
    "interpolate_corners": { F.interpolate($0[0], size: 8, mode: .bicubic, alignCorners: true) },
    "interpolate_recompute": { F.interpolate($0[0], scaleFactor: 1.3, mode: .bilinear, recomputeScaleFactor: true) },
    "interpolate_area": { F.interpolate($0[0], scaleFactor: 0.7, mode: .area) },
    "interpolate_antialias": { F.interpolate($0[0], size: [4, 3], mode: .bicubic, antialias: true) },
    "grid_sample": { F.gridSample($0[0], $0[1], paddingMode: .border) },
    "affine_grid": { F.affineGrid($0[0], [2, 1, 3, 4]) },
    "max_pool": { F.maxPool2d($0[0], [3, 2], stride: 2, padding: 1) },
    "avg_pool": { F.avgPool2d($0[0], 3, stride: 2, padding: 1, countIncludePad: false) },
    "lp_pool": { F.lpPool2d($0[0].abs(), 3, [2, 3], stride: 2) },
    "adaptive_max_pool": { F.adaptiveMaxPool2d($0[0], [4, 5]) },
    "max_unpool": {
      let (values, indices) = F.maxPool2dWithIndices($0[0], 2)
      return F.maxUnpool2d(values, indices, 2, outputSize: [7, 6])
    },
    "fractional_max_pool": {
      F.fractionalMaxPool2d($0[0], 2, outputRatio: 0.5, randomSamples: Tensor.full([2, 4, 2], 0.3, dtype: .float64))
    },
    "unfold": { F.unfold($0[0], [2, 3], padding: 1, stride: 2) },
    "fold": { F.fold($0[0], outputSize: [4, 5], kernelSize: 2) },
    "batch_norm": { F.batchNorm($0[0], runningMean: nil, runningVar: nil, training: true) },
    "instance_norm": { F.instanceNorm($0[0], weight: $0[1]) },
    "layer_norm": { F.layerNorm($0[0], [6, 6], weight: $0[1], bias: $0[2]) },
    "group_norm": { F.groupNorm($0[0], 2, weight: $0[1]) }, "rms_norm": { F.rmsNorm($0[0], [6]) },
    "local_response_norm": { F.localResponseNorm($0[0], size: 3, alpha: 0.5) },
    "embedding_bag": { F.embeddingBag(Tensor([[1, 2], [0, 2]]), $0[0], paddingIdx: 2) },
    "multi_margin": { F.multiMarginLoss($0[0], $0[1], p: 2) },
    "multilabel_margin": { F.multilabelMarginLoss($0[0], $0[1]) },
    "triplet_distance": {
      F.tripletMarginWithDistanceLoss(
        $0[0], $0[1], $0[2], distance: { ($0 - $1).abs().sum(dim: 1) }, swap: true)
    },
    "ctc": { F.ctcLoss($0[0].logSoftmax(dim: 2), $0[1], inputLengths: [5, 4], targetLengths: [2, 1]) },
    "attention": { F.scaledDotProductAttention($0[0], $0[1], $0[2], isCausal: true) },
    "threshold": { F.threshold($0[0], 0.5, 2) },
    "conv_transpose": { F.convTranspose2d($0[0], $0[1], stride: 2, outputPadding: 1) },
  ]
}

/// Functions that write over their input, and those with a weight of classes among their options.
private func moreFunctions(_ classWeight: Tensor) -> [String: ([Tensor]) -> Tensor] {
  let labels = Tensor([[1, 3], [2, 0], [0, 0]])
  return [
    "cross_map_lrn": { nn.CrossMapLRN2d(3, alpha: 0.5, beta: 0.6, k: 1.5)($0[0]) },
    "conv_tbc": { F.convTBC($0[0], $0[1], $0[2], pad: 1) }, "pdist": { F.pdist($0[0], p: 3) },
    "linear_cross_entropy": {
      F.linearCrossEntropy($0[0], $0[1], $0[2], weight: classWeight, labelSmoothing: 0.1)
    },
    "linear_cross_entropy_dims": {
      F.linearCrossEntropy($0[0], $0[1], labels, linearBias: $0[2], reduction: .none)
    },
    "linear_cross_entropy_chunks": {
      F.linearCrossEntropy(
        $0[0], $0[1], $0[3], linearBias: $0[2], weight: classWeight, options: .init(batchChunkSize: 2))
    },
    "linear_cross_entropy_chunks_none": {
      F.linearCrossEntropy($0[0], $0[1], $0[2], reduction: .none, options: .init(batchChunkSize: 2))
    },
    "relu_": { F.relu_($0[0] * 1) }, "elu_": { F.elu_($0[0] * 1, alpha: 0.7) },
    "celu_": { F.celu_($0[0] * 1, alpha: 0.7) }, "selu_": { F.selu_($0[0] * 1) },
    "leaky_relu_": { F.leakyRelu_($0[0] * 1, negativeSlope: 0.2) }, "hardtanh_": { F.hardtanh_($0[0] * 1) },
    "threshold_": { F.threshold_($0[0] * 1, 0.5, 2) }, "rrelu_": { F.rrelu_($0[0] * 1) },
    "gaussian_column": { F.gaussianNLLLoss($0[0], $0[1], variance: $0[2], full: true) },
  ]
}

private func functions(_ constants: [String: [Double]]) -> [String: ([Tensor]) -> Tensor] {
  let classWeight = Tensor(constants["class_weight"]!, dtype: .float64)
  let signs = Tensor(constants["signs"]!, dtype: .float64)
  let signMatrix = Tensor(constants["sign_matrix"]!, dtype: .float64).reshape(3, 4)
  return [
    "relu6": { F.relu6($0[0]) }, "selu": { F.selu($0[0]) }, "celu": { F.celu($0[0], alpha: 1.5) },
    "elu": { F.elu($0[0]) }, "mish": { F.mish($0[0]) }, "hardsigmoid": { F.hardsigmoid($0[0]) },
    "hardswish": { F.hardswish($0[0]) }, "logsigmoid": { F.logsigmoid($0[0]) }, "softsign": { F.softsign($0[0]) },
    "tanhshrink": { F.tanhshrink($0[0]) }, "softshrink": { F.softshrink($0[0]) }, "hardshrink": { F.hardshrink($0[0]) },
    "glu": { F.glu($0[0], dim: 1) }, "prelu": { F.prelu($0[0], $0[1]) }, "softmin": { F.softmin($0[0], dim: 1) },
    "softplus": { F.softplus($0[0], beta: 2, threshold: 3) }, "normalize": { F.normalize($0[0]) },
    "cosine_similarity": { F.cosineSimilarity($0[0], $0[1]) }, "pairwise_distance": { F.pairwiseDistance($0[0], $0[1]) },
    "mse": { F.mseLoss($0[0], $0[1]) }, "mse_sum": { F.mseLoss($0[0], $0[1], reduction: .sum) },
    "l1": { F.l1Loss($0[0], $0[1]) }, "smooth_l1": { F.smoothL1Loss($0[0], $0[1], beta: 0.7) },
    "huber": { F.huberLoss($0[0], $0[1], delta: 1.3) }, "cross_entropy": { F.crossEntropy($0[0], $0[1]) },
    "cross_entropy_weight": { F.crossEntropy($0[0], $0[1], weight: classWeight) },
    "cross_entropy_smooth": { F.crossEntropy($0[0], $0[1], labelSmoothing: 0.2) },
    "cross_entropy_smooth_weight_ignore": { F.crossEntropy($0[0], $0[1], weight: classWeight, labelSmoothing: 0.2) },
    "cross_entropy_smooth_ignore": { F.crossEntropy($0[0], $0[1], labelSmoothing: 0.2) },
    "cross_entropy_none": { F.crossEntropy($0[0], $0[1], reduction: .none, labelSmoothing: 0.1) },
    "cross_entropy_probabilities": { F.crossEntropy($0[0], $0[1]) },
    "bce": { F.binaryCrossEntropy($0[0], $0[1]) }, "bce_logits": { F.binaryCrossEntropyWithLogits($0[0], $0[1]) },
    "bce_logits_pos": { F.binaryCrossEntropyWithLogits($0[0], $0[1], posWeight: classWeight) },
    "kl_div": { F.klDiv($0[0], $0[1]) }, "kl_div_batchmean": { F.klDiv($0[0], $0[1], batchMean: true) },
    "kl_div_log": { F.klDiv($0[0], $0[1], logTarget: true) }, "poisson": { F.poissonNLLLoss($0[0], $0[1]) },
    "poisson_full": { F.poissonNLLLoss($0[0], $0[1], full: true) },
    "gaussian": { F.gaussianNLLLoss($0[0], $0[1], variance: $0[2]) },
    "margin_ranking": { F.marginRankingLoss($0[0], $0[1], signMatrix, margin: 0.3) },
    "hinge_embedding": { F.hingeEmbeddingLoss($0[0], signMatrix) },
    "soft_margin": { F.softMarginLoss($0[0], signMatrix) },
    "cosine_embedding": { F.cosineEmbeddingLoss($0[0], $0[1], signs, margin: 0.1) },
    "triplet": { F.tripletMarginLoss($0[0], $0[1], $0[2], swap: true) },
    "multilabel_soft_margin": { F.multilabelSoftMarginLoss($0[0], $0[1]) },
    "pixel_shuffle": { F.pixelShuffle($0[0], 2) }, "pixel_unshuffle": { F.pixelUnshuffle($0[0], 3) },
    "channel_shuffle": { F.channelShuffle($0[0], 2) }, "pad_reflect": { F.pad($0[0], [1, 2, 3, 0], mode: .reflect) },
    "pad_replicate": { F.pad($0[0], [1, 2, 3, 0], mode: .replicate) },
    "pad_circular": { F.pad($0[0], [1, 2, 3, 0], mode: .circular) }, "pad_zeros": { F.pad($0[0], [1, -2, 3, 0]) },
    "embedding": { F.embedding(Tensor([[1, 2], [0, 2]]), $0[0], paddingIdx: 2) },
    "bilinear": { F.bilinear($0[0], $0[1], $0[2], $0[3]) },
  ]
}

@Test func functionsAndTheirGradientsArePyTorchs() throws {
  let fixtures = try fixture("nn/functions.json", Cases.self)
  let classWeight = Tensor(fixtures.constants["class_weight"]!, dtype: .float64)
  let functions = functions(fixtures.constants).merging(visionFunctions()) { first, _ in first }
    .merging(moreFunctions(classWeight)) { first, _ in first }
  #expect(Set(functions.keys) == Set(fixtures.cases.keys))
  for (name, expected) in fixtures.cases.sorted(by: { $0.key < $1.key }) {
    guard let function = functions[name] else { continue }
    do {
      try withErrors { try check(name, expected, function) }
    } catch {
      Issue.record("\(name): \(error)")
    }
  }
}

private func check(_ name: String, _ expected: Cases.Case, _ function: ([Tensor]) -> Tensor) throws {
  let inputs = try expected.inputs.map { input in
    let tensor = try Tensor.from(input.values, shape: Shape(input.shape))
    return input.dtype == "torch.int64" ? tensor.to(.int64) : tensor.requiresGrad_()
  }
  let output = function(inputs)
  #expect(Array(output.shape) == expected.shape, "\(name)")
  #expect(try distance(output, expected.output) < 1e-10, "\(name)")
  (output * (try Tensor.from(expected.weights, shape: output.shape))).sum().backward()
  for (i, gradient) in expected.grads.enumerated() {
    guard let gradient else { continue }
    guard let actual = inputs[i].grad else {
      #expect(gradient.allSatisfy { $0 == 0 }, "\(name): input \(i) got no gradient")
      continue
    }
    #expect(try distance(actual, gradient) < 1e-8, "\(name): gradient \(i)")
  }
  }
