// Resilient backpropagation: only the gradient's sign counts.
// Reference: https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html

extension optim {
  public struct RpropOptions: OptimizerOptions {
    public var lr: Double = 1e-2
    public var etaMinus: Double = 0.5
    public var etaPlus: Double = 1.2
    public var stepMin: Double = 1e-6
    public var stepMax: Double = 50
    public var maximize: Bool = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr),
        .bool("maximize", \.maximize),
        .pair("etas", \.etaMinus, \.etaPlus),
        StateField(
          name: "step_sizes",
          // The upper bound is an integer by default, and is kept and printed so.
          get: { .tuple([.double($0.stepMin), $0.stepMax == 50 ? .int(50) : .double($0.stepMax)]) },
          set: { options, value in
            let bounds = try value.asList()
            guard bounds.count == 2 else { throw TorchError(.value, "expected two numbers for 'step_sizes'") }
            (options.stepMin, options.stepMax) = (try bounds[0].asDouble(), try bounds[1].asDouble())
          }),
        .constant("foreach", .none),
        .constant("differentiable", .bool(false)),
        .constant("capturable", .bool(false)),
      ]
    }

    public func check() throws {
      try require(lr >= 0, "learning rate", lr)
      guard 0 < etaMinus, etaMinus < 1, 1 < etaPlus else {
        throw TorchError(.value, "Invalid eta values: \(Scalar(etaMinus)), \(Scalar(etaPlus))")
      }
    }
  }

  public struct RpropState: ParameterState {
    public var step: Int = 0
    public var prev: Tensor?
    public var stepSize: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] {
      [.step("step", \.step), .tensor("prev", \.prev), .tensor("step_size", \.stepSize)]
    }
  }

  /// Steps of each element's own size, which grows while the gradient keeps its sign and shrinks when it turns.
  ///
  /// `s ← clamp(s·η±)`, `p ← p - sign(g)·s`; where the sign turned, g counts as 0.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html
  public final class Rprop: GroupedOptimizer<RpropOptions, RpropState> {
    public init(
      _ groups: [Group<RpropOptions>], lr: Double = 1e-2, etas: (Double, Double) = (0.5, 1.2), stepSizes: (Double, Double) = (1e-6, 50), maximize: Bool = false
    ) {
      super.init(groups, defaults: RpropOptions(lr: lr, etaMinus: etas.0, etaPlus: etas.1, stepMin: stepSizes.0, stepMax: stepSizes.1, maximize: maximize))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1e-2, etas: (Double, Double) = (0.5, 1.2), stepSizes: (Double, Double) = (1e-6, 50), maximize: Bool = false
    ) {
      self.init([Group(parameters)], lr: lr, etas: etas, stepSizes: stepSizes, maximize: maximize)
    }

    override func update(_ parameters: [Tensor], _ o: RpropOptions) {
      for p in parameters {
        var state = states[ObjectIdentifier(p)] ?? RpropState()
        state.step += 1
        state.prev = state.prev ?? Tensor.zeros(like: p)
        state.stepSize = state.stepSize ?? Tensor.full(like: p, Scalar(o.lr))
        updateOne(p, &state, o)
        states[ObjectIdentifier(p)] = state
      }
    }

    private func updateOne(_ p: Tensor, _ state: inout RpropState, _ o: RpropOptions) {
      let g = effectiveGradient(p, maximize: o.maximize, weightDecay: 0)
      let (previous, size) = (state.prev!, state.stepSize!)
      let product = g * previous
      let (same, turned) = ((product > 0).to(p.dtype), (product < 0).to(p.dtype))
      let factor = same * (o.etaPlus - 1) + turned * (o.etaMinus - 1) + 1
      size.copy_((size * factor).clamp(min: Scalar(o.stepMin), max: Scalar(o.stepMax)))
      let kept = g * (1 - turned)
      p.addcmulInPlace(kept.sign(), size, -1)
      previous.copy_(kept)
    }
  }
}
