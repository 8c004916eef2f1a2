// Common subexpression elimination: what has been computed already is not computed again.
//
// Only of nodes without effects whose arguments and results nothing in the graph writes to, so that when they run does
// not matter. Two results that the caller can both reach stay apart: it may write to one of them.

extension JIT.Graph {
  /// Replaces nodes that compute what a node before them has computed.
  public func eliminateCommonSubexpressions() {
    let aliases = JIT.AliasAnalysis(self)
    JIT.CommonSubexpressions(aliases: aliases).run(block, known: [:])
  }
}

extension JIT {
  private struct CommonSubexpressions {
    let aliases: AliasAnalysis

    func run(_ block: Block, known outer: [NodeKey: Node]) {
      var known = outer
      var replaced: [Node] = []
      for node in block.nodes {
        for inner in node.blocks { run(inner, known: known) }
        guard mayShare(node), let key = NodeKey(node) else { continue }
        if let earlier = known[key] {
          guard mayStand(earlier, for: node) else { continue }
          for (old, new) in zip(node.outputs, earlier.outputs) { old.replaceAllUses(with: new) }
          replaced.append(node)
        } else {
          known[key] = node
        }
      }
      block.remove(replaced)
    }

    private func mayShare(_ node: Node) -> Bool {
      if node.kind == "prim::GetAttr" {
        return !aliases.hasCalls && !aliases.setAttributes.contains(node.attributeName ?? "")
      }
      guard node.blocks.isEmpty, !node.hasSideEffects, node.kind != "prim::CreateObject",
        node.kind != "prim::Uninitialized",
        AliasAnalysis.writes(node).isEmpty
      else { return false }
      // A list that is made twice may be told apart only by who writes to it.
      return !(node.inputs + node.outputs).contains(where: aliases.isWritten)
    }

    private func mayStand(_ earlier: Node, for node: Node) -> Bool {
      node.kind == "prim::GetAttr" || node.kind == "prim::Constant"
        || zip(earlier.outputs, node.outputs).allSatisfy { !(aliases.escapes($0) && aliases.escapes($1)) }
    }
  }

  /// What makes two nodes compute the same: the function, its arguments and attributes.
  struct NodeKey: Hashable {
    private let kind: String
    private let inputs: [GraphValue]
    private let attributes: [String: AttributeKey]
    private let types: [ScriptType]

    /// Nil where attributes cannot be compared.
    init?(_ node: Node) {
      kind = node.qualifiedKind
      inputs = node.inputs
      types = node.outputs.map(\.type)
      var attributes: [String: AttributeKey] = [:]
      for (name, attribute) in node.attributes {
        guard let key = AttributeKey(attribute) else { return nil }
        attributes[name] = key
      }
      self.attributes = attributes
    }
  }

  private enum AttributeKey: Hashable {
    case int(Int)
    case double(UInt64)
    case bool(Bool)
    case text(String)
    case texts([String])
    case types([ScriptType])
    case none
    case object(ObjectIdentifier)
    case items(String, [AttributeKey])

    init?(_ attribute: Node.Attribute) {
      switch attribute {
      case .int(let value): self = .int(value)
      case .string(let text): self = .text(text)
      case .strings(let texts): self = .texts(texts)
      case .type(let type): self = .types([type])
      case .types(let types): self = .types(types)
      case .value(let value): self.init(value)
      case .graph: return nil
      }
    }

    init?(_ value: IValue) {
      switch value {
      case .none: self = .none
      case .int(let value): self = .int(value)
      // By bits: 0 and -0 differ, and NaN is itself.
      case .double(let value): self = .double(value.bitPattern)
      case .bool(let value): self = .bool(value)
      case .string(let text): self = .text(text)
      case .device(let device): self = .items("device", [.text(device.description)])
      case .tensor(let tensor): self = .object(ObjectIdentifier(tensor))
      case .function(let function): self = .object(ObjectIdentifier(function))
      case .list(let list): self.init("list", list.items)
      case .tuple(let tuple): self.init("tuple", tuple.items)
      case .enumeration(let type, let name): self = .items(name, [.object(ObjectIdentifier(type))])
      case .complex(let value):
        self = .items("complex", [.double(value.real.bitPattern), .double(value.imaginary.bitPattern)])
      case .quantized, .generator, .dict, .object, .future: return nil
      }
    }

    private init?(_ name: String, _ values: [IValue]) {
      let keys = values.compactMap { AttributeKey($0) }
      if keys.count != values.count { return nil }
      self = .items(name, keys)
    }
  }
}
