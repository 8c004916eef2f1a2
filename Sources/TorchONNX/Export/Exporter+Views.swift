// Writing in place: ONNX has no such thing, so the tensor's cell gets the new value.
//
// A write through a view changes what it is a view of, and so all other views of that: a view knows what it was made
// of, is made again where that has changed since, and a write through it is put back by the inverse operation.

import TorchCore
import TorchJIT

extension ONNX.Exporter {
  /// The origin of the first result, where it shares its first argument's memory.
  func view(_ op: AnyOperator, _ arguments: [Exported], _ results: [[JIT.IValue]]?) -> ONNX.ViewOrigin? {
    guard let base = arguments.first?.cell, let result = results?.first?.first?.tensor,
      let source = base.samples?.first,
      op.isView || result.sharesStorage(with: source)
    else { return nil }
    return ONNX.ViewOrigin(base: base, op: op, arguments: arguments)
  }

  /// The value with views that are out of date made again.
  func fresh(_ value: Exported) throws -> Exported {
    switch value {
    case .tensor(let cell): try refresh(cell)
    case .list(let box): for item in box.items { _ = try fresh(item) }
    default: break
    }
    return value
  }

  private func refresh(_ cell: ONNX.Cell) throws {
    guard let view = cell.view else { return }
    try refresh(view.base)
    guard view.version != view.base.version else { return }
    guard let again = try call(view.op, view.arguments).first?.cell else { return }
    cell.overwrite(again)
    view.version = view.base.version
  }

  /// `x.add_(y)`: the functional operator, and its result in x's place.
  func callInPlace(_ op: AnyOperator, _ arguments: [Exported]) throws -> [Exported] {
    guard let cell = arguments[0].cell else { throw unsupported("\(op.schema.name) on a constant") }
    guard var result = try functional(op, arguments)?.cell else {
      return placeholders(op.schema, arguments, nil, problem: nil)
    }
    if let wanted = cell.dtype, let dtype = result.dtype, dtype != wanted {
      let samples = result.samples?.map { $0.to(wanted) }
      result = ONNX.Cell(
        writer.cast(result.wire, to: wanted), samples: samples, dependence: result.dependence, in: writer)
    }
    try write(result, into: cell)
    return [arguments[0]]
  }

  /// What the operator would give if it did not write; nil where no operator says that.
  private func functional(_ op: AnyOperator, _ arguments: [Exported]) throws -> Exported? {
    if op.schema.name == "aten::copy_" { return try copied(arguments[1], like: arguments[0]) }
    let base = String(op.schema.name.dropLast())
    let name = op.schema.overload.isEmpty ? base : "\(base).\(op.schema.overload)"
    guard let functional = OperatorRegistry.find(name) else { return nil }
    let result = try call(functional, arguments).first
    // A result that is known is still the tensor's new value.
    if case .constant(.tensor(let tensor))? = result {
      let samples = Array(repeating: tensor, count: variantCount)
      return .tensor(ONNX.Cell(try writer.constant(tensor), samples: samples, in: writer))
    }
    return result
  }

  /// The source in the type and sizes of the target.
  private func copied(_ source: Exported, like target: Exported) throws -> Exported? {
    guard let dtype = target.cell?.dtype, let cast = OperatorRegistry.find("aten::to.dtype"),
      let expand = OperatorRegistry.find("aten::expand_as")
    else { return nil }
    let code = Exported.constant(.int(Int(dtype.rawValue)))
    let (no, none) = (Exported.constant(.bool(false)), Exported.constant(.none))
    guard let typed = try call(cast, [source, code, no, no, none]).first else { return nil }
    return try call(expand, [typed, target]).first
  }

  private func write(_ value: ONNX.Cell, into cell: ONNX.Cell) throws {
    guard cell.writer === writer else {
      throw unsupported("a write, in a branch or loop decided at run time, to a tensor that was made outside of it")
    }
    cell.overwrite(value)
    guard let view = cell.view else { return }
    try refresh(view.base)
    let whole = try putBack(cell, view)
    try write(whole, into: view.base)
    view.version = view.base.version
  }

  /// The base of a view with what was written through it.
  private func putBack(_ cell: ONNX.Cell, _ view: ONNX.ViewOrigin) throws -> ONNX.Cell {
    let value = Exported.tensor(
      ONNX.Cell(cell.wire, samples: cell.samples, dependence: cell.dependence, in: writer))
    let base = Exported.tensor(
      ONNX.Cell(view.base.wire, samples: view.base.samples, dependence: view.base.dependence, in: writer))
    let rest = Array(view.arguments.dropFirst())
    func apply(_ name: String, _ arguments: [Exported]) throws -> ONNX.Cell {
      guard let op = OperatorRegistry.find(name), let cell = try call(op, arguments).first?.cell else {
        throw unsupported("a write through \(view.op.name)")
      }
      return cell
    }
    switch view.op.schema.name {
    case "aten::select": return try apply("aten::select_scatter", [base, value] + rest)
    case "aten::slice": return try apply("aten::slice_scatter", [base, value] + rest)
    case "aten::narrow":
      guard let start = rest[1].constant?.int, let length = rest[2].constant?.int else {
        throw unsupported("a write through narrow")
      }
      return try apply(
        "aten::slice_scatter",
        [base, value, rest[0], .constant(.int(start)), .constant(.int(start + length)), .constant(.int(1))])
    case "aten::diagonal": return try apply("aten::diagonal_scatter", [base, value] + rest)
    case "aten::view", "aten::reshape", "aten::flatten", "aten::unflatten", "aten::squeeze", "aten::unsqueeze",
      "aten::_unsafe_view", "aten::view_as", "aten::reshape_as":
      return try apply("aten::reshape_as", [value, base])
    case "aten::transpose", "aten::t": return try apply(view.op.name, [value] + rest)
    case "aten::permute":
      guard let order = rest[0].constant?.elements?.compactMap(\.int) else {
        throw unsupported("a write through permute")
      }
      let positive = order.map { $0 < 0 ? $0 + order.count : $0 }
      let inverse = positive.indices.map { positive.firstIndex(of: $0)! }
      return try apply("aten::permute", [value, .constant(.ints(inverse))])
    case "aten::detach", "aten::alias", "aten::contiguous", "aten::to", "aten::lift_fresh", "aten::lift",
      "aten::dropout",
      "aten::positive":
      return cell
    default: throw unsupported("a write through a view made by \(view.op.name)")
    }
  }
}
