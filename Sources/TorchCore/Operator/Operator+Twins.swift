// In-place and `out=` twins, derived from the functional operator.

/// Which twins an operator has, under which overload names.
public struct Twins: Sendable {
  /// `add_.Tensor`
  var inPlace = false
  /// The overload of the `out=` form; nil where there is none.
  var out: String?
  /// The names of the `out=` parameters.
  var outNames = ["out"]
  /// Whether `out` may share memory with an input.
  var outMayShare = true
  /// What is said where `out` has another dtype than the result (first); nil where it is converted.
  var typeMismatch: (@Sendable (DType, DType) -> String)?

  static let none = Twins()
  static let out = Twins(out: "out")
  static let both = Twins(inPlace: true, out: "out")
  static let inPlace = Twins(inPlace: true)

  /// `out` must not share memory with an input.
  var disjoint: Twins {
    var twins = self
    twins.outMayShare = false
    return twins
  }

  /// `out` must have the result's dtype.
  func exact(_ message: @escaping @Sendable (_ result: DType, _ out: DType) -> String) -> Twins {
    var twins = self
    twins.typeMismatch = message
    return twins
  }

  /// `out` must have the result's dtype: PyTorch's words for most operators that ask it.
  var sameType: Twins {
    exact { "Expected out tensor to have dtype \($0.cName), but got \($1.cName) instead" }
  }

  static func out(_ overload: String, names: [String] = ["out"]) -> Twins { Twins(out: overload, outNames: names) }
  static func both(out overload: String) -> Twins { Twins(inPlace: true, out: overload) }
}

/// A twin: calls the functional operator and writes the result where it is to go.
final class TwinOperator: AnyOperator, @unchecked Sendable {
  enum Kind { case inPlace, out(count: Int) }
  let base: AnyOperator
  let kind: Kind

  init(_ base: AnyOperator, _ kind: Kind) {
    self.base = base
    self.kind = kind
    super.init(TwinOperator.schema(of: base, kind), tier: .composite, twins: .none)
  }

  static func schema(of base: AnyOperator, _ kind: Kind) -> String {
    let schema = base.schema
    let parameters = schema.parameterText
    switch kind {
    case .inPlace:
      let written = "Tensor(a!)" + parameters.dropFirst("Tensor".count)
      return "\(schema.name)_\(schema.overload.isEmpty ? "" : "." + schema.overload)(\(written)) -> Tensor(a!)"
    case .out:
      let outs = base.twins.outNames.enumerated().map { "Tensor(\("abcd".dropFirst($0).first!)!) \($1)" }
      // A factory's options are those of `out`.
      let isFactory = schema.parameters.contains { $0.name == "layout" }
      let parameters = isFactory ? withoutFactoryOptions(parameters) : parameters
      let star = schema.parameters.contains(where: \.isKeywordOnly) ? "" : ", *"
      let returns = outs.map { String($0.split(separator: " ")[0]) }.joined(separator: ", ")
      return "\(schema.name).\(base.twins.out!)(\(parameters)\(star), \(outs.joined(separator: ", "))) -> \(outs.count == 1 ? returns : "(\(returns))")"
    }
  }

  private static func withoutFactoryOptions(_ parameters: String) -> String {
    ["None", "4"].reduce(parameters) { text, dtype in
      text.replacing(
        ", ScalarType? dtype=\(dtype), Layout? layout=None, Device? device=None, bool? pin_memory=None", with: "")
    }
  }

  override func callUnscoped(_ arguments: [Value]) throws -> [Value] {
    switch kind {
    case .inPlace:
      guard case .tensor(let target)? = arguments.first else {
        throw TorchError(.type, "\(name)(): argument 'self' must be Tensor")
      }
      try overwrite(target, arguments.dropFirst())
      return [.tensor(target)]
    case .out(let count):
      let outs = arguments.suffix(count)
      var inputs = Array(arguments.dropLast(count))
      if let layout = base.schema.parameters.firstIndex(where: { $0.name == "layout" }), let out = outs.first?.tensor {
        inputs.insert(contentsOf: [.dtype(out.dtype), .none, .none, .none], at: layout - 1)
      }
      let results = try base.callUnscoped(inputs)
      for (out, result) in zip(outs, results) {
        guard case .tensor(let target) = out, case .tensor(let source) = result else {
          throw TorchError(.type, "\(name)(): argument 'out' must be Tensor")
        }
        try source.checkValid()
        if let mismatch = base.twins.typeMismatch, target.dtype != source.dtype {
          throw TorchError(.dtype, mismatch(source.dtype, target.dtype))
        }
        if !base.twins.outMayShare, inputs.contains(where: { $0.sharesStorage(with: target) }) {
          throw TorchError(
            .value,
            "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. Please clone() the tensor before performing the operation.")
        }
        try target.become(source, of: schema.baseName)
      }
      return Array(outs)
    }
  }
}

extension TwinOperator {
  /// The boxed form of `Operator.inPlace`: what the derivative may have kept of the old values is copied first.
  private func overwrite(_ target: Tensor, _ rest: ArraySlice<Value>) throws {
    guard Modes.current.recordsGradients else {
      let results = try base.callUnscoped([.tensor(target)] + rest)
      return try target.overwrite(with: results[0].tensor!).checkValid()
    }
    var old = target.standIn()
    func call() throws -> Tensor { try base.callUnscoped([.tensor(old)] + rest)[0].tensor! }
    let result = try call()
    try result.checkValid()
    if !isKnownUniquelyReferenced(&old) { try old.keepValues() }
    try target.overwrite(with: result).checkValid()
  }
}

extension AnyOperator {
  /// The twins as operators of their own, to be registered beside this one.
  var twinOperators: [AnyOperator] {
    var list: [AnyOperator] = []
    if twins.inPlace { list.append(TwinOperator(self, .inPlace)) }
    if twins.out != nil { list.append(TwinOperator(self, .out(count: twins.outNames.count))) }
    return list
  }
}

extension Operator where Output == Tensor {
  /// Calls the operator and writes its result over its first tensor argument.
  func inPlace(_ arguments: repeat each Argument) -> Tensor {
    var target: Tensor?
    var recorded = false
    repeat (each arguments).forEachTensor {
      target = target ?? $0
      if $0?.requiresGrad == true { recorded = true }
    }
    guard recorded, Modes.current.recordsGradients, target!.isValid, !Modes.current.contains(.batched) else {
      let result = self(repeat each arguments)
      return result.isValid ? target!.overwrite(with: result) : result
    }
    // The derivative may have to read the old values, which are about to be overwritten: it gets another tensor
    // object in the target's place, which takes a copy of them with it if the derivative has kept it.
    var old = target!.standIn()
    func call() -> Tensor {
      let substitution = FirstTensor(target!, old)
      return self(repeat substitution.apply(each arguments))
    }
    let result = call()
    guard result.isValid else { return result }
    if !isKnownUniquelyReferenced(&old) {
      do { try old.keepValues() } catch { return .invalid(error as! TorchError) }
    }
    return target!.overwrite(with: result)
  }
}

/// Puts another tensor in the place of a call's first one.
private final class FirstTensor {
  private let first: Tensor
  private var replacement: Tensor?

  init(_ first: Tensor, _ replacement: Tensor) {
    self.first = first
    self.replacement = replacement
  }

  func apply<A>(_ argument: A) -> A {
    guard let tensor = argument as? Tensor, tensor === first, let other = replacement else { return argument }
    replacement = nil
    return other as! A
  }
}

extension Tensor {
  /// Another tensor object with the same memory and the same place in the graph.
  func standIn() -> Tensor {
    let other = alias()
    other.recordedGradFn = gradFn
    other.outputNumber = outputNumber
    other.flags = flags.subtracting(.differentiableView)
    return other
  }

  /// Moves to memory of its own, as if the shared memory's coming writes had not happened to it.
  fileprivate func keepValues() throws {
    let (copy, version) = (try packed(), storage.version)
    adopt(storage: copy.storage, shape: shape, strides: copy.strides, offset: 0, dtype: dtype)
    storage.version = version
  }
}

extension Tensor {
  /// The end of an in-place operation: this tensor takes `result`'s values and its place in the graph.
  @discardableResult
  func overwrite(with result: Tensor) -> Tensor {
    if Modes.current.contains(.batched), let level = Batching.level,
      let written = Batching.overwrite(self, with: result, level)
    {
      return written
    }
    do {
      try checkValid()
      try result.checkValid()
      try checkWritable(by: result.shape, result.dtype)
      let recorded = Modes.current.recordsGradients && (requiresGrad || result.requiresGrad)
      let interposed = Modes.current.contains(.interposed)
      let source = result.dtype == dtype ? result : Modes.with({ $0.remove(.interposed) }) { result.to(dtype) }
      try torch.noGrad { try backend.copy(source, into: self) }
      storage.bumpVersion()
      if interposed { Interposers.overwritten(self, by: result) }
      if recorded { rebaseHistory(to: source.requiresGrad ? source.recordedGradFn : nil, output: Int(source.outputNumber)) }
      return self
    } catch {
      return .invalid(error as! TorchError)
    }
  }

  /// What an in-place operation must find: room for the result, a dtype that can hold it, no recorded leaf.
  /// Elements that share a place are refused unless `overlapping`.
  func checkWritable(by result: Shape, _ resultType: DType, overlapping: Bool = false) throws {
    if flags.contains(.inference), !Modes.current.contains(.inference) { throw TorchError.inferenceWrite }
    if Modes.current.recordsGradients { try checkInPlaceAllowed() }
    guard result == shape else {
      throw TorchError(
        .shape,
        "output with shape \(shape.listDescription) doesn't match the broadcast shape \(result.listDescription)")
    }
    guard resultType == dtype || resultType.category <= dtype.category else {
      throw TorchError(
        .dtype,
        "result type \(resultType.scalarTypeName) can't be cast to the desired output type \(dtype.scalarTypeName)")
    }
    if !overlapping { try checkSinglePlaces() }
  }

  /// No two elements may lie in one place, where they are to be written to.
  private func checkSinglePlaces() throws {
    if zip(shape, strides).contains(where: { $0 > 1 && $1 == 0 }) {
      throw TorchError(
        .value,
        "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation.")
    }
  }

  func checkInPlaceAllowed() throws {
    if let view = autograd?.view, view.madeWithoutGrad, view.base.requiresGrad { throw Tensor.ambiguousView }
    guard requiresGrad else { return }
    if let view = autograd?.view {
      if view.base.requiresGrad, view.base.gradFn == nil {
        throw TorchError(
          .autograd, "a view of a leaf Variable that requires grad is being used in an in-place operation.")
      }
    } else if gradFn == nil {
      throw TorchError(.autograd, "a leaf Variable that requires grad is being used in an in-place operation.")
    }
  }

  private static let ambiguousView = TorchError(
    .autograd,
    "A view was created in no_grad mode and is being modified inplace with grad mode enabled. Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both inside the no_grad block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked).")

  /// The end of an `out=` operation: resizes where the size differs, and copies.
  func become(_ result: Tensor, of op: String) throws {
    guard result.dtype.category <= dtype.category else {
      throw TorchError(
        .dtype,
        "result type \(result.dtype.scalarTypeName) can't be cast to the desired output type \(dtype.scalarTypeName)")
    }
    try checkSinglePlaces()
    if requiresGrad && Modes.current.recordsGradients || result.requiresGrad {
      throw TorchError(
        .autograd, "\(op)(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad.")
    }
    if shape != result.shape { try resizeStorage(to: result.shape) }
    try backend.copy(result.dtype == dtype ? result : result.to(dtype), into: self)
    storage.bumpVersion()
  }
}
