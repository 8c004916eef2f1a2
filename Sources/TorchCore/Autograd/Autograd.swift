// The user's face of autograd: backward, grad, and the modes.

extension torch {
  /// Functions of `torch.autograd`.
  public enum autograd {}
}

extension Tensor {
  /// Computes the gradients of this tensor with respect to the leaves it depends on, and adds them to their `grad`.
  ///
  /// - Parameters:
  ///   - gradient: the gradient of some loss with respect to this tensor; may be left out for one element.
  ///   - retainGraph: keep saved values so that backward can run again. Default: `createGraph`.
  ///   - createGraph: record the backward itself, for derivatives of higher order.
  ///
  /// Bad input is reported as tensor expressions report it (see `withErrors`).
  ///
  /// ```swift
  /// let x = Tensor([2.0], requiresGrad: true)
  /// (x * x).backward()
  /// print(x.grad!)   // tensor([4.])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html
  public func backward(_ gradient: Tensor? = nil, retainGraph: Bool? = nil, createGraph: Bool = false) {
    torch.autograd.backward([self], [gradient], retainGraph: retainGraph, createGraph: createGraph)
  }
}

extension torch.autograd {
  /// Sums the gradients of `tensors` into the `grad` of the leaves they depend on.
  /// Source: https://pytorch.org/docs/stable/generated/torch.autograd.backward.html
  public static func backward(
    _ tensors: [Tensor], _ gradients: [Tensor?]? = nil, retainGraph: Bool? = nil, createGraph: Bool = false
  ) {
    do {
      let roots = try roots(tensors, gradients)
      let options = Engine.Options(keepGraph: retainGraph ?? createGraph, createGraph: createGraph)
      _ = try Engine.run(roots: roots, captures: nil, options: options)
    } catch {
      report(error)
    }
  }

  /// The gradients of the sum of `outputs` with respect to `inputs`; no `grad` is touched.
  ///
  /// - Parameter allowUnused: give nil for an input that the outputs do not depend on, instead of an error.
  /// - Throws: `TorchError` with PyTorch's wording.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.autograd.grad.html
  public static func grad(
    _ outputs: [Tensor], _ inputs: [Tensor], gradOutputs: [Tensor?]? = nil, retainGraph: Bool? = nil,
    createGraph: Bool = false, allowUnused: Bool = false
  ) throws -> [Tensor?] {
    for input in inputs {
      try input.checkValid()
      guard input.requiresGrad else {
        throw TorchError(.autograd, "One of the differentiated Tensors does not require grad")
      }
    }
    let gradients = try batchedGrad(outputs, inputs, gradOutputs, retainGraph, createGraph)
      ?? Engine.run(
        roots: try roots(outputs, gradOutputs), captures: inputs,
        options: Engine.Options(keepGraph: retainGraph ?? createGraph, createGraph: createGraph))
    if !allowUnused, let unused = gradients.firstIndex(where: { $0 == nil }) {
      throw TorchError(
        .autograd,
        "The differentiated Tensor at index \(unused) appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.")
    }
    return gradients
  }

  /// Inside of vmap every sample has gradients of its own: those of the batches.
  private static func batchedGrad(
    _ outputs: [Tensor], _ inputs: [Tensor], _ gradOutputs: [Tensor?]?, _ retainGraph: Bool?, _ createGraph: Bool
  ) throws -> [Tensor?]? {
    guard Modes.current.contains(.batched), let level = Batching.level else { return nil }
    return try Batching.gradients(outputs, inputs, gradOutputs, level) {
      try grad($0, $1, gradOutputs: $2, retainGraph: retainGraph, createGraph: createGraph, allowUnused: true)
    }
  }

  /// The gradient of one output with respect to one input.
  public static func grad(_ output: Tensor, _ input: Tensor, gradOutput: Tensor? = nil, createGraph: Bool = false) throws
    -> Tensor
  {
    try grad([output], [input], gradOutputs: [gradOutput], createGraph: createGraph)[0]!
  }

  /// Runs `body` with a check of every gradient for NaN; the error names the forward call behind it.
  /// Source: https://pytorch.org/docs/stable/autograd.html#anomaly-detection
  public static func detectAnomaly<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    try Modes.with({ $0.insert(.anomaly) }, body)
  }

  private static func roots(_ tensors: [Tensor], _ gradients: [Tensor?]?) throws -> [(tensor: Tensor, gradient: Tensor)] {
    guard gradients == nil || gradients!.count == tensors.count else {
      throw TorchError(.autograd, "got \(tensors.count) tensors and \(gradients!.count) gradients")
    }
    return try tensors.enumerated().map { i, tensor in
      try tensor.checkValid()
      guard tensor.requiresGrad else {
        throw TorchError(.autograd, "element \(i) of tensors does not require grad and does not have a grad_fn")
      }
      guard let gradient = gradients?[i] else {
        guard tensor.numel == 1 else {
          throw TorchError(.autograd, "grad can be implicitly created only for scalar outputs")
        }
        guard !tensor.dtype.isComplex else {
          throw TorchError(
            .autograd, "grad can be implicitly created only for real scalar outputs but got torch.\(tensor.dtype.name)")
        }
        return (tensor, Tensor.ones(tensor.shape, dtype: tensor.dtype))
      }
      try gradient.checkValid()
      guard gradient.shape == tensor.shape else {
        throw TorchError(
          .shape,
          "Mismatch in shape: grad_output[\(i)] has a shape of \(gradient.shape) and output[\(i)] has a shape of \(tensor.shape).")
      }
      return (tensor, gradient)
    }
  }

  static func report(_ error: any Error) {
    ErrorScope.report(error as? TorchError ?? TorchError(.state, "\(error)"))
  }
}
