// The gradient of CTC loss, which holds for log-probabilities: it is checked through the softmax before it.

import Testing
import Torch

@Suite struct CTCLossTests {
  @Test(arguments: [false, true]) func gradientAgreesWithDifferences(fromTensors: Bool) throws {
    let x = torch.randn([5, 2, 4], dtype: .float64, generator: Generator(seed: 1), requiresGrad: true)
    let targets = Value.tensor(Tensor([[1, 2, 2], [3, 1, 0]]))
    let (inputs, lengths) = ([5, 4], [3, 2])
    try torch.autograd.gradcheck(
      { leaves in
        let logProbs = Value.tensor(leaves[0].logSoftmax(dim: 2))
        let sizes: [Value] =
          fromTensors ? [.tensor(Tensor(inputs)), .tensor(Tensor(lengths))] : [.ints(inputs), .ints(lengths)]
        let name = fromTensors ? "_ctc_loss.Tensor" : "_ctc_loss"
        let all = try OperatorRegistry.call(name, [logProbs, targets] + sizes + [.int(0), .bool(false)])
        return [all[0].tensor!]
      }, [x])
  }

  @Test func impossibleSequencesCostInfinitelyMuchOrNothing() throws {
    let x = torch.randn([2, 1, 4], dtype: .float64, generator: Generator(seed: 1)).logSoftmax(dim: 2)
    let targets = Tensor([[1, 2, 3]])
    func loss(_ zeroInfinity: Bool) throws -> Double {
      try torch.ctcLoss(
        x, targets, inputLengths: [2], targetLengths: [3], reduction: .sum, zeroInfinity: zeroInfinity
      ).item(Double.self)
    }
    #expect(try loss(false) == .infinity)
    #expect(try loss(true) == 0)
  }
}
