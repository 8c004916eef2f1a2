// The parts of floating point numbers: neighbours, mantissas and exponents.
// Reference: https://pytorch.org/docs/stable/generated/torch.frexp.html

enum FloatingPointParts {
  private static let wide = MapFunction("nextafter")
  private static let half = MapFunction("nextafter_float16"), brain = MapFunction("nextafter_bfloat16")

  static let nextafter: BinaryOperator = Operator(
    "nextafter(Tensor self, Tensor other) -> Tensor", twins: .both,
    kernel: { (a: Tensor, b: Tensor) in
      var promotion = TypePromotion()
      promotion.add(a)
      promotion.add(b)
      let dtype = promotion.result
      switch dtype {
      case .float32, .float64: return try Elementwise.apply(wide, .promoted, a, b)
      case .float16, .bfloat16:
        func bits(_ x: Tensor) throws -> Tensor { try Elementwise.cast(x, dtype).bits(as: .int16) }
        return try Elementwise.apply(dtype == .float16 ? half : brain, .promoted, bits(a), bits(b)).bits(as: dtype)
      default:
        throw TorchError(.notImplemented, "\"nextafter_cpu\" not implemented for '\(dtype.scalarTypeName)'")
      }
    },
    derivative: { record, _, a, b in
      let (sa, sb, shape, dtype) = (record.save(a), record.save(b), b.shape, b.dtype)
      return { g in
        // A step that is not taken has no derivative.
        [g[0].maskedFill(try sa.value .== sb.value, 0), Tensor.zeros(shape, dtype: dtype)]
      }
    })

  private static let mantissa = MapFunction("frexp_mantissa"), exponent = MapFunction("frexp_exponent")

  static let frexp = Operator(
    "frexp.Tensor(Tensor self) -> (Tensor mantissa, Tensor exponent)",
    twins: .out("Tensor_out", names: ["mantissa", "exponent"]),
    kernel: { (x: Tensor) -> [Tensor] in
      guard x.dtype.isFloatingPoint else {
        throw TorchError(.dtype, "torch.frexp() only supports floating-point dtypes")
      }
      let exponents = try Tensor.uninitialized(x.shape, .int32)
      try x.backend.map(exponent, into: exponents, x, nil, nil, parameters: .none)
      return [try Elementwise.apply(mantissa, .promoted, x), exponents]
    },
    derivative: { record, y, _ in
      let exponents = record.save(y[1])
      return { g in [g[0] / (try exponents.value).to(g[0].dtype).exp2()] }
    })

  static let operators: [AnyOperator] = [nextafter, frexp]
}

extension Tensor {
  /// The same memory as elements of another type of the same size.
  fileprivate func bits(as dtype: DType) -> Tensor {
    Tensor(storage: storage, shape: shape, strides: strides, offset: storageOffset, dtype: dtype)
  }

  /// The next number after each element in the direction of `other`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nextafter.html
  public func nextafter(_ other: Tensor) -> Tensor { FloatingPointParts.nextafter(self, other) }

  /// Fractions of magnitude between 1/2 and 1, and exponents: `self = mantissa · 2^exponent`.
  ///
  /// ```swift
  /// print(Tensor([6.0]).frexp())   // (mantissa: tensor([0.7500]), exponent: tensor([3], dtype=torch.int32))
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.frexp.html
  public func frexp() -> (mantissa: Tensor, exponent: Tensor) {
    let both = FloatingPointParts.frexp(self)
    return (both[0], both[1])
  }
}
