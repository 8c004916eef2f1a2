// Adamax: Adam with the infinity norm.
// Reference: https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html

extension optim {
  public struct AdamaxOptions: OptimizerOptions {
    public var lr: Double = 2e-3
    public var beta1: Double = 0.9
    public var beta2: Double = 0.999
    public var eps: Double = 1e-8
    public var weightDecay: Double = 0
    public var maximize: Bool = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr),
        .double("eps", \.eps),
        .amount("weight_decay", \.weightDecay),
        .bool("maximize", \.maximize),
        .pair("betas", \.beta1, \.beta2),
        .constant("foreach", .none),
        .constant("differentiable", .bool(false)),
        .constant("capturable", .bool(false)),
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

  public struct AdamaxState: ParameterState {
    public var step: Int = 0
    public var expAvg: Tensor?
    public var expInf: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] {
      [.step("step", \.step), .tensor("exp_avg", \.expAvg), .tensor("exp_inf", \.expInf)]
    }
  }

  /// Adam with the infinity norm in place of the second moment.
  ///
  /// `u ← max(β₂u, |g| + ε)`, `p ← p - lr / (1-β₁ᵗ) · m / u`
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html
  public final class Adamax: GroupedOptimizer<AdamaxOptions, AdamaxState> {
    public init(
      _ groups: [Group<AdamaxOptions>], lr: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0, maximize: Bool = false
    ) {
      super.init(groups, defaults: AdamaxOptions(lr: lr, beta1: betas.0, beta2: betas.1, eps: eps, weightDecay: weightDecay, maximize: maximize))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 2e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8, weightDecay: Double = 0, maximize: Bool = false
    ) {
      self.init([Group(parameters)], lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, maximize: maximize)
    }

    override func update(_ parameters: [Tensor], _ o: AdamaxOptions) {
      for p in parameters {
        var state = states[ObjectIdentifier(p)] ?? AdamaxState()
        state.step += 1
        state.expAvg = state.expAvg ?? Tensor.zeros(like: p)
        state.expInf = state.expInf ?? Tensor.zeros(like: p)
        updateOne(p, &state, o)
        states[ObjectIdentifier(p)] = state
      }
    }

    private func updateOne(_ p: Tensor, _ state: inout AdamaxState, _ o: AdamaxOptions) {
      let g = effectiveGradient(p, maximize: o.maximize, weightDecay: o.weightDecay)
      let (m, u) = (state.expAvg!, state.expInf!)
      m.lerpInPlace(g, 1 - o.beta1)
      u.copy_((u * o.beta2).maximum(g.abs() + o.eps))
      p.addcdivInPlace(m, u, -o.lr / (1 - power(o.beta1, state.step)))
    }
  }
}
