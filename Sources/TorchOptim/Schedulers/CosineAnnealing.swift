// Cosine schedules.
// Reference: Loshchilov and Hutter, SGDR, https://arxiv.org/abs/1608.03983

import Foundation

extension optim {
  /// From the first rate down to `etaMin` along half a cosine in `tMax` epochs, and up again.
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
  public final class CosineAnnealingLR: LRScheduler {
    public private(set) var tMax: Int
    public private(set) var etaMin: Double

    public init(_ optimizer: Optimizer, tMax: Int, etaMin: Double = 0) {
      self.tMax = tMax
      self.etaMin = etaMin
      super.init(optimizer)
    }

    override func rates() -> [Double] {
      let (t, period) = (Double(lastEpoch), Double(tMax))
      if isInitial { return current }
      if stepCount == 1 && lastEpoch > 0 {
        return baseLRs.map { etaMin + ($0 - etaMin) * (1 + cos(t * .pi / period)) / 2 }
      }
      // Python's modulo: at the foot of the curve the recursion would divide by zero.
      let phase = lastEpoch - 1 - tMax
      if ((phase % (2 * tMax)) + 2 * tMax) % (2 * tMax) == 0 {
        return zip(current, baseLRs).map { $0 + ($1 - etaMin) * (1 - cos(.pi / period)) / 2 }
      }
      let ratio = (1 + cos(.pi * t / period)) / (1 + cos(.pi * (t - 1) / period))
      return current.map { ratio * ($0 - etaMin) + etaMin }
    }

    override func closedForm() -> [Double]? {
      baseLRs.map { etaMin + ($0 - etaMin) * (1 + cos(.pi * Double(lastEpoch) / Double(tMax))) / 2 }
    }

    override func extraState() -> OrderedDictionary<String, StateValue> {
      ["T_max": .int(tMax), "eta_min": .double(etaMin)]
    }
    override func loadExtraState(_ state: OrderedDictionary<String, StateValue>) throws {
      tMax = try state["T_max"]?.asInt() ?? tMax
      etaMin = try state["eta_min"]?.asDouble() ?? etaMin
    }
  }

  /// Half a cosine down in `t0` epochs, then again from the top, each time `tMult` times as long.
  public final class CosineAnnealingWarmRestarts: LRScheduler {
    private let t0: Int
    private let tMult: Int
    private let etaMin: Double
    private var period: Int
    private var position = -1.0

    public init(_ optimizer: Optimizer, t0: Int, tMult: Int = 1, etaMin: Double = 0) {
      if t0 <= 0 { ErrorScope.report(TorchError(.value, "Expected positive integer T_0, but got \(t0)")) }
      if tMult < 1 { ErrorScope.report(TorchError(.value, "Expected integer T_mult >= 1, but got \(tMult)")) }
      self.t0 = Swift.max(t0, 1)
      self.tMult = Swift.max(tMult, 1)
      self.etaMin = etaMin
      period = self.t0
      super.init(optimizer)
    }

    override func rates() -> [Double] {
      baseLRs.map { etaMin + ($0 - etaMin) * (1 + cos(.pi * position / Double(period))) / 2 }
    }

    public override func step() {
      if lastEpoch < 0 { return step(epoch: 0) }
      lastEpoch += 1
      position += 1
      if position >= Double(period) {
        position -= Double(period)
        period *= tMult
      }
      optimizer.learningRates = rates()
    }

    /// Sets the rates of a point in time, which may lie between epochs: after each batch, `epoch + batch / batches`.
    public func step(epoch: Double) {
      guard epoch >= 0 else {
        return ErrorScope.report(TorchError(.value, "Expected non-negative epoch, but got \(Scalar(epoch))"))
      }
      if epoch >= Double(t0) {
        if tMult == 1 {
          position = epoch.truncatingRemainder(dividingBy: Double(t0))
        } else {
          let m = Double(tMult)
          let round = Int(log(epoch / Double(t0) * (m - 1) + 1) / log(m))
          position = epoch - Double(t0) * (power(m, round) - 1) / (m - 1)
          period = t0 * Int(power(m, round))
        }
      } else {
        period = t0
        position = epoch
      }
      lastEpoch = Int(epoch.rounded(.down))
      optimizer.learningRates = rates()
    }

    override func restart(at epoch: Int) { step(epoch: Double(epoch)) }

    override func extraState() -> OrderedDictionary<String, StateValue> {
      ["T_0": .int(t0), "T_i": .int(period), "T_mult": .int(tMult), "eta_min": .double(etaMin), "T_cur": .double(position)]
    }
    override func loadExtraState(_ state: OrderedDictionary<String, StateValue>) throws {
      period = try state["T_i"]?.asInt() ?? period
      position = try state["T_cur"]?.asDouble() ?? position
    }
  }
}
