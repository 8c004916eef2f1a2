// What Python's `math` and `cmath` have.

import ComplexModule
import RealModule

extension JIT.Builtins {
  static let mathFunctions = family {
    unary("log", { .log($0) }, logarithm)
    logarithms
    unary("exp", { .exp($0) }, { .exp($0) })
    unary("log1p") { .log(onePlus: $0) }
    unary("log10", { .log10($0) }, { logarithm($0).divided(by: .log(10)) })
    unary("sqrt", { .sqrt($0) }, { .sqrt($0) })
    unary("acos", { .acos($0) }, { .acos($0) })
    unary("asin", { .asin($0) }, { .asin($0) })
    unary("atan", { .atan($0) }, { .atan($0) })
    realPairs("atan2", overload: ".Scalar_Scalar") { .atan2(y: $0, x: $1) }
    unary("cos", { .cos($0) }, { .cos($0) })
    unary("sin", { .sin($0) }, { .sin($0) })
    unary("tan", { .tan($0) }, { .tan($0) })
    unary("asinh", { .asinh($0) }, { .asinh($0) })
    unary("atanh", { .atanh($0) }, { .atanh($0) })
    unary("acosh", { .acosh($0) }, { .acosh($0) })
    unary("sinh", { .sinh($0) }, { .sinh($0) })
    unary("cosh", { .cosh($0) }, { .cosh($0) })
    unary("tanh", { .tanh($0) }, { .tanh($0) })
    unary(
      "aten::angle", ints: { $0 < 0 ? Double.pi : 0 }, floats: { $0.sign == .minus ? Double.pi : 0 },
      complexes: { Double.atan2(y: $0.rawStorage.y, x: $0.rawStorage.x) })
    unary("degrees") { $0 * (180 / .pi) }
    unary("radians") { $0 * (.pi / 180) }
    unary("gamma") { .gamma($0) }
    unary("lgamma") { .logGamma($0) }
    unary("erf") { .erf($0) }
    unary("erfc") { .erfc($0) }
    unary("expm1") { .expMinusOne($0) }
    unary("fabs") { $0.magnitude }
    unary("round") { $0.rounded(.toNearestOrEven) }
    unary("floor", ints: { $0 }, floats: { try integer($0.rounded(.down), of: $0) })
    unary("ceil", ints: { $0 }, floats: { try integer($0.rounded(.up), of: $0) })
    realPairs("fmod") { $0.truncatingRemainder(dividingBy: $1) }
    realPairs("mathremainder") { $0.remainder(dividingBy: $1) }
    realPairs("copysign") { Double(signOf: $1, magnitudeOf: $0) }
    JIT.Builtin("aten::gcd.int(int a, int b) -> int") { (a: Int, b: Int) -> Int in
      var (a, b) = (a, b)
      while b != 0 { (a, b) = (b, a.remainderReportingOverflow(dividingBy: b).partialValue) }
      return a < 0 ? 0 &- a : a
    }
    JIT.Builtin("aten::factorial.int(int a) -> int") { (a: Int) -> Int in
      guard a >= 0 else { throw TorchError(.value, "factorial() not defined for negative values") }
      // From 66 on, the product has a factor of 2⁶⁴.
      return a > 65 ? 0 : a < 2 ? 1 : (2...a).reduce(1, &*)
    }
    JIT.Builtin("aten::modf(float a) -> (float, float)") { (a: Double) -> JIT.IValue in
      let whole = a.rounded(.towardZero)
      let fraction = a.isInfinite ? Double(signOf: a, magnitudeOf: 0) : Double(signOf: a, magnitudeOf: a - whole)
      return .tuple([.double(fraction), .double(whole)])
    }
    JIT.Builtin("aten::frexp(float a) -> (float, int)") { (a: Double) -> JIT.IValue in
      guard a.isFinite, a != 0 else { return .tuple([.double(a), .int(0)]) }
      return .tuple([.double(Double(signOf: a, magnitudeOf: a.significand / 2)), .int(Int(a.exponent) + 1)])
    }
    JIT.Builtin("aten::ldexp(float x, int i) -> float") { (x: Double, i: Int) in
      x * Double(sign: .plus, exponent: min(max(i, -1074), 1023), significand: 1)
    }
    JIT.Builtin("aten::isnan.float(float a) -> bool") { (a: Double) in a.isNaN }
    JIT.Builtin("aten::isnan.complex(complex a) -> bool") { (a: C) in a.rawStorage.x.isNaN || a.rawStorage.y.isNaN }
    JIT.Builtin("aten::isfinite.float(float a) -> bool") { (a: Double) in a.isFinite }
    JIT.Builtin("aten::isfinite.complex(complex a) -> bool") { (a: C) in
      a.rawStorage.x.isFinite && a.rawStorage.y.isFinite
    }
    JIT.Builtin("aten::isinf.float(float a) -> bool") { (a: Double) in a.isInfinite }
    JIT.Builtin("aten::isinf.complex(complex a) -> bool") { (a: C) in
      a.rawStorage.x.isInfinite || a.rawStorage.y.isInfinite
    }
    JIT.Builtin("aten::polar.int(int a, int b) -> complex", polar)
    JIT.Builtin("aten::polar.float(float a, float b) -> complex", polar)
    JIT.Builtin("aten::polar.int_float(int a, float b) -> complex", polar)
    JIT.Builtin("aten::polar.float_int(float a, int b) -> complex", polar)
    JIT.Builtin("aten::polar.Scalar_Scalar(Scalar a, Scalar b) -> Scalar") { (a: Scalar, b: Scalar) in
      polar(a.doubleValue, b.doubleValue)
    }
  }

  /// Logarithms of the first number to the base of the second.
  private static var logarithms: [JIT.Builtin] {
    func real(_ a: Double, _ b: Double) -> Double { .log(a) / .log(b) }
    func overload<A: JIT.BuiltinElement, B: JIT.BuiltinElement, R: JIT.BuiltinElement>(
      _ name: String, _ body: @escaping (A, B) -> R
    ) -> JIT.Builtin {
      let types = name.split(separator: "_")
      return JIT.Builtin("aten::log.\(name)(\(types[0]) a, \(types[1]) b) -> \(R.schemaName)", body)
    }
    // The logarithm of a negative real number is NaN, also beside a complex one.
    let (first, second) = (
      { (a: Double, b: C) in C(.log(a)) / logarithm(b) }, { (a: C, b: Double) in logarithm(a).divided(by: .log(b)) }
    )
    return [
      overload("int_int", real), overload("float_float", real),
      overload("complex_complex") { (a: C, b: C) in logarithm(a) / logarithm(b) },
      overload("int_float", real), overload("float_int", real), overload("int_complex", first),
      overload("complex_int", second), overload("float_complex", first), overload("complex_float", second),
      JIT.Builtin("aten::log.Scalar_Scalar(Scalar a, Scalar b) -> float") { (a: Scalar, b: Scalar) in
        real(a.doubleValue, b.doubleValue)
      },
    ]
  }

  /// The logarithm of zero is minus infinity without an imaginary part, as in C.
  private static func logarithm(_ z: C) -> C { z.isZero ? C(-.infinity, z.rawStorage.y) : .log(z) }

  private static func polar(_ length: Double, _ angle: Double) -> C { C(length * .cos(angle), length * .sin(angle)) }

  private static func integer(_ rounded: Double, of value: Double) throws -> Int {
    guard let result = Int(exactly: rounded) else {
      throw TorchError(.value, "Cannot convert float \(value, format: ".6f") to integer")
    }
    return result
  }
}

extension Complex<Double> {
  /// Part by part.
  fileprivate func divided(by divisor: Double) -> Complex { Complex(rawStorage.x / divisor, rawStorage.y / divisor) }
}
