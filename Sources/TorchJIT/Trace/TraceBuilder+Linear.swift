// Linear layers, which run as `addmm` or `matmul` with a transposed weight, are recorded as the `aten::linear` that they are.
// Reference: torch/csrc/jit/passes/fuse_linear.cpp of PyTorch.

extension JIT.TraceBuilder {
  /// The call as one of `aten::linear`, where `inputs` of `op` say that it is; nil where it is not.
  static func linear(_ op: AnyOperator, _ inputs: [JIT.GraphValue], biasRank: (JIT.GraphValue) -> Int?) -> JIT.Node? {
    func untransposed(_ value: JIT.GraphValue) -> JIT.GraphValue? {
      guard let node = value.definition, node.kind == "aten::t" else { return nil }
      return node.inputs[0]
    }
    func isOne(_ value: JIT.GraphValue) -> Bool { value.constant?.double == 1 }
    let arguments: [JIT.GraphValue?]
    switch op.name {
    case "aten::addmm":
      guard let weight = untransposed(inputs[2]), isOne(inputs[3]), isOne(inputs[4]), biasRank(inputs[0]) == 1 else {
        return nil
      }
      arguments = [inputs[1], weight, inputs[0]]
    case "aten::matmul":
      guard let weight = untransposed(inputs[1]) else { return nil }
      arguments = [inputs[0], weight, nil]
    case "aten::add.Tensor":
      // The product is left to be taken out as dead code, if this is its only use.
      guard let product = inputs[0].definition, product.kind == "aten::linear", inputs[0].uses.isEmpty,
        product.inputs[2].type == .none, isOne(inputs[2]), biasRank(inputs[1]) == 1
      else { return nil }
      arguments = [product.inputs[0], product.inputs[1], inputs[1]]
    default: return nil
    }
    guard let target = OperatorRegistry.find("aten::linear") else { return nil }
    return JIT.Node("aten::linear", arguments.compactMap { $0 }, target: .operator(target))
  }
}
