// The static types of TorchScript.
//
// Reference: https://pytorch.org/docs/stable/jit_language_reference.html#supported-type

extension JIT {
  /// A type of TorchScript.
  ///
  /// ```swift
  /// print(JIT.ScriptType.dict(.string, .list(.tensor)))   // Dict[str, List[Tensor]]
  /// ```
  public indirect enum ScriptType: Hashable, Sendable {
    case tensor, int, float, complex, bool, string, none, device, generator, storage
    /// `Scalar`: an int, a float, a bool or a complex number.
    case number
    case any
    case list(ScriptType)
    case dict(ScriptType, ScriptType)
    case optional(ScriptType)
    case tuple([ScriptType])
    case namedTuple(NamedTupleType)
    case union([ScriptType])
    case future(ScriptType)
    case object(ClassType)
    case interface(InterfaceType)
    case enumeration(EnumType)
    /// A function or method as a value.
    case function
    /// `t` of a builtin's schema: any one type, the same wherever the name stands.
    case variable(String)
  }

  /// A tuple whose elements have names.
  public final class NamedTupleType: Sendable {
    /// `__torch__.Point`
    public let qualifiedName: String
    public let fields: [(name: String, type: ScriptType)]

    public init(_ qualifiedName: String, _ fields: [(name: String, type: ScriptType)]) {
      self.qualifiedName = qualifiedName
      self.fields = fields
    }
  }

  /// An enumeration, whose members have values of one type.
  public final class EnumType: Sendable {
    public let qualifiedName: String
    public let valueType: ScriptType
    public let members: [(name: String, value: Scalar?, text: String?)]

    /// Members have numbers as `value` or strings as `text`.
    public init(
      _ qualifiedName: String, _ valueType: ScriptType, _ members: [(name: String, value: Scalar?, text: String?)]
    ) {
      self.qualifiedName = qualifiedName
      self.valueType = valueType
      self.members = members
    }
  }

  /// What modules or classes of different types have in common: methods by name.
  public final class InterfaceType: Sendable {
    public let qualifiedName: String
    public let methods: [String: Signature]
    public let isModule: Bool

    public init(_ qualifiedName: String, _ methods: [String: Signature], isModule: Bool) {
      self.qualifiedName = qualifiedName
      self.methods = methods
      self.isModule = isModule
    }
  }
}

// Named types are the same only where they are the same object.
extension JIT.NamedTupleType: Hashable {
  public static func == (a: JIT.NamedTupleType, b: JIT.NamedTupleType) -> Bool { a === b }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
extension JIT.EnumType: Hashable {
  public static func == (a: JIT.EnumType, b: JIT.EnumType) -> Bool { a === b }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
extension JIT.InterfaceType: Hashable {
  public static func == (a: JIT.InterfaceType, b: JIT.InterfaceType) -> Bool { a === b }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension JIT.ScriptType: CustomStringConvertible {
  /// The type as annotations in TorchScript's source text have it: `Optional[List[int]]`.
  public var description: String {
    switch self {
    case .tensor: "Tensor"
    case .int: "int"
    case .float: "float"
    case .complex: "complex"
    case .bool: "bool"
    case .string: "str"
    case .none: "NoneType"
    case .device: "Device"
    case .generator: "Generator"
    case .storage: "Storage"
    case .number: "number"
    case .any: "Any"
    case .list(let element): "List[\(element)]"
    case .dict(let key, let value): "Dict[\(key), \(value)]"
    case .optional(let wrapped): "Optional[\(wrapped)]"
    case .tuple(let elements):
      elements.isEmpty ? "Tuple[()]" : "Tuple[\(elements.map(\.description).joined(separator: ", "))]"
    case .namedTuple(let type): type.qualifiedName
    case .union(let members): "Union[\(members.map(\.description).joined(separator: ", "))]"
    case .future(let wrapped): "Future[\(wrapped)]"
    case .object(let type): type.qualifiedName
    case .interface(let type): type.qualifiedName
    case .enumeration(let type): type.qualifiedName
    case .function: "Function"
    case .variable(let name): name
    }
  }
}

extension JIT.ScriptType {
  /// The type of a parameter or return of an operator's schema: `Tensor?[]`, `int[2]`, `Dict(str, t)`.
  ///
  /// Dtypes, layouts and memory formats are ints in TorchScript. A name that is none of these, or a lower case letter
  /// such as `t` (also `tVal`), is a type variable.
  public init(schemaType text: String) {
    if text.hasSuffix("?") {
      self = .optional(JIT.ScriptType(schemaType: String(text.dropLast())))
      return
    }
    if text.hasSuffix("]"), let open = text.lastIndex(of: "[") {
      self = .list(JIT.ScriptType(schemaType: String(text[..<open])))
      return
    }
    if text.hasSuffix(")"), let open = text.firstIndex(of: "(") {
      let inner = JIT.ScriptType.split(text[text.index(after: open)...].dropLast())
        .map { JIT.ScriptType(schemaType: $0) }
      switch text[..<open] {
      case "Dict" where inner.count == 2: self = .dict(inner[0], inner[1])
      case "Future" where inner.count == 1: self = .future(inner[0])
      case "": self = .tuple(inner)
      default: self = .any
      }
      return
    }
    switch text {
    case "Tensor": self = .tensor
    case "int", "SymInt", "ScalarType", "Layout", "MemoryFormat", "QScheme", "Stream": self = .int
    case "float": self = .float
    case "complex": self = .complex
    case "bool": self = .bool
    case "str": self = .string
    case "Scalar", "number": self = .number
    case "Device": self = .device
    case "Generator": self = .generator
    case "Storage": self = .storage
    case "Any", "AnyClassType", "AnyEnumType", "AnyListType", "AnyTupleType": self = .any
    case "None", "NoneType": self = .none
    default: self = JIT.PackedParameters.declared(text).map { .object($0) } ?? .variable(text)
    }
  }

  /// The text between the commas that stand outside of brackets.
  static func split(_ text: Substring) -> [String] {
    var pieces: [String] = [""]
    var depth = 0
    for character in text {
      switch character {
      case "(", "[": depth += 1
      case ")", "]": depth -= 1
      case "," where depth == 0:
        pieces.append("")
        continue
      case " " where depth == 0: continue
      default: break
      }
      pieces[pieces.count - 1].append(character)
    }
    return pieces.filter { !$0.isEmpty }
  }

  /// Whether a value of this type can stand where `other` is expected.
  public func isSubtype(of other: JIT.ScriptType) -> Bool {
    if self == other { return true }
    switch (self, other) {
    case (_, .any): return true
    case (.union(let members), _): return members.allSatisfy { $0.isSubtype(of: other) }
    case (.optional(let a), .optional(let b)): return a.isSubtype(of: b)
    case (.optional(let a), .union): return a.isSubtype(of: other) && JIT.ScriptType.none.isSubtype(of: other)
    case (.none, .optional): return true
    case (_, .optional(let b)): return isSubtype(of: b)
    case (_, .union(let members)): return members.contains { isSubtype(of: $0) }
    case (.int, .number), (.float, .number), (.bool, .number), (.complex, .number): return true
    case (.tuple(let a), .tuple(let b)):
      return a.count == b.count && zip(a, b).allSatisfy { $0.isSubtype(of: $1) }
    case (.namedTuple(let a), .tuple(let b)):
      return a.fields.count == b.count && zip(a.fields, b).allSatisfy { $0.type.isSubtype(of: $1) }
    // Lists and dictionaries can be written to, so their elements must be of one type exactly.
    case (.future(let a), .future(let b)): return a.isSubtype(of: b)
    case (.object(let type), .interface(let interface)): return type.conforms(to: interface)
    case (.interface(let a), .interface(let b)):
      return b.methods.keys.allSatisfy { a.methods[$0] != nil }
    default: return false
    }
  }

  /// The type that values of both have: where the branches of an `if` meet. Nil where there is none but `Any`.
  public func unified(with other: JIT.ScriptType) -> JIT.ScriptType? {
    if isSubtype(of: other) { return other }
    if other.isSubtype(of: self) { return self }
    switch (self, other) {
    case (.none, _): return .optional(other)
    case (_, .none): return .optional(self)
    case (.optional(let a), .optional(let b)): return a.unified(with: b).map { .optional($0) }
    case (.optional(let a), _): return a.unified(with: other).map { .optional($0) }
    case (_, .optional(let b)): return unified(with: b).map { .optional($0) }
    case (.tuple(let a), .tuple(let b)) where a.count == b.count:
      let elements = zip(a, b).map { $0.unified(with: $1) }
      return elements.contains { $0 == nil } ? nil : .tuple(elements.map { $0! })
    default: return nil
    }
  }
}
