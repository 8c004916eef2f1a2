// Views and rearrangements made of other ones: tensor_split, meshgrid, atleast_nd, unflatten, diagonals, block_diag, copies of views.
// Reference: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

enum ShapeComposites {
  // MARK: Splitting

  private static func pieces(_ x: Tensor, _ sections: Int, _ dim: Int) throws -> [Tensor] {
    guard x.ndim > 0 else {
      throw TorchError(.shape, "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    }
    let dim = try x.shape.normalized(dim: dim)
    guard sections > 0 else { throw TorchError(.value, "number of sections must be larger than 0, got \(sections)") }
    try Storage.checkRoom(for: sections, of: 256)
    let (size, more) = x.shape[dim].quotientAndRemainder(dividingBy: sections)
    return (0..<sections).map { i in x.narrow(dim, i * size + Swift.min(i, more), size + (i < more ? 1 : 0)) }
  }

  private static func pieces(_ x: Tensor, at indices: [Int], _ dim: Int) throws -> [Tensor] {
    guard x.ndim > 0 else {
      throw TorchError(.shape, "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    }
    let dim = try x.shape.normalized(dim: dim)
    let starts = [0] + indices
    return starts.indices.map { i in
      x.slice(dim: dim, start: starts[i], end: i + 1 < starts.count ? starts[i + 1] : nil)
    }
  }

  private static let splits: [AnyOperator] =
    [
      Operator(composite: "tensor_split.sections(Tensor(a -> *) self, SymInt sections, int dim=0) -> Tensor(a)[]") {
        (x: Tensor, sections: Int, dim: Int) -> [Tensor] in try pieces(x, sections, dim)
      },
      Operator(composite: "tensor_split.indices(Tensor(a -> *) self, SymInt[] indices, int dim=0) -> Tensor(a)[]") {
        (x: Tensor, indices: [Int], dim: Int) -> [Tensor] in try pieces(x, at: indices, dim)
      },
      Operator(
        composite:
          "tensor_split.tensor_indices_or_sections(Tensor(a -> *) self, Tensor tensor_indices_or_sections, int dim=0) -> Tensor(a)[]"
      ) { (x: Tensor, indices: Tensor, dim: Int) -> [Tensor] in
        guard indices.dtype == .int64 else {
          throw TorchError(
            .dtype,
            "tensor_split expected tensor_indices_or_sections to have dtype of long, but got \(indices.dtype.scalarTypeName)")
        }
        guard indices.ndim <= 1 else {
          throw TorchError(
            .shape,
            "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, but got a tensor with \(indices.ndim) dims")
        }
        return indices.ndim == 0
          ? try pieces(x, indices.item(Int.self), dim) : try pieces(x, at: indices.toArray(Int.self), dim)
      },
      Operator(composite: "unsafe_chunk(Tensor self, int chunks, int dim=0) -> Tensor[]") {
        (x: Tensor, chunks: Int, dim: Int) -> [Tensor] in Shapes.chunk(x, chunks, dim)
      },
      Operator(composite: "unsafe_split.Tensor(Tensor self, SymInt split_size, int dim=0) -> Tensor[]") {
        (x: Tensor, size: Int, dim: Int) -> [Tensor] in Shapes.split(x, size, dim)
      },
      Operator(composite: "split_with_sizes_copy(Tensor self, SymInt[] split_sizes, int dim=0) -> Tensor[]") {
        (x: Tensor, sizes: [Int], dim: Int) -> [Tensor] in Shapes.splitSizes(x, sizes, dim).map { $0.clone() }
      },
      Operator(composite: "unbind_copy.int(Tensor self, int dim=0) -> Tensor[]") { (x: Tensor, dim: Int) -> [Tensor] in
        x.unbind(dim).map { $0.clone() }
      },
    ]
    + [("hsplit", 1), ("vsplit", 2), ("dsplit", 3)].flatMap { (name: String, rank: Int) -> [AnyOperator] in
      func dim(_ x: Tensor) throws -> Int {
        guard x.ndim >= rank else {
          throw TorchError(
            .shape, "torch.\(name) requires a tensor with at least \(rank) dimension\(rank > 1 ? "s" : ""), but got a tensor with \(x.ndim) dimensions!")
        }
        return name == "hsplit" ? (x.ndim == 1 ? 0 : 1) : rank - 2 + (name == "dsplit" ? 1 : 0)
      }
      return [
        Operator(composite: "\(name).int(Tensor(a -> *) self, int sections) -> Tensor(a)[]") {
          (x: Tensor, sections: Int) -> [Tensor] in
          let dim = try dim(x)
          guard sections != 0, x.shape[dim] % sections == 0 else {
            throw TorchError(
              .value,
              "torch.\(name) attempted to split along dimension \(dim), but the size of the dimension \(x.shape[dim]) is not divisible by the split_size \(sections)!")
          }
          return try pieces(x, sections, dim)
        },
        Operator(composite: "\(name).array(Tensor(a -> *) self, int[] indices) -> Tensor(a)[]") {
          (x: Tensor, indices: [Int]) -> [Tensor] in try pieces(x, at: indices, try dim(x))
        },
      ]
    }

  // MARK: Ranks

  private static func atLeast(_ rank: Int) -> [AnyOperator] {
    func raised(_ x: Tensor) -> Tensor {
      if x.ndim >= rank { return x }
      switch (rank, x.ndim) {
      case (3, 2): return x.unsqueeze(-1)
      case (3, 1): return x.unsqueeze(0).unsqueeze(-1)
      default: return x.reshape(Array(repeating: 1, count: rank - x.ndim) + Array(x.shape))
      }
    }
    return [
      Operator(composite: "atleast_\(rank)d(Tensor self) -> Tensor") { (x: Tensor) in raised(x) },
      Operator(composite: "atleast_\(rank)d.Sequence(Tensor[] tensors) -> Tensor[]") { (tensors: [Tensor]) -> [Tensor] in
        tensors.map(raised)
      },
    ]
  }

  private static func named(_ name: String, _ body: @escaping (Tensor) throws -> Tensor) -> AnyOperator {
    Operator(composite: "\(name)(Tensor(a) self) -> Tensor(a)") { (x: Tensor) in try body(x) }
  }

  private static let reorderings: [AnyOperator] =
    [
      named("mT") { x in
        guard x.ndim >= 2 else {
          throw TorchError(
            .shape, "tensor.mT is only supported on matrices or batches of matrices. Got \(x.ndim)-D tensor.")
        }
        return x.mT
      },
      named("mH") { x in
        guard x.ndim >= 2 else {
          throw TorchError(
            .shape, "tensor.mH is only supported on matrices or batches of matrices. Got \(x.ndim)-D tensor.")
        }
        return x.mT.conj()
      },
      named("matrix_H") { x in
        guard x.ndim == 2 else { throw TorchError(.shape, "tensor.H is only supported on matrices (2-D tensors). Got \(x.ndim)-D tensor.") }
        return x.mT.conj()
      },
      named("adjoint") { $0.mT.conj() }, named("numpy_T") { $0.T }, named("ravel") { $0.contiguous().reshape([-1]) },
      Operator(composite: "movedim.int(Tensor(a) self, int source, int destination) -> Tensor(a)") {
        (x: Tensor, source: Int, destination: Int) in x.movedim(source, destination)
      },
      Operator(composite: "moveaxis.intlist(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)") {
        (x: Tensor, source: [Int], destination: [Int]) in x.movedim(source, destination)
      },
      Operator(composite: "swapaxes(Tensor(a) self, int axis0, int axis1) -> Tensor(a)") {
        (x: Tensor, a: Int, b: Int) in x.transpose(a, b)
      },
      Operator(composite: "swapdims(Tensor(a) self, int dim0, int dim1) -> Tensor(a)") {
        (x: Tensor, a: Int, b: Int) in x.transpose(a, b)
      },
      Operator(composite: "unflatten.int(Tensor(a) self, int dim, SymInt[] sizes) -> Tensor(a)") {
        (x: Tensor, dim: Int, sizes: [Int]) in
        let dim = try x.shape.normalized(dim: dim)
        guard !sizes.isEmpty else { throw TorchError(.value, "unflatten: sizes must be non-empty") }
        guard x.ndim > 0 else { throw TorchError(.shape, "unflatten: expected a tensor with at least one dimension") }
        do {
          let inner = try Shape.inferred(sizes, numel: x.shape[dim])
          return x.view(Array(x.shape[..<dim]) + Array(inner) + Array(x.shape[(dim + 1)...]))
        } catch {
          throw TorchError(
            .shape,
            "unflatten: Provided sizes \(sizes) don't multiply up to the size of dim \(dim) (\(x.shape[dim])) in the input tensor")
        }
      },
      Operator(composite: "sum_to_size(Tensor self, SymInt[] size) -> Tensor") { (x: Tensor, size: [Int]) in
        let target = try Shape(checking: size)
        guard target.canExpand(to: x.shape) else {
          throw TorchError(
            .shape, "size {\(target.listDescription)} is not expandable to size {\(x.shape.listDescription)}.")
        }
        if size.isEmpty { return x.sum() }
        return x.shape == target ? x : x.to(Reductions.accumulated(x, nil).output).sumToSize(target)
      },
      Operator(composite: "reshape_as(Tensor(a) self, Tensor other) -> Tensor(a)") { (x: Tensor, other: Tensor) in
        x.reshape(Array(other.shape))
      },
      Operator(composite: "item(Tensor self) -> Scalar") { (x: Tensor) -> Scalar in try x.item() },
      Operator(composite: "fliplr(Tensor self) -> Tensor") { (x: Tensor) in
        guard x.ndim >= 2 else { throw TorchError(.shape, "Input must be >= 2-d.") }
        return x.flip([1])
      },
      Operator(composite: "flipud(Tensor self) -> Tensor") { (x: Tensor) in
        guard x.ndim >= 1 else { throw TorchError(.shape, "Input must be >= 1-d.") }
        return x.flip([0])
      },
      Operator(composite: "narrow.Tensor(Tensor(a) self, int dim, Tensor start, SymInt length) -> Tensor(a)") {
        (x: Tensor, dim: Int, start: Tensor, length: Int) in
        guard start.ndim == 0, start.dtype.category == .integer else {
          throw TorchError(.value, "start must be an 0-dim integral Tensor.")
        }
        return x.narrow(dim, try start.item(Int.self), length)
      },
    ] + (1...3).flatMap(atLeast)

  // MARK: Several tensors

  private static let joins: [AnyOperator] = [
    Operator(composite: "broadcast_tensors(Tensor[] tensors) -> Tensor[]") { (tensors: [Tensor]) -> [Tensor] in
      let shape = try tensors.reduce(Shape()) { try Shape.broadcast($0, $1.shape) }
      return tensors.map { $0.expand(Array(shape)) }
    },
    Operator(composite: "meshgrid(Tensor[] tensors) -> Tensor[]") { (tensors: [Tensor]) -> [Tensor] in
      try grid(tensors, swapped: false)
    },
    Operator(composite: "meshgrid.indexing(Tensor[] tensors, *, str indexing) -> Tensor[]") {
      (tensors: [Tensor], indexing: String) -> [Tensor] in
      guard indexing == "ij" || indexing == "xy" else {
        throw TorchError(
          .value, "torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: \(indexing)")
      }
      return try grid(tensors, swapped: indexing == "xy" && tensors.count >= 2)
    },
    Operator(composite: "column_stack(Tensor[] tensors) -> Tensor", twins: .out) { (tensors: [Tensor]) in
      Shapes.hstack(tensors.map { $0.ndim <= 1 ? $0.reshape([$0.numel, 1]) : $0 })
    },
    Operator(composite: "row_stack(Tensor[] tensors) -> Tensor", twins: .out) { (tensors: [Tensor]) in Shapes.vstack(tensors) },
    Operator(composite: "concat(Tensor[] tensors, int dim=0) -> Tensor", twins: .out) { (tensors: [Tensor], dim: Int) in
      Shapes.cat(tensors, dim)
    },
    Operator(composite: "concatenate(Tensor[] tensors, int dim=0) -> Tensor", twins: .out) { (tensors: [Tensor], dim: Int) in
      Shapes.cat(tensors, dim)
    },
    Operator(composite: "block_diag(Tensor[] tensors) -> Tensor", twins: .out) { (tensors: [Tensor]) in
      guard tensors.allSatisfy({ $0.ndim <= 2 }) else {
        throw TorchError(
          .shape, "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input \(tensors.firstIndex { $0.ndim > 2 }!) has \(tensors.first { $0.ndim > 2 }!.ndim) dimensions")
      }
      var promotion = TypePromotion()
      for tensor in tensors { promotion.add(tensor) }
      let blocks = tensors.map { ($0.ndim < 2 ? $0.reshape([1, $0.numel]) : $0).to(promotion.result) }
      let width = blocks.reduce(0) { $0 + $1.shape[1] }
      var left = 0
      let rows = blocks.map { block -> Tensor in
        defer { left += block.shape[1] }
        func zeros(_ columns: Int) -> Tensor { Tensor.zeros([block.shape[0], columns], dtype: block.dtype) }
        return torch.cat([zeros(left), block, zeros(width - left - block.shape[1])], dim: 1)
      }
      return torch.cat(rows, dim: 0)
    },
    Operator(composite: "cartesian_prod(Tensor[] tensors) -> Tensor") { (tensors: [Tensor]) in
      guard tensors.allSatisfy({ $0.ndim == 1 }) else { throw TorchError(.shape, "Expect a 1D vector, but got shape \(tensors.first { $0.ndim != 1 }!.shape.listDescription)") }
      if tensors.count == 1 { return tensors[0] }
      return torch.stack(try grid(tensors, swapped: false).map { $0.flatten() }, dim: 1)
    },
    Operator(composite: "combinations(Tensor self, int r=2, bool with_replacement=False) -> Tensor") {
      (x: Tensor, r: Int, again: Bool) in
      guard x.ndim == 1 else { throw TorchError(.shape, "Expect a 1D vector, but got shape \(x.shape.listDescription)") }
      guard r >= 0 else { throw TorchError(.value, "Expect a non-negative number, but got \(r)") }
      if r == 0 { return Tensor.empty([0], dtype: x.dtype) }
      var chosen: [[Int]] = [[]]
      for _ in 0..<r {
        chosen = chosen.flatMap { row in ((row.last.map { again ? $0 : $0 + 1 } ?? 0)..<Swift.max(x.numel, row.last.map { again ? $0 : $0 + 1 } ?? 0)).map { row + [$0] } }
      }
      let places = try Tensor.from(chosen.flatMap { $0 }, shape: [chosen.count * r])
      return GatherScatter.indexSelect(x, 0, places).reshape([chosen.count, r])
    },
  ]

  private static func grid(_ tensors: [Tensor], swapped: Bool) throws -> [Tensor] {
    guard let first = tensors.first else { throw TorchError(.value, "meshgrid expects a non-empty TensorList") }
    for tensor in tensors {
      guard tensor.ndim <= 1 else {
        throw TorchError(.shape, "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: \(tensor)")
      }
      guard tensor.dtype == first.dtype else {
        throw TorchError(.dtype, "torch.meshgrid expects all tensors to have the same dtype")
      }
    }
    let ordered = swapped ? [tensors[1], tensors[0]] + tensors.dropFirst(2) : tensors
    let sizes = ordered.map(\.numel)
    let grids = ordered.enumerated().map { i, tensor -> Tensor in
      var own = Array(repeating: 1, count: sizes.count)
      own[i] = tensor.numel
      return tensor.view(own).expand(sizes)
    }
    return swapped ? [grids[1], grids[0]] + grids.dropFirst(2) : grids
  }

  static let operators: [AnyOperator] = splits + reorderings + joins
}
