// `JIT.trace`: a program becomes a graph by being run on an example.
//
// What is recorded are the outermost operator calls, so the trace holds `aten::layer_norm` and not its parts; the module tree
// stays, with a class for each module and PyTorch's keys.
// Reference: https://pytorch.org/docs/stable/generated/torch.jit.trace.html
// Departures from PyTorch: sizes are found by runs on inputs of other sizes (Note [Sizes in traces]), and stand in the graph
// as ints, not as tensors; numbers in arithmetic stay numbers.

extension JIT {
  /// The recorded program with all calls inlined.
  package struct Recording {
    /// The program's inputs, then its parameters and buffers.
    package let graph: Graph
    /// The parameters and buffers among the graph's inputs, which have their state-dict keys as names.
    package let parameters: [(name: String, value: GraphValue, tensor: Tensor)]
  }

  /// Records what `call` does with `module`, for exporters: one graph of operators.
  package static func record<Module: nn.Module, each Input, Output>(
    _ module: Module, _ example: repeat each Input, inputNames: [String] = [], dynamicSizes: DynamicSizes = .batch,
    _ call: @escaping (Module, repeat each Input) throws -> Output
  ) throws -> Recording {
    let trace = try tracer(
      ModuleTree(module), repeat each example, inputNames: inputNames, dynamicSizes: dynamicSizes
    ) { (input: repeat each Input) in try call(module, repeat each input) }.trace(isExport: true)
    let parameters = trace.graph.inputs.compactMap { input in
      trace.attributes[input].map { (name: input.name, value: input, tensor: $0) }
    }
    return Recording(graph: trace.graph, parameters: parameters)
  }

  static func tracer<each Input, Output>(
    _ tree: ModuleTree?, _ example: repeat each Input, inputNames: [String], dynamicSizes: DynamicSizes,
    _ call: @escaping (repeat each Input) throws -> Output
  ) throws -> Tracer {
    var arguments: [TraceTree] = []
    repeat arguments.append(TraceTree(each example))
    return try Tracer(arguments: arguments, inputNames: inputNames, tree: tree, dynamicSizes: dynamicSizes) { tensors in
      var rest = tensors[...]
      return try call(repeat TensorReplacement.apply(each example) { _ in rest.removeFirst() })
    }
  }
}

extension JIT.TraceBuilder {
  /// The program as a method of the module's object, or as a function.
  func function(named name: String) -> JIT.Function {
    var methods = JIT.TraceMethods(root, inputs: inputs, outputs: graph.outputs, attributes: attributes)
    guard let tree = root.tree else {
      return methods.function(root, name: name, inputs: inputs, outputs: graph.outputs, qualifier: "__torch__")
    }
    let method = methods.function(
      root, name: name, inputs: inputs, outputs: graph.outputs, qualifier: tree.object.type.qualifiedName)
    tree.object.type.add(method, named: name)
    return method
  }
}
