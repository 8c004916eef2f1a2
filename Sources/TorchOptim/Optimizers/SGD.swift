// Stochastic gradient descent with momentum.
// Reference: https://pytorch.org/docs/stable/generated/torch.optim.SGD.html

extension optim {
  public struct SGDOptions: OptimizerOptions {
    public var lr = 1e-3
    public var momentum = 0.0
    public var dampening = 0.0
    public var weightDecay = 0.0
    public var nesterov = false
    public var maximize = false

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr), .amount("momentum", \.momentum), .amount("dampening", \.dampening),
        .amount("weight_decay", \.weightDecay), .bool("nesterov", \.nesterov), .bool("maximize", \.maximize),
        .constant("foreach", .none), .constant("differentiable", .bool(false)), .constant("fused", .none),
      ]
    }

    public var scheduledMomentum: Double? {
      get { momentum }
      set { momentum = newValue ?? momentum }
    }

    public func check() throws {
      try require(lr >= 0, "learning rate", lr)
      try require(momentum >= 0, "momentum value", momentum)
      try require(weightDecay >= 0, "weight_decay value", weightDecay)
      if nesterov && (momentum <= 0 || dampening != 0) {
        throw TorchError(.value, "Nesterov momentum requires a momentum and zero dampening")
      }
    }
  }

  public struct SGDState: ParameterState {
    public var momentumBuffer: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] { [.tensor("momentum_buffer", \.momentumBuffer)] }
  }

  /// Steps against the gradient, or along a running sum of gradients.
  ///
  /// `b ← µ·b + (1-τ)·g` (the first `b` is `g`), `p ← p - lr·b`, with Nesterov momentum `p ← p - lr·(g + µ·b)`;
  /// `g` includes `weightDecay·p`.
  ///
  /// ```swift
  /// let optimizer = optim.SGD(model.parameters(), lr: 0.1, momentum: 0.9)
  /// optimizer.zeroGrad()
  /// loss.backward()
  /// optimizer.step()
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
  public final class SGD: GroupedOptimizer<SGDOptions, SGDState> {
    public init(
      _ groups: [Group<SGDOptions>], lr: Double = 1e-3, momentum: Double = 0, dampening: Double = 0,
      weightDecay: Double = 0, nesterov: Bool = false, maximize: Bool = false
    ) {
      super.init(
        groups,
        defaults: SGDOptions(
          lr: lr, momentum: momentum, dampening: dampening, weightDecay: weightDecay, nesterov: nesterov,
          maximize: maximize))
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1e-3, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0,
      nesterov: Bool = false, maximize: Bool = false
    ) {
      self.init(
        [Group(parameters)], lr: lr, momentum: momentum, dampening: dampening, weightDecay: weightDecay,
        nesterov: nesterov, maximize: maximize)
    }

    override var takesSparseGradients: Bool { true }

    override func update(_ parameters: [Tensor], _ o: SGDOptions) {
      let (fused, composed) = parameters.fusable { [states[ObjectIdentifier($0)]?.momentumBuffer] }
      for list in fused { updateFused(list, o) }
      for parameter in composed { updateOne(parameter, o) }
    }

    private func updateFused(_ list: [Tensor], _ o: SGDOptions) {
      var buffers: [Tensor]?
      var first: [Bool] = []
      if o.momentum != 0 {
        buffers = list.map { parameter in
          let known = states[ObjectIdentifier(parameter)]?.momentumBuffer
          first.append(known == nil)
          let buffer = known ?? Tensor.empty(like: parameter)
          states[ObjectIdentifier(parameter), default: SGDState()].momentumBuffer = buffer
          return buffer
        }
      }
      FusedStep.sgd(
        list, momentumBuffers: buffers, first: first, lr: o.lr, momentum: o.momentum, dampening: o.dampening,
        weightDecay: o.weightDecay, nesterov: o.nesterov, maximize: o.maximize)
    }

    private func updateOne(_ p: Tensor, _ o: SGDOptions) {
      var g = effectiveGradient(p, maximize: o.maximize, weightDecay: o.weightDecay)
      if o.momentum != 0 {
        let buffer: Tensor
        if let known = states[ObjectIdentifier(p)]?.momentumBuffer, known.isSparse || g.isSparse {
          // Sums of sparse tensors are new tensors.
          buffer = (known * o.momentum).add(g, alpha: Scalar(1 - o.dampening))
          states[ObjectIdentifier(p)]!.momentumBuffer = buffer
        } else if let known = states[ObjectIdentifier(p)]?.momentumBuffer {
          buffer = known
          buffer.scaleInPlace(o.momentum)
          buffer.add_(g, alpha: Scalar(1 - o.dampening))
        } else {
          buffer = g.detach().clone()
          states[ObjectIdentifier(p), default: SGDState()].momentumBuffer = buffer
        }
        g = o.nesterov ? g.add(buffer, alpha: Scalar(o.momentum)) : buffer
      }
      p.add_(g, alpha: Scalar(-o.lr))
    }
  }
}
