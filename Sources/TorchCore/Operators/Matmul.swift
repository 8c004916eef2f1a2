// Matrix products.
// Reference: https://pytorch.org/docs/stable/generated/torch.matmul.html

enum Matmul {
  /// (n, k) × (k, m) -> (n, m)
  static let mm = Operator(
    "mm(Tensor self, Tensor mat2) -> Tensor",
    kernel: { (a: Tensor, b: Tensor) in
      guard a.ndim == 2 else { throw TorchError(.shape, "mm: self must be a matrix, got \(a.ndim)-D tensor") }
      guard b.ndim == 2 else { throw TorchError(.shape, "mm: mat2 must be a matrix, got \(b.ndim)-D tensor") }
      guard a.shape[1] == b.shape[0] else { throw mismatch(a, b, "mm") }
      try sameType(a, b)
      let out = try Tensor.uninitialized([a.shape[0], b.shape[1]], a.dtype)
      try a.backend.matmul(a, b, into: out, accumulate: false)
      return out
    },
    derivative: { record, _, a, b in
      let (sa, sb) = (record.needs(1) ? record.save(a) : nil, record.needs(0) ? record.save(b) : nil)
      let (leftIsTransposed, rightIsTransposed) = (a.isTransposedMatrix, b.isTransposedMatrix)
      return { g in
        [try sb.map { byLeft(g[0], try $0.value, leftIsTransposed) }, try sa.map { byRight(g[0], try $0.value, rightIsTransposed) }]
      }
    })

  /// The gradient of the left operand, `g` times the right one transposed; and of the right operand. Either is laid
  /// out as its operand is, so that a transposed weight's gradient needs no copy to become the weight's.
  private static func byLeft(_ g: Tensor, _ right: Tensor, _ transposed: Bool) -> Tensor {
    transposed ? right.conj().mm(g.t()).t() : g.mm(right.t().conj())
  }
  private static func byRight(_ g: Tensor, _ left: Tensor, _ transposed: Bool) -> Tensor {
    transposed ? g.t().mm(left.conj()).t() : left.t().conj().mm(g)
  }

  /// (b, n, k) × (b, k, m) -> (b, n, m)
  static let bmm = Operator(
    "bmm(Tensor self, Tensor mat2) -> Tensor",
    kernel: { (a: Tensor, b: Tensor) in
      guard a.ndim == 3 else { throw TorchError(.shape, "batch1 must be a 3D tensor") }
      guard b.ndim == 3 else { throw TorchError(.shape, "batch2 must be a 3D tensor") }
      guard a.shape[0] == b.shape[0], a.shape[2] == b.shape[1] else {
        throw TorchError(
          .shape,
          "Expected size for first two dimensions of batch2 tensor to be: [\(a.shape[0]), \(a.shape[2])] but got: [\(b.shape[0]), \(b.shape[1])].")
      }
      try sameType(a, b)
      let out = try Tensor.uninitialized([a.shape[0], a.shape[1], b.shape[2]], a.dtype)
      try a.backend.matmul(a, b, into: out, accumulate: false)
      return out
    },
    derivative: { record, _, a, b in
      let (sa, sb) = (record.needs(1) ? record.save(a) : nil, record.needs(0) ? record.save(b) : nil)
      return { g in
        [try sb.map { g[0].bmm(try $0.value.mT.conj()) }, try sa.map { try $0.value.mT.conj().bmm(g[0]) }]
      }
    })

  /// `beta * self + alpha * (mat1 × mat2)`
  static let addmm = Operator(
    "addmm(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor", twins: .both,
    kernel: { (c: Tensor, a: Tensor, b: Tensor, beta: Scalar, alpha: Scalar) in
      guard a.ndim == 2, b.ndim == 2 else {
        throw TorchError(.shape, "mat1 and mat2 must be matrices, got \(a.ndim)-D and \(b.ndim)-D")
      }
      guard a.shape[1] == b.shape[0] else { throw mismatch(a, b, "addmm") }
      try sameType(a, b)
      try sameType(c, a)
      let shape: Shape = [a.shape[0], b.shape[1]]
      guard c.shape.canExpand(to: shape) else {
        throw TorchError(
          .shape,
          "The expanded size of the tensor (\(shape[1])) must match the existing size (\(c.shape.last ?? 1)) at non-singleton dimension 1.  Target sizes: \(shape.listDescription).  Tensor sizes: \(c.shape.listDescription)")
      }
      return try sum(c, a, b, beta, alpha, shape)
    },
    derivative: { record, _, _, a, b, beta, alpha in
      let (sa, sb) = (record.needs(2) ? record.save(a) : nil, record.needs(1) ? record.save(b) : nil)
      let (leftIsTransposed, rightIsTransposed) = (a.isTransposedMatrix, b.isTransposedMatrix)
      func scaled(_ g: Tensor, _ factor: Scalar) -> Tensor { factor == .int(1) ? g : g * factor.conjugate }
      return { g in
        [
          g.needs(0) ? scaled(g[0], beta) : nil,
          try sb.map { scaled(byLeft(g[0], try $0.value, leftIsTransposed), alpha) },
          try sa.map { scaled(byRight(g[0], try $0.value, rightIsTransposed), alpha) },
        ]
      }
    })

  private static func sum(
    _ c: Tensor, _ a: Tensor, _ b: Tensor, _ beta: Scalar, _ alpha: Scalar, _ shape: Shape
  ) throws -> Tensor {
    let isPlain = beta == .int(1) && alpha == .int(1)
    if !isPlain, a.dtype == .bfloat16 || a.dtype == .float16 {
      // Rounded once, at the end.
      return try sum(c.to(.float32), a.to(.float32), b.to(.float32), beta, alpha, shape).to(a.dtype)
    }
    let out = try Tensor.uninitialized(shape, a.dtype)
    if isPlain && a.dtype.isFloatingPoint {
      if shape.count == 2, try a.backend.matmul(a, b, plusRow: c, into: out) { return out }
      try a.backend.copy(c, into: out)
      try a.backend.matmul(a, b, into: out, accumulate: true)
      return out
    }
    try a.backend.matmul(a, b, into: out, accumulate: false)
    let product = alpha == .int(1) ? out : out * alpha
    // beta = 0 ignores self, NaN and infinity included.
    return beta.doubleValue == 0 && !c.dtype.isComplex ? product : product + (beta == .int(1) ? c : c * beta)
  }

  /// The product by the operands' ranks: dot, matrix-vector, matrix, or broadcast batches of matrices.
  static let matmul = Operator(composite: "matmul(Tensor self, Tensor other) -> Tensor", twins: .out) {
    (a: Tensor, b: Tensor) in
    guard a.ndim > 0, b.ndim > 0 else {
      throw TorchError(
        .shape,
        "both arguments to matmul need to be at least 1D, but they are \(a.ndim)D and \(b.ndim)D")
    }
    switch (a.ndim, b.ndim) {
    case (1, 1):
      guard a.shape == b.shape else {
        throw TorchError(
          .shape,
          "inconsistent tensor size, expected tensor \(a.shape.listDescription) and src \(b.shape.listDescription) to have the same number of elements, but got \(a.numel) and \(b.numel) elements respectively")
      }
      return mm(a.unsqueeze(0), b.unsqueeze(1)).reshape([])
    case (2, 2): return mm(a, b)
    case (1, 2): return mm(a.unsqueeze(0), b).squeeze(0)
    case (2, 1):
      guard a.shape[1] == b.shape[0] else {
        throw TorchError(
          .shape, "size mismatch, got input (\(a.shape[0])), mat (\(a.shape[0])x\(a.shape[1])), vec (\(b.shape[0]))")
      }
      return mm(a, b.unsqueeze(1)).squeeze(1)
    default: return try batched(a, b)
    }
  }

  private static func batched(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let left = a.ndim == 1 ? a.unsqueeze(0) : a
    let right = b.ndim == 1 ? b.unsqueeze(1) : b
    guard left.shape[-1] == right.shape[-2] else {
      func folded(_ x: Tensor) -> Tensor { x.ndim == 2 ? x : x.flatten(0, -2) }
      throw mismatch(folded(left), folded(right), "mm")
    }
    var sizes: [Int]
    let product: Tensor
    if right.ndim == 2 {
      // One matrix on the right: fold the batch into the rows.
      sizes = Array(left.shape.dropLast()) + [right.shape[1]]
      product = mm(left.reshape([-1, left.shape[-1]].replacingUnknown(left)), right).reshape(sizes)
    } else {
      let batch = try Shape.broadcast(Shape(left.shape.dropLast(2)), Shape(right.shape.dropLast(2)))
      func folded(_ x: Tensor) -> Tensor {
        x.expand(Array(batch) + [x.shape[-2], x.shape[-1]]).reshape([batch.numel, x.shape[-2], x.shape[-1]])
      }
      sizes = Array(batch) + [left.shape[-2], right.shape[-1]]
      product = bmm(folded(left), folded(right)).reshape(sizes)
    }
    if a.ndim == 1 { return product.squeeze(-2) }
    return b.ndim == 1 ? product.squeeze(-1) : product
  }

  private static func mismatch(_ a: Tensor, _ b: Tensor, _ name: String) -> TorchError {
    TorchError(
      .shape,
      "\(name): mat1 and mat2 shapes cannot be multiplied (\(a.shape[0])x\(a.shape[1]) and \(b.shape[0])x\(b.shape[1]))")
  }

  private static func sameType(_ a: Tensor, _ b: Tensor) throws {
    guard a.dtype == b.dtype else {
      throw TorchError(
        .dtype,
        "expected m1 and m2 to have the same dtype, but got: \(a.dtype.cName) != \(b.dtype.cName)")
    }
  }

  static let operators: [AnyOperator] = [mm, bmm, addmm, matmul]
}

extension Tensor {
  /// Whether the elements of this matrix lie column by column.
  fileprivate var isTransposedMatrix: Bool { strides[0] == 1 && strides[1] >= shape[0] && shape[1] > 1 }
}

extension [Int] {
  /// `[-1, k]` for the rows of `x`, with the -1 worked out, since it cannot be inferred of an empty tensor.
  fileprivate func replacingUnknown(_ x: Tensor) -> [Int] {
    [x.shape.dropLast().reduce(1, *), self[1]]
  }
}

extension DType {
  /// The C++ name that PyTorch's messages about products use.
  var cName: String {
    switch self {
    case .float32: "float"
    case .float64: "double"
    case .int64: "long int"
    case .int32: "int"
    case .int16: "short"
    case .int8: "signed char"
    case .uint8: "unsigned char"
    case .float16: "c10::Half"
    case .bfloat16: "c10::BFloat16"
    case .bool: "bool"
    case .complex64: "c10::complex<float>"
    case .complex128: "c10::complex<double>"
    }
  }
}

extension Tensor {
  /// The matrix product of two tensors, by their ranks; batches broadcast.
  ///
  /// (…, n, k) × (…, k, m) gives (…, n, m).
  /// Source: https://pytorch.org/docs/stable/generated/torch.matmul.html
  public func matmul(_ other: Tensor) -> Tensor { Matmul.matmul(self, other) }
  /// The product of two matrices.
  public func mm(_ other: Tensor) -> Tensor { Matmul.mm(self, other) }
  /// The products of two batches of matrices.
  public func bmm(_ other: Tensor) -> Tensor { Matmul.bmm(self, other) }
  /// `beta * self + alpha * (mat1 × mat2)`
  public func addmm(_ mat1: Tensor, _ mat2: Tensor, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor {
    Matmul.addmm(self, mat1, mat2, beta, alpha)
  }
}
