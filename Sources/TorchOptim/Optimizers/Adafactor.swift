// Adam's second moment kept as the product of a row and a column, for models whose optimizer state must be small.
// Reference: Shazeer and Stern, https://arxiv.org/abs/1804.04235

extension optim {
  public struct AdafactorOptions: OptimizerOptions {
    public var lr: Double = 1e-2
    public var beta2Decay: Double = -0.8
    /// nil: the smallest relative step of the parameter's dtype.
    public var eps1: Double?
    public var eps2: Double = 1e-3
    public var d: Double = 1
    public var weightDecay: Double = 0
    public var maximize: Bool = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr),
        .double("beta2_decay", \.beta2Decay),
        StateField(
          name: "eps", get: { .tuple([$0.eps1.map { .double($0) } ?? .none, .double($0.eps2)]) },
          set: { options, value in
            let both = try value.asList()
            guard both.count == 2 else { throw TorchError(.value, "expected two numbers for 'eps' in the state dict") }
            (options.eps1, options.eps2) = (both[0].isNone ? nil : try both[0].asDouble(), try both[1].asDouble())
          }),
        .double("d", \.d),
        .double("weight_decay", \.weightDecay),
        .constant("foreach", .none),
        .bool("maximize", \.maximize),
      ]
    }

    public func check() throws {
      func require(_ condition: Bool, _ rule: String, _ value: Double) throws {
        if !condition { throw TorchError(.value, "\(rule) but is: \(Scalar(value))") }
      }
      try require(lr >= 0, "Learning rate should be >= 0", lr)
      try require(beta2Decay <= 0, "beta2_decay should be <= 0", beta2Decay)
      if let eps1 { try require(eps1 >= 0, "epsilon1 should be >= 0", eps1) }
      try require(eps2 >= 0, "epsilon2 should be >= 0", eps2)
      try require(d >= 1, "Clipping threshold d should be >= 1", d)
      try require(weightDecay >= 0, "weight_decay should be >= 0", weightDecay)
    }
  }

  public struct AdafactorState: ParameterState {
    public var step: Int = 0
    /// Of matrices and beyond: the average squared gradient of each row and column of the last two dimensions.
    public var rowVar: Tensor?
    public var colVar: Tensor?
    /// Of vectors and numbers.
    public var variance: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] {
      [
        .step("step", \.step), .tensor("row_var", \.rowVar), .tensor("col_var", \.colVar),
        .tensor("variance", \.variance),
      ]
    }
  }

  /// Adam without first moment and with a factored second one; steps are relative to the parameter's size.
  ///
  /// `β = t^τ`, `R ← R + β(mean g² of rows - R)`, `C` likewise, `V = RC / mean(R)`, `u = g/√V`,
  /// `p ← p - max(ε₂, rms(p))·min(lr, 1/√t)·u / max(1, rms(u)/d)`
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.Adafactor.html
  public final class Adafactor: GroupedOptimizer<AdafactorOptions, AdafactorState> {
    public init(
      _ groups: [Group<AdafactorOptions>], lr: Double = 1e-2, beta2Decay: Double = -0.8,
      eps: (Double?, Double) = (nil, 1e-3), d: Double = 1, weightDecay: Double = 0, maximize: Bool = false
    ) {
      super.init(
        groups,
        defaults: AdafactorOptions(
          lr: lr, beta2Decay: beta2Decay, eps1: eps.0, eps2: eps.1, d: d, weightDecay: weightDecay, maximize: maximize))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1e-2, beta2Decay: Double = -0.8, eps: (Double?, Double) = (nil, 1e-3),
      d: Double = 1, weightDecay: Double = 0, maximize: Bool = false
    ) {
      self.init(
        [Group(parameters)], lr: lr, beta2Decay: beta2Decay, eps: eps, d: d, weightDecay: weightDecay,
        maximize: maximize)
    }

    override func update(_ parameters: [Tensor], _ o: AdafactorOptions) {
      for p in parameters {
        if p.dtype.isComplex {
          return ErrorScope.report(TorchError(.value, "Adafactor does not support complex parameters"))
        }
        var state = states[ObjectIdentifier(p)] ?? AdafactorState()
        state.step += 1
        if p.ndim > 1 {
          func factor(_ dim: Int) -> Tensor {
            var sizes = Array(p.shape)
            sizes[dim] = 1
            return Tensor.zeros(Shape(sizes), dtype: p.dtype)
          }
          state.rowVar = state.rowVar ?? factor(p.ndim - 1)
          state.colVar = state.colVar ?? factor(p.ndim - 2)
        } else {
          state.variance = state.variance ?? Tensor.zeros(like: p)
        }
        updateOne(p, state, o)
        states[ObjectIdentifier(p)] = state
      }
    }

    private func updateOne(_ p: Tensor, _ state: AdafactorState, _ o: AdafactorOptions) {
      let g = effectiveGradient(p, maximize: o.maximize, weightDecay: 0)
      let eps1 = o.eps1 ?? torch.finfo(p.dtype).eps
      let step = Double(state.step)
      let weight = power(step, o.beta2Decay)
      let rho = Swift.min(o.lr, 1 / step.squareRoot())
      let alpha = Swift.max(o.eps2, norm(p) / Double(p.numel).squareRoot()) * rho
      if o.weightDecay != 0 { p.scaleInPlace(1 - o.lr * o.weightDecay) }
      let estimate: Tensor
      if let row = state.rowVar, let column = state.colVar {
        func meanSquare(_ dim: Int) -> Tensor { g.norm(dim: [dim], keepdim: true).square() / Double(g.shape[g.ndim + dim]) }
        row.lerpInPlace(meanSquare(-1), weight)
        column.lerpInPlace(meanSquare(-2), weight)
        estimate = row.matmul(column) / row.mean(dim: -2, keepdim: true).clamp(min: Scalar(eps1))
      } else {
        state.variance!.lerpInPlace(g * g, weight)
        estimate = state.variance!
      }
      let update = estimate.clamp(min: Scalar(eps1 * eps1)).rsqrt() * g
      let size = norm(update) / (Double(update.numel).squareRoot() * o.d)
      p.add_(update, alpha: Scalar(-alpha / Swift.max(1, size)))
    }

    private func norm(_ x: Tensor) -> Double { (try? x.norm().item(Double.self)) ?? .nan }
  }
}
