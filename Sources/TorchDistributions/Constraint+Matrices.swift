// Regions of matrices, and regions made of others.
// Reference: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.constraints

extension distributions.Constraint {
  // MARK: Matrices

  public static var lowerTriangular: Constraint {
    Constraint("LowerTriangular()", eventDim: 2) { x in (x.tril() .== x).all(dim: -1).all(dim: -1) }
  }
  public static var lowerCholesky: Constraint {
    Constraint("LowerCholesky()", eventDim: 2) { x in
      lowerTriangular.check(x) .& (x.diagonal(dim1: -2, dim2: -1) > 0).all(dim: -1)
    }
  }
  /// Lower triangular matrices with a positive diagonal and rows of length 1.
  public static var corrCholesky: Constraint {
    Constraint("CorrCholesky()", eventDim: 2) { x in
      let tolerance = torch.finfo(x.dtype).eps * Double(x.shape[x.ndim - 1]) * 10
      let off: Tensor = (x.square().sum(dim: -1).sqrt() - 1).abs()
      return lowerCholesky.check(x) .& (off <= Scalar(tolerance)).all(dim: -1)
    }
  }
  public static var square: Constraint {
    Constraint("Square()", eventDim: 2) { x in
      let isSquare = x.shape[x.ndim - 2] == x.shape[x.ndim - 1]
      return Tensor.full(Shape(Array(x.shape.dropLast(2))), .bool(isSquare), dtype: .bool)
    }
  }
  public static var symmetric: Constraint {
    Constraint("Symmetric()", eventDim: 2) { x in
      guard x.shape[x.ndim - 2] == x.shape[x.ndim - 1] else { return square.check(x) }
      return torch.isclose(x, x.mT, atol: 1e-6).all(dim: -1).all(dim: -1)
    }
  }
  public static var positiveSemidefinite: Constraint {
    Constraint("PositiveSemidefinite()", eventDim: 2) { x in
      let shape = symmetric.check(x)
      guard symmetric.holds(x) else { return shape }
      return (torch.linalg.eigvalsh(x) >= 0).all(dim: -1)
    }
  }
  public static var positiveDefinite: Constraint {
    Constraint("PositiveDefinite()", eventDim: 2) { x in
      let shape = symmetric.check(x)
      guard symmetric.holds(x) else { return shape }
      return torch.linalg.choleskyEx(x).info .== 0
    }
  }

  // MARK: Regions made of others

  /// `base` of the last `count` dimensions together.
  public static func independent(_ base: Constraint, _ count: Int) -> Constraint {
    Constraint(
      "IndependentConstraint(\(base), \(count))", base.isDiscrete, base.eventDim + count, parts: [base],
      layout: .independent(count)
    ) { x in
      let result = base.check(x)
      if result.ndim < count {
        return .invalid(TorchError(.value, "Expected value.dim() >= \(base.eventDim + count) but got \(x.ndim)"))
      }
      return allOver(result, result.ndim - count)
    }
  }

  /// What the components of a mixture allow: of all of them at once, because any may have drawn a value.
  public static func mixtureSameFamily(_ base: Constraint) -> Constraint {
    Constraint("MixtureSameFamilyConstraint(\(base))", isDiscrete: base.isDiscrete, eventDim: base.eventDim) { x in
      if x.ndim < base.eventDim {
        return .invalid(TorchError(.value, "Expected value.dim() >= \(base.eventDim) but got \(x.ndim)"))
      }
      return allOver(base.check(x.unsqueeze(-1 - base.eventDim)), x.ndim - base.eventDim)
    }
  }

  /// Constraints one after the other along `dim`, each of `lengths` values (1 where not given).
  ///
  /// ```swift
  /// let c = distributions.Constraint.cat([.positive, .unitInterval], lengths: [2, 1])
  /// print(c.check(Tensor([3.0, 4.0, 5.0])))   // tensor([ True,  True, False])
  /// ```
  public static func cat(_ parts: [Constraint], dim: Int = 0, lengths: [Int]? = nil) -> Constraint {
    let lengths = lengths ?? parts.map { _ in 1 }
    if lengths.count != parts.count {
      ErrorScope.report(TorchError(.value, "lengths (\(lengths.count)) must match cseq (\(parts.count))"))
    }
    return Constraint(
      "Cat()", parts.contains(where: \.isDiscrete), parts.map(\.eventDim).max() ?? 0, parts: parts,
      layout: .cat(dim: dim, lengths: lengths)
    ) { x in
      guard (-x.ndim..<x.ndim).contains(dim) else { return outOfRange(dim, x) }
      var start = 0
      var checks: [Tensor] = []
      for (part, length) in zip(parts, lengths) {
        checks.append(part.check(x.narrow(dim, start, length)))
        start += length
      }
      return torch.cat(checks, dim: dim)
    }
  }

  /// One constraint for each slice along `dim`.
  public static func stack(_ parts: [Constraint], dim: Int = 0) -> Constraint {
    let deepest = parts.map(\.eventDim).max() ?? 0
    return Constraint(
      "Stack()", parts.contains(where: \.isDiscrete), dim + deepest < 0 ? deepest + 1 : deepest, parts: parts,
      layout: .stack(dim: dim)
    ) { x in
      guard (-x.ndim..<x.ndim).contains(dim) else { return outOfRange(dim, x) }
      let slices = (0..<Swift.min(parts.count, x.size(dim))).map { x.select(dim, $0) }
      return torch.stack(zip(parts, slices).map { $0.check($1) }, dim: dim)
    }
  }

  /// A region that depends on other values, so that nothing can be said about one value alone.
  public static func dependent(isDiscrete: Bool = false, eventDim: Int = 0) -> Constraint {
    Constraint("Dependent()", isDiscrete: isDiscrete, eventDim: eventDim) { _ in
      .invalid(TorchError(.value, "Cannot determine validity of dependent constraint"))
    }
  }
  public var isDependent: Bool { name == "Dependent" }

  /// Whether everything is true from dimension `start` on.
  private static func allOver(_ x: Tensor, _ start: Int) -> Tensor {
    start == x.ndim ? x : x.flatten(start).all(dim: -1)
  }

  private static func outOfRange(_ dim: Int, _ x: Tensor) -> Tensor {
    .invalid(TorchError(.index, "dim \(dim) out of range for value with \(x.ndim) dimensions"))
  }
}
