// Recurrent networks, attention and Transformers against PyTorch: printed forms, keys, seeded weights, outputs and
// gradients (Fixtures/recurrent/networks.json), and draws (draws.json).

import TestSupport
import Testing
import Torch

private struct Digest: Decodable {
  let shape: [Int]
  let sums: [Double]
}

private struct Form: Decodable {
  let repr: String
  let keys: [String]
  let weights: [Digest]
  let outputs: [Digest]
  let gradients: [Digest?]
}

/// What a case makes: the model, its inputs, what it gives.
private typealias Run = () -> (model: nn.Module, inputs: [Tensor], outputs: [Tensor])

private func x(_ sizes: Int...) -> Tensor { torch.randn(Shape(sizes), requiresGrad: true) }

private func single(_ model: nn.SingleStateRNN, _ x: Tensor, _ h: Tensor? = nil) -> (nn.Module, [Tensor], [Tensor]) {
  let (y, last) = model(x, h)
  return (model, [x] + (h.map { [$0] } ?? []), [y, last])
}

private func lstm(_ model: nn.LSTM, _ x: Tensor) -> (nn.Module, [Tensor], [Tensor]) {
  let (y, (h, c)) = model(x)
  return (model, [x], [y, h, c])
}

private func attended(
  _ model: nn.MultiheadAttention, _ inputs: [Tensor], _ result: (output: Tensor, weights: Tensor?)
) -> (nn.Module, [Tensor], [Tensor]) {
  (model, inputs, [result.output] + (result.weights.map { [$0] } ?? []))
}

private func causal(_ n: Int) -> Tensor { nn.Transformer.generateSquareSubsequentMask(n) }
private func padding() -> Tensor { Tensor([[false, false, true, true], [false, false, false, true]]) }

private nonisolated(unsafe) let recurrent: [String: Run] = [
  "RNN": { single(nn.RNN(3, 5), x(5, 4, 3)) },
  "RNNReLU": {
    single(nn.RNN(3, 5, numLayers: 2, nonlinearity: .relu, bias: false, batchFirst: true), x(4, 5, 3))
  },
  "GRU": {
    let model = nn.GRU(3, 5, numLayers: 2, bidirectional: true)
    return single(model, x(5, 4, 3), x(4, 4, 5))
  },
  "GRUDropout": { single(nn.GRU(3, 5, numLayers: 3, dropout: 0.4), x(5, 4, 3)) },
  "LSTM": { lstm(nn.LSTM(3, 5, numLayers: 2, bidirectional: true), x(5, 4, 3)) },
  "LSTMProjection": {
    let model = nn.LSTM(3, 5, numLayers: 2, batchFirst: true, projSize: 2)
    let (input, h0, c0) = (x(5, 4, 3), x(2, 5, 2), x(2, 5, 5))
    let (y, (h, c)) = model(input, (h0, c0))
    return (model, [input, h0, c0], [y, h, c])
  },
  "LSTMUnbatched": { lstm(nn.LSTM(3, 5), x(6, 3)) },
  "LSTMPacked": {
    let model = nn.LSTM(3, 5, numLayers: 2, bidirectional: true)
    let input = x(4, 4, 3)
    let (y, (h, c)) = model(nn.utils.rnn.packPaddedSequence(input, [4, 2, 2, 1]))
    return (model, [input], [y.data, h, c])
  },
  "GRUPackedUnsorted": {
    let model = nn.GRU(3, 5, bidirectional: true)
    let (input, h0) = (x(4, 4, 3), x(2, 4, 5))
    let (y, h) = model(nn.utils.rnn.packPaddedSequence(input, [1, 4, 2, 3], enforceSorted: false), h0)
    return (model, [input, h0], [y.data, h])
  },
  "RNNCell": {
    let model = nn.RNNCell(3, 5)
    let (a, h) = (x(4, 3), x(4, 5))
    return (model, [a, h], [model(a, h)])
  },
  "LSTMCell": {
    let model = nn.LSTMCell(3, 5)
    let a = x(4, 3)
    let (h, c) = model(a)
    return (model, [a], [h, c])
  },
  "GRUCell": {
    let model = nn.GRUCell(3, 5, bias: false)
    let (a, h) = (x(3), x(5))
    return (model, [a, h], [model(a, h)])
  },
]

private nonisolated(unsafe) let attention: [String: Run] = [
  "Attention": {
    let model = nn.MultiheadAttention(8, 2)
    let a = x(5, 3, 8)
    return attended(model, [a], model(a, a, a))
  },
  "AttentionMasks": {
    let model = nn.MultiheadAttention(8, 2, batchFirst: true)
    let (q, k) = (x(2, 3, 8), x(2, 4, 8))
    let mask = Tensor.ones([3, 4]).triu(2).to(.bool)
    return attended(
      model, [q, k], model(q, k, k, keyPaddingMask: padding(), attnMask: mask, averageAttnWeights: false))
  },
  "AttentionPlain": {
    let model = nn.MultiheadAttention(8, 2, bias: false)
    let a = x(5, 3, 8)
    return attended(model, [a], model(a, a, a, needWeights: false, attnMask: causal(5)))
  },
  "AttentionSizes": {
    let model = nn.MultiheadAttention(8, 4, addBiasKV: true, addZeroAttn: true, kdim: 6, vdim: 5)
    let (q, k, v) = (x(3, 2, 8), x(4, 2, 6), x(4, 2, 5))
    return attended(model, [q, k, v], model(q, k, v))
  },
  "AttentionUnbatched": {
    let model = nn.MultiheadAttention(8, 2, dropout: 0.3)
    let a = x(5, 8)
    return attended(model, [a], model(a, a, a))
  },
  "EncoderLayer": {
    let model = nn.TransformerEncoderLayer(8, 2, dimFeedforward: 16, dropout: 0)
    let a = x(5, 3, 8)
    return (model, [a], [model(a)])
  },
  "EncoderLayerNormFirst": {
    let model = nn.TransformerEncoderLayer(
      8, 2, dimFeedforward: 16, dropout: 0, activation: .gelu, batchFirst: true, normFirst: true)
    let a = x(2, 4, 8)
    return (model, [a], [model(a, srcKeyPaddingMask: padding())])
  },
  "DecoderLayer": {
    let model = nn.TransformerDecoderLayer(8, 2, dimFeedforward: 16, dropout: 0)
    let (t, s) = (x(3, 2, 8), x(4, 2, 8))
    return (model, [t, s], [model(t, s, tgtMask: causal(3))])
  },
  "Encoder": {
    let layer = nn.TransformerEncoderLayer(8, 2, dimFeedforward: 16, dropout: 0)
    let model = nn.TransformerEncoder(layer, 2, norm: nn.LayerNorm(8))
    let a = x(5, 3, 8)
    return (model, [a], [model(a)])
  },
  "Transformer": {
    let model = nn.Transformer(
      8, nhead: 2, numEncoderLayers: 2, numDecoderLayers: 1, dimFeedforward: 16, dropout: 0)
    let (s, t) = (x(4, 2, 8), x(3, 2, 8))
    return (model, [s, t], [model(s, t, tgtMask: causal(3))])
  },
  "TransformerDropout": {
    let model = nn.Transformer(
      8, nhead: 2, numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 16, batchFirst: true)
    let (s, t) = (x(2, 4, 8), x(2, 3, 8))
    return (model, [s, t], [model(s, t)])
  },
]

/// Weights that differ: the plain sum of squares of a normalized layer is constant.
private func loss(_ y: Tensor) -> Tensor {
  let weights = Tensor.arange(.int(0), .int(y.numel)).to(.float32).cos().reshape(Array(y.shape))
  return (y * y * weights).sum()
}

private func differs(_ tensor: Tensor?, _ expected: Digest?) throws -> String? {
  guard let expected else { return nil }
  guard let tensor else { return "is missing" }
  guard Array(tensor.shape) == expected.shape else { return "has shape \(tensor.shape), not \(expected.shape)" }
  let (values, k) = (tensor.detach().to(.float64).reshape([-1]), Tensor.arange(.int(0), .int(tensor.numel), dtype: .float64))
  let sums = try [(values * k.cos()).sum().item(Double.self), (values * (k * 0.37).sin()).sum().item(Double.self)]
  let size = try 1 + values.abs().sum().item(Double.self)
  for (a, b) in zip(sums, expected.sums) where abs(a - b) > 2e-6 * size { return "has sums \(sums), not \(expected.sums)" }
  return nil
}

@Suite(.serialized) struct SequenceFixtureTests {
  @Test func networksAgreeWithPyTorch() throws {
    let forms = try fixture("recurrent/networks.json", [String: Form].self)
    let runs = recurrent.merging(attention) { a, _ in a }
    #expect(Set(forms.keys) == Set(runs.keys))
    for (name, form) in forms.sorted(by: { $0.key < $1.key }) {
      guard let run = runs[name] else { continue }
      torch.manualSeed(11)
      let (model, inputs, outputs) = run()
      #expect(model.description == form.repr)
      #expect(Array(model.stateDict().keys) == form.keys, "\(name)")
      for (i, (weight, expected)) in zip(model.parameters(), form.weights).enumerated() {
        let difference = try differs(weight, expected)
        #expect(difference == nil, "\(name): weight \(i)")
      }
      #expect(outputs.count == form.outputs.count, "\(name)")
      for (i, (output, expected)) in zip(outputs, form.outputs).enumerated() {
        let difference = try differs(output, expected)
        #expect(difference == nil, "\(name): output \(i)")
      }
      outputs.map(loss).reduce(Tensor.zeros([])) { $0 + $1 }.backward()
      for (i, (leaf, expected)) in zip(inputs + model.parameters(), form.gradients).enumerated() {
        let difference = try differs(leaf.grad, expected)
        #expect(difference == nil, "\(name): gradient \(i)")
      }
    }
  }

  @Test func paddingAndPackingUndoEachOther() throws {
    let sequences = [torch.randn(3, 2), torch.randn(5, 2), torch.randn(1, 2)]
    let packed = nn.utils.rnn.packSequence(sequences, enforceSorted: false)
    #expect(try packed.batchSizes.toArray(Int.self) == [3, 2, 2, 1, 1])
    let back = nn.utils.rnn.unpackSequence(packed)
    for (a, b) in zip(back, sequences) { #expect(try (a .== b).all().item(Bool.self)) }
    let padded = nn.utils.rnn.padPackedSequence(packed, batchFirst: true, paddingValue: -1, totalLength: 6)
    #expect(padded.padded.shape == [3, 6, 2])
    #expect(try padded.lengths.toArray(Int.self) == [3, 5, 1])
    #expect(try padded.padded[2, 1, 0].item(Float.self) == -1)
  }

  @Test func drawsAreThoseOfPyTorch() throws {
    let expected = try fixture("recurrent/draws.json", [String: [Double]].self)
    let p = Tensor([[0.1, 0.0, 0.4, 0.5], [1.0, 2.0, 3.0, 4.0]])
    let rising = Tensor.arange(.double(1), .double(5)), twenty = Tensor.arange(.double(20))
    let draws: [String: () -> Tensor] = [
      "geometric": { Tensor.zeros([9]).geometric_(0.3) },
      "geometricInt": { Tensor.zeros([9], dtype: .int64).geometric_(0.3) },
      "cauchy": { Tensor.zeros([9]).cauchy_(median: 1, sigma: 2) },
      "cauchyDouble": { Tensor.zeros([9], dtype: .float64).cauchy_(median: 1, sigma: 2) },
      "logNormal": { Tensor.zeros([9]).logNormal_(mean: 0.5, std: 0.25) },
      "exponential": { Tensor.zeros([9]).exponential_(1.5) },
      "multinomial": { p.multinomial(3) }, "multinomialOne": { p.multinomial(1) },
      "multinomialReplacement": { p.multinomial(6, replacement: true) },
      "normalTensors": { torch.normal(mean: rising, std: rising) },
      "normalMean": { torch.normal(mean: twenty, std: 2) }, "normalStd": { torch.normal(mean: 1, std: twenty) },
      "randint": { torch.randint(-3, 7, [9]) }, "randintLike": { torch.randint(like: Tensor.zeros([9]), 2, 9) },
      "poisson": { torch.poisson(Tensor([0.5, 3.0, 20.0, 0.0])) },
      "binomial": { torch.binomial(Tensor([5.0, 40.0, 100.0]), Tensor([0.5, 0.9, 0.4])) },
      "bernoulliTensor": { Tensor.zeros([2, 4]).bernoulli_(p.clamp(max: 1)) },
    ]
    #expect(Set(expected.keys) == Set(draws.keys))
    for (name, draw) in draws {
      torch.manualSeed(5)
      #expect(try distance(draw(), expected[name] ?? []) < 1e-6, "\(name)")
    }
  }
}
