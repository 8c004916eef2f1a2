// In-place writes and views in the graph: see Note [Views and in-place] in AutogradMeta.swift.

extension Tensor {
  /// Remembers that this tensor is a view of `source`, for gradients of in-place writes to either.
  func markView(of source: Tensor) {
    let records = Modes.current.recordsGradients
    guard dtype.isDifferentiable, records || source.requiresGrad, self !== source else { return }
    let inherited = source.autograd?.view
    ensureAutograd().view = ViewInfo(
      base: inherited?.base ?? source, version: storage.version,
      madeWithoutGrad: !records || (inherited?.madeWithoutGrad ?? false))
    flags.insert(.differentiableView)
  }

  /// Makes the gradient function of a view anew where its memory has been written to since.
  func refreshView() {
    guard let meta = autograd, let view = meta.view, view.version != storage.version else { return }
    meta.view!.version = storage.version
    guard view.base.requiresGrad, !view.madeWithoutGrad else { return }
    let (base, target) = (Geometry(view.base), Geometry(self))
    let node = Node(name: "AsStridedBackward0", edges: [Edge(to: view.base)])
    node.pullback = { g in [StridedGradient.put(g[0], base, target)] }
    node.attach(self)
  }

  /// Puts this tensor, just written to in place, behind output `output` of `node`; nil where the values written
  /// take no gradient. Its old place in the graph must be among the node's edges already.
  func rebaseHistory(to node: Node?, output: Int) {
    guard let view = autograd?.view else {
      recordedGradFn = node
      outputNumber = Int32(output)
      if node == nil { flags.remove(.requiresGrad) } else { flags.insert(.requiresGrad) }
      return
    }
    // The base's gradient: the written part goes to `node`, the rest to what the base was before.
    let (base, target) = (Geometry(view.base), Geometry(self))
    let copySlices = Node(name: "CopySlices", edges: [Edge(to: view.base), Edge(node: node, output: output)])
    copySlices.pullback = { g in
      [StridedGradient.zeroed(g[0], base, target), StridedGradient.take(g[0], base, target)]
    }
    copySlices.attach(view.base)
    autograd!.view!.version = storage.version &- 1
    refreshView()
  }
}

/// Where the elements of a tensor lie in its storage.
struct Geometry {
  let shape: Shape
  let strides: Shape
  let offset: Int

  init(shape: Shape, strides: Shape, offset: Int) {
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  init(_ tensor: Tensor) {
    shape = tensor.shape
    strides = tensor.strides
    offset = tensor.storageOffset
  }
}
