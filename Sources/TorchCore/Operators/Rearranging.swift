// Elements in another order or number: repeat, flip, roll, triangles. Composites over views, cat and index_select.
// Reference: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

enum Rearranging {
  static let `repeat` = Operator(
    "repeat(Tensor self, SymInt[] repeats) -> Tensor",
    kernel: { (x: Tensor, repeats: [Int]) in
      guard repeats.count >= x.ndim else {
        throw TorchError(
          .shape,
          "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
      }
      guard repeats.allSatisfy({ $0 >= 0 }) else {
        throw TorchError(.value, "Trying to create tensor with negative dimension \(repeats.min()!): \(Shape(repeats).listDescription)")
      }
      let own = Array(repeating: 1, count: repeats.count - x.ndim) + Array(x.shape)
      let shape = try Shape(checking: zip(own, repeats).map { $0 * $1 })
      let out = try Tensor.uninitialized(shape, x.dtype)
      // Each dimension that repeats is seen as two, the outer one of which the input lacks; others stay one.
      let split = try Shape(checking: zip(own, repeats).flatMap { $1 == 1 ? [$0] : [$1, $0] })
      let source = try Shape(checking: zip(own, repeats).flatMap { $1 == 1 ? [$0] : [1, $0] })
      let spread = try x.rowMajor()
      try x.backend.copy(
        spread.alias(shape: source, strides: source.contiguousStrides, offset: spread.storageOffset),
        into: out.alias(shape: split, strides: split.contiguousStrides, offset: 0))
      return out
    },
    derivative: { _, _, x, repeats in
      let (own, lead) = (Array(x.shape), repeats.count - x.ndim)
      return { g in
        if repeats.contains(0) { return [Tensor.zeros(Shape(own), dtype: g[0].dtype)] }
        let padded = Array(repeating: 1, count: lead) + own
        var split: [Int] = []
        var summed: [Int] = []
        for (size, count) in zip(padded, repeats) {
          if count != 1 {
            summed.append(split.count)
            split.append(count)
          }
          split.append(size)
        }
        let gradient = summed.isEmpty ? g[0] : g[0].reshape(split).sum(dim: summed)
        return [gradient.reshape(own)]
      }
    })

  static let tile = Operator(composite: "tile(Tensor self, SymInt[] dims) -> Tensor") { (x: Tensor, dims: [Int]) in
    `repeat`(x, Array(repeating: 1, count: max(0, x.ndim - dims.count)) + dims)
  }

  static let repeatInterleave = Operator(
    composite: "repeat_interleave.self_int(Tensor self, SymInt repeats, int? dim=None, *, SymInt? output_size=None) -> Tensor"
  ) { (x: Tensor, repeats: Int, dim: Int?, _: Int?) in
    guard repeats >= 0 else { throw TorchError(.value, "Repeats must be non-negative") }
    guard let dim else { return interleaved(x.reshape([-1]), repeats, 0) }
    return interleaved(x, repeats, try x.shape.normalized(dim: dim))
  }

  private static func interleaved(_ x: Tensor, _ repeats: Int, _ dim: Int) -> Tensor {
    var sizes = Array(x.shape)
    sizes.insert(repeats, at: dim + 1)
    return x.unsqueeze(dim + 1).expand(sizes).flatten(dim, dim + 1)
  }

  static let repeatInterleaveTensor = Operator(
    composite:
      "repeat_interleave.self_Tensor(Tensor self, Tensor repeats, int? dim=None, *, SymInt? output_size=None) -> Tensor"
  ) { (x: Tensor, repeats: Tensor, dim: Int?, _: Int?) in
    let whole = dim == nil ? x.reshape([-1]) : x
    let dim = try whole.shape.normalized(dim: dim ?? 0)
    let counts = try repeats.toArray(Int.self)
    guard counts.count == whole.shape[dim] || counts.count == 1 else {
      throw TorchError(.shape, "repeats must have the same size as input along dim")
    }
    guard counts.allSatisfy({ $0 >= 0 }) else { throw TorchError(.value, "repeats can not be negative") }
    let places = (0..<whole.shape[dim]).flatMap { place in
      Array(repeating: place, count: counts.count == 1 ? counts[0] : counts[place])
    }
    return GatherScatter.indexSelect(whole, dim, try Tensor.from(places, shape: [places.count]))
  }

  static let flip: Operator<Tensor, [Int], Tensor> = Operator(
    "flip(Tensor self, int[] dims) -> Tensor",
    kernel: { (x: Tensor, dims: [Int]) in
      guard !dims.isEmpty, x.ndim > 0 else { return try x.packed() }
      return try x.shape.normalized(dims: dims).reduce(x) { part, dim in
        let backwards = (0..<part.shape[dim]).reversed().map { $0 }
        return try GatherScatter.indexSelect.call(part, dim, Tensor.from(backwards, shape: [backwards.count]))
      }
    },
    derivative: { _, _, _, dims in { g in [g[0].flip(dims)] } })

  static let roll: Operator<Tensor, [Int], [Int], Tensor> = Operator(
    "roll(Tensor self, SymInt[1] shifts, int[1] dims=[]) -> Tensor",
    kernel: { (x: Tensor, shifts: [Int], dims: [Int]) in
      guard !shifts.isEmpty else { throw TorchError(.value, "`shifts` required") }
      if dims.isEmpty && shifts.count == 1 {
        let flat = x.reshape([-1])
        return rolled(flat, shifts[0], 0).reshape(Array(x.shape))
      }
      guard shifts.count == dims.count else {
        throw TorchError(
          .value, "shifts and dimensions must align. shifts: \(shifts.count), dims:\(dims.count)")
      }
      guard x.ndim > 0 else {
        throw TorchError(.index, "Dimension specified as \(dims[0]) but tensor has no dimensions")
      }
      return try zip(shifts, dims).reduce(try x.packed()) { rolled($0, $1.0, try x.shape.normalized(dim: $1.1)) }
    },
    derivative: { _, _, _, shifts, dims in { g in [g[0].roll(shifts.map { -$0 }, dims)] } })

  private static func rolled(_ x: Tensor, _ shift: Int, _ dim: Int) -> Tensor {
    guard x.numel > 0, x.ndim > 0 else { return x.clone() }
    let size = x.shape[dim]
    let start = ((-shift % size) + size) % size
    if start == 0 { return x.clone() }
    return torch.cat([x.narrow(dim, start, size - start), x.narrow(dim, 0, start)], dim: dim)
  }

  static let rot90 = Operator(composite: "rot90(Tensor self, int k=1, int[] dims=[0,1]) -> Tensor", twins: .out) {
    (x: Tensor, k: Int, dims: [Int]) in
    guard dims.count == 2 else {
      throw TorchError(.value, "expected total rotation dims == 2, but got dims = \(dims.count)")
    }
    guard x.ndim >= 2 else { throw TorchError(.shape, "expected total dims >= 2, but got total dims = \(x.ndim)") }
    guard dims[0] != dims[1], abs(dims[0] - dims[1]) != x.ndim else {
      throw TorchError(
        .value, "expected rotation dims to be different, but got dim0 = \(dims[0]) and dim1 = \(dims[1])")
    }
    switch ((k % 4) + 4) % 4 {
    case 1: return x.flip([dims[1]]).transpose(dims[0], dims[1])
    case 2: return x.flip(dims)
    case 3: return x.flip([dims[0]]).transpose(dims[0], dims[1])
    default: return x.clone()
    }
  }

  static let tril = Operator(
    "tril(Tensor self, int diagonal=0) -> Tensor", twins: .both,
    kernel: { (x: Tensor, diagonal: Int) in try triangle("tril", x) { $0 - $1 <= diagonal } },
    derivative: { _, _, _, diagonal in { g in [g[0].tril(diagonal)] } })

  static let triu = Operator(
    "triu(Tensor self, int diagonal=0) -> Tensor", twins: .both,
    kernel: { (x: Tensor, diagonal: Int) in try triangle("triu", x) { $0 - $1 >= diagonal } },
    derivative: { _, _, _, diagonal in { g in [g[0].triu(diagonal)] } })

  /// `x` with zeros where `keeps(column, row)` is false.
  private static func triangle(_ name: String, _ x: Tensor, _ keeps: (Int, Int) -> Bool) throws -> Tensor {
    guard x.ndim >= 2 else { throw TorchError(.shape, "\(name): input tensor must have at least 2 dimensions") }
    let (rows, columns) = (x.shape[-2], x.shape[-1])
    var mask: [Bool] = []
    mask.reserveCapacity(rows * columns)
    for row in 0..<rows { for column in 0..<columns { mask.append(keeps(column, row)) } }
    let out = try Tensor.uninitialized(x.shape, x.dtype)
    x.backend.select(
      try Tensor.from(mask, shape: [rows, columns]), x, Tensor.zeros([], dtype: x.dtype), into: out)
    return out
  }

  static let expandAs = Operator(composite: "expand_as(Tensor(a) self, Tensor other) -> Tensor(a)") {
    (x: Tensor, other: Tensor) in x.expand(Array(other.shape))
  }

  static let broadcastTo = Operator(composite: "broadcast_to(Tensor(a) self, SymInt[] size) -> Tensor(a)") {
    (x: Tensor, size: [Int]) in x.expand(size)
  }

  static let viewAs = Operator(composite: "view_as(Tensor(a) self, Tensor other) -> Tensor(a)") {
    (x: Tensor, other: Tensor) in x.view(Array(other.shape))
  }

  static let movedim = Operator(
    composite: "movedim.intlist(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)"
  ) { (x: Tensor, source: [Int], destination: [Int]) in
    guard source.count == destination.count else {
      throw TorchError(
        .value,
        "movedim: Invalid source or destination dims: source (\(Shape(source).listDescription) dims) should contain the same number of dims as destination (\(Shape(destination).listDescription) dims)")
    }
    guard !source.isEmpty, x.ndim > 0 else { return x }
    let (from, to) = (try x.shape.normalized(dims: source), try x.shape.normalized(dims: destination))
    var order: [Int?] = Array(repeating: nil, count: x.ndim)
    for (a, b) in zip(from, to) { order[b] = a }
    var others = (0..<x.ndim).filter { !from.contains($0) }[...]
    return x.permute(order.map { $0 ?? others.removeFirst() })
  }

  static let operators: [AnyOperator] = [
    `repeat`, tile, repeatInterleave, repeatInterleaveTensor, flip, roll, rot90, tril, triu, expandAs, broadcastTo, viewAs,
    movedim,
  ]
}

extension Tensor {
  /// The tensor repeated along each dimension.
  ///
  /// ```swift
  /// print(Tensor([1, 2, 3]).repeat(2, 2))
  /// // tensor([[1, 2, 3, 1, 2, 3],
  /// //         [1, 2, 3, 1, 2, 3]])
  /// ```
  public func `repeat`(_ repeats: [Int]) -> Tensor { Rearranging.repeat(self, repeats) }
  public func `repeat`(_ repeats: Int...) -> Tensor { Rearranging.repeat(self, repeats) }
  public func tile(_ dims: [Int]) -> Tensor { Rearranging.tile(self, dims) }

  /// Each element (or part along `dim`) repeated before the next one.
  public func repeatInterleave(_ repeats: Int, dim: Int? = nil) -> Tensor {
    Rearranging.repeatInterleave(self, repeats, dim, nil)
  }
  public func repeatInterleave(_ repeats: Tensor, dim: Int? = nil) -> Tensor {
    Rearranging.repeatInterleaveTensor(self, repeats, dim, nil)
  }

  /// Backwards along `dims`; a copy, as PyTorch's is.
  public func flip(_ dims: [Int]) -> Tensor { Rearranging.flip(self, dims) }
  public func flip(_ dims: Int...) -> Tensor { Rearranging.flip(self, dims) }

  /// Shifted along `dims`, what falls off one end coming in at the other; without `dims`, over flat positions.
  public func roll(_ shifts: [Int], _ dims: [Int] = []) -> Tensor { Rearranging.roll(self, shifts, dims) }
  public func roll(_ shift: Int, _ dim: Int? = nil) -> Tensor { roll([shift], dim.map { [$0] } ?? []) }

  /// Turned by `k` quarters in the plane of two dimensions.
  public func rot90(_ k: Int = 1, _ dims: [Int] = [0, 1]) -> Tensor { Rearranging.rot90(self, k, dims) }

  /// The lower triangle of the last two dimensions, zeros elsewhere.
  public func tril(_ diagonal: Int = 0) -> Tensor { Rearranging.tril(self, diagonal) }
  /// The upper triangle of the last two dimensions, zeros elsewhere.
  public func triu(_ diagonal: Int = 0) -> Tensor { Rearranging.triu(self, diagonal) }

  /// Dimensions `source` moved to the places `destination`.
  public func movedim(_ source: [Int], _ destination: [Int]) -> Tensor { Rearranging.movedim(self, source, destination) }
  public func movedim(_ source: Int, _ destination: Int) -> Tensor { movedim([source], [destination]) }
}
