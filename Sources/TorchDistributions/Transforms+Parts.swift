// Transforms of a value's parts, each by a transform of its own.
// Reference: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.transforms

extension distributions {
  /// The transform that changes nothing.
  public static var identityTransform: Transform { ComposeTransform([]) }

  /// Transforms for pieces of `lengths` along `dim` (1 each where not given), as `torch.cat` puts them together.
  ///
  /// ```swift
  /// let t = distributions.CatTransform(
  ///   [distributions.ExpTransform(), distributions.identityTransform], lengths: [2, 1])
  /// print(t(Tensor([0.0, 1.0, 5.0])))   // tensor([1.0000, 2.7183, 5.0000])
  /// ```
  public final class CatTransform: Transform {
    public let transforms: [Transform]
    public let lengths: [Int]
    public let dim: Int

    public init(_ transforms: [Transform], dim: Int = 0, lengths: [Int]? = nil, cacheSize: Int = 0) {
      self.transforms = transforms
      self.lengths = lengths ?? transforms.map { _ in 1 }
      self.dim = dim
      super.init(cacheSize: cacheSize)
      if self.lengths.count != transforms.count {
        let (given, needed) = (self.lengths.count, transforms.count)
        ErrorScope.report(TorchError(.value, "lengths (\(given)) must match transforms (\(needed))"))
      }
    }

    /// How many of the last dimensions make one event.
    public var eventDim: Int { transforms.map(\.eventDims).max() ?? 0 }
    public override var domain: Constraint { .cat(transforms.map(\.domain), dim: dim, lengths: lengths) }
    public override var codomain: Constraint { .cat(transforms.map(\.codomain), dim: dim, lengths: lengths) }
    public override var isBijective: Bool { transforms.allSatisfy(\.isBijective) }

    public override func forward(_ x: Tensor) -> Tensor {
      joined(x, "tensor") { pieces in zip(transforms, pieces).map { $0($1) } }
    }
    public override func inverse(_ y: Tensor) -> Tensor {
      joined(y, "tensor") { pieces in zip(transforms, pieces).map { $0.inverted($1) } }
    }

    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor {
      Tensor.made(false) {
        let pieces = zip(try slices(x, "x"), try slices(y, "y"))
        let terms = zip(transforms, pieces).map { transform, piece in
          sumRightmost(transform.logAbsDetJacobian(piece.0, piece.1), eventDim - transform.eventDims)
        }
        // Pieces along a dimension of the event add up, others stay side by side.
        let from = (dim >= 0 ? dim - x.ndim : dim) + eventDim
        return from < 0 ? torch.cat(terms, dim: from) : terms.dropFirst().reduce(terms[0], +)
      }
    }

    private func joined(_ x: Tensor, _ name: String, _ body: ([Tensor]) -> [Tensor]) -> Tensor {
      Tensor.made(false) { torch.cat(body(try slices(x, name)), dim: dim) }
    }

    private func slices(_ x: Tensor, _ name: String) throws -> [Tensor] {
      try x.checkValid()
      try checkDim(dim, x, name)
      let total = lengths.reduce(0, +)
      guard x.size(dim) == total else {
        throw TorchError(.shape, "x.size(\(dim)) = \(x.size(dim)) must equal length \(total)")
      }
      var start = 0
      return lengths.map { length in
        defer { start += length }
        return x.narrow(dim, start, length)
      }
    }
  }

  /// A transform for each slice along `dim`, as `torch.stack` puts them together.
  public final class StackTransform: Transform {
    public let transforms: [Transform]
    public let dim: Int

    public init(_ transforms: [Transform], dim: Int = 0, cacheSize: Int = 0) {
      (self.transforms, self.dim) = (transforms, dim)
      super.init(cacheSize: cacheSize)
    }

    public override var domain: Constraint { .stack(transforms.map(\.domain), dim: dim) }
    public override var codomain: Constraint { .stack(transforms.map(\.codomain), dim: dim) }
    public override var isBijective: Bool { transforms.allSatisfy(\.isBijective) }

    public override func forward(_ x: Tensor) -> Tensor {
      Tensor.made(false) { torch.stack(zip(transforms, try slices(x, "tensor")).map { $0($1) }, dim: dim) }
    }
    public override func inverse(_ y: Tensor) -> Tensor {
      Tensor.made(false) { torch.stack(zip(transforms, try slices(y, "tensor")).map { $0.inverted($1) }, dim: dim) }
    }
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor {
      Tensor.made(false) {
        let pieces = zip(try slices(x, "x"), try slices(y, "y"))
        return torch.stack(zip(transforms, pieces).map { $0.logAbsDetJacobian($1.0, $1.1) }, dim: dim)
      }
    }

    private func slices(_ x: Tensor, _ name: String) throws -> [Tensor] {
      try x.checkValid()
      try checkDim(dim, x, name)
      guard x.size(dim) == transforms.count else {
        throw TorchError(
          .shape, "x.size(\(dim)) = \(x.size(dim)) must equal len(transforms) \(transforms.count)")
      }
      return (0..<transforms.count).map { x.select(dim, $0) }
    }
  }

  private static func checkDim(_ dim: Int, _ x: Tensor, _ name: String) throws {
    guard (-x.ndim..<x.ndim).contains(dim) else {
      throw TorchError(.index, "dim \(dim) out of range for \(name) with \(x.ndim) dimensions")
    }
  }
}
