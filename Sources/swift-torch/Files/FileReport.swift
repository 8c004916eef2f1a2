// `inspect`'s text and JSON.

import Foundation
import OrderedCollections
import TorchCore
import TorchSerialization

struct FileReport {
  let contents: FileContents

  private struct Row {
    let depth: Int
    let name: String
    /// Type, sizes, bytes and remarks of a tensor; nil for other values.
    var tensor: [String]?
    var value = ""
  }

  // MARK: - Text

  func text(showsCode: Bool) -> String {
    var lines = ["\(contents.path): \(contents.format.title), \(FileReport.human(contents.size))"]
    for (name, fact) in contents.facts { lines.append("\(name): \(fact)") }
    if let refusal = contents.refusal { lines.append("torch.load refuses this file: \(refusal.message)") }
    if !contents.metadata.isEmpty {
      let width = contents.metadata.keys.map(\.count).max() ?? 0
      lines += ["", "metadata"]
      for (key, value) in contents.metadata { lines.append("  \(FileReport.pad(key, width))  \(value.text)") }
    }
    lines.append("")
    lines += table()
    lines += ["", totals]
    if !contents.sources.isEmpty {
      if showsCode {
        for (name, text) in contents.sources { lines += ["", "# \(name)", text.trimmingCharacters(in: .newlines)] }
      } else {
        let place = contents.format == .onnx ? "a graph" : "code in \(contents.sources.count) files"
        lines.append("\(place); --code shows it")
      }
    }
    return lines.joined(separator: "\n")
  }

  private func table() -> [String] {
    var rows: [Row] = []
    var storages: [ObjectIdentifier: String] = [:]
    add(contents.tree, "", "", 0, &rows, &storages)
    let names = rows.map { 2 * $0.depth + $0.name.count }
    let width = min(names.max() ?? 0, 72)
    let cells = rows.compactMap(\.tensor)
    let widths = (0..<3).map { column in cells.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let name = String(repeating: "  ", count: row.depth) + row.name
      guard let tensor = row.tensor else { return row.value.isEmpty ? name : "\(name): \(row.value)" }
      let size = String(repeating: " ", count: max(0, widths[2] - tensor[2].count)) + tensor[2]
      let line =
        "\(FileReport.pad(name, width))  \(FileReport.pad(tensor[0], widths[0]))  "
        + "\(FileReport.pad(tensor[1], widths[1]))  \(size)  \(tensor[3])"
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  private func add(
    _ value: StateTree<FileTensor>, _ name: String, _ path: String, _ depth: Int, _ rows: inout [Row],
    _ storages: inout [ObjectIdentifier: String]
  ) {
    func children(_ items: [(String, StateTree<FileTensor>)], _ kind: String) {
      // The root needs no line of its own.
      if !name.isEmpty { rows.append(Row(depth: depth, name: name, value: kind)) }
      for (key, item) in items {
        add(item, key, path.isEmpty ? key : path + "." + key, name.isEmpty ? depth : depth + 1, &rows, &storages)
      }
    }
    if value.isPlain { return rows.append(Row(depth: depth, name: name.isEmpty ? "value" : name, value: value.text)) }
    switch value {
    case .tensor(let tensor):
      let shape = tensor.shape.map { "\($0)" } ?? "?"
      let size = tensor.byteCount.map(FileReport.human) ?? "?"
      let remarks = remarks(tensor, path, &storages).joined(separator: ", ")
      rows.append(
        Row(depth: depth, name: name.isEmpty ? "tensor" : name, tensor: [tensor.typeName, shape, size, remarks]))
    case .dict(let dictionary):
      children(
        dictionary.entries.map { ($0.key.description, $0.value) }, dictionary.isOrdered ? "OrderedDict" : "dict")
    case .list(let items): children(items.enumerated().map { (String($0.offset), $0.element) }, "list")
    case .tuple(let items): children(items.enumerated().map { (String($0.offset), $0.element) }, "tuple")
    case .set(let items): children(items.enumerated().map { (String($0.offset), $0.element) }, "set")
    case .object(let className, let arguments, _) where className.hasPrefix("torch.jit._pickle."):
      // Only says what type its argument has.
      if let first = arguments.first { add(first, name, path, depth, &rows, &storages) }
    case .object(let className, let arguments, let state):
      var items = arguments.enumerated().map { (String($0.offset), $0.element) }
      if let dictionary = state.dictionary {
        // A module's own bookkeeping, such as its hooks, is not worth a line.
        items += dictionary.entries.map { ($0.key.description, $0.value) }
          .filter { !($0.0.hasPrefix("_") && ($0.1.isPlain || $0.1.tensors.isEmpty)) }
      } else if !state.isNone {
        items.append(("state", state))
      }
      if name.isEmpty { rows.append(Row(depth: depth, name: className)) }
      children(items, className)
    default: break
    }
  }

  private func remarks(
    _ tensor: FileTensor, _ path: String, _ storages: inout [ObjectIdentifier: String]
  ) -> [String] {
    guard case .tensor(let stored) = tensor else { return ["cannot be read here"] }
    var remarks: [String] = []
    if stored.isParameter { remarks.append("parameter") }
    if stored.requiresGrad { remarks.append("requires grad") }
    if !stored.isContiguous { remarks.append("strides \(stored.strides)") }
    if stored.storageOffset > 0 { remarks.append("offset \(stored.storageOffset)") }
    if stored.storage.location != "cpu" { remarks.append(stored.storage.location) }
    let id = ObjectIdentifier(stored.storage)
    if let first = storages[id] { remarks.append("shares \(first)") } else { storages[id] = path }
    return remarks
  }

  // MARK: - Totals

  private var counts: (tensors: Int, elements: Int, bytes: Int) {
    var total = (tensors: 0, elements: 0, bytes: 0)
    var seen: Set<ObjectIdentifier> = []
    for (_, tensor) in contents.tree.tensors {
      total.tensors += 1
      total.elements &+= tensor.shape?.reduce(1, &*) ?? 0
      switch tensor {
      case .tensor(let stored):
        guard seen.insert(ObjectIdentifier(stored.storage)).inserted else { continue }
        total.bytes &+= stored.storage.packing?.byteCount ?? stored.storage.byteCount
      case .foreign(let foreign): total.bytes &+= foreign.byteCount ?? 0
      }
    }
    return total
  }

  private var totals: String {
    let counts = counts
    return
      "\(counts.tensors) tensor\(counts.tensors == 1 ? "" : "s"), \(FileReport.grouped(counts.elements)) elements, "
      + "\(FileReport.human(counts.bytes)) of memory in the file"
  }

  // MARK: - JSON

  func json() throws -> String {
    let counts = counts
    var tensors: [JSONValue] = []
    for (name, tensor) in contents.tree.tensors { tensors.append(json(name, tensor)) }
    var values: OrderedDictionary<String, JSONValue> = [:]
    FileReport.scalars(contents.tree, "") { values[$0] = $1.json }
    var object: OrderedDictionary<String, JSONValue> = [
      "path": .string(contents.path), "format": .string(contents.format.rawValue), "bytes": .int(contents.size),
      "tensors": .array(tensors),
      "totals": .object([
        "tensors": .int(counts.tensors), "elements": .int(counts.elements), "bytes": .int(counts.bytes),
      ]),
    ]
    if !contents.metadata.isEmpty { object["metadata"] = .object(contents.metadata.mapValues(\.json)) }
    if !contents.facts.isEmpty { object["facts"] = .object(contents.facts.mapValues { .string($0) }) }
    if !values.isEmpty { object["values"] = .object(values) }
    if let refusal = contents.refusal { object["refused"] = .string(refusal.message) }
    if !contents.sources.isEmpty { object["code"] = .object(contents.sources.mapValues { .string($0) }) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(JSONValue.object(object)), as: UTF8.self)
  }

  private func json(_ name: String, _ tensor: FileTensor) -> JSONValue {
    var object: OrderedDictionary<String, JSONValue> = ["name": .string(name), "dtype": .string(tensor.typeName)]
    if let shape = tensor.shape { object["shape"] = .array(shape.map { .int($0) }) }
    if let bytes = tensor.byteCount { object["bytes"] = .int(bytes) }
    if case .tensor(let stored) = tensor {
      if !stored.isContiguous { object["strides"] = .array(stored.strides.map { .int($0) }) }
      if stored.storageOffset > 0 { object["offset"] = .int(stored.storageOffset) }
      if stored.requiresGrad { object["requiresGrad"] = .bool(true) }
      if stored.storage.location != "cpu" { object["device"] = .string(stored.storage.location) }
    } else {
      object["supported"] = .bool(false)
    }
    return .object(object)
  }

  /// Calls `body` with every value that is no tensor and no container, or a container of nothing else.
  static func scalars(
    _ value: StateTree<FileTensor>, _ path: String, _ body: (String, StateTree<FileTensor>) -> Void
  ) {
    func down(_ key: String) -> String { path.isEmpty ? key : path + "." + key }
    if value.isPlain {
      if case .dict = value { return }
      return body(path, value)
    }
    switch value {
    case .dict(let dictionary):
      for (key, item) in dictionary.entries { scalars(item, down(key.description), body) }
    case .list(let items), .tuple(let items), .set(let items):
      for (index, item) in items.enumerated() { scalars(item, down(String(index)), body) }
    case .object(_, let arguments, let state):
      for (index, item) in arguments.enumerated() { scalars(item, down(String(index)), body) }
      if !state.isNone { scalars(state, path, body) }
    default: break
    }
  }

  // MARK: - Words and numbers

  static func human(_ bytes: Int) -> String {
    if bytes < 1024 { return "\(bytes) B" }
    var value = Double(bytes)
    var unit = 0
    while value >= 1024, unit < 5 {
      value /= 1024
      unit += 1
    }
    return String(format: value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value) + " "
      + ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][unit]
  }

  private static func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    var at = digits.count - 3
    while at > (digits.first == "-" ? 1 : 0) {
      digits.insert(",", at: at)
      at -= 3
    }
    return String(digits)
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
