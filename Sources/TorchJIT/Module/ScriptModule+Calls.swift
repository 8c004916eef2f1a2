// Calling a script module: with tensors, as any layer is called, or with values of TorchScript.

extension JIT.ScriptModule {
  /// Runs `forward` on one tensor; calling the module does, with its hooks.
  ///
  /// An error, also of the script's own exceptions, gives an invalid tensor, as operators do.
  public func forward(_ input: Tensor) -> Tensor { tensor([input]) }

  /// Runs `forward` on several tensors: `model(image, mask)`.
  public func callAsFunction(_ first: Tensor, _ second: Tensor, _ others: Tensor...) -> Tensor {
    let inputs = [first, second] + others
    return hasHooks ? hooked(inputs) { self.tensor($0) } : tensor(inputs)
  }

  private func tensor(_ inputs: [Tensor]) -> Tensor {
    if let failed = inputs.first(where: { !$0.isValid }) { return failed }
    do {
      let value = try call(inputs.map { .tensor($0) })
      guard let tensor = value.tensor else {
        throw TorchError(
          .type,
          "the module gives a value of type \(value.type), not a tensor: call `forward(_:keywords:)` with values")
      }
      return tensor
    } catch {
      return .invalid(error as? TorchError ?? TorchError(.state, "\(error)"))
    }
  }

  /// Runs the module on values: its hooks, as far as they are part of the script, and `forward`.
  /// - Throws: `TorchError` where the arguments do not fit, and what the script raises.
  @discardableResult
  public func call(_ arguments: [JIT.IValue]) throws -> JIT.IValue {
    var arguments = arguments
    for name in object.type.forwardPreHooks {
      switch try method(name)(.tuple(arguments)) {
      case .none: break
      case .tuple(let replaced): arguments = replaced.items
      case let replaced: arguments = [replaced]
      }
    }
    var result = try forward(arguments)
    for name in object.type.forwardHooks {
      let replaced = try method(name)(.tuple(arguments), result)
      if !replaced.isNone { result = replaced }
    }
    return result
  }

  /// Runs `forward` on values, without hooks.
  ///
  /// ```swift
  /// let scores = try model.forward([.tensor(x)], keywords: ["threshold": .double(0.5)])
  /// ```
  /// Numbers, lists and tuples become what the parameters' types ask for where PyTorch would convert them as well.
  /// - Throws: `TorchError` of kind `.type` or `.value` where the arguments do not fit, and what the script raises.
  @discardableResult
  public func forward(_ arguments: [JIT.IValue], keywords: [String: JIT.IValue] = [:]) throws -> JIT.IValue {
    try method("forward")(arguments, keywords: keywords)
  }
}

extension JIT {
  /// A method of a module, ready to be called.
  public struct ScriptMethod {
    public let module: ScriptModule
    public let function: Function

    init(_ module: ScriptModule, _ function: Function) {
      self.module = module
      self.function = function
    }

    public var name: String { function.name }
    public var graph: Graph { function.graph }

    /// The method's source text, as TorchScript.
    public var code: String { get throws { try PythonPrinter().function(function, name, indent: "") } }

    /// Calls the method.
    /// - Throws: `TorchError` where the arguments do not fit, and what the script raises.
    @discardableResult
    public func callAsFunction(_ arguments: [IValue] = [], keywords: [String: IValue] = [:]) throws -> IValue {
      try withErrors { try function.call([.object(module.object)] + arguments, keywords) }
    }

    /// Calls the method with values one by one: `try model.method("reset")(.int(2))`.
    @discardableResult
    public func callAsFunction(_ first: IValue, _ others: IValue...) throws -> IValue {
      try self([first] + others)
    }
  }
}
