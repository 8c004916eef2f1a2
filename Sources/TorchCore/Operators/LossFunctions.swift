// Losses as operators, made of elementwise ones. `reduction` is PyTorch's code: 0 none, 1 mean, 2 sum.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#loss-functions

enum LossFunctions {
  private static func reduced(_ loss: Tensor, _ reduction: Int) -> Tensor {
    switch reduction {
    case 1: loss.mean()
    case 2: loss.sum()
    default: loss
    }
  }

  private static func number(_ value: Double, like x: Tensor) -> Tensor { Tensor.full([], .double(value), dtype: x.dtype) }

  static let mse = Operator(composite: "mse_loss(Tensor self, Tensor target, int reduction=1) -> Tensor", twins: .out) {
    (x: Tensor, y: Tensor, reduction: Int) in reduced((x - y).square(), reduction)
  }
  static let l1 = Operator(composite: "l1_loss(Tensor self, Tensor target, int reduction=1) -> Tensor") {
    (x: Tensor, y: Tensor, reduction: Int) in reduced((x - y).abs(), reduction)
  }
  static let smoothL1 = Operator(
    composite: "smooth_l1_loss(Tensor self, Tensor target, int reduction=1, float beta=1) -> Tensor", twins: .out
  ) { (x: Tensor, y: Tensor, reduction: Int, beta: Double) in
    guard beta >= 0 else { throw TorchError(.value, "smooth_l1_loss does not support negative values for beta.") }
    let distance = (x - y).abs()
    if beta == 0 { return reduced(distance, reduction) }
    return reduced(torch.where(distance < beta, distance.square() * (0.5 / beta), distance - 0.5 * beta), reduction)
  }
  static let huber = Operator(
    composite: "huber_loss(Tensor self, Tensor target, int reduction=1, float delta=1) -> Tensor", twins: .out
  ) { (x: Tensor, y: Tensor, reduction: Int, delta: Double) in
    guard delta > 0 else {
      throw TorchError(.value, "huber_loss does not support non-positive values for delta.")
    }
    let distance = (x - y).abs()
    return reduced(torch.where(distance <= delta, distance.square() * 0.5, (distance - 0.5 * delta) * delta), reduction)
  }
  static let softMargin = Operator(
    "soft_margin_loss(Tensor self, Tensor target, int reduction=1) -> Tensor", twins: .out,
    kernel: { (x: Tensor, y: Tensor, reduction: Int) in reduced((-y * x).exp().log1p(), reduction) },
    derivative: { record, _, x, y, reduction in
      let (sx, sy) = (record.save(x), record.save(y))
      return { g in
        // e^z / (1 + e^z) as a sigmoid, whose own derivative has all its digits where e^z is large.
        let (x, y) = (try sx.value, try sy.value)
        let slope: Tensor = -y * (-y * x).sigmoid()
        return [g[0] * slope * (reduction == 1 ? 1 / Double(slope.numel) : 1), nil]
      }
    })

  // MARK: Probabilities

  static let binaryCrossEntropy = Operator(
    composite: "binary_cross_entropy(Tensor self, Tensor target, Tensor? weight=None, int reduction=1) -> Tensor", twins: .out
  ) { (x: Tensor, y: Tensor, weight: Tensor?, reduction: Int) in
    let isInside = try x.numel == 0 || ((x >= 0) .& (x <= 1)).all().item(Bool.self)
    guard isInside else { throw TorchError(.value, "all elements of input should be between 0 and 1") }
    let loss = (y - 1) * (1 - x).log().clamp(min: -100) - y * x.log().clamp(min: -100)
    return reduced(weight.map { loss * $0 } ?? loss, reduction)
  }
  static let binaryCrossEntropyWithLogits = Operator(
    composite:
      "binary_cross_entropy_with_logits(Tensor self, Tensor target, Tensor? weight=None, Tensor? pos_weight=None, int reduction=1) -> Tensor",
    twins: .out
  ) { (x: Tensor, y: Tensor, weight: Tensor?, positive: Tensor?, reduction: Int) in
    guard x.shape == y.shape else {
      throw TorchError(.shape, "Target size (\(y.shape)) must be the same as input size (\(x.shape))")
    }
    let logarithm = ActivationFunctions.logSigmoid(x)
    let loss =
      positive.map { (1 - y) * x - ((($0 - 1) * y) + 1) * logarithm } ?? ((1 - y) * x - logarithm)
    return reduced(weight.map { loss * $0 } ?? loss, reduction)
  }
  static let klDiv = Operator(
    composite: "kl_div(Tensor self, Tensor target, int reduction=1, *, bool log_target=False) -> Tensor"
  ) { (x: Tensor, y: Tensor, reduction: Int, isLog: Bool) in
    reduced(isLog ? y.exp() * (y - x) : y.xlogy(y) - y * x, reduction)
  }
  static let poissonNLL = Operator(
    composite: "poisson_nll_loss(Tensor input, Tensor target, bool log_input, bool full, float eps, int reduction) -> Tensor"
  ) { (x: Tensor, y: Tensor, isLog: Bool, full: Bool, eps: Double, reduction: Int) in
    var loss = isLog ? x.exp() - y * x : x - y * (x + eps).log()
    if full {
      let stirling = y * y.log() - y + (y * (2 * Double.pi)).log() * 0.5
      loss = loss + stirling.maskedFill(y <= 1, 0)
    }
    return reduced(loss, reduction)
  }

  // MARK: Margins

  static let marginRanking = Operator(
    composite: "margin_ranking_loss(Tensor input1, Tensor input2, Tensor target, float margin=0, int reduction=1) -> Tensor"
  ) { (a: Tensor, b: Tensor, y: Tensor, margin: Double, reduction: Int) in
    guard a.ndim == b.ndim, a.ndim == y.ndim else {
      throw TorchError(
        .shape,
        "margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: \(a.shape.listDescription), input2: \(b.shape.listDescription), target: \(y.shape.listDescription) ")
    }
    return reduced((-y * (a - b) + margin).clamp(min: 0), reduction)
  }
  static let hingeEmbedding = Operator(
    composite: "hinge_embedding_loss(Tensor self, Tensor target, float margin=1, int reduction=1) -> Tensor"
  ) { (x: Tensor, y: Tensor, margin: Double, reduction: Int) in
    let zero = number(0, like: x)
    let apart = torch.where(y .!= 1, (margin - x).clamp(min: 0), zero)
    return reduced(torch.where(y .!= -1, x, zero) + apart, reduction)
  }
  static let cosineEmbedding = Operator(
    composite: "cosine_embedding_loss(Tensor input1, Tensor input2, Tensor target, float margin=0, int reduction=1) -> Tensor"
  ) { (a: Tensor, b: Tensor, y: Tensor, margin: Double, reduction: Int) in
    guard y.ndim <= 1, a.ndim == y.ndim + 1, b.ndim == y.ndim + 1 else {
      throw TorchError(
        .shape, "\(y.ndim)D target tensor expects \(y.ndim + 1)D input tensors, but found inputs with sizes \(a.shape.listDescription) and \(b.shape.listDescription).")
    }
    let cosine = (a * b).sum(dim: y.ndim) / ((a.square().sum(dim: y.ndim) + 1e-12) * (b.square().sum(dim: y.ndim) + 1e-12)).sqrt()
    let zero = number(0, like: cosine)
    let together = torch.where(y .== 1, 1 - cosine, zero)
    return reduced(together + torch.where(y .== -1, (cosine - margin).clamp(min: 0), zero), reduction)
  }
  static let tripletMargin = Operator(
    composite:
      "triplet_margin_loss(Tensor anchor, Tensor positive, Tensor negative, float margin=1, float p=2, float eps=1e-06, bool swap=False, int reduction=1) -> Tensor"
  ) { (anchor: Tensor, positive: Tensor, negative: Tensor, margin: Double, p: Double, eps: Double, swap: Bool, reduction: Int) in
    guard anchor.ndim == positive.ndim, anchor.ndim == negative.ndim else {
      throw TorchError(
        .shape,
        "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor \(anchor.ndim)D, positive \(positive.ndim)D, and negative \(negative.ndim)D inputs")
    }
    let near = pairwiseDistance(anchor, positive, p, eps, false)
    var far = pairwiseDistance(anchor, negative, p, eps, false)
    if swap { far = far.minimum(pairwiseDistance(positive, negative, p, eps, false)) }
    return reduced((near - far + margin).clamp(min: 0), reduction)
  }

  // MARK: Distances

  static let pairwiseDistance: Operator<Tensor, Tensor, Double, Double, Bool, Tensor> = Operator(
    composite: "pairwise_distance(Tensor x1, Tensor x2, float p=2, float eps=1e-06, bool keepdim=False) -> Tensor"
  ) { (a: Tensor, b: Tensor, p: Double, eps: Double, keepdim: Bool) in
    let rank = Swift.max(a.ndim, b.ndim)
    return MoreReductions.vectorNorm(a - b + eps, .double(p), [rank - 1], keepdim, nil)
  }

  static let cosineSimilarity = Operator(
    composite: "cosine_similarity(Tensor x1, Tensor x2, int dim=1, float eps=1e-08) -> Tensor"
  ) { (a: Tensor, b: Tensor, dim: Int, eps: Double) in
    let dtype = DType.promote(a.dtype, b.dtype)
    guard dtype.isFloatingPoint else {
      throw TorchError(
        .dtype, "expected common dtype to be floating point, yet common dtype is \(dtype.scalarTypeName)")
    }
    let shape = Array(try Shape.broadcast(a.shape, b.shape))
    func unit(_ x: Tensor) -> Tensor {
      let x = x.to(dtype).expand(shape)
      let norm = x.norm(p: 2, dim: [dim], keepdim: true)
      // The bound on the norm takes no gradient.
      return x / (norm + (norm.detach().clamp(min: .double(eps)) - norm.detach()))
    }
    return (unit(a) * unit(b)).sum(dim: dim)
  }

  // MARK: Classes

  static let crossEntropy = Operator(
    composite:
      "cross_entropy_loss(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100, float label_smoothing=0) -> Tensor"
  ) { (x: Tensor, y: Tensor, weight: Tensor?, reduction: Int, ignored: Int, smoothing: Double) in
    let dim = x.ndim == 1 ? 0 : 1
    guard x.ndim > 0 else { throw TorchError(.shape, "cross_entropy_loss(): expected an input with at least one dimension") }
    let classes = x.shape[dim]
    let logits = x.logSoftmax(dim: dim)
    func shaped(_ w: Tensor) -> Tensor { w.reshape([-1] + Array(repeating: 1, count: x.ndim - dim - 1)) }
    if x.shape == y.shape, y.dtype.isFloatingPoint {
      guard smoothing >= 0, smoothing <= 1 else {
        throw TorchError(.value, "label_smoothing must be between 0.0 and 1.0. Got: \(smoothing)")
      }
      let target = smoothing > 0 ? y * (1 - smoothing) + smoothing / Double(classes) : y
      let loss = -(weight.map { logits * target * shaped($0) } ?? (logits * target))
      switch reduction {
      case 0: return loss.sum(dim: dim)
      case 2: return loss.sum()
      default: return loss.sum() / (x.numel / Swift.max(classes, 1))
      }
    }
    guard smoothing > 0 else { return Losses.nllLoss(logits, y, weight, reduction, ignored) }
    guard smoothing <= 1 else {
      throw TorchError(.value, "label_smoothing must be between 0.0 and 1.0. Got: \(smoothing)")
    }
    let hard = Losses.nllLoss(logits, y, weight, reduction, ignored)
    let mask = y .== ignored
    let smooth = -(weight.map { logits * shaped($0) } ?? logits).sum(dim: dim).maskedFill(mask, 0)
    let spread: Tensor
    switch reduction {
    case 0: spread = smooth
    case 2: spread = smooth.sum()
    default:
      let chosen = weight.map { torch.where(mask, number(0, like: x), $0.index([y.maskedFill(mask, 0)])).sum() }
      spread = smooth.sum() / (chosen ?? mask.logicalNot().sum())
    }
    return hard * (1 - smoothing) + spread * (smoothing / Double(classes))
  }

  static let operators: [AnyOperator] = [
    mse, l1, smoothL1, huber, softMargin, binaryCrossEntropy, binaryCrossEntropyWithLogits, klDiv, poissonNLL, marginRanking,
    hingeEmbedding, cosineEmbedding, tripletMargin, pairwiseDistance, cosineSimilarity, crossEntropy,
  ]
}

// What `nn.functional` calls.
extension torch {
  package static func mseLoss(_ x: Tensor, _ target: Tensor, _ reduction: Reduction) -> Tensor {
    LossFunctions.mse(x, target, reduction.rawValue)
  }
  package static func l1Loss(_ x: Tensor, _ target: Tensor, _ reduction: Reduction) -> Tensor {
    LossFunctions.l1(x, target, reduction.rawValue)
  }
  package static func smoothL1Loss(_ x: Tensor, _ target: Tensor, _ reduction: Reduction, beta: Double) -> Tensor {
    LossFunctions.smoothL1(x, target, reduction.rawValue, beta)
  }
  package static func huberLoss(_ x: Tensor, _ target: Tensor, _ reduction: Reduction, delta: Double) -> Tensor {
    LossFunctions.huber(x, target, reduction.rawValue, delta)
  }
  package static func softMarginLoss(_ x: Tensor, _ target: Tensor, _ reduction: Reduction) -> Tensor {
    LossFunctions.softMargin(x, target, reduction.rawValue)
  }
  package static func binaryCrossEntropy(
    _ x: Tensor, _ target: Tensor, weight: Tensor?, _ reduction: Reduction
  ) -> Tensor { LossFunctions.binaryCrossEntropy(x, target, weight, reduction.rawValue) }
  package static func binaryCrossEntropyWithLogits(
    _ x: Tensor, _ target: Tensor, weight: Tensor?, posWeight: Tensor?, _ reduction: Reduction
  ) -> Tensor { LossFunctions.binaryCrossEntropyWithLogits(x, target, weight, posWeight, reduction.rawValue) }
  package static func klDiv(_ x: Tensor, _ target: Tensor, _ reduction: Reduction, logTarget: Bool) -> Tensor {
    LossFunctions.klDiv(x, target, reduction.rawValue, logTarget)
  }
  package static func poissonNLLLoss(
    _ x: Tensor, _ target: Tensor, logInput: Bool, full: Bool, eps: Double, _ reduction: Reduction
  ) -> Tensor { LossFunctions.poissonNLL(x, target, logInput, full, eps, reduction.rawValue) }
  package static func marginRankingLoss(
    _ x1: Tensor, _ x2: Tensor, _ target: Tensor, margin: Double, _ reduction: Reduction
  ) -> Tensor { LossFunctions.marginRanking(x1, x2, target, margin, reduction.rawValue) }
  package static func hingeEmbeddingLoss(
    _ x: Tensor, _ target: Tensor, margin: Double, _ reduction: Reduction
  ) -> Tensor { LossFunctions.hingeEmbedding(x, target, margin, reduction.rawValue) }
  package static func cosineEmbeddingLoss(
    _ x1: Tensor, _ x2: Tensor, _ target: Tensor, margin: Double, _ reduction: Reduction
  ) -> Tensor { LossFunctions.cosineEmbedding(x1, x2, target, margin, reduction.rawValue) }
  package static func tripletMarginLoss(
    _ anchor: Tensor, _ positive: Tensor, _ negative: Tensor, margin: Double, p: Double, eps: Double, swap: Bool,
    _ reduction: Reduction
  ) -> Tensor {
    LossFunctions.tripletMargin(anchor, positive, negative, margin, p, eps, swap, reduction.rawValue)
  }
  package static func crossEntropyLoss(
    _ x: Tensor, _ target: Tensor, weight: Tensor?, ignoreIndex: Int, _ reduction: Reduction, labelSmoothing: Double
  ) -> Tensor { LossFunctions.crossEntropy(x, target, weight, reduction.rawValue, ignoreIndex, labelSmoothing) }

  /// ‖x - y + ε‖ₚ along the last dimension.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
  public static func pairwiseDistance(
    _ x1: Tensor, _ x2: Tensor, p: Double = 2, eps: Double = 1e-6, keepdim: Bool = false
  ) -> Tensor { LossFunctions.pairwiseDistance(x1, x2, p, eps, keepdim) }

  /// x·y / (‖x‖·‖y‖) along `dim`, norms at least ε.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
  public static func cosineSimilarity(_ x1: Tensor, _ x2: Tensor, dim: Int = 1, eps: Double = 1e-8) -> Tensor {
    LossFunctions.cosineSimilarity(x1, x2, dim, eps)
  }
}
