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
  let functions = functions(fixtures.constants)
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
