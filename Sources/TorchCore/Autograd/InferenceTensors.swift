// Note [Inference tensors]
//
// What is made in inference mode, or as a view of such a tensor, is an inference tensor: its writes need not be counted,
// because no graph may keep it. So a recorded operator that would save one is refused, and so is writing to one outside
// inference mode. A view of a normal tensor is normal, whatever the mode. `clone()` outside makes a normal tensor.
// Reference: https://pytorch.org/docs/stable/notes/autograd.html#inference-mode

extension Tensor {
  /// Whether it was made in inference mode.
  public var isInference: Bool { flags.contains(.inference) }
}

extension Node {
  /// Throws where the rule has kept an inference tensor.
  @inline(__always)
  func refuseInferenceTensors() throws {
    guard keepsInferenceTensor else { return }
    throw TorchError(
      .autograd,
      "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`.")
  }
}

extension TorchError {
  static let inferenceWrite = TorchError(
    .autograd,
    "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details.")
}
