// Products of vectors, matrices and batches made of the primitive ones of Matmul.swift, and layers that are products.
// Reference: https://pytorch.org/docs/stable/torch.html#blas-and-lapack-operations

enum Products {
  static let linear = Operator(
    composite: "linear(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor", twins: .out
  ) { (x: Tensor, weight: Tensor, bias: Tensor?) in
    guard weight.ndim <= 2 else { throw TorchError(.shape, "linear: weight must be a vector or a matrix, got \(weight.ndim) dimensions") }
    // One rounding for product and sum.
    if let bias, x.ndim == 2, weight.ndim == 2 { return bias.addmm(x, weight.t()) }
    if let bias, x.ndim > 2, weight.ndim == 2, bias.ndim == 1, x.isContiguous {
      return bias.addmm(x.flatten(0, -2), weight.t()).view(x.shape.dropLast() + [weight.shape[0]])
    }
    let y = Matmul.matmul(x, weight.ndim == 2 ? weight.t() : weight)
    return bias.map { y + $0 } ?? y
  }

  static let bilinear = Operator(
    composite: "bilinear(Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None) -> Tensor"
  ) { (a: Tensor, b: Tensor, weight: Tensor, bias: Tensor?) in
    guard a.ndim == b.ndim, a.shape.dropLast().elementsEqual(b.shape.dropLast()) else {
      throw TorchError(.shape, "bilinear(): input batch dimensions do not match: got \(a.shape.listDescription) and \(b.shape.listDescription)")
    }
    guard weight.ndim == 3, a.shape[-1] == weight.shape[1], b.shape[-1] == weight.shape[2] else {
      throw TorchError(
        .shape, "bilinear(): input sizes do not match weight size: got \(a.shape.listDescription), \(b.shape.listDescription) and \(weight.shape.listDescription)")
    }
    let lead = Array(a.shape.dropLast())
    // (batch, 1, n) · (out, n, m) · (batch, m, 1)
    let left = a.reshape([-1, 1, 1, a.shape[-1]]).matmul(weight.unsqueeze(0)).squeeze(2)  // batch, out, m
    let products = left * b.reshape([-1, 1, b.shape[-1]])
    let y = products.sum(dim: -1, dtype: products.dtype).reshape(lead + [weight.shape[0]])
    return bias.map { y + $0 } ?? y
  }

  /// Products of groups: of the matrices of two batches, or with `offs`, where each group ends in the dimension that one
  /// of the operands does not have as a batch: its rows (2-D · 3-D), the columns (3-D · 2-D), what is summed over (both
  /// 2-D). Rows and columns behind the last group are zeros.
  static let grouped = Operator(
    composite:
      "_grouped_mm(Tensor self, Tensor mat2, Tensor? offs=None, Tensor? bias=None, ScalarType? out_dtype=None) -> Tensor"
  ) { (a: Tensor, b: Tensor, offsets: Tensor?, bias: Tensor?, dtype: DType?) in
    for (x, name) in [(a, "mat_a"), (b, "mat_b")] {
      guard [.float32, .bfloat16, .float16].contains(x.dtype) else {
        throw TorchError(
          .dtype, "Expected \(name) to be Float32, BFloat16 or Float16 matrix, got \(x.dtype.scalarTypeName)")
      }
      guard x.ndim == 2 || x.ndim == 3 else { throw TorchError(.shape, "\(name) has to be 2 or 3d") }
    }
    guard a.shape[-1] == b.shape[-2] else {
      throw TorchError(.shape, "contraction dimension of mat_a and mat_b must match")
    }
    guard bias == nil else { throw TorchError(.notImplemented, "Bias not supported yet") }
    guard dtype == nil || dtype == a.dtype else {
      throw TorchError(.dtype, "Grouped gemm output dtype must match `mat_a` dtype")
    }
    guard (offsets == nil) == (a.ndim == 3 && b.ndim == 3) else {
      throw TorchError(
        .value, "Have to provide offsets if there is a 2d matrix, or no offset if both matrices are 3d")
    }
    guard let offsets else {
      guard a.shape[0] == b.shape[0] else { throw TorchError(.shape, "batched dimension has to match") }
      return a.bmm(b)
    }
    guard offsets.dtype == .int32 else { throw TorchError(.dtype, "Offsets have to be int32") }
    guard offsets.ndim == 1 else { throw TorchError(.shape, "offs has to be 1D") }
    let size = a.ndim == 3 ? b.shape[1] : b.ndim == 3 ? a.shape[0] : a.shape[1]
    let ends = try offsets.toArray(Int.self)
    guard [a, b].allSatisfy({ $0.ndim == 2 || $0.shape[0] == ends.count }) else {
      throw TorchError(.shape, "matrix batch sizes have to match")
    }
    let starts = [0] + ends.dropLast()
    guard zip(starts, ends).allSatisfy({ $0 <= $1 }), ends.last ?? 0 <= size else {
      throw TorchError(.value, "offs must not fall, and end at \(size) at most, but got \(ends)")
    }
    let parts = zip(starts, ends).enumerated().map { group, range in
      let (start, count) = (range.0, range.1 - range.0)
      if a.ndim == 3 { return a.select(0, group).mm(b.narrow(1, start, count)) }
      if b.ndim == 3 { return a.narrow(0, start, count).mm(b.select(0, group)) }
      return a.narrow(1, start, count).mm(b.narrow(0, start, count))
    }
    if a.ndim == 2, b.ndim == 2 { return torch.stack(parts) }
    let (dim, rest) = (a.ndim == 3 ? 1 : 0, size - (ends.last ?? 0))
    let shape: Shape = dim == 0 ? [rest, b.shape[2]] : [a.shape[1], rest]
    return torch.cat(parts + (rest > 0 ? [Tensor.zeros(shape, dtype: a.dtype)] : []), dim: dim)
  }

  // MARK: Vectors

  private static func checkVectors(_ name: String, _ a: Tensor, _ b: Tensor) throws {
    guard a.ndim == 1, b.ndim == 1 else {
      throw TorchError(
        .shape, "1D tensors expected, but got \(a.ndim)D and \(b.ndim)D tensors")
    }
    guard a.dtype == b.dtype else {
      throw TorchError(
        .dtype,
        "\(name) : expected both vectors to have same dtype, but found \(a.dtype.scalarTypeName) and \(b.dtype.scalarTypeName)")
    }
    guard a.numel == b.numel else {
      throw TorchError(
        .shape,
        "inconsistent tensor size, expected tensor \(a.shape.listDescription) and src \(b.shape.listDescription) to have the same number of elements, but got \(a.numel) and \(b.numel) elements respectively")
    }
  }

  static let dot = Operator(composite: "dot(Tensor self, Tensor tensor) -> Tensor", twins: .out) { (a: Tensor, b: Tensor) in
    try checkVectors("dot", a, b)
    return Matmul.matmul(a, b)
  }
  static let vdot = Operator(composite: "vdot(Tensor self, Tensor other) -> Tensor", twins: .out) { (a: Tensor, b: Tensor) in
    try checkVectors("vdot", a, b)
    return Matmul.matmul(a.conj(), b)
  }
  static let mv = Operator(composite: "mv(Tensor self, Tensor vec) -> Tensor", twins: .out) { (m: Tensor, v: Tensor) in
    guard m.ndim == 2, v.ndim == 1 else {
      throw TorchError(.shape, "vector + matrix @ vector expected, got 1, \(m.ndim), \(v.ndim)")
    }
    return Matmul.matmul(m, v)
  }
  private static func outerProduct(_ name: String) -> BinaryOperator {
    Operator(composite: "\(name)(Tensor self, Tensor vec2) -> Tensor", twins: .out) { (a: Tensor, b: Tensor) in
      guard a.ndim == 1, b.ndim == 1 else {
        throw TorchError(
          .shape,
          "outer: Expected 1-D argument \(a.ndim != 1 ? "self" : "vec2"), but got \(a.ndim != 1 ? a.ndim : b.ndim)-D")
      }
      return a.unsqueeze(1) * b
    }
  }
  static let outer = outerProduct("outer"), ger = outerProduct("ger")

  static let inner = Operator(composite: "inner(Tensor self, Tensor other) -> Tensor", twins: .out) { (a: Tensor, b: Tensor) in
    if a.ndim == 0 || b.ndim == 0 { return a * b }
    guard a.shape[-1] == b.shape[-1] else {
      throw TorchError(
        .shape,
        "inner() the last dimension must match on both input tensors but got shapes \(a.shape.listDescription) and \(b.shape.listDescription)")
    }
    return contracted(a, b, [a.ndim - 1], [b.ndim - 1])
  }

  static let cross = Operator(
    composite: "linalg_cross(Tensor self, Tensor other, *, int dim=-1) -> Tensor", twins: .out
  ) { (a: Tensor, b: Tensor, dim: Int) in
    guard a.ndim == b.ndim else {
      throw TorchError(.shape, "linalg.cross: inputs must have the same number of dimensions.")
    }
    let dim = try a.shape.normalized(dim: dim)
    guard a.ndim > 0, a.shape[dim] == 3, b.shape[dim] == 3 else {
      throw TorchError(
        .shape,
        "linalg.cross: inputs dimension \(dim) must have length 3. Got \(a.ndim > 0 ? a.shape[dim] : 1) and \(b.ndim > 0 ? b.shape[dim] : 1)")
    }
    func turned(_ x: Tensor, _ by: Int) -> Tensor { x.roll([-by], [dim]) }
    return turned(a, 1) * turned(b, 2) - turned(a, 2) * turned(b, 1)
  }
  private static let linalgMatmul = Operator(
    composite: "linalg_matmul(Tensor self, Tensor other) -> Tensor", twins: .out
  ) { (a: Tensor, b: Tensor) in try Matmul.matmul.call(a, b) }

  private static let crossOfFirst = Operator(
    composite: "cross(Tensor self, Tensor other, int? dim=None) -> Tensor", twins: .out
  ) { (a: Tensor, b: Tensor, dim: Int?) in
    guard let dim = dim ?? a.shape.firstIndex(of: 3) else {
      throw TorchError(.shape, "no dimension of size 3 in input")
    }
    return cross(a, b, dim)
  }

  // MARK: Sums of products

  /// `beta · x + alpha · product`; with `beta` of zero nothing of `x` is read.
  private static func plus(_ x: Tensor, _ product: Tensor, _ beta: Scalar, _ alpha: Scalar) throws -> Tensor {
    if product.dtype == .bool, x.dtype == .bool {
      let term = alpha.boolValue ? product : Tensor.zeros(like: product)
      return beta.boolValue ? x.logicalOr(term) : term
    }
    // For integers the factors lose their fractions.
    let isInteger = product.dtype.category <= .integer
    let (beta, alpha) = isInteger ? (.int(beta.intValue), .int(alpha.intValue)) : (beta, alpha)
    _ = try Views.expandedShape(x, Array(product.shape))
    let scaled = alpha == .int(1) ? product : product * alpha
    if beta == .int(0) || beta == .double(0) { return scaled }
    return (beta == .int(1) ? x : x * beta) + scaled
  }

  private static func batched(
    _ name: String, sums: Bool, twins: Twins
  ) -> Operator<Tensor, Tensor, Tensor, Scalar, Scalar, Tensor> {
    Operator(
      composite: "\(name)(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", twins: twins
    ) { (x: Tensor, a: Tensor, b: Tensor, beta: Scalar, alpha: Scalar) in
      guard a.ndim == 3 else { throw TorchError(.shape, "batch1 must be a 3D tensor") }
      guard b.ndim == 3 else { throw TorchError(.shape, "batch2 must be a 3D tensor") }
      // The sum of 16-bit numbers is rounded once.
      if a.dtype == .bfloat16 || a.dtype == .float16, x.dtype == a.dtype, b.dtype == a.dtype {
        let product = Matmul.bmm(a.to(.float32), b.to(.float32))
        return try plus(x.to(.float32), sums ? product.sum(dim: 0) : product, beta, alpha).to(a.dtype)
      }
      let product = Matmul.bmm(a, b)
      return try plus(x, sums ? product.sum(dim: 0, dtype: product.dtype) : product, beta, alpha)
    }
  }

  static let addbmm = batched("addbmm", sums: true, twins: .out)

  /// Unlike other in-place operators this one resizes a smaller `self`, as PyTorch's does.
  static let addbmmInPlace = Operator(
    composite:
      "addbmm_(Tensor(a!) self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) -> Tensor(a!)"
  ) { (x: Tensor, a: Tensor, b: Tensor, beta: Scalar, alpha: Scalar) in
    if a.ndim == 3, b.ndim == 3, x.shape != [a.shape[1], b.shape[2]] {
      try x.become(try addbmm.call(x, a, b, beta, alpha), of: "addbmm_")
      return x
    }
    return addbmm.inPlace(x, a, b, beta, alpha)
  }

  static let baddbmm = batched("baddbmm", sums: false, twins: .both)

  static let addmv = Operator(
      composite: "addmv(Tensor self, Tensor mat, Tensor vec, *, Scalar beta=1, Scalar alpha=1) -> Tensor", twins: .both
    ) { (x: Tensor, m: Tensor, v: Tensor, beta: Scalar, alpha: Scalar) in
      guard m.ndim == 2, v.ndim == 1 else {
        throw TorchError(.shape, "vector + matrix @ vector expected, got \(x.ndim), \(m.ndim), \(v.ndim)")
      }
      return try plus(x, mv(m, v), beta, alpha)
    }

  static let addr = Operator(
      composite: "addr(Tensor self, Tensor vec1, Tensor vec2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", twins: .both
    ) { (x: Tensor, a: Tensor, b: Tensor, beta: Scalar, alpha: Scalar) in
      guard a.ndim == 1, b.ndim == 1 else {
        throw TorchError(.shape, "addr: Expected 1-D argument \(a.ndim != 1 ? "vec1" : "vec2"), but got \(a.ndim != 1 ? a.ndim : b.ndim)-D")
      }
      if [x, a, b].allSatisfy({ $0.dtype == .bool }) {
        // Truth values stay such: sums are disjunctions, products conjunctions.
        let product = outer(a, b).logicalAnd(Tensor.full([], .bool(alpha.boolValue), dtype: .bool))
        return product.logicalOr(x.logicalAnd(Tensor.full([], .bool(beta.boolValue), dtype: .bool)))
      }
      let result = DType.promote(x.dtype, DType.promote(a.dtype, b.dtype))
      for (factor, name) in [(beta, "beta"), (alpha, "alpha")] where result.category <= .integer {
        guard case .double = factor else { continue }
        throw TorchError(
          .value, "For integral input tensors, argument \(name) must not be a floating point number.")
      }
      return try plus(x, outer(a, b), beta, alpha)
    }

  private static let sums: [AnyOperator] = [addbmm, addbmmInPlace, baddbmm, addmv, addr]

  // MARK: Any dimensions

  /// The sum of products over dimensions `da` of `a` and `db` of `b`; what is left of `a` comes first.
  private static func contracted(_ a: Tensor, _ b: Tensor, _ da: [Int], _ db: [Int]) -> Tensor {
    let (ra, rb) = ((0..<a.ndim).filter { !da.contains($0) }, (0..<b.ndim).filter { !db.contains($0) })
    let n = da.reduce(1) { $0 * a.shape[$1] }
    let left = a.permute(ra + da).reshape([ra.reduce(1) { $0 * a.shape[$1] }, n])
    let right = b.permute(db + rb).reshape([n, rb.reduce(1) { $0 * b.shape[$1] }])
    return Matmul.mm(left, right).reshape(ra.map { a.shape[$0] } + rb.map { b.shape[$0] })
  }

  static let tensordot = Operator(
    composite: "tensordot(Tensor self, Tensor other, int[] dims_self, int[] dims_other) -> Tensor", twins: .out
  ) { (a: Tensor, b: Tensor, da: [Int], db: [Int]) in
    guard da.count == db.count else {
      throw TorchError(.shape, "both dimension lists should have same length")
    }
    let (da, db) = (da.isEmpty ? [] : try a.shape.normalized(dims: da), db.isEmpty ? [] : try b.shape.normalized(dims: db))
    var (a, b) = (a, b)
    // A contracted dimension of size one broadcasts: the other tensor is summed over it.
    for (i, j) in zip(da, db) where a.shape[i] != b.shape[j] {
      if a.shape[i] == 1 { b = b.sum(dim: [j], keepdim: true, dtype: b.dtype) }
      if b.shape[j] == 1 { a = a.sum(dim: [i], keepdim: true, dtype: a.dtype) }
    }
    for (i, j) in zip(da, db) where a.shape[i] != b.shape[j] {
      throw TorchError(
        .shape, "contracted dimensions need to match, but first has size \(a.shape[i]) in dim \(i) and second has size \(b.shape[j]) in dim \(j)")
    }
    return contracted(a, b, da, db)
  }

  static let kron = Operator(composite: "kron(Tensor self, Tensor other) -> Tensor", twins: .out) { (a: Tensor, b: Tensor) in
    let rank = Swift.max(a.ndim, b.ndim)
    let (sa, sb) = (
      Array(repeating: 1, count: rank - a.ndim) + Array(a.shape), Array(repeating: 1, count: rank - b.ndim) + Array(b.shape)
    )
    let product = a.reshape(sa.flatMap { [$0, 1] }) * b.reshape(sb.flatMap { [1, $0] })
    return product.reshape(zip(sa, sb).map { $0 * $1 })
  }

  static let operators: [AnyOperator] =
    [linear, bilinear, grouped, dot, vdot, mv, outer, ger, inner, cross, crossOfFirst, linalgMatmul, tensordot, kron] + sums
}

extension Tensor {
  /// The sum of the products of two vectors' elements.
  public func dot(_ other: Tensor) -> Tensor { Products.dot(self, other) }
  public func mv(_ vector: Tensor) -> Tensor { Products.mv(self, vector) }
  public func outer(_ other: Tensor) -> Tensor { Products.outer(self, other) }
  public func inner(_ other: Tensor) -> Tensor { Products.inner(self, other) }
  public func cross(_ other: Tensor, dim: Int = -1) -> Tensor { Products.cross(self, other, dim) }
  public func kron(_ other: Tensor) -> Tensor { Products.kron(self, other) }
}

// What `nn.functional` calls.
extension torch {
  package static func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) -> Tensor { Products.linear(x, weight, bias) }
}
