// Runs a program and writes it down: once for what it does, and again on inputs of other sizes for what depends on sizes
// (Note [Sizes in traces]).

extension JIT {
  /// Which sizes of its inputs a traced program leaves open.
  public enum DynamicSizes: Sendable {
    /// Every dimension in which the program runs with another size too. Swift code that stops at sizes that it does not
    /// expect (a precondition, an array indexed by a size) stops here too.
    case all
    /// The first dimension of every input.
    case batch
    /// The listed dimensions of each input, in the order of its tensors.
    case dims([[Int]])
    /// None: all sizes are those of the example.
    case none
  }

  /// Records a program.
  struct Tracer {
    /// The program's arguments, those without tensors too.
    let arguments: [TraceTree]
    let inputNames: [String]
    let tree: ModuleTree?
    let dynamicSizes: DynamicSizes
    /// Runs the program with other tensors in the place of the example's.
    let program: ([Tensor]) throws -> Any

    init(
      arguments: [TraceTree], inputNames: [String], tree: ModuleTree?, dynamicSizes: DynamicSizes,
      program: @escaping ([Tensor]) throws -> Any
    ) throws {
      self.arguments = arguments
      self.tree = tree
      self.dynamicSizes = dynamicSizes
      self.program = program
      let count = arguments.count(where: \.holdsTensors)
      guard inputNames.isEmpty || inputNames.count == count else {
        throw TorchError(.value, "\(inputNames.count) names are given for \(count) inputs")
      }
      var names = inputNames.isEmpty ? (0..<count).map { $0 == 0 ? "input" : "input_\($0)" } : inputNames
      guard names.allSatisfy(PythonText.isIdentifier), Set(names).count == names.count else {
        throw TorchError(.value, "the names of inputs must be identifiers, each another: \(names)")
      }
      self.inputNames = arguments.map { $0.holdsTensors ? names.removeFirst() : "" }
    }

    /// The tensors of the example, each an object of its own.
    var inputs: [Tensor] {
      var seen: Set<ObjectIdentifier> = []
      return arguments.flatMap(\.tensors).map { tensor in
        if seen.insert(ObjectIdentifier(tensor)).inserted { return tensor }
        let other = tensor.detach()
        return tensor.requiresGrad ? other.requiresGrad_() : other
      }
    }

    /// The graph of the program.
    /// - Parameters:
    ///   - strict: Say where outputs are containers that can change.
    ///   - isExport: Take outputs as they are, also such as TorchScript does not know.
    func trace(strict: Bool = false, isExport: Bool = false) throws -> TraceBuilder {
      let inputs = inputs
      guard !inputs.isEmpty else { throw TorchError(.value, "a program cannot be traced without a tensor among its inputs") }
      let run = try record(inputs, like: nil)
      if !isExport { try run.result.checkOutput(strict: strict) }
      return try TraceBuilder(
        [run] + runs(like: run, inputs), arguments: arguments, names: inputNames, tree: tree)
    }

    /// One run of the program.
    private func record(_ inputs: [Tensor], like first: TraceRun?) throws -> TraceRun {
      let trees = tree?.all ?? []
      let recorder = TraceRecorder(inputs: inputs, attributes: trees.flatMap(\.tensors).map(\.tensor), first: first)
      for tree in trees { tree.module.setTracer(recorder) }
      defer { for tree in trees { tree.module.setTracer(nil) } }
      let result = try withErrors { try torch.interposing(recorder) { try program(inputs) } }
      return try recorder.finished(result)
    }

    // MARK: Other sizes

    private struct Place: Hashable {
      let input: Int
      let dim: Int
    }

    /// Runs on inputs of other sizes that did the same as `first`.
    private func runs(like first: TraceRun, _ inputs: [Tensor]) -> [TraceRun] {
      let open = openPlaces(inputs)
      guard !open.isEmpty else { return [] }
      let state = ModuleState(tree)
      defer { state.restore() }
      var runs: [TraceRun] = []
      var done: Set<Place> = []
      for place in open where !done.contains(place) {
        guard let wider = widened(place, open, inputs, like: first, state) else { continue }
        done.formUnion(wider.group)
        guard wider.run.didTheSame(as: first) else {
          torch.warn(
            "The traced program does something else for inputs of another size in dimension \(place.dim) of input \(place.input); the trace holds what it did for the example. This means that the trace might not generalize to inputs of other sizes!",
            .tracer)
          continue
        }
        runs.append(wider.run)
        // Where integers are more than sizes, another run has to tell how they depend on them.
        let extra = wider.extra == 1 ? 3 : 2 * wider.extra
        if !wider.run.differsBySizesOnly(from: first),
          let more = try? changed(wider.group, inputs, by: extra, like: first, state), more.didTheSame(as: first)
        {
          runs.append(more)
        }
      }
      return runs
    }

    private func openPlaces(_ inputs: [Tensor]) -> [Place] {
      func places(_ dims: (Int, Tensor) -> [Int]) -> [Place] {
        inputs.enumerated().flatMap { i, tensor in
          dims(i, tensor).map { Place(input: i, dim: $0 < 0 ? $0 + tensor.ndim : $0) }
            .filter { tensor.shape.indices.contains($0.dim) && tensor.shape[$0.dim] > 0 }
        }
      }
      switch dynamicSizes {
      case .none: return []
      case .batch: return places { _, tensor in tensor.ndim > 0 ? [0] : [] }
      case .all: return places { _, tensor in Array(0..<tensor.ndim) }
      case .dims(let lists): return places { i, _ in i < lists.count ? lists[i] : [] }
      }
    }

    /// A run with `place` and what must have the same size made larger; nil where the program does not run so.
    private func widened(
      _ place: Place, _ open: [Place], _ inputs: [Tensor], like first: TraceRun, _ state: ModuleState
    ) -> (group: Set<Place>, extra: Int, run: TraceRun)? {
      let size = inputs[place.input].shape[place.dim]
      let equal = open.filter { inputs[$0.input].shape[$0.dim] == size }
      // Sizes that are equal by chance need not change together, so the likelier groups come first.
      let groups = [Set(equal.filter { $0.dim == place.dim }), Set(equal), [place]]
      // One more, or what is divisible by whatever the size is divisible by: heads, groups, strides.
      for extra in size == 1 ? [1] : [1, size <= 64 ? size : 32] {
        for (i, group) in groups.enumerated() where !groups[..<i].contains(group) {
          if let run = try? changed(group, inputs, by: extra, like: first, state) { return (group, extra, run) }
        }
      }
      return nil
    }

    /// A run on inputs whose last slices are repeated `extra` times in the given dimensions.
    private func changed(
      _ places: Set<Place>, _ inputs: [Tensor], by extra: Int, like first: TraceRun, _ state: ModuleState
    ) throws -> TraceRun {
      var changed = inputs
      try withErrors {
        for place in places.sorted(by: { ($0.input, $0.dim) < ($1.input, $1.dim) }) {
          changed[place.input] = torch.noGrad {
            let old = changed[place.input]
            let last = old.narrow(place.dim, old.shape[place.dim] - 1, 1)
            return torch.cat([old] + Array(repeating: last, count: extra), dim: place.dim)
          }
        }
        for (i, input) in inputs.enumerated() where input.requiresGrad && changed[i] !== input { changed[i].requiresGrad_() }
      }
      defer { state.restore() }
      var run = try record(changed, like: first)
      run.dropTensors()
      return run
    }
  }

  /// Buffers and the random generator, to be put back after runs that are not the program's.
  struct ModuleState {
    private let buffers: [(slot: TensorSlot, tensor: Tensor, values: Tensor)]
    private let random = Generator.default.state

    init(_ tree: ModuleTree?) {
      var buffers: [(slot: TensorSlot, tensor: Tensor, values: Tensor)] = []
      for (_, slot) in (tree?.all ?? []).flatMap({ $0.module.members.buffers }) {
        if let tensor = slot.tensor { buffers.append((slot, tensor, torch.noGrad { tensor.clone() })) }
      }
      self.buffers = buffers
    }

    func restore() {
      for (slot, tensor, values) in buffers {
        slot.tensor = tensor
        torch.noGrad { if (try? tensor.equal(values)) != true { tensor.copy_(values) } }
      }
      // The bytes are the generator's own.
      try! Generator.default.setState(random)
    }
  }
}

// MARK: - Comparing runs

extension JIT.TraceRun {
  /// Whether the same operators were called on corresponding tensors, and only numbers differ.
  func didTheSame(as other: JIT.TraceRun) -> Bool {
    guard steps.count == other.steps.count, values.count == other.values.count,
      zip(values, other.values).allSatisfy({ $0.origin == $1.origin && $0.sizes.count == $1.sizes.count })
    else { return false }
    return zip(steps, other.steps).allSatisfy { a, b in
      switch (a, b) {
      case (.call(let op, let arguments, let results), .call(let otherOp, let otherArguments, let otherResults)):
        return op === otherOp && arguments.elementsEqual(otherArguments) { $0.corresponds(to: $1) }
          && results.elementsEqual(otherResults) { $0.tensors == $1.tensors }
      case (.write(let target, let source, let result), .write(let target2, let source2, let result2)):
        return target == target2 && source == source2 && result == result2
      case (.enter(let module, let inputs), .enter(let other, let otherInputs)):
        return module === other && inputs == otherInputs
      case (.leave, .leave): return true
      default: return false
      }
    }
  }

  /// Whether every integer that differs is the size of a tensor.
  func differsBySizesOnly(from other: JIT.TraceRun) -> Bool {
    var sizes = JIT.TraceSizes([other, self])
    sizes.see(through: values.count - 1)
    return zip(steps, other.steps).allSatisfy { a, b in
      guard case .call(_, let arguments, _) = a, case .call(_, let others, _) = b else { return true }
      return zip(arguments, others).allSatisfy { new, old in
        zip(new.numbers, old.numbers).allSatisfy { new, old in
          if new == old { return true }
          guard case .int(let new) = new, case .int(let old) = old else { return false }
          return sizes.isSize([old, new])
        }
      }
    }
  }
}

extension JIT.TraceArgument {
  /// The same, but for numbers, and for memory in constants.
  fileprivate func corresponds(to other: JIT.TraceArgument) -> Bool {
    switch (self, other) {
    case (.tensor(let a), .tensor(let b)): return a == b
    case (.list(let a), .list(let b)): return a.elementsEqual(b) { $0.corresponds(to: $1) }
    case (.plain(let a), .plain(let b)): return a.hasSameKind(as: b)
    default: return false
    }
  }

  /// The numbers in it.
  fileprivate var numbers: [Scalar] {
    switch self {
    case .plain(.scalar(let number)): [number]
    // A number that stands for a tensor.
    case .plain(.tensor(let tensor)): (try? tensor.item()).map { [$0] } ?? []
    case .list(let items): items.flatMap(\.numbers)
    case .plain, .tensor: []
    }
  }
}

extension Value {
  /// Whether both are numbers of one kind, or equal.
  fileprivate func hasSameKind(as other: Value) -> Bool {
    switch (self, other) {
    case (.none, .none): true
    case (.scalar(.int), .scalar(.int)), (.scalar(.double), .scalar(.double)): true
    case (.scalar(let a), .scalar(let b)): a == b
    case (.string(let a), .string(let b)): a == b
    case (.dtype(let a), .dtype(let b)): a == b
    case (.device(let a), .device(let b)): a == b
    case (.memoryFormat(let a), .memoryFormat(let b)): a == b
    case (.generator(let a), .generator(let b)): a === b
    // Numbers that stand for tensors.
    case (.tensor(let a), .tensor(let b)): a.dtype == b.dtype
    default: false
    }
  }
}
