// The schedule of stochastic weight averaging.

import Foundation

extension optim {
  /// From the rate where it starts to `swaLR` in `annealEpochs` epochs, then constant; for the end of a training whose
  /// weights `AveragedModel` averages.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html
  public final class SWALR: LRScheduler {
    public enum Anneal: String, Sendable { case cos, linear }

    private var targets: [Double]
    private var annealEpochs: Int
    private var anneal: Anneal

    /// - Parameter swaLRs: the rate of each group.
    public init(_ optimizer: Optimizer, swaLRs: [Double], annealEpochs: Int = 10, anneal: Anneal = .cos) {
      let groups = optimizer.learningRates.count
      if swaLRs.count != groups {
        ErrorScope.report(
          TorchError(
            .value,
            "swa_lr must have the same length as optimizer.param_groups. swa_lr has \(swaLRs.count) values, param_groups has \(groups)."))
      }
      if annealEpochs < 0 {
        ErrorScope.report(
          TorchError(.value, "anneal_epochs must be equal or greater than 0, got \(annealEpochs)"))
      }
      targets = swaLRs.count == groups ? swaLRs : optimizer.learningRates
      self.annealEpochs = Swift.max(annealEpochs, 0)
      self.anneal = anneal
      super.init(optimizer)
    }

    public convenience init(_ optimizer: Optimizer, swaLR: Double, annealEpochs: Int = 10, anneal: Anneal = .cos) {
      self.init(
        optimizer, swaLRs: optimizer.learningRates.map { _ in swaLR }, annealEpochs: annealEpochs, anneal: anneal)
    }

    override func rates() -> [Double] {
      let step = annealEpochs == 0 ? Swift.max(1, stepCount - 1) : stepCount - 1
      func share(_ step: Int) -> Double {
        let t = Swift.max(0, Swift.min(1, Double(step) / Double(Swift.max(1, annealEpochs))))
        return anneal == .cos ? (1 - cos(.pi * t)) / 2 : t
      }
      let (before, now) = (share(step - 1), share(step))
      return zip(current, targets).map { rate, target in
        // The rate it came from, back from the one of the step before.
        let first = before == 1 ? target : (rate - before * target) / (1 - before)
        return target * now + first * (1 - now)
      }
    }

    override func extraState() -> OrderedDictionary<String, StateValue> {
      ["anneal_epochs": .int(annealEpochs), "_anneal_strategy": .string(anneal.rawValue)]
    }
    override func loadExtraState(_ state: OrderedDictionary<String, StateValue>) throws {
      annealEpochs = try state["anneal_epochs"]?.asInt() ?? annealEpochs
      if let name = try state["_anneal_strategy"]?.asString() { anneal = Anneal(rawValue: name) ?? anneal }
    }
  }
}
