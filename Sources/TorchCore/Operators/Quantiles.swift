// Quantiles, with and without NaN.
// Reference: https://pytorch.org/docs/stable/generated/torch.quantile.html

enum Quantiles {
  private enum Interpolation: String {
    case linear, lower, higher, midpoint, nearest
  }

  private static func quantile(
    _ x: Tensor, _ q: Tensor, _ dim: Int?, _ keepdim: Bool, _ mode: String, ignoringNaN: Bool
  ) throws -> Tensor {
    guard x.numel > 0 else { throw TorchError(.value, "quantile() input tensor must be non-empty") }
    guard q.ndim <= 1 else { throw TorchError(.shape, "quantile() q must be a scalar or 1D tensor") }
    guard x.dtype == .float32 || x.dtype == .float64 else {
      throw TorchError(.dtype, "quantile() input tensor must be either float or double dtype")
    }
    guard x.dtype == q.dtype else {
      throw TorchError(.dtype, "quantile() q tensor must be same dtype as the input tensor")
    }
    guard let interpolation = Interpolation(rawValue: mode) else {
      throw TorchError(
        .value,
        "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got \(mode)")
    }
    guard try ((q >= 0) .& (q <= 1)).all().item(Bool.self) else {
      throw TorchError(.value, "quantile() q values must be in the range [0, 1]")
    }
    let wrapped = try dim.map { try x.shape.normalized(dim: $0) }
    // (…, n): the rows whose quantiles are taken
    let rows: Tensor
    if x.ndim == 0 {
      rows = x.reshape([1])
    } else if let wrapped {
      rows = x.movedim(wrapped, -1)
    } else {
      rows = x.reshape([-1])
    }
    let sorted = rows.sort(dim: -1).values
    let ranks = try places(rows, q.reshape([-1]), interpolation, ignoringNaN)
    let below = ranks.to(.int64)
    var values = sorted.gather(-1, below)
    if interpolation == .linear || interpolation == .midpoint {
      let weights =
        interpolation == .midpoint ? Tensor.full(like: ranks, .double(0.5)) : ranks - below.to(ranks.dtype)
      values = values.lerp(sorted.gather(-1, ranks.ceil().to(.int64)), weights)
    }
    // The quantiles come first, or go where there is one.
    var result = q.ndim == 0 ? values.squeeze(-1) : values.movedim(-1, 0)
    if keepdim, x.ndim > 0 {
      let lead = q.ndim
      if let wrapped {
        result = result.unsqueeze(wrapped + lead)
      } else {
        result = result.reshape(Array(q.shape) + [Int](repeating: 1, count: x.ndim))
      }
    }
    return result
  }

  /// Where in its sorted row each quantile lies: (…, quantiles).
  private static func places(
    _ rows: Tensor, _ q: Tensor, _ interpolation: Interpolation, _ ignoringNaN: Bool
  ) throws -> Tensor {
    let last = rows.shape[-1] - 1
    let isNaN = rows.isnan()
    var ranks: Tensor
    if ignoringNaN {
      let count = isNaN.logicalNot().to(.int64).sum(dim: [-1], keepdim: true)
      ranks = (q * (count - 1).to(q.dtype))
      ranks = ranks.maskedFill(ranks < 0, 0)
    } else {
      // NaN is sorted last: a row that has one gives it.
      let sizes = Array(rows.shape.dropLast()) + [q.numel]
      ranks = (q * last).expand(sizes).maskedFill(isNaN.any(dim: -1, keepdim: true), .double(Double(last)))
    }
    switch interpolation {
    case .lower: return ranks.floor()
    case .higher: return ranks.ceil()
    case .nearest: return ranks.round()
    case .linear, .midpoint: return ranks
    }
  }

  private static func pair(_ name: String, ignoringNaN: Bool) -> (
    tensor: Operator<Tensor, Tensor, Int?, Bool, String, Tensor>, scalar: Operator<Tensor, Double, Int?, Bool, String, Tensor>
  ) {
    let tail = "int? dim=None, bool keepdim=False, *, str interpolation=\"linear\") -> Tensor"
    return (
      Operator(composite: "\(name)(Tensor self, Tensor q, \(tail)", twins: .out) { x, q, dim, keepdim, mode in
        try quantile(x, q, dim, keepdim, mode, ignoringNaN: ignoringNaN)
      },
      Operator(composite: "\(name).scalar(Tensor self, float q, \(tail)", twins: .out("scalar_out")) {
        x, q, dim, keepdim, mode in
        guard q >= 0, q <= 1 else {
          throw TorchError(.value, "quantile() q must be in the range [0, 1] but got \(Random.plain(q))")
        }
        let dtype = x.dtype.isFloatingPoint ? x.dtype : .default
        return try quantile(x, Tensor.full([], .double(q), dtype: dtype), dim, keepdim, mode, ignoringNaN: ignoringNaN)
      }
    )
  }

  private static let plain = pair("quantile", ignoringNaN: false), ignoring = pair("nanquantile", ignoringNaN: true)
  static let quantile = plain.tensor, quantileScalar = plain.scalar
  static let nanquantile = ignoring.tensor, nanquantileScalar = ignoring.scalar

  static let operators: [AnyOperator] = [quantile, quantileScalar, nanquantile, nanquantileScalar]
}

extension Tensor {
  /// The `q`-th quantiles along `dim`, or of all elements: one dimension of quantiles comes first where `q` has one.
  ///
  /// `interpolation` says what lies between two elements: `linear`, `lower`, `higher`, `midpoint` or `nearest`.
  ///
  /// ```swift
  /// print(Tensor([0.0, 1.0, 2.0, 3.0]).quantile(Tensor([0.25, 0.5])))   // tensor([0.7500, 1.5000])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.quantile.html
  public func quantile(
    _ q: Tensor, dim: Int? = nil, keepdim: Bool = false, interpolation: String = "linear"
  ) -> Tensor { Quantiles.quantile(self, q, dim, keepdim, interpolation) }
  public func quantile(
    _ q: Double, dim: Int? = nil, keepdim: Bool = false, interpolation: String = "linear"
  ) -> Tensor { Quantiles.quantileScalar(self, q, dim, keepdim, interpolation) }

  /// `quantile` of the elements that are not NaN.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nanquantile.html
  public func nanquantile(
    _ q: Tensor, dim: Int? = nil, keepdim: Bool = false, interpolation: String = "linear"
  ) -> Tensor { Quantiles.nanquantile(self, q, dim, keepdim, interpolation) }
  public func nanquantile(
    _ q: Double, dim: Int? = nil, keepdim: Bool = false, interpolation: String = "linear"
  ) -> Tensor { Quantiles.nanquantileScalar(self, q, dim, keepdim, interpolation) }
}
