// The base of learning-rate schedulers, and those that multiply the current rate.
//
// PyTorch computes most rates from the one before, not from a formula in the epoch, so that rates changed by hand are
// kept. The same is done here, rounding included.
// Reference: https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate

import Foundation

extension optim {
  /// A rule that sets the learning rate of each group; call `step()` after the optimizer's, once an epoch (or a batch).
  ///
  /// ```swift
  /// let scheduler = optim.StepLR(optimizer, stepSize: 30, gamma: 0.1)
  /// for epoch in 0..<100 {
  ///   train()
  ///   scheduler.step()
  /// }
  /// ```
  open class LRScheduler {
    public let optimizer: Optimizer
    /// The learning rates it started from.
    public internal(set) var baseLRs: [Double] = []
    /// How many steps it has made; -1 before the first, which its construction makes.
    public internal(set) var lastEpoch = -1
    var stepCount = 0
    /// Whether the step is the one that construction makes.
    var isInitial = false

    /// Subclasses set their options first, then call this; it sets the rates of epoch 0.
    init(_ optimizer: Optimizer) {
      self.optimizer = optimizer
      prepare()
      rememberBases()
      takeInitialStep()
    }

    /// For schedulers that are made of others.
    init(composing optimizer: Optimizer) { self.optimizer = optimizer }

    /// What has to be done to the groups before the first rate is computed.
    func prepare() {}

    func rememberBases() {
      for i in optimizer.schedules.indices where optimizer.schedules[i].initialLR == nil {
        optimizer.schedules[i].initialLR = optimizer.schedules[i].lr
      }
      baseLRs = optimizer.schedules.map { $0.initialLR! }
    }

    func takeInitialStep() {
      stepCount = 0
      isInitial = true
      step()
      isInitial = false
    }

    /// The rates now in the groups.
    public final var lastLR: [Double] { optimizer.learningRates }

    final var current: [Double] { optimizer.learningRates }

    /// The rates of `lastEpoch`, from those in the groups.
    func rates() -> [Double] { fatalError("a scheduler overrides rates") }

    /// The rates of `lastEpoch` by formula, for schedulers that are started anew in the middle.
    func closedForm() -> [Double]? { nil }

    /// Goes on by one epoch.
    open func step() {
      stepCount += 1
      lastEpoch += 1
      optimizer.learningRates = rates()
    }

    /// Goes to `epoch` at once.
    func restart(at epoch: Int) {
      lastEpoch = epoch
      optimizer.learningRates = closedForm() ?? rates()
    }

    func undo() { lastEpoch -= 1 }

    // MARK: State

    /// The options and counters of a subclass, by PyTorch's names.
    func extraState() -> OrderedDictionary<String, StateValue> { [:] }
    func loadExtraState(_ state: OrderedDictionary<String, StateValue>) throws {}

    public func stateDict() -> OrderedDictionary<String, StateValue> {
      var state = extraState()
      state["base_lrs"] = .doubles(baseLRs)
      state["last_epoch"] = .int(lastEpoch)
      state["_step_count"] = .int(stepCount)
      state["_last_lr"] = .doubles(lastLR)
      return state
    }

    /// Takes over the state; the rates themselves are the optimizer's state.
    public func loadStateDict(_ state: OrderedDictionary<String, StateValue>) throws {
      let epoch = try state["last_epoch"]?.asInt()
      let bases = try state["base_lrs"]?.asList().map { try $0.asDouble() }
      let count = try state["_step_count"]?.asInt()
      try loadExtraState(state)
      lastEpoch = epoch ?? lastEpoch
      baseLRs = bases ?? baseLRs
      stepCount = count ?? stepCount
    }
  }

  /// What is multiplied by `gamma` every `stepSize` epochs.
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
  public final class StepLR: LRScheduler {
    public private(set) var stepSize: Int
    public private(set) var gamma: Double

    public init(_ optimizer: Optimizer, stepSize: Int, gamma: Double = 0.1) {
      self.stepSize = stepSize
      self.gamma = gamma
      super.init(optimizer)
    }

    override func rates() -> [Double] {
      lastEpoch == 0 || lastEpoch % stepSize != 0 ? current : current.map { $0 * gamma }
    }

    override func closedForm() -> [Double]? { baseLRs.map { $0 * power(gamma, lastEpoch / stepSize) } }

    override func extraState() -> OrderedDictionary<String, StateValue> {
      ["step_size": .int(stepSize), "gamma": .double(gamma)]
    }
    override func loadExtraState(_ state: OrderedDictionary<String, StateValue>) throws {
      stepSize = try state["step_size"]?.asInt() ?? stepSize
      gamma = try state["gamma"]?.asDouble() ?? gamma
    }
  }

  /// Multiplied by `gamma` at each milestone; one that is listed twice counts twice.
  public final class MultiStepLR: LRScheduler {
    public private(set) var milestones: [Int]
    public private(set) var gamma: Double

    public init(_ optimizer: Optimizer, milestones: [Int], gamma: Double = 0.1) {
      self.milestones = milestones
      self.gamma = gamma
      super.init(optimizer)
    }

    override func rates() -> [Double] {
      let times = milestones.count { $0 == lastEpoch }
      return times == 0 ? current : current.map { $0 * power(gamma, times) }
    }

    override func closedForm() -> [Double]? {
      let times = milestones.count { $0 <= lastEpoch }
      return baseLRs.map { $0 * power(gamma, times) }
    }

    override func extraState() -> OrderedDictionary<String, StateValue> {
      var counts: OrderedDictionary<StateKey, StateValue> = [:]
      for m in milestones { counts[.int(m)] = .int(milestones.count { $0 == m }) }
      return ["milestones": .dict(StateDictionary(counts)), "gamma": .double(gamma)]
    }
    override func loadExtraState(_ state: OrderedDictionary<String, StateValue>) throws {
      gamma = try state["gamma"]?.asDouble() ?? gamma
      guard let counts = state["milestones"]?.dictionary?.entries else { return }
      milestones = try counts.flatMap { key, value -> [Int] in
        guard case .int(let milestone) = key else { throw TorchError(.value, "milestones are integers") }
        return Array(repeating: milestone, count: Swift.min(Swift.max(try value.asInt(), 0), 1 << 16))
      }
    }
  }

  /// Multiplied by `gamma` every epoch.
  public final class ExponentialLR: LRScheduler {
    public private(set) var gamma: Double

    public init(_ optimizer: Optimizer, gamma: Double) {
      self.gamma = gamma
      super.init(optimizer)
    }

    override func rates() -> [Double] { isInitial ? current : current.map { $0 * gamma } }
    override func closedForm() -> [Double]? { baseLRs.map { $0 * power(gamma, lastEpoch) } }
    override func extraState() -> OrderedDictionary<String, StateValue> { ["gamma": .double(gamma)] }
    override func loadExtraState(_ state: OrderedDictionary<String, StateValue>) throws {
      gamma = try state["gamma"]?.asDouble() ?? gamma
    }
  }

  /// The first rate times `factor` for `totalIters` epochs, then the first rate.
  public final class ConstantLR: LRScheduler {
    public private(set) var factor: Double
    public private(set) var totalIters: Int

    public init(_ optimizer: Optimizer, factor: Double = 1.0 / 3, totalIters: Int = 5) {
      if !(0...1).contains(factor) {
        ErrorScope.report(TorchError(.value, "Constant multiplicative factor expected to be between 0 and 1."))
      }
      self.factor = factor
      self.totalIters = totalIters
      super.init(optimizer)
    }

    override func rates() -> [Double] {
      if lastEpoch == 0 { return current.map { $0 * factor } }
      return lastEpoch != totalIters ? current : current.map { $0 * (1 / factor) }
    }
    override func closedForm() -> [Double]? {
      baseLRs.map { $0 * (factor + (lastEpoch >= totalIters ? 1 - factor : 0)) }
    }
    override func extraState() -> OrderedDictionary<String, StateValue> {
      ["factor": .double(factor), "total_iters": .int(totalIters)]
    }
    override func loadExtraState(_ state: OrderedDictionary<String, StateValue>) throws {
      factor = try state["factor"]?.asDouble() ?? factor
      totalIters = try state["total_iters"]?.asInt() ?? totalIters
    }
  }

  /// The first rate times a factor that goes from `startFactor` to `endFactor` in `totalIters` epochs.
  public final class LinearLR: LRScheduler {
    public private(set) var startFactor: Double
    public private(set) var endFactor: Double
    public private(set) var totalIters: Int

    public init(_ optimizer: Optimizer, startFactor: Double = 1.0 / 3, endFactor: Double = 1, totalIters: Int = 5) {
      if startFactor > 1 || startFactor <= 0 {
        ErrorScope.report(
          TorchError(.value, "Starting multiplicative factor expected to be greater than 0 and less or equal to 1."))
      }
      if !(0...1).contains(endFactor) {
        ErrorScope.report(TorchError(.value, "Ending multiplicative factor expected to be between 0 and 1."))
      }
      self.startFactor = startFactor
      self.endFactor = endFactor
      self.totalIters = totalIters
      super.init(optimizer)
    }

    override func rates() -> [Double] {
      if lastEpoch == 0 { return current.map { $0 * startFactor } }
      if isInitial || lastEpoch > totalIters { return current }
      let change = endFactor - startFactor
      let factor = 1 + change / (Double(totalIters) * startFactor + Double(lastEpoch - 1) * change)
      return current.map { $0 * factor }
    }
    override func closedForm() -> [Double]? {
      let share = Double(Swift.min(totalIters, lastEpoch)) / Double(totalIters)
      return baseLRs.map { $0 * (startFactor + (endFactor - startFactor) * share) }
    }
    override func extraState() -> OrderedDictionary<String, StateValue> {
      ["start_factor": .double(startFactor), "end_factor": .double(endFactor), "total_iters": .int(totalIters)]
    }
    override func loadExtraState(_ state: OrderedDictionary<String, StateValue>) throws {
      startFactor = try state["start_factor"]?.asDouble() ?? startFactor
      endFactor = try state["end_factor"]?.asDouble() ?? endFactor
      totalIters = try state["total_iters"]?.asInt() ?? totalIters
    }
  }

  /// The first rate times (1 - t / totalIters)^power.
  public final class PolynomialLR: LRScheduler {
    public private(set) var totalIters: Int
    public private(set) var power: Double

    public init(_ optimizer: Optimizer, totalIters: Int = 5, power: Double = 1) {
      self.totalIters = totalIters
      self.power = power
      super.init(optimizer)
    }

    override func rates() -> [Double] {
      if isInitial || lastEpoch > totalIters { return current }
      let total = Double(totalIters)
      let decay = pow((1 - Double(lastEpoch) / total) / (1 - Double(lastEpoch - 1) / total), power)
      return current.map { $0 * decay }
    }
    override func closedForm() -> [Double]? {
      let left = 1 - Double(Swift.min(totalIters, lastEpoch)) / Double(totalIters)
      return baseLRs.map { $0 * pow(left, power) }
    }
    override func extraState() -> OrderedDictionary<String, StateValue> {
      ["total_iters": .int(totalIters), "power": .double(power)]
    }
    override func loadExtraState(_ state: OrderedDictionary<String, StateValue>) throws {
      totalIters = try state["total_iters"]?.asInt() ?? totalIters
      power = try state["power"]?.asDouble() ?? power
    }
  }

  /// The first rate times a function of the epoch, one for all groups or one for each. The functions are not saved.
  public final class LambdaLR: LRScheduler {
    private let functions: [(Int) -> Double]

    public init(_ optimizer: Optimizer, _ functions: [(Int) -> Double]) {
      self.functions = matched(functions, optimizer)
      super.init(optimizer)
    }
    public convenience init(_ optimizer: Optimizer, _ function: @escaping (Int) -> Double) {
      self.init(optimizer, optimizer.learningRates.map { _ in function })
    }

    override func rates() -> [Double] { zip(baseLRs, functions).map { $0 * $1(lastEpoch) } }
  }

  /// The current rate times a function of the epoch. The functions are not saved.
  public final class MultiplicativeLR: LRScheduler {
    private let functions: [(Int) -> Double]

    public init(_ optimizer: Optimizer, _ functions: [(Int) -> Double]) {
      self.functions = matched(functions, optimizer)
      super.init(optimizer)
    }
    public convenience init(_ optimizer: Optimizer, _ function: @escaping (Int) -> Double) {
      self.init(optimizer, optimizer.learningRates.map { _ in function })
    }

    override func rates() -> [Double] { isInitial ? current : zip(current, functions).map { $0 * $1(lastEpoch) } }
  }

  private static func matched(_ functions: [(Int) -> Double], _ optimizer: Optimizer) -> [(Int) -> Double] {
    let groups = optimizer.learningRates.count
    if functions.count == groups { return functions }
    ErrorScope.report(TorchError(.value, "Expected \(groups) lr_lambdas, but got \(functions.count)"))
    return Array(repeating: { _ in 1 }, count: groups)
  }
}
