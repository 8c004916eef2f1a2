// Calling functions of TorchScript from Swift.

import Synchronization

extension JIT.Function {
  /// Calls the function; several results come as a tuple. A method's first argument is its object.
  ///
  /// Parameters with defaults may be left out, and named ones given as `keywords`.
  ///
  /// ```swift
  /// let y = try function.call([.tensor(x), .int(2)])
  /// ```
  /// - Throws: `TorchError` where arguments are missing, too many or of another type, and the first error of the program
  ///   with its place in the source (`scriptCalls`, `scriptTraceback`).
  public func call(_ arguments: [JIT.IValue], _ keywords: [String: JIT.IValue] = [:]) throws -> JIT.IValue {
    try JIT.Interpreter.run(code(), completed(arguments, keywords))
  }

  /// Calls a function of tensors that returns one.
  /// - Throws: As `call`, and where the result is no tensor.
  public func callAsFunction(_ arguments: Tensor...) throws -> Tensor {
    let result = try call(arguments.map { .tensor($0) })
    guard let tensor = result.tensor else { throw result.mismatch("Tensor") }
    return tensor
  }

  /// The code, made at the first call.
  func code() throws -> JIT.Code {
    if let code = compiled.load() { return code }
    guard let graph else { throw TorchError(.state, "the function '\(qualifiedName)' has no body") }
    return compiled.storeIfNil(try JIT.CodeBuilder.code(of: graph, name: name))
  }

  // MARK: Arguments

  /// The arguments in the order of the parameters, with defaults where there is none.
  private func completed(_ arguments: [JIT.IValue], _ keywords: [String: JIT.IValue]) throws -> [JIT.IValue] {
    let parameters = signature.parameters
    let given = arguments.count + keywords.count
    guard given <= parameters.count else {
      throw failure("expected at most \(parameters.count) argument(s) but received \(given) argument(s).")
    }
    var unused = Set(keywords.keys)
    var values: [JIT.IValue] = []
    values.reserveCapacity(parameters.count)
    for (i, parameter) in parameters.enumerated() {
      let value: JIT.IValue
      if i < arguments.count {
        value = arguments[i]
      } else if let named = keywords[parameter.name] {
        unused.remove(parameter.name)
        value = named
      } else if let standard = parameter.defaultValue {
        value = standard
      } else {
        throw failure("is missing value for argument '\(parameter.name)'.")
      }
      values.append(try value.converted(to: parameter.type) ?? { throw mismatch(value, parameter, i) }())
    }
    if let name = unused.min() {
      throw TorchError(
        .type,
        parameters.contains { $0.name == name }
          ? "Argument '\(name)' specified both as positional and keyword argument. Schema: \(declaration)"
          : "Unknown keyword argument '\(name)' for operator '\(self.name)'. Schema: \(declaration)")
    }
    return values
  }

  private func mismatch(_ value: JIT.IValue, _ parameter: JIT.Signature.Parameter, _ position: Int) -> TorchError {
    TorchError(
      .type,
      """
      \(name)() Expected a value of type '\(parameter.type)' for argument '\(parameter.name)' but instead found type \
      '\(value.type)'.
      Position: \(position)
      Value: \(value.printedText)
      Declaration: \(declaration)
      """)
  }

  private func failure(_ message: String) -> TorchError {
    TorchError(.type, "\(name)() \(message) Declaration: \(declaration)")
  }

  /// `forward(__torch__.M self, Tensor x) -> Tensor`
  private var declaration: String {
    let parameters = signature.parameters.map { parameter in
      "\(parameter.type.graphText) \(parameter.name)" + (parameter.defaultValue.map { "=\($0.graphText)" } ?? "")
    }
    let returns = signature.returns.map(\.graphText)
    // PyTorch puts brackets around a tuple that is the only result, too.
    let isBare = returns.count == 1 && !returns[0].hasPrefix("(")
    return "\(name)(\(parameters.joined(separator: ", "))) -> "
      + (isBare ? returns[0] : "(\(returns.joined(separator: ", ")))")
  }
}
