// The graph of a function: blocks of nodes in single assignment form.
//
// A value is defined once, by a node or as a block's input. Control flow is structured: `prim::If` has two blocks,
// `prim::Loop` one, whose results are the node's. What a function does is the order of its nodes; edges are uses.
// Reference: torch/csrc/jit/OVERVIEW.md of PyTorch, whose names of node kinds and printed form these are.

extension JIT {
  /// The body of a function.
  public final class Graph: @unchecked Sendable {
    // Unchecked: built or changed by one thread, and only read once it runs.

    /// The outermost block; its inputs and outputs are the function's.
    public let block: Block

    public init() {
      block = Block(owner: nil)
    }

    // Uses refer to nodes and nodes to what they use: the cycle is cut here.
    deinit { block.dropUses() }

    public var inputs: [GraphValue] { block.inputs }
    public var outputs: [GraphValue] { block.outputs }
  }

  /// Nodes in the order in which they run.
  public final class Block {
    /// The `prim::If` or `prim::Loop` that this block is of; nil for a graph's outermost.
    public private(set) unowned(unsafe) var owner: Node?
    public private(set) var inputs: [GraphValue] = []
    public private(set) var outputs: [GraphValue] = []
    public private(set) var nodes: [Node] = []

    init(owner: Node?) { self.owner = owner }

    @discardableResult
    public func addInput(_ name: String = "", _ type: ScriptType) -> GraphValue {
      let value = GraphValue(type, name: name)
      value.parameterOf = self
      inputs.append(value)
      return value
    }

    public func removeInput(at index: Int) {
      precondition(inputs[index].uses.isEmpty, "a block's input that is used cannot be removed")
      inputs.remove(at: index)
    }

    public func addOutput(_ value: GraphValue) {
      value.uses.append(Use(user: .block(self), index: outputs.count))
      outputs.append(value)
    }

    public func replaceOutput(at index: Int, with value: GraphValue) {
      outputs[index].removeUse { $0.isBlock(self) && $0.index == index }
      outputs[index] = value
      value.uses.append(Use(user: .block(self), index: index))
    }

    public func removeOutput(at index: Int) {
      let rest = outputs
      for value in Set(rest) { value.removeUse { $0.isBlock(self) } }
      outputs = []
      for (i, value) in rest.enumerated() where i != index { addOutput(value) }
    }

    // MARK: Nodes

    public func append(_ node: Node) {
      node.owningBlock = self
      nodes.append(node)
    }

    func append(contentsOf list: [Node]) {
      for node in list { append(node) }
    }

    public func insert(_ node: Node, before other: Node) {
      node.owningBlock = self
      nodes.insert(node, at: index(of: other))
    }

    func insert(_ list: [Node], before other: Node) {
      for node in list { node.owningBlock = self }
      nodes.insert(contentsOf: list, at: index(of: other))
    }

    package func prepend(contentsOf list: [Node]) {
      for node in list { node.owningBlock = self }
      nodes.insert(contentsOf: list, at: 0)
    }

    public func insert(_ node: Node, after other: Node) {
      node.owningBlock = self
      nodes.insert(node, at: index(of: other) + 1)
    }

    /// Takes `node` out; nothing may use its results any more.
    public func remove(_ node: Node) {
      precondition(node.outputs.allSatisfy(\.uses.isEmpty), "a node whose results are used cannot be removed")
      node.dropInputs()
      for block in node.blocks { block.clear() }
      nodes.remove(at: index(of: node))
      node.owningBlock = nil
    }

    /// Takes `node` out without touching its uses, for moving it elsewhere.
    public func detach(_ node: Node) {
      nodes.remove(at: index(of: node))
      node.owningBlock = nil
    }

    /// Takes out all of `list`, whose results nothing else may use, in one go.
    func remove(_ list: [Node]) {
      for node in list.reversed() {
        node.dropInputs()
        for block in node.blocks { block.clear() }
        precondition(node.outputs.allSatisfy(\.uses.isEmpty), "a node whose results are used cannot be removed")
        node.owningBlock = nil
      }
      nodes.removeAll { $0.owningBlock !== self }
    }

    /// Takes out all nodes without touching their uses, for moving them elsewhere.
    func detachAll() -> [Node] {
      defer { nodes = [] }
      for node in nodes { node.owningBlock = nil }
      return nodes
    }

    fileprivate func dropUses() {
      for input in inputs { input.uses = [] }
      for node in nodes {
        for output in node.outputs { output.uses = [] }
        for inner in node.blocks { inner.dropUses() }
      }
    }

    /// Removes all nodes and outputs.
    func clear() {
      while let last = outputs.indices.last { removeOutput(at: last) }
      for node in nodes {
        for output in node.outputs { output.uses = [] }
      }
      remove(nodes)
    }

    private func index(of node: Node) -> Int {
      guard let index = nodes.firstIndex(where: { $0 === node }) else {
        preconditionFailure("\(node.kind) is not in this block")
      }
      return index
    }
  }

  /// Who uses a value, and as which of its inputs or outputs.
  public struct Use {
    public enum User {
      case node(Node)
      case block(Block)
    }

    public let user: User
    public let index: Int

    func isNode(_ node: Node) -> Bool { if case .node(let user) = user { user === node } else { false } }
    func isBlock(_ block: Block) -> Bool { if case .block(let user) = user { user === block } else { false } }
  }

  /// A value of a graph: defined once, used many times.
  public final class GraphValue {
    public var type: ScriptType
    /// The name in the source, without number; may be empty.
    public var name: String
    /// The node that defines it; nil for a block's input.
    public internal(set) unowned(unsafe) var definition: Node?
    /// The block whose input it is.
    public internal(set) unowned(unsafe) var parameterOf: Block?
    public internal(set) var uses: [Use] = []

    init(_ type: ScriptType, name: String = "") {
      self.type = type
      self.name = name
    }

    func removeUse(_ matches: (Use) -> Bool) { uses.removeAll(where: matches) }

    /// Makes every user of this value use `other`.
    public func replaceAllUses(with other: GraphValue) {
      guard self !== other else { return }
      for use in uses {
        switch use.user {
        case .node(let node): node.replaceInput(at: use.index, with: other)
        case .block(let block): block.replaceOutput(at: use.index, with: other)
        }
      }
    }

    /// What a `prim::Constant` that defines it holds.
    public var constant: IValue? {
      guard let definition, definition.kind == "prim::Constant" else { return nil }
      return definition.constantValue
    }
  }
}

extension JIT.GraphValue: Hashable {
  public static func == (a: JIT.GraphValue, b: JIT.GraphValue) -> Bool { a === b }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
