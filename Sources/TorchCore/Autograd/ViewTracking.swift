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
    let map = ViewMap(of: self, in: view.base)
    let node = Node(name: "AsStridedBackward0", edges: [Edge(to: view.base)])
    node.pullback = { g in [map.put(g[0])] }
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
    let map = ViewMap(of: self, in: view.base)
    let copySlices = Node(name: "CopySlices", edges: [Edge(to: view.base), Edge(node: node, output: output)])
    copySlices.pullback = { g in
      [map.zeroed(g[0]), map.take(g[0])]
    }
    copySlices.attach(view.base)
    autograd!.view!.version = storage.version &- 1
    refreshView()
  }
}

/// How the gradients of a base and of a view of it belong together. Where one is complex and the other real, both are
/// taken as real numbers, pairs of which are the complex ones.
private struct ViewMap {
  let base: Geometry
  let view: Geometry
  let pairsInBase: Bool
  let pairsInView: Bool

  init(of view: Tensor, in base: Tensor) {
    pairsInBase = base.dtype.isComplex && !view.dtype.isComplex
    pairsInView = view.dtype.isComplex && !base.dtype.isComplex
    self.base = pairsInBase ? Geometry(base).ofPairs : Geometry(base)
    self.view = pairsInView ? Geometry(view).ofPairs : Geometry(view)
  }

  func put(_ g: Tensor) -> Tensor { joined(StridedGradient.put(split(g, pairsInView), base, view), pairsInBase) }
  func take(_ g: Tensor) -> Tensor { joined(StridedGradient.take(split(g, pairsInBase), base, view), pairsInView) }
  func zeroed(_ g: Tensor) -> Tensor { joined(StridedGradient.zeroed(split(g, pairsInBase), base, view), pairsInBase) }

  private func split(_ g: Tensor, _ pairs: Bool) -> Tensor { pairs ? torch.viewAsReal(g) : g }
  private func joined(_ g: Tensor, _ pairs: Bool) -> Tensor { pairs ? torch.viewAsComplex(g) : g }
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

  /// That of the real numbers that complex elements are pairs of.
  fileprivate var ofPairs: Geometry {
    Geometry(shape: Shape(Array(shape) + [2]), strides: Shape(strides.map { 2 * $0 } + [1]), offset: 2 * offset)
  }
}
