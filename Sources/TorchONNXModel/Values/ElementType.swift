// The element types of ONNX, and how the framework's tensors carry those that it has no dtype for.
//
// Reference: https://onnx.ai/onnx/intro/concepts.html#element-type

import TorchCore

extension ONNX {
  /// The type of the elements of a tensor in an ONNX model. Raw values are those of `TensorProto.DataType`.
  ///
  /// A tensor of a type without a dtype of its own is carried by a wider one, with the same values: see `carrier`.
  public enum ElementType: Int32, Sendable, Hashable, CaseIterable {
    case float32 = 1, uint8, int8, uint16, int16, int32, int64, string, bool, float16, float64, uint32, uint64
    case complex64, complex128, bfloat16
    case float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz
    case uint4, int4, float4e2m1, float8e8m0, uint2, int2

    /// The type whose values `dtype` has.
    public init(_ dtype: DType) {
      self =
        switch dtype {
        case .uint8: .uint8
        case .int8: .int8
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .float32: .float32
        case .float64: .float64
        case .complex64: .complex64
        case .complex128: .complex128
        case .bool: .bool
        }
    }

    /// The dtype of tensors that hold elements of this type: the same type where there is one, else one that has all
    /// its values. 64-bit unsigned numbers are carried by the signed ones of the same bits.
    public var carrier: DType {
      switch self {
      case .float32, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1: .float32
      case .uint8, .uint4, .uint2: .uint8
      case .int8, .int4, .int2: .int8
      case .int16: .int16
      case .uint16, .int32: .int32
      case .uint32, .uint64, .int64, .string: .int64
      case .bool: .bool
      case .float16: .float16
      case .bfloat16: .bfloat16
      case .float64: .float64
      case .complex64: .complex64
      case .complex128: .complex128
      }
    }

    /// Whether tensors have this very type.
    var isNative: Bool { self != .string && ElementType(carrier) == self }

    /// Bits an element takes in a file; nil for text.
    var bitWidth: Int? {
      switch self {
      case .string: nil
      case .uint2, .int2: 2
      case .uint4, .int4, .float4e2m1: 4
      case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 8
      case .uint16: 16
      case .uint32: 32
      case .uint64: 64
      default: carrier.itemSize * 8
      }
    }

    /// The values of an integer type; nil for other types. The bounds of `uint64` are those of its carrier's bits.
    var integerRange: ClosedRange<Int>? {
      switch self {
      case .uint2: 0...3
      case .int2: -2...1
      case .uint4: 0...15
      case .int4: -8...7
      case .uint8: 0...255
      case .int8: -128...127
      case .uint16: 0...65535
      case .int16: -32768...32767
      case .uint32: 0...Int(UInt32.max)
      case .int32: Int(Int32.min)...Int(Int32.max)
      case .int64, .uint64: Int.min...Int.max
      default: nil
      }
    }

    var isUnsigned: Bool {
      switch self {
      case .uint2, .uint4, .uint8, .uint16, .uint32, .uint64, .bool: true
      default: false
      }
    }

    /// The small floating point format; nil for other types.
    var smallFloat: SmallFloat? {
      switch self {
      case .float8e4m3fn: SmallFloat(exponentBits: 4, mantissaBits: 3, bias: 7, special: .allOnesIsNaN, max: 448)
      case .float8e4m3fnuz: SmallFloat(exponentBits: 4, mantissaBits: 3, bias: 8, special: .negativeZeroIsNaN, max: 240)
      case .float8e5m2: SmallFloat(exponentBits: 5, mantissaBits: 2, bias: 15, special: .ieee, max: 57344)
      case .float8e5m2fnuz: SmallFloat(exponentBits: 5, mantissaBits: 2, bias: 16, special: .negativeZeroIsNaN, max: 57344)
      case .float4e2m1: SmallFloat(exponentBits: 2, mantissaBits: 1, bias: 1, special: .none, max: 6)
      default: nil
      }
    }

    /// The name in operator documentation: `float8e4m3fn`.
    public var name: String { self == .float32 ? "float" : self == .float64 ? "double" : "\(self)" }
  }

  /// A floating point format of at most 8 bits.
  struct SmallFloat: Sendable {
    enum Special { case ieee, allOnesIsNaN, negativeZeroIsNaN, none }
    let exponentBits: Int
    let mantissaBits: Int
    let bias: Int
    let special: Special
    let max: Float

    private var signShift: Int { exponentBits + mantissaBits }

    /// The number that `bits` stand for.
    func decode(_ bits: UInt8) -> Float {
      let negative = bits >> signShift & 1 == 1
      let exponent = Int(bits >> mantissaBits) & (1 << exponentBits - 1)
      let mantissa = Int(bits) & (1 << mantissaBits - 1)
      let top = 1 << exponentBits - 1
      switch special {
      case .ieee where exponent == top:
        return mantissa != 0 ? .nan : negative ? -.infinity : .infinity
      case .allOnesIsNaN where exponent == top && mantissa == 1 << mantissaBits - 1: return .nan
      case .negativeZeroIsNaN where negative && exponent == 0 && mantissa == 0: return .nan
      default: break
      }
      let fraction = Float(mantissa) / Float(1 << mantissaBits)
      let size =
        exponent == 0
        ? Float(sign: .plus, exponent: 1 - bias, significand: fraction)
        : Float(sign: .plus, exponent: exponent - bias, significand: 1 + fraction)
      return negative ? -size : size
    }

    /// The bits of a number that the format has.
    func encode(_ value: Float) -> UInt8 {
      if value.isNaN {
        switch special {
        case .negativeZeroIsNaN: return 1 << signShift
        case .none: return 0
        default: return UInt8(truncatingIfNeeded: 1 << signShift - 1)
        }
      }
      let sign: UInt8 = value.sign == .minus ? 1 << signShift : 0
      if value.isInfinite { return sign | UInt8(1 << exponentBits - 1) << mantissaBits }
      let size = value.magnitude
      if size == 0 { return special == .negativeZeroIsNaN ? 0 : sign }
      let exponent = Swift.max(Int(size.exponent), 1 - bias)
      let scaled = Int(size / Float(sign: .plus, exponent: exponent - mantissaBits, significand: 1))
      let isNormal = scaled >= 1 << mantissaBits
      let mantissa = isNormal ? scaled - 1 << mantissaBits : scaled
      return sign | UInt8(isNormal ? exponent + bias : 0) << mantissaBits | UInt8(mantissa)
    }

    /// The nearest number of the format, ties to even.
    /// - Parameter saturate: what is too large becomes the largest number, else infinity or NaN.
    func round(_ value: Float, saturate: Bool) -> Float {
      if value.isNaN { return special == .none ? Float(sign: .plus, exponent: 0, significand: 0) : .nan }
      let overflow: Float = saturate || special == .none ? max : special == .ieee ? .infinity : .nan
      let size = value.magnitude
      var rounded: Float
      if size.isInfinite {
        rounded = overflow
      } else if size == 0 {
        rounded = 0
      } else {
        let ulp = Double(sign: .plus, exponent: Swift.max(Int(size.exponent), 1 - bias) - mantissaBits, significand: 1)
        rounded = Float((Double(size) / ulp).rounded(.toNearestOrEven) * ulp)
        if rounded > max { rounded = overflow }
      }
      if rounded == 0, special == .negativeZeroIsNaN { return 0 }
      return value.sign == .minus ? -rounded : rounded
    }
  }
}
