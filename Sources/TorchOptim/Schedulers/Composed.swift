// Schedulers made of schedulers.

extension optim {
  /// One scheduler after the other: scheduler `i + 1` takes over at milestone `i`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
  public final class SequentialLR: LRScheduler {
    private let schedulers: [LRScheduler]
    private let milestones: [Int]

    public init(_ optimizer: Optimizer, schedulers: [LRScheduler], milestones: [Int]) {
      precondition(!schedulers.isEmpty, "SequentialLR expects at least one scheduler, but got no scheduler.")
      if milestones.count != schedulers.count - 1 {
        ErrorScope.report(
          TorchError(
            .value,
            "Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone points, but got number of schedulers \(schedulers.count) and the number of milestones to be equal to \(milestones.count)"))
      }
      self.schedulers = schedulers
      self.milestones = Array(milestones.prefix(schedulers.count - 1))
      super.init(composing: optimizer)
      lastEpoch = 0
      // Take back what the schedulers did to the rates when they were made, one over the other.
      for i in optimizer.schedules.indices { optimizer.schedules[i].lr = optimizer.schedules[i].initialLR ?? optimizer.schedules[i].lr }
      for scheduler in schedulers { scheduler.undo() }
      schedulers[milestones.count { $0 <= 0 }].takeInitialStep()
    }

    override func undo() { for scheduler in schedulers { scheduler.undo() } }

    override func takeInitialStep() { schedulers[milestones.count { $0 <= 0 }].takeInitialStep() }

    public override func step() {
      lastEpoch += 1
      let index = milestones.count { $0 <= lastEpoch }
      if index > 0 && milestones[index - 1] == lastEpoch {
        schedulers[index].restart(at: 0)
      } else {
        schedulers[index].step()
      }
    }

    public override func stateDict() -> OrderedDictionary<String, StateValue> {
      [
        "_milestones": .list(milestones.map { .int($0) }), "last_epoch": .int(lastEpoch),
        "_last_lr": .doubles(lastLR), "_schedulers": .list(schedulers.map { .strings($0.stateDict()) }),
      ]
    }

    public override func loadStateDict(_ state: OrderedDictionary<String, StateValue>) throws {
      try load(state, into: schedulers)
      lastEpoch = try state["last_epoch"]?.asInt() ?? lastEpoch
    }
  }

  /// Several schedulers at once, each changing what the one before it left.
  public final class ChainedScheduler: LRScheduler {
    private let schedulers: [LRScheduler]

    public init(_ schedulers: [LRScheduler]) {
      precondition(!schedulers.isEmpty, "ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.")
      self.schedulers = schedulers
      super.init(composing: schedulers[0].optimizer)
    }

    override func undo() { for scheduler in schedulers { scheduler.undo() } }

    override func takeInitialStep() { for scheduler in schedulers { scheduler.takeInitialStep() } }

    public override func step() { for scheduler in schedulers { scheduler.step() } }

    public override func stateDict() -> OrderedDictionary<String, StateValue> {
      ["_last_lr": .doubles(lastLR), "_schedulers": .list(schedulers.map { .strings($0.stateDict()) })]
    }

    public override func loadStateDict(_ state: OrderedDictionary<String, StateValue>) throws {
      try load(state, into: schedulers)
    }
  }

  private static func load(_ state: OrderedDictionary<String, StateValue>, into schedulers: [LRScheduler]) throws {
    let states = try (state["_schedulers"] ?? .list([])).asList()
    guard states.count == schedulers.count else {
      throw TorchError(.value, "the state dict has \(states.count) schedulers, this one \(schedulers.count)")
    }
    for (scheduler, state) in zip(schedulers, states) { try scheduler.loadStateDict(try state.asStrings()) }
  }
}
