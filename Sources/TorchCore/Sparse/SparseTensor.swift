// Tensors that store coordinates and values instead of all elements (COO): what the gradient of a large embedding table is.
// Reference: https://pytorch.org/docs/stable/sparse.html#sparse-coo-tensors

/// Note [Sparse tensors]
///
/// A sparse tensor has a shape and a dtype, but no elements of its own: `SparseParts` holds them. For an operator it is a
/// tensor that carries an error instead of elements (`Flags.invalid`), namely that nothing is known of sparse tensors
/// there, so that no kernel has to look for it. The few functions that do know look before they check: those of
/// SparseTensor+Calculations.swift, to which `Operator.call` turns where it would fail, and the engine, which may keep a
/// sparse gradient in a leaf. Sparse tensors are not recorded: they are gradients, not what gradients are taken of.
struct SparseParts {
  /// (sparse dimensions, n), int64.
  let indices: Tensor
  /// (n, dense dimensions…).
  let values: Tensor
  /// Whether the coordinates are sorted and none comes twice.
  let isCoalesced: Bool

  var count: Int { values.shape[0] }
  var sparseDim: Int { indices.shape[0] }

  /// The coordinates as places in the row-major order of the sparse dimensions of a tensor of the shape `shape`.
  func places(in shape: Shape) throws -> Tensor {
    if sparseDim == 1 { return indices.select(0, 0) }
    let strides = Shape(shape.prefix(sparseDim)).contiguousStrides
    let column = try Tensor.from(Array(strides), shape: [sparseDim, 1])
    return (indices * column).sum(dim: [0])
  }

  /// The same coordinates with other values.
  func with(_ values: Tensor) -> SparseParts {
    SparseParts(indices: indices, values: values, isCoalesced: isCoalesced)
  }
}

extension Tensor {
  /// A tensor of the shape `size` that has `parts`.
  convenience init(sparse parts: SparseParts, size: Shape) {
    self.init(storage: Tensor.emptyStorage, shape: size, dtype: parts.values.dtype)
    flags.insert(.invalid)
    let meta = ensureAutograd()
    meta.sparse = parts
    meta.failure = TorchError(.notImplemented, "Could not run this operation with arguments from the 'SparseCPU' backend.")
  }

  var sparseParts: SparseParts? { isValid ? nil : autograd?.sparse }

  /// Whether it holds coordinates and values instead of all elements.
  public var isSparse: Bool { sparseParts != nil }

  private func parts(_ name: String) throws -> SparseParts {
    if let sparseParts { return sparseParts }
    try checkValid()
    throw TorchError(.type, "\(name) expected sparse coordinate tensor layout but got Strided")
  }

  private static func made(_ body: () throws -> Tensor) -> Tensor {
    do { return try torch.noGrad(body) } catch {
      return .invalid(error as? TorchError ?? TorchError(.state, "\(error)"))
    }
  }

  // MARK: Parts

  /// The coordinates (sparse dimensions, n) as they are, unsorted and perhaps repeated.
  public func _indices() -> Tensor { Tensor.made { try parts("_indices").indices } }

  /// The values (n, dense dimensions…) as they are.
  public func _values() -> Tensor { Tensor.made { try parts("_values").values } }

  /// The coordinates (sparse dimensions, n) of a coalesced tensor.
  public func indices() -> Tensor { Tensor.made { try coalesced("indices").indices } }

  /// The values (n, dense dimensions…) of a coalesced tensor.
  public func values() -> Tensor { Tensor.made { try coalesced("values").values } }

  private func coalesced(_ what: String) throws -> SparseParts {
    let parts = try parts(what)
    guard parts.isCoalesced else {
      throw TorchError(.state, "Cannot get \(what) on an uncoalesced tensor, please call .coalesce() first")
    }
    return parts
  }

  /// Whether a sparse tensor's coordinates are sorted and none comes twice.
  public var isCoalesced: Bool { sparseParts?.isCoalesced ?? false }

  /// How many elements, or slices of dense dimensions, a sparse tensor stores (`_nnz`).
  public var nnz: Int { sparseParts?.count ?? 0 }

  /// How many leading dimensions have coordinates.
  public var sparseDim: Int { sparseParts?.sparseDim ?? 0 }

  /// How many dimensions each value has.
  public var denseDim: Int { sparseParts.map { $0.values.ndim - 1 } ?? ndim }

  /// The same coordinates with other values (n, dense dimensions…).
  public func withValues(_ values: Tensor) -> Tensor {
    Tensor.made {
      try values.checkValid()
      let parts = try parts("withValues")
      guard values.shape == parts.values.shape else {
        throw TorchError(
          .shape,
          "withValues: expected values of the shape \(parts.values.shape.listDescription), got \(values.shape.listDescription)")
      }
      return Tensor(sparse: parts.with(values.detach()), size: shape)
    }
  }

  // MARK: Conversions

  /// The same sparse tensor with sorted coordinates, the values of equal ones summed.
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.coalesce.html
  public func coalesce() -> Tensor {
    Tensor.made {
      let parts = try parts("coalesce")
      if parts.isCoalesced { return self }
      let places = try parts.places(in: shape).uniqueWithCounts()
      var sizes = parts.values.shape
      sizes[0] = places.values.numel
      let values = Tensor.zeros(sizes, dtype: dtype).indexAdd(0, places.inverse, parts.values)
      var rest = places.values
      let rows = shape.prefix(parts.sparseDim).reversed().map { size -> Tensor in
        let row = rest % Swift.max(size, 1)
        rest = Division.floorDivide(rest, Tensor(wrapping: .int(Swift.max(size, 1))))
        return row
      }
      return Tensor(
        sparse: SparseParts(indices: torch.stack(rows.reversed()), values: values, isCoalesced: true), size: shape)
    }
  }

  /// All elements: zeros where a sparse tensor stores none. A dense tensor is itself.
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.to_dense.html
  public func toDense() -> Tensor {
    guard let parts = sparseParts else { return self }
    return Tensor.made { try Tensor.zeros(shape, dtype: dtype).adding(parts, 1) }
  }

  /// The elements that are not zero, by the coordinates of the first `sparseDim` dimensions, of all unless given.
  ///
  /// ```swift
  /// print(Tensor([[0.0, 2], [3, 0]]).toSparse())
  /// // tensor(indices=tensor([[0, 1],
  /// //                        [1, 0]]),
  /// //        values=tensor([2., 3.]),
  /// //        size=(2, 2), nnz=2, layout=torch.sparse_coo)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.to_sparse.html
  public func toSparse(_ sparseDim: Int? = nil) -> Tensor {
    if isSparse { return self }
    return Tensor.made {
      try checkValid()
      let count = sparseDim ?? ndim
      guard (ndim == 0 ? 0...0 : 1...ndim).contains(count) else {
        throw TorchError(.value, "sparse_dim \(count) must be in [1, \(ndim)] for a tensor of \(ndim) dimensions")
      }
      let dense = detach()
      let isStored =
        count == ndim ? dense .!= 0 : (dense .!= 0).flatten(count).any(dim: -1)
      let indices = isStored.nonzero().t().contiguous()
      let rows = dense.reshape([-1] + Array(shape.dropFirst(count)))
      let parts = SparseParts(indices: indices, values: rows, isCoalesced: true)
      return Tensor(sparse: parts.with(rows.indexSelect(0, try parts.places(in: shape))), size: shape)
    }
  }

  /// This dense tensor's elements where `mask`, a sparse one, has coordinates.
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.sparse_mask.html
  public func sparseMask(_ mask: Tensor) -> Tensor {
    Tensor.made {
      try checkValid()
      let parts = try mask.parts("sparse_mask")
      guard shape == mask.shape else {
        throw TorchError(
          .shape,
          "sparse_mask(): operands have incompatible sizes; self has size \(shape.listDescription) but mask has size \(mask.shape.listDescription)")
      }
      let rows = reshape([-1] + Array(shape.dropFirst(parts.sparseDim)))
      return Tensor(sparse: parts.with(rows.indexSelect(0, try parts.places(in: shape))), size: shape)
    }
  }

  /// This dense tensor plus `scale` times what `parts` store.
  func adding(_ parts: SparseParts, _ scale: Scalar) throws -> Tensor {
    let rows = reshape([-1] + Array(shape.dropFirst(parts.sparseDim)))
    return rows.indexAdd(0, try parts.places(in: shape), parts.values.to(dtype), alpha: scale).reshape(Array(shape))
  }

  /// As PyTorch prints it: indices and values without what is said after their elements.
  func sparseDescription(_ parts: SparseParts, _ options: PrintOptions) -> String {
    func entry(_ name: String, _ value: Tensor) -> String {
      let prefix = "\(name)=tensor("
      if value.numel == 0 { return prefix + "[], size=\(value.shape.tupleDescription))" }
      var writer = TensorWriter(value, options)
      return prefix + writer.text(dim: 0, indent: "tensor(".utf8.count + prefix.utf8.count) + ")"
    }
    var last = "size=\(shape.tupleDescription), nnz=\(parts.count)"
    if ![DType.default, .int64, .bool].contains(dtype) { last += ", dtype=\(dtype)" }
    return [
      "tensor(" + entry("indices", parts.indices), entry("values", parts.values), last + ", layout=torch.sparse_coo)",
    ].joined(separator: ",\n       ")
  }
}

extension torch {
  /// A sparse tensor of the shape `size` with `values` (n, dense dimensions…) at the coordinates `indices` (sparse
  /// dimensions, n). Values at equal coordinates count together.
  ///
  /// - Throws (as an invalid tensor): where the shapes do not fit or a coordinate lies outside of `size`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.sparse_coo_tensor.html
  public static func sparseCOOTensor(_ indices: Tensor, _ values: Tensor, _ size: Shape) -> Tensor {
    if let failure = indices.failure ?? values.failure { return .invalid(failure) }
    do {
      guard indices.ndim == 2 else {
        throw TorchError(.shape, "indices must be sparse_dim x nnz, but got: \(indices.shape.listDescription)")
      }
      guard values.ndim >= 1, indices.shape[1] == values.shape[0] else {
        throw TorchError(
          .shape,
          "indices and values must have same nnz, but got nnz from indices: \(indices.shape[1]), nnz from values: \(values.ndim == 0 ? 1 : values.shape[0])")
      }
      let sparse = indices.shape[0]
      guard size.count == sparse + values.ndim - 1 else {
        throw TorchError(
          .shape,
          "number of dimensions must be sparse_dim (\(sparse)) + dense_dim (\(values.ndim - 1)), but got \(size.count)")
      }
      guard size.dropFirst(sparse).elementsEqual(values.shape.dropFirst()) else {
        throw TorchError(
          .shape,
          "values has incorrect size, expected \(Shape([values.shape[0]] + size.dropFirst(sparse)).listDescription), got \(values.shape.listDescription)")
      }
      let places = indices.detach().to(.int64)
      for (dim, size) in size.prefix(sparse).enumerated() where places.shape[1] > 0 {
        let row = places.select(0, dim)
        let (low, high) = (try row.min().item(Int.self), try row.max().item(Int.self))
        if low < 0 { throw TorchError(.index, "found negative index \(low) for dim \(dim)") }
        if high >= size {
          throw TorchError(
            .index, "size is inconsistent with indices: for dim \(dim), size is \(size) but found index \(high)")
        }
      }
      let parts = SparseParts(indices: places, values: values.detach(), isCoalesced: false)
      return Tensor(sparse: parts, size: size)
    } catch {
      return .invalid(error as? TorchError ?? TorchError(.state, "\(error)"))
    }
  }
}
