// Copies: to another dtype, device or layout, and the ways to ask for one.

enum Conversion {
  /// A copy of another dtype. The engine turns the gradient back into the input's dtype.
  static let toCopy = Operator(
    "_to_copy(Tensor self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None, bool non_blocking=False, MemoryFormat? memory_format=None) -> Tensor",
    gradientName: "ToCopyBackward0",
    kernel: { (x: Tensor, dtype: DType?, _: Ignored, device: Device?, _: Ignored, _: Bool, _: MemoryFormat?) in
      try checkDevice(device)
      return try copied(x, dtype ?? x.dtype)
    },
    derivative: { _, _, _, _, _, _, _, _, _ in { g in [g[0]] } })

  static let clone = Operator(
    "clone(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor",
    kernel: { (x: Tensor, format: MemoryFormat?) in
      format == nil || format == .preserve ? try copied(x, x.dtype) : try x.packed()
    },
    derivative: { _, _, _, _ in { g in [g[0]] } })

  static let contiguous = Operator(
    composite: "contiguous(Tensor(a) self, *, MemoryFormat memory_format=contiguous_format) -> Tensor(a)"
  ) { (x: Tensor, _: MemoryFormat) in
    x.isContiguous ? x : clone(x, .contiguous)
  }

  static let reshape = Operator(composite: "reshape(Tensor(a) self, SymInt[] shape) -> Tensor(a)") {
    (x: Tensor, shape: [Int]) in
    let target = try Shape.inferred(shape, numel: x.numel)
    if x.shape.viewStrides(x.strides, as: target) != nil { return Views.view(x, Array(target)) }
    return unsafeView(clone(x, .contiguous), Array(target))
  }

  /// A view of a tensor that nobody else sees, and so none to autograd.
  static let unsafeView = Operator(
    "_unsafe_view(Tensor self, SymInt[] size) -> Tensor",
    kernel: { (x: Tensor, size: [Int]) in try Views.view.call(x, size) },
    derivative: { _, _, x, _ in
      let sizes = Array(x.shape)
      return { g in [g[0].reshape(sizes)] }
    })

  static let toDType = Operator(
    composite:
      "to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)"
  ) { (x: Tensor, dtype: DType, _: Bool, copy: Bool, format: MemoryFormat?) in
    if x.dtype == dtype && !copy { return x }
    return toCopy(x, dtype, Ignored(), nil, Ignored(), false, format)
  }

  static let toDevice = Operator(
    composite:
      "to.device(Tensor(a) self, Device device, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat? memory_format=None) -> Tensor(a)"
  ) { (x: Tensor, device: Device, dtype: DType, _: Bool, copy: Bool, format: MemoryFormat?) in
    try checkDevice(device)
    if x.dtype == dtype && !copy { return x }
    return toCopy(x, dtype, Ignored(), device, Ignored(), false, format)
  }

  static let copyInPlace = Operator(
    composite: "copy_(Tensor(a!) self, Tensor src, bool non_blocking=False) -> Tensor(a!)"
  ) { (target: Tensor, source: Tensor, _: Bool) in
    guard source.shape.canExpand(to: target.shape) else {
      throw TorchError(
        .shape,
        "The size of tensor a (\(target.shape.last ?? 1)) must match the size of tensor b (\(source.shape.last ?? 1)) at non-singleton dimension \(Swift.max(target.ndim, 1) - 1)")
    }
    try target.checkWritable(by: target.shape, target.dtype)
    let records = Modes.current.recordsGradients && (target.requiresGrad || source.requiresGrad)
    // The target's old value has a gradient still: zero.
    let node = records ? Node(name: "CopyBackwards", edges: [Edge(to: target), Edge(to: source)]) : nil
    let (shape, dtype) = (target.shape, target.dtype)
    node?.pullback = { g in [g.needs(0) ? Tensor.zeros(shape, dtype: dtype) : nil, g.needs(1) ? g[0] : nil] }
    // Source and target may overlap in one storage.
    let safe = source.storage === target.storage ? try source.packed() : source
    try target.backend.copy(safe, into: target)
    target.storage.bumpVersion()
    if records {
      if let node { node.addOutput(like: target) }
      target.rebaseHistory(to: node, output: 0)
    }
    return target
  }

  /// A copy in the same order of memory where the input is dense, else row-major.
  private static func copied(_ x: Tensor, _ dtype: DType) throws -> Tensor {
    if x.dtype == dtype, let layout = x.blockedLayout {
      let storage = try Storage(layout)
      storage.base.copyMemory(from: x.storage.formBase, byteCount: layout.byteCount)
      return Tensor(storage: storage, shape: x.shape, dtype: dtype)
    }
    let out: Tensor
    if !x.isContiguous, x.isDense {
      out = Tensor(
        storage: try Storage(byteCount: x.numel * dtype.itemSize), shape: x.shape, strides: x.strides, offset: 0,
        dtype: dtype)
    } else {
      out = try Tensor.uninitialized(x.shape, dtype)
    }
    try x.backend.copy(x, into: out)
    return out
  }

  static func checkDevice(_ device: Device?) throws {
    guard let device, device.kind != .cpu else { return }
    throw TorchError(
      .device,
      device.kind == .cuda
        ? "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver from http://www.nvidia.com/Download/index.aspx"
        : "there is no backend for device \(device)")
  }

  static let operators: [AnyOperator] = [toCopy, clone, contiguous, reshape, unsafeView, toDType, toDevice, copyInPlace]
}

extension Tensor {
  /// Whether the elements fill a run of memory without gaps or overlaps, in whatever order of dimensions.
  var isDense: Bool {
    let dims = zip(shape, strides).filter { $0.0 != 1 }.sorted { $0.1 < $1.1 }
    var expected = 1
    for (size, stride) in dims {
      if stride != expected { return false }
      expected *= size
    }
    return true
  }

  /// This tensor in another dtype; itself where it has that dtype already.
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.to.html
  public func to(_ dtype: DType, copy: Bool = false) -> Tensor {
    self.dtype == dtype && !copy && !Modes.current.contains(.interposed)
      ? self : Conversion.toDType(self, dtype, false, copy, nil)
  }

  /// This tensor on `device`; itself where it is there already.
  public func to(_ device: Device, dtype: DType? = nil) -> Tensor {
    device == self.device && (dtype == nil || dtype == self.dtype)
      ? self : Conversion.toDevice(self, device, dtype ?? self.dtype, false, false, nil)
  }

  public func cpu() -> Tensor { to(.cpu) }
  public func float() -> Tensor { to(.float32) }
  public func double() -> Tensor { to(.float64) }
  public func half() -> Tensor { to(.float16) }
  public func bfloat16() -> Tensor { to(.bfloat16) }
  public func int() -> Tensor { to(.int32) }
  public func long() -> Tensor { to(.int64) }
  public func bool() -> Tensor { to(.bool) }

  /// A copy with memory of its own; gradients flow through it.
  public func clone() -> Tensor { Conversion.clone(self, nil) }

  /// Itself if row-major, else a row-major copy.
  public func contiguous() -> Tensor {
    // A tracer sees the call whatever this tensor's layout: another input's may differ.
    isContiguous && !Modes.current.contains(.interposed) ? self : Conversion.contiguous(self, .contiguous)
  }

  /// The same elements under other sizes; a view where the strides allow it, else a copy. One size may be -1.
  /// Source: https://pytorch.org/docs/stable/generated/torch.reshape.html
  public func reshape(_ sizes: [Int]) -> Tensor { Conversion.reshape(self, sizes) }
  public func reshape(_ sizes: Int...) -> Tensor { reshape(sizes) }
  public func reshape(like other: Tensor) -> Tensor { reshape(Array(other.shape)) }

  /// Copies `source`, broadcast and converted, into this tensor's memory.
  @discardableResult
  public func copy_(_ source: Tensor) -> Tensor { Conversion.copyInPlace(self, source, false) }

  /// The same elements outside the graph, sharing memory.
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.detach.html
  public func detach() -> Tensor { Views.detach(self) }

  /// Leaves the graph in place.
  @discardableResult
  public func detach_() -> Tensor {
    if autograd?.view != nil, requiresGrad {
      return .invalid(
        TorchError(
          .autograd,
          "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution."))
    }
    recordedGradFn = nil
    flags.subtract([.requiresGrad, .differentiableView])
    autograd?.view = nil
    return self
  }

  /// Sums broadcast dimensions away so that the result has `shape`.
  public func sumToSize(_ target: Shape) -> Tensor {
    if shape == target { return self }
    let lead = ndim - target.count
    let dims = (0..<ndim).filter { $0 < lead || (target[$0 - lead] == 1 && shape[$0] != 1) }
    let summed = dims.isEmpty ? self : sum(dim: dims, keepdim: true)
    return lead > 0 ? summed.reshape(Array(target)) : summed
  }

  /// `resize_` of an `out=` tensor.
  func resizeStorage(to shape: Shape) throws {
    let bytes = (storageOffset + shape.numel) * dtype.itemSize
    if bytes > storage.byteCount { try storage.resize(byteCount: bytes) }
    adopt(storage: storage, shape: shape, strides: shape.contiguousStrides, offset: storageOffset, dtype: dtype)
  }
}
