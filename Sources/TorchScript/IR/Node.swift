// A node of a graph: one call of an operator, a builtin or a function, or a piece of control flow.

extension JIT {
  public final class Node {
    /// `aten::add`, `prim::If`; operators without their overload.
    public let kind: String
    public private(set) var inputs: [GraphValue] = []
    public private(set) var outputs: [GraphValue] = []
    public private(set) var blocks: [Block] = []
    /// What the node calls, resolved when it is made.
    public var target: Target
    public var attributes: [String: Attribute] = [:]
    /// Where it comes from in the source: `code/__torch__/model.py:12`.
    public var source: String?
    /// The module path under which a trace recorded it: `layer1.0.conv1`.
    public var scope: String?
    public internal(set) unowned(unsafe) var owningBlock: Block?

    public init(_ kind: String, _ inputs: [GraphValue] = [], target: Target = .none) {
      self.kind = kind
      self.target = target
      for input in inputs { addInput(input) }
    }

    /// What a node calls.
    public enum Target {
      /// Control flow and what the interpreter knows by kind.
      case none
      case `operator`(AnyOperator)
      case builtin(Builtin)
      case function(Function)
    }

    /// A value that belongs to the node instead of coming from another.
    public enum Attribute {
      case int(Int)
      case string(String)
      case strings([String])
      case value(IValue)
      case type(ScriptType)
      case types([ScriptType])
      case graph(Graph)
    }

    // MARK: Inputs

    public func addInput(_ value: GraphValue) {
      value.uses.append(Use(user: .node(self), index: inputs.count))
      inputs.append(value)
    }

    public func replaceInput(at index: Int, with value: GraphValue) {
      inputs[index].removeUse { $0.isNode(self) && $0.index == index }
      inputs[index] = value
      value.uses.append(Use(user: .node(self), index: index))
    }

    public func removeInput(at index: Int) {
      var rest = inputs
      rest.remove(at: index)
      setInputs(rest)
    }

    /// Replaces all inputs.
    public func setInputs(_ values: [GraphValue]) {
      dropInputs()
      for value in values { addInput(value) }
    }

    func dropInputs() {
      for input in Set(inputs) { input.removeUse { $0.isNode(self) } }
      inputs = []
    }

    // MARK: Outputs and blocks

    @discardableResult
    public func addOutput(_ type: ScriptType, name: String = "") -> GraphValue {
      let value = GraphValue(type, name: name)
      value.definition = self
      outputs.append(value)
      return value
    }

    public func removeOutput(at index: Int) {
      precondition(outputs[index].uses.isEmpty, "a result that is used cannot be removed")
      outputs.remove(at: index)
    }

    @discardableResult
    public func addBlock() -> Block {
      let block = Block(owner: self)
      blocks.append(block)
      return block
    }

    /// The only result.
    public var output: GraphValue { outputs[0] }

    /// The whole name of what it calls: `aten::add.Tensor`.
    public var qualifiedKind: String {
      switch target {
      case .operator(let op): op.name
      case .builtin(let builtin): builtin.name
      case .function, .none: kind
      }
    }

    /// What a `prim::Constant` holds.
    public var constantValue: IValue? {
      if case .value(let value)? = attributes["value"] { value } else { nil }
    }

    /// The `name` of `prim::GetAttr`, `prim::SetAttr` and `prim::CallMethod`.
    public var attributeName: String? {
      if case .string(let name)? = attributes["name"] { name } else { nil }
    }
  }
}

extension JIT.Graph {
  /// A node that holds `value`, without a place yet.
  public static func constant(_ value: JIT.IValue, _ type: JIT.ScriptType? = nil, name: String = "") -> JIT.Node {
    let node = JIT.Node("prim::Constant")
    node.attributes["value"] = .value(value)
    node.addOutput(type ?? value.type, name: name)
    return node
  }
}
