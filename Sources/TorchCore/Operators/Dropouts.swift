// Dropout with its mask, and alpha dropout, which keeps mean and variance. Plain dropout is in Random.swift.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html

enum Dropouts {
  // MARK: With the mask

  static let native = Operator(
    "native_dropout(Tensor input, float p, bool? train) -> (Tensor, Tensor)",
    twins: .out("out", names: ["out0", "out1"]),
    kernel: { (x: Tensor, p: Double, train: Bool?) in
      guard train ?? true else { return [try x.packed(), Tensor.ones(x.shape, dtype: .bool)] }
      guard x.dtype.isFloatingPoint || x.dtype.isComplex else {
        throw TorchError(.dtype, "result type Float can't be cast to the desired output type \(x.dtype.scalarTypeName)")
      }
      let mask = try Random.emptyInOrder(of: x, .bool).bernoulli_(1 - p)
      try mask.checkValid()
      return [x * mask * scale(p), mask]
    },
    derivative: { record, y, _, p, train in
      guard train ?? true else { return { g in [g[0]] } }
      let mask = y[1].detach()
      return { g in [nativeBackward(g[0], mask, scale(p))] }
    })

  private static func scale(_ p: Double) -> Double { p == 1 ? 0 : 1 / (1 - p) }

  static let nativeBackward: Operator<Tensor, Tensor, Double, Tensor> = Operator(
    "native_dropout_backward(Tensor grad_output, Tensor mask, float scale) -> Tensor",
    kernel: { g, mask, scale in
      guard mask.dtype == .bool else {
        throw TorchError(.dtype, "Mask should be Bool Scalar Type \(mask.dtype.scalarTypeName)")
      }
      return g * mask * scale
    },
    derivative: { record, _, _, mask, scale in
      let saved = record.save(mask)
      return { gg in [nativeBackward(gg[0], try saved.value, scale), nil] }
    })

  // MARK: Alpha

  /// Dropped elements get SELU's limit -λα, then an affine map restores mean 0 and variance 1.
  /// The draws are one an element, or one for each place of `shared`.
  private static func saturated(_ x: Tensor, _ p: Double, _ train: Bool, shared: Shape? = nil) throws -> Tensor {
    guard (0...1).contains(p) else {
      throw TorchError(.value, "dropout probability has to be between 0 and 1, but got \(Scalar(p))")
    }
    if p == 0 || !train || x.numel == 0 { return x }
    if p == 1 { return x * Tensor.zeros([], dtype: x.dtype) }
    let alpha = 1.7580993408473766
    let a = 1 / ((alpha * alpha * p + 1) * (1 - p)).squareRoot()
    let fresh = try shared.map { Tensor.empty($0, dtype: x.dtype) } ?? Random.emptyInOrder(of: x)
    let kept = torch.noGrad { fresh.bernoulli_(1 - p) }
    let shift = torch.noGrad { (kept - 1) * (alpha * a) + alpha * a * p }
    return x * (kept * a) + shift
  }

  static let alpha = Operator(
    composite: "alpha_dropout(Tensor input, float p, bool train) -> Tensor", twins: .inPlace
  ) { (x: Tensor, p: Double, train: Bool) in try saturated(x, p, train) }

  static let featureAlpha = Operator(
    composite: "feature_alpha_dropout(Tensor input, float p, bool train) -> Tensor", twins: .inPlace
  ) { (x: Tensor, p: Double, train: Bool) in
    guard x.ndim >= 2 || !train || p == 0 || x.numel == 0 else {
      throw TorchError(.shape, "Feature dropout requires at least 2 dimensions in the input")
    }
    return try saturated(
      x, p, train, shared: Shape(Array(x.shape.prefix(2)) + x.shape.dropFirst(2).map { _ in 1 }))
  }

  static let operators: [AnyOperator] = [native, nativeBackward, alpha, featureAlpha]
}

extension torch {
  /// Elements set to SELU's limit with probability `p`, keeping mean 0 and variance 1, where `train`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
  public static func alphaDropout(_ x: Tensor, p: Double, train: Bool) -> Tensor { Dropouts.alpha(x, p, train) }

  /// The same for whole channels.
  public static func featureAlphaDropout(_ x: Tensor, p: Double, train: Bool) -> Tensor {
    Dropouts.featureAlpha(x, p, train)
  }

  /// Dropout, and which elements it kept.
  public static func nativeDropout(_ x: Tensor, p: Double, train: Bool = true) -> (output: Tensor, mask: Tensor) {
    let both = Dropouts.native(x, p, train)
    return (both[0], both[1])
  }
}
