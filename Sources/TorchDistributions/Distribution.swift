// The base of all distributions: shapes, the check of parameters and values, printing.
//
// Sizes of a draw are sample sizes, then batch sizes (independent, not identical), then those of one event.
// Reference: https://pytorch.org/docs/stable/distributions.html#distribution

extension distributions {
  /// A probability distribution, or a batch of them.
  ///
  /// Parameters outside of their range are reported as errors when a distribution is made, values outside of the
  /// support make `logProb` invalid, both in PyTorch's words; `validateArgs: false` leaves the checks out.
  ///
  /// What a distribution does not have (an `entropy`, a `cdf`) is an invalid tensor.
  open class Distribution: CustomStringConvertible {
    /// A parameter as the check and `print` see it.
    public struct Parameter {
      public let name: String
      /// nil: neither given nor computed yet.
      public let value: Tensor?
      /// nil: not checked.
      public let constraint: Constraint?
      public let isPrinted: Bool

      public init(_ name: String, _ value: Tensor?, _ constraint: Constraint?, isPrinted: Bool = true) {
        self.name = name
        self.value = value
        self.constraint = constraint
        self.isPrinted = isPrinted
      }
    }

    public let batchShape: Shape
    public let eventShape: Shape
    /// Whether parameters and values are checked.
    public internal(set) var validatesArguments: Bool

    /// Subclasses set their parameters first, then call this, which checks them.
    public init(batchShape: Shape = [], eventShape: Shape = [], validateArgs: Bool? = nil) {
      self.batchShape = batchShape
      self.eventShape = eventShape
      validatesArguments = validateArgs ?? true
      if validatesArguments, let error = parameterError { ErrorScope.report(error) }
    }

    // MARK: What a distribution has

    /// The parameters in PyTorch's order.
    open var parameters: [Parameter] { [] }
    /// Where values may lie; nil is not checked.
    open var support: Constraint? { nil }
    /// Whether `rsample` is differentiable.
    open var hasRSample: Bool { false }

    open var mean: Tensor { missing("mean") }
    open var mode: Tensor { missing("mode") }
    open var variance: Tensor { missing("variance") }
    open var stddev: Tensor { variance.sqrt() }

    /// Draws without a gradient.
    open func sample(_ shape: Shape = []) -> Tensor { torch.noGrad { rsample(shape) } }
    /// Draws through which gradients reach the parameters.
    open func rsample(_ shape: Shape = []) -> Tensor { missing("rsample") }
    /// The logarithm of the density, or of the probability, at `value`.
    open func logProb(_ value: Tensor) -> Tensor { missing("log_prob") }
    /// The probability of a value of at most `value`.
    open func cdf(_ value: Tensor) -> Tensor { missing("cdf") }
    /// The value whose `cdf` is `probability`.
    open func icdf(_ probability: Tensor) -> Tensor { missing("icdf") }
    open func entropy() -> Tensor { missing("entropy") }
    /// All values of a discrete distribution, along a new first dimension.
    open func enumerateSupport(expand: Bool = true) -> Tensor { missing("enumerate_support") }
    /// The same distribution with a larger batch.
    open func expand(_ batchShape: Shape) -> Distribution {
      ErrorScope.report(TorchError(.notImplemented, "\(name) does not implement expand"))
      return self
    }

    public final func perplexity() -> Tensor { entropy().exp() }

    // MARK: For subclasses

    /// The sizes of `shape` draws.
    public final func extendedShape(_ shape: Shape = []) -> Shape { joined(shape, batchShape, eventShape) }

    /// `body` where `value` may be asked about, else the error.
    public final func checked(_ value: Tensor, _ body: () -> Tensor) -> Tensor {
      if validatesArguments, let error = valueError(value) { return .invalid(error) }
      return body()
    }

    final func missing(_ what: String) -> Tensor {
      .invalid(TorchError(.notImplemented, "\(name) does not implement \(what)"))
    }

    final func enumerated(_ count: Int, _ dtype: DType, expand: Bool) -> Tensor {
      let values = Tensor.arange(.int(count), dtype: dtype).view([count] + batchShape.map { _ in 1 })
      return expand ? values.expand([count] + Array(batchShape)) : values
    }

    /// The copy that `expand` returns: made without the check, checking values as this one does.
    final func expanded<D: Distribution>(_ copy: D) -> D {
      copy.validatesArguments = validatesArguments
      return copy
    }

    // MARK: Checks

    final var name: String { String(describing: type(of: self)) }

    private var parameterError: TorchError? {
      for parameter in parameters {
        guard let value = parameter.value, let constraint = parameter.constraint else { continue }
        if let failure = value.failure { return failure }
        if constraint.holds(value) { continue }
        let what = "Expected parameter \(parameter.name) (Tensor of shape \(tuple(value.shape))) of distribution \(self)"
        return TorchError(
          .value, "\(what) to satisfy the constraint \(constraint), but found invalid values:\n\(text(value))")
      }
      return nil
    }

    private func valueError(_ value: Tensor) -> TorchError? {
      if let failure = value.failure { return failure }
      let start = value.ndim - eventShape.count
      if start < 0 || Array(value.shape.dropFirst(start)) != Array(eventShape) {
        return TorchError(
          .value, "The right-most size of value must match event_shape: \(value.shape) vs \(eventShape).")
      }
      let expected = joined(batchShape, eventShape)
      for (i, j) in zip(value.shape.reversed(), expected.reversed()) where i != 1 && j != 1 && i != j {
        return TorchError(
          .value, "Value is not broadcastable with batch_shape+event_shape: \(value.shape) vs \(expected).")
      }
      guard let support, !support.holds(value) else { return nil }
      let what = "Expected value argument (Tensor of shape \(tuple(value.shape))) to be within the support (\(support))"
      return TorchError(.value, "\(what) of the distribution \(self), but found invalid values:\n\(text(value))")
    }

    /// `Normal(loc: 0.0, scale: 1.0)`; tensors of several elements by their sizes.
    open var description: String {
      let shown = parameters.filter(\.isPrinted).compactMap { parameter in
        parameter.value.map { "\(parameter.name): \($0.numel == 1 ? text($0) : $0.shape.description)" }
      }
      return "\(name)(\(shown.joined(separator: ", ")))"
    }
  }
}
