// Strings as TorchScript has them: sequences of bytes, whose length and indices count bytes.
//
// A piece that cuts a character in two cannot be a Swift string: the halves become U+FFFD.

extension JIT {
  /// The bytes of a string.
  typealias Bytes = [UInt8]
}

extension [UInt8] {
  init(_ text: String) { self = Array(text.utf8) }

  var text: String { String(decoding: self, as: UTF8.self) }

  /// Where `piece` first stands, from `start` on.
  func find(_ piece: [UInt8], from start: Int = 0) -> Int? {
    guard start + piece.count <= count else { return nil }
    return (start...count - piece.count).first { self[$0..<$0 + piece.count].elementsEqual(piece) }
  }

  /// Where `piece` last stands.
  func findLast(_ piece: [UInt8]) -> Int? {
    guard piece.count <= count else { return nil }
    return (0...count - piece.count).last { self[$0..<$0 + piece.count].elementsEqual(piece) }
  }

  /// The part that `start` and `end` of `find`, `count` and their like mean: an `end` of -1 is the end itself.
  func window(_ start: Int, _ end: Int) -> (range: Range<Int>, isInside: Bool) {
    let low = start < 0 ? Swift.max(start &+ count, 0) : start
    let high = Swift.min(end < 0 ? Swift.max(end &+ count &+ 1, 0) : end, count)
    guard low <= count else { return (count..<count, false) }
    return (low..<Swift.max(low, high), true)
  }
}

/// Classes of characters, as C's `ctype.h` has them in the "C" locale.
extension UInt8 {
  var isUpper: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
  var isLower: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
  var isAlpha: Bool { isUpper || isLower }
  var isASCIIDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
  var isAlphanumeric: Bool { isAlpha || isASCIIDigit }
  var isSpace: Bool { self == 32 || (9...13).contains(self) }
  var isPrintable: Bool { (32..<127).contains(self) }
  var upper: UInt8 { isLower ? self - 32 : self }
  var lower: UInt8 { isUpper ? self + 32 : self }
}
