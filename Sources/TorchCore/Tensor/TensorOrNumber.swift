// Arguments that are tensors or numbers.

/// An argument that is a tensor or a number: a distribution's parameter, for one.
public protocol TensorOrNumber {
  /// The tensor itself, or a number as an operand that promotes as Python's numbers do.
  var operand: Tensor { get }
}

extension Tensor: TensorOrNumber { public var operand: Tensor { self } }
extension Double: TensorOrNumber { public var operand: Tensor { Tensor(wrapping: .double(self)) } }
extension Float: TensorOrNumber { public var operand: Tensor { Tensor(wrapping: .double(Double(self))) } }
extension Int: TensorOrNumber { public var operand: Tensor { Tensor(wrapping: .int(self)) } }
