// Changing the size of a tensor in place. Elements keep their order in memory; new ones are not set.
// Reference: https://pytorch.org/docs/stable/generated/torch.Tensor.resize_.html

enum Resizing {
  private static func resize(_ x: Tensor, to sizes: [Int], _ format: MemoryFormat?) throws -> Tensor {
    guard !x.requiresGrad else { throw TorchError(.autograd, "cannot resize variables that require grad") }
    let shape = try Shape(checking: sizes)
    guard shape.allSatisfy({ $0 >= 0 }), let count = shape.checkedNumel, count <= Int.max / 32 else {
      throw TorchError(.shape, "numel: integer multiplication overflow")
    }
    if format == .preserve { throw TorchError(.value, "Unsupported memory format Preserve") }
    if format == nil, shape == x.shape { return x }
    try x.resizeStorage(to: shape)
    if let strides = try channelsLast(shape, format) {
      x.adopt(storage: x.storage, shape: shape, strides: strides, offset: x.storageOffset, dtype: x.dtype)
    }
    x.storage.bumpVersion()
    return x
  }

  /// Strides with the channels, dimension 1, innermost.
  private static func channelsLast(_ shape: Shape, _ format: MemoryFormat?) throws -> Shape? {
    let rank: Int
    switch format {
    case .channelsLast: rank = 4
    case .channelsLast3d: rank = 5
    default: return nil
    }
    guard shape.count == rank else {
      throw TorchError(.shape, "required rank \(rank) tensor to use channels_last\(rank == 5 ? "_3d" : "") format")
    }
    var strides = shape
    let order = [0] + Array(2..<rank) + [1]
    for (dim, stride) in zip(order, Shape(order.map { shape[$0] }).contiguousStrides) { strides[dim] = stride }
    return strides
  }

  static let resizeInPlace = Operator(
    composite: "resize_(Tensor(a!) self, SymInt[] size, *, MemoryFormat? memory_format=None) -> Tensor(a!)"
  ) { (x: Tensor, sizes: [Int], format: MemoryFormat?) in try resize(x, to: sizes, format) }

  static let resizeAsInPlace = Operator(
    composite:
      "resize_as_(Tensor(a!) self, Tensor the_template, *, MemoryFormat? memory_format=None) -> Tensor(a!)"
  ) { (x: Tensor, template: Tensor, format: MemoryFormat?) in
    try resize(x, to: Array(template.shape), format == .preserve ? nil : format)
  }

  static let resized = Operator(
    composite: "resize(Tensor self, SymInt[] size, *, MemoryFormat? memory_format=None) -> Tensor"
  ) { (x: Tensor, sizes: [Int], format: MemoryFormat?) in
    try torch.noGrad { try resize(try x.packed(), to: sizes, format) }
  }

  static let operators: [AnyOperator] = [resizeInPlace, resizeAsInPlace, resized]
}

extension Tensor {
  /// Gives this tensor other sizes; its memory grows where it must.
  @discardableResult
  public func resize_(_ sizes: [Int]) -> Tensor { Resizing.resizeInPlace(self, sizes, nil) }
  @discardableResult
  public func resize_(_ sizes: Int...) -> Tensor { resize_(sizes) }
  /// Gives this tensor the sizes of `other`.
  @discardableResult
  public func resizeAs_(_ other: Tensor) -> Tensor { Resizing.resizeAsInPlace(self, other, nil) }
}
