// What a model file holds, without making a program of it: for tools that show or convert files.

import Foundation
import OrderedCollections
import TorchCore
import TorchSerialization

extension ONNX {
  /// The contents of a model file. Tensors' elements are read when they are asked for.
  package struct ModelFile {
    /// The stored tensors by name, those of inner graphs too.
    package private(set) var tensors: OrderedDictionary<String, FileTensor> = [:]
    /// Who wrote it, its opset, its inputs and outputs.
    package private(set) var facts: OrderedDictionary<String, String> = [:]
    package let metadata: OrderedDictionary<String, String>
    /// The graph in ONNX's textual syntax.
    package let text: String

    /// - Throws: `TorchError` where the file cannot be read or is no model.
    package init(_ path: String) throws {
      let region = try ByteRegion(mapping: path)
      let model = try region.withBytes { try ONNX.message($0) }
      text = ModelText.text(model)
      metadata = OrderedDictionary(model.metadataProps.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
      let producer = [model.producerName, model.producerVersion].filter { !$0.isEmpty }
      if !producer.isEmpty { facts["producer"] = producer.joined(separator: " ") }
      facts["opset"] = model.opsetImport.map { ($0.domain.isEmpty ? "" : $0.domain + " ") + "\($0.version)" }
        .joined(separator: ", ")
      let stored = Set(model.graph.initializer.map(\.name))
      for (kind, ports) in [
        ("inputs", model.graph.input.filter { !stored.contains($0.name) }), ("outputs", model.graph.output),
      ] {
        facts[kind] = ports.map { ModelFile.text(Model.Port($0)) }.joined(separator: ", ")
      }
      facts["nodes"] = ModelFile.operators(model.graph)
      let reader = TensorReader(folder: URL(fileURLWithPath: path).deletingLastPathComponent())
      add(model.graph, reader, prefix: "")
    }

    private static func text(_ port: Model.Port) -> String {
      "\(port.name): \(port.type)" + (port.shape.map { "[\($0.map(\.description).joined(separator: ", "))]" } ?? "")
    }

    /// `12 (5 Conv, 4 Relu, 3 Add)`
    private static func operators(_ graph: Onnx_GraphProto) -> String {
      var counts: [String: Int] = [:]
      for node in graph.node { counts[node.opType, default: 0] += 1 }
      let list = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
      return "\(graph.node.count)" + (list.isEmpty ? "" : " (\(list.joined(separator: ", ")))")
    }

    private mutating func add(_ graph: Onnx_GraphProto, _ reader: TensorReader, prefix: String) {
      for proto in graph.initializer { tensors[prefix + proto.name] = ModelFile.tensor(proto, reader) }
      for node in graph.node {
        for attribute in node.attribute where attribute.type == .graph {
          add(attribute.g, reader, prefix: prefix + attribute.g.name + ".")
        }
      }
    }

    private static func tensor(_ proto: Onnx_TensorProto, _ reader: TensorReader) -> FileTensor {
      let dims = proto.dims.map(Int.init)
      let type = ElementType(rawValue: proto.dataType)
      let numel = dims.allSatisfy({ $0 >= 0 }) ? (try? Shape(checking: dims))?.checkedNumel : nil
      if let type, type.isNative, let numel, numel <= Int.max / 16 {
        let storage = StoredStorage(byteCount: numel * type.carrier.itemSize, dtype: type.carrier) {
          guard let tensor = try reader.value(proto).tensor else { throw TensorCodec.refuse(proto.name, "no numbers") }
          var exporter = TensorExporter()
          return try exporter.stored(tensor.contiguous()).contiguousBytes()
        }
        let strides = StoredTensor.rowMajorStrides(dims)
        if let stored = try? StoredTensor(
          storage: storage, dtype: type.carrier, shape: dims, strides: strides, storageOffset: 0, requiresGrad: false)
        {
          return .tensor(stored)
        }
      }
      let bits = type?.bitWidth.flatMap { width in numel.map { ($0 * width + 7) / 8 } }
      return .foreign(
        ForeignTensor(
          type?.name ?? "type \(proto.dataType)", shape: dims, byteCount: bits,
          advice: "ONNX.load reads the model with it"))
    }
  }
}
