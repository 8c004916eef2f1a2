// A model in ONNX's textual syntax: what `swift-torch inspect --code` shows.
//
// Reference: https://onnx.ai/onnx/repo-docs/Syntax.html
// Departure: elements of larger tensors are left out, `{...}`; the tensors are listed elsewhere.

import SwiftProtobuf
import TorchCore

extension ONNX {
  struct ModelText {
    /// Tensors with more elements are shown without them.
    private static let largestShown = 16

    private let reader = TensorReader(folder: nil)
    private var lines: [String] = []
    private var indent = ""

    static func text(_ model: Onnx_ModelProto) -> String {
      var printer = ModelText()
      var header = ["ir_version: \(model.irVersion)"]
      let opsets = model.opsetImport.map { "\(quoted($0.domain)) : \($0.version)" }
      header.append("opset_import: [\(opsets.joined(separator: ", "))]")
      if !model.producerName.isEmpty { header.append("producer_name: \(quoted(model.producerName))") }
      if !model.producerVersion.isEmpty { header.append("producer_version: \(quoted(model.producerVersion))") }
      if !model.domain.isEmpty { header.append("domain: \(quoted(model.domain))") }
      if model.modelVersion != 0 { header.append("model_version: \(model.modelVersion)") }
      if !model.metadataProps.isEmpty {
        let entries = model.metadataProps.map { "\(quoted($0.key)) : \(quoted($0.value))" }
        header.append("metadata_props: [\(entries.joined(separator: ", "))]")
      }
      printer.lines = ["<", header.map { "   " + $0 }.joined(separator: ",\n"), ">"]
      printer.lines.append(printer.heading(model.graph))
      printer.add("{")
      printer.body(model.graph)
      printer.add("}")
      for function in model.functions { printer.add(function) }
      return printer.lines.joined(separator: "\n")
    }

    // MARK: Graphs

    private mutating func add(_ line: String) { lines.append(indent + line) }

    private mutating func indented(_ body: (inout ModelText) -> Void) {
      let outer = indent
      indent += "   "
      body(&self)
      indent = outer
    }

    private func heading(_ graph: Onnx_GraphProto) -> String {
      let stored = graph.initializer.map { "\(type($0)) \(name($0.name))" }
      let initializers = stored.isEmpty ? "" : "\n\(indent)   <\(stored.joined(separator: ", "))>"
      return "\(name(graph.name)) (\(ports(graph.input))) => (\(ports(graph.output)))\(initializers)"
    }

    private mutating func body(_ graph: Onnx_GraphProto) {
      indented { printer in
        for node in graph.node { printer.add(node) }
      }
    }

    private mutating func add(_ function: Onnx_FunctionProto) {
      lines.append("<domain: \(ModelText.quoted(function.domain))>")
      let attributes = function.attribute.isEmpty ? "" : "<\(function.attribute.joined(separator: ", "))> "
      let outputs = function.output.map(name).joined(separator: ", ")
      add("\(name(function.name)) \(attributes)(\(function.input.map(name).joined(separator: ", "))) => (\(outputs))")
      add("{")
      indented { printer in
        for node in function.node { printer.add(node) }
      }
      add("}")
    }

    private mutating func add(_ node: Onnx_NodeProto) {
      let label = node.name.isEmpty ? "" : "[\(node.name)] "
      let op = (node.domain.isEmpty ? "" : node.domain + ".") + node.opType
      let outputs = node.output.map(name).joined(separator: ", ")
      let inputs = "(\(node.input.map(name).joined(separator: ", ")))"
      let plain = node.attribute.filter { $0.type != .graph }.map { attribute($0) }
      let graphs = node.attribute.filter { $0.type == .graph }
      guard !graphs.isEmpty else {
        let attributes = plain.isEmpty ? "" : "<\(plain.joined(separator: ", "))> "
        return add("\(label)\(outputs) = \(op) \(attributes)\(inputs)")
      }
      var line = "\(label)\(outputs) = \(op) \(inputs) <" + plain.map { $0 + ", " }.joined()
      for (index, attribute) in graphs.enumerated() {
        add("\(line)\(attribute.name): graph = \(heading(attribute.g)) {")
        body(attribute.g)
        line = "}, "
        if index == graphs.count - 1 { add("}>") }
      }
    }

    // MARK: Attributes

    private func attribute(_ proto: Onnx_AttributeProto) -> String {
      if !proto.refAttrName.isEmpty { return "\(proto.name): @\(proto.refAttrName)" }
      func list(_ items: [String]) -> String { "[\(items.joined(separator: ", "))]" }
      func text(_ bytes: some Collection<UInt8>) -> String { ModelText.quoted(String(decoding: bytes, as: UTF8.self)) }
      switch proto.type {
      case .int: return "\(proto.name): int = \(proto.i)"
      case .ints: return "\(proto.name): ints = \(list(proto.ints.map(String.init)))"
      case .float: return "\(proto.name): float = \(number(proto.f))"
      case .floats: return "\(proto.name): floats = \(list(proto.floats.map(number)))"
      case .string: return "\(proto.name): string = \(text(proto.s))"
      case .strings: return "\(proto.name): strings = \(list(proto.strings.map { text($0) }))"
      case .tensor: return "\(proto.name): tensor = \(tensor(proto.t))"
      case .tensors: return "\(proto.name): tensors = \(list(proto.tensors.map(tensor)))"
      case let kind: return "\(proto.name): \(kind)"
      }
    }

    private func number(_ value: Float) -> String {
      value == value.rounded() && value.magnitude < 1e7 ? String(Int(value)) : String(value)
    }

    private func tensor(_ proto: Onnx_TensorProto) -> String { "\(type(proto)) {\(elements(proto) ?? "...")}" }

    private func elements(_ proto: Onnx_TensorProto) -> String? {
      guard proto.dataLocation != .external, proto.dims.reduce(1, &*) <= ModelText.largestShown,
        let value = try? reader.value(proto)
      else { return nil }
      switch value {
      case .strings(let strings): return strings.elements.map(ModelText.quoted).joined(separator: ",")
      case .tensor(let tensor, _) where tensor.dtype.isFloatingPoint:
        return (try? tensor.to(.float32).flatten().toArray(Float.self))?.map(number).joined(separator: ",")
      case .tensor(let tensor, _) where !tensor.dtype.isComplex:
        return (try? tensor.to(.int64).flatten().toArray(Int.self))?.map { String($0) }.joined(separator: ",")
      default: return nil
      }
    }

    // MARK: Names and types

    private func ports(_ list: [Onnx_ValueInfoProto]) -> String {
      list.map { "\(type($0.type)) \(name($0.name))" }.joined(separator: ", ")
    }

    private func type(_ proto: Onnx_TensorProto) -> String {
      let element = ElementType(rawValue: proto.dataType)?.name ?? "?"
      return proto.dims.isEmpty ? element : "\(element)[\(proto.dims.map(String.init).joined(separator: ","))]"
    }

    private func type(_ proto: Onnx_TypeProto) -> String {
      switch proto.value {
      case .tensorType(let tensor)?:
        let element = ElementType(rawValue: tensor.elemType)?.name ?? "?"
        guard tensor.hasShape else { return element + "[]" }
        let sizes = tensor.shape.dim.map { dim in
          switch dim.value {
          case .dimValue(let size)?: String(size)
          case .dimParam(let name)?: name
          case nil: "?"
          }
        }
        return sizes.isEmpty ? element : "\(element)[\(sizes.joined(separator: ","))]"
      case .sequenceType(let sequence)?: return "seq(\(type(sequence.elemType)))"
      case .optionalType(let optional)?: return "optional(\(type(optional.elemType)))"
      case .mapType(let map)?: return "map(\(ElementType(rawValue: map.keyType)?.name ?? "?"), \(type(map.valueType)))"
      default: return "?"
      }
    }

    /// Names that are no identifiers stand in quotes.
    private func name(_ text: String) -> String {
      let isIdentifier = text.first.map { $0.isLetter || $0 == "_" } ?? false
      return isIdentifier && text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } ? text : ModelText.quoted(text)
    }

    private static func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
    }
  }
}
