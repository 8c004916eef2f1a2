// The one mechanism: an operator is one declaration of schema, kernel and derivative.
//
// From the declaration follow, and are never written by hand: the boxed call by schema string, recording for
// autograd and for tracers, in-place and `out=` twins (Operator+Twins.swift), the check for invalid input, and
// the error's context. Three tiers: a primitive has a kernel and a derivative written in Tensor operations; a
// fused operator has a fast kernel and a reference made of other operators, which is its default derivative and
// its test; a composite is a function of other operators. See Docs/AddingAnOperator.md.

/// What all operators have in common: a schema and a boxed call.
open class AnyOperator: @unchecked Sendable {
  // Unchecked: operators are immutable once declared, and their closures capture nothing.

  public enum Tier: Sendable { case primitive, fused, composite }

  public let schema: Schema
  public let tier: Tier
  /// PyTorch's name of the node that a recorded call makes: `MulBackward0`.
  public let gradientName: String
  /// What twins exist beside it.
  let twins: Twins
  /// Whether its result shares the memory of its first argument.
  public let isView: Bool
  /// Whether each element of the result comes of those at its place; set where the operator is declared.
  final var isElementwise = false

  init(_ schema: String, tier: Tier, gradientName: String? = nil, twins: Twins, isView: Bool = false) {
    self.schema = Schema(schema)
    self.tier = tier
    self.twins = twins
    self.isView = isView
    self.gradientName = gradientName ?? AnyOperator.gradientName(of: self.schema.baseName)
  }

  public var name: String { schema.qualifiedName }

  /// Calls the operator with boxed arguments, one for each parameter of the schema.
  public final func callBoxed(_ arguments: [Value]) throws -> [Value] {
    try withErrors { try callUnscoped(arguments) }
  }

  /// The same within the error scope of the caller, who looks at it after the call: a program of many calls needs one
  /// scope only.
  package func callUnscoped(_ arguments: [Value]) throws -> [Value] { fatalError("\(name) has no boxed call") }

  /// What the reference of a fused operator gives for boxed arguments; nil for other operators.
  package func callReference(_ arguments: [Value]) throws -> [Value]? { nil }

  /// What the operator's parts give for boxed arguments: the body of a composite, the reference of a fused operator.
  /// Interposers see the calls in it, not the operator itself. nil for primitives.
  package func callParts(_ arguments: [Value]) throws -> [Value]? { nil }

  /// Whether calls with inputs that require gradients are recorded.
  open var isDifferentiable: Bool { tier != .primitive }

  /// `max_pool2d_with_indices` becomes `MaxPool2DWithIndicesBackward0`, as PyTorch's generator has it.
  private static func gradientName(of base: String) -> String {
    var name: [UInt8] = []
    var capitalize = true
    for byte in base.utf8 {
      if byte == UInt8(ascii: "_") {
        capitalize = true
        continue
      }
      let isSmall = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      name.append(capitalize && isSmall ? byte - 32 : byte)
      capitalize = !isSmall && !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
    return String(decoding: name, as: UTF8.self) + "Backward0"
  }
}

extension AnyOperator {
  /// What is the same in all calls, whatever their arguments are.
  fileprivate final func run<Output: OperatorResult>(
    _ inputs: Inputs, kernel: () throws -> Output, record: (Output) throws -> Void, tensors: () -> [Tensor]
  ) throws -> Output {
    do {
      if tier == .composite { return try kernel() }
      let output: Output
      if inputs.requireGrad, Modes.current.recordsGradients {
        output = try Modes.with({ $0.insert([.noGrad, .recorded]) }, kernel)
        try record(output)
      } else {
        output = try kernel()
      }
      if isView, let base = inputs.first { output.forEachTensor { $0.markView(of: base) } }
      return output
    } catch let error as TorchError {
      throw error.inOperator(name, tensors())
    }
  }

  /// Makes the results those of a new node.
  fileprivate final func record<Output: OperatorResult>(
    _ output: Output, _ edges: EdgeList, derivative: (Recorder) throws -> Pullback, tensors: () -> [Tensor]
  ) throws {
    let node = Node(name: gradientName, edges: edges)
    if Modes.current.contains(.anomaly) { node.describeForwardCall(of: name, tensors()) }
    node.pullback = try derivative(Recorder(node: node))
    try node.refuseInferenceTensors()
    var index = 0
    output.forEachTensor {
      node.attachResult($0, index)
      index += 1
    }
  }
}

/// What a call looks up in its tensors.
private struct Inputs {
  private(set) var first: Tensor?
  private(set) var failure: TorchError?
  private(set) var requireGrad = false

  mutating func look(_ tensor: Tensor?) {
    guard let tensor else { return }
    if !tensor.isValid { failure = failure ?? tensor.failure }
    if tensor.requiresGrad { requireGrad = true }
    if first == nil { first = tensor }
  }
}

// Note [Specialisation]: there are some 250 lists of argument types. The compiler makes `call` anew for each, which is what
// its speed comes from. So it is small: what does not depend on the arguments is `AnyOperator.run` and `record`, and what
// runs once an operator, in errors, under vmap or a tracer is kept generic, by "optimize.sil.specialize.generic.never".

/// An operator with any list of arguments.
///
/// ```swift
/// static let mm = Operator(
///   "mm(Tensor self, Tensor mat2) -> Tensor",
///   kernel: { (a: Tensor, b: Tensor) in try CPUBackend.matmul(a, b) },
///   derivative: { record, _, a, b in
///     let (a, b) = (record.save(a), record.save(b))
///     return { g in [g.needs(0) ? g[0].mm(try b.value.t()) : nil, g.needs(1) ? try a.value.t().mm(g[0]) : nil] }
///   })
/// ```
public final class Operator<each Argument: OperatorArgument, Output: OperatorResult>: AnyOperator, @unchecked Sendable {
  public typealias Kernel = (repeat each Argument) throws -> Output
  public typealias Derivative = (Recorder, Output, repeat each Argument) throws -> Pullback

  /// Optional values of a variadic function type need a wrapper.
  struct DerivativeRule { let run: Derivative }
  struct Reference { let run: Kernel }

  let kernel: Kernel
  let derivative: DerivativeRule?
  /// A fused operator's composite: its default derivative, and the oracle of its test.
  let reference: Reference?
  /// Whether the derivative does nothing but refuse.
  private var isUnderivable = false

  @_semantics("optimize.sil.specialize.generic.never")
  private init(
    _ schema: String, _ tier: Tier, _ twins: Twins, _ gradientName: String?, isView: Bool = false,
    kernel: @escaping Kernel, derivative: DerivativeRule?, reference: Reference? = nil
  ) {
    self.kernel = kernel
    self.derivative = derivative
    self.reference = reference
    super.init(schema, tier: tier, gradientName: gradientName, twins: twins, isView: isView)
    checkTypes()
  }

  /// A primitive whose result never requires a gradient.
  convenience init(_ schema: String, twins: Twins = .out, kernel: @escaping Kernel) {
    self.init(schema, .primitive, twins, nil, kernel: kernel, derivative: nil)
  }

  /// A primitive with a derivative.
  convenience init(
    _ schema: String, twins: Twins = .out, gradientName: String? = nil, kernel: @escaping Kernel,
    derivative: @escaping Derivative
  ) {
    self.init(schema, .primitive, twins, gradientName, kernel: kernel, derivative: DerivativeRule(run: derivative))
  }

  /// A primitive that nobody has a derivative of: its first `attached` results require gradients all the same, and
  /// backward refuses, rather than leave a part of the gradient out.
  convenience init(
    underivable schema: String, twins: Twins = .out, attached: Int = .max, kernel: @escaping Kernel
  ) {
    let name = Schema(schema).baseName
    let derivative = DerivativeRule { (record: Recorder, _: Output, _: repeat each Argument) in
      record.attachOnly(attached)
      return { _ in throw TorchError(.notImplemented, "the derivative for '\(name)' is not implemented.") }
    }
    self.init(schema, .primitive, twins, nil, kernel: kernel, derivative: derivative)
    isUnderivable = true
  }

  /// A view: the kernel returns another tensor on its first argument's memory.
  convenience init(
    view schema: String, gradientName: String? = nil, kernel: @escaping Kernel, derivative: @escaping Derivative
  ) where Output == Tensor {
    self.init(
      schema, .primitive, .none, gradientName, isView: true, kernel: kernel,
      derivative: DerivativeRule(run: derivative))
  }

  /// A fused operator whose derivative is that of its reference; `attached` as in `Recorder.attachOnly`.
  convenience init(
    fused schema: String, twins: Twins = .none, gradientName: String? = nil, attached: Int = .max,
    kernel: @escaping Kernel, reference: @escaping Kernel
  ) {
    self.init(
      schema, .fused, twins, gradientName, kernel: kernel,
      derivative: DerivativeRule(run: Operator.derivative(of: reference, attached: attached)),
      reference: Reference(run: reference))
  }

  /// A fused operator with a derivative of its own.
  convenience init(
    fused schema: String, twins: Twins = .none, gradientName: String? = nil, kernel: @escaping Kernel,
    reference: @escaping Kernel, derivative: @escaping Derivative
  ) {
    self.init(
      schema, .fused, twins, gradientName, kernel: kernel, derivative: DerivativeRule(run: derivative),
      reference: Reference(run: reference))
  }

  /// A composite: its derivative is that of what it calls.
  convenience init(composite schema: String, twins: Twins = .none, _ body: @escaping Kernel) {
    self.init(schema, .composite, twins, nil, kernel: body, derivative: nil)
  }

  public override var isDifferentiable: Bool { derivative != nil && !isUnderivable || tier == .composite }

  /// The Swift types of the kernel must be those that the schema says.
  @_semantics("optimize.sil.specialize.generic.never")
  private func checkTypes() {
    var index = 0
    var wrong: String?
    func check<A: OperatorArgument>(_ type: A.Type) {
      defer { index += 1 }
      guard index < schema.parameters.count else { return }
      if !A.matches(schemaType: schema.parameters[index].type) { wrong = "\(schema.parameters[index].name): \(A.self)" }
    }
    repeat check((each Argument).self)
    precondition(
      wrong == nil && index == schema.parameters.count && Output.matches(returns: schema.returns),
      "the kernel of '\(schema.text)' does not have the types of its schema (\(wrong ?? "\(index) arguments, returns \(Output.self)"))")
  }

  /// Calls the operator; an error makes an invalid result (see ErrorScope.swift).
  public func callAsFunction(_ arguments: repeat each Argument) -> Output {
    do {
      return try call(repeat each arguments)
    } catch {
      let error = error as? TorchError ?? TorchError(.state, "\(error)")
      guard let output = Output.invalid(error, returns: schema.returns) else { fatalError(error.description) }
      return output
    }
  }

  /// Calls the operator; an error is thrown.
  public func call(_ arguments: repeat each Argument) throws -> Output {
    var inputs = Inputs()
    repeat (each arguments).forEachTensor { inputs.look($0) }
    if let failure = inputs.failure { return try callSparse(repeat each arguments, failure: failure) }
    if !Modes.current.isDisjoint(with: [.interposed, .batched]) {
      return try Modes.current.contains(.batched)
        ? callBatched(repeat each arguments) : callInterposed(repeat each arguments)
    }
    return try run(
      inputs, kernel: { try kernel(repeat each arguments) }, record: { try record($0, repeat each arguments) },
      tensors: { tensors(repeat each arguments) })
  }

  /// A call with an argument that is no dense tensor: what is known of sparse ones, or the failure.
  @_semantics("optimize.sil.specialize.generic.never")
  private func callSparse(_ arguments: repeat each Argument, failure: TorchError) throws -> Output {
    var hasSparse = false
    repeat (each arguments).forEachTensor { hasSparse = hasSparse || $0?.isSparse == true }
    guard hasSparse else { throw failure }
    var values: [Value] = []
    repeat values.append((each arguments).boxed)
    guard let results = try SparseCalculations.call(name, values) else {
      throw TorchError(.notImplemented, "Could not run '\(name)' with arguments from the 'SparseCPU' backend.")
    }
    return try Output.unboxResults(results, returns: schema.returns)
  }

  @_semantics("optimize.sil.specialize.generic.never")
  private func tensors(_ arguments: repeat each Argument) -> [Tensor] {
    var tensors: [Tensor] = []
    repeat (each arguments).forEachTensor { if let tensor = $0 { tensors.append(tensor) } }
    return tensors
  }

  private func record(_ output: Output, _ arguments: repeat each Argument) throws {
    guard let derivative else { return }
    var edges = EdgeList()
    repeat (each arguments).forEachTensor { edges.append(Edge(to: $0)) }
    try record(
      output, edges, derivative: { try derivative.run($0, output, repeat each arguments) },
      tensors: { tensors(repeat each arguments) })
  }

  /// A derivative that runs `reference` again with recording on, and differentiates that.
  @_semantics("optimize.sil.specialize.generic.never")
  private static func derivative(of reference: @escaping Kernel, attached: Int) -> Derivative {
    { (recorder: Recorder, _: Output, arguments: repeat each Argument) -> Pullback in
      recorder.attachOnly(attached)
      let saved: [SavedTensor?] = {
        var list: [SavedTensor?] = []
        repeat (each arguments).forEachTensor { list.append(recorder.save($0)) }
        return list
      }()
      let boxed: [Value] = {
        var values: [Value] = []
        repeat values.append(ReferenceDerivative.withoutTensors((each arguments).boxed))
        return values
      }()
      return { gradients in
        try ReferenceDerivative.run(saved: saved, boxed: boxed, gradients: gradients) { values in
          let source = BoxedArguments(values)
          var outputs: [Tensor] = []
          try reference(repeat source.next((each Argument).self)).forEachTensor { outputs.append($0) }
          return outputs
        }
      }
    }
  }

  package override func callUnscoped(_ arguments: [Value]) throws -> [Value] {
    guard arguments.count == schema.parameters.count else {
      throw TorchError(
        .type, "\(name)() expected \(schema.parameters.count) argument(s) but received \(arguments.count)")
    }
    let source = BoxedArguments(arguments)
    return try call(repeat source.next((each Argument).self)).boxedResults(returns: schema.returns)
  }

  package override func callReference(_ arguments: [Value]) throws -> [Value]? {
    guard let reference else { return nil }
    let source = BoxedArguments(arguments)
    return try withErrors {
      try reference.run(repeat source.next((each Argument).self)).boxedResults(returns: schema.returns)
    }
  }

  package override func callParts(_ arguments: [Value]) throws -> [Value]? {
    guard tier == .composite else { return try callReference(arguments) }
    let source = BoxedArguments(arguments)
    return try withErrors {
      try kernel(repeat source.next((each Argument).self)).boxedResults(returns: schema.returns)
    }
  }

  @_semantics("optimize.sil.specialize.generic.never")
  private func callInterposed(_ arguments: repeat each Argument) throws -> Output {
    var values: [Value] = []
    repeat values.append((each arguments).boxed)
    var result: Output?
    _ = try Interposers.call(self, values) { values in
      let source = BoxedArguments(values)
      let output = try self.call(repeat source.next((each Argument).self))
      result = output
      return output.boxedResults(returns: self.schema.returns)
    }
    return result!
  }
}

extension Operator {
  /// A call inside of vmap (Batching.swift).
  @_semantics("optimize.sil.specialize.generic.never")
  private func callBatched(_ arguments: repeat each Argument) throws -> Output {
    var values: [Value] = []
    repeat values.append((each arguments).boxed)
    let call = { (values: [Value]) throws -> [Value] in
      let source = BoxedArguments(values)
      return try self.call(repeat source.next((each Argument).self)).boxedResults(returns: self.schema.returns)
    }
    let body = { (values: [Value]) throws -> [Value] in
      let source = BoxedArguments(values)
      return try self.kernel(repeat source.next((each Argument).self)).boxedResults(returns: self.schema.returns)
    }
    return try Output.unboxResults(Batching.call(self, values, call, body: body), returns: schema.returns)
  }
}

/// Hands boxed arguments out one by one.
final class BoxedArguments {
  private let values: [Value]
  private var position = 0
  init(_ values: [Value]) { self.values = values }

  func next<A: OperatorArgument>(_ type: A.Type) throws -> A {
    defer { position += 1 }
    return try A.unbox(values[position])
  }
}

extension Node {
  /// Makes the tensor the result number `index` of the call, if that has a gradient.
  fileprivate func attachResult(_ tensor: Tensor, _ index: Int) {
    tensor.dtype.isDifferentiable && attachedOutputs.contains(index) ? attach(tensor) : addOutput(like: tensor)
  }

  func describeForwardCall(of name: String, _ tensors: [Tensor]) {
    let operands = tensors.map { "\($0.dtype.name)\($0.shape.listDescription)" }.joined(separator: ", ")
    forwardCall = "\(name)(\(operands))"
  }
}
