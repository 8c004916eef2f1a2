// Adam and AdamW, which share all but how weights decay.
// Reference: Kingma and Ba, https://arxiv.org/abs/1412.6980; Loshchilov and Hutter, https://arxiv.org/abs/1711.05101

extension optim {
  public struct AdamOptions: OptimizerOptions {
    public var lr = 1e-3
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var eps = 1e-8
    public var weightDecay = 0.0
    public var amsgrad = false
    public var maximize = false
    /// AdamW: weights shrink by themselves instead of through the gradient.
    public var decoupledWeightDecay = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr), .pair("betas", \.beta1, \.beta2), .double("eps", \.eps),
        .amount("weight_decay", \.weightDecay), .bool("amsgrad", \.amsgrad), .bool("maximize", \.maximize),
        .constant("foreach", .none), .constant("capturable", .bool(false)), .constant("differentiable", .bool(false)),
        .constant("fused", .none), .bool("decoupled_weight_decay", \.decoupledWeightDecay),
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

  public struct AdamState: ParameterState {
    public var step = 0
    public var expAvg: Tensor?
    public var expAvgSq: Tensor?
    public var maxExpAvgSq: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] {
      [
        .step("step", \.step), .tensor("exp_avg", \.expAvg), .tensor("exp_avg_sq", \.expAvgSq),
        .tensor("max_exp_avg_sq", \.maxExpAvgSq),
      ]
    }
  }

  /// Steps scaled by running averages of the gradient and of its square.
  ///
  /// `m ← β₁m + (1-β₁)g`, `v ← β₂v + (1-β₂)g²`, `p ← p - lr · (m / (1-β₁ᵗ)) / (√(v / (1-β₂ᵗ)) + ε)`
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
  open class Adam: GroupedOptimizer<AdamOptions, AdamState> {
    public init(
      _ groups: [Group<AdamOptions>], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8,
      weightDecay: Double = 0, amsgrad: Bool = false, maximize: Bool = false, decoupledWeightDecay: Bool = false
    ) {
      super.init(
        groups,
        defaults: AdamOptions(
          lr: lr, beta1: betas.0, beta2: betas.1, eps: eps, weightDecay: weightDecay, amsgrad: amsgrad,
          maximize: maximize, decoupledWeightDecay: decoupledWeightDecay))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8,
      weightDecay: Double = 0, amsgrad: Bool = false, maximize: Bool = false, decoupledWeightDecay: Bool = false
    ) {
      self.init(
        [Group(parameters)], lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, amsgrad: amsgrad,
        maximize: maximize, decoupledWeightDecay: decoupledWeightDecay)
    }

    override var sparseRefusal: String {
      "Adam does not support sparse gradients, please consider SparseAdam instead"
    }

    override func update(_ parameters: [Tensor], _ o: AdamOptions) {
      for parameter in parameters {
        states[ObjectIdentifier(parameter), default: AdamState()].advance(parameter, o)
      }
      let (fused, composed) = parameters.fusable {
        let state = states[ObjectIdentifier($0)]!
        return [state.expAvg, state.expAvgSq, state.maxExpAvgSq]
      }
      for list in fused {
        let states = list.map { self.states[ObjectIdentifier($0)]! }
        FusedStep.adam(
          list, expAvgs: states.map { $0.expAvg! }, expAvgSqs: states.map { $0.expAvgSq! },
          maxExpAvgSqs: o.amsgrad ? states.map { $0.maxExpAvgSq! } : nil, steps: states.map(\.step), lr: o.lr,
          beta1: o.beta1, beta2: o.beta2, eps: o.eps, weightDecay: o.weightDecay,
          decoupledWeightDecay: o.decoupledWeightDecay, amsgrad: o.amsgrad, maximize: o.maximize)
      }
      for parameter in composed { updateOne(parameter, states[ObjectIdentifier(parameter)]!, o) }
    }

    private func updateOne(_ p: Tensor, _ state: AdamState, _ o: AdamOptions) {
      let g = effectiveGradient(p, maximize: o.maximize, weightDecay: o.decoupledWeightDecay ? 0 : o.weightDecay)
      if o.decoupledWeightDecay && o.weightDecay != 0 { p.scaleInPlace(1 - o.lr * o.weightDecay) }
      let (m, v) = (state.expAvg!, state.expAvgSq!)
      m.lerpInPlace(g, 1 - o.beta1)
      v.scaleInPlace(o.beta2)
      v.addcmulInPlace(g, g.conj(), 1 - o.beta2)
      let correction1 = 1 - power(o.beta1, state.step)
      let correction2 = 1 - power(o.beta2, state.step)
      var second = v
      if let largest = state.maxExpAvgSq {
        largest.copy_(largest.maximum(v))
        second = largest
      }
      let denominator = second.sqrt() / correction2.squareRoot() + o.eps
      p.addcdivInPlace(m, denominator, -o.lr / correction1)
    }
  }

  /// Adam with decoupled weight decay, 0.01 by default: `p ← p - lr·λ·p` before the step.
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
  public final class AdamW: Adam {
    public init(
      _ groups: [Group<AdamOptions>], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8,
      weightDecay: Double = 1e-2, amsgrad: Bool = false, maximize: Bool = false
    ) {
      super.init(
        groups, lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, amsgrad: amsgrad, maximize: maximize,
        decoupledWeightDecay: true)
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8,
      weightDecay: Double = 1e-2, amsgrad: Bool = false, maximize: Bool = false
    ) {
      self.init(
        [Group(parameters)], lr: lr, betas: betas, eps: eps, weightDecay: weightDecay, amsgrad: amsgrad,
        maximize: maximize)
    }
  }
}

extension optim.AdamState {
  /// Counts the step, and makes the averages at the first.
  mutating func advance(_ parameter: Tensor, _ o: optim.AdamOptions) {
    step += 1
    if expAvg == nil { expAvg = Tensor.zeros(like: parameter) }
    if expAvgSq == nil { expAvgSq = Tensor.zeros(like: parameter) }
    if o.amsgrad, maxExpAvgSq == nil { maxExpAvgSq = Tensor.zeros(like: parameter) }
  }
}
