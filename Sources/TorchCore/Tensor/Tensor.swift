// The tensor: a typed, strided view of a storage, with its place in the autograd graph.

import CTorchKernelHeaders

/// An n-dimensional array whose dtype, device and shape are known at run time.
///
/// ```swift
/// let x = Tensor([[1, 2], [3, 4]])
/// print(x.shape, x.dtype)     // torch.Size([2, 2]) torch.int64
/// print((x * 2).sum())        // tensor(20)
/// ```
/// Source: https://pytorch.org/docs/stable/tensors.html
public final class Tensor: @unchecked Sendable {
  // Unchecked for the reason `Storage` gives: concurrent reads are safe, writes are the caller's to order. Exclusivity is
  // not checked at run time either (here, in `Storage` and in `Node`): no accessor of these properties calls back
  // into code that could touch them, and the checks took a tenth of the time of a small operation.

  /// The size of each dimension.
  @exclusivity(unchecked) public internal(set) var shape: Shape
  /// Elements to step over in memory to get to the next index of each dimension.
  @exclusivity(unchecked) public internal(set) var strides: Shape
  /// Elements before the first one in the storage.
  @exclusivity(unchecked) public internal(set) var storageOffset: Int
  @exclusivity(unchecked) public internal(set) var dtype: DType
  @exclusivity(unchecked) public internal(set) var storage: Storage
  @exclusivity(unchecked) var flags: Flags

  // Autograd (see Autograd/). Kept in the tensor itself, not in a side object, because recording is a hot path.
  @exclusivity(unchecked) var recordedGradFn: Node?
  @exclusivity(unchecked) var outputNumber: Int32 = 0
  /// What only leaves that collect gradients, hooked tensors and views need.
  @exclusivity(unchecked) var autograd: AutogradMeta?

  struct Flags: OptionSet {
    var rawValue: UInt8
    static let requiresGrad = Flags(rawValue: 1)
    static let contiguous = Flags(rawValue: 2)
    /// A zero-dimensional tensor that stands for a Swift number in type promotion.
    static let wrappedNumber = Flags(rawValue: 4)
    /// Carries an error instead of elements; `autograd.failure` has it.
    static let invalid = Flags(rawValue: 8)
    /// Made in inference mode: no graph may keep it (Note [Inference tensors]).
    static let inference = Flags(rawValue: 16)
    /// `autograd.view` is set: the gradient function may have to be made anew (Note [Views and in-place]).
    static let differentiableView = Flags(rawValue: 32)
  }

  @inline(__always)
  init(storage: Storage, shape: Shape, strides: Shape, offset: Int, dtype: DType) {
    self.storage = storage
    self.shape = shape
    self.strides = strides
    storageOffset = offset
    self.dtype = dtype
    flags = shape.isContiguous(strides) ? .contiguous : []
    if Modes.current.contains(.inference) { flags.insert(.inference) }
  }

  /// A row-major tensor over all of `storage`.
  @inline(__always)
  init(storage: Storage, shape: Shape, dtype: DType) {
    self.storage = storage
    self.shape = shape
    strides = shape.contiguousStrides
    storageOffset = 0
    self.dtype = dtype
    flags = .contiguous
    if Modes.current.contains(.inference) { flags.insert(.inference) }
  }

  /// A new row-major tensor whose elements are not set yet.
  @inline(__always)
  static func uninitialized(_ shape: Shape, _ dtype: DType) throws -> Tensor {
    Tensor(storage: try Storage(byteCount: shape.numel &* dtype.itemSize), shape: shape, dtype: dtype)
  }

  /// A tensor over memory of the caller's (see `Storage.init(sharing:)`), checked to lie inside it.
  package convenience init(
    sharing storage: Storage, shape: Shape, strides: Shape, offset: Int, dtype: DType
  ) throws {
    try Tensor.check(shape, strides, offset, fitIn: storage.byteCount, dtype)
    self.init(storage: storage, shape: shape, strides: strides, offset: offset, dtype: dtype)
  }

  /// Another tensor on the same memory, outside the autograd graph.
  func alias(shape: Shape, strides: Shape, offset: Int) -> Tensor {
    let view = Tensor(storage: storage, shape: shape, strides: strides, offset: offset, dtype: dtype)
    if flags.contains(.inference) { view.flags.insert(.inference) } else { view.flags.remove(.inference) }
    return view
  }

  func alias() -> Tensor { alias(shape: shape, strides: strides, offset: storageOffset) }

  /// Gives this tensor object other memory and geometry (`resize_`, `set_`, `out=`), and keeps its identity.
  func adopt(storage: Storage, shape: Shape, strides: Shape, offset: Int, dtype: DType) {
    self.storage = storage
    self.shape = shape
    self.strides = strides
    storageOffset = offset
    self.dtype = dtype
    if shape.isContiguous(strides) { flags.insert(.contiguous) } else { flags.remove(.contiguous) }
  }
}

// MARK: - Properties

extension Tensor {
  /// The device its elements live on.
  public var device: Device { storage.device }

  /// The number of dimensions.
  @inline(__always)
  public var ndim: Int { shape.count }

  /// The number of elements.
  @inline(__always)
  public var numel: Int { shape.numel }

  /// Bytes an element takes.
  public var elementSize: Int { dtype.itemSize }

  /// How elements are stored, as PyTorch names it.
  public var layout: String { isSparse ? "torch.sparse_coo" : "torch.strided" }

  /// The size of dimension `dim`; negative ones count from the end.
  public func size(_ dim: Int) -> Int { shape[dim] }

  /// Whether the elements lie row-major without gaps.
  @inline(__always)
  public var isContiguous: Bool { flags.contains(.contiguous) }

  /// Whether it stands for a Swift number in type promotion.
  @inline(__always)
  package var isWrappedNumber: Bool { flags.contains(.wrappedNumber) }

  @inline(__always)
  public var isValid: Bool { !flags.contains(.invalid) }

  /// How many in-place writes its memory has seen (`_version`).
  public var version: Int { Int(storage.version) }

  /// The address of the first element, in plain layout.
  @inline(__always)
  var pointer: UnsafeMutableRawPointer {
    storage.pointer + storageOffset &* dtype.itemSize
  }

  /// The strides in bytes, as kernels take them.
  func byteStrides(_ strides: Shape) -> [Int64] { strides.map { Int64($0 * dtype.itemSize) } }

  /// Whether both are views of one storage.
  public func sharesStorage(with other: Tensor) -> Bool { storage === other.storage }
  /// The same for all tensors on one memory.
  package var storageIdentity: ObjectIdentifier { ObjectIdentifier(storage) }
}

// MARK: - Invalid tensors

extension Tensor {
  static let emptyStorage = Storage(sharing: UnsafeMutableRawPointer(bitPattern: 64)!, byteCount: 0, keeper: nil)

  /// A tensor that carries `error`, which is reported to the error scope; without a scope the program stops.
  public static func invalid(_ error: TorchError) -> Tensor {
    ErrorScope.report(error)
    let tensor = Tensor(storage: emptyStorage, shape: [0], dtype: .default)
    tensor.flags.insert(.invalid)
    tensor.ensureAutograd().failure = error
    return tensor
  }

  /// The error an invalid tensor carries.
  public var failure: TorchError? { isValid ? nil : autograd?.failure }

  /// Throws the error an invalid tensor carries; readers of values call it first.
  @inline(__always)
  package func checkValid() throws {
    if flags.contains(.invalid), let failure = autograd?.failure { throw failure }
  }

  /// Geometry from outside (archives, `as_strided`) must lie inside its storage.
  static func check(_ shape: Shape, _ strides: Shape, _ offset: Int, fitIn byteCount: Int, _ dtype: DType) throws {
    guard offset >= 0, strides.count == shape.count, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else {
      throw TorchError(
        .value, "as_strided: sizes, strides and storage offset must be non-negative and as many, got sizes \(shape.listDescription), strides \(strides.listDescription), offset \(offset)")
    }
    if shape.contains(0) { return }
    var last = offset
    for (size, stride) in zip(shape, strides) {
      let (span, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, overflow2) = last.addingReportingOverflow(span)
      if overflow || overflow2 { last = .max; break }
      last = sum
    }
    guard last < byteCount / dtype.itemSize else {
      let (needed, overflow) = last.addingReportingOverflow(1)
      throw TorchError(
        .value,
        "setStorage: sizes \(shape.listDescription), strides \(strides.listDescription), storage offset \(offset), and itemsize \(dtype.itemSize) requiring a storage size of \(overflow ? Int.max : needed.multipliedReportingOverflow(by: dtype.itemSize).partialValue) are out of bounds for storage of size \(byteCount)")
    }
  }
}
