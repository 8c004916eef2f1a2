// Functions of functions: gradients, products with Jacobians, Jacobians, Hessians. They compose, with each other and
// with `vmap`.
//
// Each makes leaves of its arguments and differentiates what the function makes of them. A graph of the derivative is made
// where something outside of the transform can ask for it: an argument that requires a gradient already (an outer transform's
// leaf), or a tensor that the function has captured.
// Reference: https://pytorch.org/docs/stable/func.api.html
// Departure from PyTorch: Jacobian-vector products differentiate the vector-Jacobian product once more; there is no
// forward mode.

extension torch {
  /// Transforms of functions: `torch.func.grad`, `torch.func.vmap`, ….
  public enum `func` {}
}

extension torch.`func` {
  /// The derivative of a function with one value, as a function.
  ///
  /// ```swift
  /// let cosine = torch.func.grad { $0.sin() }
  /// print(cosine(Tensor.full([], 0.0)))              // tensor(1.)
  /// print(torch.func.grad(cosine)(Tensor.full([], 0.0)))   // tensor(-0.)
  /// ```
  /// A value that is not one number is an error.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.func.grad.html
  public static func grad(_ function: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
    { x in Tensor.made(false) { try derivative({ function($0[0]) }, [x], [0]).gradients[0] } }
  }

  /// The derivatives of a function of several tensors by those numbered in `argnums`.
  public static func grad(_ function: @escaping ([Tensor]) -> Tensor, argnums: [Int]) -> ([Tensor]) -> [Tensor] {
    { inputs in lists(argnums.count) { try derivative(function, inputs, argnums).gradients } }
  }

  /// The derivative of a function of two tensors by one of them.
  public static func grad(
    _ function: @escaping (Tensor, Tensor) -> Tensor, argnum: Int = 0
  ) -> (Tensor, Tensor) -> Tensor {
    { a, b in Tensor.made(false) { try derivative({ function($0[0], $0[1]) }, [a, b], [argnum]).gradients[0] } }
  }

  /// The derivative and the value of a function.
  /// Source: https://pytorch.org/docs/stable/generated/torch.func.grad_and_value.html
  public static func gradAndValue(
    _ function: @escaping (Tensor) -> Tensor
  ) -> (Tensor) -> (gradient: Tensor, value: Tensor) {
    { x in
      let both = lists(2) {
        let found = try derivative({ function($0[0]) }, [x], [0])
        return [found.gradients[0], found.value]
      }
      return (both[0], both[1])
    }
  }

  /// The derivatives of a function of several tensors by those numbered in `argnums`, and its value.
  public static func gradAndValue(
    _ function: @escaping ([Tensor]) -> Tensor, argnums: [Int]
  ) -> ([Tensor]) -> (gradients: [Tensor], value: Tensor) {
    { inputs in
      let all = lists(argnums.count + 1) {
        let found = try derivative(function, inputs, argnums)
        return found.gradients + [found.value]
      }
      return (Array(all.dropLast()), all[all.count - 1])
    }
  }

  /// The value of a function, and the function that multiplies a cotangent by its Jacobian.
  ///
  /// ```swift
  /// let (y, pull) = torch.func.vjp({ $0.sin() }, x)
  /// let g = pull(torch.ones(3))
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.func.vjp.html
  public static func vjp(
    _ function: (Tensor) -> Tensor, _ x: Tensor
  ) -> (output: Tensor, pull: (Tensor) -> Tensor) {
    let (output, pull) = vjp({ function($0[0]) }, [x])
    return (output, { pull($0)[0] })
  }

  /// The same for a function of several tensors.
  public static func vjp(
    _ function: ([Tensor]) -> Tensor, _ inputs: [Tensor]
  ) -> (output: Tensor, pull: (Tensor) -> [Tensor]) {
    let leaves = inputs.map(fresh)
    let output = torch.enableGrad { function(leaves) }
    if let failure = output.failure { return (.invalid(failure), { _ in inputs.map { _ in .invalid(failure) } }) }
    let isOpen = reachesOthers([output], leaves)
    return (isOpen ? output : output.detach(), { cotangent in
      lists(leaves.count) { try pulled(output, leaves, cotangent, isOpen) }
    })
  }

  /// The value of a function, and its Jacobian times `tangent`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.func.jvp.html
  public static func jvp(
    _ function: (Tensor) -> Tensor, _ x: Tensor, _ tangent: Tensor
  ) -> (output: Tensor, tangent: Tensor) { jvp({ function($0[0]) }, [x], [tangent]) }

  /// The same for a function of several tensors.
  public static func jvp(
    _ function: ([Tensor]) -> Tensor, _ inputs: [Tensor], _ tangents: [Tensor]
  ) -> (output: Tensor, tangent: Tensor) {
    let both = lists(2) {
      guard inputs.count == tangents.count else {
        throw TorchError(
          .value,
          "jvp(f, primals, tangents): Expected primals and tangents to have the same python structure. For example, if primals is a tuple of 3 tensors, tangents also must be. Got primals with structure of \(inputs.count) tensors and tangents of \(tangents.count)")
      }
      let linear = try Linearized(function, inputs)
      let isOpen = linear.isOpen || tangents.contains(where: \.requiresGrad)
      return [linear.value, try linear.push(tangents, createGraph: isOpen)]
    }
    return (both[0], both[1])
  }

  /// The Jacobian of a function, a row a value: sizes of the output, then those of the input.
  ///
  /// ```swift
  /// print(torch.func.jacrev { $0 * $0 }(Tensor([1.0, 2.0])))   // tensor([[2., 0.], [0., 4.]])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.func.jacrev.html
  public static func jacrev(_ function: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
    { x in jacrev({ function($0[0]) }, argnum: 0)([x]) }
  }

  /// The Jacobian by one of several tensors.
  public static func jacrev(_ function: @escaping ([Tensor]) -> Tensor, argnum: Int) -> ([Tensor]) -> Tensor {
    { inputs in
      Tensor.made(false) {
        var leaves = inputs
        leaves[argnum] = fresh(inputs[argnum])
        let output = torch.enableGrad { function(leaves) }
        try output.checkValid()
        let isOpen = reachesOthers([output], [leaves[argnum]])
        let n = output.numel
        let basis = Tensor.eye(n, dtype: output.dtype)
        let rows = try (0..<n).map { i in
          try pulled(output, [leaves[argnum]], basis.select(0, i).reshape(Array(output.shape)), isOpen)[0]
        }
        let sizes = Array(output.shape) + Array(inputs[argnum].shape)
        return rows.isEmpty ? Tensor.zeros(Shape(sizes), dtype: output.dtype) : torch.stack(rows).reshape(sizes)
      }
    }
  }

  /// The Jacobian of a function, a column an element of the input: for functions of few numbers.
  /// Source: https://pytorch.org/docs/stable/generated/torch.func.jacfwd.html
  public static func jacfwd(_ function: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
    { x in jacfwd({ function($0[0]) }, argnum: 0)([x]) }
  }

  /// The same by one of several tensors.
  public static func jacfwd(_ function: @escaping ([Tensor]) -> Tensor, argnum: Int) -> ([Tensor]) -> Tensor {
    { inputs in
      Tensor.made(false) {
        let x = inputs[argnum]
        let linear = try Linearized({ point in
          var all = inputs
          all[argnum] = point[0]
          return function(all)
        }, [x])
        let n = x.numel
        let basis = Tensor.eye(n, dtype: x.dtype)
        let columns = try (0..<n).map { i in
          try linear.push([basis.select(0, i).reshape(Array(x.shape))], createGraph: linear.isOpen)
        }
        let sizes = Array(linear.value.shape) + Array(x.shape)
        return columns.isEmpty
          ? Tensor.zeros(Shape(sizes), dtype: linear.value.dtype) : torch.stack(columns, dim: -1).reshape(sizes)
      }
    }
  }

  /// The second derivatives of a function: those of the output's sizes, then twice the input's.
  /// Source: https://pytorch.org/docs/stable/generated/torch.func.hessian.html
  public static func hessian(_ function: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor { jacfwd(jacrev(function)) }

  // MARK: What they share

  /// A leaf with the values of `x`; where a gradient goes on to `x`, a place in its graph.
  private static func fresh(_ x: Tensor) -> Tensor {
    x.requiresGrad && torch.isGradEnabled ? torch.enableGrad { Batching.continued(x) } : torch.noGrad { Batching.leaf(x) }
  }

  private static func derivative(
    _ function: ([Tensor]) throws -> Tensor, _ inputs: [Tensor], _ argnums: [Int]
  ) throws -> (gradients: [Tensor], value: Tensor) {
    for i in argnums where !inputs.indices.contains(i) {
      throw TorchError(.index, "Got argnum=\(i), but only \(inputs.count) positional inputs")
    }
    for x in inputs { try x.checkValid() }
    var all = inputs
    for i in argnums { all[i] = fresh(inputs[i]) }
    let output = try torch.enableGrad { try function(all) }
    try output.checkValid()
    guard output.ndim == 0 else {
      throw TorchError(
        .shape,
        "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with \(output.ndim) dims. Maybe you wanted to use the vjp or jacrev APIs instead?")
    }
    let leaves = argnums.map { all[$0] }
    let isOpen = reachesOthers([output], leaves)
    let gradients = try pulled(output, leaves, nil, isOpen, retain: false)
    return (gradients, isOpen ? output : output.detach())
  }

  /// The gradients of `output` by `leaves`; zeros where it does not depend on one.
  private static func pulled(
    _ output: Tensor, _ leaves: [Tensor], _ cotangent: Tensor?, _ isOpen: Bool, retain: Bool = true
  ) throws -> [Tensor] {
    guard output.requiresGrad else { return leaves.map { Tensor.zeros($0.shape, dtype: $0.dtype) } }
    let createGraph = isOpen || cotangent?.requiresGrad == true
    let found = try torch.autograd.grad(
      [output], leaves, gradOutputs: [cotangent], retainGraph: retain || createGraph, createGraph: createGraph,
      allowUnused: true)
    return zip(found, leaves).map { $0 ?? Tensor.zeros($1.shape, dtype: $1.dtype) }
  }

  /// Whether the graph of `outputs` leads to anything but `leaves`.
  private static func reachesOthers(_ outputs: [Tensor], _ leaves: [Tensor]) -> Bool {
    let own = Set(leaves.map { ObjectIdentifier(Batching.innermost($0)) })
    var seen: Set<ObjectIdentifier> = []
    var queue = outputs.compactMap { Batching.innermost($0).gradFn }
    while let node = queue.popLast() {
      guard seen.insert(ObjectIdentifier(node)).inserted else { continue }
      for edge in node.edges {
        if let leaf = edge.leaf, !own.contains(ObjectIdentifier(leaf)) { return true }
        if let next = edge.node { queue.append(next) }
      }
    }
    return false
  }

  /// A list of results, all invalid where one could not be computed.
  private static func lists(_ count: Int, _ body: () throws -> [Tensor]) -> [Tensor] {
    do { return try body() } catch {
      let error = error as? TorchError ?? TorchError(.state, "\(error)")
      return (0..<count).map { _ in .invalid(error) }
    }
  }

  /// A function at a point, ready to be multiplied by tangents. The gradient is linear in its cotangent u; its derivative
  /// by u, times a tangent, is the Jacobian times the tangent.
  private struct Linearized {
    private let output: Tensor
    private let cotangent: Tensor
    private let gradients: [Tensor?]
    let isOpen: Bool

    init(_ function: ([Tensor]) throws -> Tensor, _ inputs: [Tensor]) throws {
      let leaves = inputs.map(fresh)
      output = try torch.enableGrad { try function(leaves) }
      try output.checkValid()
      isOpen = reachesOthers([output], leaves)
      // The pullback is linear, so its derivative is the same everywhere; ones are where the rules that take logarithms or
      // signs of a gradient have one.
      let ones = Tensor.ones(output.shape, dtype: output.dtype)
      cotangent = torch.noGrad { Batching.leaf(ones) }
      gradients =
        output.requiresGrad
        ? try torch.autograd.grad(
          [output], leaves, gradOutputs: [cotangent], createGraph: true, allowUnused: true)
        : leaves.map { _ in nil }
    }

    var value: Tensor { isOpen ? output : output.detach() }

    func push(_ tangents: [Tensor], createGraph: Bool) throws -> Tensor {
      let used = zip(gradients, tangents).compactMap { gradient, tangent in
        gradient.flatMap { $0.requiresGrad ? ($0, tangent) : nil }
      }
      let zero = Tensor.zeros(output.shape, dtype: output.dtype)
      guard !used.isEmpty else { return zero }
      let found = try torch.autograd.grad(
        used.map(\.0), [cotangent], gradOutputs: used.map(\.1), retainGraph: true, createGraph: createGraph,
        allowUnused: true)[0]
      return found ?? zero
    }
  }
}

extension Batching {
  /// The tensor behind a sample that operators are recorded on.
  static func innermost(_ x: Tensor) -> Tensor {
    var x = x
    while let value = x.autograd?.batched { x = value.physical }
    return x
  }
}
