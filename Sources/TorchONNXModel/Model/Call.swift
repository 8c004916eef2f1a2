// What an operator sees of the node that it is called for: inputs, attributes, and the graphs in it.

import SwiftProtobuf
import TorchCore

extension ONNX {
  struct Call {
    let step: Program.Step
    let inputs: [Value?]
    let frame: Frame

    var opset: Int { step.opset }
    var outputCount: Int { step.outputs.count }
    /// Whether somebody reads output `i`.
    func wants(_ i: Int) -> Bool { i < step.outputs.count && step.outputs[i] >= 0 }

    // MARK: Inputs

    func value(_ i: Int) throws -> Value {
      guard let value = optionalValue(i) else { throw TorchError(.value, "input \(i) is missing") }
      return value
    }

    func optionalValue(_ i: Int) -> Value? { i < inputs.count ? inputs[i] : nil }

    subscript(_ i: Int) -> Tensor {
      get throws {
        let value = try value(i)
        guard let tensor = value.tensor else { throw TorchError(.type, "input \(i) is a \(value.type), not a tensor of numbers") }
        return tensor
      }
    }

    func optional(_ i: Int) throws -> Tensor? { optionalValue(i) == nil ? nil : try self[i] }

    /// All inputs that are given, as tensors.
    var tensors: [Tensor] { get throws { try inputs.indices.filter { inputs[$0] != nil }.map { try self[$0] } } }

    /// The numbers in an integer input.
    func ints(_ i: Int) throws -> [Int] {
      let tensor = try self[i]
      guard tensor.numel <= 1 << 24 else { throw TorchError(.value, "input \(i) has too many numbers: \(tensor.numel)") }
      return try tensor.toArray(Int.self)
    }

    func optionalInts(_ i: Int) throws -> [Int]? { optionalValue(i) == nil ? nil : try ints(i) }

    /// The one number of an integer input.
    func int(_ i: Int) throws -> Int {
      let numbers = try ints(i)
      guard numbers.count == 1 else { throw TorchError(.value, "input \(i) must be one number, it has \(numbers.count)") }
      return numbers[0]
    }

    func strings(_ i: Int) throws -> StringTensor {
      let value = try value(i)
      guard let strings = value.strings else { throw TorchError(.type, "input \(i) is a \(value.type), not text") }
      return strings
    }

    func type(_ i: Int) throws -> ElementType {
      switch try value(i) {
      case .tensor(_, let type): return type
      case .strings: return .string
      default: throw TorchError(.type, "input \(i) is not a tensor")
      }
    }

    func sequence(_ i: Int) throws -> [Value] {
      let value = try value(i)
      guard let sequence = value.sequence else { throw TorchError(.type, "input \(i) is a \(value.type), not a sequence") }
      return sequence
    }

    // MARK: Attributes

    func has(_ name: String) -> Bool { step.attributes[name] != nil }

    func int(_ name: String, _ fallback: Int) -> Int { if case .int(let value)? = step.attributes[name] { value } else { fallback } }
    func bool(_ name: String, _ fallback: Bool = false) -> Bool { int(name, fallback ? 1 : 0) != 0 }
    func float(_ name: String, _ fallback: Double) -> Double {
      if case .float(let value)? = step.attributes[name] { value } else { fallback }
    }
    func string(_ name: String, _ fallback: String) -> String {
      if case .string(let value)? = step.attributes[name] { value } else { fallback }
    }
    func optionalInts(_ name: String) -> [Int]? { if case .ints(let value)? = step.attributes[name] { value } else { nil } }
    func ints(_ name: String, _ fallback: [Int] = []) -> [Int] { optionalInts(name) ?? fallback }
    func floats(_ name: String) -> [Double] { if case .floats(let value)? = step.attributes[name] { value } else { [] } }
    func strings(_ name: String) -> [String] { if case .strings(let value)? = step.attributes[name] { value } else { [] } }

    func requiredInt(_ name: String) throws -> Int {
      guard case .int(let value)? = step.attributes[name] else { throw TorchError(.value, "attribute '\(name)' is missing") }
      return value
    }

    func graph(_ name: String) throws -> Program {
      guard case .graph(let program)? = step.attributes[name] else {
        throw TorchError(.value, "attribute '\(name)' must be a graph")
      }
      return program
    }

    /// Runs a graph of this node, which sees the values around it.
    func run(_ program: Program, _ arguments: [Value?]) throws -> [Value] { try program.run(arguments, outer: frame) }

    // MARK: Checks

    /// A dimension of a tensor of `rank` dimensions, counted from the front.
    func axis(_ axis: Int, _ rank: Int) throws -> Int {
      guard axis >= -rank, axis < rank else {
        throw TorchError(.index, "axis \(axis) is out of range for a tensor of \(rank) dimensions")
      }
      return axis < 0 ? axis + rank : axis
    }

    func axes(_ axes: [Int], _ rank: Int) throws -> [Int] { try axes.map { try axis($0, rank) } }

    func check(_ condition: Bool, _ message: @autoclosure () -> String) throws {
      if !condition { throw TorchError(.value, message()) }
    }

    // MARK: Results

    /// `tensor` with the element type of an input, where its dtype carries it; numbers that left an unsigned type's
    /// range come back into it as they would in the type itself.
    func typed(_ tensor: Tensor, like input: Int?) -> Value {
      guard let input, case .tensor(_, let type)? = optionalValue(input), !type.isNative, tensor.dtype == type.carrier else {
        return Value(tensor)
      }
      return .tensor(Call.wrapped(tensor, type), type)
    }

    /// Integers taken modulo the range of `type`.
    static func wrapped(_ tensor: Tensor, _ type: ElementType) -> Tensor {
      switch type {
      case .uint16, .uint32, .uint4, .uint2: tensor .& Tensor.full([], Scalar(type.integerRange!.upperBound), dtype: tensor.dtype)
      case .int4, .int2:
        // Shift the sign of the small type into the carrier's.
        (tensor.to(.int32) + (1 << (type.bitWidth! - 1))).remainder(1 << type.bitWidth!).to(.int8) - (1 << (type.bitWidth! - 1))
      default: tensor
      }
    }

    /// The element type with this code.
    func elementType(_ code: Int) throws -> ElementType {
      guard let code = Int32(exactly: code), let type = ElementType(rawValue: code) else {
        throw TorchError(.type, "unknown element type \(code)")
      }
      return type
    }
  }
}
