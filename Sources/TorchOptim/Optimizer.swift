// What all optimizers have in common: parameter groups, state, steps, state dicts.
//
// `Optimizer` is what schedulers and training loops see; `GroupedOptimizer` adds an optimizer's own options and
// state as typed structs. An optimizer is an options struct, a state struct and `update`, in one file.
//
// A step makes no graph. Parameters that are contiguous float32 or float64 go through one fused kernel call a group;
// others through tensor operations with the same formulas.
// Reference: https://pytorch.org/docs/stable/optim.html#torch.optim.Optimizer

extension optim {
  /// The base of all optimizers.
  open class Optimizer {
    private var stepHooks: [(id: Int, before: Bool, body: (Optimizer) -> Void)] = []
    private var nextHook = 0

    init() {}

    /// The options of each group that schedulers change.
    var schedules: [GroupSchedule] {
      get { fatalError("overridden by GroupedOptimizer") }
      set { fatalError("overridden by GroupedOptimizer") }
    }

    /// All parameters, group by group.
    public var parameters: [Tensor] { fatalError("overridden by GroupedOptimizer") }

    /// The learning rate of each group.
    public final var learningRates: [Double] {
      get { schedules.map(\.lr) }
      set {
        var all = schedules
        for i in all.indices { all[i].lr = newValue[i] }
        schedules = all
      }
    }

    func update() { fatalError("overridden by GroupedOptimizer") }

    /// Whether the gradients of embeddings may come as sparse tensors.
    var takesSparseGradients: Bool { false }
    var sparseRefusal: String { "\(type(of: self)) does not support sparse gradients" }

    /// Changes the parameters by their gradients; a parameter without one stays as it is.
    ///
    /// An invalid gradient or parameter is reported as tensor expressions report errors, and nothing is changed.
    open func step() {
      for parameter in parameters {
        let gradient = parameter.grad
        if gradient?.isSparse == true, !takesSparseGradients {
          return ErrorScope.report(TorchError(.notImplemented, sparseRefusal))
        }
        if let failure = parameter.failure ?? (gradient?.isSparse == true ? nil : gradient?.failure) {
          return ErrorScope.report(failure)
        }
      }
      for hook in stepHooks where hook.before { hook.body(self) }
      torch.noGrad { update() }
      stepCount += 1
      for hook in stepHooks where !hook.before { hook.body(self) }
    }

    /// How many steps this object has made; schedulers look whether there was one.
    final var stepCount = 0

    /// Computes the loss again with `closure`, which clears the gradients and calls `backward`, then steps.
    @discardableResult
    open func step(_ closure: () -> Tensor) -> Tensor {
      let loss = torch.enableGrad { closure() }
      if loss.isValid { step() }
      return loss
    }

    /// Drops the gradients of all parameters; with `setToNone: false` fills them with zeros.
    public final func zeroGrad(setToNone: Bool = true) {
      for parameter in parameters { Gradient.clear(parameter, setToNone: setToNone) }
    }

    open func stateDict() -> OptimizerState { fatalError("overridden by GroupedOptimizer") }

    open func loadStateDict(_ state: OptimizerState) throws { fatalError("overridden by GroupedOptimizer") }

    /// Calls `body` before each step.
    @discardableResult
    public final func registerStepPreHook(_ body: @escaping (Optimizer) -> Void) -> HookHandle { add(true, body) }

    /// Calls `body` after each step.
    @discardableResult
    public final func registerStepPostHook(_ body: @escaping (Optimizer) -> Void) -> HookHandle { add(false, body) }

    private func add(_ before: Bool, _ body: @escaping (Optimizer) -> Void) -> HookHandle {
      nextHook += 1
      let id = nextHook
      stepHooks.append((id, before, body))
      return HookHandle { [weak self] in self?.stepHooks.removeAll { $0.id == id } }
    }
  }

  /// The part of a group's options that schedulers change.
  struct GroupSchedule {
    var lr: Double
    /// The learning rate a scheduler started from.
    var initialLR: Double?
    /// `momentum`, or the first of `betas`.
    var momentum: Double?
  }

  /// An optimizer's state dict in PyTorch's layout: state by a parameter's index, and the groups.
  public struct OptimizerState {
    public var state: OrderedDictionary<Int, OrderedDictionary<String, StateValue>> = [:]
    public var paramGroups: [OrderedDictionary<String, StateValue>] = []

    /// As one nested value: `{"state": {0: {…}}, "param_groups": [{…}]}`.
    public var nested: StateValue {
      let states = state.map { (StateKey.int($0.key), StateValue.strings($0.value)) }
      return .strings([
        "state": .dict(StateDictionary(OrderedDictionary(uniqueKeysWithValues: states))),
        "param_groups": .list(paramGroups.map { .strings($0) }),
      ])
    }

    init() {}

    /// - Throws: `TorchError` where `nested` does not have the layout.
    public init(nested: StateValue) throws {
      let parts = try nested.asStrings()
      guard let states = parts["state"], let groups = parts["param_groups"], let table = states.dictionary?.entries else {
        throw TorchError(.value, "an optimizer's state dict has the keys 'state' and 'param_groups'")
      }
      for (key, value) in table {
        guard case .int(let index) = key else { throw TorchError(.value, "an optimizer's state is keyed by integers") }
        state[index] = try value.asStrings()
      }
      paramGroups = try groups.asList().map { try $0.asStrings() }
    }
  }
}

/// The hyperparameters of a group.
public protocol OptimizerOptions {
  var lr: Double { get set }
  /// What momentum schedules change; nil where there is none.
  var scheduledMomentum: Double? { get set }
  /// PyTorch's names of the options, in its order.
  static var fields: [StateField<Self>] { get }
  /// Throws `TorchError` in PyTorch's words for values that make no sense.
  func check() throws
}

extension OptimizerOptions {
  public var scheduledMomentum: Double? {
    get { nil }
    set {}
  }

  func require(_ condition: Bool, _ what: String, _ value: Double) throws {
    if !condition { throw TorchError(.value, "Invalid \(what): \(Scalar(value))") }
  }
}

/// What an optimizer remembers of a parameter.
public protocol ParameterState {
  init()
  static var fields: [StateField<Self>] { get }
}

extension optim {
  /// Parameters with options of their own.
  ///
  /// ```swift
  /// optim.SGD([
  ///   .init(model.features.parameters()),
  ///   .init(model.head.parameters()) { $0.lr = 1e-3 },
  /// ], lr: 1e-2, momentum: 0.9)
  /// ```
  public struct Group<Options: OptimizerOptions> {
    let parameters: [Tensor]
    let change: (inout Options) -> Void

    public init(_ parameters: [Tensor], _ change: @escaping (inout Options) -> Void = { _ in }) {
      self.parameters = parameters
      self.change = change
    }
  }

  /// A group in an optimizer; its options can be read and set: `optimizer.groups[0].lr = 0.01`.
  @dynamicMemberLookup
  public struct ParameterGroup<Options: OptimizerOptions> {
    public internal(set) var parameters: [Tensor]
    public var options: Options
    var initialLR: Double?

    public subscript<Value>(dynamicMember path: WritableKeyPath<Options, Value>) -> Value {
      get { options[keyPath: path] }
      set { options[keyPath: path] = newValue }
    }
  }

  /// An optimizer with typed options and state.
  open class GroupedOptimizer<Options: OptimizerOptions, State: ParameterState>: Optimizer, CustomStringConvertible {
    public var groups: [ParameterGroup<Options>] = []
    let defaults: Options
    /// By a parameter's identity.
    var states: [ObjectIdentifier: State] = [:]

    init(_ groups: [Group<Options>], defaults: Options) {
      self.defaults = defaults
      super.init()
      do {
        try defaults.check()
        if groups.isEmpty { throw TorchError(.value, "optimizer got an empty parameter list") }
        for group in groups { try add(group) }
      } catch {
        ErrorScope.report(error as? TorchError ?? TorchError(.value, "\(error)"))
      }
    }

    /// Adds parameters, say those of layers that are trained from now on.
    /// - Throws: `TorchError` for a parameter that is in a group already, or computed.
    public func add(_ group: Group<Options>) throws {
      var options = defaults
      group.change(&options)
      try options.check()
      if groups.isEmpty && group.parameters.isEmpty { throw TorchError(.value, "optimizer got an empty parameter list") }
      var seen = Set(parameters.map(ObjectIdentifier.init))
      for parameter in group.parameters {
        guard parameter.isLeaf else { throw TorchError(.value, "can't optimize a non-leaf Tensor") }
        guard seen.insert(ObjectIdentifier(parameter)).inserted else {
          throw TorchError(.value, "some parameters appear in more than one parameter group")
        }
      }
      groups.append(ParameterGroup(parameters: group.parameters, options: options))
    }

    public final override var parameters: [Tensor] { groups.flatMap(\.parameters) }

    override var schedules: [GroupSchedule] {
      get {
        groups.map { GroupSchedule(lr: $0.options.lr, initialLR: $0.initialLR, momentum: $0.options.scheduledMomentum) }
      }
      set {
        for i in groups.indices {
          groups[i].options.lr = newValue[i].lr
          groups[i].initialLR = newValue[i].initialLR
          if let momentum = newValue[i].momentum { groups[i].options.scheduledMomentum = momentum }
        }
      }
    }

    override func update() {
      for group in groups {
        let active = group.parameters.filter { $0.grad != nil }
        if !active.isEmpty { update(active, group.options) }
      }
    }

    /// Changes `parameters`, which all have gradients.
    func update(_ parameters: [Tensor], _ options: Options) { fatalError("an optimizer overrides update") }

    /// What this optimizer remembers of `parameter`; nil before its first step.
    public func state(of parameter: Tensor) -> State? { states[ObjectIdentifier(parameter)] }

    // MARK: State dicts

    public final override func stateDict() -> OptimizerState {
      var dict = OptimizerState()
      var index = 0
      for group in groups {
        var entry = StateField.encode(Options.fields, group.options)
        if let initial = group.initialLR { entry["initial_lr"] = .double(initial) }
        entry["params"] = .list(group.parameters.indices.map { .int(index + $0) })
        dict.paramGroups.append(entry)
        for (i, parameter) in group.parameters.enumerated() {
          if let state = state(of: parameter) { dict.state[index + i] = StateField.encode(State.fields, state) }
        }
        index += group.parameters.count
      }
      return dict
    }

    /// Takes over options and state. Tensors are copied in the dtype of their parameter.
    /// - Throws: `TorchError` in PyTorch's words where the groups do not match; nothing is changed then.
    public final override func loadStateDict(_ dict: OptimizerState) throws {
      guard dict.paramGroups.count == groups.count else {
        throw TorchError(.value, "loaded state dict has a different number of parameter groups")
      }
      var newGroups = groups
      var newStates: [ObjectIdentifier: State] = [:]
      for (i, saved) in dict.paramGroups.enumerated() {
        let keys = try (saved["params"] ?? .list([])).asList().map { try $0.asInt() }
        guard keys.count == groups[i].parameters.count else {
          throw TorchError(
            .value, "loaded state dict contains a parameter group that doesn't match the size of optimizer's group")
        }
        try StateField.decode(Options.fields, saved, into: &newGroups[i].options)
        newGroups[i].initialLR = try saved["initial_lr"]?.asDouble() ?? newGroups[i].initialLR
        for (key, parameter) in zip(keys, groups[i].parameters) {
          guard let values = dict.state[key] else { continue }
          var state = State()
          try StateField.decode(State.fields, values.mapValues { fitted($0, to: parameter) }, into: &state)
          newStates[ObjectIdentifier(parameter)] = state
        }
      }
      groups = newGroups
      states = newStates
    }

    private func fitted(_ value: StateValue, to parameter: Tensor) -> StateValue {
      guard case .tensor(let tensor) = value, tensor.ndim > 0 || parameter.ndim == 0 else { return value }
      return .tensor(tensor.detach().to(parameter.dtype, copy: true))
    }

    /// The groups and their options, as PyTorch prints them.
    public var description: String {
      let name = String(describing: type(of: self))
      var lines = "\(name) ("
      for (i, group) in groups.enumerated() {
        var entries = StateField.encode(Options.fields, group.options)
        if let initial = group.initialLR { entries["initial_lr"] = .double(initial) }
        lines += "\nParameter Group \(i)\n"
        for (key, value) in entries.sorted(by: { $0.key < $1.key }) { lines += "    \(key): \(value.pythonDescription)\n" }
      }
      return lines + ")"
    }
  }
}

extension StateTree where Leaf == Tensor {
  /// As Python prints the values that options of optimizers have.
  var pythonDescription: String {
    switch self {
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .int(let value): String(value)
    case .double(let value): Scalar(value).description
    case .string(let value): value
    case .tensor(let value): "tensor of \(value.shape)"
    case .list(let values): "[" + values.map(\.pythonDescription).joined(separator: ", ") + "]"
    case .tuple(let values): "(" + values.map(\.pythonDescription).joined(separator: ", ") + ")"
    default: "{…}"
    }
  }
}
