// Averaged stochastic gradient descent.
// Reference: https://pytorch.org/docs/stable/generated/torch.optim.ASGD.html

import Foundation

extension optim {
  public struct ASGDOptions: OptimizerOptions {
    public var lr: Double = 1e-2
    public var lambd: Double = 1e-4
    public var alpha: Double = 0.75
    public var t0: Double = 1e6
    public var weightDecay: Double = 0
    public var maximize: Bool = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr),
        .double("lambd", \.lambd),
        .double("alpha", \.alpha),
        .double("t0", \.t0),
        .amount("weight_decay", \.weightDecay),
        .bool("maximize", \.maximize),
        .constant("foreach", .none),
        .constant("differentiable", .bool(false)),
        .constant("capturable", .bool(false)),
      ]
    }

    public func check() throws {
      try require(lr >= 0, "learning rate", lr)
      try require(lambd >= 0, "lambd value", lambd)
      try require(alpha >= 0, "alpha value", alpha)
      try require(weightDecay >= 0, "weight_decay value", weightDecay)
    }
  }

  public struct ASGDState: ParameterState {
    public var step: Int = 0
    public var eta: Double?
    public var mu: Double = 1
    public var ax: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] {
      [.step("step", \.step), .optionalScalarTensor("eta", \.eta), .scalarTensor("mu", \.mu), .tensor("ax", \.ax)]
    }
  }

  /// Gradient descent with a decaying step that also keeps the parameters' average.
  ///
  /// `p ← p(1 - λη) - ηg`, `a ← a + µ(p - a)`, `η = lr / (1 + λ·lr·t)^α`, `µ = 1 / max(1, t - t₀)`
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.ASGD.html
  public final class ASGD: GroupedOptimizer<ASGDOptions, ASGDState> {
    public init(
      _ groups: [Group<ASGDOptions>], lr: Double = 1e-2, lambd: Double = 1e-4, alpha: Double = 0.75, t0: Double = 1e6, weightDecay: Double = 0, maximize: Bool = false
    ) {
      super.init(groups, defaults: ASGDOptions(lr: lr, lambd: lambd, alpha: alpha, t0: t0, weightDecay: weightDecay, maximize: maximize))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1e-2, lambd: Double = 1e-4, alpha: Double = 0.75, t0: Double = 1e6, weightDecay: Double = 0, maximize: Bool = false
    ) {
      self.init([Group(parameters)], lr: lr, lambd: lambd, alpha: alpha, t0: t0, weightDecay: weightDecay, maximize: maximize)
    }

    override func update(_ parameters: [Tensor], _ o: ASGDOptions) {
      for p in parameters {
        var state = states[ObjectIdentifier(p)] ?? ASGDState()
        state.step += 1
        state.ax = state.ax ?? Tensor.zeros(like: p)
        updateOne(p, &state, o)
        states[ObjectIdentifier(p)] = state
      }
    }

    private func updateOne(_ p: Tensor, _ state: inout ASGDState, _ o: ASGDOptions) {
      let g = effectiveGradient(p, maximize: o.maximize, weightDecay: o.weightDecay)
      // PyTorch keeps η and µ in tensors of the default type.
      let eta = state.eta ?? Double(Float(o.lr))
      p.scaleInPlace(1 - o.lambd * eta)
      p.add_(g, alpha: Scalar(-eta))
      let average = state.ax!
      if state.mu != 1 { average.add_((p - average) * state.mu) } else { average.copy_(p) }
      let step = Double(state.step)
      state.eta = Double(Float(o.lr / pow(1 + o.lambd * o.lr * step, o.alpha)))
      state.mu = Double(Float(1 / Swift.max(1, step - o.t0)))
    }
  }
}
