// Functions that take strings apart and make new ones.

extension JIT.Builtins {
  static let strings = family {
    JIT.Builtin("aten::len.str(str s) -> int") { (s: String) in s.utf8.count }
    JIT.Builtin("aten::add.str(str a, str b) -> str") { (a: String, b: String) in a + b }
    JIT.Builtin("aten::__getitem__.str(str s, int index) -> str", character)
    JIT.Builtin("prim::StringIndex(str string, int index) -> str", character)
    JIT.Builtin("aten::slice.str(str string, int? start=None, int? end=None, int step=1) -> str") {
      (s: String, start: Int?, end: Int?, step: Int) in
      let bytes = JIT.Bytes(s)
      return try sliced(bytes.count, start, end, step).map { bytes[$0] }.text
    }
    JIT.Builtin("aten::list(str t) -> str[]") { (s: String) in s.utf8.map { [$0].text } }
    JIT.Builtin("aten::ord(str string) -> int") { (s: String) in
      guard s.utf8.count == 1 else {
        throw TorchError(.value, "String for ord() must be 1 character, found \(s.utf8.count)")
      }
      return Int(s.utf8.first!)
    }
    JIT.Builtin("aten::chr(int i) -> str") { (i: Int) in
      guard (0..<1_114_111).contains(i) else {
        throw TorchError(.value, "chr() arg not in range(0x110000), found \(i)")
      }
      return [UInt8(truncatingIfNeeded: i)].text
    }
    cases
    trimming
    padding
    splitting
    JIT.Builtin("aten::join(str self, str[] values) -> str") { (s: String, values: [String]) in
      values.joined(separator: s)
    }
    JIT.Builtin("aten::replace(str self, str old, str new, int max=-1) -> str") {
      (s: String, old: String, new: String, limit: Int) -> String in
      var (rest, result, count) = (JIT.Bytes(s), JIT.Bytes(), 0)
      let (old, new) = (JIT.Bytes(old), JIT.Bytes(new))
      // As Python does; PyTorch never returns here.
      if old.isEmpty {
        let places = limit < 0 ? rest.count + 1 : min(limit, rest.count + 1)
        for (i, byte) in rest.enumerated() { result += (i < places ? new : []) + [byte] }
        return (places > rest.count ? result + new : result).text
      }
      while limit < 0 || count < limit, let place = rest.find(old) {
        result += rest[..<place] + new
        rest.removeFirst(place + old.count)
        count += 1
      }
      return (result + rest).text
    }
    JIT.Builtin("aten::expandtabs(str self, int tabsize=8) -> str") { (s: String, size: Int) in
      var (result, column) = (JIT.Bytes(), 0)
      for byte in s.utf8 {
        guard byte == UInt8(ascii: "\t") else {
          result.append(byte)
          column += 1
          continue
        }
        guard size > 0 else { continue }
        let width = size - column % size
        result += repeatElement(UInt8(ascii: " "), count: width)
        column += width
      }
      return result.text
    }
  }

  private static func character(_ s: String, _ index: Int) throws -> String {
    let bytes = JIT.Bytes(s)
    let place = index < 0 ? index + bytes.count : index
    guard bytes.indices.contains(place) else {
      let shown = UInt(bitPattern: place)
      throw TorchError(.index, "basic_string::at: __n (which is \(shown)) >= this->size() (which is \(bytes.count))")
    }
    return [bytes[place]].text
  }

  // MARK: Upper and lower case

  @Family private static var cases: [JIT.Builtin] {
    JIT.Builtin("aten::lower(str self) -> str") { (s: String) in s.utf8.map(\.lower).text }
    JIT.Builtin("aten::upper(str self) -> str") { (s: String) in s.utf8.map(\.upper).text }
    JIT.Builtin("aten::swapcase(str self) -> str") { (s: String) in s.utf8.map { $0.isUpper ? $0.lower : $0.upper }.text
    }
    JIT.Builtin("aten::capitalize(str self) -> str") { (s: String) in
      s.utf8.enumerated().map { $0 == 0 ? $1.upper : $1.lower }.text
    }
    JIT.Builtin("aten::title(str self) -> str") { (s: String) in
      var inWord = false
      return s.utf8.map { byte -> UInt8 in
        defer { inWord = byte.isAlpha }
        return inWord ? byte.lower : byte.upper
      }.text
    }
  }

  // MARK: Trimming and padding

  private static let blanks = #"str chars=" \n\t\f\v""#

  private static var trimming: [JIT.Builtin] {
    func trimmed(_ name: String, front: Bool, back: Bool) -> JIT.Builtin {
      JIT.Builtin("aten::\(name)(str self, \(blanks)) -> str") { (s: String, characters: String) in
        let (bytes, set) = (JIT.Bytes(s), Set(characters.utf8))
        let start = front ? bytes.firstIndex { !set.contains($0) } ?? bytes.count : 0
        let end = back ? bytes.lastIndex { !set.contains($0) }.map { $0 + 1 } ?? start : bytes.count
        return Array(bytes[start..<max(start, end)]).text
      }
    }
    return [
      trimmed("strip", front: true, back: true), trimmed("lstrip", front: true, back: false),
      trimmed("rstrip", front: false, back: true),
    ]
  }

  @Family private static var padding: [JIT.Builtin] {
    JIT.Builtin("aten::center(str self, int width, str fillchar=\" \") -> str") {
      (s: String, width: Int, fill: String) in
      try checkFill(fill)
      let padding = max(width - s.utf8.count, 0)
      let left = width % 2 == 0 ? padding / 2 : (padding + 1) / 2
      return String(repeating: fill, count: left) + s + String(repeating: fill, count: padding - left)
    }
    JIT.Builtin("aten::ljust(str self, int width, str fillchar=\" \") -> str") {
      (s: String, width: Int, fill: String) in
      try checkFill(fill)
      return s + String(repeating: fill, count: max(width - s.utf8.count, 0))
    }
    JIT.Builtin("aten::rjust(str self, int width, str fillchar=\" \") -> str") {
      (s: String, width: Int, fill: String) in
      try checkFill(fill)
      return String(repeating: fill, count: max(width - s.utf8.count, 0)) + s
    }
    JIT.Builtin("aten::zfill(str self, int width) -> str") { (s: String, width: Int) in
      String(repeating: "0", count: max(width - s.utf8.count, 0)) + s
    }
  }

  private static func checkFill(_ fill: String) throws {
    guard fill.utf8.count == 1 else {
      throw TorchError(.value, "TypeError: The fill character must be exactly one character long")
    }
  }

  // MARK: Splitting

  @Family private static var splitting: [JIT.Builtin] {
    JIT.Builtin("aten::split.str(str self, str? separator=None, int max=-1) -> str[]") {
      (s: String, separator: String?, limit: Int) -> [String] in
      guard let separator else {
        return s.utf8.split { $0.isSpace || (0x1C...0x1E).contains($0) }.map { String(decoding: $0, as: UTF8.self) }
      }
      if separator.isEmpty { throw TorchError(.value, "ValueError: empty separator") }
      return pieces(JIT.Bytes(s), JIT.Bytes(separator), limit).map(\.text)
    }
    JIT.Builtin("aten::rsplit(str self, str separator=\" \", int max=-1) -> str[]") {
      (s: String, separator: String, limit: Int) -> [String] in
      if separator.isEmpty { throw TorchError(.value, "ValueError: empty separator") }
      return pieces(JIT.Bytes(s).reversed(), JIT.Bytes(separator).reversed(), limit).reversed().map {
        $0.reversed().text
      }
    }
    JIT.Builtin("aten::splitlines(str self, bool keepends=False) -> str[]") { (s: String, keepEnds: Bool) -> [String] in
      var (lines, line) = ([JIT.Bytes](), JIT.Bytes())
      for byte in s.utf8 {
        guard (10...13).contains(byte) || (0x1C...0x1E).contains(byte) else {
          line.append(byte)
          continue
        }
        // The end is an element of its own, which is PyTorch's way and not Python's.
        lines += keepEnds ? [line, [byte]] : [line]
        line = []
      }
      return (line.isEmpty ? lines : lines + [line]).map(\.text)
    }
    JIT.Builtin("aten::partition(str self, str separator) -> (str, str, str)") { (s: String, separator: String) in
      let (bytes, separator) = (JIT.Bytes(s), JIT.Bytes(separator))
      return parted(bytes, separator, at: bytes.find(separator), otherwise: bytes.count)
    }
    JIT.Builtin("aten::rpartition(str self, str separator) -> (str, str, str)") { (s: String, separator: String) in
      let (bytes, separator) = (JIT.Bytes(s), JIT.Bytes(separator))
      return parted(bytes, separator, at: bytes.findLast(separator), otherwise: 0)
    }
  }

  /// What stands between `limit` separators, all where it is negative.
  private static func pieces(_ bytes: JIT.Bytes, _ separator: JIT.Bytes, _ limit: Int) -> [JIT.Bytes] {
    var (result, start): ([JIT.Bytes], Int) = ([], 0)
    while limit < 0 || result.count < limit, let place = bytes.find(separator, from: start) {
      result.append(Array(bytes[start..<place]))
      start = place + separator.count
    }
    return result + [Array(bytes[start...])]
  }

  private static func parted(_ bytes: JIT.Bytes, _ separator: JIT.Bytes, at place: Int?, otherwise: Int) -> JIT.IValue {
    let (start, width) = place.map { ($0, separator.count) } ?? (otherwise, 0)
    let parts = [bytes[..<start], bytes[start..<start + width], bytes[(start + width)...]]
    return .tuple(parts.map { .string(Array($0).text) })
  }
}
