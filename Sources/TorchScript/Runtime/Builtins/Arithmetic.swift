// Arithmetic of numbers. Ints wrap around where they overflow, as PyTorch's int64 do.

import ComplexModule
import RealModule

extension JIT.Builtins {
  static let arithmetic = family {
    numberPairs("add", ints: &+, floats: +, complexes: +)
    numberPairs("sub", ints: &-, floats: -, complexes: -)
    numberPairs("mul", ints: &*, floats: *, complexes: *)
    JIT.Builtin("aten::div.int(int a, int b) -> float") { (a: Int, b: Int) in Double(a) / Double(b) }
    JIT.Builtin("aten::div.complex(complex a, complex b) -> complex") { (a: C, b: C) in a / b }
    JIT.Builtin("aten::div.float(float a, float b) -> float") { (a: Double, b: Double) in a / b }
    JIT.Builtin("aten::div(Scalar a, Scalar b) -> float") { (a: Scalar, b: Scalar) -> JIT.IValue in
      a.isComplex || b.isComplex ? .complex(a.complexValue / b.complexValue) : .double(a.doubleValue / b.doubleValue)
    }
    realPairs(
      "aten::floordiv", scalar: ("", "Scalar"),
      ints: { a, b in
        guard b != 0 else { throw TorchError(.value, "division by 0") }
        return floorDivide(a, b).quotient
      },
      floats: { ($0 / $1).rounded(.down) })
    realPairs(
      "aten::remainder", scalar: ("", "Scalar"),
      ints: { a, b in
        guard b != 0 else { throw TorchError(.value, "ZeroDivisionError: integer division or modulo by zero") }
        return floorDivide(a, b).remainder
      },
      floats: { a, b in (b + a.truncatingRemainder(dividingBy: b)).truncatingRemainder(dividingBy: b) })
    powers
    JIT.Builtin("aten::divmod.int(int x, int y) -> (int, int)") { (x: Int, y: Int) -> JIT.IValue in
      guard y != 0 else { throw TorchError(.value, "ZeroDivisionError: integer division or modulo by zero") }
      let (quotient, remainder) = floorDivide(x, y)
      return .tuple([.int(quotient), .int(remainder)])
    }
    JIT.Builtin("aten::divmod.float(float x, float y) -> (float, float)") { (x: Double, y: Double) -> JIT.IValue in
      guard y != 0 else { throw TorchError(.value, "ZeroDivisionError: float divmod()") }
      var remainder = x.truncatingRemainder(dividingBy: y)
      if remainder != 0, (x < 0) != (y < 0) { remainder += y }
      return .tuple([.double((x - remainder) / y), .double(remainder)])
    }
    for (a, b) in [("int", "float"), ("float", "int")] {
      JIT.Builtin("aten::divmod.\(a)_\(b)(\(a) x, \(b) y) -> (float, float)") { (x: Double, y: Double) -> JIT.IValue in
        guard y != 0 else { throw TorchError(.value, "ZeroDivisionError: float divmod()") }
        let quotient = (x / y).rounded(.down)
        return .tuple([.double(quotient), .double(x - quotient * y)])
      }
    }
    unary("aten::neg", ints: { 0 &- $0 }, floats: { -$0 }, complexes: { -$0 })
    unary(
      "prim::abs", ints: { $0 < 0 ? 0 &- $0 : $0 }, floats: \.magnitude, complexes: { $0.length })
    JIT.Builtin("prim::abs(Tensor x) -> Tensor") { (x: Tensor) in x.abs() }
    realPairs("prim::min", scalar: ("", "Scalar"), ints: { $0 < $1 ? $0 : $1 }, floats: { $0 < $1 ? $0 : $1 })
    realPairs("prim::max", scalar: ("", "Scalar"), ints: { $0 > $1 ? $0 : $1 }, floats: { $0 > $1 ? $0 : $1 })
    // Loop unrolling leaves it behind.
    JIT.Builtin("aten::__round_to_zero_floordiv.int(int a, int b) -> int") { (a: Int, b: Int) in
      guard b != 0 else { throw TorchError(.value, "division by 0") }
      return a.dividedReportingOverflow(by: b).partialValue
    }
  }

  /// Powers of ints are floats: an exponent may be negative.
  @Family private static var powers: [JIT.Builtin] {
    JIT.Builtin("aten::pow.int(int a, int b) -> float") { (a: Int, b: Int) in try power(Double(a), Double(b)) }
    JIT.Builtin("aten::pow.complex(complex a, complex b) -> complex") { (a: C, b: C) in power(a, b) }
    JIT.Builtin("aten::pow.float(float a, float b) -> float") { (a: Double, b: Double) in try power(a, b) }
    JIT.Builtin("aten::pow.int_float(int a, float b) -> float") { (a: Double, b: Double) in try power(a, b) }
    JIT.Builtin("aten::pow.float_int(float a, int b) -> float") { (a: Double, b: Double) in try power(a, b) }
    JIT.Builtin("aten::pow.float_complex(float a, complex b) -> complex") { (a: C, b: C) in power(a, b) }
    JIT.Builtin("aten::pow.complex_float(complex a, float b) -> complex") { (a: C, b: C) in power(a, b) }
    JIT.Builtin("aten::pow.Scalar_Scalar(Scalar a, Scalar b) -> float") { (a: Scalar, b: Scalar) -> Double in
      cPower(a.doubleValue, b.doubleValue)
    }
    JIT.Builtin("aten::pow.int_to_int(int a, int b) -> int") { (a: Int, b: Int) in
      truncated(try power(Double(a), Double(b)))
    }
  }

  private static func power(_ a: Double, _ b: Double) throws -> Double {
    guard a != 0 || b >= 0 else { throw TorchError(.value, "0.0 cannot be raised to a negative power") }
    return cPower(a, b)
  }

  private static func power(_ a: C, _ b: C) -> C { C.pow(a, b) }

  /// Rounded down, with the remainder that has the divisor's sign.
  static func floorDivide(_ a: Int, _ b: Int) -> (quotient: Int, remainder: Int) {
    let quotient = a.dividedReportingOverflow(by: b).partialValue
    let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
    return remainder != 0 && (remainder < 0) != (b < 0) ? (quotient - 1, remainder + b) : (quotient, remainder)
  }

  /// Without its fraction; what an int cannot hold becomes the least int, as on x86.
  static func truncated(_ value: Double) -> Int { Int(exactly: value.rounded(.towardZero)) ?? .min }
}
