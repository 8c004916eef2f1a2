// Margin losses over classes, sequence losses, and losses with a distance of one's own.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#loss-functions

extension nn.functional {
  /// Σⱼ max(0, margin - x[y] + x[j])ᵖ / C for x (N, C) and classes y (N); `p` is 1 or 2, `weight` is by class.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html
  public static func multiMarginLoss(
    _ x: Tensor, _ target: Tensor, p: Int = 1, margin: Double = 1, weight: Tensor? = nil, reduction: Reduction = .mean
  ) -> Tensor {
    guard p == 1 || p == 2 else { return .invalid(TorchError(.value, "only p == 1 and p == 2 supported")) }
    if let weight, weight.ndim != 1 {
      return .invalid(TorchError(.value, "weight must be one-dimensional"))
    }
    return torch.multiMarginLoss(x, target, p: p, margin: margin, weight: weight, reduction: reduction)
  }

  /// Σ max(0, 1 - (x[y] - x[k])) / C over the targets y and the other classes k of x (N, C). A row of `target` (N, C) is
  /// the targets up to the first -1.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html
  public static func multilabelMarginLoss(_ x: Tensor, _ target: Tensor, reduction: Reduction = .mean) -> Tensor {
    torch.multilabelMarginLoss(x, target, reduction: reduction)
  }

  /// max(0, d(a, p) - d(a, n) + margin), with a distance of one's own; ‖x - y + ε‖ if left out.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html
  public static func tripletMarginWithDistanceLoss(
    _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, distance: ((Tensor, Tensor) -> Tensor)? = nil,
    margin: Double = 1, swap: Bool = false, reduction: Reduction = .mean
  ) -> Tensor {
    guard margin > 0 else {
      return .invalid(TorchError(.value, "margin must be greater than 0, got \(Scalar(margin))"))
    }
    guard anchor.ndim == positive.ndim, anchor.ndim == negative.ndim else {
      return .invalid(
        TorchError(
          .shape,
          "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor \(anchor.ndim)D, positive \(positive.ndim)D, and negative \(negative.ndim)D inputs"
        ))
    }
    let distance = distance ?? { pairwiseDistance($0, $1) }
    let near = distance(anchor, positive)
    var far = distance(anchor, negative)
    if swap { far = far.minimum(distance(positive, negative)) }
    return reduction.apply((near - far + margin).clamp(min: 0))
  }

  /// The negative log likelihood of label sequences over all alignments with the input.
  ///
  /// - Parameters:
  ///   - logProbs: (T, N, C) logarithms of probabilities (`logSoftmax`), or (T, C).
  ///   - targets: (N, S) labels, padded, or the sequences in one row. A label is never `blank`.
  ///   - inputLengths: how many of the T steps of each input count.
  ///   - targetLengths: how many labels each sequence has.
  ///   - zeroInfinity: a sequence too long for its input costs nothing, rather than infinitely much.
  ///
  /// The mean is of the losses divided by the target lengths.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
  public static func ctcLoss(
    _ logProbs: Tensor, _ targets: Tensor, inputLengths: [Int], targetLengths: [Int], blank: Int = 0,
    reduction: Reduction = .mean, zeroInfinity: Bool = false
  ) -> Tensor {
    torch.ctcLoss(
      logProbs, targets, inputLengths: inputLengths, targetLengths: targetLengths, blank: blank, reduction: reduction,
      zeroInfinity: zeroInfinity)
  }

  /// The same with the lengths as tensors of integers (N).
  public static func ctcLoss(
    _ logProbs: Tensor, _ targets: Tensor, inputLengths: Tensor, targetLengths: Tensor, blank: Int = 0,
    reduction: Reduction = .mean, zeroInfinity: Bool = false
  ) -> Tensor {
    torch.ctcLoss(
      logProbs, targets, inputLengths: inputLengths, targetLengths: targetLengths, blank: blank, reduction: reduction,
      zeroInfinity: zeroInfinity)
  }
}
