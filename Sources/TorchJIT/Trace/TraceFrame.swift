// The modules' calls in a trace, nested as they were, and how each becomes a method.
//
// All nodes of a trace are in one flat graph. A frame is the part of it that ran inside one call of a module. Its method
// takes the values that it uses and others have made, and returns those that others use: what the call really got and gave,
// whatever containers the values were passed in. As torch/csrc/jit/frontend/fixup_trace_scopes.cpp of PyTorch does it.

extension JIT {
  /// What ran inside one call of a module.
  final class TraceFrame {
    enum Item {
      case node(Node)
      case call(TraceFrame)
      /// The module's buffer was replaced.
      case set(ModuleTree, String, GraphValue)
    }

    let tree: ModuleTree?
    let parent: TraceFrame?
    /// The module as seen from the root: `layer1.0`.
    let scope: String
    var items: [Item] = []
    /// The tensors that the call was given, by number.
    let inputs: [Int]
    /// The same in the flat graph.
    var given: [GraphValue] = []
    /// Sizes that have been computed inside already.
    var sizes: [[Int]: GraphValue] = [:]
    fileprivate(set) var captures: [GraphValue] = []
    fileprivate(set) var results: [GraphValue] = []

    init(_ tree: ModuleTree?, in parent: TraceFrame?, scope: String, inputs: [Int]) {
      self.tree = tree
      self.parent = parent
      self.scope = scope
      self.inputs = inputs
    }

    /// This frame and those around it, from the inside out.
    var chain: [TraceFrame] { Array(sequence(first: self) { $0.parent }) }
  }

  /// Makes methods of frames.
  struct TraceMethods {
    /// The parameters and buffers among the flat graph's values.
    let attributes: [GraphValue: Tensor]
    /// Where values are made; the inputs of the program are made by the root.
    private var home: [GraphValue: ObjectIdentifier] = [:]
    private var methodCounts: [ObjectIdentifier: Int] = [:]

    init(_ root: TraceFrame, inputs: [GraphValue], outputs: [GraphValue], attributes: [GraphValue: Tensor]) {
      self.attributes = attributes
      for input in inputs { home[input] = ObjectIdentifier(root) }
      var owners: [ObjectIdentifier: TraceFrame] = [:]
      findHomes(root, &owners)
      findFlow(root, owners)
      for output in outputs { use(output, in: root, owners) }
    }

    private mutating func findHomes(_ frame: TraceFrame, _ owners: inout [ObjectIdentifier: TraceFrame]) {
      owners[ObjectIdentifier(frame)] = frame
      for item in frame.items {
        switch item {
        case .node(let node): for output in node.outputs { home[output] = ObjectIdentifier(frame) }
        case .call(let inner): findHomes(inner, &owners)
        case .set: break
        }
      }
    }

    private func findFlow(_ frame: TraceFrame, _ owners: [ObjectIdentifier: TraceFrame]) {
      for item in frame.items {
        switch item {
        case .node(let node): for input in node.inputs { use(input, in: frame, owners) }
        case .call(let inner): findFlow(inner, owners)
        case .set(_, _, let value): use(value, in: frame, owners)
        }
      }
    }

    /// Notes which frames `value` leaves and enters on its way to `frame`.
    private func use(_ value: GraphValue, in frame: TraceFrame, _ owners: [ObjectIdentifier: TraceFrame]) {
      let chain = frame.chain
      let source: TraceFrame
      if let tensor = attributes[value] {
        // The innermost module that has the parameter reads it.
        source = chain.first { $0.tree?.path(to: tensor) != nil } ?? chain.last!
      } else if let id = home[value] {
        source = owners[id]!
      } else {
        return  // a constant
      }
      let common = source.chain.first { outer in chain.contains { $0 === outer } }!
      for left in source.chain.prefix(while: { $0 !== common }) where !left.results.contains(value) {
        left.results.append(value)
      }
      for entered in chain.prefix(while: { $0 !== common }) where !entered.captures.contains(value) {
        entered.captures.append(value)
      }
    }

    // MARK: Methods

    /// The method or function of `frame`, and of those inside it.
    mutating func function(
      _ frame: TraceFrame, name: String, inputs: [GraphValue], outputs: [GraphValue], qualifier: String
    ) -> Function {
      let graph = Graph()
      var map: [GraphValue: GraphValue] = [:]
      var parameters: [Signature.Parameter] = []
      if let tree = frame.tree {
        graph.block.addInput("self", .object(tree.object.type))
        parameters.append(.init("self", .object(tree.object.type)))
      }
      for (i, input) in inputs.enumerated() {
        let fallback = inputs.count == 1 ? "input" : "argument_\(i + 1)"
        let parameter = input.name.isEmpty || attributes[input] != nil ? fallback : input.name
        map[input] = graph.block.addInput(parameter, input.type)
        parameters.append(.init(parameter, input.type))
      }
      var objects: [[String]: GraphValue] = [:]
      for item in frame.items {
        switch item {
        case .node(let node):
          let inputs = node.inputs.map { value($0, in: frame, graph, &map, &objects) }
          let copy = node.copy(&map)
          copy.setInputs(inputs)
          copy.scope = nil
          graph.block.append(copy)
        case .call(let inner): call(inner, in: frame, graph, &map, &objects)
        case .set(let tree, let key, let new):
          guard let keys = frame.tree?.path(to: tree.module)?.keys else { continue }
          let node = Node(
            "prim::SetAttr", [object(keys, in: frame, graph, &objects), value(new, in: frame, graph, &map, &objects)])
          node.attributes["name"] = .string(key)
          graph.block.append(node)
        }
      }
      let results = outputs.map { value($0, in: frame, graph, &map, &objects) }
      let result = TraceMethods.packed(results, graph)
      graph.block.addOutput(result)
      return Function("\(qualifier).\(name)", Signature(parameters, returns: [result.type]), graph: graph)
    }

    /// The call of a module inside of `frame`.
    private mutating func call(
      _ inner: TraceFrame, in frame: TraceFrame, _ graph: Graph, _ map: inout [GraphValue: GraphValue],
      _ objects: inout [[String]: GraphValue]
    ) {
      guard let tree = inner.tree, let keys = frame.tree?.path(to: tree.module)?.keys else {
        preconditionFailure("a frame is called from one whose module does not have its own")
      }
      let type = tree.object.type
      let count = methodCounts[ObjectIdentifier(tree), default: 0]
      methodCounts[ObjectIdentifier(tree)] = count + 1
      let name = count == 0 ? "forward" : "forward\(count)"
      // What the call was given comes first, in its order.
      let captures = inner.given.filter(inner.captures.contains) + inner.captures.filter { !inner.given.contains($0) }
      let method = function(inner, name: name, inputs: captures, outputs: inner.results, qualifier: type.qualifiedName)
      type.add(method, named: name)
      guard !inner.items.isEmpty else { return }
      let arguments = captures.map { value($0, in: frame, graph, &map, &objects) }
      let node = Node("prim::CallMethod", [object(keys, in: frame, graph, &objects)] + arguments)
      node.attributes["name"] = .string(name)
      graph.block.append(node)
      let result = node.addOutput(method.signature.returns[0], name: inner.results.count == 1 ? inner.results[0].name : "")
      if inner.results.count == 1 {
        map[inner.results[0]] = result
      } else if inner.results.count > 1 {
        let unpack = Node("prim::TupleUnpack", [result])
        for value in inner.results { map[value] = unpack.addOutput(value.type, name: value.name) }
        graph.block.append(unpack)
      }
    }

    /// One value, a tuple of several, or None.
    private static func packed(_ values: [GraphValue], _ graph: Graph) -> GraphValue {
      if values.count == 1 { return values[0] }
      if values.isEmpty {
        let none = Graph.constant(.none)
        graph.block.append(none)
        return none.output
      }
      let tuple = Node("prim::TupleConstruct", values)
      tuple.addOutput(.tuple(values.map(\.type)))
      graph.block.append(tuple)
      return tuple.output
    }

    // MARK: Values

    /// What stands for a flat graph's value in the graph of `frame`.
    private func value(
      _ value: GraphValue, in frame: TraceFrame, _ graph: Graph, _ map: inout [GraphValue: GraphValue],
      _ objects: inout [[String]: GraphValue]
    ) -> GraphValue {
      if let known = map[value] { return known }
      if let tensor = attributes[value] {
        let keys = frame.tree!.path(to: tensor)!
        let read = attribute(keys.last!, .tensor, of: object(keys.dropLast(), in: frame, graph, &objects))
        graph.block.append(read)
        map[value] = read.output
        return read.output
      }
      guard let node = value.definition, node.kind == "prim::Constant" else {
        preconditionFailure("a traced value is used before it is made")
      }
      let copy = node.copy(&map)
      copy.scope = nil
      graph.block.append(copy)
      return copy.output
    }

    private func object(
      _ keys: [String], in frame: TraceFrame, _ graph: Graph, _ objects: inout [[String]: GraphValue]
    ) -> GraphValue {
      guard let last = keys.last else { return graph.inputs[0] }
      if let known = objects[keys] { return known }
      let outer = object(keys.dropLast(), in: frame, graph, &objects)
      guard case .object(let type) = outer.type, let declared = type.attribute(last) else {
        preconditionFailure("a module has no child '\(last)'")
      }
      let read = attribute(last, declared.type, of: outer)
      graph.block.append(read)
      objects[keys] = read.output
      return read.output
    }

    private func attribute(_ key: String, _ type: ScriptType, of object: GraphValue) -> Node {
      let node = Node("prim::GetAttr", [object])
      node.attributes["name"] = .string(key)
      node.addOutput(type, name: PythonText.isIdentifier(key) ? key : "")
      return node
    }
  }
}
