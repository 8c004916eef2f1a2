// Making tensors: from Swift values, filled, in ranges.
// Reference: https://pytorch.org/docs/stable/torch.html#creation-ops

import CTorchKernelHeaders

extension Tensor {
  /// A tensor of the numbers in `literal`: a number, an array, arrays in arrays.
  ///
  /// The dtype is PyTorch's for the same Python values: integers make `int64`, `Double` and literals with a point
  /// the default floating type, `Bool` `bool`; `Float`, `Int32`, … their own.
  ///
  /// ```swift
  /// print(Tensor([[1, 2], [3, 4]], dtype: .float32))
  /// // tensor([[1., 2.],
  /// //         [3., 4.]])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.tensor.html
  public convenience init<L: TensorLiteral>(_ literal: L, dtype: DType? = nil, requiresGrad: Bool = false) {
    var values: [L.Leaf] = []
    var sizes: [Int?] = []
    do {
      try literal.collect(into: &values, &sizes, depth: 0)
      let shape = try Shape(checking: sizes.map { $0 ?? 0 })
      let source = try Tensor.copying(values, shape: shape)
      // An empty list has no numbers to tell a dtype by; PyTorch takes the default one.
      let natural = values.isEmpty ? DType.default : L.Leaf.literalDType
      self.init(adopting: try Elementwise.cast(source, dtype ?? natural))
    } catch {
      self.init(adopting: .invalid(error as! TorchError))
    }
    if requiresGrad { requiresGrad_() }
  }

  /// Takes over what a fresh tensor holds; initialisers of classes cannot return another instance.
  convenience init(adopting source: Tensor) {
    self.init(
      storage: source.storage, shape: source.shape, strides: source.strides, offset: source.storageOffset,
      dtype: source.dtype)
    flags = source.flags
    autograd = source.autograd
  }

  /// A zero-dimensional tensor that stands for a number: in promotion it counts as a Python number does. It holds the
  /// number in full precision, whatever the default dtype.
  convenience init(wrapping scalar: Scalar) {
    let dtype: DType
    switch scalar {
    case .int: dtype = .int64
    case .double: dtype = .float64
    case .bool: dtype = .bool
    case .complex: dtype = .complex128
    }
    // No call of a factory, which a tracer would see.
    self.init(adopting: Modes.with({ $0.remove(.interposed) }) { Tensor.full([], scalar, dtype: dtype) })
    flags.insert(.wrappedNumber)
  }

  /// A copy of `values`, row-major.
  static func copying<T: TensorElement>(_ values: [T], shape: Shape) throws -> Tensor {
    guard shape.numel == values.count else {
      throw TorchError(.shape, "shape '\(shape.listDescription)' is invalid for input of size \(values.count)")
    }
    let tensor = try Tensor.uninitialized(shape, T.dtype)
    values.withUnsafeBytes { bytes in
      if let source = bytes.baseAddress { tensor.pointer.copyMemory(from: source, byteCount: bytes.count) }
    }
    return tensor
  }

  /// A tensor of sizes `shape` with the numbers in `values`, row-major.
  /// - Throws: `TorchError` of kind `.shape` where their number differs.
  public static func from<T: TensorElement>(_ values: [T], shape: Shape) throws -> Tensor {
    try copying(values, shape: shape)
  }

  /// A tensor whose elements are not set; reading them before writing gives anything.
  public static func empty(_ shape: Shape, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    made(requiresGrad) {
      guard shape.allSatisfy({ $0 >= 0 }) else {
        throw TorchError(
          .shape,
          "Trying to create tensor with negative dimension \(shape.first { $0 < 0 }!): \(shape.listDescription)")
      }
      guard let n = shape.checkedNumel, n <= Int.max / 32 else {
        throw TorchError(.memory, "Storage size calculation overflowed with sizes=\(shape.listDescription)")
      }
      if let seen = try Interposers.factory(
        "aten::empty.memory_format",
        [.ints(shape), .dtype(dtype ?? .default), .none, .device(.cpu), .bool(false), .none])
      {
        return seen
      }
      return try uninitialized(shape, dtype ?? .default)
    }
  }

  /// A tensor with every element equal to `value`; without `dtype` the dtype is that of the number.
  ///
  /// ```swift
  /// print(Tensor.full([2, 3], 7))
  /// // tensor([[7, 7, 7],
  /// //         [7, 7, 7]])
  /// ```
  public static func full(_ shape: Shape, _ value: Scalar, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    made(requiresGrad) {
      if let seen = try Interposers.factory(
        "aten::full", [.ints(shape), .scalar(value)] + options(dtype ?? value.dtype))
      {
        return seen
      }
      let tensor = empty(shape, dtype: dtype ?? value.dtype)
      try tensor.checkValid()
      try tensor.backend.fill(tensor, with: value)
      return tensor
    }
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: Shape, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    made(requiresGrad) {
      try Interposers.factory("aten::zeros", [.ints(shape)] + options(dtype ?? .default))
        ?? full(shape, 0, dtype: dtype ?? .default)
    }
  }

  /// A tensor of ones.
  public static func ones(_ shape: Shape, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    made(requiresGrad) {
      try Interposers.factory("aten::ones", [.ints(shape)] + options(dtype ?? .default))
        ?? full(shape, 1, dtype: dtype ?? .default)
    }
  }

  public static func zeros(_ sizes: Int..., dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    zeros(Shape(sizes), dtype: dtype, requiresGrad: requiresGrad)
  }

  public static func ones(_ sizes: Int..., dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    ones(Shape(sizes), dtype: dtype, requiresGrad: requiresGrad)
  }

  public static func empty(_ sizes: Int..., dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    empty(Shape(sizes), dtype: dtype, requiresGrad: requiresGrad)
  }

  public static func zeros(like other: Tensor, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    if other.isContiguous { return zeros(other.shape, dtype: dtype ?? other.dtype, requiresGrad: requiresGrad) }
    return full(like: other, 0, dtype: dtype, requiresGrad: requiresGrad)
  }

  public static func ones(like other: Tensor, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    full(like: other, 1, dtype: dtype, requiresGrad: requiresGrad)
  }

  public static func empty(like other: Tensor, dtype: DType? = nil) -> Tensor {
    if other.isContiguous { return empty(other.shape, dtype: dtype ?? other.dtype) }
    return made(false) {
      try other.checkValid()
      return try Random.emptyInOrder(of: other, dtype)
    }
  }

  public static func full(
    like other: Tensor, _ value: Scalar, dtype: DType? = nil, requiresGrad: Bool = false
  ) -> Tensor {
    if other.isContiguous {
      return full(other.shape, value, dtype: dtype ?? other.dtype, requiresGrad: requiresGrad)
    }
    // The dimensions lie in memory in the order of the other's.
    return made(requiresGrad) {
      try other.checkValid()
      let fresh = try Random.emptyInOrder(of: other, dtype)
      try fresh.backend.fill(fresh, with: value)
      return fresh
    }
  }

  /// The numbers from `start` up to, not including, `end`, `step` apart.
  ///
  /// ```swift
  /// print(Tensor.arange(0, 10, step: 3))   // tensor([0, 3, 6, 9])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.arange.html
  public static func arange(
    _ start: Scalar, _ end: Scalar, step: Scalar = 1, dtype: DType? = nil, requiresGrad: Bool = false
  ) -> Tensor {
    made(requiresGrad) {
      let allIntegers = [start, end, step].allSatisfy { $0.category <= .integer }
      let dtype = dtype ?? (allIntegers ? .int64 : .default)
      let count: Int
      if allIntegers {
        let (a, b, s) = (start.intValue, end.intValue, step.intValue)
        guard s != 0 else { throw TorchError(.value, "step must be nonzero") }
        guard s > 0 ? b >= a : b <= a else {
          throw TorchError(.value, "upper bound and lower bound inconsistent with step sign")
        }
        count = (Swift.abs(b - a) + Swift.abs(s) - 1) / Swift.abs(s)
      } else {
        let (a, b, s) = (start.doubleValue, end.doubleValue, step.doubleValue)
        guard s != 0 else { throw TorchError(.value, "step must be nonzero") }
        guard a.isFinite && b.isFinite else { throw TorchError(.value, "unsupported range: \(a) -> \(b)") }
        guard s > 0 ? b >= a : b <= a else {
          throw TorchError(.value, "upper bound and lower bound inconsistent with step sign")
        }
        let size = ((b - a) / s).rounded(.up)
        guard size >= 0 && size < 0x1p60 else { throw TorchError(.value, "invalid size, possible overflow?") }
        count = Int(size)
      }
      if let seen = try Interposers.factory(
        "aten::arange.start_step", [.scalar(start), .scalar(end), .scalar(step)] + options(dtype))
      {
        return seen
      }
      let tensor = empty([count], dtype: dtype)
      try tensor.checkValid()
      tk_arange(tensor.pointer, Int64(count), dtype.kernel, start.kernel, step.kernel)
      return tensor
    }
  }

  public static func arange(_ end: Scalar, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    arange(end.category == .floating ? 0.0 : 0, end, dtype: dtype, requiresGrad: requiresGrad)
  }

  /// `steps` numbers evenly spaced from `start` to `end`, both included.
  /// Source: https://pytorch.org/docs/stable/generated/torch.linspace.html
  public static func linspace(
    _ start: Scalar, _ end: Scalar, steps: Int, dtype: DType? = nil, requiresGrad: Bool = false
  ) -> Tensor {
    made(requiresGrad) {
      guard steps >= 0 else { throw TorchError(.value, "number of steps must be non-negative") }
      let dtype = dtype ?? .default
      if let seen = try Interposers.factory(
        "aten::linspace", [.scalar(start), .scalar(end), .int(steps)] + options(dtype))
      {
        return seen
      }
      // Integers are counted between the integers that the ends are cut to.
      let isWhole = dtype.isInteger
      let (a, b) = isWhole ? (Double(start.intValue), Double(end.intValue)) : (start.doubleValue, end.doubleValue)
      try Storage.checkRoom(for: steps)
      // PyTorch counts from the nearer end, in the precision of the result.
      let values: [Double] = (0..<steps).map { i in
        if steps == 1 { return a }
        if dtype == .float32 {
          let step = (Float(b) - Float(a)) / Float(steps - 1)
          return i < steps / 2
            ? Double(Float(a) + step * Float(i)) : Double(Float(b) - step * Float(steps - i - 1))
        }
        let step = (b - a) / Double(steps - 1)
        return i < steps / 2 ? a + step * Double(i) : b - step * Double(steps - i - 1)
      }
      return try Elementwise.cast(copying(values, shape: [steps]), dtype)
    }
  }

  /// The identity matrix of `n` rows, and `m` columns if given.
  public static func eye(_ n: Int, _ m: Int? = nil, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    made(requiresGrad) {
      let m = m ?? n
      guard n >= 0, m >= 0 else { throw TorchError(.value, "n must be greater or equal to 0, got \(Swift.min(n, m))") }
      if let seen = try Interposers.factory("aten::eye.m", [.int(n), .int(m)] + options(dtype ?? .default)) {
        return seen
      }
      let matrix = zeros([n, m], dtype: dtype)
      try matrix.checkValid()
      let diagonal = matrix.alias(shape: [Swift.min(n, m)], strides: [m + 1], offset: 0)
      try matrix.backend.fill(diagonal, with: 1)
      return matrix
    }
  }

  /// The options of a factory operator: dtype, layout, device, whether the memory is pinned.
  private static func options(_ dtype: DType) -> [Value] { [.dtype(dtype), .none, .device(.cpu), .bool(false)] }

  /// The end of every factory: errors become an invalid tensor, and the leaf starts collecting gradients if wanted.
  package static func made(_ requiresGrad: Bool, _ body: () throws -> Tensor) -> Tensor {
    do {
      let tensor = try body()
      return requiresGrad ? tensor.requiresGrad_() : tensor
    } catch {
      return .invalid(error as! TorchError)
    }
  }
}
