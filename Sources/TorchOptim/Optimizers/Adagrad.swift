// Adagrad: steps scaled by the sum of all squared gradients.
// Reference: https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html

extension optim {
  public struct AdagradOptions: OptimizerOptions {
    public var lr: Double = 1e-2
    public var lrDecay: Double = 0
    public var weightDecay: Double = 0
    public var initialAccumulatorValue: Double = 0
    public var eps: Double = 1e-10
    public var maximize: Bool = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr),
        .amount("lr_decay", \.lrDecay),
        .amount("weight_decay", \.weightDecay),
        .amount("initial_accumulator_value", \.initialAccumulatorValue),
        .double("eps", \.eps),
        .bool("maximize", \.maximize),
        .constant("foreach", .none),
        .constant("differentiable", .bool(false)),
        .constant("fused", .none),
      ]
    }

    public func check() throws {
      try require(lr >= 0, "learning rate", lr)
      try require(lrDecay >= 0, "lr_decay value", lrDecay)
      try require(weightDecay >= 0, "weight_decay value", weightDecay)
      try require(initialAccumulatorValue >= 0, "initial_accumulator_value value", initialAccumulatorValue)
      try require(eps >= 0, "epsilon value", eps)
    }
  }

  public struct AdagradState: ParameterState {
    public var step: Int = 0
    public var sum: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] {
      [.step("step", \.step), .tensor("sum", \.sum)]
    }
  }

  /// Steps scaled by the sum of all squared gradients so far.
  ///
  /// `s ← s + g²`, `p ← p - lr / (1 + (t-1)η) · g / (√s + ε)`
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
  public final class Adagrad: GroupedOptimizer<AdagradOptions, AdagradState> {
    public init(
      _ groups: [Group<AdagradOptions>], lr: Double = 1e-2, lrDecay: Double = 0, weightDecay: Double = 0, initialAccumulatorValue: Double = 0, eps: Double = 1e-10, maximize: Bool = false
    ) {
      super.init(groups, defaults: AdagradOptions(lr: lr, lrDecay: lrDecay, weightDecay: weightDecay, initialAccumulatorValue: initialAccumulatorValue, eps: eps, maximize: maximize))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1e-2, lrDecay: Double = 0, weightDecay: Double = 0, initialAccumulatorValue: Double = 0, eps: Double = 1e-10, maximize: Bool = false
    ) {
      self.init([Group(parameters)], lr: lr, lrDecay: lrDecay, weightDecay: weightDecay, initialAccumulatorValue: initialAccumulatorValue, eps: eps, maximize: maximize)
    }

    override var takesSparseGradients: Bool { true }

    override func update(_ parameters: [Tensor], _ o: AdagradOptions) {
      for p in parameters {
        var state = states[ObjectIdentifier(p)] ?? AdagradState()
        state.step += 1
        state.sum = state.sum ?? Tensor.full(like: p, Scalar(o.initialAccumulatorValue))
        states[ObjectIdentifier(p)] = state
      }
      let (fused, composed) = parameters.fusable { [states[ObjectIdentifier($0)]!.sum] }
      for list in fused {
        let states = list.map { self.states[ObjectIdentifier($0)]! }
        FusedStep.adagrad(
          list, stateSums: states.map { $0.sum! }, steps: states.map(\.step), lr: o.lr, lrDecay: o.lrDecay,
          weightDecay: o.weightDecay, eps: o.eps, maximize: o.maximize)
      }
      for p in composed {
        let state = states[ObjectIdentifier(p)]!
        let rate = o.lr / (1 + Double(state.step - 1) * o.lrDecay)
        if p.grad!.isSparse {
          guard o.weightDecay == 0 else {
            ErrorScope.report(TorchError(.value, "weight_decay option is not compatible with sparse gradients"))
            continue
          }
          let g = (o.maximize ? -p.grad! : p.grad!).coalesce()
          state.sum!.add_(g.withValues(g.values().square()))
          let deviation = state.sum!.sparseMask(g).values().sqrt() + o.eps
          p.add_(g.withValues(g.values() / deviation), alpha: Scalar(-rate))
          continue
        }
        let g = effectiveGradient(p, maximize: o.maximize, weightDecay: o.weightDecay)
        state.sum!.addcmulInPlace(g, g, 1)
        p.addcdivInPlace(g, state.sum!.sqrt() + o.eps, -rate)
      }
    }
  }
}
