// Nodes that are no calls: constants, lists and tuples, attributes, casts.

import TorchCore
import TorchJIT
import TorchNN

extension ONNX.Exporter {
  typealias Exported = ONNX.Exported

  func exportStructure(_ node: JIT.Node, _ arguments: [Exported]) throws {
    switch node.kind {
    case "prim::Constant": bind(node, [literal(node.constantValue ?? .none)])
    case "prim::ListConstruct":
      guard case .list(let element) = node.output.type else { throw unexpected(node) }
      bind(node, [.list(ONNX.ListBox(element, arguments, in: writer))])
    case "prim::TupleConstruct": bind(node, [.tuple(arguments)])
    case "prim::DictConstruct":
      guard case .dict(let key, let value) = node.output.type else { throw unexpected(node) }
      let box = ONNX.DictBox(key, value, in: writer)
      for i in stride(from: 0, to: arguments.count - 1, by: 2) {
        guard let key = arguments[i].constant else { throw unsupported("a dictionary with a key that is not constant") }
        box.items.append((key, arguments[i + 1]))
      }
      bind(node, [.dict(box)])
    case "prim::ListUnpack", "prim::TupleUnpack":
      guard let items = arguments[0].elements, items.count == node.outputs.count else {
        throw unsupported("a list whose length is not fixed is unpacked")
      }
      bind(node, items)
    case "prim::TupleIndex":
      guard let items = arguments[0].elements, let index = arguments[1].constant?.int else { throw unexpected(node) }
      bind(node, [items[index < 0 ? index + items.count : index]])
    case "prim::TupleSlice":
      guard let items = arguments[0].elements, case .int(let from)? = node.attributes["beg"],
        case .int(let to)? = node.attributes["end"]
      else { throw unexpected(node) }
      bind(node, [.tuple(Array(items[from..<to]))])
    case "prim::GetAttr": bind(node, [try attribute(node, arguments[0])])
    case "prim::SetAttr":
      throw unsupported("a model that sets its attribute '\(node.attributeName ?? "")' while it runs")
    case "prim::unchecked_cast", "prim::unchecked_unwrap_optional", "prim::data", "aten::detach": bind(node, arguments)
    case "prim::Uninitialized": bind(node, [.missing("an uninitialized value")])
    case "prim::Print", "prim::Enter", "prim::Exit": break
    case "prim::RaiseException": throw TorchError(.value, "the model raises an exception for the example")
    case "prim::NumToTensor": bind(node, [try tensor(ofNumber: arguments[0])])
    case "prim::isinstance": bind(node, [.constant(.bool(try isInstance(node, arguments[0])))])
    case "prim::If": try exportIf(node)
    case "prim::Loop": try exportLoop(node)
    case "prim::dtype":
      guard let dtype = arguments[0].sample(0)?.tensor?.dtype else { throw unsupported("a dtype that is not known") }
      bind(node, [.constant(.int(Int(dtype.rawValue)))])
    case "prim::device": bind(node, [.constant(.device(.cpu))])
    case "prim::is_cuda", "prim::requires_grad": bind(node, [.constant(.bool(false))])
    case "prim::layout": bind(node, [.constant(.int(0))])
    case "aten::wait", "prim::fork": throw unsupported("asynchronous calls")
    default:
      problems.add(node.kind, nil)
      bind(node, node.outputs.map { _ in .missing("\(node.kind) is missing") })
    }
  }

  private func attribute(_ node: JIT.Node, _ owner: Exported) throws -> Exported {
    guard case .object(let object, let path) = owner, let name = node.attributeName, let slot = object.type.slot(name)
    else { throw unexpected(node) }
    let value = object[slot]
    let full = path.isEmpty ? name : path + "." + name
    switch value {
    case .object(let child): return .object(child, path: full)
    case .tensor(let tensor):
      let kind = object.type.attribute(name)?.kind
      // Tensors that are no state are constants of the program.
      return kind == .plain && object.tensorSlot(slot) == nil
        ? .constant(.tensor(tensor)) : .tensor(state(tensor, full))
    case .list(let list):
      return .list(ONNX.ListBox(list.elementType, list.items.map { stateful($0, full) }, in: writer))
    default: return literal(value)
    }
  }

  /// An element of an attribute that is a list: modules keep their paths.
  private func stateful(_ value: JIT.IValue, _ path: String) -> Exported {
    if case .object(let object) = value { .object(object, path: path) } else { literal(value) }
  }

  private func tensor(ofNumber value: Exported) throws -> Exported {
    switch value {
    case .constant(let constant):
      guard let (scalar, dtype) = constant.scalar else { return value }
      return .constant(.tensor(try withErrors { Tensor.full([], scalar, dtype: dtype) }))
    case .number(let number):
      // Without dimensions: whatever the number depends on, its sizes do not.
      let samples = number.samples?.compactMap { sample -> Tensor? in
        guard let (scalar, dtype) = sample.scalar else { return nil }
        return Tensor.full([], scalar, dtype: dtype)
      }
      return .tensor(ONNX.Cell(number.wire, samples: samples, in: writer))
    default: return value
    }
  }

  private func isInstance(_ node: JIT.Node, _ value: Exported) throws -> Bool {
    guard case .types(let types)? = node.attributes["types"], let sample = value.sample(0) else {
      throw unexpected(node)
    }
    return types.contains { sample.type.isSubtype(of: $0) }
  }

  // MARK: Errors

  func unsupported(_ what: String) -> TorchError { TorchError(.notImplemented, "ONNX cannot express \(what)") }

  func unexpected(_ node: JIT.Node) -> TorchError {
    TorchError(.state, "\(node.kind) does not have the form that the exporter knows")
  }
}
