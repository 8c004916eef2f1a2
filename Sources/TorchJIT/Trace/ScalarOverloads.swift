// Numbers in arithmetic: Swift's operators wrap them in tensors, TorchScript's overloads take them as they are.

extension JIT {
  /// Overloads that take a number where the recorded one got it as a tensor.
  enum ScalarOverloads {
    private static let byName = Dictionary(grouping: OperatorRegistry.all, by: \.schema.name)

    static func choose(
      _ op: AnyOperator, _ arguments: [TraceArgument], _ others: [[TraceArgument]]
    ) -> (AnyOperator, [TraceArgument], [[TraceArgument]]) {
      guard arguments.contains(where: \.isNumber) else { return (op, arguments, others) }
      for other in byName[op.schema.name] ?? [] where other !== op {
        guard other.schema.parameters.count == arguments.count else { continue }
        let fits = arguments.indices.allSatisfy { i in
          let (own, new) = (op.schema.parameters[i].type, other.schema.parameters[i].type)
          return arguments[i].isNumber ? new == "Scalar" : new == own
        }
        if fits { return (other, arguments.map(\.unwrapped), others.map { $0.map(\.unwrapped) }) }
      }
      // `2 - x`
      if op.schema.name == "aten::sub", arguments[0].isNumber, !arguments[1].isNumber,
        let reversed = OperatorRegistry.find("aten::rsub.Scalar")
      {
        func turned(_ list: [TraceArgument]) -> [TraceArgument] { [list[1], list[0].unwrapped, list[2]] }
        return (reversed, turned(arguments), others.map(turned))
      }
      return (op, arguments, others)
    }
  }
}

extension JIT.TraceArgument {
  /// Whether it is a number that stands for a tensor.
  fileprivate var isNumber: Bool { if case .plain(.tensor) = self { true } else { false } }

  /// The number itself.
  fileprivate var unwrapped: JIT.TraceArgument {
    guard case .plain(.tensor(let tensor)) = self, let number = try? tensor.item() else { return self }
    return .plain(.scalar(number))
  }
}
