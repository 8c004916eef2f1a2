// Lists and dictionaries, which are changed while exporting: what they hold is known wherever their length is.

import TorchCore
import TorchJIT

extension ONNX.Exporter {
  /// The results of a builtin that reads or changes a list or dictionary; nil for other builtins.
  func callContainer(_ builtin: JIT.Builtin, _ arguments: [Exported]) throws -> [Exported]? {
    switch arguments.first {
    case .list(let box): try callList(builtin, box, arguments)
    case .dict(let box): try callDict(builtin, box, arguments)
    case .sequence(let sequence): try callSequence(builtin, sequence, arguments)
    case .tuple(let items):
      // A tuple is read as a list is.
      try callList(builtin, ONNX.ListBox(.any, items, in: writer), arguments)
    default: nil
    }
  }

  private func mayChange(_ owner: ONNX.GraphWriter) throws {
    if owner !== writer {
      throw unsupported("a list or dictionary that is changed in a branch or loop decided at run time")
    }
  }

  // MARK: Lists

  private func callList(_ builtin: JIT.Builtin, _ box: ONNX.ListBox, _ arguments: [Exported]) throws -> [Exported]? {
    func index(_ value: Exported) -> Int? { value.constant?.int.map { $0 < 0 ? $0 + box.items.count : $0 } }
    switch builtin.schema.name {
    case "aten::append":
      try mayChange(box.writer)
      box.items.append(arguments[1])
      return [arguments[0]]
    case "aten::extend":
      guard let more = arguments[1].elements else { throw unsupported("a list of unknown length") }
      try mayChange(box.writer)
      box.items += more
      return []
    case "aten::insert":
      guard let at = index(arguments[1]) else { throw unsupported("an index of a list that is not constant") }
      try mayChange(box.writer)
      box.items.insert(arguments[2], at: min(max(at, 0), box.items.count))
      return []
    case "aten::pop":
      guard let at = arguments.count > 1 ? index(arguments[1]) : box.items.count - 1, box.items.indices.contains(at)
      else {
        throw TorchError(.index, "pop index out of range")
      }
      try mayChange(box.writer)
      return [box.items.remove(at: at)]
    case "aten::clear":
      try mayChange(box.writer)
      box.items = []
      return []
    case "aten::reverse":
      try mayChange(box.writer)
      box.items.reverse()
      return []
    case "aten::_set_item":
      guard let at = index(arguments[1]), box.items.indices.contains(at) else {
        throw unsupported("an index of a list that is not constant")
      }
      try mayChange(box.writer)
      box.items[at] = arguments[2]
      return [arguments[0]]
    case "aten::__getitem__":
      guard let at = index(arguments[1]) else { return nil }
      guard box.items.indices.contains(at) else { throw TorchError(.index, "list index out of range") }
      return [box.items[at]]
    case "aten::len": return [.constant(.int(box.items.count))]
    case "aten::list", "aten::copy": return [.list(ONNX.ListBox(box.elementType, box.items, in: writer))]
    case "aten::add":
      guard let more = arguments[1].elements else { return nil }
      return [.list(ONNX.ListBox(box.elementType, box.items + more, in: writer))]
    case "aten::add_":
      guard let more = arguments[1].elements else { return nil }
      try mayChange(box.writer)
      box.items += more
      return [arguments[0]]
    case "aten::mul":
      guard let count = arguments[1].constant?.int else { return nil }
      let items = Array(repeating: box.items, count: max(count, 0)).flatMap { $0 }
      return [.list(ONNX.ListBox(box.elementType, items, in: writer))]
    case "aten::slice": return [.list(ONNX.ListBox(box.elementType, try sliced(box.items, arguments), in: writer))]
    default: return nil
    }
  }

  private func sliced(_ items: [Exported], _ arguments: [Exported]) throws -> [Exported] {
    let bounds = arguments.dropFirst().map(\.constant)
    guard !bounds.contains(where: { $0 == nil }) else {
      throw unsupported("a part of a list whose bounds are not constant")
    }
    func bound(_ i: Int, _ fallback: Int) -> Int {
      guard i < bounds.count, let value = bounds[bounds.startIndex + i]?.int else { return fallback }
      return min(max(value < 0 ? value + items.count : value, 0), items.count)
    }
    let step = bounds.count > 2 ? bounds[bounds.startIndex + 2]?.int ?? 1 : 1
    guard step > 0 else { throw unsupported("a part of a list with a negative step") }
    let (start, end) = (bound(0, 0), bound(1, items.count))
    return stride(from: start, to: end, by: step).map { items[$0] }
  }

  // MARK: Dictionaries

  private func callDict(_ builtin: JIT.Builtin, _ box: ONNX.DictBox, _ arguments: [Exported]) throws -> [Exported]? {
    func place(_ value: Exported) throws -> Int? {
      guard let key = value.constant else { throw unsupported("a dictionary's key that is not constant") }
      return box.items.firstIndex { ONNX.ExportKnowledge.isEqual($0.key, key) }
    }
    func list(_ type: JIT.ScriptType, _ items: [Exported]) -> [Exported] {
      [.list(ONNX.ListBox(type, items, in: writer))]
    }
    switch builtin.schema.name {
    case "aten::__getitem__":
      guard let i = try place(arguments[1]) else { throw TorchError(.index, "the key is not in the dictionary") }
      return [box.items[i].value]
    case "aten::get":
      return [
        try place(arguments[1]).map { box.items[$0].value } ?? (arguments.count > 2 ? arguments[2] : .constant(.none))
      ]
    case "aten::_set_item":
      try mayChange(box.writer)
      if let i = try place(arguments[1]) {
        box.items[i].value = arguments[2]
      } else if let key = arguments[1].constant {
        box.items.append((key, arguments[2]))
      }
      return []
    case "aten::__contains__": return [.constant(.bool(try place(arguments[1]) != nil))]
    case "aten::len": return [.constant(.int(box.items.count))]
    case "aten::keys": return list(box.keyType, box.items.map { .constant($0.key) })
    case "aten::values": return list(box.valueType, box.items.map(\.value))
    case "aten::items":
      return list(.tuple([box.keyType, box.valueType]), box.items.map { .tuple([.constant($0.key), $0.value]) })
    case "aten::pop":
      guard let i = try place(arguments[1]) else { return arguments.count > 2 ? [arguments[2]] : nil }
      try mayChange(box.writer)
      return [box.items.remove(at: i).value]
    case "aten::clear":
      try mayChange(box.writer)
      box.items = []
      return []
    case "aten::copy":
      let copy = ONNX.DictBox(box.keyType, box.valueType, in: writer)
      copy.items = box.items
      return [.dict(copy)]
    default: return nil
    }
  }

  // MARK: Sequences

  private func callSequence(
    _ builtin: JIT.Builtin, _ sequence: ONNX.Sequence, _ arguments: [Exported]
  ) throws -> [Exported]? {
    switch builtin.schema.name {
    case "aten::append":
      guard let cell = arguments[1].cell else {
        throw unsupported("a list that grows in a loop by something else than tensors")
      }
      sequence.wire = writer.emit("SequenceInsert", [sequence.wire, cell.wire], [:], outputs: 1, isPure: false)[0]
      sequence.element = sequence.element ?? cell.samples
      return [arguments[0]]
    case "aten::len":
      let wire = writer.emit("SequenceLength", [sequence.wire])
      return [.number(ONNX.Number(kind: .int, wire: wire, samples: nil, dependence: .unknown))]
    case "aten::__getitem__":
      let call = ONNX.RuleCall(schema: builtin.schema, arguments: arguments, graph: writer, results: nil)
      let wire = writer.emit("SequenceAt", [sequence.wire, try call.intWire(arguments[1], "idx")])
      return [.tensor(ONNX.Cell(wire, samples: sequence.element, dependence: .unknown, in: writer))]
    default: throw unsupported("\(builtin.schema.name) on a list that grows in a loop")
    }
  }
}
