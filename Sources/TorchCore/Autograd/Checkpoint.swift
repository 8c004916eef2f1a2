// Checkpointing: values that derivatives need are not kept but computed again, memory for time.
//
// As PyTorch's non-reentrant form: the function's calls are recorded as always, but what they save is left out (a
// `CheckpointSlot` stands in its place). The first one that backward asks for makes the function run again, and what that
// run saves fills the slots. Since the graph is the ordinary one, gradients of gradients and of parameters follow.
// Departure: a backward that keeps the graph keeps the values it has computed, too.
// Reference: https://pytorch.org/docs/stable/checkpoint.html

/// One call of `checkpoint`: how to compute its values again.
final class CheckpointFrame: @unchecked Sendable {
  // Unchecked: recording and backward are in the order that autograd asks of its user.

  @TaskLocal static var current: CheckpointFrame?

  private struct WeakSlot { weak var slot: CheckpointSlot? }

  private let rerun: () throws -> Void
  private let modes: Modes
  private let generator: [UInt8]
  private var slots: [WeakSlot] = []
  /// What is saved while the function runs again; nil at the first time.
  private var found: [Tensor]?

  init(_ rerun: @escaping () throws -> Void) {
    self.rerun = rerun
    modes = Modes.current
    generator = Generator.default.state
  }

  /// Runs `body` with what it saves left out.
  func record<R>(_ body: () throws -> R) rethrows -> R {
    try CheckpointFrame.$current.withValue(self) { try Modes.with({ $0.insert(.checkpointed) }, body) }
  }

  /// What stands for `tensor`; nil where it is to be kept. Leaves are: they have their memory anyhow.
  func slot(for tensor: Tensor, isResult: Bool) -> CheckpointSlot? {
    if !isResult, tensor.requiresGrad, tensor.isLeaf { return nil }
    if found != nil {
      found!.append(tensor.alias())
      return nil
    }
    let slot = CheckpointSlot(self, tensor, isResult: isResult)
    slots.append(WeakSlot(slot: slot))
    return slot
  }

  /// Computes the values of all slots again.
  fileprivate func fill() throws {
    let now = Generator.default.state
    defer { try? Generator.default.setState(now) }
    try Generator.default.setState(generator)
    found = []
    defer { found = nil }
    try Modes.with({ $0 = modes }) { try record { try rerun() } }
    guard found!.count == slots.count else {
      throw TorchError(
        .autograd,
        "torch.utils.checkpoint: A different number of tensors was saved during the original forward and recomputation.\nNumber of tensors saved during forward: \(slots.count)\nNumber of tensors saved during recomputation: \(found!.count).")
    }
    for (place, tensor) in zip(slots, found!) { try place.slot?.take(tensor) }
  }
}

/// A saved value that is left out until it is wanted.
final class CheckpointSlot {
  private let frame: CheckpointFrame
  private let shape: Shape
  private let dtype: DType
  /// The value's place in the graph; a result's is known to who saves it.
  private let gradFn: Node?
  private let outputNumber: Int32
  private let requiresGrad: Bool
  private var tensor: Tensor?

  fileprivate init(_ frame: CheckpointFrame, _ tensor: Tensor, isResult: Bool) {
    self.frame = frame
    (shape, dtype) = (tensor.shape, tensor.dtype)
    gradFn = isResult ? nil : tensor.gradFn
    outputNumber = isResult ? 0 : tensor.outputNumber
    requiresGrad = !isResult && tensor.requiresGrad
  }

  fileprivate func take(_ value: Tensor) throws {
    guard value.shape == shape, value.dtype == dtype else {
      throw TorchError(
        .autograd,
        "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than during the forward pass.\nsaved metadata: {'shape': \(shape), 'dtype': \(dtype)}\nrecomputed metadata: {'shape': \(value.shape), 'dtype': \(value.dtype)}")
    }
    tensor = value
  }

  /// The value, computed again if it has to be, with its place in the graph.
  var value: Tensor {
    get throws {
      if tensor == nil { try frame.fill() }
      let result = tensor!.alias()
      result.recordedGradFn = gradFn
      result.outputNumber = outputNumber
      if requiresGrad { result.flags.insert(.requiresGrad) }
      return result
    }
  }
}

extension torch {
  /// Functions of `torch.utils`.
  public enum utils {}
}

extension torch.utils {
  /// Runs `function` without keeping its intermediate values, and runs it again for backward: memory for time.
  ///
  /// ```swift
  /// let y = torch.utils.checkpoint(x) { block2(block1($0)) }
  /// ```
  /// Random draws are repeated as they were. Gradients of parameters that `function` uses are collected as always, and
  /// `createGraph` gives derivatives of higher order. It is an error if the second run saves other values than the first.
  /// Source: https://pytorch.org/docs/stable/checkpoint.html
  public static func checkpoint(_ inputs: [Tensor], _ function: @escaping ([Tensor]) -> [Tensor]) -> [Tensor] {
    guard Modes.current.recordsGradients else { return function(inputs) }
    let frame = CheckpointFrame { for output in function(inputs) { try output.checkValid() } }
    return frame.record { function(inputs) }
  }

  /// The same for a function of one tensor.
  public static func checkpoint(_ input: Tensor, _ function: @escaping (Tensor) -> Tensor) -> Tensor {
    checkpoint([input]) { [function($0[0])] }[0]
  }
}
