// Momentum whose matrices are made orthogonal before the step.
// Reference: Jordan, https://kellerjordan.github.io/posts/muon/; the learning rates of https://arxiv.org/abs/2502.16982

extension optim {
  /// How `Muon` scales its rate by a matrix of A rows and B columns.
  public enum MuonRate: String, Sendable {
    /// √max(1, A/B)
    case original
    /// 0.2·√max(A, B): rates and weight decay tuned for AdamW can be kept.
    case matchRMSAdamW = "match_rms_adamw"
    /// √(A/B)
    case spectralUnclamped = "spectral_unclamped"

    func factor(rows: Int, columns: Int) -> Double {
      let (a, b) = (Double(rows), Double(columns))
      return switch self {
      case .original: Swift.max(1, a / b).squareRoot()
      case .matchRMSAdamW: 0.2 * Swift.max(a, b).squareRoot()
      case .spectralUnclamped: (a / b).squareRoot()
      }
    }
  }

  public struct MuonOptions: OptimizerOptions {
    public var lr: Double = 1e-3
    public var weightDecay: Double = 0.1
    public var momentum: Double = 0.95
    public var nesterov: Bool = true
    public var nsCoefficients: [Double] = [3.4445, -4.7750, 2.0315]
    public var eps: Double = 1e-7
    public var nsSteps: Int = 5
    public var adjustLR: MuonRate?

    public static var fields: [StateField<Self>] {
      [
        .double("lr", \.lr),
        .double("weight_decay", \.weightDecay),
        .double("momentum", \.momentum),
        .bool("nesterov", \.nesterov),
        StateField(
          name: "ns_coefficients", get: { .tuple($0.nsCoefficients.map { .double($0) }) },
          set: { $0.nsCoefficients = try $1.asList().map { try $0.asDouble() } }),
        .double("eps", \.eps),
        .int("ns_steps", \.nsSteps),
        StateField(
          name: "adjust_lr_fn", get: { $0.adjustLR.map { .string($0.rawValue) } ?? StateValue.none },
          set: { options, value in
            guard !value.isNone else { return options.adjustLR = nil }
            let name = try value.asString()
            guard let rate = MuonRate(rawValue: name) else {
              throw TorchError(.value, "Adjust learning rate function \(name) is not supported")
            }
            options.adjustLR = rate
          }),
      ]
    }

    public var scheduledMomentum: Double? {
      get { momentum }
      set { momentum = newValue ?? momentum }
    }

    public func check() throws {
      for (value, name) in [(lr, "Learning rate"), (momentum, "momentum"), (weightDecay, "weight decay")] where value < 0 {
        throw TorchError(.value, "\(name) should be >= 0 but is: \(Scalar(value))")
      }
      if nsSteps >= 100 {
        throw TorchError(.value, "Number of steps must be less than 100 for computational efficiency")
      }
      if nsCoefficients.count != 3 { throw TorchError(.value, "Coefficients must be a tuple of exactly 3 values") }
    }
  }

  public struct MuonState: ParameterState {
    public var momentumBuffer: Tensor?
    public init() {}
    public static var fields: [StateField<Self>] { [.tensor("momentum_buffer", \.momentumBuffer)] }
  }

  /// Steps along the nearest orthogonal matrix to the momentum, for the weight matrices of hidden layers.
  ///
  /// `B ← B + (1-µ)(g - B)`, `O` five Newton-Schulz iterations in bfloat16 from `B` (Nesterov: `g + µ(B - g)`),
  /// `p ← p(1 - lr·λ) - lr·√max(1, A/B)·O`. Other parameters (biases, embeddings) want an optimizer of their own.
  ///
  /// ```swift
  /// let matrices = model.parameters().filter { $0.ndim == 2 }
  /// let optimizer = optim.Muon(matrices, lr: 0.02)
  /// ```
  /// - Throws: reports `TorchError` for a parameter that is no matrix.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.Muon.html
  public final class Muon: GroupedOptimizer<MuonOptions, MuonState> {
    public init(
      _ groups: [Group<MuonOptions>], lr: Double = 1e-3, weightDecay: Double = 0.1, momentum: Double = 0.95,
      nesterov: Bool = true, nsCoefficients: [Double] = [3.4445, -4.7750, 2.0315], eps: Double = 1e-7, nsSteps: Int = 5,
      adjustLR: MuonRate? = nil
    ) {
      super.init(
        groups,
        defaults: MuonOptions(
          lr: lr, weightDecay: weightDecay, momentum: momentum, nesterov: nesterov, nsCoefficients: nsCoefficients,
          eps: eps, nsSteps: nsSteps, adjustLR: adjustLR))
      if let wrong = parameters.first(where: { $0.ndim != 2 }) {
        ErrorScope.report(
          TorchError(
            .value,
            "Muon only supports 2D parameters whereas we found a parameter with size: torch.Size(\(wrong.shape.listDescription))"))
      }
    }

    public convenience init(
      _ parameters: [Tensor], lr: Double = 1e-3, weightDecay: Double = 0.1, momentum: Double = 0.95,
      nesterov: Bool = true, nsCoefficients: [Double] = [3.4445, -4.7750, 2.0315], eps: Double = 1e-7, nsSteps: Int = 5,
      adjustLR: MuonRate? = nil
    ) {
      self.init(
        [Group(parameters)], lr: lr, weightDecay: weightDecay, momentum: momentum, nesterov: nesterov,
        nsCoefficients: nsCoefficients, eps: eps, nsSteps: nsSteps, adjustLR: adjustLR)
    }

    override func update(_ parameters: [Tensor], _ o: MuonOptions) {
      for p in parameters {
        let g = p.grad!
        let known = states[ObjectIdentifier(p)]?.momentumBuffer
        let buffer = known ?? Tensor.zeros(like: g)
        states[ObjectIdentifier(p), default: MuonState()].momentumBuffer = buffer
        buffer.lerpInPlace(g, 1 - o.momentum)
        let direction = orthogonalized(o.nesterov ? g.lerp(buffer, Scalar(o.momentum)) : buffer, o)
        let rate = o.lr * (o.adjustLR ?? .original).factor(rows: p.size(0), columns: p.size(1))
        p.scaleInPlace(1 - o.lr * o.weightDecay)
        p.add_(direction, alpha: Scalar(-rate))
      }
    }

    /// Near U·Vᵀ, where the matrix is U·S·Vᵀ: the iteration's polynomial draws all singular values towards 1.
    private func orthogonalized(_ matrix: Tensor, _ o: MuonOptions) -> Tensor {
      let (a, b, c) = (Scalar(o.nsCoefficients[0]), Scalar(o.nsCoefficients[1]), Scalar(o.nsCoefficients[2]))
      let isTall = matrix.size(0) > matrix.size(1)
      var x = matrix.to(.bfloat16)
      if isTall { x = x.t() }
      x = x / x.norm().clamp(min: Scalar(o.eps))
      for _ in 0..<o.nsSteps {
        let gram = x.mm(x.t())
        let update = gram.addmm(gram, gram, beta: b, alpha: c)
        x = x.addmm(update, x, beta: a)
      }
      return isTall ? x.t() : x
    }
  }
}
