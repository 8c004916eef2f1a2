// What the floating point dtypes can hold.
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
}
