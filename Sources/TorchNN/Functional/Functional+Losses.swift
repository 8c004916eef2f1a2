// Loss functions. Each gives one number by default: the mean over all elements.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#loss-functions

extension nn {
  public typealias Reduction = TorchCore.Reduction
}

extension nn.functional {
  // MARK: Regression

  /// (x - y)²
  public static func mseLoss(_ x: Tensor, _ target: Tensor, reduction: Reduction = .mean) -> Tensor {
    torch.mseLoss(x, target, reduction)
  }

  /// |x - y|
  public static func l1Loss(_ x: Tensor, _ target: Tensor, reduction: Reduction = .mean) -> Tensor {
    torch.l1Loss(x, target, reduction)
  }

  /// ½(x - y)² / β where |x - y| < β, else |x - y| - ½β
  public static func smoothL1Loss(
    _ x: Tensor, _ target: Tensor, beta: Double = 1, reduction: Reduction = .mean
  ) -> Tensor { torch.smoothL1Loss(x, target, reduction, beta: beta) }

  /// ½(x - y)² where |x - y| < δ, else δ(|x - y| - ½δ)
  public static func huberLoss(
    _ x: Tensor, _ target: Tensor, delta: Double = 1, reduction: Reduction = .mean
  ) -> Tensor { torch.huberLoss(x, target, reduction, delta: delta) }

  // MARK: Classification

  /// -x[n, target[n]] of log-probabilities
  public static func nllLoss(
    _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: Reduction = .mean
  ) -> Tensor { torch.nllLoss(x, target, weight: weight, ignoreIndex: ignoreIndex, reduction: reduction) }

  /// The negative log likelihood of softmax(x): x (N, C, …) of logits, target (N, …) of classes, or (N, C, …) of
  /// probabilities.
  ///
  /// ```swift
  /// let loss = nn.functional.crossEntropy(logits, labels, labelSmoothing: 0.1)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
  public static func crossEntropy(
    _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: Reduction = .mean,
    labelSmoothing: Double = 0
  ) -> Tensor {
    torch.crossEntropyLoss(
      x, target, weight: weight, ignoreIndex: ignoreIndex, reduction, labelSmoothing: labelSmoothing)
  }

  /// -(y log x + (1 - y) log(1 - x)), logarithms at least -100
  public static func binaryCrossEntropy(
    _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean
  ) -> Tensor {
    guard x.shape == target.shape else {
      return .invalid(
        TorchError(
          .value,
          "Using a target size (\(target.shape)) that is different to the input size (\(x.shape)) is deprecated. Please ensure they have the same size."))
    }
    return torch.binaryCrossEntropy(x, target, weight: weight, reduction)
  }

  /// Binary cross entropy of σ(x), computed without overflow
  public static func binaryCrossEntropyWithLogits(
    _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean, posWeight: Tensor? = nil
  ) -> Tensor {
    torch.binaryCrossEntropyWithLogits(x, target, weight: weight, posWeight: posWeight, reduction)
  }

  /// y·(log y - x) of log-probabilities x; `logTarget` for a target in logarithms too.
  /// - Parameter batchMean: divide the sum by the batch size, which is the divergence's definition.
  public static func klDiv(
    _ x: Tensor, _ target: Tensor, logTarget: Bool = false, reduction: Reduction = .mean, batchMean: Bool = false
  ) -> Tensor {
    guard batchMean else { return torch.klDiv(x, target, reduction, logTarget: logTarget) }
    let sum = torch.klDiv(x, target, .sum, logTarget: logTarget)
    return x.ndim == 0 ? sum : sum / x.shape[0]
  }

  /// eˣ - y·x, or x - y·log(x + ε) without `logInput`; `full` adds Stirling's term.
  public static func poissonNLLLoss(
    _ x: Tensor, _ target: Tensor, logInput: Bool = true, full: Bool = false, eps: Double = 1e-8,
    reduction: Reduction = .mean
  ) -> Tensor {
    torch.poissonNLLLoss(x, target, logInput: logInput, full: full, eps: eps, reduction)
  }

  /// ½(log v + (x - y)² / v), v the variance, at least ε
  public static func gaussianNLLLoss(
    _ x: Tensor, _ target: Tensor, variance: Tensor, full: Bool = false, eps: Double = 1e-6,
    reduction: Reduction = .mean
  ) -> Tensor {
    guard (try? (variance < 0).any().item(Bool.self)) != true else {
      return .invalid(TorchError(.value, "var has negative entry/entries"))
    }
    var v = variance
    if v.shape != x.shape {
      let lead = x.shape.dropLast()
      if lead.elementsEqual(v.shape) {
        v = v.unsqueeze(-1)
      } else if !(v.ndim == x.ndim && lead.elementsEqual(v.shape.dropLast()) && v.shape.last == 1) {
        return .invalid(TorchError(.value, "var is of incorrect size"))
      }
    }
    // The bound is applied without a gradient of its own.
    let floor = torch.noGrad { v.clamp(min: Scalar(eps)) - v }
    let bounded = v + floor
    let difference = x - target
    var loss = (bounded.log() + difference * difference / bounded) * 0.5
    if full { loss = loss + 0.5 * 1.8378770664093453 }
    return reduction.apply(loss)
  }

  // MARK: Margins and embeddings

  /// max(0, -y(x₁ - x₂) + margin), y = ±1
  public static func marginRankingLoss(
    _ x1: Tensor, _ x2: Tensor, _ target: Tensor, margin: Double = 0, reduction: Reduction = .mean
  ) -> Tensor { torch.marginRankingLoss(x1, x2, target, margin: margin, reduction) }

  /// x where y = 1, max(0, margin - x) where y = -1
  public static func hingeEmbeddingLoss(
    _ x: Tensor, _ target: Tensor, margin: Double = 1, reduction: Reduction = .mean
  ) -> Tensor { torch.hingeEmbeddingLoss(x, target, margin: margin, reduction) }

  /// log(1 + e^(-yx)), y = ±1
  public static func softMarginLoss(_ x: Tensor, _ target: Tensor, reduction: Reduction = .mean) -> Tensor {
    torch.softMarginLoss(x, target, reduction)
  }

  /// 1 - cos(x₁, x₂) where y = 1, max(0, cos(x₁, x₂) - margin) where y = -1
  public static func cosineEmbeddingLoss(
    _ x1: Tensor, _ x2: Tensor, _ target: Tensor, margin: Double = 0, reduction: Reduction = .mean
  ) -> Tensor { torch.cosineEmbeddingLoss(x1, x2, target, margin: margin, reduction) }

  /// max(0, d(a, p) - d(a, n) + margin)
  public static func tripletMarginLoss(
    _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, margin: Double = 1, p: Double = 2, eps: Double = 1e-6,
    swap: Bool = false, reduction: Reduction = .mean
  ) -> Tensor {
    guard margin > 0 else {
      return .invalid(TorchError(.value, "margin must be greater than 0, got \(Scalar(margin))"))
    }
    return torch.tripletMarginLoss(
      anchor, positive, negative, margin: margin, p: p, eps: eps, swap: swap, reduction)
  }

  /// The mean over classes of binary cross entropy with logits
  public static func multilabelSoftMarginLoss(
    _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean
  ) -> Tensor {
    var loss = -(target * logsigmoid(x) + (1 - target) * logsigmoid(-x))
    if let weight { loss = loss * weight }
    return reduction.apply(loss.sum(dim: -1) / Double(x.shape.last ?? 1))
  }
}
