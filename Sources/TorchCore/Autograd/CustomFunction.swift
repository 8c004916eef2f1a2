// Operations with a gradient of the user's own.
// Reference: https://pytorch.org/docs/stable/notes/extending.html#extending-torch-autograd

/// A differentiable operation written by the user.
///
/// ```swift
/// enum Cube: AutogradFunction {
///   static func forward(_ context: FunctionContext, _ inputs: [Tensor]) -> [Tensor] {
///     context.save(inputs[0])
///     return [inputs[0] * inputs[0] * inputs[0]]
///   }
///   static func backward(_ context: FunctionContext, _ gradients: [Tensor]) throws -> [Tensor?] {
///     let x = try context.saved[0]
///     return [gradients[0] * x * x * 3]
///   }
/// }
/// let y = Cube.apply(x)[0]
/// ```
public protocol AutogradFunction {
  /// Computes the outputs; what it does is not recorded.
  static func forward(_ context: FunctionContext, _ inputs: [Tensor]) throws -> [Tensor]
  /// The gradients of the inputs, nil for those without; in Tensor operations, so that they can be differentiated.
  static func backward(_ context: FunctionContext, _ gradients: [Tensor]) throws -> [Tensor?]
}

/// What `forward` leaves for `backward`.
public final class FunctionContext {
  fileprivate var recorder: Recorder?
  fileprivate var kept: [SavedTensor] = []
  fileprivate var pending: [Tensor] = []
  fileprivate var nonDifferentiable: [Tensor] = []
  /// Whether the gradient of each input is wanted.
  public fileprivate(set) var needsInputGrad: [Bool] = []

  /// Keeps tensors, inputs or outputs, for `backward`.
  public func save(_ tensors: Tensor...) { pending += tensors }

  /// The tensors kept. An in-place change of one since is PyTorch's error.
  public var saved: [Tensor] { get throws { try kept.map { try $0.value } } }

  /// Says that an output takes no gradient.
  public func markNonDifferentiable(_ tensors: Tensor...) { nonDifferentiable += tensors }
}

extension AutogradFunction {
  /// Calls the operation and records it.
  public static func apply(_ inputs: Tensor...) -> [Tensor] { apply(inputs) }

  public static func apply(_ inputs: [Tensor]) -> [Tensor] {
    do {
      for input in inputs { try input.checkValid() }
      let context = FunctionContext()
      context.needsInputGrad = inputs.map(\.requiresGrad)
      let outputs = try torch.noGrad { try forward(context, inputs) }
      guard Modes.current.recordsGradients, inputs.contains(where: \.requiresGrad) else { return outputs }
      var edges = EdgeList()
      for input in inputs { edges.append(Edge(to: input)) }
      let node = Node(name: "\(Self.self)Backward", edges: edges)
      let recorder = Recorder(node: node)
      // An input given back as an output is a new tensor to the graph.
      let results = outputs.map { output in inputs.contains { $0 === output } ? output.alias() : output }
      context.kept = context.pending.map { tensor in
        if let index = outputs.firstIndex(where: { $0 === tensor }) { return recorder.save(result: results[index], index: index) }
        return recorder.save(tensor)
      }
      node.pullback = { g in
        let gradients = try backward(context, g.all)
        guard gradients.count == inputs.count else {
          throw TorchError(
            .autograd,
            "function \(Self.self)Backward returned an incorrect number of gradients (expected \(inputs.count), got \(gradients.count))")
        }
        return gradients
      }
      for (output, result) in zip(outputs, results) {
        let takesGradient = result.dtype.isDifferentiable && !context.nonDifferentiable.contains { $0 === output }
        takesGradient ? node.attach(result) : node.addOutput(like: result)
      }
      context.pending = []
      return results
    } catch {
      return [.invalid(error as? TorchError ?? TorchError(.autograd, "\(error)"))]
    }
  }
}

extension Gradients {
  /// The gradients of all outputs, zeros where none has arrived.
  var all: [Tensor] { values.indices.map { self[$0] } }
}
