// `JIT.trace` of modules and functions.
// Reference: https://pytorch.org/docs/stable/generated/torch.jit.trace.html

extension JIT {
  /// Records what `module` does with an example, as a module of TorchScript with the same parameters.
  ///
  /// ```swift
  /// let traced = try JIT.trace(model.eval(), torch.randn(1, 3, 224, 224))
  /// try traced.save(to: "model.pt")
  /// ```
  /// A module of several inputs takes several: `JIT.trace(model, image, mask)`. Inputs and outputs are tensors, and tuples,
  /// arrays and dictionaries of such. Control flow that depends on values is recorded as the example takes it; where a value
  /// was read for that, a `TracerWarning` says so.
  /// - Parameters:
  ///   - inputNames: What the arguments of `forward` are called; `input`, `input_1`, … without.
  ///   - dynamicSizes: Which sizes of the inputs stay open. For each the program is run again on larger inputs; take `.batch`
  ///     or `.none` for a program that stops at sizes it does not expect, or that takes long.
  ///   - checkTrace: Run the module again and compare the trace with it; a difference is a `TracerWarning`.
  ///   - checkInputs: More inputs to compare on.
  ///   - checkTolerance: The relative tolerance of the comparison.
  ///   - strict: Refuse dictionaries as outputs, and warn of arrays: a trace cannot follow what they hold.
  /// - Throws: `TorchError` where the module fails on the example or does something that cannot be recorded.
  /// Source: https://pytorch.org/docs/stable/generated/torch.jit.trace.html
  public static func trace<Module: nn.Layer, each Input>(
    _ module: Module, _ example: repeat each Input, inputNames: [String] = [], dynamicSizes: DynamicSizes = .all,
    checkTrace: Bool = true, checkInputs: [(repeat each Input)] = [], checkTolerance: Double = 1e-5, strict: Bool = true
  ) throws -> ScriptModule where Module.Input == (repeat each Input) {
    try trace(
      module, repeat each example, inputNames: inputNames, dynamicSizes: dynamicSizes, checkTrace: checkTrace,
      checkInputs: checkInputs, checkTolerance: checkTolerance, strict: strict
    ) { (module: Module, input: repeat each Input) in module((repeat each input)) }
  }

  /// The same for a module of any signature: `call` calls it.
  ///
  /// ```swift
  /// let traced = try JIT.trace(attention, x) { attention, x in attention(x, x, x, needWeights: false).output }
  /// ```
  public static func trace<Module: nn.Module, each Input, Output>(
    _ module: Module, _ example: repeat each Input, inputNames: [String] = [], dynamicSizes: DynamicSizes = .all,
    checkTrace: Bool = true, checkInputs: [(repeat each Input)] = [], checkTolerance: Double = 1e-5, strict: Bool = true,
    _ call: @escaping (Module, repeat each Input) throws -> Output
  ) throws -> ScriptModule {
    let tree = ModuleTree(module)
    let tracer = try tracer(
      tree, repeat each example, inputNames: inputNames, dynamicSizes: dynamicSizes
    ) { (input: repeat each Input) in try call(module, repeat each input) }
    let method = try tracer.trace(strict: strict).function(named: "forward")
    let traced = ScriptModule(tree.object)
    if checkTrace {
      let check = TraceCheck(tree: tree, function: method, tolerance: checkTolerance)
      try check.run(tracer.arguments) { try tracer.program(tracer.inputs) }
      for input in checkInputs {
        var arguments: [TraceTree] = []
        repeat arguments.append(TraceTree(each input))
        try check.run(arguments) { try call(module, repeat each input) }
      }
    }
    return traced
  }
}
