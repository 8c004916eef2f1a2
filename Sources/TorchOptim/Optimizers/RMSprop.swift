// RMSprop: steps scaled by a running average of squared gradients.
// Reference: https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html

extension optim {
  public struct RMSpropOptions: OptimizerOptions {
    public var lr: Double = 1e-2
    public var alpha: Double = 0.99
    public var eps: Double = 1e-8
    public var weightDecay: Double = 0
    public var momentum: Double = 0
    public var centered: Bool = false
    public var maximize: Bool = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr),
        .double("alpha", \.alpha),
        .double("eps", \.eps),
        .amount("weight_decay", \.weightDecay),
        .amount("momentum", \.momentum),
        .bool("centered", \.centered),
        .bool("maximize", \.maximize),
        .constant("capturable", .bool(false)),
        .constant("foreach", .none),
        .constant("differentiable", .bool(false)),
      ]
    }

    public var scheduledMomentum: Double? {
      get { momentum }
      set { momentum = newValue ?? momentum }
    }

    public func check() throws {
      try require(lr >= 0, "learning rate", lr)
      try require(eps >= 0, "epsilon value", eps)
      try require(momentum >= 0, "momentum value", momentum)
      try require(weightDecay >= 0, "weight_decay value", weightDecay)
      try require(alpha >= 0, "alpha value", alpha)
    }
  }

  public struct RMSpropState: ParameterState {
    public var step: Int = 0
    public var squareAvg: Tensor?
    public var momentumBuffer: Tensor?
    public var gradAvg: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] {
      [.step("step", \.step), .tensor("square_avg", \.squareAvg), .tensor("momentum_buffer", \.momentumBuffer), .tensor("grad_avg", \.gradAvg)]
    }
  }

  /// Steps scaled by a running average of the squared gradient.
  ///
  /// `v ← αv + (1-α)g²`, `p ← p - lr·g / (√v + ε)`; centered, v less the squared average of g; with momentum, along a running sum.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
  public final class RMSprop: GroupedOptimizer<RMSpropOptions, RMSpropState> {
    public init(
      _ groups: [Group<RMSpropOptions>], lr: Double = 1e-2, alpha: Double = 0.99, eps: Double = 1e-8, weightDecay: Double = 0, momentum: Double = 0, centered: Bool = false, maximize: Bool = false
    ) {
      super.init(groups, defaults: RMSpropOptions(lr: lr, alpha: alpha, eps: eps, weightDecay: weightDecay, momentum: momentum, centered: centered, maximize: maximize))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1e-2, alpha: Double = 0.99, eps: Double = 1e-8, weightDecay: Double = 0, momentum: Double = 0, centered: Bool = false, maximize: Bool = false
    ) {
      self.init([Group(parameters)], lr: lr, alpha: alpha, eps: eps, weightDecay: weightDecay, momentum: momentum, centered: centered, maximize: maximize)
    }

    override func update(_ parameters: [Tensor], _ o: RMSpropOptions) {
      for p in parameters {
        var state = states[ObjectIdentifier(p)] ?? RMSpropState()
        state.step += 1
        state.squareAvg = state.squareAvg ?? Tensor.zeros(like: p)
        if o.momentum > 0 { state.momentumBuffer = state.momentumBuffer ?? Tensor.zeros(like: p) }
        if o.centered { state.gradAvg = state.gradAvg ?? Tensor.zeros(like: p) }
        states[ObjectIdentifier(p)] = state
      }
      let (fused, composed) = parameters.fusable {
        let state = states[ObjectIdentifier($0)]!
        return [state.squareAvg, state.momentumBuffer, state.gradAvg]
      }
      for list in fused {
        let states = list.map { self.states[ObjectIdentifier($0)]! }
        FusedStep.rmsprop(
          list, squareAvgs: states.map { $0.squareAvg! },
          momentumBuffers: o.momentum > 0 ? states.map { $0.momentumBuffer! } : nil,
          gradAvgs: o.centered ? states.map { $0.gradAvg! } : nil, lr: o.lr, alpha: o.alpha, eps: o.eps,
          weightDecay: o.weightDecay, momentum: o.momentum, centered: o.centered, maximize: o.maximize)
      }
      for p in composed { updateOne(p, states[ObjectIdentifier(p)]!, o) }
    }

    private func updateOne(_ p: Tensor, _ state: RMSpropState, _ o: RMSpropOptions) {
      let g = effectiveGradient(p, maximize: o.maximize, weightDecay: o.weightDecay)
      let square = state.squareAvg!
      square.scaleInPlace(o.alpha)
      square.addcmulInPlace(g, g, 1 - o.alpha)
      var average = square
      if o.centered, let mean = state.gradAvg {
        mean.lerpInPlace(g, 1 - o.alpha)
        average = square - mean * mean
      }
      average = average.sqrt() + o.eps
      if o.momentum > 0, let buffer = state.momentumBuffer {
        buffer.scaleInPlace(o.momentum)
        buffer.addcdivInPlace(g, average, 1)
        p.add_(buffer, alpha: Scalar(-o.lr))
      } else {
        p.addcdivInPlace(g, average, -o.lr)
      }
    }
  }
}
