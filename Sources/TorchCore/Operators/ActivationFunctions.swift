// Activation functions beyond the common ones of Activations.swift: shrinking, hard and self-normalising ones.
//
// Each one with a fused backward function of PyTorch's uses it, so that both are operators.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions

enum ActivationFunctions {
  /// A fused backward function of the gradient and the input. It is linear in the gradient; `second` is its derivative
  /// by the input for a gradient of one, zero almost everywhere where it is nil.
  private static func backward(
    _ name: String, parameters: String = "", function: String? = nil, twins: Twins = .out("grad_input", names: ["grad_input"]),
    second: (@Sendable (Tensor) throws -> Tensor)? = nil
  ) -> BinaryOperator {
    let function = MapFunction(function ?? name)
    return Operator(
      "\(name)(Tensor grad_output, Tensor self) -> Tensor", twins: twins,
      kernel: { (g: Tensor, x: Tensor) in try Elementwise.apply(function, .promoted, g, x) },
      derivative: { record, _, g, x in
        let (sg, sx) = (record.save(g), record.save(x))
        return { gg in
          let x = try sx.value
          return [
            gg.needs(0) ? try again(name, gg[0], x) : nil,
            gg.needs(1) ? try second.map { try $0(x) * (try sg.value) * gg[0] } ?? Tensor.zeros(x.shape, dtype: x.dtype) : nil,
          ]
        }
      })
  }
  private static func again(_ name: String, _ g: Tensor, _ x: Tensor) throws -> Tensor {
    try OperatorRegistry.call(name, [.tensor(g), .tensor(x)])[0].tensor!
  }

  // MARK: Hard ones

  static let hardsigmoidBackward = backward("hardsigmoid_backward")
  static let hardsigmoid = unary(
    "hardsigmoid(Tensor self) -> Tensor", "hardsigmoid",
    partial: .saving(.input) { g, s in hardsigmoidBackward(g, try s.input) })

  static let hardswishBackward = backward("hardswish_backward", twins: .out) { x in
    ((x > -3) .& (x < 3)).to(x.dtype) / 3
  }
  static let hardswish = unary(
    "hardswish(Tensor self) -> Tensor", "hardswish",
    partial: .saving(.input) { g, s in hardswishBackward(g, try s.input) })

  static let relu6 = Operator(composite: "relu6(Tensor self) -> Tensor", twins: .inPlace) { (x: Tensor) in
    guard x.dtype != .bool else { throw TorchError(.dtype, "Boolean inputs not supported for relu6") }
    return x.hardtanh(min: 0, max: 6)
  }

  // MARK: Smooth ones

  static let siluBackward = backward("silu_backward") { x in
    let y = x.sigmoid()
    return y * (1 - y) * (2 + x * (1 - y * 2))
  }

  static let mishBackward = backward("mish_backward", twins: .none) { x in
    let (y, t) = (x.sigmoid(), x.softplus().tanh())
    let inner = 1 - t * t
    // With s = softplus(x): f″ = 2 t′ + x t″, t′ = (1 − t²) σ, t″ = (1 − t²)(σ(1 − σ) − 2 t σ²).
    return inner * (y * 2 + x * (y * (1 - y) - t * y * y * 2))
  }
  static let mish = unary(
    "mish(Tensor self) -> Tensor", "mish", partial: .saving(.input) { g, s in mishBackward(g, try s.input) })

  static let logSigmoid = Operator(composite: "log_sigmoid(Tensor self) -> Tensor", twins: .out) { (x: Tensor) in
    logSigmoidForward(x)[0]
  }
  /// PyTorch's second result is a buffer of its CPU kernel; ours needs none.
  static let logSigmoidForward: Operator<Tensor, [Tensor]> = Operator(
    "log_sigmoid_forward(Tensor self) -> (Tensor output, Tensor buffer)", twins: .out("output", names: ["output", "buffer"]),
    gradientName: "LogSigmoidBackward0",
    kernel: { (x: Tensor) in
      [try Elementwise.apply(logSigmoidFunction, .promoted, x), try Tensor.uninitialized([0], x.dtype)]
    },
    derivative: { record, _, x in
      record.attachOnly(1)
      let saved = record.save(x)
      return { g in [g[0] * (-(try saved.value)).sigmoid()] }
    })
  private static let logSigmoidFunction = MapFunction("log_sigmoid")

  static let selu = Operator(composite: "selu(Tensor self) -> Tensor", twins: .inPlace) { (x: Tensor) in
    Activations.elu(x, 1.6732632423543772, 1.0507009873554805, 1)
  }

  static let celu = Operator(composite: "celu(Tensor self, Scalar alpha=1.0) -> Tensor", twins: .both) {
    (x: Tensor, alpha: Scalar) in
    guard alpha.doubleValue != 0 else { throw TorchError(.value, "ZeroDivisionError: alpha cannot be 0 for CELU") }
    return Activations.elu(x, alpha, 1, .double(1 / alpha.doubleValue))
  }

  // MARK: Shrinking ones

  private static func shrink(_ name: String) -> (Operator<Tensor, Scalar, Tensor>, Operator<Tensor, Tensor, Scalar, Tensor>) {
    let forward = MapFunction(name)
    let back = MapFunction("shrink_backward")
    let isHard = name == "hardshrink"
    let backward = Operator(
      "\(name)_backward(Tensor \(isHard ? "grad_out" : "grad_output"), Tensor self, Scalar lambd) -> Tensor",
      twins: .out("grad_input", names: ["grad_input"]),
      kernel: { (g: Tensor, x: Tensor, lambda: Scalar) in
        try Elementwise.apply(back, .promoted, g, x, MapParameters(lambda))
      },
      derivative: { record, _, _, x, lambda in
        let saved = record.save(x)
        return { g in
          let x = try saved.value
          return [g[0].maskedFill((x >= -lambda) .& (x <= lambda), 0), Tensor.zeros(x.shape, dtype: x.dtype)]
        }
      })
    let op = Operator(
      "\(name)(Tensor self, Scalar lambd=0.5) -> Tensor", twins: .out,
      kernel: { (x: Tensor, lambda: Scalar) in
        guard isHard || lambda.doubleValue >= 0 else {
          throw TorchError(
            .value, "lambda must be greater or equal to 0, but found to be \(Scalar.pythonDescription(lambda.doubleValue)).")
        }
        return try Elementwise.apply(forward, .promoted, x, MapParameters(lambda))
      },
      derivative: { record, _, x, lambda in
        let saved = record.save(x)
        return { g in [backward(g[0], try saved.value, lambda)] }
      })
    return (op, backward)
  }
  private static let softs = shrink("softshrink"), hards = shrink("hardshrink")
  static let softshrink = softs.0, softshrinkBackward = softs.1
  static let hardshrink = hards.0, hardshrinkBackward = hards.1

  static let threshold = Operator(
    "threshold(Tensor self, Scalar threshold, Scalar value) -> Tensor", twins: .both,
    kernel: { (x: Tensor, threshold: Scalar, value: Scalar) in
      try Elementwise.apply(thresholdFunction, .promoted, x, MapParameters(threshold, value))
    },
    derivative: { record, _, x, threshold, _ in
      let saved = record.save(x)
      return { g in [Activations.thresholdBackward(g[0], try saved.value, threshold)] }
    })
  private static let thresholdFunction = MapFunction("threshold")

  // MARK: With parameters

  /// One slope for all, or one a channel (dimension 1).
  static let prelu = Operator(composite: "prelu(Tensor self, Tensor weight) -> Tensor") { (x: Tensor, weight: Tensor) in
    guard x.dtype == weight.dtype else {
      throw TorchError(.dtype, "prelu: Type promoting not supported. Got \(x.dtype.scalarTypeName) and \(weight.dtype.scalarTypeName)")
    }
    guard weight.ndim <= 1 else {
      throw TorchError(
        .shape, "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = \(weight.ndim)")
    }
    guard weight.numel != 1 else { return preluKernel(x, weight.ndim == 0 ? weight : weight.reshape([])) }
    guard x.ndim > 0 else { throw TorchError(.shape, "Not allow zero-dim input tensor.") }
    let channels = x.ndim >= 2 ? x.shape[1] : 1
    guard channels == weight.numel else {
      throw TorchError(
        .shape,
        "Mismatch of parameter numbers and input channel size. Found parameter numbers = \(weight.numel) and channel size = \(channels).")
    }
    return preluKernel(x, weight.reshape([channels] + Array(repeating: 1, count: x.ndim - 2)))
  }
  static let preluKernel = binary(
    "_prelu_kernel(Tensor self, Tensor weight) -> Tensor", "prelu", twins: .none,
    input: .saving([.input, .other]) { g, s in torch.where(try s.input > 0, g, g * (try s.other)) },
    other: .saving(.input) { g, s in g * torch.where(try s.input >= 0, .double(0), try s.input) })

  static let glu = Operator(composite: "glu(Tensor self, int dim=-1) -> Tensor", twins: .out) { (x: Tensor, dim: Int) in
    guard x.ndim > 0 else { throw TorchError(.shape, "glu does not support 0-dimensional tensors") }
    let dim = try x.shape.normalized(dim: dim)
    guard x.shape[dim] % 2 == 0 else {
      throw TorchError(
        .shape, "Halving dimension must be even, but dimension \(dim) is size \(x.shape[dim])")
    }
    let half = x.shape[dim] / 2
    return x.narrow(dim, 0, half) * x.narrow(dim, half, half).sigmoid()
  }

  /// Outside training the slope is the mean of the bounds.
  static let rrelu = Operator(
    composite:
      "rrelu(Tensor self, Scalar lower=0.125, Scalar upper=0.3333333333333333, bool training=False, Generator? generator=None) -> Tensor",
    twins: .inPlace
  ) { (x: Tensor, lower: Scalar, upper: Scalar, training: Bool, generator: Generator?) in
    guard lower.doubleValue <= upper.doubleValue else {
      throw TorchError(.value, "Lower bound should be less than or equal to the upper bound")
    }
    guard training else { return x.leakyRelu(negativeSlope: .double((lower.doubleValue + upper.doubleValue) / 2)) }
    let slopes = torch.noGrad { () -> Tensor in
      let drawn = Tensor.empty(x.shape, dtype: x.dtype).uniform_(lower.doubleValue, upper.doubleValue, generator: generator)
      return torch.where(x <= 0, drawn, 1)
    }
    return x * slopes
  }

  static let leakyReluBackward = slopeBackward(
    "leaky_relu_backward(Tensor grad_output, Tensor self, Scalar negative_slope, bool self_is_result) -> Tensor")
  private static func slopeBackward(_ schema: String) -> Operator<Tensor, Tensor, Scalar, Bool, Tensor> {
    Operator(composite: schema, twins: .out("grad_input", names: ["grad_input"])) {
      (g: Tensor, x: Tensor, slope: Scalar, _: Bool) in torch.where(x > 0, g, g * slope)
    }
  }

  static let operators: [AnyOperator] = [
    hardsigmoidBackward, hardsigmoid, hardswishBackward, hardswish, relu6, siluBackward, mishBackward, mish, logSigmoid,
    logSigmoidForward, selu, celu, softshrink, softshrinkBackward, hardshrink, hardshrinkBackward, threshold, prelu,
    preluKernel, glu, rrelu, leakyReluBackward,
  ]
}

extension torch {
  /// x where x > threshold, else `value`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html
  public static func threshold(_ x: Tensor, _ threshold: Scalar, _ value: Scalar) -> Tensor {
    ActivationFunctions.threshold(x, threshold, value)
  }
}

extension torch {
  /// The self-normalizing scaled ELU. Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.selu.html
  public static func selu(_ x: Tensor) -> Tensor { ActivationFunctions.selu(x) }
  /// x for x > 0, else α(eˣᐟᵅ - 1). Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.celu.html
  public static func celu(_ x: Tensor, alpha: Scalar = 1.0) -> Tensor { ActivationFunctions.celu(x, alpha) }
  /// Leaky ReLU whose slopes are drawn while `training`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html
  public static func rrelu(
    _ x: Tensor, lower: Scalar = 0.125, upper: Scalar = 0.3333333333333333, training: Bool = false,
    generator: Generator? = nil
  ) -> Tensor { ActivationFunctions.rrelu(x, lower, upper, training, generator) }
}

// What `nn.functional` calls.
extension Tensor {
  /// max(x, 0) + weight · min(x, 0). Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html
  public func prelu(_ weight: Tensor) -> Tensor { ActivationFunctions.prelu(self, weight) }
  /// x where |x| > λ, else 0. Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html
  public func hardshrink(lambda: Scalar = 0.5) -> Tensor { ActivationFunctions.hardshrink(self, lambda) }
  package func softshrink(lambda: Scalar) -> Tensor { ActivationFunctions.softshrink(self, lambda) }
  package func hardsigmoid() -> Tensor { ActivationFunctions.hardsigmoid(self) }
  package func hardswish() -> Tensor { ActivationFunctions.hardswish(self) }
  package func relu6() -> Tensor { ActivationFunctions.relu6(self) }
  package func mish() -> Tensor { ActivationFunctions.mish(self) }
  package func logSigmoid() -> Tensor { ActivationFunctions.logSigmoid(self) }
  package func glu(dim: Int) -> Tensor { ActivationFunctions.glu(self, dim) }
}
