// Activation functions. Those that are tensor operators call them; the others are written in terms of those.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions

extension nn.functional {
  /// max(x, 0)
  public static func relu(_ x: Tensor) -> Tensor { x.relu() }
  /// min(max(x, 0), 6)
  public static func relu6(_ x: Tensor) -> Tensor { x.relu6() }
  public static func sigmoid(_ x: Tensor) -> Tensor { x.sigmoid() }
  public static func tanh(_ x: Tensor) -> Tensor { x.tanh() }
  /// x·σ(x)
  public static func silu(_ x: Tensor) -> Tensor { x.silu() }
  /// x·Φ(x); `approximate: "tanh"` for the faster formula.
  public static func gelu(_ x: Tensor, approximate: String = "none") -> Tensor { x.gelu(approximate: approximate) }
  public static func leakyRelu(_ x: Tensor, negativeSlope: Double = 0.01) -> Tensor {
    x.leakyRelu(negativeSlope: Scalar(negativeSlope))
  }
  /// x for x > 0, else α(eˣ - 1)
  public static func elu(_ x: Tensor, alpha: Double = 1) -> Tensor { x.elu(alpha: Scalar(alpha)) }
  /// x for x > 0, else α(eˣᐟᵅ - 1)
  public static func celu(_ x: Tensor, alpha: Double = 1) -> Tensor { torch.celu(x, alpha: Scalar(alpha)) }
  /// The self-normalizing scaled ELU.
  public static func selu(_ x: Tensor) -> Tensor { torch.selu(x) }
  /// log(1 + e^(βx)) / β, linear where βx > threshold
  public static func softplus(_ x: Tensor, beta: Double = 1, threshold: Double = 20) -> Tensor {
    x.softplus(beta: Scalar(beta), threshold: Scalar(threshold))
  }
  /// x bounded to [min, max]
  public static func hardtanh(_ x: Tensor, min: Double = -1, max: Double = 1) -> Tensor {
    x.hardtanh(min: Scalar(min), max: Scalar(max))
  }
  /// relu6(x + 3) / 6
  public static func hardsigmoid(_ x: Tensor) -> Tensor { x.hardsigmoid() }
  /// x·relu6(x + 3) / 6
  public static func hardswish(_ x: Tensor) -> Tensor { x.hardswish() }
  /// x·tanh(softplus(x))
  public static func mish(_ x: Tensor) -> Tensor { x.mish() }
  /// log σ(x), computed without overflow
  public static func logsigmoid(_ x: Tensor) -> Tensor { x.logSigmoid() }
  /// x / (1 + |x|)
  public static func softsign(_ x: Tensor) -> Tensor { x / (x.abs() + 1) }
  /// x - tanh(x)
  public static func tanhshrink(_ x: Tensor) -> Tensor { x - x.tanh() }
  /// x moved towards 0 by λ, and 0 within
  public static func softshrink(_ x: Tensor, lambda: Double = 0.5) -> Tensor { x.softshrink(lambda: Scalar(lambda)) }
  /// x where x > threshold, else `value`
  public static func threshold(_ x: Tensor, _ threshold: Scalar, _ value: Scalar) -> Tensor {
    torch.threshold(x, threshold, value)
  }
  /// Draws from the classes of logits, softened by temperature `tau` so that gradients pass; one-hot with `hard`.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html
  public static func gumbelSoftmax(_ logits: Tensor, tau: Double = 1, hard: Bool = false, dim: Int = -1) -> Tensor {
    let noise = torch.noGrad { -Tensor.empty(like: logits).exponential_().log() }
    let soft = ((logits + noise) / tau).softmax(dim: dim)
    guard hard else { return soft }
    // The one-hot value with the gradient of the soft one.
    let index = torch.noGrad { soft.argmax(dim: dim, keepdim: true) }
    let ones = Tensor.zeros(logits.shape, dtype: logits.dtype).scatter(dim, index, 1)
    return ones - soft.detach() + soft
  }
  /// x where |x| > λ, else 0
  public static func hardshrink(_ x: Tensor, lambda: Double = 0.5) -> Tensor { x.hardshrink(lambda: Scalar(lambda)) }
  /// The first half of `dim` times σ of the second
  public static func glu(_ x: Tensor, dim: Int = -1) -> Tensor { x.glu(dim: dim) }
  /// max(x, 0) + weight · min(x, 0), with a weight for all or for each channel (dimension 1)
  public static func prelu(_ x: Tensor, _ weight: Tensor) -> Tensor { x.prelu(weight) }
  /// Leaky ReLU whose slope is drawn from [lower, upper] while training, and their mean otherwise
  public static func rrelu(_ x: Tensor, lower: Double = 1.0 / 8, upper: Double = 1.0 / 3, training: Bool = false) -> Tensor {
    torch.rrelu(x, lower: Scalar(lower), upper: Scalar(upper), training: training)
  }
  public static func softmax(_ x: Tensor, dim: Int, dtype: DType? = nil) -> Tensor { x.softmax(dim: dim, dtype: dtype) }
  public static func logSoftmax(_ x: Tensor, dim: Int, dtype: DType? = nil) -> Tensor {
    x.logSoftmax(dim: dim, dtype: dtype)
  }
  /// softmax of -x
  public static func softmin(_ x: Tensor, dim: Int) -> Tensor { (-x).softmax(dim: dim) }

  /// x / max(‖x‖ₚ, ε) along `dim`
  public static func normalize(_ x: Tensor, p: Double = 2, dim: Int = 1, eps: Double = 1e-12) -> Tensor {
    x / vectorNorm(x, p, dim: dim, keepdim: true).clamp(min: Scalar(eps))
  }

  /// The p-norm along `dim`.
  static func vectorNorm(_ x: Tensor, _ p: Double, dim: Int, keepdim: Bool = false) -> Tensor {
    if p == 2 { return (x * x).sum(dim: dim, keepdim: keepdim).sqrt() }
    if p == 1 { return x.abs().sum(dim: dim, keepdim: keepdim) }
    if p == .infinity { return x.abs().amax(dim: [dim], keepdim: keepdim) }
    return x.abs().pow(p).sum(dim: dim, keepdim: keepdim).pow(1 / p)
  }

  /// x·y / (‖x‖·‖y‖) along `dim`, norms at least ε
  public static func cosineSimilarity(_ x: Tensor, _ y: Tensor, dim: Int = 1, eps: Double = 1e-8) -> Tensor {
    torch.cosineSimilarity(x, y, dim: dim, eps: eps)
  }

  /// ‖x - y + ε‖ₚ along the last dimension
  public static func pairwiseDistance(
    _ x: Tensor, _ y: Tensor, p: Double = 2, eps: Double = 1e-6, keepdim: Bool = false
  ) -> Tensor { torch.pairwiseDistance(x, y, p: p, eps: eps, keepdim: keepdim) }

  /// The distances of all pairs of rows of x (N, M): (N (N - 1) / 2), as SciPy orders them.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
  public static func pdist(_ x: Tensor, p: Double = 2) -> Tensor { torch.pdist(x, p: p) }
}
