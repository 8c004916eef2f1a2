// Multi-head attention as a function: the ways to give it the same weights agree. What the numbers are, the module's
// fixtures say (SequenceFixtureTests).

import Testing
import Torch

@Suite struct FunctionalAttentionTests {
  private let query: Tensor
  private let source: Tensor
  private let packed: Tensor
  private let bias: Tensor
  private let out: Tensor

  init() {
    torch.manualSeed(5)
    (query, source) = (torch.randn(4, 2, 6), torch.randn(5, 2, 6))
    (packed, bias, out) = (torch.randn(18, 6), torch.randn(18), torch.randn(6, 6))
  }

  private func attend(
    packed: Tensor?, parts: [Tensor]? = nil, padding: Tensor? = nil, mask: Tensor? = nil, needWeights: Bool = true,
    staticK: Tensor? = nil, staticV: Tensor? = nil, isCausal: Bool = false
  ) -> (output: Tensor, weights: Tensor?) {
    nn.functional.multiHeadAttentionForward(
      query, source, source, embedDimToCheck: 6, numHeads: 3, inProjWeight: packed, inProjBias: bias,
      outProjWeight: out, outProjBias: nil, training: false, keyPaddingMask: padding, needWeights: needWeights,
      attnMask: mask, useSeparateProjWeight: parts != nil, qProjWeight: parts?[0], kProjWeight: parts?[1],
      vProjWeight: parts?[2], staticK: staticK, staticV: staticV, isCausal: isCausal)
  }

  private func expectClose(_ a: Tensor, _ b: Tensor) throws {
    #expect(try a.shape == b.shape && torch.allclose(a, b, rtol: 1e-4, atol: 1e-5))
  }

  @Test func separateWeightsAreThePartsOfPackedOnes() throws {
    let (first, second) = (attend(packed: packed), attend(packed: nil, parts: packed.chunk(3)))
    try expectClose(first.output, second.output)
    try expectClose(first.weights!, second.weights!)
    #expect(first.weights!.shape == [2, 4, 5])
  }

  @Test func staticKeysAndValuesReplaceTheProjected() throws {
    func heads(_ part: Int) -> Tensor {
      nn.functional.linear(source, packed.chunk(3)[part], bias.chunk(3)[part]).reshape(5, 6, 2).transpose(0, 1)
    }
    let fixed = attend(packed: packed, staticK: heads(1), staticV: heads(2))
    try expectClose(fixed.output, attend(packed: packed).output)
  }

  @Test func withoutWeightsTheResultIsTheSame() throws {
    let padding = Tensor([[false, false, false, true, true], [false, false, false, false, true]])
    let mask = Tensor.ones(4, 5, dtype: .bool).triu(1)
    for (padding, mask) in [(nil, nil), (padding, nil), (nil, mask), (padding, mask)] as [(Tensor?, Tensor?)] {
      let shown = attend(packed: packed, padding: padding, mask: mask)
      let hidden = attend(packed: packed, padding: padding, mask: mask, needWeights: false)
      try expectClose(shown.output, hidden.output)
      #expect(hidden.weights == nil)
    }
    let hinted = attend(packed: packed, mask: mask, needWeights: false, isCausal: true)
    try expectClose(hinted.output, attend(packed: packed, mask: mask).output)
  }

  @Test func aQueryThatSeesNothingGivesZeros() throws {
    let mask = Tensor.ones(4, 5, dtype: .bool)
    let (output, _) = attend(packed: packed, mask: mask, needWeights: false)
    #expect(try torch.allclose(output, Tensor.zeros(4, 2, 6)))
  }

  @Test func badArguments() {
    func message(_ body: () -> (output: Tensor, weights: Tensor?)) -> String {
      do {
        try withErrors { _ = body() }
        return ""
      } catch { return (error as? TorchError)?.message ?? "\(error)" }
    }
    #expect(message { attend(packed: nil) } == "use_separate_proj_weight is False but in_proj_weight is None")
    #expect(
      message { attend(packed: packed, mask: Tensor.zeros(3, 3)) }
        == "The shape of the 2D attn_mask is torch.Size([3, 3]), but should be (4, 5).")
    #expect(message { attend(packed: packed, isCausal: true) }.hasPrefix("Need attn_mask if specifying the is_causal hint."))
    #expect(
      message { attend(packed: packed, staticK: Tensor.zeros(2, 5, 2)) }
        == "expecting static_k.size(0) of 6, but got 2")
  }
}
