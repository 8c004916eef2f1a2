// Errors of running programs, in PyTorch's words.

extension TorchError {
  /// What `raise` throws: `builtins.ValueError: the message`. An assertion's message begins with `AssertionError`.
  init(scriptException message: String, class name: String?) {
    let exception = name?.split(separator: ".").last.map(String.init) ?? message.prefix { $0.isLetter }.description
    let kind: Kind =
      switch exception {
      case "ValueError", "AssertionError": .value
      case "IndexError", "KeyError": .index
      case "TypeError": .type
      case "NotImplementedError": .notImplemented
      case "MemoryError": .memory
      case "OSError", "IOError", "FileNotFoundError": .io
      default: .state
      }
    self.init(kind, name.map { "\($0): \(message)" } ?? message)
  }

  /// The calls of the program that led to the error, as PyTorch prints them; nil outside of a program.
  public var scriptTraceback: String? {
    guard !scriptCalls.isEmpty else { return nil }
    let calls = scriptCalls.map { call in
      guard let source = call.source else { return "  in \(call.function)" }
      let parts = source.split(separator: ":")
      guard parts.count >= 2, Int(parts[1]) != nil else { return "  File \"\(source)\", in \(call.function)" }
      return "  File \"\(parts[0])\", line \(parts[1]), in \(call.function)"
    }
    let isNamed = message.prefix { $0.isLetter || $0 == "." }.contains(".")
    return """
      The following operation failed in the TorchScript interpreter.
      Traceback of TorchScript (most recent call last):
      \(calls.joined(separator: "\n"))
      \(isNamed ? "" : "RuntimeError: ")\(message)
      """
  }
}
