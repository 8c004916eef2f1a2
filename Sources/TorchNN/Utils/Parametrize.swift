// Parameters that are computed from others each time they are read.
//
// The slot of a parametrized tensor is replaced (`TensorSlot.replacement`): reading the property runs the
// parametrizations on the originals, which are parameters of `parametrizations.<name>`.
// Departure from PyTorch: a module keeps its class; it prints as PyTorch prints it.
// Reference: https://pytorch.org/tutorials/intermediate/parametrizations.html

extension nn {
  /// What computes a parameter's value from its originals.
  ///
  /// ```swift
  /// final class Symmetric: nn.Module, nn.Layer, nn.Parametrization {
  ///   func forward(_ x: Tensor) -> Tensor { x.triu() + x.triu(1).mT }
  ///   func originals(for value: Tensor) -> [Tensor]? { [value.triu()] }
  /// }
  /// let layer = nn.Linear(3, 3)
  /// try nn.utils.parametrize.registerParametrization(layer, "weight", Symmetric())
  /// ```
  public protocol Parametrization: Module {
    /// The value; of one original, unless `originals(for:)` gives several.
    func value(of originals: [Tensor]) -> Tensor
    /// PyTorch's `right_inverse`: originals whose value is `value`. nil where there is none, which is the default; the
    /// original is then the tensor as it was.
    func originals(for value: Tensor) throws -> [Tensor]?
  }
}

extension nn.Parametrization {
  public func originals(for value: Tensor) throws -> [Tensor]? { nil }

  /// `originals(for:)` without gradients; nil too where the parametrization says that it has none.
  fileprivate func knownOriginals(for value: Tensor) throws -> [Tensor]? {
    do {
      return try torch.noGrad { try originals(for: value) }
    } catch let error as TorchError where error.kind == .notImplemented {
      return nil
    }
  }
}

extension nn.Parametrization where Self: nn.Layer, Input == Tensor, Output == Tensor {
  public func value(of originals: [Tensor]) -> Tensor { self(originals[0]) }
}

extension nn.utils {
  /// Parametrizations of modules' tensors.
  public enum parametrize {}
}

extension nn.utils.parametrize {
  /// The parametrizations of one tensor, and its originals: `original`, or `original0`, `original1`, … .
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.ParametrizationList.html
  public final class ParametrizationList: nn.Module {
    public fileprivate(set) var parametrizations: [any nn.Parametrization]
    /// Whether the parametrizations may change shape and dtype.
    public fileprivate(set) var unsafe: Bool
    fileprivate var slots: [TensorSlot] = []
    /// Whether there is one original, which stays the object that it was.
    let isTensor: Bool

    fileprivate init(_ parametrization: any nn.Parametrization, _ slot: TensorSlot, unsafe: Bool) throws {
      guard let original = slot.tensor else { throw TorchError(.value, "a tensor that is not there has no parametrization") }
      (parametrizations, self.unsafe) = ([parametrization], unsafe)
      let (shape, dtype) = (original.shape, original.dtype)
      let new = try parametrization.knownOriginals(for: original) ?? [original]
      isTensor = new.count == 1
      super.init()
      for tensor in new { if let failure = tensor.failure { throw failure } }
      guard isTensor else {
        slots = new.enumerated().map { i, tensor in
          ParametrizationList.slot(like: slot, "original\(i)", tensor === original ? tensor.detach().clone() : tensor.detach())
        }
        try checkValue(shape, dtype)
        return
      }
      guard new[0].dtype == dtype else {
        throw TorchError(
          .dtype,
          "When `right_inverse` outputs one tensor, it may not change the dtype.\noriginal.dtype: \(dtype)\nright_inverse(original).dtype: \(new[0].dtype)")
      }
      let before = original.detach()
      original.setData(new[0].detach())
      slots = [ParametrizationList.slot(like: slot, "original", original)]
      do { try checkValue(shape, dtype) } catch {
        original.setData(before)
        throw error
      }
    }

    private static func slot(like slot: TensorSlot, _ key: String, _ tensor: Tensor) -> TensorSlot {
      if let buffer = slot as? BufferSlot {
        return nn.Buffer<Tensor>(wrappedValue: tensor, key, persistent: buffer.isPersistent)
      }
      return nn.Parameter<Tensor>(wrappedValue: tensor, key, requiresGrad: slot.tensor?.requiresGrad ?? true)
    }

    /// The tensors that the value is computed from.
    public var originals: [Tensor] { slots.map { $0.tensor! } }

    /// The value of the parametrized tensor.
    public func callAsFunction() -> Tensor {
      if let cached = Cache.current?.values[ObjectIdentifier(self)] { return cached }
      let first = parametrizations[0].value(of: originals)
      let value = parametrizations.dropFirst().reduce(first) { $1.value(of: [$0]) }
      Cache.current?.values[ObjectIdentifier(self)] = value
      return value
    }

    private func checkValue(_ shape: Shape, _ dtype: DType) throws {
      if unsafe { return }
      let value = self()
      if let failure = value.failure { throw failure }
      try Self.compare("unparametrized", (shape, dtype), "parametrized", value, flag: "unless `unsafe` flag is enabled")
    }

    fileprivate static func compare(
      _ first: String, _ expected: (shape: Shape, dtype: DType), _ second: String, _ value: Tensor, flag: String
    ) throws {
      func refuse(_ what: String, _ a: Any, _ b: Any) -> TorchError {
        let suffix = first == "unparametrized" ? " \(what)" : ".\(what)"
        return TorchError(
          .value,
          "Registering a parametrization may not change the \(what) of the tensor, \(flag).\n\(first)\(suffix): \(a)\n\(second)\(suffix): \(b)")
      }
      guard value.dtype == expected.dtype else { throw refuse("dtype", expected.dtype, value.dtype) }
      guard value.shape == expected.shape else { throw refuse("shape", expected.shape, value.shape) }
    }

    /// Makes the originals such that the value is `value`, as far as the parametrizations can.
    fileprivate func assign(_ value: Tensor) throws {
      var new = [value.detach()]
      try torch.noGrad {
        for parametrization in parametrizations.reversed() {
          guard let before = try parametrization.originals(for: new[0]) else {
            throw TorchError(.state, "parametrization \(parametrization.typeName) does not implement right_inverse.")
          }
          new = before
        }
      }
      guard new.count == slots.count else {
        throw TorchError(
          .value,
          "'right_inverse' must return a sequence of tensors of length \(slots.count). Got a sequence of length \(new.count).")
      }
      for (slot, tensor) in zip(slots, new) {
        if let failure = tensor.failure { throw failure }
        guard tensor.dtype == slot.tensor!.dtype else {
          throw TorchError(
            .dtype,
            "The tensor returned by `right_inverse` has dtype \(tensor.dtype) while `original` has dtype \(slot.tensor!.dtype)")
        }
        slot.tensor!.setData(tensor.detach().clone())
      }
    }

    public override func listedMembers() -> nn.Members? {
      var members = nn.Members(children: parametrizations.enumerated().map { (String($0), $1) })
      for slot in slots {
        if let parameter = slot as? ParameterSlot { members.parameters.append((slot.key!, parameter)) }
        if let buffer = slot as? BufferSlot { members.buffers.append((slot.key!, buffer)) }
      }
      return members
    }

    /// Checkpoints of weight normalization as it was before parametrizations have `weight_g` and `weight_v`.
    public override func migrate(_ stateDict: inout StateDict, prefix: String) {
      guard parametrizations[0] is WeightNorm, slots.count == 2, prefix.hasSuffix(".") else { return }
      let path = prefix.dropLast().split(separator: ".", omittingEmptySubsequences: false)
      let owner = path.dropLast(2).map { $0 + "." }.joined()
      let name = path.last ?? ""
      guard let g = stateDict.removeValue(forKey: "\(owner)\(name)_g") else { return }
      guard let v = stateDict.removeValue(forKey: "\(owner)\(name)_v") else {
        stateDict["\(owner)\(name)_g"] = g
        return
      }
      stateDict[prefix + "original0"] = g
      stateDict[prefix + "original1"] = v
    }
  }

  /// Values that are computed once while `cached` runs.
  final class Cache: @unchecked Sendable {
    // Unchecked: it belongs to the one task that runs `cached`.
    @TaskLocal static var current: Cache?
    var values: [ObjectIdentifier: Tensor] = [:]
  }

  /// Runs `body`, in which each parametrized tensor is computed once, at its first use.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.cached.html
  public static func cached<R>(_ body: () throws -> R) rethrows -> R {
    if Cache.current != nil { return try body() }
    return try Cache.$current.withValue(Cache(), operation: body)
  }

  // MARK: Registration

  /// Makes the parameter or buffer `name` of `module` the value of `parametrization`.
  ///
  /// A second one takes the value of the first. State-dict keys: `parametrizations.<name>.original`, or `original0`,
  /// `original1`, … where `originals(for:)` gives several; a module's one original stays the object that an optimizer has.
  /// - Parameter unsafe: let the parametrization change the tensor's shape and dtype.
  /// - Throws: `TorchError` in PyTorch's words where there is no such tensor, or the value does not fit.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html
  @discardableResult
  public static func registerParametrization<Model: nn.Module>(
    _ module: Model, _ name: String, _ parametrization: any nn.Parametrization, unsafe: Bool = false
  ) throws -> Model {
    parametrization.train(module.training)
    if let list = module.parametrizationTable?[name] {
      if !unsafe { try check(parametrization, on: list(), "module.\(name)") }
      list.parametrizations.append(parametrization)
      list.unsafe = list.unsafe || unsafe
      return module
    }
    let slot = try find(name, in: module)
    let list = try ParametrizationList(parametrization, slot, unsafe: unsafe)
    let table = module.parametrizationTable ?? nn.ModuleDict<ParametrizationList>()
    if module.parametrizationTable == nil { module.addModule("parametrizations", table) }
    table[name] = list
    slot.replacement = TensorReplacement(kind: .parametrization, value: { list() }) { value in
      do { try list.assign(value) } catch { ErrorScope.report(error as? TorchError ?? TorchError(.state, "\(error)")) }
    }
    return module
  }

  private static func check(
    _ parametrization: any nn.Parametrization, on value: Tensor, _ label: String
  ) throws {
    let flag = "unless the `unsafe` flag is enabled"
    let new = parametrization.value(of: [value])
    if let failure = new.failure { throw failure }
    try ParametrizationList.compare(label, (value.shape, value.dtype), "parametrization(\(label))", new, flag: flag)
    guard let back = try parametrization.knownOriginals(for: new) else { return }
    guard back.count == 1 else {
      throw TorchError(.value, "parametrization.right_inverse must return a tensor. Got: tuple")
    }
    guard back[0].dtype == value.dtype, back[0].shape == value.shape else {
      let what = back[0].dtype == value.dtype ? "shape" : "dtype"
      throw TorchError(
        .value,
        "The tensor returned by parametrization.right_inverse must have the same \(what) as \(label), \(flag).\n\(label).\(what): \(what == "shape" ? "\(value.shape)" : "\(value.dtype)")\nreturned \(what): \(what == "shape" ? "\(back[0].shape)" : "\(back[0].dtype)")")
    }
  }

  /// The slot of a parameter or buffer by its key.
  static func find(_ name: String, in module: nn.Module) throws -> TensorSlot {
    let members = module.members
    if let found = members.parameters.first(where: { $0.key == name && $0.slot.tensor != nil }) { return found.slot }
    if let found = members.buffers.first(where: { $0.key == name && $0.slot.tensor != nil }) { return found.slot }
    throw TorchError(
      .value,
      "Module '\(module)' does not have a parameter, a buffer, or a parametrized element with name '\(name)'")
  }

  /// Whether any tensor of `module`, or the one called `name`, is parametrized.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.is_parametrized.html
  public static func isParametrized(_ module: nn.Module, _ name: String? = nil) -> Bool {
    guard let table = module.parametrizationTable else { return false }
    return name.map { table[$0] != nil } ?? (table.count > 0)
  }

  /// Takes all parametrizations off `name`.
  /// - Parameter leaveParametrized: keep the value that it has; otherwise the original.
  /// - Throws: `TorchError` where there is none, or several originals would have to be left.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.remove_parametrizations.html
  @discardableResult
  public static func removeParametrizations<Model: nn.Module>(
    _ module: Model, _ name: String, leaveParametrized: Bool = true
  ) throws -> Model {
    guard let table = module.parametrizationTable, let list = table[name],
      let slot = module.allSlots.first(where: { $0.key == name })?.slot
    else { throw TorchError(.value, "Module \(module) does not have a parametrization on \(name)") }
    guard leaveParametrized || list.isTensor else {
      throw TorchError(
        .value,
        "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence of tensors."
      )
    }
    let value = leaveParametrized ? list() : list.originals[0]
    if let failure = value.failure { throw failure }
    if list.isTensor {
      let original = list.originals[0]
      if leaveParametrized { original.setData(value.detach()) }
      slot.tensor = original
    } else {
      slot.tensor = value.detach().requiresGrad_(value.requiresGrad)
    }
    slot.replacement = nil
    table[name] = nil
    if table.count == 0 { module.registered?.children.removeAll { $0.module === table } }
    return module
  }

  /// The class that `module` had before it was parametrized, by name.
  public static func typeBeforeParametrizations(_ module: nn.Module) -> String { module.typeName }

  /// Parametrizes `to` as `from` is, with the same parametrizations and the originals' values; tensors that `to` lacks are
  /// added.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.transfer_parametrizations_and_params.html
  public static func transferParametrizationsAndParams(
    from source: nn.Module, to target: nn.Module, _ name: String? = nil
  ) throws {
    guard let table = source.parametrizationTable else { return }
    for (key, list) in table where name == nil || name == key {
      if !target.allSlots.contains(where: { $0.key == key }) { target.registerParameter(key, list().detach()) }
      for parametrization in list.parametrizations {
        try registerParametrization(target, key, parametrization, unsafe: true)
      }
      for (mine, theirs) in zip(target.parametrizationTable![key]!.slots, list.slots) { mine.tensor = theirs.tensor }
    }
  }
}

extension nn.Module {
  /// The lists of parametrizations by tensor; nil where there are none.
  var parametrizationTable: nn.ModuleDict<nn.utils.parametrize.ParametrizationList>? {
    registered?.children.first { $0.key == "parametrizations" }?.module
      as? nn.ModuleDict<nn.utils.parametrize.ParametrizationList>
  }

  /// Parameters and buffers, replaced ones too.
  var allSlots: [(key: String, slot: TensorSlot)] {
    let members = allMembers
    let parameters = members.parameters.map { (key: $0.key, slot: $0.slot as TensorSlot) }
    return parameters + members.buffers.map { (key: $0.key, slot: $0.slot as TensorSlot) }
  }
}
