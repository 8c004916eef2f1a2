// A schedule that follows a metric.

extension optim {
  /// Multiplies the rate by `factor` when a metric has not got better for more than `patience` steps.
  ///
  /// ```swift
  /// let scheduler = optim.ReduceLROnPlateau(optimizer, patience: 5)
  /// scheduler.step(validationLoss)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
  public final class ReduceLROnPlateau {
    public enum Mode: String, Sendable { case min, max }
    public enum ThresholdMode: String, Sendable { case rel, abs }

    public let optimizer: Optimizer
    private let mode: Mode
    private let factor: Double
    private let patience: Int
    private let threshold: Double
    private let thresholdMode: ThresholdMode
    private let cooldown: Int
    private let minLR: Double
    private let eps: Double
    /// The best metric so far.
    public private(set) var best: Double
    private var badEpochs = 0
    private var cooldownCounter = 0
    public private(set) var lastEpoch = 0

    public init(
      _ optimizer: Optimizer, mode: Mode = .min, factor: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4,
      thresholdMode: ThresholdMode = .rel, cooldown: Int = 0, minLR: Double = 0, eps: Double = 1e-8
    ) {
      if factor >= 1 { ErrorScope.report(TorchError(.value, "Factor should be < 1.0.")) }
      self.optimizer = optimizer
      self.mode = mode
      self.factor = factor
      self.patience = patience
      self.threshold = threshold
      self.thresholdMode = thresholdMode
      self.cooldown = cooldown
      self.minLR = minLR
      self.eps = eps
      best = mode == .min ? .infinity : -.infinity
    }

    public var lastLR: [Double] { optimizer.learningRates }

    public func step(_ metric: Double) {
      lastEpoch += 1
      if isBetter(metric) {
        best = metric
        badEpochs = 0
      } else {
        badEpochs += 1
      }
      if cooldownCounter > 0 {
        cooldownCounter -= 1
        badEpochs = 0
      }
      guard badEpochs > patience else { return }
      optimizer.learningRates = optimizer.learningRates.map { old in
        let new = Swift.max(old * factor, minLR)
        return old - new > eps ? new : old
      }
      cooldownCounter = cooldown
      badEpochs = 0
    }

    private func isBetter(_ a: Double) -> Bool {
      switch (mode, thresholdMode) {
      case (.min, .rel): a < best * (1 - threshold)
      case (.min, .abs): a < best - threshold
      case (.max, .rel): a > best * (threshold + 1)
      case (.max, .abs): a > best + threshold
      }
    }

    public func stateDict() -> OrderedDictionary<String, StateValue> {
      [
        "factor": .double(factor), "default_min_lr": .double(minLR),
        "min_lrs": .doubles(optimizer.learningRates.map { _ in minLR }), "patience": .int(patience),
        "cooldown": .int(cooldown), "eps": .double(eps), "last_epoch": .int(lastEpoch), "_last_lr": .doubles(lastLR),
        "mode": .string(mode.rawValue), "threshold": .double(threshold),
        "threshold_mode": .string(thresholdMode.rawValue), "best": .double(best),
        "cooldown_counter": .int(cooldownCounter), "mode_worse": .double(mode == .min ? .infinity : -.infinity),
        "num_bad_epochs": .int(badEpochs),
      ]
    }

    public func loadStateDict(_ state: OrderedDictionary<String, StateValue>) throws {
      best = try state["best"]?.asDouble() ?? best
      badEpochs = try state["num_bad_epochs"]?.asInt() ?? badEpochs
      cooldownCounter = try state["cooldown_counter"]?.asInt() ?? cooldownCounter
      lastEpoch = try state["last_epoch"]?.asInt() ?? lastEpoch
    }
  }
}
