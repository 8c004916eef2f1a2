// Functions that TorchScript has beside tensor operators: of lists, dictionaries, strings, numbers.

extension JIT {
  /// A function on values, found by schema as operators are: `aten::append.t(t[](a!) self, t el) -> t[](a!)`.
  public final class Builtin: @unchecked Sendable {
    // Unchecked: immutable, and the closure captures nothing that changes.

    /// `aten::append.t`
    public let name: String
    public let schema: Schema
    public let signature: Signature
    /// Whether the result depends on the arguments alone and nothing is written: it may be folded or left out.
    public let isPure: Bool
    public let body: ([IValue]) throws -> IValue

    /// - Parameter schema: In the notation of operators' schemas; type variables are `t`, `tVal`, ….
    public init(_ schema: String, pure: Bool = true, _ body: @escaping ([IValue]) throws -> IValue) {
      self.schema = Schema(schema)
      name = self.schema.qualifiedName
      signature = Signature(self.schema)
      isPure = pure
      self.body = body
    }
  }
}
