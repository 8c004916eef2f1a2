// Adadelta: steps in units of past steps.
// Reference: https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html

extension optim {
  public struct AdadeltaOptions: OptimizerOptions {
    public var lr: Double = 1.0
    public var rho: Double = 0.9
    public var eps: Double = 1e-6
    public var weightDecay: Double = 0
    public var maximize: Bool = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr),
        .double("rho", \.rho),
        .double("eps", \.eps),
        .amount("weight_decay", \.weightDecay),
        .bool("maximize", \.maximize),
        .constant("capturable", .bool(false)),
        .constant("foreach", .none),
        .constant("differentiable", .bool(false)),
      ]
    }

    public func check() throws {
      try require(lr >= 0, "learning rate", lr)
      try require(0 <= rho && rho <= 1, "rho value", rho)
      try require(eps >= 0, "epsilon value", eps)
      try require(weightDecay >= 0, "weight_decay value", weightDecay)
    }
  }

  public struct AdadeltaState: ParameterState {
    public var step: Int = 0
    public var squareAvg: Tensor?
    public var accDelta: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] {
      [.step("step", \.step), .tensor("square_avg", \.squareAvg), .tensor("acc_delta", \.accDelta)]
    }
  }

  /// Steps scaled by the ratio of running averages of past steps and gradients.
  ///
  /// `v ← ρv + (1-ρ)g²`, `d = √(u + ε) / √(v + ε) · g`, `u ← ρu + (1-ρ)d²`, `p ← p - lr·d`
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
  public final class Adadelta: GroupedOptimizer<AdadeltaOptions, AdadeltaState> {
    public init(
      _ groups: [Group<AdadeltaOptions>], lr: Double = 1.0, rho: Double = 0.9, eps: Double = 1e-6, weightDecay: Double = 0, maximize: Bool = false
    ) {
      super.init(groups, defaults: AdadeltaOptions(lr: lr, rho: rho, eps: eps, weightDecay: weightDecay, maximize: maximize))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1.0, rho: Double = 0.9, eps: Double = 1e-6, weightDecay: Double = 0, maximize: Bool = false
    ) {
      self.init([Group(parameters)], lr: lr, rho: rho, eps: eps, weightDecay: weightDecay, maximize: maximize)
    }

    override func update(_ parameters: [Tensor], _ o: AdadeltaOptions) {
      for p in parameters {
        var state = states[ObjectIdentifier(p)] ?? AdadeltaState()
        state.step += 1
        state.squareAvg = state.squareAvg ?? Tensor.zeros(like: p)
        state.accDelta = state.accDelta ?? Tensor.zeros(like: p)
        updateOne(p, &state, o)
        states[ObjectIdentifier(p)] = state
      }
    }

    private func updateOne(_ p: Tensor, _ state: inout AdadeltaState, _ o: AdadeltaOptions) {
      let g = effectiveGradient(p, maximize: o.maximize, weightDecay: o.weightDecay)
      let (square, accumulated) = (state.squareAvg!, state.accDelta!)
      square.scaleInPlace(o.rho)
      square.addcmulInPlace(g, g, 1 - o.rho)
      let delta = (accumulated + o.eps).sqrt() / (square + o.eps).sqrt() * g
      accumulated.scaleInPlace(o.rho)
      accumulated.addcmulInPlace(delta, delta, 1 - o.rho)
      p.add_(delta, alpha: Scalar(-o.lr))
    }
  }
}
