// Values that a derivative rule keeps from the forward call.

/// What a derivative rule gets to declare its saved values with.
public struct Recorder {
  let node: Node

  /// Keeps an input (or any tensor that is not this call's result).
  public func save(_ tensor: Tensor) -> SavedTensor {
    if tensor.flags.contains(.inference) { node.keepsInferenceTensor = true }
    return SavedTensor(tensor, output: nil)
  }
  public func save(_ tensor: Tensor?) -> SavedTensor? { tensor.map { save($0) } }

  /// Keeps output `index` of this call. It must not own its node, or neither would ever be freed.
  public func save(result: Tensor, index: Int = 0) -> SavedTensor { SavedTensor(result, output: (node, index)) }

  /// Only the first `count` outputs take gradients; the others are by-products, as PyTorch's `output_differentiability` says.
  /// Derivatives of the rule itself may still flow through them.
  public func attachOnly(_ count: Int) { node.attachedOutputs = 0..<count }
  public func attachOnly(_ outputs: Range<Int>) { node.attachedOutputs = outputs }

  /// Whether the gradient of tensor input `index` will be wanted.
  @inline(__always)
  public func needs(_ index: Int) -> Bool { !node.edges[index].isEmpty }
}

/// A tensor kept for backward; reading it checks that nothing has written to it since.
public struct SavedTensor {
  private let tensor: Tensor
  /// What stands for the tensor inside of a checkpoint.
  private let slot: CheckpointSlot?
  private let version: UInt32
  private unowned(unsafe) let owner: Node?
  private let outputNumber: Int32
  private let maker: String?

  @inline(__always)
  init(_ tensor: Tensor, output: (node: Node, index: Int)?) {
    version = tensor.storage.version
    let modes = Modes.current
    slot = modes.contains(.checkpointed) ? CheckpointFrame.current?.slot(for: tensor, isResult: output != nil) : nil
    if let output {
      self.tensor = slot == nil ? tensor.alias() : SavedTensor.leftOut
      owner = output.node
      outputNumber = Int32(output.index)
    } else {
      self.tensor = slot == nil ? tensor : SavedTensor.leftOut
      owner = nil
      outputNumber = 0
    }
    maker = modes.contains(.anomaly) ? tensor.recordedGradFn?.name : nil
  }

  private static let leftOut = Tensor.zeros([0])

  /// The tensor, with its place in the graph, so that derivatives of derivatives flow through it.
  /// - Throws: PyTorch's error where an in-place operation has modified it.
  public var value: Tensor {
    get throws {
      if slot == nil, tensor.storage.version != version { throw modified }
      let tensor = try slot?.value ?? self.tensor
      guard let owner else { return tensor }
      let result = tensor.alias()
      if Modes.current.contains(.createGraph) {
        result.recordedGradFn = owner
        result.outputNumber = outputNumber
        result.flags.insert(.requiresGrad)
      }
      return result
    }
  }

  private var modified: TorchError {
    // The message speaks of the operation, not of its derivative: `Add`, not `AddBackward0`.
    let makerName = (owner?.name ?? tensor.recordedGradFn?.name ?? maker).map { name in
      name.lastIndex(of: "B").flatMap { name[$0...].hasPrefix("Backward") ? String(name[..<$0]) : nil } ?? name
    }
    let origin = makerName.map { ", which is output \(owner == nil ? tensor.outputNumber : outputNumber) of \($0)," } ?? ""
    return TorchError(
      .autograd,
      "one of the variables needed for gradient computation has been modified by an inplace operation: [torch.\(tensor.dtype.scalarTypeName)Tensor \(tensor.shape.listDescription)]\(origin) is at version \(tensor.storage.version); expected version \(version) instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False).")
  }
}
