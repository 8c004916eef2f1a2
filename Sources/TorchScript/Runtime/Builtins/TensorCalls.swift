// Builtins whose work an operator does.

extension JIT.Builtins {
  /// Calls the registered operator of this whole name, with `arguments` for its first parameters and its defaults for
  /// the others. It is looked up once.
  static func calling(_ name: String) -> ([JIT.IValue]) throws -> JIT.IValue {
    guard let op = OperatorRegistry.find(name) else { preconditionFailure("there is no operator \(name)") }
    let signature = JIT.Signature.cached(op)
    let defaults = signature.parameters.map { $0.defaultValue ?? .none }
    return { arguments in
      let all = arguments + defaults[min(arguments.count, defaults.count)...]
      let results = zip(try op.callBoxed(try all.map { try $0.boxed() }), signature.returns).map { JIT.IValue($0, $1) }
      return results.count == 1 ? results[0] : .tuple(results)
    }
  }

  /// A builtin that hands its arguments to an operator as they are.
  static func forwarding(_ schema: String, to name: String) -> JIT.Builtin {
    JIT.Builtin(schema, pure: nil, calling(name))
  }

  // MARK: Numbers with tensors

  /// What PyTorch's compiler has as script functions: a number on the left of a tensor, and `//`.
  static let numbersWithTensors = family {
    for number in ["float", "int"] {
      for (name, mirrored) in [
        ("mul", "mul"), ("add", "add"), ("ne", "ne"), ("eq", "eq"), ("lt", "gt"), ("le", "ge"), ("gt", "lt"),
        ("ge", "le"),
      ] {
        let call = calling("aten::\(mirrored).Scalar")
        JIT.Builtin("aten::\(name).\(number)_Tensor(\(number) a, Tensor b) -> Tensor") { (x: [JIT.IValue]) in
          try call([x[1], x[0]])
        }
      }
      JIT.Builtin("aten::sub.\(number)_Tensor(\(number) a, Tensor b) -> Tensor") { (a: Scalar, b: Tensor) in
        b.neg() + a
      }
      JIT.Builtin("aten::div.\(number)_Tensor(\(number) a, Tensor b) -> Tensor") { (a: Scalar, b: Tensor) in
        b.reciprocal() * a
      }
    }
    forwarding("aten::floordiv.Tensor_number(Tensor self, number other) -> Tensor", to: "aten::floor_divide.Scalar")
    forwarding("aten::floordiv.Tensor(Tensor self, Tensor other) -> Tensor", to: "aten::floor_divide")
  }
}
