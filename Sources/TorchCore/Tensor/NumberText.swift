// Text of numbers as C and Python write them.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Numbers written with a given number of digits, correctly rounded.
enum NumberText {
  /// The notations of `printf` for floating point numbers.
  enum Notation: String {
    /// `12.3400`
    case fixed = "f"
    /// `1.2340e+01`
    case scientific = "e"
    /// The shorter of both, `precision` counting all digits, without zeros at the end.
    case general = "g"
  }

  /// `value` with `precision` digits; `inf` and `nan` as Python spells them.
  static func text(_ value: Double, _ notation: Notation, precision: Int) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    // The largest double has 309 digits before the point.
    let capacity = 330 + Swift.max(precision, 0)
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
      let length = withVaList([Int32(clamping: precision), value]) {
        vsnprintf(buffer.baseAddress!, capacity, "%.*" + notation.rawValue, $0)
      }
      return String(decoding: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<Int(length)]), as: UTF8.self)
    }
  }
}

extension String {
  /// Spaces put in front, up to `width` characters.
  func padded(to width: Int) -> String {
    let length = utf8.count
    return length < width ? String(repeating: " ", count: width - length) + self : self
  }
}
