// The base class of all modules: what a network is made of, and what can be done to all of it at once.
//
// Goals, in order: a subclass is plain Swift (stored properties, a typed `forward`); names and orders are PyTorch's, so
// that state dicts interchange; nothing goes stale. Departures from PyTorch: calls are typed (see Layer.swift);
// parameters are marked by `@Parameter` instead of by the tensor's type.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.Module.html

extension nn {
  /// A part of a neural network: parameters, buffers, submodules, and what they compute.
  ///
  /// ```swift
  /// final class Net: nn.Module, nn.Layer {
  ///   let fc1 = nn.Linear(784, 128)
  ///   let fc2 = nn.Linear(128, 10)
  ///
  ///   func forward(_ x: Tensor) -> Tensor { fc2(fc1(x).relu()) }
  /// }
  /// let model = Net()
  /// print(model)
  /// // Net(
  /// //   (fc1): Linear(in_features=784, out_features=128, bias=True)
  /// //   (fc2): Linear(in_features=128, out_features=10, bias=True)
  /// // )
  /// ```
  /// Stored properties of type `Module` (optional ones too), `@Parameter` and `@Buffer` are found by themselves. Lists
  /// and tables of modules go into `ModuleList`, `ModuleDict` or `Sequential`.
  ///
  /// A module is not `Sendable`: hooks, the mode and the tensors in its slots may change. `sharedForInference()`
  /// gives what may be used by many threads.
  open class Module {
    /// Whether the module is being trained (dropout drops, batch norm uses the batch); see `train` and `eval`.
    public package(set) var training = true { didSet { modeDidChange() } }
    var hooks: ModuleHooks?
    /// What `registerParameter`, `registerBuffer` and `addModule` have added.
    var registered: nn.Members?

    public init() {}

    /// The class's name as `print` shows it.
    open var typeName: String {
      let name = String(describing: type(of: self))
      return String(name.prefix { $0 != "<" })
    }

    /// What `print` shows between the brackets: `in_features=784, out_features=128`.
    open var extraRepr: String { "" }

    /// Called for every module by `loadStateDict`, before keys are compared: may rename or add keys of older checkpoints.
    open func migrate(_ stateDict: inout StateDict, prefix: String) {}

    /// Called when `training` was set: for modules that keep their mode in another place as well.
    open func modeDidChange() {}

    /// The parts of a container, which lists them itself; nil where stored properties tell.
    open func listedMembers() -> nn.Members? { nil }

    package final var members: nn.Members {
      var members = listedMembers() ?? Reflection.members(of: self)
      if let registered {
        members.parameters += registered.parameters
        members.buffers += registered.buffers
        members.children += registered.children
      }
      return members
    }
  }
}

// MARK: - Modes

extension nn.Module {
  /// Sets this module and all in it to training mode, or with `false` to evaluation mode.
  @discardableResult
  public func train(_ mode: Bool = true) -> Self {
    for module in modules() { module.training = mode }
    return self
  }

  /// Sets evaluation mode: dropout passes all, batch norm uses its running statistics.
  @discardableResult
  public func eval() -> Self { train(false) }

  /// Whether every parameter collects gradients.
  @discardableResult
  public func requiresGrad_(_ value: Bool = true) -> Self {
    for parameter in parameters() { parameter.requiresGrad_(value) }
    return self
  }

  /// Drops the gradients of all parameters; with `setToNone: false` fills them with zeros.
  public func zeroGrad(setToNone: Bool = true) {
    for parameter in parameters() { Gradient.clear(parameter, setToNone: setToNone) }
  }
}

/// What optimizers and modules do alike with gradients.
package enum Gradient {
  package static func clear(_ parameter: Tensor, setToNone: Bool) {
    guard let gradient = parameter.grad else { return }
    if setToNone {
      parameter.grad = nil
    } else {
      // A gradient that is part of a graph is let go of, not written over.
      let plain = gradient.requiresGrad ? gradient.detach() : gradient
      torch.noGrad { _ = plain.copy_(Tensor.zeros([], dtype: plain.dtype)) }
      parameter.grad = plain
    }
  }
}

// MARK: - Conversion

extension nn.Module {
  /// Converts all floating point and complex parameters and buffers, in place.
  ///
  /// The tensors stay the same objects, so optimizers need not be told. A gradient is converted with its parameter.
  @discardableResult
  public func to(_ dtype: DType) -> Self {
    guard dtype.isDifferentiable else {
      ErrorScope.report(
        TorchError(.type, "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=\(dtype)"))
      return self
    }
    return convert { $0.dtype.isDifferentiable ? $0.to(dtype) : $0 }
  }

  /// Moves all parameters and buffers to `device`, in place.
  @discardableResult
  public func to(_ device: Device, dtype: DType? = nil) -> Self {
    convert { $0.to(device, dtype: $0.dtype.isDifferentiable ? dtype : nil) }
  }

  @discardableResult
  public func cpu() -> Self { to(.cpu) }
  @discardableResult
  public func float() -> Self { to(.float32) }
  @discardableResult
  public func double() -> Self { to(.float64) }
  @discardableResult
  public func half() -> Self { to(.float16) }
  @discardableResult
  public func bfloat16() -> Self { to(.bfloat16) }

  private func convert(_ change: (Tensor) -> Tensor) -> Self {
    torch.noGrad {
      for module in modules() {
        let members = module.members
        for tensor in members.parameters.compactMap(\.slot.tensor) {
          let (data, gradient) = (change(tensor), tensor.grad)
          tensor.grad = nil
          tensor.setData(data)
          if let gradient { tensor.grad = change(gradient) }
        }
        for slot in members.buffers.map(\.slot) {
          if let tensor = slot.tensor { slot.tensor = change(tensor) }
        }
      }
    }
    return self
  }
}

// MARK: - Registration

extension nn.Module {
  /// Adds a parameter that is no stored property.
  public func registerParameter(_ key: String, _ tensor: Tensor?) {
    guard checkNewKey(key) else { return }
    let slot = Parameter<Tensor?>(wrappedValue: tensor, key)
    registered = registered ?? nn.Members()
    registered!.parameters.append((key, slot))
  }

  /// Adds a buffer that is no stored property.
  public func registerBuffer(_ key: String, _ tensor: Tensor?, persistent: Bool = true) {
    guard checkNewKey(key) else { return }
    let slot = Buffer<Tensor?>(wrappedValue: tensor, key, persistent: persistent)
    registered = registered ?? nn.Members()
    registered!.buffers.append((key, slot))
  }

  /// Adds a submodule that is no stored property.
  public func addModule(_ key: String, _ module: nn.Module) {
    guard checkNewKey(key) else { return }
    registered = registered ?? nn.Members()
    registered!.children.append((key, module))
  }

  private func checkNewKey(_ key: String) -> Bool {
    let members = members
    let taken = members.parameters.map(\.key) + members.buffers.map(\.key) + members.children.map(\.key)
    let problem: String? =
      key.isEmpty ? "name can't be empty string \"\""
      : key.contains(".") ? "name can't contain \".\", got: \(key)"
      : taken.contains(key) ? "attribute '\(key)' already exists" : nil
    if let problem { ErrorScope.report(TorchError(.value, problem)) }
    return problem == nil
  }
}
