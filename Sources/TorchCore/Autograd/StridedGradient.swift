// Gradients of views by their geometry alone: linear maps between a base and a strided part of it.
//
// `take` reads the part, `put` is its adjoint (zeros elsewhere, overlapping elements summed), `zeroed` clears the
// part. They are differentiable through each other.

enum StridedGradient {
  /// The elements of `g`, which has the shape of `base`, that lie where `target` looks.
  static func take(_ g: Tensor, _ base: Geometry, _ target: Geometry) -> Tensor {
    linear(g, { try part(of: laidOut($0, base, target), base, target).clone() }, adjoint: { put($0, base, target) })
  }

  /// A tensor of `base`'s shape with `g` where `target` looks, zero elsewhere.
  static func put(_ g: Tensor, _ base: Geometry, _ target: Geometry) -> Tensor {
    linear(
      g,
      { g in
        let whole = try flat(base, target, g.dtype)
        if target.overlaps {
          let sum = added(g, to: whole, at: target, base)
          return sum.alias(shape: base.shape, strides: base.strides, offset: base.offset - low(base, target)).contiguous()
        }
        try g.backend.copy(g, into: part(of: whole, base, target))
        return whole.alias(shape: base.shape, strides: base.strides, offset: base.offset - low(base, target)).contiguous()
      }, adjoint: { take($0, base, target) })
  }

  /// `whole` with `g` added where `target` looks, element by element.
  private static func added(_ g: Tensor, to whole: Tensor, at target: Geometry, _ base: Geometry) -> Tensor {
    let places = Tensor.arange(.int(0), .int(whole.numel)).alias(
      shape: target.shape, strides: target.strides, offset: target.offset - low(base, target))
    return whole.indexAdd(0, places.reshape([-1]), g.reshape([-1]))
  }

  /// `g` with zeros where `target` looks.
  static func zeroed(_ g: Tensor, _ base: Geometry, _ target: Geometry) -> Tensor {
    linear(
      g,
      { g in
        let whole = try laidOut(g, base, target)
        try g.backend.fill(part(of: whole, base, target), with: 0)
        return whole.alias(shape: base.shape, strides: base.strides, offset: base.offset - low(base, target)).contiguous()
      }, adjoint: { zeroed($0, base, target) })
  }

  /// A linear map recorded with its adjoint.
  private static func linear(
    _ x: Tensor, _ forward: (Tensor) throws -> Tensor, adjoint: @escaping (Tensor) -> Tensor
  ) -> Tensor {
    do {
      try x.checkValid()
      let y = try torch.noGrad { try forward(x) }
      if Modes.current.recordsGradients && x.requiresGrad {
        let node = Node(name: "AsStridedBackward0", edges: [Edge(to: x)])
        node.pullback = { g in [adjoint(g[0])] }
        node.attach(y)
      }
      return y
    } catch {
      return .invalid(error as! TorchError)
    }
  }

  /// Zeros from the first element of either geometry to the last one: a target may lie partly outside its base, when
  /// the base is itself a part of a storage.
  private static func flat(_ base: Geometry, _ target: Geometry, _ dtype: DType) throws -> Tensor {
    let end = Swift.max(base.offset + base.extent, target.offset + target.extent)
    return Tensor.zeros([end - low(base, target)], dtype: dtype)
  }

  private static func low(_ base: Geometry, _ target: Geometry) -> Int { Swift.min(base.offset, target.offset) }

  /// A copy of `g` in fresh memory laid out as `base` is; the flat tensor over that memory.
  private static func laidOut(_ g: Tensor, _ base: Geometry, _ target: Geometry) throws -> Tensor {
    let whole = try flat(base, target, g.dtype)
    try g.backend.copy(g, into: whole.alias(shape: base.shape, strides: base.strides, offset: base.offset - low(base, target)))
    return whole
  }

  private static func part(of whole: Tensor, _ base: Geometry, _ target: Geometry) -> Tensor {
    whole.alias(shape: target.shape, strides: target.strides, offset: target.offset - low(base, target))
  }
}

extension Geometry {
  /// Elements from the first one to the end of the last one.
  var extent: Int {
    if shape.contains(0) { return 0 }
    return zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
  }

  /// Whether two indices may mean the same element. May say yes where the answer is no.
  var overlaps: Bool {
    let dims = zip(shape, strides).filter { $0.0 > 1 }.sorted { $0.1 < $1.1 }
    var reach = 0
    for (size, stride) in dims {
      if stride <= reach { return true }
      reach += (size - 1) * stride
    }
    return false
  }
}
