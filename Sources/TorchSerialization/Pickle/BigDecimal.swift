// Python integers of any size between a pickle's bytes and decimal digits.

import TorchCore

enum BigDecimal {
  /// Conversion takes quadratic time; Python itself refuses more than 4300 digits.
  static let maximumBytes = 1024

  /// The value of little-endian two's complement `bytes`: an `int` where it fits.
  static func value(_ bytes: ByteRegion) throws -> PickleValue {
    guard bytes.count <= maximumBytes else {
      throw TorchError(.serialization, "pickle: an integer of \(bytes.count) bytes")
    }
    var magnitude = bytes.array
    let negative = magnitude.last.map { $0 & 0x80 != 0 } ?? false
    if magnitude.count <= 8 {
      let fill: UInt8 = negative ? 0xFF : 0
      magnitude += [UInt8](repeating: fill, count: 8 - magnitude.count)
      let bits = magnitude.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      return .int(Int(Int64(bitPattern: bits)))
    }
    if negative { negate(&magnitude) }
    var digits: [Character] = []
    while let last = magnitude.last {
      if last == 0 {
        magnitude.removeLast()
        continue
      }
      var remainder: UInt32 = 0
      for i in magnitude.indices.reversed() {
        let value = remainder << 8 | UInt32(magnitude[i])
        magnitude[i] = UInt8(value / 10)
        remainder = value % 10
      }
      digits.append(Character(Unicode.Scalar(UInt8(ascii: "0") + UInt8(remainder))))
    }
    let text = (negative ? "-" : "") + String(digits.reversed())
    return parse(text) ?? .bigInt(text)
  }

  /// The integer `text` spells: nil where it is none.
  static func parse(_ text: String) -> PickleValue? {
    if let small = Int(text) { return .int(small) }
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.count <= 2 * maximumBytes, digits.utf8.allSatisfy({ (48...57).contains($0) })
    else {
      return nil
    }
    return .bigInt(text)
  }

  /// The little-endian two's complement bytes of the decimal number `text`.
  static func bytes(_ text: String) -> [UInt8]? {
    let negative = text.hasPrefix("-")
    let digits = negative ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    var magnitude: [UInt8] = []
    for digit in digits.utf8 {
      var carry = UInt32(digit - 48)
      for i in magnitude.indices {
        let value = UInt32(magnitude[i]) * 10 + carry
        magnitude[i] = UInt8(truncatingIfNeeded: value)
        carry = value >> 8
      }
      if carry > 0 { magnitude.append(UInt8(carry)) }
    }
    magnitude.append(0)  // room for the sign
    if negative { negate(&magnitude) }
    return magnitude
  }

  private static func negate(_ bytes: inout [UInt8]) {
    var carry: UInt16 = 1
    for i in bytes.indices {
      let value = UInt16(~bytes[i]) + carry
      bytes[i] = UInt8(truncatingIfNeeded: value)
      carry = value >> 8
    }
  }
}
