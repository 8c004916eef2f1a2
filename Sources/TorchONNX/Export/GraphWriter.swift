// The ONNX graph that is being written: nodes, their names, constants.
//
// Equal nodes are written once. A graph inside of a node (a branch, a loop's body) sees the values around it, and so the
// nodes that have been written there.

import Foundation
import SwiftProtobuf
import TorchCore

extension ONNX {
  /// An attribute of a node.
  enum NodeAttribute: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
    ExpressibleByArrayLiteral
  {
    case int(Int)
    case float(Double)
    case string(String)
    case ints([Int])
    case floats([Double])
    case strings([String])
    case tensor(Onnx_TensorProto)
    case graph(Onnx_GraphProto)

    init(integerLiteral value: Int) { self = .int(value) }
    init(floatLiteral value: Double) { self = .float(value) }
    init(stringLiteral value: String) { self = .string(value) }
    init(arrayLiteral elements: Int...) { self = .ints(elements) }

    func proto(_ name: String) -> Onnx_AttributeProto {
      var proto = Onnx_AttributeProto()
      proto.name = name
      switch self {
      case .int(let value): (proto.type, proto.i) = (.int, Int64(value))
      case .float(let value): (proto.type, proto.f) = (.float, Float(value))
      case .string(let value): (proto.type, proto.s) = (.string, Data(value.utf8))
      case .ints(let values): (proto.type, proto.ints) = (.ints, values.map(Int64.init))
      case .floats(let values): (proto.type, proto.floats) = (.floats, values.map(Float.init))
      case .strings(let values): (proto.type, proto.strings) = (.strings, values.map { Data($0.utf8) })
      case .tensor(let tensor): (proto.type, proto.t) = (.tensor, tensor)
      case .graph(let graph): (proto.type, proto.g) = (.graph, graph)
      }
      return proto
    }

    /// What tells it from others; nil for graphs, which are not compared.
    var key: String? {
      switch self {
      case .tensor(let tensor): "\(tensor.dataType)\(tensor.dims)\(tensor.rawData.base64EncodedString())"
      case .graph: nil
      default: "\(self)"
      }
    }
  }

  /// Names that are taken in the whole model.
  final class NameTable {
    private var taken: Set<String> = []
    private var counts: [String: Int] = [:]

    /// `wanted`, or with a number behind it where it is taken.
    func unique(_ wanted: String) -> String {
      if taken.insert(wanted).inserted { return wanted }
      while true {
        let count = counts[wanted, default: 0] + 1
        counts[wanted] = count
        if taken.insert("\(wanted)_\(count)").inserted { return "\(wanted)_\(count)" }
      }
    }
  }

  final class GraphWriter {
    let opset: Int
    let names: NameTable
    let parent: GraphWriter?
    private(set) var nodes: [Onnx_NodeProto] = []
    private var known: [String: [Wire]] = [:]
    /// The module whose nodes are written now: `layer1.0`.
    var scope = ""
    /// The operators of ONNX that have been written.
    private(set) var emitted: Set<String> = []

    init(opset: Int, names: NameTable, parent: GraphWriter? = nil) {
      (self.opset, self.names, self.parent) = (opset, names, parent)
      scope = parent?.scope ?? ""
    }

    // MARK: Going back

    struct Checkpoint {
      fileprivate let nodes: [Onnx_NodeProto]
      fileprivate let known: [String: [Wire]]
    }

    /// What has been written so far, to come back to.
    func checkpoint() -> Checkpoint { Checkpoint(nodes: nodes, known: known) }
    func restore(_ checkpoint: Checkpoint) { (nodes, known) = (checkpoint.nodes, checkpoint.known) }

    /// The writer of a graph inside of a node of this one.
    func inner() -> GraphWriter { GraphWriter(opset: opset, names: names, parent: self) }

    // MARK: Nodes

    /// Writes a node with one result.
    func emit(_ op: String, _ inputs: [Wire?], _ attributes: [String: NodeAttribute] = [:]) -> Wire {
      emit(op, inputs, attributes, outputs: 1)[0]
    }

    /// Writes a node. Inputs that are not given are nil.
    /// - Parameter isPure: whether the same inputs give the same results, so that one such node is enough.
    func emit(
      _ op: String, _ inputs: [Wire?], _ attributes: [String: NodeAttribute] = [:], outputs count: Int,
      isPure: Bool = true
    ) -> [Wire] {
      var inputs = inputs
      while case .some(.none) = inputs.last { inputs.removeLast() }
      let key = isPure ? key(op, inputs, attributes, count) : nil
      if let key, let wires = find(key) { return wires }
      emitted.insert(op)
      let path = "/" + (scope.isEmpty ? "" : scope.replacingOccurrences(of: ".", with: "/") + "/") + op
      var node = Onnx_NodeProto()
      node.name = names.unique(path)
      node.opType = op
      node.input = inputs.map { $0 ?? "" }
      node.output = (0..<count).map { names.unique("\(node.name)_output_\($0)") }
      node.attribute = attributes.sorted { $0.key < $1.key }.map { $1.proto($0) }
      nodes.append(node)
      if let key { known[key] = node.output }
      return node.output
    }

    private func key(
      _ op: String, _ inputs: [Wire?], _ attributes: [String: NodeAttribute], _ count: Int
    ) -> String? {
      var key = "\(op) \(count) \(inputs)"
      for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
        guard let text = value.key else { return nil }
        key += " \(name)=\(text)"
      }
      return key
    }

    private func find(_ key: String) -> [Wire]? { known[key] ?? parent?.find(key) }

    // MARK: Constants

    func constant(_ tensor: Tensor) throws -> Wire {
      emit("Constant", [], ["value": .tensor(try TensorCodec.proto(tensor))])
    }

    /// A list of integers, as a tensor of one dimension.
    func ints(_ values: [Int]) -> Wire { literal(values, dims: [values.count]) }
    func int(_ value: Int) -> Wire { literal([value], dims: []) }

    private func literal(_ values: [Int], dims: [Int]) -> Wire {
      var proto = Onnx_TensorProto()
      proto.dataType = ElementType.int64.rawValue
      proto.dims = dims.map(Int64.init)
      proto.rawData = values.withUnsafeBytes { Data($0) }
      return emit("Constant", [], ["value": .tensor(proto)])
    }

    /// One number as a tensor without dimensions.
    func scalar(_ value: Scalar, _ dtype: DType) throws -> Wire {
      try constant(try withErrors { Tensor.full([], value, dtype: dtype) })
    }
  }
}

extension ONNX.TensorCodec {
  /// A tensor as a message, with its elements in it.
  static func proto(_ tensor: Tensor, name: String = "") throws -> Onnx_TensorProto {
    let type = ONNX.ElementType(tensor.dtype)
    var proto = Onnx_TensorProto()
    proto.name = name
    proto.dataType = type.rawValue
    proto.dims = tensor.shape.map(Int64.init)
    proto.rawData = Data(try encode(tensor, type))
    return proto
  }
}
