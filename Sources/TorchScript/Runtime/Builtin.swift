// Functions that TorchScript has beside tensor operators: of lists, dictionaries, strings, numbers.

extension JIT {
  /// A function on values, found by schema as operators are: `aten::append.t(t[](a!) self, t(c -> *) el) -> t[](a!)`.
  public final class Builtin: @unchecked Sendable {
    // Unchecked: immutable, and the closure captures nothing that changes.

    /// `aten::append.t`
    public let name: String
    public let schema: Schema
    public let signature: Signature
    /// Whether it does nothing but give results: it may be folded or left out. It may fail all the same.
    public let isPure: Bool
    /// Takes one argument for each parameter, more where the schema is variadic. Several results come as a tuple, none
    /// as `none`.
    public let body: ([IValue]) throws -> IValue

    /// - Parameters:
    ///   - schema: In the notation of operators' schemas; type variables are `t`, `tVal`, ….
    ///   - pure: Left out, it is pure unless the schema says that it writes to an argument.
    public init(_ schema: String, pure: Bool? = nil, _ body: @escaping ([IValue]) throws -> IValue) {
      self.schema = Schema(schema)
      name = self.schema.qualifiedName
      signature = Signature(self.schema)
      isPure = pure ?? !self.schema.parameters.contains { $0.isWritten }
      self.body = body
    }
  }
}

// MARK: - Bodies with Swift types

extension JIT.Builtin {
  typealias Value = JIT.BuiltinValue

  convenience init<R: Value>(_ schema: String, pure: Bool? = nil, _ body: @escaping () throws -> R) {
    self.init(schema, pure: pure) { (_: [JIT.IValue]) in try body().ivalue }
  }

  convenience init<A: Value, R: Value>(_ schema: String, pure: Bool? = nil, _ body: @escaping (A) throws -> R) {
    self.init(schema, pure: pure) { (x: [JIT.IValue]) in try body(A.read(x[0])).ivalue }
  }

  convenience init<A: Value, B: Value, R: Value>(
    _ schema: String, pure: Bool? = nil, _ body: @escaping (A, B) throws -> R
  ) {
    self.init(schema, pure: pure) { (x: [JIT.IValue]) in try body(A.read(x[0]), B.read(x[1])).ivalue }
  }

  convenience init<A: Value, B: Value, C: Value, R: Value>(
    _ schema: String, pure: Bool? = nil, _ body: @escaping (A, B, C) throws -> R
  ) {
    self.init(schema, pure: pure) { (x: [JIT.IValue]) in
      try body(A.read(x[0]), B.read(x[1]), C.read(x[2])).ivalue
    }
  }

  convenience init<A: Value, B: Value, C: Value, D: Value, R: Value>(
    _ schema: String, pure: Bool? = nil, _ body: @escaping (A, B, C, D) throws -> R
  ) {
    self.init(schema, pure: pure) { (x: [JIT.IValue]) in
      try body(A.read(x[0]), B.read(x[1]), C.read(x[2]), D.read(x[3])).ivalue
    }
  }

  convenience init<A: Value, B: Value, C: Value, D: Value, E: Value, R: Value>(
    _ schema: String, pure: Bool? = nil, _ body: @escaping (A, B, C, D, E) throws -> R
  ) {
    self.init(schema, pure: pure) { (x: [JIT.IValue]) in
      try body(A.read(x[0]), B.read(x[1]), C.read(x[2]), D.read(x[3]), E.read(x[4])).ivalue
    }
  }
}

// MARK: - Bodies without a result

extension JIT.Builtin {
  convenience init<A: Value>(procedure schema: String, pure: Bool? = nil, _ body: @escaping (A) throws -> Void) {
    self.init(schema, pure: pure) { (x: [JIT.IValue]) in
      try body(A.read(x[0]))
      return .none
    }
  }

  convenience init<A: Value, B: Value>(
    procedure schema: String, pure: Bool? = nil, _ body: @escaping (A, B) throws -> Void
  ) {
    self.init(schema, pure: pure) { (x: [JIT.IValue]) in
      try body(A.read(x[0]), B.read(x[1]))
      return .none
    }
  }

  convenience init<A: Value, B: Value, C: Value>(
    procedure schema: String, pure: Bool? = nil, _ body: @escaping (A, B, C) throws -> Void
  ) {
    self.init(schema, pure: pure) { (x: [JIT.IValue]) in
      try body(A.read(x[0]), B.read(x[1]), C.read(x[2]))
      return .none
    }
  }

  convenience init<A: Value, B: Value, C: Value, D: Value>(
    procedure schema: String, pure: Bool? = nil, _ body: @escaping (A, B, C, D) throws -> Void
  ) {
    self.init(schema, pure: pure) { (x: [JIT.IValue]) in
      try body(A.read(x[0]), B.read(x[1]), C.read(x[2]), D.read(x[3]))
      return .none
    }
  }
}
