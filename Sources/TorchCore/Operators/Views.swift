// Views: operators whose result shares the memory of their input.
//
// A kernel computes new sizes, strides and an offset; the gradient of a view is the same rearrangement backwards.
// Reference: https://pytorch.org/docs/stable/tensor_view.html

enum Views {
  static let alias = Operator(
    view: "alias(Tensor(a) self) -> Tensor(a)",
    kernel: { (x: Tensor) in x.alias() },
    derivative: { _, _, _ in { g in [g[0]] } })

  static let view = Operator(
    view: "view(Tensor(a) self, SymInt[] size) -> Tensor(a)",
    kernel: { (x: Tensor, size: [Int]) in
      let target = try Shape.inferred(size, numel: x.numel)
      guard let strides = x.shape.viewStrides(x.strides, as: target) else {
        throw TorchError(
          .shape,
          "view size is not compatible with input tensor's size and stride (at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead.")
      }
      return x.alias(shape: target, strides: strides, offset: x.storageOffset)
    },
    derivative: { _, _, x, _ in
      let sizes = Array(x.shape)
      return { g in [g[0].reshape(sizes)] }
    })

  static let expand = Operator(
    view: "expand(Tensor(a) self, SymInt[] size, *, bool implicit=False) -> Tensor(a)",
    kernel: { (x: Tensor, size: [Int], _: Bool) in
      let target = try expandedShape(x, size)
      return x.alias(shape: target, strides: x.shape.broadcastStrides(x.strides, to: target), offset: x.storageOffset)
    },
    derivative: { _, _, x, _, _ in
      let shape = x.shape
      return { g in [g[0].sumToSize(shape)] }
    })

  static func expandedShape(_ x: Tensor, _ size: [Int]) throws -> Shape {
    guard size.count >= x.ndim else {
      throw TorchError(
        .shape,
        "expand(torch.\(x.dtype.scalarTypeName)Tensor{\(x.shape.listDescription)}, size=[\(size.map(String.init).joined(separator: ", "))]): the number of sizes provided (\(size.count)) must be greater or equal to the number of dimensions in the tensor (\(x.ndim))")
    }
    var target = try Shape(checking: size)
    let shift = size.count - x.ndim
    for i in 0..<size.count {
      let present = i >= shift ? x.shape[i - shift] : 1
      if size[i] == -1 {
        guard i >= shift else {
          throw TorchError(
            .shape, "The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension \(i)")
        }
        target[i] = present
      } else if present != 1 && present != size[i] {
        throw TorchError(
          .shape,
          "The expanded size of the tensor (\(size[i])) must match the existing size (\(present)) at non-singleton dimension \(i).  Target sizes: [\(size.map(String.init).joined(separator: ", "))].  Tensor sizes: \(x.shape.listDescription)")
      } else if size[i] < 0 {
        throw TorchError(.shape, "invalid shape dimension \(size[i])")
      }
    }
    return target
  }

  static let permute = Operator(
    view: "permute(Tensor(a) self, int[] dims) -> Tensor(a)",
    kernel: { (x: Tensor, dims: [Int]) in
      guard dims.count == x.ndim else {
        throw TorchError(
          .shape,
          "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = \(x.ndim) is not equal to len(dims) = \(dims.count)")
      }
      let order = try dims.map { try x.shape.normalized(dim: $0) }
      guard Set(order).count == order.count else {
        throw TorchError(.value, "permute(): duplicate dims are not allowed.")
      }
      return x.alias(
        shape: Shape(order.map { x.shape[$0] }), strides: Shape(order.map { x.strides[$0] }), offset: x.storageOffset)
    },
    derivative: { _, _, x, dims in
      var inverse = Array(repeating: 0, count: dims.count)
      for (i, dim) in dims.enumerated() { inverse[try x.shape.normalized(dim: dim)] = i }
      return { g in [g[0].permute(inverse)] }
    })

  static let transpose = Operator(
    view: "transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a)",
    kernel: { (x: Tensor, dim0: Int, dim1: Int) in
      let (a, b) = (try x.shape.normalized(dim: dim0), try x.shape.normalized(dim: dim1))
      var (shape, strides) = (x.shape, x.strides)
      if x.ndim > 0 {
        shape.swapAt(a, b)
        strides.swapAt(a, b)
      }
      return x.alias(shape: shape, strides: strides, offset: x.storageOffset)
    },
    derivative: { _, _, _, dim0, dim1 in { g in [g[0].transpose(dim0, dim1)] } })

  static let t = Operator(
    view: "t(Tensor(a) self) -> Tensor(a)",
    kernel: { (x: Tensor) in
      guard x.ndim <= 2 else {
        throw TorchError(.shape, "t() expects a tensor with <= 2 dimensions, but self is \(x.ndim)D")
      }
      guard x.ndim == 2 else { return x.alias() }
      return x.alias(
        shape: [x.shape[1], x.shape[0]], strides: [x.strides[1], x.strides[0]], offset: x.storageOffset)
    },
    derivative: { _, _, _ in { g in [g[0].t()] } })

  static let select = Operator(
    view: "select.int(Tensor(a) self, int dim, SymInt index) -> Tensor(a)",
    kernel: { (x: Tensor, dim: Int, index: Int) in
      guard x.ndim > 0 else { throw TorchError(.index, "select() cannot be applied to a 0-dim tensor.") }
      let dim = try x.shape.normalized(dim: dim)
      let size = x.shape[dim]
      guard index >= -size && index < size else {
        throw TorchError(
          .index,
          "select(): index \(index) out of range for tensor of size \(x.shape.listDescription) at dimension \(dim)")
      }
      var (shape, strides) = (x.shape, x.strides)
      let offset = x.storageOffset + (index < 0 ? index + size : index) * strides[dim]
      shape.remove(at: dim)
      strides.remove(at: dim)
      return x.alias(shape: shape, strides: strides, offset: offset)
    },
    derivative: { _, _, x, dim, index in
      let sizes = Array(x.shape)
      return { g in [selectBackward(g[0], sizes, dim, index)] }
    })

  static let selectBackward: Operator<Tensor, [Int], Int, Int, Tensor> = Operator(
    "select_backward(Tensor grad_output, SymInt[] input_sizes, int dim, SymInt index) -> Tensor",
    kernel: { (g: Tensor, sizes: [Int], dim: Int, index: Int) in
      let whole = Tensor.zeros(Shape(sizes), dtype: g.dtype)
      try g.backend.copy(g, into: whole.select(dim, index))
      return whole
    },
    derivative: { _, _, _, _, dim, index in { g in [g[0].select(dim, index)] } })

  static let slice = Operator(
    view: "slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) -> Tensor(a)",
    kernel: { (x: Tensor, dim: Int, start: Int?, end: Int?, step: Int) in
      guard x.ndim > 0 else { throw TorchError(.index, "slice() cannot be applied to a 0-dim tensor.") }
      let dim = try x.shape.normalized(dim: dim)
      guard step > 0 else { throw TorchError(.value, "slice step must be positive") }
      let size = x.shape[dim]
      func clamp(_ index: Int) -> Int { Swift.min(Swift.max(index < 0 ? index + size : index, 0), size) }
      let first = clamp(start ?? 0)
      let last = Swift.max(clamp(end ?? Int.max), first)
      var (shape, strides) = (x.shape, x.strides)
      shape[dim] = (last - first + step - 1) / step
      let offset = x.storageOffset + first * strides[dim]
      strides[dim] *= step
      return x.alias(shape: shape, strides: strides, offset: offset)
    },
    derivative: { _, _, x, dim, start, end, step in
      let sizes = Array(x.shape)
      return { g in [sliceBackward(g[0], sizes, dim, start ?? 0, end ?? .max, step)] }
    })

  static let sliceBackward: Operator<Tensor, [Int], Int, Int, Int, Int, Tensor> = Operator(
    "slice_backward(Tensor grad_output, SymInt[] input_sizes, int dim, SymInt start, SymInt end, SymInt step) -> Tensor",
    kernel: { (g: Tensor, sizes: [Int], dim: Int, start: Int, end: Int, step: Int) in
      let whole = Tensor.zeros(Shape(sizes), dtype: g.dtype)
      try g.backend.copy(g, into: whole.slice(dim: dim, start: start, end: end, step: step))
      return whole
    },
    derivative: { _, _, _, _, dim, start, end, step in { g in [g[0].slice(dim: dim, start: start, end: end, step: step)] } })

  static let squeeze = Operator(
    view: "squeeze(Tensor(a) self) -> Tensor(a)",
    kernel: { (x: Tensor) in squeezed(x, Array(0..<x.ndim)) },
    derivative: { _, _, x in
      let sizes = Array(x.shape)
      return { g in [g[0].reshape(sizes)] }
    })

  static let squeezeDim = Operator(
    view: "squeeze.dim(Tensor(a) self, int dim) -> Tensor(a)", gradientName: "SqueezeBackward1",
    kernel: { (x: Tensor, dim: Int) in squeezed(x, [try x.shape.normalized(dim: dim)]) },
    derivative: { _, _, x, _ in
      let sizes = Array(x.shape)
      return { g in [g[0].reshape(sizes)] }
    })

  static let squeezeDims = Operator(
    view: "squeeze.dims(Tensor(a) self, int[] dim) -> Tensor(a)", gradientName: "SqueezeBackward2",
    kernel: { (x: Tensor, dims: [Int]) in squeezed(x, dims.isEmpty ? [] : try x.shape.normalized(dims: dims)) },
    derivative: { _, _, x, _ in
      let sizes = Array(x.shape)
      return { g in [g[0].reshape(sizes)] }
    })

  private static func squeezed(_ x: Tensor, _ dims: [Int]) -> Tensor {
    let kept = x.shape.indices.filter { !dims.contains($0) || x.shape[$0] != 1 }
    return x.alias(
      shape: Shape(kept.map { x.shape[$0] }), strides: Shape(kept.map { x.strides[$0] }), offset: x.storageOffset)
  }

  static let unsqueeze = Operator(
    view: "unsqueeze(Tensor(a) self, int dim) -> Tensor(a)",
    kernel: { (x: Tensor, dim: Int) in
      let dim = try Shape.normalized(dim: dim, rank: x.ndim + 1)
      var (shape, strides) = (x.shape, x.strides)
      guard shape.count < Shape.maxRank else { _ = try Shape(checking: Array(shape) + [1]); return x }
      strides.insert(dim < x.ndim ? shape[dim] * strides[dim] : 1, at: dim)
      shape.insert(1, at: dim)
      return x.alias(shape: shape, strides: strides, offset: x.storageOffset)
    },
    derivative: { _, _, x, dim in
      let dim = try Shape.normalized(dim: dim, rank: x.ndim + 1)
      return { g in [g[0].squeeze(dim)] }
    })

  static let diagonal = Operator(
    view: "diagonal(Tensor(a) self, int offset=0, int dim1=0, int dim2=1) -> Tensor(a)",
    kernel: { (x: Tensor, offset: Int, dim1: Int, dim2: Int) in
      let (a, b) = (try x.shape.normalized(dim: dim1), try x.shape.normalized(dim: dim2))
      guard a != b else {
        throw TorchError(.value, "diagonal dimensions cannot be identical \(dim1), \(dim2)")
      }
      let length =
        offset >= 0
        ? Swift.max(Swift.min(x.shape[a], x.shape[b] - offset), 0) : Swift.max(Swift.min(x.shape[a] + offset, x.shape[b]), 0)
      var start = x.storageOffset
      if length > 0 { start += offset >= 0 ? offset * x.strides[b] : -offset * x.strides[a] }
      var (shape, strides) = (x.shape, x.strides)
      let step = strides[a] + strides[b]
      for dim in [a, b].sorted(by: >) {
        shape.remove(at: dim)
        strides.remove(at: dim)
      }
      shape.append(length)
      strides.append(step)
      return x.alias(shape: shape, strides: strides, offset: start)
    },
    derivative: { _, _, x, offset, dim1, dim2 in
      let sizes = Array(x.shape)
      return { g in [diagonalBackward(g[0], sizes, offset, dim1, dim2)] }
    })

  static let diagonalBackward: Operator<Tensor, [Int], Int, Int, Int, Tensor> = Operator(
    "diagonal_backward(Tensor grad_output, SymInt[] input_sizes, int offset, int dim1, int dim2) -> Tensor",
    kernel: { (g: Tensor, sizes: [Int], offset: Int, dim1: Int, dim2: Int) in
      let whole = Tensor.zeros(Shape(sizes), dtype: g.dtype)
      try g.backend.copy(g, into: whole.diagonal(offset: offset, dim1: dim1, dim2: dim2))
      return whole
    },
    derivative: { _, _, _, _, offset, dim1, dim2 in { g in [g[0].diagonal(offset: offset, dim1: dim1, dim2: dim2)] } })

  static let unfold = Operator(
    view: "unfold(Tensor(a) self, int dimension, int size, int step) -> Tensor(a)",
    kernel: { (x: Tensor, dim: Int, size: Int, step: Int) in
      let dim = try x.shape.normalized(dim: dim)
      let present = x.ndim == 0 ? 1 : x.shape[dim]
      guard size >= 0 else { throw TorchError(.value, "size is \(size) but must be >= 0") }
      guard size <= present else {
        throw TorchError(
          .value, "maximum size for tensor at dimension \(dim) is \(present) but size is \(size)")
      }
      guard step > 0 else { throw TorchError(.value, "step is \(step) but must be > 0") }
      var (shape, strides) = (x.shape, x.strides)
      let stride = x.ndim == 0 ? 1 : strides[dim]
      if x.ndim > 0 {
        shape[dim] = (present - size) / step + 1
        strides[dim] = step * stride
      }
      shape.append(size)
      strides.append(stride)
      return x.alias(shape: shape, strides: strides, offset: x.storageOffset)
    },
    derivative: { _, y, x, dim, _, step in
      // In the input's logical order: the input itself may be a view with overlaps, windows of windows say.
      let base = Geometry(shape: x.shape, strides: x.shape.contiguousStrides, offset: 0)
      var strides = base.strides
      let along = x.ndim == 0 ? 1 : strides[try x.shape.normalized(dim: dim)]
      if x.ndim > 0 { strides[try x.shape.normalized(dim: dim)] = along * step }
      strides.append(along)
      let target = Geometry(shape: y.shape, strides: strides, offset: 0)
      return { g in [StridedGradient.put(g[0], base, target)] }
    })

  static let asStrided = Operator(
    view: "as_strided(Tensor(a) self, SymInt[] size, SymInt[] stride, SymInt? storage_offset=None) -> Tensor(a)",
    kernel: { (x: Tensor, size: [Int], stride: [Int], offset: Int?) in
      let (shape, strides) = (try Shape(checking: size), try Shape(checking: stride))
      let offset = offset ?? x.storageOffset
      guard size.count == stride.count else {
        throw TorchError(.value, "mismatch in length of strides and shape")
      }
      _ = x.storage.pointer  // sizes of the plain layout are what the check is about
      try Tensor.check(shape, strides, offset, fitIn: x.storage.byteCount, x.dtype)
      return x.alias(shape: shape, strides: strides, offset: offset)
    },
    derivative: { _, y, x, _, _, _ in
      let (base, target) = (Geometry(x), Geometry(y))
      return { g in [StridedGradient.put(g[0], base, target)] }
    })

  /// A tensor made outside of the graph's functions, as traces say.
  private static let lifts: [AnyOperator] = ["lift_fresh(Tensor(a) self) -> Tensor(a)", "lift(Tensor self) -> Tensor"].map {
    Operator(composite: $0) { (x: Tensor) in x }
  }

  static let detach = Operator("detach(Tensor(a) self) -> Tensor(a)", twins: .none, kernel: { (x: Tensor) in x.alias() })

  static let operators: [AnyOperator] = [
    alias, view, expand, permute, transpose, t, select, selectBackward, slice, sliceBackward, squeeze, squeezeDim,
    squeezeDims, unsqueeze, diagonal, diagonalBackward, unfold, asStrided, detach,
  ] + lifts
}
