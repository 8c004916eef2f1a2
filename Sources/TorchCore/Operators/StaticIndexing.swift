// Indexing of results whose size is known beforehand, as compilers and sharded training want it: nonzero_static,
// masked indexing without checks, chunks laid side by side.

enum StaticIndexing {
  static let nonzeroStatic = Operator(
    "nonzero_static(Tensor self, *, SymInt size, int fill_value=-1) -> Tensor",
    kernel: { (x: Tensor, size: Int, fill: Int) in
      guard size >= 0 else {
        throw TorchError(.value, "nonzero_static: 'size' must be an non-negative integer")
      }
      let found = try x.backend.nonzero(x)
      let out = Tensor.full([size, x.ndim], .int(fill), dtype: .int64)
      let count = Swift.min(size, found.shape[0])
      try x.backend.copy(found.narrow(0, 0, count), into: out.narrow(0, 0, count))
      return out
    })

  /// Indices brought into bounds, so that where the mask is false they may be anything.
  private static func clamped(_ indices: [Tensor?], _ x: Tensor) -> [Tensor?] {
    indices.enumerated().map { dim, index in
      index.map { $0.clamp(min: .int(-x.shape[dim]), max: .int(x.shape[dim] - 1)) }
    }
  }

  static let maskedIndex = Operator(
    composite: "_unsafe_masked_index(Tensor self, Tensor mask, Tensor?[] indices, Scalar fill) -> Tensor"
  ) { (x: Tensor, mask: Tensor, indices: [Tensor?], fill: Scalar) in
    if x.numel == 0 {
      let shape = try indices.compactMap { $0 }.reduce(mask.shape) { try Shape.broadcast($0, $1.shape) }
      return Tensor.full(shape, fill, dtype: x.dtype)
    }
    return Indexing.index(x, clamped(indices, x)).maskedFill(mask.logicalNot(), fill)
  }

  static let maskedIndexPutAccumulate = Operator(
    composite:
      "_unsafe_masked_index_put_accumulate(Tensor self, Tensor mask, Tensor?[] indices, Tensor values) -> Tensor"
  ) { (x: Tensor, mask: Tensor, indices: [Tensor?], values: Tensor) in
    if x.numel == 0 { return x.clone() }
    let kept = values.maskedFill(mask.logicalNot(), 0)
    return Indexing.indexPut(x, clamped(indices, x), kept, true)
  }

  static let chunkCat = Operator(
    composite: "_chunk_cat(Tensor[] tensors, int dim, int num_chunks) -> Tensor", twins: .out
  ) { (tensors: [Tensor], dim: Int, chunks: Int) in
    guard chunks >= 1 else { throw TorchError(.value, "_chunk_cat expects positive num_chunks") }
    guard let first = tensors.first else {
      throw TorchError(.value, "_chunk_cat expects a non-empty input tensor list")
    }
    let dim = try first.shape.normalized(dim: dim)
    for x in tensors {
      guard x.numel > 0 else { throw TorchError(.shape, "_chunk_cat expects non-empty tensor") }
      guard x.dtype == first.dtype else {
        throw TorchError(.dtype, "_chunk_cat expects all input tensors with the same dtype")
      }
      guard dim < x.ndim, Array(x.shape.prefix(dim)) == Array(first.shape.prefix(dim)) else {
        throw TorchError(.shape, "_chunk_cat expects same sizes of 0,...,dim-1 dimensions for all tensors")
      }
    }
    let rows = tensors.map { x -> Tensor in
      let missing = (chunks - x.shape[dim] % chunks) % chunks
      let pad = [Int](repeating: 0, count: 2 * (x.ndim - dim - 1)) + [0, missing]
      let whole = missing > 0 ? x.constantPadND(pad) : x
      return whole.reshape(Array(x.shape.prefix(dim)) + [chunks, -1])
    }
    return torch.cat(rows, dim: dim + 1)
  }

  static let operators: [AnyOperator] = [nonzeroStatic, maskedIndex, maskedIndexPutAccumulate, chunkCat]
}

extension Tensor {
  /// The coordinates of the first `size` elements that are not zero, padded with rows of `fillValue`: (size, rank).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nonzero_static.html
  public func nonzeroStatic(size: Int, fillValue: Int = -1) -> Tensor {
    StaticIndexing.nonzeroStatic(self, size, fillValue)
  }
}
