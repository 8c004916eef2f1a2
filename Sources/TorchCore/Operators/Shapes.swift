// Composites over views, and joining: cat, stack, split, chunk.
// Reference: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

enum Shapes {
  static let flatten = Operator(
    composite: "flatten.using_ints(Tensor(a) self, int start_dim=0, int end_dim=-1) -> Tensor(a)"
  ) { (x: Tensor, start: Int, end: Int) in
    let (first, last) = (try x.shape.normalized(dim: start), try x.shape.normalized(dim: end))
    guard first <= last else {
      throw TorchError(.value, "flatten() has invalid args: start_dim cannot come after end_dim")
    }
    if x.ndim == 0 { return x.reshape([1]) }
    if first == last { return x }
    let merged = x.shape[first...last].reduce(1, *)
    return x.reshape(Array(x.shape[..<first]) + [merged] + Array(x.shape[(last + 1)...]))
  }

  static let narrow = Operator(
    composite: "narrow(Tensor(a) self, int dim, SymInt start, SymInt length) -> Tensor(a)"
  ) { (x: Tensor, dim: Int, start: Int, length: Int) in
    guard x.ndim > 0 else { throw TorchError(.index, "narrow() cannot be applied to a 0-dim tensor.") }
    let size = x.shape[try x.shape.normalized(dim: dim)]
    guard length >= 0 else { throw TorchError(.value, "narrow(): length must be non-negative.") }
    guard start >= -size && start <= size else {
      throw TorchError(
        .index, "start out of range (expected to be in range of [\(-size), \(size)], but got \(start))")
    }
    let first = start < 0 ? start + size : start
    guard first + length <= size else {
      throw TorchError(.index, "start (\(first)) + length (\(length)) exceeds dimension size (\(size)).")
    }
    return Views.slice(x, dim, first, first + length, 1)
  }

  static let cat = Operator(
    "cat(Tensor[] tensors, int dim=0) -> Tensor", twins: .out.disjoint,
    kernel: { (tensors: [Tensor], dim: Int) in
      guard !tensors.isEmpty else { throw TorchError(.value, "torch.cat(): expected a non-empty list of Tensors") }
      var promotion = TypePromotion()
      for (i, tensor) in tensors.enumerated() {
        guard tensor.ndim > 0 else {
          throw TorchError(.shape, "zero-dimensional tensor (at position \(i)) cannot be concatenated")
        }
        promotion.add(tensor)
      }
      // A one-dimensional empty tensor joins anything, as it always has.
      let joined = tensors.filter { $0.shape != [0] }
      guard let first = joined.first else { return try Tensor.uninitialized([0], promotion.result) }
      let dim = try first.shape.normalized(dim: dim)
      var shape = first.shape
      shape[dim] = 0
      for (i, tensor) in tensors.enumerated() where tensor.shape != [0] {
        guard tensor.ndim == first.ndim else {
          throw TorchError(
            .shape, "Tensors must have same number of dimensions: got \(first.ndim) and \(tensor.ndim)")
        }
        for d in 0..<shape.count where d != dim && tensor.shape[d] != first.shape[d] {
          throw TorchError(
            .shape,
            "Sizes of tensors must match except in dimension \(dim). Expected size \(first.shape[d]) but got size \(tensor.shape[d]) for tensor number \(i) in the list.")
        }
        shape[dim] += tensor.shape[dim]
      }
      let out = try Tensor.uninitialized(shape, promotion.result)
      var start = 0
      for tensor in joined {
        let part = out.alias(shape: tensor.shape, strides: out.strides, offset: start * out.strides[dim])
        try out.backend.copy(tensor, into: part)
        start += tensor.shape[dim]
      }
      return out
    },
    derivative: { _, y, tensors, dim in
      let dim = try y.shape.normalized(dim: dim)
      let shapes = tensors.map(\.shape)
      return { g in
        var start = 0
        return shapes.enumerated().map { i, shape in
          if shape == [0] && y.ndim != 1 { return g.needs(i) ? Tensor.zeros(shape, dtype: y.dtype) : nil }
          defer { start += shape[dim] }
          return g.needs(i) ? g[0].narrow(dim, start, shape[dim]) : nil
        }
      }
    })

  static let stack = Operator(composite: "stack(Tensor[] tensors, int dim=0) -> Tensor", twins: .out) {
    (tensors: [Tensor], dim: Int) in
    guard let first = tensors.first else { throw TorchError(.value, "stack expects a non-empty TensorList") }
    for (i, tensor) in tensors.enumerated() where tensor.shape != first.shape {
      throw TorchError(
        .shape,
        "stack expects each tensor to be equal size, but got \(first.shape.listDescription) at entry 0 and \(tensor.shape.listDescription) at entry \(i)")
    }
    let dim = try Shape.normalized(dim: dim, rank: first.ndim + 1)
    return cat(tensors.map { $0.unsqueeze(dim) }, dim)
  }

  static let split = Operator(
    composite: "split.Tensor(Tensor(a -> *) self, SymInt split_size, int dim=0) -> Tensor(a)[]"
  ) { (x: Tensor, size: Int, dim: Int) -> [Tensor] in
    guard x.ndim > 0 else { throw TorchError(.shape, "split expects at least a 1-dimensional tensor") }
    let length = x.shape[try x.shape.normalized(dim: dim)]
    guard size > 0 || (size == 0 && length == 0) else {
      throw TorchError(.value, "split expects split_size be non-negative, but got split_size=\(size)")
    }
    if length == 0 { return [x.narrow(dim, 0, 0)] }
    return stride(from: 0, to: length, by: size).map { x.narrow(dim, $0, Swift.min(size, length - $0)) }
  }

  static let splitSizes = Operator(
    composite: "split_with_sizes(Tensor(a -> *) self, SymInt[] split_sizes, int dim=0) -> Tensor(a)[]"
  ) { (x: Tensor, sizes: [Int], dim: Int) -> [Tensor] in
    guard x.ndim > 0 else { throw TorchError(.shape, "split expects at least a 1-dimensional tensor") }
    let length = x.shape[try x.shape.normalized(dim: dim)]
    guard sizes.allSatisfy({ $0 >= 0 && $0 <= length }), sizes.reduce(0, +) == length else {
      throw TorchError(
        .value,
        "split_with_sizes expects split_sizes to sum exactly to \(length) (input tensor's size at dimension \(dim)), but got split_sizes=[\(sizes.map(String.init).joined(separator: ", "))]")
    }
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return x.narrow(dim, start, size)
    }
  }

  static let chunk = Operator(
    composite: "chunk(Tensor(a -> *) self, int chunks, int dim=0) -> Tensor(a)[]"
  ) { (x: Tensor, chunks: Int, dim: Int) -> [Tensor] in
    guard x.ndim > 0 else { throw TorchError(.shape, "chunk expects at least a 1-dimensional tensor") }
    guard chunks > 0 else { throw TorchError(.value, "chunk expects `chunks` to be greater than 0, got: \(chunks)") }
    let length = x.shape[try x.shape.normalized(dim: dim)]
    let size = (length + chunks - 1) / chunks
    if size == 0 { try Storage.checkRoom(for: chunks, of: 256) }
    if size == 0 { return (0..<chunks).map { _ in x.narrow(dim, 0, 0) } }
    return split(x, size, dim)
  }

  static let unbind = Operator(composite: "unbind.int(Tensor(a -> *) self, int dim=0) -> Tensor(a)[]") {
    (x: Tensor, dim: Int) -> [Tensor] in
    guard x.ndim > 0 else { throw TorchError(.index, "Dimension specified as \(dim) but tensor has no dimensions") }
    return (0..<x.shape[try x.shape.normalized(dim: dim)]).map { x.select(dim, $0) }
  }

  static let hstack = Operator(composite: "hstack(Tensor[] tensors) -> Tensor", twins: .out) { (tensors: [Tensor]) in
    let parts = tensors.map { $0.ndim == 0 ? $0.reshape([1]) : $0 }
    return cat(parts, parts.first?.ndim == 1 ? 0 : 1)
  }

  static let vstack = Operator(composite: "vstack(Tensor[] tensors) -> Tensor", twins: .out) { (tensors: [Tensor]) in
    cat(tensors.map { $0.ndim < 2 ? $0.reshape([1, $0.numel]) : $0 }, 0)
  }

  static let dstack = Operator(composite: "dstack(Tensor[] tensors) -> Tensor", twins: .out) { (tensors: [Tensor]) in
    cat(
      tensors.map { $0.ndim < 2 ? $0.reshape([1, $0.numel, 1]) : $0.ndim == 2 ? $0.unsqueeze(2) : $0 }, 2)
  }

  static let operators: [AnyOperator] = [
    flatten, narrow, cat, stack, split, splitSizes, chunk, unbind, hstack, vstack, dstack,
  ]
}

extension torch {
  /// Joins tensors along a dimension they have.
  /// Source: https://pytorch.org/docs/stable/generated/torch.cat.html
  public static func cat(_ tensors: [Tensor], dim: Int = 0) -> Tensor { Shapes.cat(tensors, dim) }
  /// Joins tensors of equal sizes along a new dimension.
  public static func stack(_ tensors: [Tensor], dim: Int = 0) -> Tensor { Shapes.stack(tensors, dim) }
  public static func hstack(_ tensors: [Tensor]) -> Tensor { Shapes.hstack(tensors) }
  public static func vstack(_ tensors: [Tensor]) -> Tensor { Shapes.vstack(tensors) }
  public static func dstack(_ tensors: [Tensor]) -> Tensor { Shapes.dstack(tensors) }
}

extension Tensor {
  /// Views of `size` indices each along `dim`; the last may be smaller.
  public func split(_ size: Int, dim: Int = 0) -> [Tensor] { Shapes.split(self, size, dim) }
  public func split(_ sizes: [Int], dim: Int = 0) -> [Tensor] { Shapes.splitSizes(self, sizes, dim) }
  public func chunk(_ chunks: Int, dim: Int = 0) -> [Tensor] { Shapes.chunk(self, chunks, dim) }
  public func unbind(_ dim: Int = 0) -> [Tensor] { Shapes.unbind(self, dim) }
}
