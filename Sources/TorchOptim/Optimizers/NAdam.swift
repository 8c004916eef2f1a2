// NAdam: Adam with Nesterov momentum.
// Reference: https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html

import Foundation

extension optim {
  public struct NAdamOptions: OptimizerOptions {
    public var lr: Double = 2e-3
    public var beta1: Double = 0.9
    public var beta2: Double = 0.999
    public var eps: Double = 1e-8
    public var weightDecay: Double = 0
    public var momentumDecay: Double = 4e-3
    public var decoupledWeightDecay: Bool = false
    public var maximize: Bool = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr),
        .double("eps", \.eps),
        .amount("weight_decay", \.weightDecay),
        .double("momentum_decay", \.momentumDecay),
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
      try require(momentumDecay >= 0, "momentum_decay value", momentumDecay)
    }
  }

  public struct NAdamState: ParameterState {
    public var step: Int = 0
    public var muProduct: Double = 1
    public var expAvg: Tensor?
    public var expAvgSq: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] {
      [.step("step", \.step), .scalarTensor("mu_product", \.muProduct), .tensor("exp_avg", \.expAvg), .tensor("exp_avg_sq", \.expAvgSq)]
    }
  }

  /// Adam with Nesterov momentum, whose strength grows over time.
  ///
  /// `µₜ = β₁(1 - ½·0.96^(tψ))`, `p ← p - lr·((1-µₜ)/(1-Πµ)·g + µₜ₊₁/(1-Πµ·µₜ₊₁)·m) / (√(v/(1-β₂ᵗ)) + ε)`
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html
  public final class NAdam: GroupedOptimizer<NAdamOptions, NAdamState> {
    public init(
      _ groups: [Group<NAdamOptions>], lr: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0, momentumDecay: Double = 4e-3, decoupledWeightDecay: Bool = false, maximize: Bool = false
    ) {
      super.init(groups, defaults: NAdamOptions(lr: lr, beta1: betas.0, beta2: betas.1, eps: eps, weightDecay: weightDecay, momentumDecay: momentumDecay, decoupledWeightDecay: decoupledWeightDecay, maximize: maximize))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0, momentumDecay: Double = 4e-3, decoupledWeightDecay: Bool = false, maximize: Bool = false
    ) {
      self.init([Group(parameters)], lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, momentumDecay: momentumDecay, decoupledWeightDecay: decoupledWeightDecay, maximize: maximize)
    }

    override func update(_ parameters: [Tensor], _ o: NAdamOptions) {
      for p in parameters {
        var state = states[ObjectIdentifier(p)] ?? NAdamState()
        state.step += 1
        state.expAvg = state.expAvg ?? Tensor.zeros(like: p)
        state.expAvgSq = state.expAvgSq ?? Tensor.zeros(like: p)
        updateOne(p, &state, o)
        states[ObjectIdentifier(p)] = state
      }
    }

    private func updateOne(_ p: Tensor, _ state: inout NAdamState, _ o: NAdamOptions) {
      let g = effectiveGradient(p, maximize: o.maximize, weightDecay: o.decoupledWeightDecay ? 0 : o.weightDecay)
      if o.decoupledWeightDecay && o.weightDecay != 0 { p.scaleInPlace(1 - o.lr * o.weightDecay) }
      let mu = o.beta1 * (1 - 0.5 * pow(0.96, Double(state.step) * o.momentumDecay))
      let next = o.beta1 * (1 - 0.5 * pow(0.96, Double(state.step + 1) * o.momentumDecay))
      // PyTorch keeps the product in float32.
      state.muProduct = Double(Float(state.muProduct) * Float(mu))
      let (m, v) = (state.expAvg!, state.expAvgSq!)
      m.lerpInPlace(g, 1 - o.beta1)
      v.scaleInPlace(o.beta2)
      v.addcmulInPlace(g, g, 1 - o.beta2)
      let denominator = (v / (1 - power(o.beta2, state.step))).sqrt() + o.eps
      p.addcdivInPlace(g, denominator, -o.lr * (1 - mu) / (1 - state.muProduct))
      p.addcdivInPlace(m, denominator, -o.lr * next / (1 - state.muProduct * next))
    }
  }
}
