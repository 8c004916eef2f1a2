// `JIT.trace` of functions of tensors.
// Reference: https://pytorch.org/docs/stable/generated/torch.jit.trace.html

extension JIT {
  /// Records a function of tensors.
  ///
  /// ```swift
  /// let f = try JIT.trace({ (x: Tensor, y: Tensor) in x * y + 1 }, a, b)
  /// print(f.graph!)
  /// ```
  /// Tensors that the function holds are constants of the trace; one that requires a gradient is refused.
  public static func trace<each Input, Output>(
    _ function: @escaping (repeat each Input) throws -> Output, _ example: repeat each Input, name: String = "function",
    inputNames: [String] = [], dynamicSizes: DynamicSizes = .all, checkTrace: Bool = true,
    checkInputs: [(repeat each Input)] = [], checkTolerance: Double = 1e-5, strict: Bool = true
  ) throws -> Function {
    let tracer = try tracer(
      nil, repeat each example, inputNames: inputNames, dynamicSizes: dynamicSizes, function)
    let traced = try tracer.trace(strict: strict).function(named: name)
    if checkTrace {
      let check = TraceCheck(tree: nil, function: traced, tolerance: checkTolerance)
      try check.run(tracer.arguments) { try tracer.program(tracer.inputs) }
      for input in checkInputs {
        var arguments: [TraceTree] = []
        repeat arguments.append(TraceTree(each input))
        try check.run(arguments) { try function(repeat each input) }
      }
    }
    return traced
  }
}
