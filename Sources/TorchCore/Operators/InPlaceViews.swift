// View operators that change the tensor itself: it takes the sizes and strides of the view, on the same memory.
// Reference: https://pytorch.org/docs/stable/generated/torch.Tensor.squeeze_.html

enum InPlaceViews {
  /// Gives `x` the geometry of `view(x)` and its place in the graph.
  private static func become(_ x: Tensor, _ view: (Tensor) throws -> Tensor) throws -> Tensor {
    if Modes.current.recordsGradients { try x.checkInPlaceAllowed() }
    let y = try view(x.standIn())
    x.adopt(storage: y.storage, shape: y.shape, strides: y.strides, offset: y.storageOffset, dtype: y.dtype)
    x.storage.bumpVersion()
    if let meta = x.autograd, let version = meta.view?.version {
      // The gradient function of a view follows from its geometry, which is another now.
      meta.view!.version = version &- 1
      x.refreshView()
    } else {
      x.recordedGradFn = y.recordedGradFn
      x.outputNumber = y.outputNumber
    }
    return x
  }

  static let squeeze = Operator(composite: "squeeze_(Tensor(a!) self) -> Tensor(a!)") { (x: Tensor) in
    try become(x) { try Views.squeeze.call($0) }
  }
  static let squeezeDim = Operator(composite: "squeeze_.dim(Tensor(a!) self, int dim) -> Tensor(a!)") {
    (x: Tensor, dim: Int) in try become(x) { try Views.squeezeDim.call($0, dim) }
  }
  static let squeezeDims = Operator(composite: "squeeze_.dims(Tensor(a!) self, int[] dim) -> Tensor(a!)") {
    (x: Tensor, dims: [Int]) in try become(x) { try Views.squeezeDims.call($0, dims) }
  }
  static let unsqueeze = Operator(composite: "unsqueeze_(Tensor(a!) self, int dim) -> Tensor(a!)") {
    (x: Tensor, dim: Int) in try become(x) { try Views.unsqueeze.call($0, dim) }
  }
  private static func transposed(_ name: String, _ parameters: String) -> Operator<Tensor, Int, Int, Tensor> {
    Operator(composite: "\(name)(Tensor(a!) self, \(parameters)) -> Tensor(a!)") { (x: Tensor, a: Int, b: Int) in
      try become(x) { try Views.transpose.call($0, a, b) }
    }
  }
  static let transpose = transposed("transpose_", "int dim0, int dim1")
  private static let swapAxes = transposed("swapaxes_", "int axis0, int axis1")
  private static let swapDims = transposed("swapdims_", "int dim0, int dim1")
  static let t = Operator(composite: "t_(Tensor(a!) self) -> Tensor(a!)") { (x: Tensor) in
    try become(x) { try Views.t.call($0) }
  }
  static let asStrided = Operator(
    composite: "as_strided_(Tensor(a!) self, SymInt[] size, SymInt[] stride, SymInt? storage_offset=None) -> Tensor(a!)"
  ) { (x: Tensor, size: [Int], stride: [Int], offset: Int?) in
    try become(x) { try Views.asStrided.call($0, size, stride, offset) }
  }

  static let detach = Operator(composite: "detach_(Tensor(a!) self) -> Tensor(a!)") { (x: Tensor) in x.detach_() }

  static let operators: [AnyOperator] = [
    squeeze, squeezeDim, squeezeDims, unsqueeze, transpose, swapAxes, swapDims, t, asStrided, detach,
  ]
}

extension Tensor {
  /// Takes out the dimensions of size 1 (all of them, or `dim`) of this tensor itself.
  ///
  /// ```swift
  /// let x = torch.zeros(1, 3)
  /// x.squeeze_()
  /// print(x.shape)   // torch.Size([3])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.squeeze_.html
  @discardableResult
  public func squeeze_(_ dim: Int? = nil) -> Tensor {
    dim.map { InPlaceViews.squeezeDim(self, $0) } ?? InPlaceViews.squeeze(self)
  }
  @discardableResult
  public func unsqueeze_(_ dim: Int) -> Tensor { InPlaceViews.unsqueeze(self, dim) }
  @discardableResult
  public func transpose_(_ dim0: Int, _ dim1: Int) -> Tensor { InPlaceViews.transpose(self, dim0, dim1) }
  @discardableResult
  public func swapaxes_(_ axis0: Int, _ axis1: Int) -> Tensor { transpose_(axis0, axis1) }
  @discardableResult
  public func swapdims_(_ dim0: Int, _ dim1: Int) -> Tensor { transpose_(dim0, dim1) }
  @discardableResult
  public func t_() -> Tensor { InPlaceViews.t(self) }
  @discardableResult
  public func asStrided_(_ size: [Int], _ stride: [Int], storageOffset: Int? = nil) -> Tensor {
    InPlaceViews.asStrided(self, size, stride, storageOffset)
  }
}
