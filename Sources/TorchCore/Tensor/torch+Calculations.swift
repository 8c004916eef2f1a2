// Reductions, searches, products and factories that stand in no other file, under PyTorch's names.
// Reference: https://pytorch.org/docs/stable/torch.html

/// The operators that have no other Swift name.
private enum Named {
  static let dist: Operator<Tensor, Tensor, Scalar, Tensor> = OperatorRegistry.handle("dist")
  static let vecdot: Operator<Tensor, Tensor, Int, Tensor> = OperatorRegistry.handle("linalg_vecdot")
  static let nanMedian: UnaryOperator = OperatorRegistry.handle("nanmedian")
  static let nanMedianDim: Operator<Tensor, Int, Bool, [Tensor]> = OperatorRegistry.handle("nanmedian.dim")
  static let varMean: Operator<Tensor, [Int]?, Scalar?, Bool, [Tensor]> = OperatorRegistry.handle("var_mean.correction")
  static let stdMean: Operator<Tensor, [Int]?, Scalar?, Bool, [Tensor]> = OperatorRegistry.handle("std_mean.correction")
  static let trapezoid: Operator<Tensor, Scalar, Int, Tensor> = OperatorRegistry.handle("trapezoid.dx")
  static let trapezoidAt: Operator<Tensor, Tensor, Int, Tensor> = OperatorRegistry.handle("trapezoid.x")
  static let cumulative: Operator<Tensor, Scalar, Int, Tensor> = OperatorRegistry.handle("cumulative_trapezoid.dx")
  static let cumulativeAt: Operator<Tensor, Tensor, Int, Tensor> = OperatorRegistry.handle("cumulative_trapezoid.x")
}

extension Tensor {
  // MARK: Reductions and searches

  /// The `p`-norm of the difference of two tensors.
  public func dist(_ other: Tensor, p: Scalar = 2) -> Tensor { Named.dist(self, other, p) }
  /// Slices along `dim` whose `p`-norm is above `maxnorm`, scaled down to it.
  public func renorm(p: Scalar, dim: Int, maxnorm: Scalar) -> Tensor { MoreReductions.renorm(self, p, dim, maxnorm) }
  /// The median of the elements that are not NaN.
  public func nanmedian() -> Tensor { Named.nanMedian(self) }
  public func nanmedian(dim: Int, keepdim: Bool = false) -> (values: Tensor, indices: Tensor) {
    let both = Named.nanMedianDim(self, dim, keepdim)
    return (both[0], both[1])
  }
  /// The distinct elements, ascending; where each element went, and how many there were of each.
  ///
  /// ```swift
  /// let (values, inverse, counts) = Tensor([3, 1, 3]).uniqueWithCounts()
  /// print(values, inverse, counts)   // tensor([1, 3]) tensor([1, 0, 1]) tensor([1, 2])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.unique.html
  public func uniqueWithCounts(dim: Int? = nil) -> (values: Tensor, inverse: Tensor, counts: Tensor) {
    let all = dim.map { Searching.uniqueDim(self, $0, true, true, true) } ?? Searching.unique2(self, true, true, true)
    return (all[0], all[1], all[2])
  }
  /// The distinct slices along `dim`, in order.
  public func unique(dim: Int) -> Tensor { Searching.uniqueDim(self, dim, true, false, false)[0] }
  /// The first of each run of equal elements (or slices along `dim`), where each went, and the runs' lengths.
  public func uniqueConsecutive(dim: Int? = nil) -> (values: Tensor, inverse: Tensor, counts: Tensor) {
    let all = Searching.uniqueConsecutive(self, true, true, dim)
    return (all[0], all[1], all[2])
  }
  /// The places of elements that are not zero, a tensor for each dimension.
  public func nonzeroNumpy() -> [Tensor] { Indexing.nonzeroColumns(self) }

  // MARK: Indexing

  /// A copy with `source` written to the flat places `index`.
  public func put(_ index: Tensor, _ source: Tensor, accumulate: Bool = false) -> Tensor {
    Indexing.put(self, index, source, accumulate)
  }
  /// A copy whose slices `index` along `dim` are combined with those of `source`: "prod", "mean", "amax" or "amin".
  public func indexReduce(_ dim: Int, _ index: Tensor, _ source: Tensor, reduce: String, includeSelf: Bool = true) -> Tensor {
    GatherScatter.indexReduce(self, dim, index, source, reduce, includeSelf)
  }
  @discardableResult
  public func indexReduce_(_ dim: Int, _ index: Tensor, _ source: Tensor, reduce: String, includeSelf: Bool = true) -> Tensor {
    GatherScatter.indexReduce.inPlace(self, dim, index, source, reduce, includeSelf)
  }
  @discardableResult
  public func scatterReduce_(_ dim: Int, _ index: Tensor, _ source: Tensor, reduce: String, includeSelf: Bool = true) -> Tensor {
    GatherScatter.scatterReduce.inPlace(self, dim, index, source, reduce, includeSelf)
  }

  // MARK: Products

  /// `beta · self + alpha · mat × vec`
  public func addmv(_ mat: Tensor, _ vec: Tensor, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor {
    Products.addmv(self, mat, vec, beta, alpha)
  }
  /// `beta · self + alpha · vec1 ⊗ vec2`
  public func addr(_ vec1: Tensor, _ vec2: Tensor, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor {
    Products.addr(self, vec1, vec2, beta, alpha)
  }
  /// `beta · self + alpha · batch1 × batch2`, (b, n, k) × (b, k, m)
  public func baddbmm(_ batch1: Tensor, _ batch2: Tensor, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor {
    Products.baddbmm(self, batch1, batch2, beta, alpha)
  }
  /// The same with the products of the batch summed.
  public func addbmm(_ batch1: Tensor, _ batch2: Tensor, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor {
    Products.addbmm(self, batch1, batch2, beta, alpha)
  }
  public func ger(_ other: Tensor) -> Tensor { outer(other) }
  /// The product of the conjugate of this vector with another one.
  public func vdot(_ other: Tensor) -> Tensor { Products.vdot(self, other) }

  // MARK: Factories like this tensor

  /// New tensors of this one's dtype, unless another is given.
  public func newZeros(_ shape: Shape, dtype: DType? = nil) -> Tensor { Tensor.zeros(shape, dtype: dtype ?? self.dtype) }
  public func newOnes(_ shape: Shape, dtype: DType? = nil) -> Tensor { Tensor.ones(shape, dtype: dtype ?? self.dtype) }
  public func newEmpty(_ shape: Shape, dtype: DType? = nil) -> Tensor { Tensor.empty(shape, dtype: dtype ?? self.dtype) }
  public func newFull(_ shape: Shape, _ value: Scalar, dtype: DType? = nil) -> Tensor {
    Tensor.full(shape, value, dtype: dtype ?? self.dtype)
  }
}

extension torch {
  /// The variance and the mean along `dim` (all dimensions if left out).
  public static func varMean(
    _ x: Tensor, dim: [Int]? = nil, correction: Int = 1, keepdim: Bool = false
  ) -> (variance: Tensor, mean: Tensor) {
    let both = Named.varMean(x, dim, .int(correction), keepdim)
    return (both[0], both[1])
  }
  /// The standard deviation and the mean along `dim`.
  public static func stdMean(
    _ x: Tensor, dim: [Int]? = nil, correction: Int = 1, keepdim: Bool = false
  ) -> (deviation: Tensor, mean: Tensor) {
    let both = Named.stdMean(x, dim, .int(correction), keepdim)
    return (both[0], both[1])
  }

  /// The integral of samples along `dim` by the trapezoidal rule: `dx` apart, or at the places `x`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.trapezoid.html
  public static func trapezoid(_ y: Tensor, dx: Scalar = 1, dim: Int = -1) -> Tensor { Named.trapezoid(y, dx, dim) }
  public static func trapezoid(_ y: Tensor, x: Tensor, dim: Int = -1) -> Tensor { Named.trapezoidAt(y, x, dim) }
  public static func trapz(_ y: Tensor, dx: Scalar = 1, dim: Int = -1) -> Tensor { trapezoid(y, dx: dx, dim: dim) }
  public static func trapz(_ y: Tensor, x: Tensor, dim: Int = -1) -> Tensor { trapezoid(y, x: x, dim: dim) }
  /// The integrals up to each sample.
  public static func cumulativeTrapezoid(_ y: Tensor, dx: Scalar = 1, dim: Int = -1) -> Tensor { Named.cumulative(y, dx, dim) }
  public static func cumulativeTrapezoid(_ y: Tensor, x: Tensor, dim: Int = -1) -> Tensor { Named.cumulativeAt(y, x, dim) }

  /// Whether each element is among those of `testElements`.
  ///
  /// ```swift
  /// print(torch.isin(Tensor([1, 2, 3]), Tensor([2, 3])))   // tensor([False,  True,  True])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.isin.html
  public static func isin(
    _ elements: Tensor, _ testElements: Tensor, assumeUnique: Bool = false, invert: Bool = false
  ) -> Tensor { Searching.isin(elements, testElements, assumeUnique, invert) }

  /// `x1 A x2 + b` for each output: x1 (…, m), x2 (…, n), weight (k, m, n), bias (k) give (…, k).
  public static func bilinear(_ x1: Tensor, _ x2: Tensor, _ weight: Tensor, bias: Tensor? = nil) -> Tensor {
    Products.bilinear(x1, x2, weight, bias)
  }

  /// `steps` numbers from base^start to base^end, evenly spaced on a logarithmic scale.
  public static func logspace(_ start: Scalar, _ end: Scalar, steps: Int, base: Double = 10, dtype: DType? = nil) -> Tensor {
    one("logspace", [.scalar(start), .scalar(end), .int(steps), .double(base), dtype.map { .dtype($0) } ?? .none, .none, .none, .none])
  }
  /// The places (2, n) of the elements of a triangle of a matrix.
  public static func trilIndices(_ rows: Int, _ columns: Int, offset: Int = 0) -> Tensor {
    one("tril_indices", [.int(rows), .int(columns), .int(offset), .dtype(.int64), .none, .none, .none])
  }
  public static func triuIndices(_ rows: Int, _ columns: Int, offset: Int = 0) -> Tensor {
    one("triu_indices", [.int(rows), .int(columns), .int(offset), .dtype(.int64), .none, .none, .none])
  }
  public static func emptyStrided(_ size: [Int], _ stride: [Int], dtype: DType? = nil) -> Tensor {
    one("empty_strided", [.ints(size), .ints(stride), dtype.map { .dtype($0) } ?? .none, .none, .none, .none])
  }
  public static func scalarTensor(_ value: Scalar, dtype: DType? = nil) -> Tensor {
    Tensor.full([], value, dtype: dtype ?? .default)
  }
  /// The one result of a boxed call; an error makes an invalid tensor, as in the typed calls.
  private static func one(_ name: String, _ arguments: [Value]) -> Tensor {
    do { return try OperatorRegistry.call("aten::" + name, arguments)[0].tensor! } catch {
      return .invalid(error as? TorchError ?? TorchError(.state, "\(error)"))
    }
  }
}

extension torch.linalg {
  /// `Σ conj(x) · y` along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linalg.vecdot.html
  public static func vecdot(_ x: Tensor, _ y: Tensor, dim: Int = -1) -> Tensor { Named.vecdot(x, y, dim) }

  /// The LDL factors, without an error: `info` is zero where the factorisation went well.
  public static func ldlFactorEx(
    _ a: Tensor, hermitian: Bool = false, checkErrors: Bool = false
  ) -> (ld: Tensor, pivots: Tensor, info: Tensor) {
    let all = LDL.ldlFactorEx(a, hermitian, checkErrors)
    return (all[0], all[1], all[2])
  }
}
