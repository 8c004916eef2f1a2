// One export, from a graph and an example to the bytes of a file.

import SwiftProtobuf
import TorchCore
import TorchJIT
import TorchNN

extension ONNX {
  /// How a model is exported.
  struct ExportSettings {
    var inputNames: [String]
    var outputNames: [String]
    var dynamicAxes: [String: DynamicAxes]
    var exportParams = true
    var opset: Int

    static let opsets = 17...21
  }

  struct ExportJob {
    let graph: JIT.Graph
    /// The module that is the graph's first input; nil where it has none.
    let root: JIT.ScriptObject?
    /// Parameters and buffers among the graph's inputs, after those of the program.
    var parameters: [(name: String, value: JIT.GraphValue, tensor: Tensor)] = []
    /// The example, a value for each other input.
    let example: [JIT.IValue]
    let settings: ExportSettings

    /// - Throws: `TorchError` of kind `.notImplemented` that names all operators that cannot be written.
    func run() throws -> ModelWriter {
      guard ExportSettings.opsets.contains(settings.opset) else {
        throw TorchError(
          .value,
          "Unsupported ONNX opset version: \(settings.opset); supported are \(ExportSettings.opsets.lowerBound) to \(ExportSettings.opsets.upperBound)"
        )
      }
      let expected = self.graph.inputs.count - (root == nil ? 0 : 1) - parameters.count
      guard expected == example.count else {
        throw TorchError(.type, "the model takes \(expected) inputs, the example has \(example.count)")
      }
      let graph = prepared()
      let inputs = graph.inputs.dropFirst(root == nil ? 0 : 1).dropLast(parameters.count)
      let names = NameTable()
      let inputNames = try self.inputNames(Array(inputs), names)
      let tensors = example.flatMap(\.flattened)
      let variants = try ExampleVariants(tensors, names: inputNames, settings.dynamicAxes)
      let known = Set(inputNames + settings.outputNames)
      if let unknown = settings.dynamicAxes.keys.sorted().first(where: { !known.contains($0) }) {
        throw TorchError(.value, "dynamic axes are given for '\(unknown)', which is neither an input nor an output")
      }
      return try attempt(graph, tensors, variants, inputNames)
    }

    /// The graph made ready: inputs that are no tensors built in, calls inlined, constants and decided branches folded,
    /// dropout outside of training gone.
    private func prepared() -> JIT.Graph {
      let copy = graph.copy()
      for (input, value) in zip(copy.inputs.dropFirst(root == nil ? 0 : 1), example) where !value.hasTensors {
        let node = JIT.Graph.constant(value, value.isNone ? input.type : nil)
        if let first = copy.block.nodes.first { copy.block.insert(node, before: first) } else { copy.block.append(node) }
        input.replaceAllUses(with: node.output)
      }
      copy.inline()
      copy.propagateConstants()
      copy.peephole()
      copy.eliminateDeadCode()
      return copy
    }

    private func inputNames(_ parameters: [JIT.GraphValue], _ names: NameTable) throws -> [String] {
      var defaults: [String] = []
      for (parameter, value) in zip(parameters, example) {
        let base = parameter.name.isEmpty ? "input" : parameter.name
        if value.hasTensors, !value.isTensors {
          throw TorchError(
            .type,
            "input '\(base)' is a \(value.type): only tensors, and tuples, lists and dictionaries of them, are inputs of an ONNX model"
          )
        }
        defaults += ExportJob.inputNames(of: value, called: base)
      }
      guard settings.inputNames.count <= defaults.count else {
        throw TorchError(
          .value,
          "number of input names provided (\(settings.inputNames.count)) exceeded number of inputs (\(defaults.count))")
      }
      guard Set(settings.inputNames).count == settings.inputNames.count else {
        throw TorchError(.value, "two inputs have the same name: \(settings.inputNames)")
      }
      let given = settings.inputNames.map(names.unique)
      return given + defaults.dropFirst(given.count).map(names.unique)
    }

    /// Names of the tensors in an argument.
    static func inputNames(of value: JIT.IValue, called name: String) -> [String] {
      let count = value.flattened.count
      return count == 1 ? [name] : (0..<count).map { "\(name)_\($0)" }
    }

    // MARK: Variants

    /// Exports with variants of the example; where the model does not run with some sizes, with others.
    private func attempt(
      _ graph: JIT.Graph, _ tensors: [Tensor], _ variants: ExampleVariants, _ inputNames: [String]
    ) throws -> ModelWriter {
      let count = variants.axes.isEmpty ? 1 : 3
      var tries = Array(repeating: 0, count: count)
      while true {
        let sizes = (0..<count).map { v in v == 0 ? variants.axes.map(\.size) : variants.candidates(v)[tries[v]] }
        do {
          return try export(graph, sizes.map { variants.inputs(tensors, sizes: $0) }, sizes, variants, inputNames)
        } catch let failure as VariantFailure {
          tries[failure.variant] += 1
          guard tries[failure.variant] < variants.candidates(failure.variant).count else {
            let axes = variants.axes.map { "'\($0.name)'" }.joined(separator: ", ")
            throw TorchError(
              .value,
              "the model does not run with other sizes of the dynamic axes \(axes) than those of the example: \(failure.error)"
            )
          }
        }
      }
    }

    private func export(
      _ graph: JIT.Graph, _ inputs: [[Tensor]], _ sizes: [[Int]], _ variants: ExampleVariants, _ inputNames: [String]
    ) throws -> ModelWriter {
      let names = NameTable()
      for name in inputNames + settings.outputNames { _ = names.unique(name) }
      let axes = variants.axes.enumerated().map { k, axis in (axis.name, sizes.map { $0[k] }) }
      let exporter = Exporter(opset: settings.opset, variantCount: sizes.count, axes: axes, names: names)
      var proto = Onnx_GraphProto()
      proto.name = "main_graph"
      var next = 0
      var open = graph.inputs[...]
      if let root, let first = open.popFirst() { exporter.values[first] = .object(root, path: "") }
      for (value, parameter) in zip(open.suffix(parameters.count), parameters) {
        exporter.values[value] = .tensor(exporter.state(parameter.tensor, parameter.name))
      }
      for (port, value) in zip(open, example) where value.hasTensors {
        exporter.values[port] = input(value, exporter) {
          defer { next += 1 }
          let cell = Cell(inputNames[next], samples: inputs.map { $0[next] }, in: exporter.root)
          proto.input.append(exporter.info(inputNames[next], .tensor(cell), given: variants.names[next]))
          return cell
        }
      }
      let results = try exporter.export(graph.block)
      if let error = exporter.problems.error(opset: settings.opset) { throw error }
      try finish(&proto, exporter, results, inputNames)
      return ModelWriter(
        graph: proto, opset: settings.opset, state: settings.exportParams ? used(proto, exporter.state) : [])
    }

    /// An input of the model: tensors in tuples, lists and dictionaries are inputs of their own.
    private func input(_ value: JIT.IValue, _ exporter: Exporter, _ cell: () -> Cell) -> Exported {
      switch value {
      case .list(let list):
        return .list(ListBox(list.elementType, list.items.map { input($0, exporter, cell) }, in: exporter.root))
      case .tuple(let tuple): return .tuple(tuple.items.map { input($0, exporter, cell) })
      case .dict(let dict):
        let box = DictBox(dict.keyType, dict.valueType, in: exporter.root)
        box.items = dict.table.map { (JIT.IValue($0), input($1, exporter, cell)) }
        return .dict(box)
      default: return .tensor(cell())
      }
    }

    private func used(_ proto: Onnx_GraphProto, _ state: [(wire: Wire, tensor: Tensor)]) -> [(
      wire: Wire, tensor: Tensor
    )] {
      let reads = Set(proto.node.flatMap(ModelWriter.reads) + proto.output.map(\.name))
      return state.filter { reads.contains($0.wire) }
    }

    // MARK: Outputs

    private func finish(
      _ proto: inout Onnx_GraphProto, _ exporter: Exporter, _ results: [Exported], _ inputNames: [String]
    ) throws {
      let outputs = try results.flatMap { try flattened(try exporter.fresh($0), nil) }
      guard settings.outputNames.count <= outputs.count else {
        throw TorchError(
          .value,
          "number of output names provided (\(settings.outputNames.count)) exceeded number of outputs (\(outputs.count))"
        )
      }
      let call = RuleCall(schema: Schema("onnx::outputs() -> ()"), arguments: [], graph: exporter.root, results: nil)
      let wires = try outputs.map { try call.wire($0.value) }
      var nodes = exporter.root.nodes
      let made = Set(nodes.flatMap(\.output))
      var renamed: [Wire: Wire] = [:]
      for (i, (value, key)) in outputs.enumerated() {
        let name =
          i < settings.outputNames.count
          ? settings.outputNames[i]
          : exporter.root.names.unique(key ?? (outputs.count == 1 ? "output" : "output_\(i)"))
        if made.contains(wires[i]), renamed[wires[i]] == nil {
          renamed[wires[i]] = name
        } else {
          // An input, a parameter or an output that is there already.
          var node = Onnx_NodeProto()
          (node.name, node.opType) = (exporter.root.names.unique("/Identity"), "Identity")
          (node.input, node.output) = ([wires[i]], [name])
          nodes.append(node)
        }
        proto.output.append(exporter.info(name, value, given: given(name, value)))
      }
      ModelWriter.rename(&nodes, renamed)
      proto.node = ModelWriter.live(nodes, outputs: proto.output.map(\.name))
      proto.valueInfo = exporter.declared.compactMap { cell in
        guard made.contains(cell.wire), renamed[cell.wire] == nil else { return nil }
        return exporter.info(cell.wire, .tensor(cell))
      }
      let written = Set(proto.node.flatMap(\.output))
      var seen: Set<Wire> = []
      proto.valueInfo.removeAll { !written.contains($0.name) || !seen.insert($0.name).inserted }
      if !settings.exportParams {
        for (wire, tensor) in used(proto, exporter.state) {
          proto.input.append(exporter.info(wire, .constant(.tensor(tensor))))
        }
      }
    }

    private func given(_ name: String, _ value: Exported) -> [Int: String] {
      guard let axes = settings.dynamicAxes[name], let rank = value.cell?.rank else { return [:] }
      var names: [Int: String] = [:]
      for (dim, axis) in axes.names {
        let positive = dim < 0 ? dim + rank : dim
        names[positive] = axis ?? "\(name)_dynamic_axes_\(positive + 1)"
      }
      return names
    }

    /// The tensors of a result, with the keys of dictionaries.
    private func flattened(_ value: Exported, _ key: String?) throws -> [(value: Exported, key: String?)] {
      switch value {
      case .tuple(let items): return try items.flatMap { try flattened($0, nil) }
      case .list(let box): return try box.items.flatMap { try flattened($0, nil) }
      case .dict(let box): return try box.items.flatMap { try flattened($0.value, $0.key.string) }
      case .constant(.none): return []
      case .constant(let constant):
        if let items = constant.elements { return try items.flatMap { try flattened(.constant($0), nil) } }
        guard constant.tensor != nil || constant.scalar != nil else {
          throw TorchError(.type, "a result is a \(constant.type), which an ONNX model cannot give")
        }
        return [(value, key)]
      default: return [(value, key)]
      }
    }
  }
}

extension JIT.IValue {
  /// The tensors in it, in order.
  fileprivate var flattened: [Tensor] {
    switch self {
    case .tensor(let tensor): [tensor]
    case .dict(let dict): dict.table.values.flatMap(\.flattened)
    default: elements?.flatMap(\.flattened) ?? []
    }
  }

  fileprivate var hasTensors: Bool { !flattened.isEmpty }

  /// Whether it is a tensor or made of tensors.
  fileprivate var isTensors: Bool {
    switch self {
    case .tensor: true
    case .dict(let dict): dict.table.values.allSatisfy(\.isTensors)
    default: elements?.allSatisfy(\.isTensors) ?? false
    }
  }
}
