// Walks a graph of TorchScript in its order and writes each node as ONNX.
//
// What is known while exporting is computed and leaves no node: numbers, lists, sizes that are the same for all variants
// of the example, tensors that depend on nothing but constants. A branch that is decided so is written in place, as are
// the rounds of a loop whose number is known; lists and dictionaries then are no more than names for what is in them.
// Operators without a rule are collected, so that one error names all of them.

import TorchCore
import TorchJIT
import TorchNN

extension ONNX {
  final class Exporter {
    let variantCount: Int
    /// The graph of the file.
    let root: GraphWriter
    /// The graph that is written to now.
    var writer: GraphWriter
    var values: [JIT.GraphValue: Exported] = [:]
    /// Parameters and buffers that are used, by wire.
    private(set) var state: [(wire: Wire, tensor: Tensor)] = []
    private var cells: [ObjectIdentifier: Cell] = [:]
    var problems = ExportProblems()
    /// The tensors of the file's graph, whose types are declared in it.
    private(set) var declared: [Cell] = []
    /// How many operators are being taken apart.
    var depth = 0
    /// Whether what is written now may never run: in a branch that the example does not take.
    var isSpeculative = false
    /// The dynamic axes: a name, and its size for each variant.
    let axes: [(name: String, sizes: [Int])]

    init(opset: Int, variantCount: Int, axes: [(name: String, sizes: [Int])], names: NameTable) {
      (self.variantCount, self.axes) = (variantCount, axes)
      root = GraphWriter(opset: opset, names: names)
      writer = root
    }

    // MARK: Graphs

    /// Writes the nodes of a block and gives what its outputs are.
    func export(_ block: JIT.Block) throws -> [Exported] {
      for node in block.nodes { try export(node) }
      return try block.outputs.map(value)
    }

    func value(_ value: JIT.GraphValue) throws -> Exported {
      guard let found = values[value] else { throw TorchError(.state, "%\(value.name) is used before it is defined") }
      return found
    }

    func export(_ node: JIT.Node) throws {
      let outer = writer.scope
      if let scope = node.scope { writer.scope = scope }
      defer { writer.scope = outer }
      let arguments = try node.inputs.map(value)
      switch node.target {
      case .operator(let op): bind(node, try call(op, arguments))
      case .builtin(let builtin): bind(node, try call(builtin, arguments))
      case .function(let function):
        throw TorchError(.notImplemented, "'\(function.qualifiedName)' calls itself, which ONNX cannot express")
      case .none: try exportStructure(node, arguments)
      }
    }

    func bind(_ node: JIT.Node, _ results: [Exported]) {
      for (output, result) in zip(node.outputs, results) { values[output] = result }
    }

    // MARK: State

    /// The cell of a parameter or buffer, whose wire is its key in the state dict.
    func state(_ tensor: Tensor, _ path: String) -> Cell {
      if let known = cells[ObjectIdentifier(tensor)] { return known }
      let wire = root.names.unique(path)
      state.append((wire, tensor))
      let plain = tensor.detach()
      let cell = Cell(wire, samples: Array(repeating: plain, count: variantCount), in: root)
      cells[ObjectIdentifier(tensor)] = cell
      return cell
    }

    // MARK: Calls of operators

    func call(_ op: AnyOperator, _ given: [Exported]) throws -> [Exported] {
      let arguments = try given.map(fresh)
      if op.schema.parameters.first?.isWritten == true, op.schema.baseName.hasSuffix("_") {
        return try callInPlace(op, arguments)
      }
      let isRandom = ExportKnowledge.isRandom(op)
      let results = try run(arguments) { try self.evaluate(op, $0) }
      let dependence = dependence(op.schema, arguments, results) { try self.evaluate(op, $0) }
      if !isRandom, let folded = folded(op.schema, arguments, results, dependence) { return folded }
      let wires: [Wire]
      if let rule = RuleTable.find(op.schema) {
        guard writer.opset >= rule.since else {
          return placeholders(op.schema, arguments, results, problem: "it needs opset \(rule.since)")
        }
        do {
          let call = RuleCall(schema: op.schema, arguments: arguments, graph: writer, results: results)
          wires = try rule.body(call)
        } catch let error as TorchError where error.kind == .notImplemented {
          if let parts = try decomposed(op, arguments, results) { return parts }
          return placeholders(op.schema, arguments, results, problem: error.message)
        }
      } else if let parts = try decomposed(op, arguments, results) {
        return parts
      } else {
        return placeholders(op.schema, arguments, results, problem: nil)
      }
      return package(op.schema, wires, results, dependence, view: view(op, arguments, results))
    }

    func call(_ builtin: JIT.Builtin, _ given: [Exported]) throws -> [Exported] {
      let arguments = try given.map(fresh)
      if let results = try callContainer(builtin, arguments) { return results }
      let count = builtin.signature.returns.count
      let results = builtin.isPure ? try run(arguments) { [try builtin.body($0)] } : nil
      let split = results.flatMap { spread($0, count) }
      let dependence = dependence(builtin.schema, arguments, split) { samples in
        self.spread([[try builtin.body(samples)]], count)?.first ?? []
      }
      if let folded = folded(builtin.schema, arguments, split, dependence) { return folded }
      guard let rule = RuleTable.find(builtin.schema) else {
        return placeholders(builtin.schema, arguments, split, problem: nil)
      }
      do {
        let call = RuleCall(schema: builtin.schema, arguments: arguments, graph: writer, results: split)
        return package(builtin.schema, try rule.body(call), split, dependence, view: nil)
      } catch let error as TorchError where error.kind == .notImplemented {
        return placeholders(builtin.schema, arguments, split, problem: error.message)
      }
    }

    /// Several results of a builtin come as a tuple.
    private func spread(_ results: [[JIT.IValue]], _ count: Int) -> [[JIT.IValue]]? {
      if count == 1 { return results }
      let tuples = results.compactMap { $0[0].elements }
      return tuples.allSatisfy { $0.count == count } ? tuples : nil
    }

    // MARK: Running

    /// What a call gives for each variant; nil where that cannot be said.
    /// - Throws: the call's error where it fails for the example, and `VariantFailure` where it fails for a variant.
    func run(_ arguments: [Exported], _ body: ([JIT.IValue]) throws -> [JIT.IValue]) throws -> [[JIT.IValue]]? {
      var results: [[JIT.IValue]] = []
      for variant in 0..<variantCount {
        let samples = arguments.compactMap { $0.sample(variant) }
        guard samples.count == arguments.count else { return nil }
        if variant > 0, arguments.allSatisfy({ $0.constant != nil }) {
          results.append(results[0])
          continue
        }
        do {
          results.append(try withErrors { try torch.noGrad { try body(samples) } })
        } catch {
          // Nobody has said that the branch runs.
          if isSpeculative { return nil }
          throw variant == 0 ? error : VariantFailure(variant: variant, error: error)
        }
      }
      return results
    }

    private func evaluate(_ op: AnyOperator, _ arguments: [JIT.IValue]) throws -> [JIT.IValue] {
      let returns = JIT.Signature(op.schema).returns
      let values = try op.callBoxed(try arguments.map { try $0.boxed() })
      return zip(values, returns).map { JIT.IValue($0, $1) }
    }

    // MARK: Results

    /// Results that are known while exporting; nil where there are none.
    private func folded(
      _ schema: Schema, _ arguments: [Exported], _ results: [[JIT.IValue]]?, _ dependence: Dependence<[JIT.IValue]>
    ) -> [Exported]? {
      guard let results, let first = results.first else { return nil }
      let isConstant = arguments.allSatisfy { $0.constant != nil }
      if isConstant {
        guard first.allSatisfy({ ExportKnowledge.size($0) <= ExportKnowledge.foldingLimit }) else { return nil }
        return first.map(literal)
      }
      var others = results.dropFirst()
      if !ExportKnowledge.isAboutTypes(schema) {
        guard ExportKnowledge.isAboutSizes(schema) else { return nil }
        switch dependence {
        case .none: break
        // Of numbers: a comparison can be the same for these selections and not for all.
        case .selections(let selected) where ExportKnowledge.takesTensors(schema): others += selected
        case .selections, .unknown: return nil
        }
      }
      guard others.allSatisfy({ zip($0, first).allSatisfy { ExportKnowledge.isEqual($0, $1) } }) else { return nil }
      return first.map(literal)
    }

    /// A value that is known. Lists can be changed, so each is one of its own.
    func literal(_ value: JIT.IValue) -> Exported {
      switch value {
      case .list(let list): .list(ListBox(list.elementType, list.items.map(literal), in: writer))
      case .tuple(let tuple): .tuple(tuple.items.map(literal))
      case .dict(let dict):
        {
          let box = DictBox(dict.keyType, dict.valueType, in: writer)
          box.items = dict.table.map { (JIT.IValue($0), literal($1)) }
          return .dict(box)
        }()
      default: .constant(value)
      }
    }

    /// The results of a call as values of the graph.
    func package(
      _ schema: Schema, _ wires: [Wire], _ results: [[JIT.IValue]]?, _ dependence: Dependence<[JIT.IValue]>,
      view: ViewOrigin?
    ) -> [Exported] {
      func samples(_ index: Int) -> [JIT.IValue]? { results.map { $0.map { $0[index] } } }
      if schema.returns.count == 1, schema.returns[0].hasSuffix("]") {
        // A list: a wire for each element.
        let element = JIT.ScriptType(schemaType: String(schema.returns[0].prefix { $0 != "[" }))
        func items(_ lists: [JIT.IValue]) -> [[JIT.IValue]]? {
          let items = lists.compactMap(\.elements)
          return items.count == lists.count && items.allSatisfy { $0.count == wires.count } ? items : nil
        }
        let lists = samples(0).flatMap(items)
        let parts = dependence.flatMap { items([$0[0]])?.first }
        let items = wires.enumerated().map { i, wire in
          package(wire, element, lists?.map { $0[i] }, parts.map { $0[i] }, view: nil)
        }
        return [.list(ListBox(element, items, in: writer))]
      }
      return schema.returns.indices.map { i in
        guard i < wires.count, !wires[i].isEmpty else {
          return .missing("result \(i) of \(schema.name) has no equivalent in ONNX")
        }
        return package(
          wires[i], JIT.ScriptType(schemaType: schema.returns[i]), samples(i), dependence.map { $0[i] },
          view: i == 0 ? view : nil)
      }
    }

    func package(
      _ wire: Wire, _ type: JIT.ScriptType, _ samples: [JIT.IValue]?, _ dependence: Dependence<JIT.IValue>,
      view: ViewOrigin?
    ) -> Exported {
      func number(_ kind: Number.Kind) -> Exported {
        .number(Number(kind: kind, wire: wire, samples: samples, dependence: dependence))
      }
      switch type.withoutOptional {
      case .int: return number(.int)
      case .float: return number(.float)
      case .bool: return number(.bool)
      case .number:
        let kind: Number.Kind =
          switch samples?.first {
          case .int: .int
          case .bool: .bool
          default: .float
          }
        return number(kind)
      default:
        let tensors = samples.flatMap { list in
          let tensors = list.compactMap(\.tensor)
          return tensors.count == list.count ? tensors : nil
        }
        // A tensor without dimensions has no sizes that could depend on anything.
        let real =
          tensors?.first?.ndim == 0
          ? .none : dependence.flatMap(\.tensor).unless { other in tensors.map { $0[0].shape == other.shape } ?? false }
        let cell = Cell(wire, samples: tensors, dependence: real, in: writer, view: view)
        // A copy: the cell's wire may become another.
        if writer === root, tensors != nil {
          declared.append(Cell(wire, samples: tensors, dependence: real, in: root))
        }
        return .tensor(cell)
      }
    }

    /// Stands for the results of what cannot be written, so that the rest can be looked at.
    func placeholders(
      _ schema: Schema, _ arguments: [Exported], _ results: [[JIT.IValue]]?, problem: String?
    ) -> [Exported] {
      problems.add(schema.name, problem)
      guard let first = results?.first else { return schema.returns.map { _ in .missing("\(schema.name) is missing") } }
      return first.enumerated().map { i, value in
        switch value {
        case .tensor, .int, .double, .bool:
          package("missing", JIT.ScriptType(schemaType: schema.returns[i]), results!.map { $0[i] }, .none, view: nil)
        default: literal(value)
        }
      }
    }
  }

  /// A variant of the example for which the model does not run.
  struct VariantFailure: Error {
    let variant: Int
    let error: any Error
  }

  /// What cannot be written, each once and in order.
  struct ExportProblems {
    private(set) var operators: [(name: String, why: String?)] = []

    mutating func add(_ name: String, _ why: String?) {
      if !operators.contains(where: { $0.name == name && $0.why == why }) { operators.append((name, why)) }
    }

    mutating func merge(_ other: ExportProblems) { for (name, why) in other.operators { add(name, why) } }

    /// One error that names all; nil where there are none.
    func error(opset: Int) -> TorchError? {
      guard !operators.isEmpty else { return nil }
      let names = operators.map { name, why in "'\(name)'" + (why.map { " (\($0))" } ?? "") }
      return TorchError(
        .notImplemented,
        "Exporting the operator\(names.count > 1 ? "s" : "") \(names.joined(separator: ", ")) to ONNX opset version \(opset) is not supported"
      )
    }
  }
}
