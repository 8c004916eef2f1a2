// Functions that look for a string in another. An `end` of -1 means the end, unlike Python's.

extension JIT.Builtins {
  private static let parameters = "(str self, str substr, int start=0, int end=-1)"

  static let stringSearch = family {
    JIT.Builtin("aten::find\(parameters) -> int") { (s: String, piece: String, start: Int, end: Int) in
      place(of: piece, in: s, start, end, last: false) ?? -1
    }
    JIT.Builtin("aten::rfind\(parameters) -> int") { (s: String, piece: String, start: Int, end: Int) in
      place(of: piece, in: s, start, end, last: true) ?? -1
    }
    JIT.Builtin("aten::index.str\(parameters) -> int") { (s: String, piece: String, start: Int, end: Int) in
      try found(place(of: piece, in: s, start, end, last: false))
    }
    JIT.Builtin("aten::rindex\(parameters) -> int") { (s: String, piece: String, start: Int, end: Int) in
      try found(place(of: piece, in: s, start, end, last: true))
    }
    JIT.Builtin("aten::count\(parameters) -> int") { (s: String, piece: String, start: Int, end: Int) -> Int in
      let (bytes, piece) = (JIT.Bytes(s), JIT.Bytes(piece))
      let (range, isInside) = bytes.window(start, end)
      guard isInside else { return 0 }
      // As Python does; PyTorch never returns here.
      if piece.isEmpty { return range.count + 1 }
      var (count, place) = (0, range.lowerBound)
      // An occurrence counts where it begins before the end.
      while let next = bytes.find(piece, from: place), next < range.upperBound {
        count += 1
        place = next + piece.count
      }
      return count
    }
    JIT.Builtin("aten::startswith\(parameters) -> bool") { (s: String, piece: String, start: Int, end: Int) in
      try cut(s, start, end).starts(with: piece.utf8)
    }
    JIT.Builtin("aten::endswith\(parameters) -> bool") { (s: String, piece: String, start: Int, end: Int) in
      try cut(s, start, end).reversed().starts(with: piece.utf8.reversed())
    }
    JIT.Builtin("aten::__contains__.str_in_str(str self, str key) -> bool") { (s: String, key: String) in
      JIT.Bytes(s).find(JIT.Bytes(key)) != nil
    }
  }

  private static func place(of piece: String, in s: String, _ start: Int, _ end: Int, last: Bool) -> Int? {
    let (bytes, piece) = (JIT.Bytes(s), JIT.Bytes(piece))
    let (range, _) = bytes.window(start, end)
    // Where the window is empty, an empty string is found at its start, wherever that is.
    if range.isEmpty { return piece.isEmpty ? (start < 0 ? max(start &+ bytes.count, 0) : start) : nil }
    let window = Array(bytes[range])
    return (last ? window.findLast(piece) : window.find(piece)).map { $0 + range.lowerBound }
  }

  private static func found(_ place: Int?) throws -> Int {
    guard let place else { throw TorchError(.value, "ValueError: substring not found") }
    return place
  }

  private static func cut(_ s: String, _ start: Int, _ end: Int) throws -> ArraySlice<UInt8> {
    let bytes = JIT.Bytes(s)
    let (range, isInside) = bytes.window(start, end)
    guard isInside else {
      throw TorchError(
        .index, "basic_string::substr: __pos (which is \(start)) > this->size() (which is \(bytes.count))")
    }
    return bytes[range]
  }
}
