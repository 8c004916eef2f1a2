// The default derivative of a fused operator: that of its reference composite.

enum ReferenceDerivative {
  /// Runs `reference` on the saved inputs with recording on and returns the gradients of `saved`.
  static func run(
    saved: [SavedTensor?], boxed: [Value], gradients: Gradients, _ reference: ([Value]) throws -> [Tensor]
  ) throws -> [Tensor?] {
    let createsGraph = Modes.current.contains(.createGraph)
    let inputs = try saved.map { try $0?.value }
    // With a graph to be made, the reference's recording hangs off the inputs themselves; else off fresh leaves.
    let leaves = inputs.enumerated().map { i, tensor -> Tensor? in
      guard let tensor, gradients.needs(i) else { return tensor }
      return createsGraph ? tensor : tensor.detach().requiresGrad_()
    }
    var position = 0
    let arguments = boxed.map { substitute($0, leaves, &position) }
    let outputs = try torch.enableGrad { try reference(arguments) }
    let wanted = leaves.indices.filter { gradients.needs($0) }
    let roots = outputs.indices.filter { gradients.ifPresent($0) != nil && outputs[$0].requiresGrad }
    guard !roots.isEmpty else { return leaves.map { _ in nil } }
    let found = try torch.autograd.grad(
      roots.map { outputs[$0] }, wanted.map { leaves[$0]! }, gradOutputs: roots.map { gradients[$0] },
      createGraph: createsGraph, allowUnused: true)
    var result: [Tensor?] = leaves.map { _ in nil }
    for (slot, gradient) in zip(wanted, found) { result[slot] = gradient }
    return result
  }

  private static let place = Tensor.zeros([0])

  /// `value` with nothing in the place of its tensors, which are saved by themselves.
  static func withoutTensors(_ value: Value) -> Value {
    switch value {
    case .tensor: .tensor(place)
    case .list(let values): .list(values.map(withoutTensors))
    default: value
    }
  }

  /// Puts `leaves` in place of the tensor slots of `value`, in order. An absent `Tensor?` is a slot too.
  private static func substitute(_ value: Value, _ leaves: [Tensor?], _ position: inout Int) -> Value {
    switch value {
    case .tensor:
      defer { position += 1 }
      return leaves[position].map { .tensor($0) } ?? value
    case .list(let values): return .list(values.map { substitute($0, leaves, &position) })
    case .none where position < leaves.count && leaves[position] == nil:
      position += 1
      return value
    default: return value
    }
  }
}
