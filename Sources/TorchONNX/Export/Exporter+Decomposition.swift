// Operators without a rule that are made of others: the calls of a composite's body or of a fused operator's reference
// are recorded, as a trace of a model is, and exported.

import TorchCore
import TorchJIT
import TorchNN

extension ONNX.Exporter {
  /// References that call fused operators end somewhere.
  private static let depthLimit = 8

  /// The results of an operator as what it is made of gives them; nil where that cannot be written either.
  func decomposed(
    _ op: AnyOperator, _ arguments: [Exported], _ results: [[JIT.IValue]]?
  ) throws -> [Exported]? {
    guard op.tier != .primitive, results != nil, depth < ONNX.Exporter.depthLimit else { return nil }
    let cells = arguments.flatMap(\.cells)
    let examples = cells.compactMap { $0.samples?.first }
    guard !cells.isEmpty, examples.count == cells.count else { return nil }
    let dims = cells.map { cell in
      cell.sizes.map { sizes in sizes.indices.filter { sizes[$0] == nil } } ?? []
    }
    guard
      let recording = try? JIT.record(
        nn.Module(), examples, dynamicSizes: dims.allSatisfy(\.isEmpty) ? .none : .dims(dims),
        { (_, tensors: [Tensor]) throws -> [Any] in
          var rest = tensors[...]
          let boxed = try arguments.map { try $0.boxed(&rest) }
          return try (op.callParts(boxed) ?? []).map(ONNX.Exporter.plain)
        })
    else { return nil }
    let (nodes, known, wasScope) = (writer.checkpoint(), problems, writer.scope)
    problems = ONNX.ExportProblems()
    depth += 1
    defer {
      depth -= 1
      writer.scope = wasScope
    }
    values[recording.graph.inputs[0]] = .list(ONNX.ListBox(.tensor, cells.map { .tensor($0) }, in: writer))
    let parts = try export(recording.graph.block).first?.elements
    let isComplete = problems.operators.isEmpty
    problems = known
    guard isComplete, let parts, parts.count == op.schema.returns.count else {
      writer.restore(nodes)
      return nil
    }
    return parts
  }

  /// A result as something that a trace can return.
  private static func plain(_ value: TorchCore.Value) -> Any {
    switch value {
    case .tensor(let tensor): tensor
    case .list(let items): items.compactMap(\.tensor)
    case .scalar(let number): number.doubleValue
    default: Optional<Tensor>.none as Any
    }
  }
}

extension ONNX.Exported {
  /// The tensors in it that are not constant.
  fileprivate var cells: [ONNX.Cell] {
    switch self {
    case .tensor(let cell): [cell]
    case .list(let box): box.items.flatMap(\.cells)
    case .tuple(let items): items.flatMap(\.cells)
    default: []
    }
  }

  /// The value as an operator's argument, with the next of `tensors` for each of its cells.
  fileprivate func boxed(_ tensors: inout ArraySlice<Tensor>) throws -> TorchCore.Value {
    switch self {
    case .tensor: return .tensor(tensors.removeFirst())
    case .list(let box): return .list(try box.items.map { try $0.boxed(&tensors) })
    case .tuple(let items): return .list(try items.map { try $0.boxed(&tensors) })
    default:
      guard let sample = sample(0), constant != nil else {
        throw TorchError(.notImplemented, "a number that is computed at run time")
      }
      return try sample.boxed()
    }
  }
}
