// Compares a trace with the program that it was made of.
// Reference: `_check_trace` in torch/jit/_trace.py of PyTorch.
// Departure: the trace is compared with a run of the program, not with a second trace of it.

extension JIT {
  /// Runs a trace and its program on the same inputs, with the same random numbers.
  struct TraceCheck {
    let tree: ModuleTree?
    let function: Function
    let tolerance: Double

    func run(_ arguments: [TraceTree], _ program: () throws -> Any) throws {
      let state = ModuleState(tree)
      defer { state.restore() }
      let expected = TraceTree(try withErrors { try program() }).tensors
      state.restore()
      let inputs = try arguments.filter(\.holdsTensors).map { try $0.value() }
      let result = try withErrors { try function.call((tree.map { [.object($0.object)] } ?? []) + inputs) }
      let actual = result.tensors
      warnOfRandomNodes()
      guard expected.count == actual.count else {
        return warn("the trace gives \(actual.count) tensors, the program \(expected.count)", 1)
      }
      for (i, (a, b)) in zip(actual, expected).enumerated() {
        if let difference = difference(a, b) { warn(difference, i + 1) }
      }
    }

    private func warn(_ detail: String, _ number: Int) {
      torch.warn(
        "Output nr \(number). of the traced function does not match the corresponding output of the Swift function. Detailed error:\n\(detail)",
        .tracer)
    }

    private func warnOfRandomNodes() {
      let graph: Graph = function.graph.copy()
      graph.inline()
      let random = graph.allNodes.filter(\.isRandom)
      guard !random.isEmpty else { return }
      let names = random.prefix(20).map { "\t" + $0.qualifiedKind }.joined(separator: "\n")
      torch.warn(
        "Trace had nondeterministic nodes. Did you forget call .eval() on your model? Nodes:\n\(names)\nThis may cause errors in trace checking. To disable trace checking, pass checkTrace: false to JIT.trace()",
        .tracer)
    }

    private func difference(_ a: Tensor, _ b: Tensor) -> String? {
      if a.shape != b.shape { return "The values for attribute 'shape' do not match: \(a.shape) != \(b.shape)." }
      if a.dtype != b.dtype { return "The values for attribute 'dtype' do not match: torch.\(a.dtype) != torch.\(b.dtype)." }
      return torch.noGrad {
        if a.numel == 0 || ((try? torch.allclose(a, b, rtol: tolerance, atol: tolerance, equalNaN: true)) ?? false) { return nil }
        let (x, y) = a.dtype.isComplex ? (torch.viewAsReal(a), torch.viewAsReal(b)) : (a.to(.float64), b.to(.float64))
        let greatest = (try? (x - y).abs().max().item(Double.self)) ?? .nan
        return "Tensor-likes are not close! Greatest absolute difference: \(greatest) (up to \(tolerance) allowed)"
      }
    }
  }
}

extension JIT.TraceTree {
  /// The tree as a value of TorchScript.
  func value() throws -> JIT.IValue {
    switch self {
    case .none: return .none
    case .tensor(let tensor): return .tensor(tensor)
    case .number(let number): return JIT.IValue(.scalar(number))
    case .string(let text): return .string(text)
    case .tuple(let items): return .tuple(try items.map { try $0.value() })
    case .list(let items):
      let values = try items.map { try $0.value() }
      return .list(JIT.ListObject(values.first?.type ?? .tensor, values))
    case .dict(let pairs):
      let values = try pairs.map { try $0.value.value() }
      let dict = JIT.DictObject(.string, values.first?.type ?? .tensor)
      for (pair, value) in zip(pairs, values) { dict[.string(pair.key)] = value }
      return .dict(dict)
    case .other(let type):
      throw TorchError(.type, "Type '\(type)' cannot be traced")
    }
  }
}

extension JIT.IValue {
  /// All tensors in it, from left to right.
  fileprivate var tensors: [Tensor] {
    switch self {
    case .tensor(let tensor): [tensor]
    case .list(let list): list.items.flatMap(\.tensors)
    case .tuple(let tuple): tuple.items.flatMap(\.tensors)
    case .dict(let dict): dict.table.values.flatMap(\.tensors)
    default: []
    }
  }
}
