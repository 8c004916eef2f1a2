// The attributes of a node, read once when the model is loaded.

import SwiftProtobuf
import TorchCore

extension ONNX {
  enum Attribute {
    case int(Int)
    case float(Double)
    case string(String)
    case ints([Int])
    case floats([Double])
    case strings([String])
    case value(Value)
    case values([Value])
    case graph(Program)
    case type(Onnx_TypeProto)

    /// What `proto` holds; graphs become programs by `compile`.
    init(_ proto: Onnx_AttributeProto, _ reader: TensorReader, compile: (Onnx_GraphProto) throws -> Program) throws {
      func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
      switch Attribute.kind(of: proto) {
      case .int: self = .int(Int(proto.i))
      case .float: self = .float(Double(proto.f))
      case .string: self = .string(text(proto.s))
      case .ints: self = .ints(proto.ints.map(Int.init))
      case .floats: self = .floats(proto.floats.map(Double.init))
      case .strings: self = .strings(proto.strings.map { text($0) })
      case .tensor: self = .value(try reader.value(proto.t))
      case .tensors: self = .values(try proto.tensors.map { try reader.value($0) })
      case .sparseTensor: self = .value(try reader.value(proto.sparseTensor))
      case .graph: self = .graph(try compile(proto.g))
      case .typeProto: self = .type(proto.tp)
      case let kind:
        throw TorchError(.notImplemented, "attribute '\(proto.name)' is of kind \(kind), which is not supported")
      }
    }

    /// Files of the first version of the format do not state the kind.
    private static func kind(of proto: Onnx_AttributeProto) -> Onnx_AttributeProto.AttributeType {
      if proto.type != .undefined { return proto.type }
      if proto.hasF { return .float }
      if proto.hasI { return .int }
      if proto.hasS { return .string }
      if proto.hasT { return .tensor }
      if proto.hasG { return .graph }
      if !proto.floats.isEmpty { return .floats }
      if !proto.strings.isEmpty { return .strings }
      return .ints
    }
  }
}
