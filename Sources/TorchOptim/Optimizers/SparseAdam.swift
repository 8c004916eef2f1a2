// Adam for sparse gradients.
// Reference: https://pytorch.org/docs/stable/generated/torch.optim.SparseAdam.html

extension optim {
  public struct SparseAdamOptions: OptimizerOptions {
    public var lr: Double = 1e-3
    public var beta1: Double = 0.9
    public var beta2: Double = 0.999
    public var eps: Double = 1e-8
    public var maximize: Bool = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr),
        .pair("betas", \.beta1, \.beta2),
        .double("eps", \.eps),
        .bool("maximize", \.maximize),
      ]
    }

    public var scheduledMomentum: Double? {
      get { beta1 }
      set { beta1 = newValue ?? beta1 }
    }

    public func check() throws {
      try require(lr > 0, "learning rate", lr)
      try require(eps > 0, "epsilon value", eps)
      try require(0 <= beta1 && beta1 < 1, "beta parameter at index 0", beta1)
      try require(0 <= beta2 && beta2 < 1, "beta parameter at index 1", beta2)
    }
  }

  public struct SparseAdamState: ParameterState {
    public var step: Int = 0
    public var expAvg: Tensor?
    public var expAvgSq: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] {
      [.int("step", \.step), .tensor("exp_avg", \.expAvg), .tensor("exp_avg_sq", \.expAvgSq)]
    }
  }

  /// Adam whose moments, and parameters, change only where the gradient, a sparse tensor, has values.
  ///
  /// ```swift
  /// let table = nn.Embedding(1_000_000, 64, sparse: true)
  /// let optimizer = optim.SparseAdam(table.parameters(), lr: 1e-3)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.SparseAdam.html
  public final class SparseAdam: GroupedOptimizer<SparseAdamOptions, SparseAdamState> {
    public init(
      _ groups: [Group<SparseAdamOptions>], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
      eps: Double = 1e-8, maximize: Bool = false
    ) {
      super.init(
        groups,
        defaults: SparseAdamOptions(lr: lr, beta1: betas.0, beta2: betas.1, eps: eps, maximize: maximize))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8,
      maximize: Bool = false
    ) {
      self.init([Group(parameters)], lr: lr, betas: betas, eps: eps, maximize: maximize)
    }

    override var takesSparseGradients: Bool { true }

    override func update(_ parameters: [Tensor], _ o: SparseAdamOptions) {
      guard parameters.allSatisfy({ $0.grad!.isSparse }) else {
        return ErrorScope.report(
          TorchError(
            .notImplemented, "SparseAdam does not support dense gradients, please consider Adam instead"))
      }
      for p in parameters {
        var state = states[ObjectIdentifier(p)] ?? SparseAdamState()
        state.step += 1
        state.expAvg = state.expAvg ?? Tensor.zeros(like: p)
        state.expAvgSq = state.expAvgSq ?? Tensor.zeros(like: p)
        states[ObjectIdentifier(p)] = state
        let g = (o.maximize ? -p.grad! : p.grad!).coalesce()
        if g.nnz > 0 { updateOne(p, g, state, o) }
      }
    }

    private func updateOne(_ p: Tensor, _ g: Tensor, _ state: SparseAdamState, _ o: SparseAdamOptions) {
      /// Moves the moment's values at the gradient's places by `weight` towards `values`, and returns them.
      func moved(_ moment: Tensor, to values: Tensor, _ weight: Double) -> Tensor {
        let old = moment.sparseMask(g).values()
        let change = (values - old) * weight
        moment.add_(g.withValues(change))
        return change + old
      }
      let values = g.values()
      let mean = moved(state.expAvg!, to: values, 1 - o.beta1)
      let square = moved(state.expAvgSq!, to: values.square(), 1 - o.beta2)
      let (correction1, correction2) = (1 - power(o.beta1, state.step), 1 - power(o.beta2, state.step))
      let size = o.lr * correction2.squareRoot() / correction1
      p.add_(g.withValues(mean / (square.sqrt() + o.eps) * -size))
    }
  }
}
