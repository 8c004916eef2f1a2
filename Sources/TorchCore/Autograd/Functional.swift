// Products with Jacobians and whole Jacobians of functions of tensors.
// Reference: https://pytorch.org/docs/stable/autograd.html#functional-higher-level-api

extension torch.autograd {
  /// The value of `function` at `inputs`, and `v` times its Jacobian: one gradient an input.
  ///
  /// ```swift
  /// let (y, g) = try torch.autograd.vjp({ $0[0] * $0[0] }, [Tensor([1.0, 2.0])], Tensor([1.0, 1.0]))
  /// print(g[0])   // tensor([2., 4.])
  /// ```
  public static func vjp(
    _ function: ([Tensor]) throws -> Tensor, _ inputs: [Tensor], _ v: Tensor? = nil, createGraph: Bool = false
  ) throws -> (output: Tensor, gradients: [Tensor]) {
    let leaves = fresh(inputs, createGraph)
    let output = try torch.enableGrad { try function(leaves) }
    try output.checkValid()
    guard output.requiresGrad else { return (output, leaves.map { Tensor.zeros(like: $0) }) }
    let found = try grad([output], leaves, gradOutputs: [v], createGraph: createGraph, allowUnused: true)
    return (createGraph ? output : output.detach(), zip(found, leaves).map { $0 ?? Tensor.zeros(like: $1) })
  }

  /// The value of `function` at `inputs`, and its Jacobian times `v`, by differentiating the `vjp` in its own `v`.
  public static func jvp(
    _ function: ([Tensor]) throws -> Tensor, _ inputs: [Tensor], _ v: [Tensor], createGraph: Bool = false
  ) throws -> (output: Tensor, tangent: Tensor) {
    guard inputs.count == v.count else {
      throw TorchError(.value, "v is a list of invalid length: should be \(inputs.count) but got \(v.count).")
    }
    let leaves = fresh(inputs, createGraph)
    let output = try torch.enableGrad { try function(leaves) }
    try output.checkValid()
    guard output.requiresGrad else { return (output, Tensor.zeros(like: output)) }
    // The gradient is linear in the cotangent u; its derivative by u, times v, is the Jacobian times v.
    let u = Tensor.zeros(like: output, requiresGrad: true)
    let gradients = try grad([output], leaves, gradOutputs: [u], createGraph: true, allowUnused: true)
    let used = zip(gradients, v).compactMap { gradient, v in gradient.flatMap { $0.requiresGrad ? ($0, v) : nil } }
    guard !used.isEmpty else { return (output.detach(), Tensor.zeros(like: output)) }
    let tangent = try grad(
      used.map(\.0), [u], gradOutputs: used.map(\.1), createGraph: createGraph, allowUnused: true)[0]
    return (createGraph ? output : output.detach(), tangent ?? Tensor.zeros(like: output))
  }

  /// The Jacobians of `function`, one an input: sizes of the output, then those of the input.
  public static func jacobian(
    _ function: ([Tensor]) throws -> Tensor, _ inputs: [Tensor], createGraph: Bool = false
  ) throws -> [Tensor] {
    let leaves = fresh(inputs, createGraph)
    let output = try torch.enableGrad { try function(leaves) }
    try output.checkValid()
    var rows: [[Tensor]] = leaves.map { _ in [] }
    for element in 0..<output.numel {
      let cotangent = Tensor.zeros(like: output)
      torch.noGrad { _ = cotangent.view([-1]).select(0, element).copy_(Tensor(wrapping: 1)) }
      let found =
        output.requiresGrad
        ? try grad(
          [output], leaves, gradOutputs: [cotangent], retainGraph: true, createGraph: createGraph, allowUnused: true)
        : leaves.map { _ in nil }
      for (i, leaf) in leaves.enumerated() { rows[i].append(found[i] ?? Tensor.zeros(like: leaf)) }
    }
    return zip(rows, leaves).map { rows, leaf in
      let sizes = Array(output.shape) + Array(leaf.shape)
      return rows.isEmpty ? Tensor.zeros(Shape(sizes), dtype: output.dtype) : torch.stack(rows).reshape(sizes)
    }
  }

  /// The second derivatives of a function with one value: entry [i][j] belongs to inputs i and j.
  public static func hessian(
    _ function: @escaping ([Tensor]) throws -> Tensor, _ inputs: [Tensor], createGraph: Bool = false
  ) throws -> [[Tensor]] {
    try inputs.indices.map { i in
      try jacobian(
        { all in
          let output = try function(all)
          guard output.numel == 1 else {
            throw TorchError(
              .shape, "The Tensor returned by the function given to hessian should contain a single element")
          }
          let found = try grad(
            [output], [all[i]], gradOutputs: [Tensor.ones(like: output)], createGraph: true, allowUnused: true)[0]
          return found ?? Tensor.zeros(like: all[i])
        }, inputs, createGraph: createGraph)
    }
  }

  /// Leaves with the values of `inputs`; with a graph to be made, the inputs' own place in it.
  private static func fresh(_ inputs: [Tensor], _ createGraph: Bool) -> [Tensor] {
    inputs.map { createGraph && $0.requiresGrad ? $0.view(as: $0) : $0.detach().requiresGrad_() }
  }
}
