// Division that rounds, and what it leaves over.
// Reference: https://pytorch.org/docs/stable/generated/torch.div.html

enum Division {
  static let remainder = binary(
    "remainder.Tensor(Tensor self, Tensor other) -> Tensor", "remainder", twins: .both(out: "Tensor_out"), check: refuseZero,
    input: .identity,
    other: .saving([.input, .other]) { g, s in -g * (try s.input.div(s.other, rounding: .floor)) })

  static let fmod = binary(
    "fmod.Tensor(Tensor self, Tensor other) -> Tensor", "fmod", twins: .both(out: "Tensor_out"), check: refuseZero,
    input: .identity,
    other: .saving([.input, .other]) { g, s in -g * (try s.input.div(s.other, rounding: .trunc)) })

  static let floorDivide = binary(
    "floor_divide(Tensor self, Tensor other) -> Tensor", "div_floor", twins: .out, number: "div_floor_number", check: refuseZero)

  /// `rounding_mode`: none is true division, `trunc` rounds towards zero, `floor` down.
  static let divMode = Operator(
    "div.Tensor_mode(Tensor self, Tensor other, *, str? rounding_mode) -> Tensor", twins: .both(out: "out_mode"),
    gradientName: "DivBackward1",
    kernel: { (a: Tensor, b: Tensor, mode: String?) in
      switch mode {
      case nil: return try Arithmetic.div.call(a, b)
      case "floor":
        try refuseZero(a, b)
        return try Elementwise.apply(floorFunction, .promoted, a, b)
      case "trunc":
        try refuseZero(a, b)
        // As in PyTorch, the quotient of two tensors of 16-bit floats is rounded before it is truncated.
        if a.dtype == b.dtype, a.dtype.isFloatingPoint, a.dtype.itemSize == 2, b.numel > 1 {
          return try Arithmetic.div.call(a, b).trunc()
        }
        return try Elementwise.apply(truncFunction, .promoted, a, b)
      default:
        throw TorchError(
          .value, "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '\(mode!)'")
      }
    },
    derivative: { record, _, a, b, mode in
      let (sa, sb) = (record.save(a), record.save(b))
      return { g in
        guard mode == nil else {
          return [Tensor.zeros(g[0].shape, dtype: g[0].dtype), Tensor.zeros(g[0].shape, dtype: g[0].dtype)]
        }
        let (a, b) = (try sa.value, try sb.value)
        return [g[0] / b.conj(), -g[0] * ((a / b) / b).conj()]
      }
    })
  private static let floorFunction = MapFunction("div_floor")
  private static let truncFunction = MapFunction("div_trunc")

  private static let floorDivideInPlace = Operator(
    composite: "floor_divide_.Tensor(Tensor(a!) self, Tensor other) -> Tensor(a!)"
  ) { (x: Tensor, other: Tensor) in x.overwrite(with: floorDivide(x, other)) }

  /// Integers have no quotient by zero.
  private static func refuseZero(_ a: Tensor, _ b: Tensor) throws {
    guard !a.dtype.isDifferentiable, !b.dtype.isDifferentiable, try (b .== 0).any().item(Bool.self) else { return }
    throw TorchError(.value, "ZeroDivisionError")
  }

  static let operators: [AnyOperator] = [floorDivideInPlace, remainder, fmod, floorDivide, divMode]
}

/// How a division is rounded.
public enum RoundingMode: String, Sendable { case trunc, floor }

extension Tensor {
  /// Division rounded towards zero or down.
  public func div(_ other: Tensor, rounding: RoundingMode) -> Tensor { Division.divMode(self, other, rounding.rawValue) }
  /// What floor division leaves over; it has the divisor's sign.
  public func remainder(_ other: Tensor) -> Tensor { Division.remainder(self, other) }
  public func remainder<S: ScalarConvertible>(_ other: S) -> Tensor { remainder(Tensor(wrapping: other.scalar)) }
  /// What truncating division leaves over; it has the dividend's sign.
  public func fmod(_ other: Tensor) -> Tensor { Division.fmod(self, other) }
  public func fmod<S: ScalarConvertible>(_ other: S) -> Tensor { fmod(Tensor(wrapping: other.scalar)) }
  public func floorDivide(_ other: Tensor) -> Tensor { Division.floorDivide(self, other) }
  public func floorDivide<S: ScalarConvertible>(_ other: S) -> Tensor { floorDivide(Tensor(wrapping: other.scalar)) }
  public static func % (a: Tensor, b: Tensor) -> Tensor { a.remainder(b) }
  public static func % <S: ScalarConvertible>(a: Tensor, b: S) -> Tensor { a.remainder(b) }
}
