// Operators that write into part of a tensor: `index_put`, `scatter`, `masked_fill`, ….
//
// One rule writes into its first argument. The functional operator runs it on a copy, the in-place twin on the
// tensor itself, so that writing to a few elements costs a few elements. Their derivatives are the same, and may
// not save the first argument, whose old values are gone.

/// An operator and its in-place twin, from one rule that writes.
struct WritingOperator<each Argument: OperatorArgument> {
  typealias Write = (repeat each Argument) throws -> Void

  let functional: Operator<repeat each Argument, Tensor>
  let twin: Operator<repeat each Argument, Tensor>

  /// - Parameters:
  ///   - schema: the functional operator's, with `self` first.
  ///   - out: the overload of the `out=` form.
  ///   - shape: the shape of the functional operator's result where that may be larger than its first argument.
  ///   - isIdempotent: whether elements that lie in one place may be written to, because all get the same.
  ///   - write: checks its arguments, and then changes its first one.
  ///   - derivative: as of any operator; nil where there is none.
  init(
    _ schema: String, out: String = "out", gradientName: String? = nil,
    shape: ((repeat each Argument) throws -> Shape)? = nil, isIdempotent: Bool = false, write: @escaping Write,
    derivative: Operator<repeat each Argument, Tensor>.Derivative?
  ) {
    let kernel = { (arguments: repeat each Argument) throws -> Tensor in
      let target = WriteTarget(try shape?(repeat each arguments))
      let copied = (repeat try target.copyFirst(each arguments))
      try write(repeat each copied)
      return target.copy!
    }
    let functional: Operator<repeat each Argument, Tensor>
    if let derivative {
      functional = Operator(schema, twins: .out(out), gradientName: gradientName, kernel: kernel, derivative: derivative)
    } else {
      functional = Operator(schema, twins: .out(out), kernel: kernel)
    }
    self.functional = functional
    twin = Operator(composite: TwinOperator.schema(of: functional, .inPlace)) {
      (arguments: repeat each Argument) throws -> Tensor in
      var target: Tensor?
      var edges = EdgeList()
      repeat (each arguments).forEachTensor {
        target = target ?? $0
        edges.append(Edge(to: $0))
      }
      let x = target!
      try x.checkWritable(by: x.shape, x.dtype, overlapping: isIdempotent)
      var node: Node?
      if Modes.current.recordsGradients, edges.contains(where: { !$0.isEmpty }) {
        let made = Node(name: functional.gradientName, edges: edges)
        made.pullback = try derivative?(Recorder(node: made), x, repeat each arguments)
        try made.refuseInferenceTensors()
        node = made
      }
      try torch.noGrad { () throws -> Void in try write(repeat each arguments) }
      x.storage.bumpVersion()
      if let node {
        node.addOutput(like: x)
        x.rebaseHistory(to: node, output: 0)
      }
      return x
    }
  }

  func callAsFunction(_ arguments: repeat each Argument) -> Tensor { functional(repeat each arguments) }

  /// Writes into the first argument itself.
  func inPlace(_ arguments: repeat each Argument) -> Tensor { twin(repeat each arguments) }

  var operators: [AnyOperator] { [functional, twin] }
}

/// Puts a copy in the place of a call's first tensor.
private final class WriteTarget {
  private(set) var copy: Tensor?
  private let shape: Shape?

  init(_ shape: Shape?) { self.shape = shape }

  func copyFirst<A>(_ argument: A) throws -> A {
    guard copy == nil, let tensor = argument as? Tensor else { return argument }
    copy = try (shape.map { try tensor.spread(to: $0) } ?? tensor).packed()
    return copy as! A
  }
}
