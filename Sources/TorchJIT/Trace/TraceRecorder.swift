// Sees the outermost operator calls of a program, and which module each belongs to.

extension JIT {
  /// Writes a run of a program down.
  final class TraceRecorder: Interposer, ModuleTracer {
    private(set) var run = TraceRun()
    /// Set where something cannot be traced.
    private(set) var failure: TorchError?
    /// The newest number of each tensor object. The objects are held by the run, so that none is taken for another.
    private var numbers: [ObjectIdentifier: Int] = [:]
    /// Numbers of the tensors in a storage, newest last.
    private var inStorage: [ObjectIdentifier: [Int]] = [:]
    private let attributes: Set<ObjectIdentifier>
    /// The run on the example, where this is one on inputs of other sizes.
    private let first: TraceRun?
    private var warns: Bool { first == nil }
    private var isReading = false

    /// - Parameters:
    ///   - inputs: the tensors that the program is run on.
    ///   - attributes: the parameters and buffers of the module.
    ///   - first: the run on the example, where this is one on inputs of other sizes. What a trace cannot follow is said
    ///     in the first run only.
    init(inputs: [Tensor], attributes: [Tensor], first: TraceRun?) {
      self.attributes = Set(attributes.map { ObjectIdentifier($0) })
      self.first = first
      for (i, tensor) in inputs.enumerated() { add(tensor, .input(i)) }
    }

    // MARK: Tensors

    @discardableResult
    private func add(_ tensor: Tensor, _ origin: TraceValue.Origin) -> Int {
      let number = run.values.count
      run.values.append(TraceValue(origin: origin, sizes: Array(tensor.shape), tensor: tensor))
      numbers[ObjectIdentifier(tensor)] = number
      inStorage[tensor.storageIdentity, default: []].append(number)
      return number
    }

    /// The number of a tensor that is used.
    func number(of tensor: Tensor) -> Int {
      if let known = numbers[ObjectIdentifier(tensor)] { return known }
      if attributes.contains(ObjectIdentifier(tensor)) { return add(tensor, .attribute) }
      // An in-place operation may be given another object for the same view.
      let others = inStorage[tensor.storageIdentity] ?? []
      if let same = others.last(where: { run.values[$0].tensor!.isSameView(as: tensor) }) {
        return numbers[ObjectIdentifier(run.values[same].tensor!)]!
      }
      if others.contains(where: { run.values[$0].origin == .step }) {
        failure = failure ?? TorchError(
          .state,
          "A tensor of sizes \(tensor.shape.listDescription) shares memory with a traced one, but was made from it without an operator that could be traced")
      }
      return add(tensor, .constant)
    }

    private func argument(_ value: Value) -> TraceArgument {
      switch value {
      // A number that stands for a tensor in arithmetic is a number.
      case .tensor(let tensor) where tensor.isWrappedNumber: .plain(value)
      case .tensor(let tensor): .tensor(number(of: tensor))
      case .list(let values): .list(values.map(argument))
      default: .plain(value)
      }
    }

    private func result(_ value: Value) -> TraceArgument {
      switch value {
      case .tensor(let tensor): .tensor(add(tensor, .step))
      case .list(let values): .list(values.map(result))
      default: .plain(value)
      }
    }

    // MARK: Interposer

    func call(_ op: AnyOperator, _ arguments: [Value], _ proceed: ([Value]) throws -> [Value]) throws -> [Value] {
      let recorded = arguments.map(argument)
      let results: [Value]
      do {
        let made = try proceed(arguments)
        // The parts of a composite report their errors and give invalid tensors.
        if let error = made.lazy.compactMap(\.failure).first { throw error }
        results = made
      } catch {
        guard let others = argumentsOfExample(op) else { throw error }
        // The run is given up, but the program goes on with results as it expects them, not with invalid tensors.
        failure = failure ?? error as? TorchError ?? TorchError(.state, "\(error)")
        results = try proceed(others)
      }
      run.steps.append(.call(op, recorded, results: results.map(result)))
      return results
    }

    /// What the operator was called with at this place when the program ran on the example; nil where it was not.
    private func argumentsOfExample(_ op: AnyOperator) -> [Value]? {
      for case .call(let other, let arguments, _) in first?.steps.dropFirst(run.steps.count) ?? [] where other === op {
        return arguments.map(valueOfExample)
      }
      return nil
    }

    private func valueOfExample(_ argument: TraceArgument) -> Value {
      switch argument {
      case .tensor(let number):
        let value = first!.values[number]
        // The example's own values must stay as they are.
        return .tensor(value.origin == .attribute ? value.tensor! : torch.noGrad { value.tensor!.detach().clone() })
      case .list(let items): return .list(items.map(valueOfExample))
      case .plain(let value): return value
      }
    }

    func overwritten(_ target: Tensor, by result: Tensor) {
      let (old, source) = (number(of: target), number(of: result))
      run.steps.append(.write(target: old, source: source, result: add(target, .step)))
    }

    func reading(_ tensor: Tensor, as kind: String) {
      guard !isReading else { return }
      isReading = true
      defer { isReading = false }
      let number = number(of: tensor)
      if tensor.numel == 1, tensor.dtype.isInteger { run.values[number].number = try? tensor.item(Int.self) }
      switch run.values[number].origin {
      case .constant, .attribute: return
      case .input, .step: break
      }
      guard warns else { return }
      torch.warn(
        "Converting a tensor to a \(kind) might cause the trace to be incorrect. We can't record the data flow of Python values, so this value will be treated as a constant in the future. This means that the trace might not generalize to other inputs!",
        .tracer)
    }

    // MARK: Modules

    func call<Result>(_ module: nn.Module, _ inputs: [Any], _ body: () -> Result) -> Result {
      let tensors = inputs.flatMap { TraceTree($0).tensors }.filter(\.isValid)
      run.steps.append(.enter(module, inputs: tensors.map { number(of: $0) }))
      let result = body()
      run.steps.append(.leave)
      return checked(result, of: module)
    }

    /// What a module gave; in a run that is given up, what it gave for the example where it could not run. It is given as a
    /// whole, for what is there beside an invalid tensor may be less than the program relies on.
    private func checked<Result>(_ result: Result, of module: nn.Module) -> Result {
      // By module, because one that fails may leave out calls of its submodules.
      let key = ObjectIdentifier(module)
      let number = run.returned[key]?.count ?? 0
      run.returned[key, default: []].append(result)
      guard let first, let error = TraceTree(result).tensors.lazy.compactMap(\.failure).first else { return result }
      guard let known = first.returned[key], number < known.count, let example = known[number] as? Result else {
        return result
      }
      failure = failure ?? error
      return TensorReplacement.apply(example) { tensor in torch.noGrad { tensor.detach().clone() } }
    }

    // MARK: The end

    /// The run, once the program has returned `result`.
    func finished(_ result: Any) throws -> TraceRun {
      if let failure { throw failure }
      run.result = TraceTree(result)
      for tensor in run.result.tensors { _ = number(of: tensor) }
      if let failure { throw failure }
      return run
    }
  }
}

extension Value {
  /// The error that an invalid tensor in it carries.
  fileprivate var failure: TorchError? {
    switch self {
    case .tensor(let tensor): tensor.failure
    case .list(let items): items.lazy.compactMap(\.failure).first
    default: nil
    }
  }
}

extension Tensor {
  fileprivate func isSameView(as other: Tensor) -> Bool {
    storageIdentity == other.storageIdentity && dtype == other.dtype && shape == other.shape
      && strides == other.strides && storageOffset == other.storageOffset
  }
}
