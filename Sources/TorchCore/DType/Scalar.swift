// A number whose type is known at run time: PyTorch's Scalar, the type of `alpha`, `value`, `min`, ….

import CTorchKernelHeaders
import ComplexModule
import RealModule

/// A Python-like number: integer, floating point, Boolean or complex.
///
/// In type promotion it counts as a Python number does: `intTensor + 1` stays an integer tensor,
/// `intTensor + 1.0` becomes the default floating point type.
public enum Scalar: Sendable, Hashable {
  case int(Int)
  case double(Double)
  case bool(Bool)
  case complex(Complex<Double>)

  var category: DType.Category {
    switch self {
    case .int: .integer
    case .double: .floating
    case .bool: .bool
    case .complex: .complex
    }
  }

  /// The type a tensor made from this number alone has.
  public var dtype: DType { .ofWrappedNumber(category) }

  /// The value as a floating point number; of a complex number the real part.
  public var doubleValue: Double {
    switch self {
    case .int(let v): Double(v)
    case .double(let v): v
    case .bool(let v): v ? 1 : 0
    case .complex(let v): v.real
    }
  }

  /// The value as an integer, truncated towards zero; NaN and what does not fit become 0 and the nearest bound.
  public var intValue: Int {
    switch self {
    case .int(let v): v
    case .double(let v): Int(clamping: v)
    case .bool(let v): v ? 1 : 0
    case .complex(let v): Int(clamping: v.real)
    }
  }

  public var boolValue: Bool {
    switch self {
    case .int(let v): v != 0
    case .double(let v): v != 0
    case .bool(let v): v
    case .complex(let v): v.real != 0 || v.imaginary != 0
    }
  }

  public var complexValue: Complex<Double> {
    if case .complex(let v) = self { return v }
    return Complex(doubleValue)
  }

  /// The form in which kernels take it.
  var kernel: tk_scalar {
    // Not `real` and `imaginary`, which are NaN where the number is infinite.
    let z = complexValue.rawStorage
    return tk_scalar(re: z.x, im: z.y, i: Int64(intValue))
  }
}

extension Int {
  init(clamping value: Double) {
    if value.isNaN { self = 0 } else if value >= 0x1p63 { self = .max } else if value < -0x1p63 { self = .min } else { self = Int(value) }
  }
}

extension Scalar: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral {
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension Scalar {
  public init(_ value: Double) { self = .double(value) }
  public init(_ value: Float) { self = .double(Double(value)) }
  public init(_ value: Bool) { self = .bool(value) }
  public init<I: BinaryInteger>(_ value: I) { self = .int(Int(value)) }

  static prefix func - (value: Scalar) -> Scalar {
    switch value {
    case .int(let v): .int(0 &- v)
    case .double(let v): .double(-v)
    case .bool(let v): .int(v ? -1 : 0)
    case .complex(let v): .complex(-v)
    }
  }
}

/// Prints as Python does: `6`, `1.0`, `1.8708287477493286`, `True`, `(1+2j)`.
extension Scalar: CustomStringConvertible {
  public var description: String {
    switch self {
    case .int(let v): return String(v)
    case .bool(let v): return v ? "True" : "False"
    case .double(let v): return Scalar.pythonDescription(v)
    case .complex(let v):
      func part(_ x: Double) -> String {
        let text = Scalar.pythonDescription(x)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
      }
      let (x, y) = v.rawStorage
      let imaginary = part(y)
      let joined = imaginary.hasPrefix("-") ? imaginary : "+" + imaginary
      return x == 0 && x.sign == .plus ? imaginary + "j" : "(\(part(x))\(joined)j)"
    }
  }

  /// `repr(float)`: the shortest text that reads back, fixed for exponents from -4 to 15, else scientific.
  static func pythonDescription(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let text = "\(value)"  // Swift's shortest form: 1e-05 as "1e-05", 1e16 as "1e+16"
    guard text.contains("e") else { return text }
    let parts = text.split(separator: "e")
    let exponent = Int(parts[1]) ?? 0
    var mantissa = String(parts[0])
    if mantissa.hasSuffix(".0") { mantissa.removeLast(2) }
    if exponent >= 16 || exponent < -4 {
      let digits = String(abs(exponent))
      return mantissa + (exponent < 0 ? "e-" : "e+") + (digits.count < 2 ? "0" : "") + digits
    }
    return text
  }
}
