// What goes wrong, said in PyTorch's words.

/// An error of an operator, a file or a model.
public struct TorchError: Error, Sendable {
  /// What kind of thing is wrong; PyTorch's exception types are finer grained than Python's `RuntimeError` here.
  public enum Kind: String, Sendable {
    case shape, dtype, index, value, device, autograd, memory, type, notImplemented, serialization, data, io, state
  }

  public let kind: Kind
  /// PyTorch's wording where PyTorch has this error.
  public let message: String
  /// The operator that refused, as `aten::matmul`.
  public private(set) var op: String?
  /// Shapes and dtypes of the tensors it was given.
  public private(set) var shapes: [Shape] = []
  public private(set) var dtypes: [DType] = []
  /// The calls of a TorchScript program in which it happened, outermost first.
  public private(set) var scriptCalls: [ScriptCall] = []

  /// A call of a TorchScript function.
  public struct ScriptCall: Sendable, Hashable {
    public let function: String
    /// The place in its source: `code/__torch__/model.py:12`.
    public let source: String?

    public init(function: String, source: String?) {
      self.function = function
      self.source = source
    }
  }

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// The same error with what the operator was given, unless an inner operator has said so already.
  package func inOperator(_ name: String, _ tensors: [Tensor]) -> TorchError {
    guard op == nil else { return self }
    var error = self
    error.op = name
    error.shapes = tensors.map(\.shape)
    error.dtypes = tensors.map(\.dtype)
    return error
  }

  /// The same error with the calls that led to it, outside of those that it knows already.
  package func inScript(_ calls: [ScriptCall]) -> TorchError {
    var error = self
    error.scriptCalls = calls + scriptCalls
    return error
  }
}

extension TorchError: CustomStringConvertible {
  public var description: String {
    var text = message
    if let op {
      let operands = zip(shapes, dtypes).map { "\($1.name)\($0.listDescription)" }.joined(separator: ", ")
      text += " (\(op) of \(operands.isEmpty ? "no tensors" : operands))"
    }
    if let call = scriptCalls.last { text += " in \(call.function)" + (call.source.map { " at \($0)" } ?? "") }
    return text
  }
}
