// Invertible functions with the logarithm of their Jacobian's determinant.
// Reference: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.transforms
// Departure from PyTorch: no `with_cache`; `cacheSize` is given when a transform is made.

extension distributions {
  /// A function y = f(x) that `TransformedDistribution` draws through.
  ///
  /// Subclasses override `forward`, `inverse` and `logAbsDetJacobian`.
  open class Transform: CustomStringConvertible {
    private let cacheSize: Int
    private var cached: (x: Tensor, y: Tensor)?
    private weak var knownInverse: Transform?

    /// - Parameter cacheSize: 1 keeps the last pair of values, so that the inverse of what was just computed is exact.
    public init(cacheSize: Int = 0) {
      self.cacheSize = cacheSize
      if cacheSize != 0 && cacheSize != 1 { ErrorScope.report(TorchError(.value, "cache_size must be 0 or 1")) }
    }

    open var domain: Constraint { .real }
    open var codomain: Constraint { .real }
    open var isBijective: Bool { true }
    /// How many of the last dimensions take part in one event, before or after.
    final var eventDims: Int { Swift.max(domain.eventDim, codomain.eventDim) }
    /// The sign of the derivative, of an elementwise transform.
    open var sign: any TensorOrNumber { 1 }

    open func forward(_ x: Tensor) -> Tensor { missing("_call") }
    open func inverse(_ y: Tensor) -> Tensor { missing("_inverse") }
    /// log |dy/dx| with the sizes of x less those of an event.
    open func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor { missing("log_abs_det_jacobian") }
    open func forwardShape(_ shape: Shape) throws -> Shape { shape }
    open func inverseShape(_ shape: Shape) throws -> Shape { shape }
    /// Whether two transforms are the same function, as far as can be told.
    open func isEqual(_ other: Transform) -> Bool { self === other }

    private func missing(_ what: String) -> Tensor {
      .invalid(TorchError(.notImplemented, "\(name) does not implement \(what)"))
    }

    public final func callAsFunction(_ x: Tensor) -> Tensor {
      guard cacheSize == 1 else { return forward(x) }
      if let cached, cached.x === x { return cached.y }
      let y = forward(x)
      cached = (x, y)
      return y
    }

    final func inverted(_ y: Tensor) -> Tensor {
      guard cacheSize == 1 else { return inverse(y) }
      if let cached, cached.y === y { return cached.x }
      let x = inverse(y)
      cached = (x, y)
      return x
    }

    /// The inverse as a transform; its own inverse is this one.
    open var inv: Transform {
      if let knownInverse { return knownInverse }
      let made = InverseTransform(self)
      knownInverse = made
      return made
    }

    final var name: String { String(describing: type(of: self)) }
    open var description: String { "\(name)()" }
  }

  final class InverseTransform: Transform {
    private let base: Transform
    init(_ base: Transform) {
      self.base = base
      super.init()
    }
    override var domain: Constraint { base.codomain }
    override var codomain: Constraint { base.domain }
    override var isBijective: Bool { base.isBijective }
    override var sign: any TensorOrNumber { base.sign }
    override func forward(_ x: Tensor) -> Tensor { base.inverted(x) }
    override func inverse(_ y: Tensor) -> Tensor { base(y) }
    override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor { -base.logAbsDetJacobian(y, x) }
    override func forwardShape(_ shape: Shape) throws -> Shape { try base.inverseShape(shape) }
    override func inverseShape(_ shape: Shape) throws -> Shape { try base.forwardShape(shape) }
    override func isEqual(_ other: Transform) -> Bool { (other as? InverseTransform).map { base.isEqual($0.base) } ?? false }
    override var inv: Transform { base }
    override var description: String { "_InverseTransform(\(base))" }
  }

  /// Transforms one after the other.
  public final class ComposeTransform: Transform {
    public let parts: [Transform]

    public init(_ parts: [Transform], cacheSize: Int = 0) {
      self.parts = parts
      super.init(cacheSize: cacheSize)
    }

    public override var domain: Constraint {
      guard let first = parts.first, let last = parts.last else { return .real }
      var dims = last.codomain.eventDim
      for part in parts.reversed() {
        dims = Swift.max(dims + part.domain.eventDim - part.codomain.eventDim, part.domain.eventDim)
      }
      let domain = first.domain
      return dims > domain.eventDim ? .independent(domain, dims - domain.eventDim) : domain
    }
    public override var codomain: Constraint {
      guard let first = parts.first, let last = parts.last else { return .real }
      var dims = first.domain.eventDim
      for part in parts { dims = Swift.max(dims + part.codomain.eventDim - part.domain.eventDim, part.codomain.eventDim) }
      let codomain = last.codomain
      return dims > codomain.eventDim ? .independent(codomain, dims - codomain.eventDim) : codomain
    }
    public override var isBijective: Bool { parts.allSatisfy(\.isBijective) }
    public override var sign: any TensorOrNumber { distributions.product(parts.map(\.sign)) }
    public override var inv: Transform { ComposeTransform(parts.reversed().map(\.inv)) }
    public override func forward(_ x: Tensor) -> Tensor { parts.reduce(x) { $1($0) } }
    public override func inverse(_ y: Tensor) -> Tensor { parts.reversed().reduce(y) { $1.inverted($0) } }

    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor {
      guard !parts.isEmpty else { return Tensor.zeros(like: x) }
      var values = [x]
      for part in parts.dropLast() { values.append(part(values.last!)) }
      values.append(y)
      var dims = domain.eventDim
      var total: Tensor?
      for (i, part) in parts.enumerated() {
        let term = sumRightmost(part.logAbsDetJacobian(values[i], values[i + 1]), dims - part.domain.eventDim)
        total = total.map { $0 + term } ?? term
        dims += part.codomain.eventDim - part.domain.eventDim
      }
      return total!
    }

    public override func forwardShape(_ shape: Shape) throws -> Shape {
      try parts.reduce(shape) { try $1.forwardShape($0) }
    }
    public override func inverseShape(_ shape: Shape) throws -> Shape {
      try parts.reversed().reduce(shape) { try $1.inverseShape($0) }
    }
    public override func isEqual(_ other: Transform) -> Bool {
      guard let other = other as? ComposeTransform, other.parts.count == parts.count else { return false }
      return zip(parts, other.parts).allSatisfy { $0.isEqual($1) }
    }
    public override var description: String {
      "ComposeTransform(\n    " + parts.map(\.description).joined(separator: ",\n    ") + "\n)"
    }
  }

  /// The sign of a chain: a number as long as all are numbers.
  static func product(_ signs: [any TensorOrNumber]) -> any TensorOrNumber {
    signs.reduce(1) { (a: any TensorOrNumber, b: any TensorOrNumber) -> any TensorOrNumber in
      if let a = a as? Int, let b = b as? Int { return a * b }
      return a.operand * b.operand
    }
  }

  /// `base` with `reinterpretedBatchNdims` more of the last dimensions taken as one event.
  public final class IndependentTransform: Transform {
    public let base: Transform
    public let reinterpretedBatchNdims: Int

    public init(_ base: Transform, _ reinterpretedBatchNdims: Int) {
      self.base = base
      self.reinterpretedBatchNdims = reinterpretedBatchNdims
      super.init()
    }
    public override var domain: Constraint { .independent(base.domain, reinterpretedBatchNdims) }
    public override var codomain: Constraint { .independent(base.codomain, reinterpretedBatchNdims) }
    public override var isBijective: Bool { base.isBijective }
    public override var sign: any TensorOrNumber { base.sign }
    public override func forward(_ x: Tensor) -> Tensor { base(x) }
    public override func inverse(_ y: Tensor) -> Tensor { base.inverted(y) }
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor {
      sumRightmost(base.logAbsDetJacobian(x, y), reinterpretedBatchNdims)
    }
    public override func forwardShape(_ shape: Shape) throws -> Shape { try base.forwardShape(shape) }
    public override func inverseShape(_ shape: Shape) throws -> Shape { try base.inverseShape(shape) }
    public override var description: String { "IndependentTransform(\(base), \(reinterpretedBatchNdims))" }
  }
}
