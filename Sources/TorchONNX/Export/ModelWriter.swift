// From what the exporter has written to a file.
//
// Initializers have the keys of the state dict as names. Tensors of a model above 2 GB, which a message cannot hold, lie
// in a file beside the model; both get their names only once both are written.
// Reference: https://onnx.ai/onnx/repo-docs/ExternalData.html

import Foundation
import SwiftProtobuf
import TorchCore
import TorchSerialization

extension ONNX {
  struct ModelWriter {
    /// A model with tensors of more bytes keeps them in a file of their own.
    static let messageLimit = 1_900_000_000
    /// Tensors of less bytes stay in the model.
    private static let externalFrom = 1024

    var graph = Onnx_GraphProto()
    let opset: Int
    /// What the graph's initializers hold.
    let state: [(wire: Wire, tensor: Tensor)]

    /// The version of the format that came with the operator set.
    private var irVersion: Int64 { opset >= 21 ? 10 : opset >= 19 ? 9 : 8 }

    /// Writes the file at `path`, and beside it `path.data` where the model is too large.
    func write(to path: String, limit: Int = messageLimit) throws {
      let size = state.reduce(0) { $0 + $1.tensor.numel * $1.tensor.dtype.itemSize }
      if size < limit {
        var graph = graph
        graph.initializer = try state.map { try TensorCodec.proto($0.tensor, name: $0.wire) }
        let bytes = try serialized(graph)
        return try AtomicFile.write(to: path) { try $0.write(bytes) }
      }
      let dataPath = path + ".data"
      let location = URL(fileURLWithPath: dataPath).lastPathComponent
      var graph = graph
      var offset = 0
      var external: [Tensor] = []
      for (wire, tensor) in state {
        let count = tensor.numel * tensor.dtype.itemSize
        if count < ModelWriter.externalFrom {
          graph.initializer.append(try TensorCodec.proto(tensor, name: wire))
          continue
        }
        var proto = Onnx_TensorProto()
        proto.name = wire
        proto.dataType = ElementType(tensor.dtype).rawValue
        proto.dims = tensor.shape.map(Int64.init)
        proto.dataLocation = .external
        proto.externalData = [("location", location), ("offset", "\(offset)"), ("length", "\(count)")].map {
          key, value in
          var entry = Onnx_StringStringEntryProto()
          (entry.key, entry.value) = (key, value)
          return entry
        }
        graph.initializer.append(proto)
        external.append(tensor)
        offset += ModelWriter.aligned(count)
      }
      let bytes = try serialized(graph)
      let tensors = external
      // The model last: it speaks of the other file.
      try AtomicFile.write([
        (
          dataPath,
          { sink in
            for tensor in tensors {
              let bytes = try TensorCodec.encode(tensor, ElementType(tensor.dtype))
              try sink.write(bytes)
              try sink.write([UInt8](repeating: 0, count: ModelWriter.aligned(bytes.count) - bytes.count))
            }
          }
        ),
        (path, { try $0.write(bytes) }),
      ])
    }

    /// Pages are where readers like to map tensors.
    private static func aligned(_ count: Int) -> Int { (count + 4095) / 4096 * 4096 }

    private func serialized(_ graph: Onnx_GraphProto) throws -> [UInt8] {
      var model = Onnx_ModelProto()
      model.irVersion = irVersion
      model.producerName = "SwiftTorch"
      model.producerVersion = SwiftTorch.version
      model.graph = graph
      var imported = Onnx_OperatorSetIdProto()
      imported.version = Int64(opset)
      model.opsetImport = [imported]
      do {
        return try model.serializedBytes()
      } catch {
        throw TorchError(.serialization, "the model cannot be written as an ONNX file (\(error))")
      }
    }

    // MARK: Nodes

    /// The nodes that the outputs need.
    static func live(_ nodes: [Onnx_NodeProto], outputs: [Wire]) -> [Onnx_NodeProto] {
      var wanted = Set(outputs)
      var kept: [Onnx_NodeProto] = []
      for node in nodes.reversed() where node.output.contains(where: wanted.contains) {
        kept.append(node)
        wanted.formUnion(reads(node))
      }
      return kept.reversed()
    }

    /// What a node reads, in the graphs in it too.
    static func reads(_ node: Onnx_NodeProto) -> [Wire] {
      node.input
        + node.attribute.filter { $0.type == .graph }.flatMap { attribute in
          attribute.g.node.flatMap(reads) + attribute.g.output.map(\.name)
        }
    }

    /// Gives wires other names.
    static func rename(_ nodes: inout [Onnx_NodeProto], _ names: [Wire: Wire]) {
      for i in nodes.indices {
        nodes[i].input = nodes[i].input.map { names[$0] ?? $0 }
        nodes[i].output = nodes[i].output.map { names[$0] ?? $0 }
        for k in nodes[i].attribute.indices where nodes[i].attribute[k].type == .graph {
          rename(&nodes[i].attribute[k].g.node, names)
          for j in nodes[i].attribute[k].g.output.indices {
            let name = nodes[i].attribute[k].g.output[j].name
            nodes[i].attribute[k].g.output[j].name = names[name] ?? name
          }
        }
      }
    }
  }

  /// The version that files are marked with.
  enum SwiftTorch { static let version = "1.0" }
}

extension ONNX.Exporter {
  /// The declaration of a value: its type and what is known of its sizes.
  /// - Parameters:
  ///   - fixed: whether sizes that are the same in all variants are declared.
  ///   - given: names for some dimensions.
  func info(
    _ name: ONNX.Wire, _ value: Exported, fixed: Bool = true, given: [Int: String] = [:]
  ) -> Onnx_ValueInfoProto {
    var info = Onnx_ValueInfoProto()
    info.name = name
    func type(_ dtype: DType, _ dims: [Onnx_TensorShapeProto.Dimension]?) -> Onnx_TypeProto {
      var tensor = Onnx_TypeProto.Tensor()
      tensor.elemType = ONNX.ElementType(dtype).rawValue
      if let dims { tensor.shape.dim = dims }
      var proto = Onnx_TypeProto()
      proto.tensorType = tensor
      return proto
    }
    switch value {
    case .tensor(let cell):
      guard let samples = cell.samples, let first = samples.first else { return info }
      let dims = cell.sizes?.enumerated().map { i, size in
        dimension(given[i], fixed ? size : nil, fixed && !cell.dependence.exists ? samples.map { $0.shape[i] } : [])
      }
      info.type = type(first.dtype, dims)
    case .number(let number): info.type = type(number.dtype, [])
    case .constant(.tensor(let tensor)):
      info.type = type(tensor.dtype, tensor.shape.map { dimension(nil, $0, []) })
    case .constant(let constant): if let (_, dtype) = constant.scalar { info.type = type(dtype, []) }
    case .sequence(let sequence):
      var element = Onnx_TypeProto.Sequence()
      element.elemType = type(sequence.element?.first?.dtype ?? .float32, nil)
      info.type.sequenceType = element
    default: break
    }
    return info
  }

  private func dimension(_ given: String?, _ size: Int?, _ sizes: [Int]) -> Onnx_TensorShapeProto.Dimension {
    var dimension = Onnx_TensorShapeProto.Dimension()
    if let given {
      dimension.dimParam = given
    } else if let size {
      dimension.dimValue = Int64(size)
    } else if let axis = axes.first(where: { $0.sizes == sizes }) {
      dimension.dimParam = axis.name
    }
    return dimension
  }
}
