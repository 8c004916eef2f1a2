// Diagonals written and read, views as copies, and writing into a view's place (`*_scatter`).
// Reference: https://pytorch.org/docs/stable/generated/torch.diag_embed.html

enum Diagonals {
  static let diagEmbed = Operator(
    composite: "diag_embed(Tensor self, int offset=0, int dim1=-2, int dim2=-1) -> Tensor", twins: .out
  ) { (x: Tensor, offset: Int, dim1: Int, dim2: Int) in
    guard x.ndim > 0 else { throw TorchError(.index, "diag_embed: expected a tensor with at least one dimension") }
    let rank = x.ndim + 1
    let (a, b) = (try Shape.normalized(dim: dim1, rank: rank), try Shape.normalized(dim: dim2, rank: rank))
    guard a != b else {
      throw TorchError(.value, "diagonal dimensions cannot be identical \(dim1), \(dim2)")
    }
    let size = x.shape[-1] + abs(offset)
    var sizes = Array(x.shape.dropLast())
    for dim in [a, b].sorted() { sizes.insert(size, at: dim) }
    return Views.diagonalBackward(x, sizes, offset, a, b)
  }

  static let diag = Operator(composite: "diag(Tensor self, int diagonal=0) -> Tensor", twins: .out) {
    (x: Tensor, offset: Int) in
    switch x.ndim {
    case 1: return diagEmbed(x, offset, -2, -1)
    case 2: return x.diagonal(offset: offset).clone()
    default: throw TorchError(.shape, "diag(): Supports 1D or 2D tensors. Got \(x.ndim)D")
    }
  }

  static let diagflat = Operator(composite: "diagflat(Tensor self, int offset=0) -> Tensor") { (x: Tensor, offset: Int) in
    diagEmbed(x.contiguous().reshape([-1]), offset, -2, -1)
  }

  static let linalgDiagonal = Operator(
    composite: "linalg_diagonal(Tensor(a) A, *, int offset=0, int dim1=-2, int dim2=-1) -> Tensor(a)"
  ) { (x: Tensor, offset: Int, dim1: Int, dim2: Int) in x.diagonal(offset: offset, dim1: dim1, dim2: dim2) }

  // MARK: Views as copies

  private static let copies: [AnyOperator] = [
    Operator(composite: "alias_copy(Tensor self) -> Tensor", twins: .out) { (x: Tensor) in x.clone() },
    Operator(composite: "t_copy(Tensor self) -> Tensor", twins: .out) { (x: Tensor) in x.t().clone() },
    Operator(composite: "view_copy(Tensor self, SymInt[] size) -> Tensor", twins: .out) { (x: Tensor, size: [Int]) in
      x.reshape(size).clone()
    },
    Operator(composite: "expand_copy(Tensor self, SymInt[] size, *, bool implicit=False) -> Tensor", twins: .out) {
      (x: Tensor, size: [Int], _: Bool) in Conversion.clone(x.expand(size), .contiguous)
    },
    Operator(composite: "permute_copy(Tensor self, int[] dims) -> Tensor", twins: .out) { (x: Tensor, dims: [Int]) in
      x.permute(dims).clone()
    },
    Operator(composite: "transpose_copy.int(Tensor self, int dim0, int dim1) -> Tensor", twins: .out("int_out")) {
      (x: Tensor, a: Int, b: Int) in x.transpose(a, b).clone()
    },
    Operator(composite: "unsqueeze_copy(Tensor self, int dim) -> Tensor", twins: .out) { (x: Tensor, dim: Int) in
      x.unsqueeze(dim).clone()
    },
    Operator(composite: "squeeze_copy(Tensor self) -> Tensor", twins: .out) { (x: Tensor) in x.squeeze().clone() },
    Operator(composite: "squeeze_copy.dim(Tensor self, int dim) -> Tensor", twins: .out("dim_out")) {
      (x: Tensor, dim: Int) in x.squeeze(dim).clone()
    },
    Operator(composite: "squeeze_copy.dims(Tensor self, int[] dim) -> Tensor", twins: .out("dims_out")) {
      (x: Tensor, dims: [Int]) in x.squeeze(dims).clone()
    },
    Operator(composite: "unfold_copy(Tensor self, int dimension, int size, int step) -> Tensor", twins: .out) {
      (x: Tensor, dim: Int, size: Int, step: Int) in x.unfold(dim, size: size, step: step).clone()
    },
    Operator(composite: "narrow_copy(Tensor self, int dim, SymInt start, SymInt length) -> Tensor", twins: .out) {
      (x: Tensor, dim: Int, start: Int, length: Int) in x.narrow(dim, start, length).clone()
    },
    Operator(
      composite: "diagonal_copy(Tensor self, int offset=0, int dim1=0, int dim2=1) -> Tensor", twins: .out
    ) { (x: Tensor, offset: Int, a: Int, b: Int) in x.diagonal(offset: offset, dim1: a, dim2: b).clone() },
    Operator(
      composite: "as_strided_copy(Tensor self, SymInt[] size, SymInt[] stride, SymInt? storage_offset=None) -> Tensor",
      twins: .out
    ) { (x: Tensor, size: [Int], stride: [Int], offset: Int?) in
      x.asStrided(size, stride, storageOffset: offset).clone()
    },
  ]

  // MARK: Writing into a view's place

  /// `result`, a copy, with `source` in the place that `view` shows.
  private static func scattered(_ result: Tensor, _ source: Tensor, _ view: (Tensor) -> Tensor) throws -> Tensor {
    let place = view(result)
    guard place.shape == source.shape else {
      throw TorchError(
        .shape,
        "expected src to have a size equal to the slice of self. src size = \(source.shape.listDescription), slice size = \(place.shape.listDescription)")
    }
    place.copy_(source)
    return result
  }

  private static let scatters: [AnyOperator] = [
    Operator(
      composite: "diagonal_scatter(Tensor self, Tensor src, int offset=0, int dim1=0, int dim2=1) -> Tensor", twins: .out
    ) { (x: Tensor, source: Tensor, offset: Int, a: Int, b: Int) in
      try scattered(x.clone(), source) { $0.diagonal(offset: offset, dim1: a, dim2: b) }
    },
    Operator(composite: "select_scatter(Tensor self, Tensor src, int dim, SymInt index) -> Tensor", twins: .out) {
      (x: Tensor, source: Tensor, dim: Int, index: Int) in try scattered(x.clone(), source) { $0.select(dim, index) }
    },
    Operator(
      composite:
        "slice_scatter(Tensor self, Tensor src, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> Tensor",
      twins: .out
    ) { (x: Tensor, source: Tensor, dim: Int, start: Int?, end: Int?, step: Int) in
      try scattered(x.clone(), source) { $0.slice(dim: dim, start: start, end: end, step: step) }
    },
    Operator(
      "as_strided_scatter(Tensor self, Tensor src, SymInt[] size, SymInt[] stride, SymInt? storage_offset=None) -> Tensor",
      kernel: { (x: Tensor, source: Tensor, size: [Int], stride: [Int], offset: Int?) in
        // Offsets count from the start of the memory, so that all of it is copied: the place may lie outside of `x`.
        let overlaps = zip(x.shape, x.strides).contains { $0 > 1 && $1 == 0 }
        guard x.numel > 0, x.storageOffset > 0 || !x.isContiguous, !overlaps else {
          return try scattered(x.clone(), source) { $0.asStrided(size, stride, storageOffset: offset) }
        }
        let memory = x.asStrided([x.storage.byteCount / x.dtype.itemSize], [1], storageOffset: 0).clone()
        let copy = memory.asStrided(Array(x.shape), Array(x.strides), storageOffset: x.storageOffset)
        return try scattered(copy, source) { $0.asStrided(size, stride, storageOffset: offset) }
      },
      derivative: { _, _, x, _, size, stride, offset in
        let shape = x.shape
        return { g in
          let part = g[0].contiguous().asStrided(size, stride, storageOffset: offset)
          // PyTorch gives self the gradient of the part that was overwritten, and so do we.
          guard g.needs(0) else { return [nil, part] }
          let whole = Tensor.zeros(shape, dtype: g[0].dtype)
          whole.asStrided(size, stride, storageOffset: offset).copy_(part)
          return [whole, part]
        }
      }),
  ]

  static let operators: [AnyOperator] = [diagEmbed, diag, diagflat, linalgDiagonal] + copies + scatters
}

extension Tensor {
  /// This tensor's last dimension as diagonals of matrices of zeros.
  public func diagEmbed(offset: Int = 0, dim1: Int = -2, dim2: Int = -1) -> Tensor {
    Diagonals.diagEmbed(self, offset, dim1, dim2)
  }
  /// The diagonal of a matrix, or the matrix with this diagonal.
  public func diag(_ diagonal: Int = 0) -> Tensor { Diagonals.diag(self, diagonal) }
}
