// RAdam: Adam that waits until its second moment can be trusted.
// Reference: https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html

extension optim {
  public struct RAdamOptions: OptimizerOptions {
    public var lr: Double = 1e-3
    public var beta1: Double = 0.9
    public var beta2: Double = 0.999
    public var eps: Double = 1e-8
    public var weightDecay: Double = 0
    public var decoupledWeightDecay: Bool = false
    public var maximize: Bool = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr),
        .double("eps", \.eps),
        .amount("weight_decay", \.weightDecay),
        .bool("decoupled_weight_decay", \.decoupledWeightDecay),
        .bool("maximize", \.maximize),
        .pair("betas", \.beta1, \.beta2),
        .constant("foreach", .none),
        .constant("capturable", .bool(false)),
        .constant("differentiable", .bool(false)),
      ]
    }

    public var scheduledMomentum: Double? {
      get { beta1 }
      set { beta1 = newValue ?? beta1 }
    }

    public func check() throws {
      try require(lr >= 0, "learning rate", lr)
      try require(eps >= 0, "epsilon value", eps)
      try require(0 <= beta1 && beta1 < 1, "beta parameter at index 0", beta1)
      try require(0 <= beta2 && beta2 < 1, "beta parameter at index 1", beta2)
      try require(weightDecay >= 0, "weight_decay value", weightDecay)
    }
  }

  public struct RAdamState: ParameterState {
    public var step: Int = 0
    public var expAvg: Tensor?
    public var expAvgSq: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] {
      [.step("step", \.step), .tensor("exp_avg", \.expAvg), .tensor("exp_avg_sq", \.expAvgSq)]
    }
  }

  /// Adam with its adaptive step rectified by the variance of the second moment's estimate.
  ///
  /// While ρₜ ≤ 5, `p ← p - lr·m̂`; then `p ← p - lr·m̂·r·√(1-β₂ᵗ) / (√v + ε)`.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html
  public final class RAdam: GroupedOptimizer<RAdamOptions, RAdamState> {
    public init(
      _ groups: [Group<RAdamOptions>], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0, decoupledWeightDecay: Bool = false, maximize: Bool = false
    ) {
      super.init(groups, defaults: RAdamOptions(lr: lr, beta1: betas.0, beta2: betas.1, eps: eps, weightDecay: weightDecay, decoupledWeightDecay: decoupledWeightDecay, maximize: maximize))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0, decoupledWeightDecay: Bool = false, maximize: Bool = false
    ) {
      self.init([Group(parameters)], lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, decoupledWeightDecay: decoupledWeightDecay, maximize: maximize)
    }

    override func update(_ parameters: [Tensor], _ o: RAdamOptions) {
      for p in parameters {
        var state = states[ObjectIdentifier(p)] ?? RAdamState()
        state.step += 1
        state.expAvg = state.expAvg ?? Tensor.zeros(like: p)
        state.expAvgSq = state.expAvgSq ?? Tensor.zeros(like: p)
        updateOne(p, &state, o)
        states[ObjectIdentifier(p)] = state
      }
    }

    private func updateOne(_ p: Tensor, _ state: inout RAdamState, _ o: RAdamOptions) {
      let g = effectiveGradient(p, maximize: o.maximize, weightDecay: o.decoupledWeightDecay ? 0 : o.weightDecay)
      if o.decoupledWeightDecay && o.weightDecay != 0 { p.scaleInPlace(1 - o.lr * o.weightDecay) }
      let (m, v) = (state.expAvg!, state.expAvgSq!)
      m.lerpInPlace(g, 1 - o.beta1)
      v.scaleInPlace(o.beta2)
      v.addcmulInPlace(g, g, 1 - o.beta2)
      let step = Double(state.step)
      let decay = power(o.beta2, state.step)
      let corrected = m / (1 - power(o.beta1, state.step))
      let limit = 2 / (1 - o.beta2) - 1
      let length = limit - 2 * step * decay / (1 - decay)
      guard length > 5 else {
        p.add_(corrected * o.lr, alpha: -1)
        return
      }
      let rectified = ((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)).squareRoot()
      let adaptive = (1 - decay).squareRoot() / (v.sqrt() + o.eps)
      p.add_(corrected * o.lr * adaptive * rectified, alpha: -1)
    }
  }
}
