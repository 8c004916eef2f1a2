// Schedules in cycles that move the momentum against the rate.
// Reference: Smith, https://arxiv.org/abs/1506.01186 and https://arxiv.org/abs/1708.07120

import Foundation

extension optim {
  /// Up to `maxLR` and down to almost nothing in `totalSteps` steps (one a batch); momentum the other way.
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
  public final class OneCycleLR: LRScheduler {
    public enum Anneal: String, Sendable { case cos, linear }

    private enum Rate { case initial, max, min }
    private struct Phase {
      let end: Double
      let from, to: Rate
      /// Whether the momentum goes from its maximum, and to it.
      let fromMaxMomentum, toMaxMomentum: Bool
    }

    public let totalSteps: Int
    private let maxLR: Double
    private let phases: [Phase]
    private let anneal: Anneal
    private let momentum: (base: Double, max: Double)?
    private let divFactor: Double
    private let finalDivFactor: Double

    public init(
      _ optimizer: Optimizer, maxLR: Double, totalSteps: Int, pctStart: Double = 0.3, anneal: Anneal = .cos,
      cycleMomentum: Bool = true, baseMomentum: Double = 0.85, maxMomentum: Double = 0.95, divFactor: Double = 25,
      finalDivFactor: Double = 1e4, threePhase: Bool = false
    ) {
      if totalSteps <= 0 {
        ErrorScope.report(TorchError(.value, "Expected positive integer total_steps, but got \(totalSteps)"))
      }
      if !(0...1).contains(pctStart) {
        ErrorScope.report(TorchError(.value, "Expected float between 0 and 1 pct_start, but got \(Scalar(pctStart))"))
      }
      self.totalSteps = totalSteps
      self.maxLR = maxLR
      self.anneal = anneal
      self.divFactor = divFactor
      self.finalDivFactor = finalDivFactor
      let hasMomentum = optimizer.schedules.allSatisfy { $0.momentum != nil }
      if cycleMomentum && !hasMomentum {
        ErrorScope.report(
          TorchError(.value, "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"))
      }
      momentum = cycleMomentum && hasMomentum ? (baseMomentum, maxMomentum) : nil
      let (total, last) = (Double(totalSteps), Double(totalSteps - 1))
      let up = Phase(end: pctStart * total - 1, from: .initial, to: .max, fromMaxMomentum: true, toMaxMomentum: false)
      phases = threePhase
        ? [
          up, Phase(end: 2 * pctStart * total - 2, from: .max, to: .initial, fromMaxMomentum: false, toMaxMomentum: true),
          Phase(end: last, from: .initial, to: .min, fromMaxMomentum: true, toMaxMomentum: true),
        ] : [up, Phase(end: last, from: .max, to: .min, fromMaxMomentum: false, toMaxMomentum: true)]
      super.init(optimizer)
    }

    override func prepare() {
      for i in optimizer.schedules.indices {
        optimizer.schedules[i].initialLR = maxLR / divFactor
        if let momentum { optimizer.schedules[i].momentum = momentum.max }
      }
    }

    override func rates() -> [Double] {
      guard lastEpoch <= totalSteps else {
        ErrorScope.report(
          TorchError(
            .value, "Tried to step \(lastEpoch) times. The specified number of total steps is \(totalSteps)"))
        return current
      }
      let step = Double(lastEpoch)
      var start = 0.0
      let index = phases.firstIndex { step <= $0.end } ?? phases.count - 1
      if index > 0 { start = phases[index - 1].end }
      let phase = phases[index]
      let share = (step - start) / (phase.end - start)
      func value(_ from: Double, _ to: Double) -> Double {
        anneal == .cos ? to + (from - to) / 2 * (cos(.pi * share) + 1) : (to - from) * share + from
      }
      if let momentum {
        let now = value(
          phase.fromMaxMomentum ? momentum.max : momentum.base, phase.toMaxMomentum ? momentum.max : momentum.base)
        for i in optimizer.schedules.indices { optimizer.schedules[i].momentum = now }
      }
      return optimizer.schedules.map { group in
        func rate(_ name: Rate) -> Double {
          switch name {
          case .initial: group.initialLR ?? maxLR / divFactor
          case .max: maxLR
          case .min: (group.initialLR ?? maxLR / divFactor) / finalDivFactor
          }
        }
        return value(rate(phase.from), rate(phase.to))
      }
    }

    override func extraState() -> OrderedDictionary<String, StateValue> {
      ["total_steps": .int(totalSteps), "_anneal_func_type": .string(anneal.rawValue), "cycle_momentum": .bool(momentum != nil)]
    }
  }

  /// Between two rates, up in `stepSizeUp` steps and down in `stepSizeDown`, again and again.
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
  public final class CyclicLR: LRScheduler {
    public enum Mode: String, Sendable {
      /// Always up to `maxLR`.
      case triangular
      /// Half as high each cycle.
      case triangular2
      /// `gamma` to the number of steps as high.
      case expRange = "exp_range"
    }

    private let baseLR: Double
    private let maxLR: Double
    private let totalSize: Double
    private let stepRatio: Double
    private let mode: Mode
    private let gamma: Double
    private let momentum: (base: Double, max: Double)?

    public init(
      _ optimizer: Optimizer, baseLR: Double, maxLR: Double, stepSizeUp: Int = 2000, stepSizeDown: Int? = nil,
      mode: Mode = .triangular, gamma: Double = 1, cycleMomentum: Bool = true, baseMomentum: Double = 0.8,
      maxMomentum: Double = 0.9
    ) {
      self.baseLR = baseLR
      self.maxLR = maxLR
      totalSize = Double(stepSizeUp + (stepSizeDown ?? stepSizeUp))
      stepRatio = Double(stepSizeUp) / totalSize
      self.mode = mode
      self.gamma = gamma
      let hasMomentum = optimizer.schedules.allSatisfy { $0.momentum != nil }
      if cycleMomentum && !hasMomentum {
        ErrorScope.report(
          TorchError(.value, "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"))
      }
      momentum = cycleMomentum && hasMomentum ? (baseMomentum, maxMomentum) : nil
      super.init(optimizer)
    }

    override func prepare() {
      for i in optimizer.schedules.indices {
        optimizer.schedules[i].lr = baseLR
        if let momentum { optimizer.schedules[i].momentum = momentum.max }
      }
    }

    override func rememberBases() {
      super.rememberBases()
      baseLRs = baseLRs.map { _ in baseLR }
    }

    override func rates() -> [Double] {
      let position = Double(lastEpoch) / totalSize
      let cycle = (1 + position).rounded(.down)
      let x = 1 + position - cycle
      let height = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1)
      let scale: Double =
        switch mode {
        case .triangular: 1
        case .triangular2: 1 / pow(2, cycle - 1)
        case .expRange: power(gamma, lastEpoch)
        }
      if let momentum {
        let now = momentum.max - (momentum.max - momentum.base) * height * scale
        for i in optimizer.schedules.indices { optimizer.schedules[i].momentum = now }
      }
      return baseLRs.map { $0 + (maxLR - $0) * height * scale }
    }

    override func extraState() -> OrderedDictionary<String, StateValue> {
      [
        "max_lrs": .doubles(baseLRs.map { _ in maxLR }), "total_size": .double(totalSize),
        "step_ratio": .double(stepRatio), "mode": .string(mode.rawValue), "gamma": .double(gamma),
        "cycle_momentum": .bool(momentum != nil),
      ]
    }
  }
}
