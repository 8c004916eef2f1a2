// What a name such as `aten::add` may stand for: operators, builtins, and functions for numbers before tensors.

extension JIT {
  /// One of the things that a call by an operator's name may mean.
  struct Candidate {
    let target: Node.Target
    let signature: Signature
    /// The schema, for messages.
    let text: String
    /// The kind of its node, without overload.
    let kind: String
    /// Where the arguments change places: `2 < x` is `x > 2`. It is called with what is made of the arguments.
    var rewrite: Rewrite?
    /// Parameters that take any enumeration, any list, …: a signature has no type for those.
    private let families: [(index: Int, family: String)]

    enum Rewrite {
      /// Arguments in the other order, with another operator.
      case swapped(String)
      /// A function of the tensor first: `1 - x` is `neg(x) + 1`.
      case through(String, then: String)
    }

    init(_ op: AnyOperator) {
      target = .operator(op)
      signature = Signature.cached(op)
      text = op.schema.text
      kind = op.schema.name
      families = []
    }

    init(_ builtin: Builtin) {
      target = .builtin(builtin)
      signature = builtin.signature
      text = builtin.schema.text
      kind = builtin.schema.name
      families = builtin.schema.parameters.enumerated().compactMap { i, parameter in
        parameter.type.hasPrefix("Any") && parameter.type.hasSuffix("Type") ? (i, parameter.type) : nil
      }
    }

    /// An operator of an old archive.
    init(_ upgrader: Upgrader) {
      target = .function(upgrader.function)
      signature = Signature(upgrader.schema)
      text = upgrader.schema.text
      kind = "prim::CallFunction"
      families = []
    }

    /// A node that the interpreter knows by its kind.
    init(node schema: String) {
      let schema = Schema(schema)
      target = .none
      signature = Signature(schema)
      text = schema.text
      kind = schema.name
      families = []
    }

    private init(_ name: String, _ rewrite: Rewrite) {
      target = .none
      signature = Signature([.init("a", .number), .init("b", .tensor)], returns: [.tensor])
      text = "\(name)(Scalar a, Tensor b) -> Tensor"
      kind = "aten::" + name
      self.rewrite = rewrite
      families = []
    }

    /// Whether the values given are of the families that the parameters ask for.
    func accepts(_ match: Match) -> Bool {
      families.allSatisfy { index, family in
        guard case .value(let value) = match.fits[index] else { return false }
        return switch (family, value.type) {
        case ("AnyEnumType", .enumeration), ("AnyListType", .list), ("AnyTupleType", .tuple),
          ("AnyTupleType", .namedTuple), ("AnyClassType", .object):
          true
        default: false
        }
      }
    }

    /// It takes anything: what takes less is tried before.
    fileprivate var isGeneral: Bool {
      signature.parameters.contains { $0.type == .any || $0.type == .list(.any) }
    }
  }
}

extension JIT.Candidate {
  /// All that `name` may stand for, in the order in which they are tried.
  /// - Parameter version: The version of the archive that the name comes from; nil where the name has today's meaning.
  static func named(_ name: String, version: Int? = nil) -> [JIT.Candidate] {
    let upgraders = JIT.Upgrader.named(name, version: version)
    let current = { (schema: Schema) in !upgraders.contains { $0.replaces(schema) } }
    var candidates = (operators[name] ?? []).filter { current($0.schema) }.map { JIT.Candidate($0) }
    let builtins = JIT.Builtins.named(name).filter { current($0.schema) }.map { JIT.Candidate($0) }
    candidates += builtins.filter { !$0.isGeneral } + builtins.filter(\.isGeneral)
    candidates += upgraders.map { JIT.Candidate($0) }
    if candidates.isEmpty { candidates += (nodes[name] ?? []).map { JIT.Candidate(node: $0) } }
    if let rewrite = rewrites[name] {
      candidates.append(JIT.Candidate(String(name.dropFirst("aten::".count)), rewrite))
    }
    return candidates
  }

  static func isKnown(_ name: String) -> Bool {
    operators[name] != nil || nodes[name] != nil || !JIT.Builtins.named(name).isEmpty
  }

  /// Operators by name without overload. Those come last that write their results to an argument, and before them the
  /// newer forms of `std` and `var`, whose arguments all have defaults.
  private static let operators: [String: [AnyOperator]] = {
    let rank = { (op: AnyOperator) in
      if op.schema.parameters.contains(where: { $0.isKeywordOnly && $0.isWritten }) { return 2 }
      return op.schema.overload == "correction" ? 1 : 0
    }
    return Dictionary(grouping: OperatorRegistry.all) { $0.schema.name }.mapValues { list in
      (0...2).flatMap { place in list.filter { rank($0) == place } }
    }
  }()

  /// Where the first argument is a number and the second a tensor.
  private static let rewrites: [String: Rewrite] = [
    "aten::add": .swapped("aten::add"), "aten::mul": .swapped("aten::mul"),
    "aten::sub": .through("aten::neg", then: "aten::add"), "aten::div": .through("aten::reciprocal", then: "aten::mul"),
    "aten::lt": .swapped("aten::gt"), "aten::le": .swapped("aten::ge"), "aten::gt": .swapped("aten::lt"),
    "aten::ge": .swapped("aten::le"), "aten::eq": .swapped("aten::eq"), "aten::ne": .swapped("aten::ne"),
  ]

  /// Kinds of nodes that can be called by name and have no target.
  private static let nodes: [String: [String]] = [
    "prim::RaiseException": ["prim::RaiseException(str msg, str? cls=None) -> ()"],
    "prim::unchecked_unwrap_optional": ["prim::unchecked_unwrap_optional(t(a)? optional) -> t(a)"],
    "aten::wait": ["aten::wait(Future(t) self) -> t"],
    "aten::_unwrap_optional": ["aten::_unwrap_optional(t(a)? optional) -> t(a)"],
  ]
}
