// Loss functions. Each gives one number by default: the mean over all elements.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#loss-functions

extension nn {
  public typealias Reduction = TorchCore.Reduction
}

extension nn.functional {
  // MARK: Regression

  /// (x - y)²
  public static func mseLoss(_ x: Tensor, _ target: Tensor, reduction: Reduction = .mean) -> Tensor {
    let difference = x - target
    return reduction.apply(difference * difference)
  }

  /// |x - y|
  public static func l1Loss(_ x: Tensor, _ target: Tensor, reduction: Reduction = .mean) -> Tensor {
    reduction.apply((x - target).abs())
  }

  /// ½(x - y)² / β where |x - y| < β, else |x - y| - ½β
  public static func smoothL1Loss(
    _ x: Tensor, _ target: Tensor, beta: Double = 1, reduction: Reduction = .mean
  ) -> Tensor {
    guard beta >= 0 else {
      return .invalid(TorchError(.value, "smooth_l1_loss does not support negative values for beta."))
    }
    if beta == 0 { return l1Loss(x, target, reduction: reduction) }
    // With m = min(d, β) both branches are one formula, whose derivative is right on both sides.
    let d = (x - target).abs()
    let m = d.clamp(max: Scalar(beta))
    return reduction.apply(m * m * (0.5 / beta) + (d - m))
  }

  /// ½(x - y)² where |x - y| < δ, else δ(|x - y| - ½δ)
  public static func huberLoss(
    _ x: Tensor, _ target: Tensor, delta: Double = 1, reduction: Reduction = .mean
  ) -> Tensor {
    guard delta > 0 else {
      return .invalid(TorchError(.value, "huber_loss does not support non-positive values for delta."))
    }
    let d = (x - target).abs()
    let m = d.clamp(max: Scalar(delta))
    return reduction.apply(m * m * 0.5 + (d - m) * delta)
  }

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
    guard (0...1).contains(labelSmoothing) else {
      return .invalid(TorchError(.value, "label_smoothing must be between 0.0 and 1.0. Got: \(Scalar(labelSmoothing))"))
    }
    let dim = x.ndim == 1 ? 0 : 1
    guard x.ndim > 0 else { return .invalid(TorchError(.shape, "softmax() input must have at least one dimension")) }
    let logs = x.logSoftmax(dim: dim)
    let classes = x.shape[dim]
    if target.dtype.isFloatingPoint && target.shape == x.shape {
      return probabilityEntropy(logs, target, weight, ignoreIndex, reduction, labelSmoothing, dim)
    }
    let nll = nllLoss(logs, target, weight: weight, ignoreIndex: ignoreIndex, reduction: reduction)
    if labelSmoothing == 0 || !nll.isValid { return nll }
    let kept = torch.noGrad { (target .!= ignoreIndex).to(logs.dtype) }
    let weighted = weight.map { logs * perClass($0, logs, dim) } ?? logs
    var smooth = -weighted.sum(dim: dim) * kept
    switch reduction {
    case .none: break
    case .sum: smooth = smooth.sum()
    case .mean:
      // What the losses are averaged by: the number of targets that count, or the sum of their weights.
      let total = torch.noGrad {
        weight == nil
          ? kept.sum()
          : nllLoss(-Tensor.ones(like: logs), target, weight: weight, ignoreIndex: ignoreIndex, reduction: .sum)
      }
      smooth = smooth.sum() / total
    }
    return nll * (1 - labelSmoothing) + smooth * (labelSmoothing / Double(classes))
  }

  private static func perClass(_ weight: Tensor, _ x: Tensor, _ dim: Int) -> Tensor {
    weight.reshape((0..<x.ndim).map { $0 == dim ? weight.numel : 1 })
  }

  private static func probabilityEntropy(
    _ logs: Tensor, _ target: Tensor, _ weight: Tensor?, _ ignoreIndex: Int, _ reduction: Reduction,
    _ labelSmoothing: Double, _ dim: Int
  ) -> Tensor {
    guard ignoreIndex < 0 else {
      return .invalid(TorchError(.value, "ignore_index is not supported for floating point target"))
    }
    let classes = Double(logs.shape[dim])
    let target = labelSmoothing == 0 ? target : target * (1 - labelSmoothing) + labelSmoothing / classes
    let product = weight.map { logs * target * perClass($0, logs, dim) } ?? logs * target
    let losses = -product.sum(dim: dim)
    if reduction == .mean { return losses.sum() / Double(Swift.max(logs.numel / Int(classes), 1)) }
    return reduction.apply(losses)
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
    let loss = -(target * x.log().clamp(min: -100) + (1 - target) * (1 - x).log().clamp(min: -100))
    return reduction.apply(weight.map { loss * $0 } ?? loss)
  }

  /// Binary cross entropy of σ(x), computed without overflow
  public static func binaryCrossEntropyWithLogits(
    _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean, posWeight: Tensor? = nil
  ) -> Tensor {
    guard x.shape == target.shape else {
      return .invalid(
        TorchError(.value, "Target size (\(target.shape)) must be the same as input size (\(x.shape))"))
    }
    let log = logsigmoid(x)
    let scaled = posWeight.map { (($0 - 1) * target + 1) * log } ?? log
    let loss = (1 - target) * x - scaled
    return reduction.apply(weight.map { loss * $0 } ?? loss)
  }

  /// y·(log y - x) of log-probabilities x; `logTarget` for a target in logarithms too.
  /// - Parameter batchMean: divide the sum by the batch size, which is the divergence's definition.
  public static func klDiv(
    _ x: Tensor, _ target: Tensor, logTarget: Bool = false, reduction: Reduction = .mean, batchMean: Bool = false
  ) -> Tensor {
    let loss: Tensor
    if logTarget {
      loss = target.exp() * (target - x)
    } else {
      // 0·log 0 is 0: the smallest normal number stands in for 0 under the logarithm.
      loss = target * target.clamp(min: 1.1754943508222875e-38).log() - target * x
    }
    if batchMean { return loss.sum() / Double(Swift.max(x.shape.first ?? 1, 1)) }
    return reduction.apply(loss)
  }

  /// eˣ - y·x, or x - y·log(x + ε) without `logInput`; `full` adds Stirling's term.
  public static func poissonNLLLoss(
    _ x: Tensor, _ target: Tensor, logInput: Bool = true, full: Bool = false, eps: Double = 1e-8,
    reduction: Reduction = .mean
  ) -> Tensor {
    var loss = logInput ? x.exp() - target * x : x - target * (x + eps).log()
    if full {
      let t = target.clamp(min: 1)
      let stirling = t * t.log() - t + (t * (2 * Double.pi)).log() * 0.5
      loss = loss + stirling * torch.noGrad { (target > 1).to(loss.dtype) }
    }
    return reduction.apply(loss)
  }

  /// ½(log v + (x - y)² / v), v the variance, at least ε
  public static func gaussianNLLLoss(
    _ x: Tensor, _ target: Tensor, variance: Tensor, full: Bool = false, eps: Double = 1e-6,
    reduction: Reduction = .mean
  ) -> Tensor {
    var v = variance
    if v.shape != x.shape {
      if x.shape.dropLast().elementsEqual(v.shape) { v = v.unsqueeze(-1) }
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
  ) -> Tensor { reduction.apply((-target * (x1 - x2) + margin).clamp(min: 0)) }

  /// x where y = 1, max(0, margin - x) where y = -1
  public static func hingeEmbeddingLoss(
    _ x: Tensor, _ target: Tensor, margin: Double = 1, reduction: Reduction = .mean
  ) -> Tensor {
    let (notOne, notMinusOne) = torch.noGrad { ((target .!= 1).to(x.dtype), (target .!= -1).to(x.dtype)) }
    return reduction.apply((margin - x).clamp(min: 0) * notOne + x * notMinusOne)
  }

  /// log(1 + e^(-yx)), y = ±1
  public static func softMarginLoss(_ x: Tensor, _ target: Tensor, reduction: Reduction = .mean) -> Tensor {
    reduction.apply((-target * x).exp().log1p())
  }

  /// 1 - cos(x₁, x₂) where y = 1, max(0, cos(x₁, x₂) - margin) where y = -1
  public static func cosineEmbeddingLoss(
    _ x1: Tensor, _ x2: Tensor, _ target: Tensor, margin: Double = 0, reduction: Reduction = .mean
  ) -> Tensor {
    let dim = target.ndim
    let epsilon = 1e-12
    let product = (x1 * x2).sum(dim: dim)
    let squares = ((x1 * x1).sum(dim: dim) + epsilon) * ((x2 * x2).sum(dim: dim) + epsilon)
    let cosine = product / squares.sqrt()
    let (positive, negative) = torch.noGrad { ((target .== 1).to(cosine.dtype), (target .== -1).to(cosine.dtype)) }
    return reduction.apply((1 - cosine) * positive + (cosine - margin).clamp(min: 0) * negative)
  }

  /// max(0, d(a, p) - d(a, n) + margin)
  public static func tripletMarginLoss(
    _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, margin: Double = 1, p: Double = 2, eps: Double = 1e-6,
    swap: Bool = false, reduction: Reduction = .mean
  ) -> Tensor {
    let near = pairwiseDistance(anchor, positive, p: p, eps: eps)
    var far = pairwiseDistance(anchor, negative, p: p, eps: eps)
    if swap { far = far.minimum(pairwiseDistance(positive, negative, p: p, eps: eps)) }
    return reduction.apply((near - far + margin).clamp(min: 0))
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
