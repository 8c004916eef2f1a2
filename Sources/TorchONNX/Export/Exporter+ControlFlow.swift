// Branches and loops.
//
// What is decided while exporting is written in place. What each run decides becomes If and Loop, whose results must be
// tensors or numbers; a list that such a loop appends to is a sequence.
// Reference: https://onnx.ai/onnx/operators/onnx__Loop.html

import SwiftProtobuf
import TorchCore
import TorchJIT

extension ONNX.Exporter {
  /// Loops of a known number of rounds are written round by round up to this many.
  private static let unrollLimit = 1024

  // MARK: If

  func exportIf(_ node: JIT.Node) throws {
    let condition = try value(node.inputs[0])
    if let taken = condition.constant?.bool {
      return bind(node, try export(node.blocks[taken ? 0 : 1]))
    }
    // A branch that raises is an assertion: a file has none, so the other one is the way.
    if let survivor = try survivor(of: node) { return bind(node, try export(survivor)) }
    guard case .number(let number) = condition else { throw unsupported("a condition that is no Boolean") }
    let taken = number.samples?.map { $0.bool }
    let graphs = try node.blocks.enumerated().map { i, block in
      try branch(block, "\(i)", isTaken: taken?.allSatisfy { $0 == (i == 0) } ?? false)
    }
    try match(graphs.map(\.results))
    let count = node.outputs.count
    let wires = try writer.emit(
      "If", [number.wire],
      ["then_branch": .graph(graphs[0].proto(self)), "else_branch": .graph(graphs[1].proto(self))],
      outputs: max(count, 1), isPure: false)
    for (i, output) in node.outputs.enumerated() {
      values[output] = try merged(graphs[0].results[i], graphs[1].results[i], taken, wires[i])
    }
  }

  /// The branch to write where the other raises.
  private func survivor(of node: JIT.Node) throws -> JIT.Block? {
    let raises = node.blocks.map { $0.nodes.contains { $0.kind == "prim::RaiseException" } }
    return raises[0] == raises[1] ? nil : node.blocks[raises[0] ? 1 : 0]
  }

  /// A graph of a node, and what its results are.
  struct Branch {
    let writer: ONNX.GraphWriter
    var results: [Exported]
    let name: String
    var inputs: [Onnx_ValueInfoProto] = []

    func proto(_ exporter: ONNX.Exporter) throws -> Onnx_GraphProto {
      var graph = Onnx_GraphProto()
      graph.name = writer.names.unique(name)
      graph.input = inputs
      var written = Set(writer.nodes.flatMap(\.output))
      var nodes = writer.nodes
      for result in results {
        let call = ONNX.RuleCall(schema: Branch.schema, arguments: [], graph: writer, results: nil)
        var wire = try call.wire(result)
        nodes = writer.nodes
        // A graph's output must be made in it, and only once.
        if !Set(nodes.flatMap(\.output)).contains(wire) || graph.output.contains(where: { $0.name == wire }) {
          wire = writer.emit("Identity", [wire], [:], outputs: 1, isPure: false)[0]
          nodes = writer.nodes
        }
        written.insert(wire)
        graph.output.append(exporter.info(wire, result))
      }
      graph.node = ONNX.ModelWriter.live(nodes, outputs: graph.output.map(\.name))
      return graph
    }

    private static let schema = Schema("onnx::branch() -> ()")
  }

  private func branch(_ block: JIT.Block, _ name: String, isTaken: Bool) throws -> Branch {
    let outer = writer
    let wasSpeculative = isSpeculative
    writer = outer.inner()
    isSpeculative = isSpeculative || !isTaken
    defer { (writer, isSpeculative) = (outer, wasSpeculative) }
    return Branch(writer: writer, results: try export(block), name: "branch_\(name)")
  }

  /// Makes the results of two branches of one kind, and their constants tensors.
  private func match(_ results: [[Exported]]) throws {
    for (a, b) in zip(results[0], results[1]) {
      func isPlain(_ value: Exported) -> Bool {
        switch value {
        case .tensor, .number, .sequence: true
        case .constant(let constant): constant.scalar != nil || constant.tensor != nil
        default: false
        }
      }
      guard isPlain(a), isPlain(b) else {
        throw unsupported("a branch, decided at run time, whose result is no tensor or number")
      }
    }
  }

  /// The result of an If: the samples are those of the branch that each variant takes.
  private func merged(_ a: Exported, _ b: Exported, _ taken: [Bool?]?, _ wire: ONNX.Wire) throws -> Exported {
    var samples: [JIT.IValue]?
    if let taken {
      let list = taken.enumerated().compactMap { i, isThen in (isThen == true ? a : b).sample(i) }
      samples = list.count == taken.count ? list : nil
    }
    let first = samples?.first ?? a.sample(0) ?? b.sample(0)
    guard let first else { throw unsupported("a branch whose result's type is not known") }
    return package(wire, first.type, samples, .unknown, view: nil)
  }

  // MARK: Loop

  func exportLoop(_ node: JIT.Node) throws {
    let body = node.blocks[0]
    let carried = try node.inputs.dropFirst(2).map(value)
    if let results = try unrolled(node, body, carried) { return bind(node, results) }
    try exportDynamicLoop(node, body, carried)
  }

  /// Writes a loop round by round where its end is known; nil where it is not.
  private func unrolled(_ node: JIT.Node, _ body: JIT.Block, _ start: [Exported]) throws -> [Exported]? {
    guard let count = try value(node.inputs[0]).constant?.int, var goesOn = try value(node.inputs[1]).constant?.bool
    else { return nil }
    let endsByCount = body.outputs[0].constant?.bool == true
    if endsByCount, count > ONNX.Exporter.unrollLimit { return nil }
    let state = (nodes: writer.checkpoint(), values: values, problems: problems)
    var carried = start
    var round = 0
    while goesOn, round < count {
      guard round < ONNX.Exporter.unrollLimit else { throw unsupported("a loop of so many rounds") }
      values[body.inputs[0]] = .constant(.int(round))
      for (input, value) in zip(body.inputs.dropFirst(), carried) { values[input] = value }
      let results = try export(body)
      guard let next = results[0].constant?.bool else {
        // It depends on the data how long it goes on: a loop after all. Lists that it has changed cannot be taken back.
        guard round == 0, !body.writesContainers else {
          throw unsupported("a loop that changes lists and whose end depends on data")
        }
        writer.restore(state.nodes)
        (values, problems) = (state.values, state.problems)
        return nil
      }
      goesOn = next
      carried = Array(results.dropFirst())
      round += 1
    }
    return carried
  }

  private func exportDynamicLoop(_ node: JIT.Node, _ body: JIT.Block, _ start: [Exported]) throws {
    let limit = try value(node.inputs[0])
    let condition = try value(node.inputs[1])
    let lists = try sequences(body)
    let outer = writer
    let call = ONNX.RuleCall(schema: ONNX.Exporter.loopSchema, arguments: [], graph: outer, results: nil)
    var inputs: [ONNX.Wire?] = [nil, nil]
    if limit.constant?.int ?? 0 < Int(Int32.max) { inputs[0] = try call.intWire(limit, "max_trip") }
    inputs[1] = condition.constant?.bool == true ? nil : try call.wire(condition, "condition")
    let carried = try start.map { value -> Exported in
      guard let scalar = value.constant?.scalar else { return value }
      return package(
        try outer.scalar(scalar.0, scalar.1), value.constant!.type,
        Array(repeating: value.constant!, count: variantCount), .unknown, view: nil)
    }
    for value in carried { inputs.append(try call.wire(value, "carried")) }
    let starts = lists.map(\.wire)

    writer = outer.inner()
    defer { writer = outer }
    var branch = Branch(writer: writer, results: [], name: "loop_body")
    func input(_ name: String, _ value: Exported) -> Onnx_ValueInfoProto {
      info(writer.names.unique(name), value, fixed: false)
    }
    let number = ONNX.Number(
      kind: .int, wire: writer.names.unique("iteration"), samples: Array(repeating: .int(0), count: variantCount),
      dependence: .unknown)
    values[body.inputs[0]] = .number(number)
    branch.inputs = [info(number.wire, .number(number)), input("condition", .constant(.bool(true)))]
    for (parameter, value) in zip(body.inputs.dropFirst(), carried) {
      let port = input(parameter.name.isEmpty ? "carried" : parameter.name, value)
      branch.inputs.append(port)
      let samples = (0..<variantCount).compactMap { value.sample($0) }
      guard let type = samples.first?.type else {
        throw unsupported("a loop that carries a value whose type is not known")
      }
      values[parameter] = package(port.name, type, samples.count == variantCount ? samples : nil, .unknown, view: nil)
    }
    let ports = lists.map { _ in writer.names.unique("list") }
    for (list, port) in zip(lists, ports) { list.wire = port }
    branch.results = try export(body)
    // What is in an empty list is known once something has been appended.
    for ((list, port), start) in zip(zip(lists, ports), starts) {
      branch.inputs.append(info(port, .sequence(list)))
      let type = Int(ONNX.ElementType(list.element?.first?.dtype ?? .float32).rawValue)
      inputs.append(
        start.isEmpty ? outer.emit("SequenceEmpty", [], ["dtype": .int(type)], outputs: 1, isPure: false)[0] : start)
    }
    branch.results += lists.map { .sequence(ONNX.Sequence($0.wire, element: $0.element, in: writer)) }
    let graph = try branch.proto(self)
    writer = outer
    let wires = outer.emit(
      "Loop", inputs, ["body": .graph(graph)], outputs: max(inputs.count - 2, 1), isPure: false)
    for (i, output) in node.outputs.enumerated() {
      let value = branch.results[i + 1]
      // Sizes may change from round to round, so nothing is known but dtype and rank.
      let samples = (0..<variantCount).compactMap { value.sample($0) }
      guard let type = samples.first?.type else { throw unsupported("a loop whose result's type is not known") }
      values[output] = package(wires[i], type, samples.count == variantCount ? samples : nil, .unknown, view: nil)
    }
    for (i, list) in lists.enumerated() { list.wire = wires[node.outputs.count + i] }
  }

  private static let loopSchema = Schema("onnx::loop() -> ()")

  /// Lists of the outside that the body appends to, made sequences.
  private func sequences(_ body: JIT.Block) throws -> [ONNX.Sequence] {
    var found: [ONNX.Sequence] = []
    for node in body.everyNode where ONNX.Exporter.appending.contains(node.kind) {
      guard let list = node.inputs.first, let value = values[list] else { continue }
      switch value {
      case .sequence(let sequence):
        if !found.contains(where: { $0 === sequence }) { found.append(sequence) }
      case .list(let box):
        let sequence = try sequence(of: box)
        for (key, other) in values {
          if case .list(let same) = other, same === box { values[key] = .sequence(sequence) }
        }
        found.append(sequence)
      default: continue
      }
    }
    return found
  }

  static let appending: Set = [
    "aten::append", "aten::extend", "aten::insert", "aten::pop", "aten::clear", "aten::_set_item",
  ]

  /// A list of tensors as a sequence.
  func sequence(of box: ONNX.ListBox) throws -> ONNX.Sequence {
    guard box.elementType == .tensor else { throw unsupported("a list of \(box.elementType) that grows in a loop") }
    let call = ONNX.RuleCall(schema: ONNX.Exporter.loopSchema, arguments: [], graph: writer, results: nil)
    let element = box.items.first?.cell?.samples
    // An empty one is made once it is known what it holds.
    let wire = box.items.isEmpty ? "" : writer.emit("SequenceConstruct", try box.items.map { try call.wire($0) })
    return ONNX.Sequence(wire, element: element, in: writer)
  }
}

extension JIT.Block {
  /// All nodes, those of inner blocks too.
  fileprivate var everyNode: [JIT.Node] { nodes.flatMap { [$0] + $0.blocks.flatMap(\.everyNode) } }

  fileprivate var writesContainers: Bool { everyNode.contains { ONNX.Exporter.appending.contains($0.kind) } }
}
