// State dicts: all parameters and persistent buffers under PyTorch's keys.
// Departure from PyTorch: a state dict that does not fit changes nothing, where PyTorch has by then copied what fits.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict

@_exported import OrderedCollections

/// Tensors by key, in the order of the module's parts.
public typealias StateDict = OrderedDictionary<String, Tensor>

extension nn {
  /// What did not fit in a state dict that was loaded with `strict: false`.
  public struct IncompatibleKeys: Equatable, Sendable {
    public var missing: [String]
    public var unexpected: [String]

    public init(missing: [String] = [], unexpected: [String] = []) {
      self.missing = missing
      self.unexpected = unexpected
    }
  }
}

extension nn.Module {
  /// The parameters and persistent buffers, detached but on the module's memory.
  ///
  /// ```swift
  /// print(nn.Linear(2, 1).stateDict().keys)   // ["weight", "bias"]
  /// ```
  public func stateDict(prefix: String = "") -> StateDict {
    var dict: StateDict = [:]
    visitState { key, slot in
      if let tensor = slot.tensor { dict[prefix + key] = tensor.isUninitialized ? tensor : tensor.detach() }
    }
    return dict
  }

  /// Copies the tensors in `stateDict` into this module's parameters and buffers.
  ///
  /// - Parameters:
  ///   - strict: refuse missing and unexpected keys. Sizes are checked in any case.
  ///   - assign: take the given tensors themselves instead of copying their values; dtypes follow them.
  /// - Returns: the keys that did not fit (empty where `strict`).
  /// - Throws: `TorchError` of kind `.state` in PyTorch's words, naming every key that does not fit.
  @discardableResult
  public func loadStateDict(_ stateDict: StateDict, strict: Bool = true, assign: Bool = false) throws
    -> nn.IncompatibleKeys
  {
    var source = stateDict
    for (name, module) in namedModules() { module.migrate(&source, prefix: name.isEmpty ? "" : name + ".") }

    var targets: [(slot: TensorSlot, source: Tensor)] = []
    var incompatible = nn.IncompatibleKeys()
    var problems: [String] = []
    var expected: Set<String> = []
    visitState { key, slot in
      guard let target = slot.tensor else { return }
      expected.insert(key)
      guard let tensor = source[key] else {
        incompatible.missing.append(key)
        return
      }
      if target.isUninitialized {
        if !tensor.isUninitialized { targets.append((slot, tensor)) }
        return
      }
      if tensor.isUninitialized {
        problems.append(
          "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in `load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` to initialize the parameters before accessing their attributes.")
        return
      }
      if let failure = tensor.failure ?? target.failure { problems.append("\(key): \(failure.message)") }
      // Files from before PyTorch 0.4 keep zero-dimensional tensors as vectors of one element.
      let fitting = target.ndim == 0 && tensor.shape == [1] ? tensor.select(0, 0) : tensor
      if fitting.shape != target.shape {
        problems.append(
          "size mismatch for \(key): copying a param with shape \(fitting.shape) from checkpoint, the shape in current model is \(target.shape).")
      } else {
        targets.append((slot, fitting))
      }
    }
    incompatible.unexpected = source.keys.filter { !expected.contains($0) }
    if strict {
      func quoted(_ keys: [String]) -> String { keys.map { "\"\($0)\"" }.joined(separator: ", ") }
      if !incompatible.unexpected.isEmpty {
        problems.insert("Unexpected key(s) in state_dict: \(quoted(incompatible.unexpected)). ", at: 0)
      }
      if !incompatible.missing.isEmpty {
        problems.insert("Missing key(s) in state_dict: \(quoted(incompatible.missing)). ", at: 0)
      }
    }
    guard problems.isEmpty else {
      throw TorchError(
        .state, "Error(s) in loading state_dict for \(typeName):\n\t" + problems.joined(separator: "\n\t"))
    }
    try withErrors {
      torch.noGrad {
        for (slot, source) in targets {
          if assign {
            let requiresGrad = slot.tensor!.requiresGrad
            slot.tensor = source.detach().requiresGrad_(requiresGrad)
          } else {
            slot.tensor!.materialize(source.shape)
            slot.tensor!.copy_(source)
          }
        }
      }
    }
    return strict ? nn.IncompatibleKeys() : incompatible
  }

  /// Calls `body` with every slot that a state dict holds; shared modules and tensors under each of their names.
  private func visitState(_ path: String = "", _ body: (String, TensorSlot) -> Void) {
    let members = members
    for (key, slot) in members.parameters { body(joined(path, key), slot) }
    for (key, slot) in members.buffers where slot.isPersistent { body(joined(path, key), slot) }
    for (key, child) in members.children { child.visitState(joined(path, key), body) }
  }
}
