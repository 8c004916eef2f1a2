// Margin and sequence losses as layers.
// Reference: https://pytorch.org/docs/stable/nn.html#loss-functions

extension nn {
  /// Σⱼ max(0, margin - x[y] + x[j])ᵖ / C for classes y.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html
  public final class MultiMarginLoss: WeightedLoss {
    public let p: Int
    public let margin: Double

    public init(p: Int = 1, margin: Double = 1, weight: Tensor? = nil, reduction: Reduction = .mean) {
      self.p = p
      self.margin = margin
      super.init(weight, reduction)
      if p != 1 && p != 2 { ErrorScope.report(TorchError(.value, "only p == 1 and p == 2 supported")) }
      if let weight, weight.ndim != 1 {
        ErrorScope.report(
          TorchError(.value, "MultiMarginLoss: expected weight to be None or 1D tensor, got \(weight.ndim)D instead"))
      }
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.multiMarginLoss(input.0, input.1, p: p, margin: margin, weight: weight, reduction: reduction)
    }
  }

  /// Hinge losses between the targets of each example, up to the first -1, and its other classes.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html
  public final class MultiLabelMarginLoss: Loss {
    public init(reduction: Reduction = .mean) { super.init(reduction) }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.multilabelMarginLoss(input.0, input.1, reduction: reduction)
    }
  }

  /// max(0, d(a, p) - d(a, n) + margin) with a distance of one's own: called with anchor, positive and negative.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html
  public final class TripletMarginWithDistanceLoss: Module, Layer {
    /// The distance where none is given; a child, as PyTorch has it.
    public let distanceFunction: PairwiseDistance?
    private let distance: ((Tensor, Tensor) -> Tensor)?
    public let margin: Double
    public let swap: Bool
    public let reduction: Reduction

    public init(
      distance: ((Tensor, Tensor) -> Tensor)? = nil, margin: Double = 1, swap: Bool = false,
      reduction: Reduction = .mean
    ) {
      self.distance = distance
      distanceFunction = distance == nil ? PairwiseDistance() : nil
      self.margin = margin
      self.swap = swap
      self.reduction = reduction
      super.init()
      if margin <= 0 {
        ErrorScope.report(
          TorchError(
            .value,
            "TripletMarginWithDistanceLoss: expected margin to be greater than 0, got \(Scalar(margin)) instead"))
      }
    }

    public func forward(_ input: (Tensor, Tensor, Tensor)) -> Tensor {
      functional.tripletMarginWithDistanceLoss(
        input.0, input.1, input.2, distance: distance, margin: margin, swap: swap, reduction: reduction)
    }
  }

  /// The negative log likelihood of label sequences over all alignments.
  ///
  /// ```swift
  /// let ctc = nn.CTCLoss()
  /// let loss = ctc(logits.logSoftmax(dim: 2), labels, inputLengths: [50, 50], targetLengths: [12, 9])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
  public final class CTCLoss: Module {
    public let blank: Int
    public let reduction: Reduction
    public let zeroInfinity: Bool

    public init(blank: Int = 0, reduction: Reduction = .mean, zeroInfinity: Bool = false) {
      self.blank = blank
      self.reduction = reduction
      self.zeroInfinity = zeroInfinity
    }

    public func callAsFunction(
      _ logProbs: Tensor, _ targets: Tensor, inputLengths: [Int], targetLengths: [Int]
    ) -> Tensor {
      hooked(logProbs, targets) { (logProbs: Tensor, targets: Tensor) in
        functional.ctcLoss(
          logProbs, targets, inputLengths: inputLengths, targetLengths: targetLengths, blank: self.blank,
          reduction: self.reduction, zeroInfinity: self.zeroInfinity)
      }
    }

    /// The same with the lengths as tensors of integers (N).
    public func callAsFunction(
      _ logProbs: Tensor, _ targets: Tensor, inputLengths: Tensor, targetLengths: Tensor
    ) -> Tensor {
      hooked(logProbs, targets) { (logProbs: Tensor, targets: Tensor) in
        functional.ctcLoss(
          logProbs, targets, inputLengths: inputLengths, targetLengths: targetLengths, blank: self.blank,
          reduction: self.reduction, zeroInfinity: self.zeroInfinity)
      }
    }
  }
}
