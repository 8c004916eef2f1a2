// What a function takes and returns, in TorchScript's types: of operators, builtins and script functions alike.

extension JIT {
  /// The parameters and returns of a function.
  public struct Signature: Sendable {
    public struct Parameter: Sendable {
      public let name: String
      public let type: ScriptType
      /// The value where a call gives none; nil where it must.
      public let defaultValue: IValue?
      public let isKeywordOnly: Bool
      /// The operator writes to it.
      public let isWritten: Bool
      /// `int[2]`: one number stands for a list of that length.
      public let broadcastLength: Int?

      public init(
        _ name: String, _ type: ScriptType, default defaultValue: IValue? = nil, isKeywordOnly: Bool = false,
        isWritten: Bool = false, broadcastLength: Int? = nil
      ) {
        self.name = name
        self.type = type
        self.defaultValue = defaultValue
        self.isKeywordOnly = isKeywordOnly
        self.isWritten = isWritten
        self.broadcastLength = broadcastLength
      }
    }

    public var parameters: [Parameter]
    public var returns: [ScriptType]
    /// Any arguments may follow those of the parameters.
    public var isVariadic = false

    public init(_ parameters: [Parameter], returns: [ScriptType]) {
      self.parameters = parameters
      self.returns = returns
    }

    /// The signature that an operator's schema stands for.
    public init(_ schema: Schema) {
      parameters = schema.parameters.map { parameter in
        let type = ScriptType(schemaType: parameter.type)
        return Parameter(
          parameter.name, type, default: parameter.defaultText.map { Signature.value($0, type) },
          isKeywordOnly: parameter.isKeywordOnly, isWritten: parameter.isWritten,
          broadcastLength: Signature.fixedLength(parameter.type))
      }
      returns = schema.returns.map { ScriptType(schemaType: $0) }
      isVariadic = schema.isVariadic
    }

    /// 2 of `int[2]` and `int[2]?`.
    private static func fixedLength(_ type: String) -> Int? {
      guard let open = type.lastIndex(of: "["), let close = type.lastIndex(of: "]") else { return nil }
      return Int(type[type.index(after: open)..<close])
    }

    /// A default as schemas write it.
    static func value(_ text: String, _ type: ScriptType) -> IValue {
      switch text {
      case "None": return .none
      case "True": return .bool(true)
      case "False": return .bool(false)
      // Names of reductions and memory formats stand for their codes.
      case "Mean": return .int(1)
      case "Sum": return .int(2)
      case "contiguous_format": return .int(0)
      case "preserve_format": return .int(1)
      case "long": return .int(Int(DType.int64.rawValue))
      case "float": return .int(Int(DType.float32.rawValue))
      case "strided": return .int(0)
      default: break
      }
      if text.hasPrefix("["), text.hasSuffix("]") {
        let element: ScriptType = if case .list(let element) = type.withoutOptional { element } else { .any }
        let items = ScriptType.split(text.dropFirst().dropLast()).map { value($0, element) }
        return .list(ListObject(element, items))
      }
      if text.first == "\"" || text.first == "'" { return .string(unescaped(text.dropFirst().dropLast())) }
      let isFloat = type.withoutOptional == .float
      if let integer = Int(text) {
        if isFloat { return .double(Double(integer)) }
        // `int[2] stride=1`
        if case .list(let element) = type.withoutOptional { return .list(ListObject(element, [.int(integer)])) }
        return .int(integer)
      }
      if let number = Double(text) { return .double(number) }
      return .string(text)
    }

    /// The characters that `\n`, `\t`, `\f` and `\v` of a schema stand for.
    private static func unescaped(_ text: Substring) -> String {
      let pieces = text.split(separator: "\\", omittingEmptySubsequences: false)
      return pieces.dropFirst().reduce(String(pieces[0])) { result, piece in
        let known: [Character: String] = ["n": "\n", "t": "\t", "f": "\u{0C}", "v": "\u{0B}"]
        return result + (piece.first.flatMap { known[$0] } ?? "") + piece.dropFirst()
      }
    }
  }
}

extension JIT.ScriptType {
  /// `T` of `Optional[T]`, other types as they are.
  public var withoutOptional: JIT.ScriptType { if case .optional(let wrapped) = self { wrapped } else { self } }
}
