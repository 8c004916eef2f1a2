// Freezing: a module in evaluation mode becomes one graph a method, with its parameters and attributes as constants.
//
// Attributes that a method sets or writes to in place stay attributes, with values of their own; so do those that
// cannot be constants (dictionaries, objects). Everything else is inlined and folded.
// Reference: https://pytorch.org/docs/stable/generated/torch.jit.freeze.html

extension JIT {
  /// The object with its methods inlined and its attributes turned into constants.
  ///
  /// - Parameter preserving: Names of methods and attributes of the outermost module to keep beside `forward`.
  /// - Throws: `TorchError` of kind `.state` for a module in training mode, of kind `.value` for a name that is not there.
  package static func freeze(_ object: ScriptObject, preserving names: [String] = []) throws -> ScriptObject {
    if object["training"]?.bool == true {
      throw TorchError(
        .state,
        "Freezing is currently only implemented for modules in eval mode. Please call .eval() on your module before freezing."
      )
    }
    var methods = object.type.method("forward") == nil ? [] : ["forward"]
    var attributes: Set<String> = []
    for name in names where name != "forward" {
      if object.type.method(name) != nil {
        methods.append(name)
      } else if object.type.slot(name) != nil {
        attributes.insert(name)
      } else {
        throw TorchError(
          .value, "Preserved name '\(name)' is neither a method nor an attribute of \(object.type.qualifiedName)")
      }
    }
    guard !methods.isEmpty else {
      throw TorchError(.value, "\(object.type.qualifiedName) has no method 'forward'; name the methods to preserve")
    }
    var freezer = try Freezer(object, methods)
    freezer.foldAttributes(preserving: attributes)
    return freezer.rebuilt(preserving: attributes)
  }

  private struct Freezer {
    private let root: ScriptObject
    private let methods: [(name: String, function: Function, graph: Graph)]
    /// Tensors and lists that a method writes to, and attributes that are set.
    private var writtenTensors: [Tensor] = []
    private var setAttributes: Set<Attribute> = []
    /// A call stays that may do anything to any attribute.
    private var hasUnknownCalls = false

    /// An attribute of an object.
    private struct Attribute: Hashable {
      let object: ObjectIdentifier
      let name: String
    }

    init(_ root: ScriptObject, _ names: [String]) throws {
      self.root = root
      methods = try names.map { name in
        let function = root.type.method(name)!
        guard let body = function.graph else { throw TorchError(.state, "method '\(name)' has not been compiled") }
        let graph = body.copy()
        graph.inline()
        // Branches that are never taken in evaluation mode may write to what is constant otherwise.
        Freezer.foldFlags(graph, root)
        graph.optimize()
        return (name, function, graph)
      }
      for method in methods { findWrites(method.graph) }
    }

    // MARK: What is written to

    /// `self.training` and its like first: what hangs on them is not looked at.
    private static func foldFlags(_ graph: Graph, _ root: ScriptObject) {
      let setNames = Set(graph.allNodes.filter { $0.kind == "prim::SetAttr" }.compactMap(\.attributeName))
      for node in graph.allNodes where node.kind == "prim::GetAttr" && node.output.type == .bool {
        guard let name = node.attributeName, !setNames.contains(name), let (object, _) = attribute(node, graph, root),
          let value = object[name], value.bool != nil
        else { continue }
        node.replaceByConstant(value, name: node.constantName)
      }
    }

    private mutating func findWrites(_ graph: Graph) {
      let root = root
      let aliases = AliasAnalysis(graph) { node in
        guard let (object, name) = Freezer.attribute(node, graph, root) else { return nil }
        if let tensor = object[name]?.tensor { return "\(tensor.storageIdentity)" }
        if let list = object[name]?.list { return "\(ObjectIdentifier(list))" }
        return "\(ObjectIdentifier(object)).\(name)"
      }
      if aliases.hasCalls { hasUnknownCalls = true }
      for node in graph.allNodes {
        if node.kind == "prim::SetAttr", let name = node.attributeName {
          if let object = Freezer.object(node.inputs[0], graph, root) {
            setAttributes.insert(Attribute(object: ObjectIdentifier(object), name: name))
          } else {
            hasUnknownCalls = true
          }
        }
        guard node.kind == "prim::GetAttr", aliases.isWritten(node.output), !node.output.type.isModule,
          let (object, name) = Freezer.attribute(node, graph, root)
        else { continue }
        setAttributes.insert(Attribute(object: ObjectIdentifier(object), name: name))
        if let tensor = object[name]?.tensor { writtenTensors.append(tensor) }
      }
    }

    /// The object that `value` is, where it is reached from the method's `self` by attributes.
    private static func object(_ value: GraphValue, _ graph: Graph, _ root: ScriptObject) -> ScriptObject? {
      guard let path = value.attributePath else { return nil }
      var start = value
      while let node = start.definition { start = node.inputs[0] }
      guard start === graph.inputs.first else { return nil }
      var object = root
      for name in path {
        guard let next = object[name]?.object else { return nil }
        object = next
      }
      return object
    }

    private static func attribute(_ node: Node, _ graph: Graph, _ root: ScriptObject) -> (ScriptObject, String)? {
      guard let name = node.attributeName, let object = object(node.inputs[0], graph, root),
        object.type.slot(name) != nil
      else { return nil }
      return (object, name)
    }

    // MARK: Folding

    mutating func foldAttributes(preserving names: Set<String>) {
      for (_, _, graph) in methods {
        if !hasUnknownCalls {
          for node in graph.allNodes where node.kind == "prim::GetAttr" && !node.output.type.isModule {
            guard let (object, name) = Freezer.attribute(node, graph, root), let value = object[name],
              isConstant(value, object, name),
              !(object === root && names.contains(name))
            else { continue }
            node.replaceByConstant(value.detached, name: node.constantName)
          }
        }
        graph.optimize()
      }
    }

    private func isConstant(_ value: IValue, _ object: ScriptObject, _ name: String) -> Bool {
      guard value.isConstantAttribute, !setAttributes.contains(Attribute(object: ObjectIdentifier(object), name: name))
      else {
        return false
      }
      if let tensor = value.tensor { return !writtenTensors.contains { $0.sharesStorage(with: tensor) } }
      return true
    }

    // MARK: The new module

    /// A module with the folded methods and the attributes that they still use.
    func rebuilt(preserving names: Set<String>) -> ScriptObject {
      var used: [ObjectIdentifier: Set<String>] = [ObjectIdentifier(root): names]
      // Objects that go somewhere else than into an attribute access are kept as they are.
      var opaque: Set<ObjectIdentifier> = []
      for (_, _, graph) in methods {
        let values = [graph.inputs[0]] + graph.allNodes.flatMap(\.outputs).filter(\.type.isModule)
        for value in values {
          guard let object = Freezer.object(value, graph, root) else { continue }
          for use in value.uses {
            if case .node(let node) = use.user, use.index == 0, ["prim::GetAttr", "prim::SetAttr"].contains(node.kind),
              let name = node.attributeName
            {
              used[ObjectIdentifier(object), default: []].insert(name)
            } else {
              opaque.insert(ObjectIdentifier(object))
            }
          }
        }
      }
      var made: [ObjectIdentifier: ScriptObject] = [:]
      func remake(_ object: ScriptObject) -> ScriptObject {
        if let known = made[ObjectIdentifier(object)] { return known }
        if opaque.contains(ObjectIdentifier(object)), object !== root { return object }
        let kept =
          object === root && opaque.contains(ObjectIdentifier(root))
          ? Set(object.type.attributes.map(\.name)) : used[ObjectIdentifier(object)] ?? []
        let type = ClassType(object.type.qualifiedName, isModule: object.type.isModule)
        let copy = ScriptObject(type)
        made[ObjectIdentifier(object)] = copy
        for attribute in object.type.attributes where kept.contains(attribute.name) {
          let value = object[attribute.name] ?? .none
          if let child = value.object, child.type.isModule {
            let child = remake(child)
            type.add(.init(attribute.name, .object(child.type), attribute.kind))
            copy[attribute.name] = .object(child)
          } else {
            type.add(attribute)
            copy[attribute.name] = value.copied
          }
        }
        return copy
      }
      let copy = remake(root)
      for (name, function, graph) in methods {
        for value in [graph.inputs[0]] + graph.allNodes.flatMap(\.outputs).filter(\.type.isModule) {
          if let object = Freezer.object(value, graph, root), let new = made[ObjectIdentifier(object)] {
            value.type = .object(new.type)
          }
        }
        var signature = function.signature
        if let first = signature.parameters.first, first.type == .object(root.type) {
          signature.parameters[0] = .init(first.name, .object(copy.type))
        }
        copy.type.add(Function("\(copy.type.qualifiedName).\(name)", signature, graph: graph), named: name)
      }
      return copy
    }
  }
}

extension JIT.Node {
  /// `self.conv1.weight`, as PyTorch names frozen attributes.
  fileprivate var constantName: String {
    (["self"] + (output.attributePath ?? [])).joined(separator: ".")
  }

  fileprivate func replaceByConstant(_ value: JIT.IValue, name: String) {
    // The value's own type may be narrower: a tensor where the attribute may be None.
    let type: JIT.ScriptType = if case .list = value { output.type.withoutOptional } else { value.type }
    let constant = JIT.Graph.constant(value, type, name: name)
    constant.source = source
    owningBlock!.insert(constant, before: self)
    output.replaceAllUses(with: constant.output)
    owningBlock!.remove(self)
  }
}

extension JIT.IValue {
  /// Whether archives can hold it as a constant of a method.
  fileprivate var isConstantAttribute: Bool {
    switch self {
    case .tensor, .none, .int, .double, .bool, .complex, .string, .device, .enumeration: true
    case .list(let list): list.items.allSatisfy(\.isConstantAttribute)
    case .tuple(let tuple): tuple.items.allSatisfy(\.isConstantAttribute)
    case .quantized, .generator, .dict, .object, .function, .future: false
    }
  }

  /// The same value with tensors that collect no gradients.
  fileprivate var detached: JIT.IValue { mapTensors { $0.requiresGrad || !$0.isLeaf ? $0.detach() : $0 } }

  /// The value with tensors, lists and dictionaries of its own.
  fileprivate var copied: JIT.IValue {
    if case .dict(let dict) = self {
      let copy = JIT.DictObject(dict.keyType, dict.valueType)
      for (key, value) in dict.table { copy[key] = value.copied }
      return .dict(copy)
    }
    return mapTensors { $0.detach().clone() }
  }

  private func mapTensors(_ change: (Tensor) -> Tensor) -> JIT.IValue {
    switch self {
    case .tensor(let tensor): .tensor(change(tensor))
    case .list(let list): .list(JIT.ListObject(list.elementType, list.items.map { $0.mapTensors(change) }))
    case .tuple(let tuple): .tuple(JIT.TupleObject(tuple.items.map { $0.mapTensors(change) }, type: tuple.type))
    default: self
    }
  }
}
