// `JIT.freeze` and `JIT.optimizeForInference`: the public faces of Passes/.
// Reference: https://pytorch.org/docs/stable/generated/torch.jit.freeze.html and optimize_for_inference.html

extension JIT {
  /// The module with its calls inlined and its parameters, buffers and attributes as constants of its methods.
  ///
  /// What a method writes to stays an attribute. The given module is left as it is, and later changes to its parameters do
  /// not reach the frozen one.
  ///
  /// ```swift
  /// let frozen = try JIT.freeze(JIT.script(model.eval()))
  /// ```
  /// - Parameter preserving: Names of methods and attributes to keep beside `forward`.
  /// - Throws: `TorchError` of kind `.state` for a module in training mode, `.value` for a name that is not there.
  /// Source: https://pytorch.org/docs/stable/generated/torch.jit.freeze.html
  public static func freeze(_ module: ScriptModule, preserving names: [String] = []) throws -> ScriptModule {
    ScriptModule(try freeze(module.object, preserving: names))
  }

  /// The module made faster for evaluation: frozen, without dropout, batch normalization folded into the layers before it,
  /// constants folded, what is computed twice computed once.
  ///
  /// Results are those of the module in evaluation mode up to rounding: folding a normalization changes the weights.
  /// - Throws: `TorchError` of kind `.state` for a module in training mode.
  /// Source: https://pytorch.org/docs/stable/generated/torch.jit.optimize_for_inference.html
  public static func optimizeForInference(
    _ module: ScriptModule, preserving names: [String] = []
  ) throws -> ScriptModule {
    let object = try freeze(module.object, preserving: names)
    for name in object.type.methodNames {
      guard let graph = object.type.method(name)?.graph else { continue }
      graph.foldBatchNorm()
      graph.optimize()
    }
    return ScriptModule(object)
  }
}
