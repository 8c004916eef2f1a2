// Checks analytical gradients against finite differences.
// Reference: https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html

extension torch.autograd {
  /// Compares the gradients of `function` at `inputs` with central differences, element by element.
  ///
  /// Inputs that require gradients should be `float64` (or `complex128`, whose real and imaginary parts are varied in
  /// turn). The gradient of every output element with respect to every input element is checked.
  ///
  /// ```swift
  /// let x = torch.randn(3, dtype: .float64, requiresGrad: true)
  /// try torch.autograd.gradcheck({ [$0[0].sin()] }, [x])
  /// ```
  /// - Throws: `TorchError` of kind `.autograd` that names the input, the output and both values where they differ.
  public static func gradcheck(
    _ function: ([Tensor]) throws -> [Tensor], _ inputs: [Tensor], eps: Double = 1e-6, atol: Double = 1e-5,
    rtol: Double = 1e-3
  ) throws {
    let outputs = try function(inputs).filter { $0.dtype.isDifferentiable }
    for output in outputs { try output.checkValid() }
    for (i, input) in inputs.enumerated() where input.requiresGrad && input.numel > 0 {
      guard input.dtype == .float64 || input.dtype == .complex128 else {
        throw TorchError(
          .dtype, "gradcheck: input \(i) is \(input.dtype); finite differences need float64 or complex128")
      }
      let numerical = try finiteDifferences(function, inputs, i, eps)
      for (o, output) in outputs.enumerated() {
        try compare(try jacobian(output, input), numerical[o], input: i, output: o, atol, rtol)
      }
    }
  }

  /// `gradcheck` of the gradients themselves, with random gradients of the outputs.
  /// Source: https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html
  public static func gradgradcheck(
    _ function: @escaping ([Tensor]) throws -> [Tensor], _ inputs: [Tensor], eps: Double = 1e-6, atol: Double = 1e-5,
    rtol: Double = 1e-3
  ) throws {
    let outputs = try function(inputs).filter { $0.dtype.isDifferentiable && $0.requiresGrad }
    let generator = Generator(seed: 12345)
    let cotangents = outputs.map {
      torch.randn($0.shape, dtype: $0.dtype, generator: generator).requiresGrad_()
    }
    let count = inputs.count
    try gradcheck(
      { all in
        let (inputs, cotangents) = (Array(all[..<count]), Array(all[count...]))
        let outputs = try function(inputs).filter { $0.dtype.isDifferentiable && $0.requiresGrad }
        let wanted = inputs.filter(\.requiresGrad)
        let found = try torch.autograd.grad(
          outputs, wanted, gradOutputs: cotangents, createGraph: true, allowUnused: true)
        // A gradient that is nil or constant has nothing to differentiate.
        return zip(found, wanted).map { $0 ?? Tensor.zeros(like: $1) }
      }, inputs + cotangents, eps: eps, atol: atol, rtol: rtol)
  }

  /// Rows of the real Jacobian by backward: one for each real degree of freedom of the output.
  private static func jacobian(_ output: Tensor, _ input: Tensor) throws -> [[Double]] {
    let directions: [Scalar] = output.dtype.isComplex ? [.double(1), .complex(.init(0, 1))] : [.double(1)]
    var rows: [[Double]] = []
    for element in 0..<output.numel {
      for direction in directions {
        guard output.requiresGrad else {
          rows.append(Array(repeating: 0, count: input.numel * (input.dtype.isComplex ? 2 : 1)))
          continue
        }
        let cotangent = Tensor.zeros(output.shape, dtype: output.dtype)
        cotangent.reshape([-1]).select(0, element).copy_(Tensor(wrapping: direction))
        let gradient = try grad([output], [input], gradOutputs: [cotangent], retainGraph: true, allowUnused: true)[0]
        rows.append(try realValues(gradient ?? Tensor.zeros(like: input)))
      }
    }
    return rows
  }

  /// The same Jacobians, one for each output, by differences: (output, row, column).
  private static func finiteDifferences(
    _ function: ([Tensor]) throws -> [Tensor], _ inputs: [Tensor], _ index: Int, _ eps: Double
  ) throws -> [[[Double]]] {
    let input = inputs[index]
    func outputs(_ element: Int, _ step: Scalar) throws -> [[Double]] {
      try torch.noGrad {
        let moved = input.detach().contiguous().clone()
        let place = moved.reshape([-1]).select(0, element)
        place.copy_(place + Tensor(wrapping: step))
        var changed = inputs.map { $0.detach() }
        changed[index] = moved
        // The function may need to see leaves that require gradients (a gradient of gradients does).
        let leaves = zip(changed, inputs).map { $0.clone().requiresGrad_($1.requiresGrad) }
        return try torch.enableGrad { try function(leaves) }.filter { $0.dtype.isDifferentiable }
          .map { try realValues($0.detach()) }
      }
    }
    let steps: [(Scalar, Scalar)] =
      input.dtype.isComplex
      ? [(.double(eps), .double(-eps)), (.complex(.init(0, eps)), .complex(.init(0, -eps)))]
      : [(.double(eps), .double(-eps))]
    var columns: [[[Double]]] = []  // (column, output, row)
    for element in 0..<input.numel {
      for (up, down) in steps {
        let (high, low) = (try outputs(element, up), try outputs(element, down))
        columns.append(zip(high, low).map { zip($0, $1).map { ($0 - $1) / (2 * eps) } })
      }
    }
    let first = columns[0]
    return first.indices.map { o in first[o].indices.map { row in columns.map { $0[o][row] } } }
  }

  /// The elements, of complex ones the real and imaginary parts in turn.
  private static func realValues(_ x: Tensor) throws -> [Double] {
    try x.scalars().flatMap { value -> [Double] in
      if case .complex(let z) = value { return [z.real, z.imaginary] }
      return [value.doubleValue]
    }
  }

  private static func compare(
    _ analytical: [[Double]], _ numerical: [[Double]], input: Int, output: Int, _ atol: Double, _ rtol: Double
  ) throws {
    for (row, (a, n)) in zip(analytical, numerical).enumerated() {
      for (column, (x, y)) in zip(a, n).enumerated() where !(abs(x - y) <= atol + rtol * abs(y)) {
        throw TorchError(
          .autograd,
          "Jacobian mismatch for output \(output) with respect to input \(input), element \(row) by element \(column): numerical \(y), analytical \(x)")
      }
    }
  }
}
