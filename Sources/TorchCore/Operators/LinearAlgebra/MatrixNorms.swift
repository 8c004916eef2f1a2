// Norms of matrices, and condition numbers.
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html

enum MatrixNorms {
  // MARK: Matrices

  /// The two dimensions of the matrices, checked.
  private static func checked(_ x: Tensor, _ dims: [Int], _ dtype: DType?) throws -> [Int] {
    let name = "linalg.matrix_norm"
    try MatrixChecks.matrix(x, name)
    guard dims.count == 2 else {
      throw TorchError(.value, "\(name): dim must be a 2-tuple. Got \(dims.map(String.init).joined(separator: " "))")
    }
    let found = try dims.map { try x.shape.normalized(dim: $0) }
    guard found[0] != found[1] else {
      throw TorchError(.value, "\(name): dims must be different. Got (\(dims[0]), \(dims[1]))")
    }
    try MatrixChecks.floating(x, name)
    if let dtype {
      guard dtype.isDifferentiable else {
        throw TorchError(
          .dtype, "\(name): dtype should be floating point or complex, but got \(dtype.scalarTypeName)")
      }
      guard !x.dtype.isComplex || dtype.isComplex else {
        throw TorchError(.dtype, "\(name): dtype should be complex for complex inputs, but got \(dtype.scalarTypeName)")
      }
      guard DType.promote(x.dtype, dtype) == dtype else {
        throw TorchError(
          .dtype,
          "\(name): the dtype of the input (\(x.dtype.scalarTypeName)) should be convertible without narrowing to the specified dtype (\(dtype.scalarTypeName))")
      }
    }
    return found
  }

  private static func singularValues(_ x: Tensor, _ dims: [Int], _ dtype: DType?) throws -> Tensor {
    let typed = dtype.map { x.to($0) } ?? x
    return try SingularValues.svdvals.call(typed.movedim(dims, [-2, -1]), nil)
  }

  /// The greatest along `dim`, which is zero of none; or the least.
  private static func extreme(_ x: Tensor, _ dim: Int, _ keepdim: Bool, greatest: Bool) -> Tensor {
    guard greatest else { return x.amin(dim: [dim], keepdim: keepdim) }
    return x.shape[dim] == 0 ? x.sum(dim: [dim], keepdim: keepdim) : x.amax(dim: [dim], keepdim: keepdim)
  }

  /// `y` with the two dimensions of the matrices put back, of size one.
  private static func kept(_ y: Tensor, _ dims: [Int], _ keepdim: Bool) -> Tensor {
    keepdim ? y.unsqueeze(dims.min()!).unsqueeze(dims.max()!) : y
  }

  static let matrixNorm = Operator(
    composite:
      "linalg_matrix_norm(Tensor self, Scalar ord, int[] dim=[-2, -1], bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    twins: .out
  ) { (x: Tensor, ord: Scalar, dim: [Int], keepdim: Bool, dtype: DType?) in
    let dims = try checked(x, dim, dtype)
    let p = ord.doubleValue
    switch Swift.abs(p) {
    case 2: return kept(extreme(try singularValues(x, dims, dtype), -1, false, greatest: p > 0), dims, keepdim)
    case 1, .infinity:
      // Sums over one dimension, and the greatest along the other.
      let (summed, along) = p.isInfinite ? (dims[1], dims[0]) : (dims[0], dims[1])
      let sums = MoreReductions.vectorNorm(x, 1, [summed], true, dtype)
      let y = extreme(sums, along, true, greatest: p > 0)
      return keepdim ? y : y.squeeze(dims)
    default: throw TorchError(.value, "linalg.matrix_norm: Order \(ord) not supported.")
    }
  }

  static let matrixNormNamed = Operator(
    composite:
      "linalg_matrix_norm.str_ord(Tensor self, str ord=\"fro\", int[] dim=[-2, -1], bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    twins: .out("str_ord_out")
  ) { (x: Tensor, ord: String, dim: [Int], keepdim: Bool, dtype: DType?) in
    let dims = try checked(x, dim, dtype)
    switch ord {
    case "fro": return MoreReductions.vectorNorm(x, 2, dims, keepdim, dtype)
    case "nuc": return kept(try singularValues(x, dims, dtype).sum(dim: [-1]), dims, keepdim)
    default: throw TorchError(.value, "linalg.matrix_norm: Order \(ord) not supported.")
    }
  }

  // MARK: Vectors or matrices

  static let norm = Operator(
    composite:
      "linalg_norm(Tensor self, Scalar? ord=None, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    twins: .out
  ) { (x: Tensor, ord: Scalar?, dim: [Int]?, keepdim: Bool, dtype: DType?) in
    if let dim, !(1...2).contains(dim.count) {
      throw TorchError(
        .value,
        "linalg.norm: If dim is specified, it must be of length 1 or 2. Got [\(dim.map(String.init).joined(separator: ", "))]")
    }
    if dim == nil, ord != nil, !(1...2).contains(x.ndim) {
      throw TorchError(
        .shape, "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got \(x.ndim)D.")
    }
    if let ord, dim?.count == 2 || (dim == nil && x.ndim == 2) {
      return try matrixNorm.call(x, ord, dim ?? [0, 1], keepdim, dtype)
    }
    return try MoreReductions.vectorNorm.call(x, ord ?? 2, dim, keepdim, dtype)
  }

  static let normNamed = Operator(
    composite:
      "linalg_norm.ord_str(Tensor self, str ord, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor",
    twins: .out("ord_str_out")
  ) { (x: Tensor, ord: String, dim: [Int]?, keepdim: Bool, dtype: DType?) in
    if let dim, !(1...2).contains(dim.count) {
      throw TorchError(
        .value,
        "linalg.norm: If dim is specified, it must be of length 1 or 2. Got [\(dim.map(String.init).joined(separator: ", "))]")
    }
    return try matrixNormNamed.call(x, ord, dim ?? [0, 1], keepdim, dtype)
  }

  private static let older: [AnyOperator] = [
    Operator(composite: "nuclear_norm(Tensor self, bool keepdim=False) -> Tensor", twins: .out) {
      (x: Tensor, keepdim: Bool) in try matrixNormNamed.call(x, "nuc", [-2, -1], keepdim, nil)
    },
    Operator(
      composite: "nuclear_norm.dim(Tensor self, int[2] dim, bool keepdim=False) -> Tensor", twins: .out("dim_out")
    ) { (x: Tensor, dim: [Int], keepdim: Bool) in try matrixNormNamed.call(x, "nuc", dim, keepdim, nil) },
    Operator(composite: "frobenius_norm.dim(Tensor self, int[1] dim, bool keepdim=False) -> Tensor", twins: .out) {
      (x: Tensor, dim: [Int], keepdim: Bool) in
      guard dim.count <= 2 else {
        throw TorchError(.value, "Expected at most 2 dimensions, but got \(dim.count) dimensions instead.")
      }
      return try MoreReductions.vectorNorm.call(x, 2, dim, keepdim, nil)
    },
  ]

  // MARK: Condition numbers

  /// The norms of A and of its inverse multiplied; infinite where there is none.
  private static func condition(_ x: Tensor, _ ord: String, _ norm: (Tensor) throws -> Tensor) throws -> Tensor {
    try MatrixChecks.square(x, "linalg.cond(ord=\(ord))")
    try MatrixChecks.floating(x, "linalg.cond(ord=\(ord))")
    if x.numel == 0 { return Tensor.zeros(x.batchShape, dtype: x.dtype.realType) }
    let found = try LinearSystems.invEx.call(x, false)
    let singular = (found[1] > 0).unsqueeze(-1).unsqueeze(-1)
    let inverse = found[0].maskedFill(singular, .double(.infinity))
    // Zero times infinity is infinity here, as it is for NumPy.
    let product = try norm(x) * norm(inverse)
    return product.maskedFill(product.isnan(), .double(.infinity))
  }

  private static func check(_ x: Tensor) throws {
    guard x.ndim >= 2 else {
      throw TorchError(.shape, "linalg.cond: The input tensor must have at least 2 dimensions.")
    }
  }

  static let cond = Operator(composite: "linalg_cond(Tensor self, Scalar? p=None) -> Tensor", twins: .out) {
    (x: Tensor, p: Scalar?) in
    try check(x)
    let order = p?.doubleValue ?? 2
    switch Swift.abs(order) {
    case 2:
      let values = try SingularValues.svdvals.call(x, nil)
      let k = values.shape[-1]
      if k == 0 { return Tensor.zeros(x.batchShape, dtype: values.dtype) }
      let (greatest, least) = (values.select(-1, 0), values.select(-1, k - 1))
      return order < 0 ? least / greatest : greatest / least
    case 1, .infinity: return try condition(x, "\(p!)") { try matrixNorm.call($0, p!, [-2, -1], false, nil) }
    default: throw TorchError(.value, "linalg.cond got an invalid norm type: \(p!)")
    }
  }

  static let condNamed = Operator(
    composite: "linalg_cond.p_str(Tensor self, str p) -> Tensor", twins: .out("p_str_out")
  ) { (x: Tensor, p: String) in
    try check(x)
    switch p {
    case "fro": return try condition(x, p) { try matrixNormNamed.call($0, p, [-2, -1], false, nil) }
    case "nuc":
      try MatrixChecks.square(x, "linalg.cond(ord=nuc)")
      let values = try SingularValues.svdvals.call(x, nil)
      return values.sum(dim: [-1]) * values.reciprocal().sum(dim: [-1])
    default: throw TorchError(.value, "linalg.cond got an invalid norm type: \(p)")
    }
  }

  static let operators: [AnyOperator] = [matrixNorm, matrixNormNamed, norm, normNamed, cond, condNamed] + older
}
