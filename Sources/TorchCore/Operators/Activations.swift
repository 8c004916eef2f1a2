// Activation functions, each with the fused function its derivative uses.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions

enum Activations {
  static let relu = unary(
    "relu(Tensor self) -> Tensor", "relu", twins: .both,
    partial: .saving(.result) { g, s in thresholdBackward(g, try s.result, 0) })

  /// `grad_output` where `self` is above the threshold.
  static let thresholdBackward: Operator<Tensor, Tensor, Scalar, Tensor> = Operator(
    "threshold_backward(Tensor grad_output, Tensor self, Scalar threshold) -> Tensor",
    twins: .out("grad_input", names: ["grad_input"]),
    kernel: { (g: Tensor, x: Tensor, threshold: Scalar) in
      try Elementwise.apply(thresholdBackwardFunction, .promoted, g, x, MapParameters(threshold))
    },
    derivative: { record, _, _, x, threshold in
      let saved = record.save(x)
      return { g in [thresholdBackward(g[0], try saved.value, threshold), nil] }
    })
  private static let thresholdBackwardFunction = MapFunction("threshold_backward")

  static let sigmoid = unary(
    "sigmoid(Tensor self) -> Tensor", "sigmoid", .floating,
    partial: .saving(.result) { g, s in
      let y = try s.result
      return y.dtype.isComplex ? g * ((1 - y) * y).conj() : sigmoidBackward(g, y)
    })
  static let sigmoidBackward: BinaryOperator = binary(
    "sigmoid_backward(Tensor grad_output, Tensor output) -> Tensor", "sigmoid_backward",
    twins: .out("grad_input", names: ["grad_input"]),
    input: .saving(.other) { g, s in
      let y = try s.other
      return g * ((1 - y) * y)
    },
    other: .saving([.input, .other]) { g, s in g * (try s.input) * (1 - (try s.other) * 2) })

  static let silu = unary(
    "silu(Tensor self) -> Tensor", "silu", twins: .both,
    partial: .saving(.input) { g, s in
      let x = try s.input
      let y = x.sigmoid()
      return g * (y * (1 + x * (1 - y)))
    })

  static let gelu = Operator(
    "gelu(Tensor self, *, str approximate='none') -> Tensor", twins: .both,
    kernel: { (x: Tensor, approximate: String) in
      guard approximate == "none" || approximate == "tanh" else {
        throw TorchError(.value, "approximate argument must be either none or tanh.")
      }
      return try Elementwise.apply(approximate == "tanh" ? geluTanhFunction : geluFunction, .promoted, x)
    },
    derivative: { record, _, x, approximate in
      let saved = record.save(x)
      return { g in
        let x = try saved.value
        guard approximate == "tanh" else {
          let density = (x * x * -0.5).exp() * 0.3989422804014327
          return [g[0] * (((x * 0.7071067811865476).erf() + 1) * 0.5 + x * density)]
        }
        let inner = (x + x * x * x * 0.044715) * 0.7978845608028654
        let t = inner.tanh()
        let slope = (x * x * 0.134145 + 1) * 0.7978845608028654
        return [g[0] * ((t + 1) * 0.5 + x * (1 - t * t) * slope * 0.5)]
      }
    })
  private static let geluFunction = MapFunction("gelu")
  private static let geluTanhFunction = MapFunction("gelu_tanh")

  static let leakyRelu = Operator(
    "leaky_relu(Tensor self, Scalar negative_slope=0.01) -> Tensor", twins: .both,
    kernel: { (x: Tensor, slope: Scalar) in
      try Elementwise.apply(leakyReluFunction, .promoted, x, MapParameters(slope))
    },
    derivative: { record, _, x, slope in
      let saved = record.save(x)
      return { g in
        let positive = (try saved.value > 0).to(g[0].dtype)
        return [g[0] * (positive + (1 - positive) * slope)]
      }
    })
  private static let leakyReluFunction = MapFunction("leaky_relu")

  static let elu = Operator(
    "elu(Tensor self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1) -> Tensor", twins: .both,
    kernel: { (x: Tensor, alpha: Scalar, scale: Scalar, inputScale: Scalar) in
      try Elementwise.apply(eluFunction, .promoted, x, MapParameters(alpha, scale, inputScale))
    },
    derivative: { record, _, x, alpha, scale, inputScale in
      let saved = record.save(x)
      return { g in
        let x = try saved.value
        // The exponential of positive elements could overflow; NaN counts as one of them.
        let isCurved = x <= 0
        // At zero the curve has no second derivative, as in PyTorch.
        let curve = (torch.where(x < 0, x, .double(0)) * inputScale).exp() * inputScale * alpha * scale
        return [torch.where(isCurved, g[0] * curve, g[0] * scale)]
      }
    })
  private static let eluFunction = MapFunction("elu")

  static let softplus = Operator(
    "softplus(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor",
    kernel: { (x: Tensor, beta: Scalar, threshold: Scalar) in
      try Elementwise.apply(softplusFunction, .promoted, x, MapParameters(beta, threshold))
    },
    derivative: { record, _, x, beta, threshold in
      let saved = record.save(x)
      return { g in
        let scaled = try saved.value * beta
        let linear = (scaled > threshold).to(g[0].dtype)
        return [g[0] * (linear + (1 - linear) * scaled.sigmoid())]
      }
    })
  private static let softplusFunction = MapFunction("softplus")

  static let hardtanh = Operator(
    "hardtanh(Tensor self, Scalar min_val=-1, Scalar max_val=1) -> Tensor", twins: .both,
    kernel: { (x: Tensor, min: Scalar, max: Scalar) in
      guard x.dtype != .bool else { throw TorchError(.dtype, "Bool inputs not supported for hardtanh") }
      guard x.dtype.isInteger else { return try Power.clamp.call(x, min, max) }
      // Bounds do not promote.
      return try Power.clamp.call(x, .int(min.intValue), .int(max.intValue))
    },
    derivative: { record, _, x, min, max in
      let saved = record.save(x)
      return { g in
        let x = try saved.value
        return [g[0].maskedFill((x <= min) .| (x >= max), 0)]
      }
    })

  static let operators: [AnyOperator] = [
    relu, thresholdBackward, sigmoid, sigmoidBackward, silu, gelu, leakyRelu, elu, softplus, hardtanh,
  ]
}

extension Tensor {
  /// max(x, 0)
  public func relu() -> Tensor { Activations.relu(self) }
  @discardableResult public func relu_() -> Tensor { Activations.relu.inPlace(self) }
  /// 1 / (1 + e⁻ˣ)
  public func sigmoid() -> Tensor { Activations.sigmoid(self) }
  /// x · sigmoid(x)
  public func silu() -> Tensor { Activations.silu(self) }
  /// x · Φ(x), or its tanh approximation.
  public func gelu(approximate: String = "none") -> Tensor { Activations.gelu(self, approximate) }
  public func leakyRelu(negativeSlope: Scalar = 0.01) -> Tensor { Activations.leakyRelu(self, negativeSlope) }
  public func elu(alpha: Scalar = 1) -> Tensor { Activations.elu(self, alpha, 1, 1) }
  public func softplus(beta: Scalar = 1, threshold: Scalar = 20) -> Tensor { Activations.softplus(self, beta, threshold) }
  public func hardtanh(min: Scalar = -1, max: Scalar = 1) -> Tensor { Activations.hardtanh(self, min, max) }

  // What `nn.functional` calls.
  package func leakyRelu_(negativeSlope: Scalar) -> Tensor { Activations.leakyRelu.inPlace(self, negativeSlope) }
  package func elu_(alpha: Scalar) -> Tensor { Activations.elu.inPlace(self, alpha, 1, 1) }
  package func hardtanh_(min: Scalar, max: Scalar) -> Tensor { Activations.hardtanh.inPlace(self, min, max) }
}
