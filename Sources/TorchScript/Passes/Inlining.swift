// Inlining: calls of methods and functions become their bodies.
//
// A method's `self` is the object it was called on, so that attribute accesses stay the chains that they were:
// `self.layer1` and on it `weight`. Recursive functions stay calls.

extension JIT.Graph {
  /// Replaces all calls of methods and functions by what they do.
  public func inline() {
    var inliner = JIT.Inliner()
    inliner.inline(block, stack: [])
  }
}

extension JIT {
  private struct Inliner {
    /// Bodies with everything inlined, to copy from.
    private var bodies: [ObjectIdentifier: Graph] = [:]

    mutating func inline(_ block: Block, stack: [Function]) {
      for node in block.nodes {
        for inner in node.blocks { inline(inner, stack: stack) }
        guard let (function, arguments) = node.callee, let graph = function.graph else { continue }
        guard !stack.contains(where: { $0 === function }) else { continue }
        let body = body(of: function, graph, stack: stack)
        guard body.inputs.count == arguments.count, body.outputs.count == node.outputs.count else { continue }
        var map: [GraphValue: GraphValue] = [:]
        for (input, argument) in zip(body.inputs, arguments) { map[input] = argument }
        let copies = body.block.copyNodes(&map)
        let path = node.modulePath
        for copy in copies { copy.addScope(path) }
        block.insert(copies, before: node)
        for (output, value) in zip(node.outputs, body.outputs) {
          let result = map[value] ?? value
          if result.name.isEmpty { result.name = output.name }
          output.replaceAllUses(with: result)
        }
        block.remove(node)
      }
    }

    private mutating func body(of function: Function, _ graph: Graph, stack: [Function]) -> Graph {
      if let known = bodies[ObjectIdentifier(function)] { return known }
      let copy = graph.copy()
      inline(copy.block, stack: stack + [function])
      // Within a recursion some calls stay, which elsewhere may be inlined.
      if stack.isEmpty || !copy.allNodes.contains(where: { $0.callee != nil }) {
        bodies[ObjectIdentifier(function)] = copy
      }
      return copy
    }
  }
}

extension JIT.Node {
  /// The function that a call runs and its arguments, where that is known.
  var callee: (JIT.Function, [JIT.GraphValue])? {
    switch kind {
    case "prim::CallMethod":
      if case .function(let function) = target { return (function, inputs) }
      guard let name = attributeName, case .object(let type)? = inputs.first?.type, let method = type.method(name)
      else {
        return nil
      }
      return (method, inputs)
    case "prim::CallFunction":
      if case .function(let function)? = inputs.first?.constant { return (function, Array(inputs.dropFirst())) }
      if case .function(let function) = target { return (function, inputs) }
      return nil
    default: return nil
    }
  }

  /// The module that a method is called on, as seen from the graph's `self`: `layer1.0`.
  fileprivate var modulePath: String {
    guard kind == "prim::CallMethod", let object = inputs.first else { return "" }
    return object.attributePath?.joined(separator: ".") ?? ""
  }

  fileprivate func addScope(_ path: String) {
    guard !path.isEmpty else { return }
    scope = scope.map { path + "." + $0 } ?? path
    for block in blocks { for node in block.nodes { node.addScope(path) } }
  }
}

extension JIT.GraphValue {
  /// The names of the attributes that lead from an input of the graph, `self`, to this value; nil where it is
  /// something else.
  var attributePath: [String]? {
    var path: [String] = []
    var value = self
    while let node = value.definition {
      guard node.kind == "prim::GetAttr", let name = node.attributeName else { return nil }
      path.append(name)
      value = node.inputs[0]
    }
    return path.reversed()
  }
}
