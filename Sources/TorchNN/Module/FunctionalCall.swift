// Calling a module with other tensors in the place of its parameters: what turns a module into a function that
// `torch.func` can transform.
// Reference: https://pytorch.org/docs/stable/generated/torch.func.functional_call.html

extension torch.`func` {
  /// Calls `module` with the tensors in `parameters` (by state-dict key) in the place of its own parameters and buffers.
  ///
  /// The module is as it was afterwards; a buffer that the call has written to was the given one. A tensor that the module
  /// holds under several keys is replaced under all of them.
  ///
  /// ```swift
  /// let parameters = model.stateDict()
  /// let y = torch.func.functionalCall(model, parameters, x)
  /// ```
  /// - Parameter strict: report keys that are missing or that the module does not have as an error.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.func.functional_call.html
  public static func functionalCall<Model: nn.Layer>(
    _ module: Model, _ parameters: StateDict, _ input: Model.Input, strict: Bool = false
  ) -> Model.Output {
    functionalCall(module, parameters, strict: strict) { $0(input) }
  }

  /// The same for a module of any signature: `body` calls it.
  public static func functionalCall<Model: nn.Module, Result>(
    _ module: Model, _ parameters: StateDict, strict: Bool = false, _ body: (Model) throws -> Result
  ) rethrows -> Result {
    var slots: [(key: String, slot: TensorSlot)] = []
    module.visit { path, _, members in
      let prefix = path.isEmpty ? "" : path + "."
      for (key, slot) in members.parameters { slots.append((prefix + key, slot)) }
      for (key, slot) in members.buffers { slots.append((prefix + key, slot)) }
    }
    check(module, Set(slots.filter { $0.slot.tensor != nil }.map(\.key)), parameters, strict)
    // Shared tensors are replaced wherever they are.
    var replacements: [ObjectIdentifier: Tensor] = [:]
    for (key, slot) in slots {
      if let tensor = slot.tensor, let other = parameters[key] { replacements[ObjectIdentifier(tensor)] = other }
    }
    let own = slots.map(\.slot.tensor)
    for (_, slot) in slots {
      if let tensor = slot.tensor, let other = replacements[ObjectIdentifier(tensor)] { slot.tensor = other }
    }
    defer { for ((_, slot), tensor) in zip(slots, own) { slot.tensor = tensor } }
    return try body(module)
  }

  private static func check(_ module: nn.Module, _ own: Set<String>, _ given: StateDict, _ strict: Bool) {
    guard strict else { return }
    func quoted(_ keys: [String]) -> String { keys.map { "'\($0)'" }.joined(separator: ", ") }
    let (unexpected, missing) = (Array(given.keys).filter { !own.contains($0) }, own.filter { given[$0] == nil }.sorted())
    var problems: [String] = []
    if !unexpected.isEmpty { problems.append("Unexpected key(s): \(quoted(unexpected)).") }
    if !missing.isEmpty { problems.append("Missing key(s): \(quoted(missing)).") }
    if !problems.isEmpty {
      ErrorScope.report(
        TorchError(.state, "Error(s) in reparametrizing for \(module.typeName):\n\t" + problems.joined(separator: "\n\t")))
    }
  }

  /// The parameters and the buffers of models of one architecture, each stacked along a new first dimension: what `vmap`
  /// runs an ensemble on.
  ///
  /// ```swift
  /// let (parameters, _) = torch.func.stackModuleState(models)
  /// let outputs = torch.func.vmap({ all in
  ///   [torch.func.functionalCall(models[0], StateDict(uniqueKeysWithValues: zip(parameters.keys, all)), x)]
  /// }, inDims: parameters.map { _ in 0 })(Array(parameters.values))
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.func.stack_module_state.html
  public static func stackModuleState(_ models: [nn.Module]) -> (parameters: StateDict, buffers: StateDict) {
    guard let first = models.first else {
      ErrorScope.report(TorchError(.value, "stack_module_state: Expected at least one model, got 0."))
      return ([:], [:])
    }
    if models.contains(where: { type(of: $0) != type(of: first) }) {
      ErrorScope.report(
        TorchError(.value, "stack_module_state: Expected all models to be of the same class, got different classes"))
    }
    func stacked(_ lists: [[(name: String, tensor: Tensor)]]) -> StateDict {
      var all: StateDict = [:]
      for (i, entry) in lists[0].enumerated() { all[entry.name] = torch.stack(lists.map { $0[i].tensor.detach() }) }
      return all
    }
    let parameters = stacked(models.map { $0.namedParameters() })
    for tensor in parameters.values where tensor.dtype.isDifferentiable { tensor.requiresGrad_() }
    return (parameters, stacked(models.map { $0.namedBuffers() }))
  }
}
