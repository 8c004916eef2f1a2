// What the dtypes can hold.
// Reference: https://pytorch.org/docs/stable/type_info.html

extension torch {
  /// The limits of a floating point dtype; of a complex one, those of its parts.
  public struct FloatInfo: Sendable, CustomStringConvertible {
    public let dtype: DType
    public let bits: Int
    /// The distance from 1 to the next greater number.
    public let eps: Double
    public let max: Double
    /// The smallest positive normal number.
    public let tiny: Double
    /// The power of ten that decimals can be told apart to.
    public let resolution: Double

    public var min: Double { -max }
    public var smallestNormal: Double { tiny }

    public var description: String {
      "finfo(resolution=\(resolution), min=\(min), max=\(max), eps=\(eps), smallest_normal=\(tiny), tiny=\(tiny), dtype=\(dtype.name))"
    }
  }

  /// The limits of `dtype`.
  ///
  /// ```swift
  /// print(torch.finfo(.float32).eps)   // 1.1920928955078125e-07
  /// ```
  /// An integer dtype is reported as an error, as in PyTorch.
  ///
  /// Source: https://pytorch.org/docs/stable/type_info.html#torch.torch.finfo
  public static func finfo(_ dtype: DType) -> FloatInfo {
    switch dtype {
    case .float16:
      FloatInfo(dtype: dtype, bits: 16, eps: 0x1p-10, max: 65504, tiny: 0x1p-14, resolution: 1e-3)
    case .bfloat16:
      FloatInfo(dtype: dtype, bits: 16, eps: 0x1p-7, max: 0x1.fep127, tiny: 0x1p-126, resolution: 1e-2)
    case .float64, .complex128:
      FloatInfo(
        dtype: .float64, bits: 64, eps: .ulpOfOne, max: .greatestFiniteMagnitude, tiny: .leastNormalMagnitude,
        resolution: 1e-15)
    case .float32, .complex64: singlePrecision
    default: refused(dtype)
    }
  }

  private static let singlePrecision = FloatInfo(
    dtype: .float32, bits: 32, eps: 0x1p-23, max: Double(Float.greatestFiniteMagnitude), tiny: 0x1p-126,
    resolution: 1e-6)

  private static func refused(_ dtype: DType) -> FloatInfo {
    ErrorScope.report(
      TorchError(
        .type, "torch.finfo() requires a floating point input type. Use torch.iinfo to handle '\(dtype)'"))
    return singlePrecision
  }

  /// The limits of an integer dtype.
  public struct IntegerInfo: Sendable, CustomStringConvertible {
    public let dtype: DType
    public let min: Int
    public let max: Int

    public var bits: Int { 8 * dtype.itemSize }

    public var description: String { "iinfo(min=\(min), max=\(max), dtype=\(dtype.name))" }
  }

  /// The limits of `dtype`.
  ///
  /// ```swift
  /// print(torch.iinfo(.int8).max)   // 127
  /// ```
  /// Another dtype than an integer one is reported as an error, as in PyTorch.
  ///
  /// Source: https://pytorch.org/docs/stable/type_info.html#torch.torch.iinfo
  public static func iinfo(_ dtype: DType) -> IntegerInfo {
    if let range = dtype.integerRange { return IntegerInfo(dtype: dtype, min: range.lowerBound, max: range.upperBound) }
    ErrorScope.report(
      TorchError(
        .type,
        dtype == .bool
          ? "torch.bool is not supported by torch.iinfo"
          : "torch.iinfo() requires an integer input type. Use torch.finfo to handle '\(dtype)'"))
    return IntegerInfo(dtype: .int64, min: .min, max: .max)
  }
}

extension DType {
  /// The numbers that an integer type holds; nil for other types.
  var integerRange: ClosedRange<Int>? {
    switch self {
    case .uint8: 0...255
    case .int8: -128...127
    case .int16: -32768...32767
    case .int32: Int(Int32.min)...Int(Int32.max)
    case .int64: Int.min...Int.max
    default: nil
    }
  }
}
