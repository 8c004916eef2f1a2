// Questions about the characters of a string. Only ASCII characters are letters, digits or spaces.

extension JIT.Builtins {
  static let stringPredicates = family {
    predicate("isdigit", \.isASCIIDigit)
    predicate("isspace", \.isSpace)
    predicate("isalnum", \.isAlphanumeric)
    predicate("isalpha", \.isAlpha)
    predicate("isdecimal", \.isASCIIDigit)
    predicate("isnumeric", \.isASCIIDigit)
    JIT.Builtin("aten::isupper(str self) -> bool") { (s: String) in
      s.utf8.contains(where: \.isAlpha) && !s.utf8.contains(where: \.isLower)
    }
    JIT.Builtin("aten::islower(str self) -> bool") { (s: String) in
      s.utf8.contains(where: \.isAlpha) && !s.utf8.contains(where: \.isUpper)
    }
    // Python 2's, without the underscore.
    JIT.Builtin("aten::isidentifier(str self) -> bool") { (s: String) in
      s.utf8.first?.isASCIIDigit == false && s.utf8.allSatisfy(\.isAlphanumeric)
    }
    JIT.Builtin("aten::istitle(str self) -> bool") { (s: String) -> Bool in
      var (inWord, hasWord) = (false, false)
      for byte in s.utf8 {
        if inWord ? byte.isUpper : byte.isLower { return false }
        inWord = byte.isAlpha
        hasWord = hasWord || inWord
      }
      return hasWord
    }
    // An empty string is printable.
    JIT.Builtin("aten::isprintable(str self) -> bool") { (s: String) in s.utf8.allSatisfy(\.isPrintable) }
  }

  /// Whether there are characters, and all of them are of a class.
  private static func predicate(_ name: String, _ isOne: @escaping (UInt8) -> Bool) -> JIT.Builtin {
    JIT.Builtin("aten::\(name)(str self) -> bool") { (s: String) in !s.utf8.isEmpty && s.utf8.allSatisfy(isOne) }
  }
}
