// What flows along the edges of an ONNX graph: tensors of any element type, text, sequences, optionals.

import TorchCore

extension ONNX {
  /// A value of an ONNX graph.
  ///
  /// ```swift
  /// let value = ONNX.Value(Tensor([1.0, 2.0]))
  /// print(value.type)   // tensor(float)
  /// ```
  public enum Value: Sendable {
    /// Numbers. The tensor's dtype is the carrier of the element type.
    case tensor(Tensor, ElementType)
    case strings(StringTensor)
    /// Values of one type.
    case sequence([Value])
    /// An optional without a value; one that has a value is that value.
    case none

    /// A tensor of the element type that its dtype stands for.
    public init(_ tensor: Tensor) { self = .tensor(tensor, ElementType(tensor.dtype)) }

    public var tensor: Tensor? { if case .tensor(let tensor, _) = self { tensor } else { nil } }
    public var strings: StringTensor? { if case .strings(let strings) = self { strings } else { nil } }
    public var sequence: [Value]? { if case .sequence(let values) = self { values } else { nil } }

    /// The sizes of a tensor; nil for other values.
    public var shape: [Int]? {
      switch self {
      case .tensor(let tensor, _): Array(tensor.shape)
      case .strings(let strings): strings.shape
      default: nil
      }
    }

    /// The type as ONNX writes it: `tensor(float)`, `seq(tensor(int64))`.
    public var type: String {
      switch self {
      case .tensor(_, let type): "tensor(\(type.name))"
      case .strings: "tensor(string)"
      case .sequence(let values): "seq(\(values.first?.type ?? "empty"))"
      case .none: "optional"
      }
    }
  }

  /// A tensor of text.
  public struct StringTensor: Sendable, Equatable {
    public var shape: [Int]
    /// Row-major.
    public var elements: [String]

    public init(_ elements: [String], shape: [Int]) {
      self.elements = elements
      self.shape = shape
    }
  }
}
