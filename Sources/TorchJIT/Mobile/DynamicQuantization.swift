// Dynamic quantization as a pass: linear layers and LSTMs of a frozen graph get int8 weights.
//
// A weight becomes a quarter of its size; inputs are quantized when they come (TorchCore's DynamicInt8.swift).
// Reference: https://pytorch.org/docs/stable/generated/torch.ao.quantization.quantize_dynamic.html

extension JIT.Graph {
  /// Replaces each `aten::linear` and `aten::lstm` whose float32 weights are constants by its int8 form. Gradients do
  /// not flow through those, so the graph is good for inference alone.
  /// - Returns: How many were replaced.
  @discardableResult
  public func quantizeDynamically() throws -> Int {
    var count = 0
    // Layers that share a weight share its int8 form.
    var made: [ObjectIdentifier: [JIT.GraphValue]] = [:]
    for node in allNodes {
      let isReplaced =
        switch node.qualifiedKind {
        case "aten::linear": try quantizeLinear(node, &made)
        case "aten::lstm.input": try quantizeLSTM(node, &made)
        default: false
        }
      if isReplaced { count += 1 }
    }
    if count > 0 { eliminateDeadCode() }
    return count
  }

  private func quantizeLinear(_ node: JIT.Node, _ made: inout [ObjectIdentifier: [JIT.GraphValue]]) throws -> Bool {
    guard let weight = node.argument("weight")?.constant?.tensor, weight.isQuantizable,
      let input = node.argument("input"), let bias = node.argument("bias"), bias.constant.map(\.isPlainBias) ?? false
    else { return false }
    let parts = try quantized(weight, &made)
    replace(node, by: "swift_torch::linear_dynamic_int8", [input] + parts + [bias])
    return true
  }

  private func quantizeLSTM(_ node: JIT.Node, _ made: inout [ObjectIdentifier: [JIT.GraphValue]]) throws -> Bool {
    func flag(_ name: String) -> Bool? { node.argument(name)?.constant?.bool }
    guard let hasBiases = flag("has_biases"), flag("train") == false, let bidirectional = flag("bidirectional"),
      let layers = node.argument("num_layers")?.constant?.int, let parameters = node.argument("params")?.constantTensors
    else { return false }
    let size = hasBiases ? 4 : 2
    // With projections there are more.
    guard parameters.count == size * layers * (bidirectional ? 2 : 1) else { return false }
    let sets = stride(from: 0, to: parameters.count, by: size).map { Array(parameters[$0..<$0 + size]) }
    guard sets.allSatisfy({ $0[0].isQuantizable && $0[1].isQuantizable && $0[2...].allSatisfy { $0.dtype == .float32 } })
    else { return false }
    var values: [JIT.GraphValue] = []
    for set in sets {
      values += try quantized(set[0], &made) + quantized(set[1], &made)
      values += set[2...].map { constant($0) }
    }
    let list = JIT.Node("prim::ListConstruct", values)
    list.addOutput(.list(.tensor), name: "params")
    node.owningBlock!.insert(list, before: node)
    let rest = ["has_biases", "num_layers", "bidirectional", "batch_first"].map { node.argument($0)! }
    replace(node, by: "swift_torch::lstm_dynamic_int8", [node.inputs[0], node.inputs[1], list.output] + rest)
    return true
  }

  /// Constants for the int8 matrix, its scales and its rows' sums.
  private func quantized(
    _ weight: Tensor, _ made: inout [ObjectIdentifier: [JIT.GraphValue]]
  ) throws -> [JIT.GraphValue] {
    if let known = made[ObjectIdentifier(weight)] { return known }
    let (values, scales, sums) = try torch.noGrad { try withErrors { weight.int8Rows() } }
    let constants = [values, scales, sums].map { constant($0) }
    made[ObjectIdentifier(weight)] = constants
    return constants
  }

  /// A constant at the start of the graph, where all blocks see it.
  private func constant(_ tensor: Tensor) -> JIT.GraphValue {
    let node = JIT.Graph.constant(.tensor(tensor), .tensor)
    block.prepend(contentsOf: [node])
    return node.output
  }

  private func replace(_ node: JIT.Node, by name: String, _ inputs: [JIT.GraphValue]) {
    let new = JIT.Node(name, inputs, target: .operator(OperatorRegistry.find(name)!))
    (new.source, new.scope) = (node.source, node.scope)
    node.owningBlock!.insert(new, before: node)
    for output in node.outputs { output.replaceAllUses(with: new.addOutput(output.type, name: output.name)) }
    node.owningBlock!.remove(node)
  }
}

extension Tensor {
  /// The matrix as int8, its scales and its rows' sums. Each row's largest magnitude is 127.5 steps, as PyTorch's
  /// per-channel observer has it, and values are multiplied by the inverse scale, as FBGEMM does: for the largest ones,
  /// half-way between two integers, a quotient may round to the other side.
  fileprivate func int8Rows() -> (values: Tensor, scales: Tensor, sums: Tensor) {
    let scales = (abs().amax(dim: [1]) / 127.5).clamp(min: .double(Double(Float.ulpOfOne)))
    let values = (self * scales.reciprocal().unsqueeze(1)).round().clamp(min: -128, max: 127).to(.int8)
    return (values, scales, values.sum(dim: [1], dtype: .int32))
  }

  fileprivate var isQuantizable: Bool { dtype == .float32 && ndim == 2 && numel > 0 }
}

extension JIT.IValue {
  fileprivate var isPlainBias: Bool { isNone || tensor?.dtype == .float32 }
}

extension JIT.GraphValue {
  /// The tensors of a list of constants.
  fileprivate var constantTensors: [Tensor]? {
    var items = constant?.elements
    if items == nil, let definition, definition.kind == "prim::ListConstruct" {
      items = definition.inputs.map { $0.constant ?? .none }
    }
    guard let items else { return nil }
    let tensors = items.compactMap(\.tensor)
    return tensors.count == items.count ? tensors : nil
  }
}
