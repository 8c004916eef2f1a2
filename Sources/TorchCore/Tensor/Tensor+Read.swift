// Reading values back. These throw: an invalid tensor's error comes out here.

import CTorchKernelHeaders

extension Tensor {
  /// The one element as a number: an integer, floating point number, Boolean or complex as the dtype is.
  /// - Throws: `TorchError` where there is not exactly one element, or the tensor is invalid.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.item.html
  public func item() throws -> Scalar {
    try checkValid()
    try Batching.checkReadable(self)
    guard numel == 1 else {
      throw TorchError(.value, "a Tensor with \(numel) elements cannot be converted to Scalar")
    }
    Interposers.reading(self, as: dtype == .bool ? "Python boolean" : "Python number")
    return scalar(at: 0, in: pointer)
  }

  /// The one element as a value of `type`.
  public func item<T: TensorElement>(_ type: T.Type) throws -> T { T(try item()) }

  /// All elements, row-major, as values of `type`.
  ///
  /// ```swift
  /// print(try Tensor([[1, 2], [3, 4]]).toArray(Int.self))   // [1, 2, 3, 4]
  /// ```
  public func toArray<T: TensorElement>(_ type: T.Type = T.self) throws -> [T] {
    try checkValid()
    try Batching.checkReadable(self)
    Interposers.reading(self, as: "NumPy array")
    let plain = try Elementwise.cast(isContiguous ? self : packed(), T.dtype)
    return [T](unsafeUninitializedCapacity: numel) { buffer, count in
      count = plain.numel
      if count > 0 {
        UnsafeMutableRawPointer(buffer.baseAddress!).copyMemory(from: plain.pointer, byteCount: count * T.dtype.itemSize)
      }
    }
  }

  /// All elements, row-major, as numbers of the dtype's kind.
  public func scalars() throws -> [Scalar] {
    try checkValid()
    try Batching.checkReadable(self)
    Interposers.reading(self, as: "Python list")
    let plain = isContiguous ? self : try packed()
    let base = plain.pointer
    return (0..<numel).map { plain.scalar(at: $0, in: base) }
  }

  /// A row-major copy outside the graph.
  func packed() throws -> Tensor {
    let copy = try Tensor.uninitialized(shape, dtype)
    try backend.copy(self, into: copy)
    return copy
  }

  /// Element `index` behind `base`, counted in elements.
  func scalar(at index: Int, in base: UnsafeMutableRawPointer) -> Scalar {
    func load<T>(_ type: T.Type) -> T { base.load(fromByteOffset: index * MemoryLayout<T>.stride, as: type) }
    switch dtype {
    case .uint8: return .int(Int(load(UInt8.self)))
    case .int8: return .int(Int(load(Int8.self)))
    case .int16: return .int(Int(load(Int16.self)))
    case .int32: return .int(Int(load(Int32.self)))
    case .int64: return .int(Int(load(Int64.self)))
    case .float16: return .double(Double(load(Float16.self)))
    case .float32: return .double(Double(load(Float.self)))
    case .float64: return .double(load(Double.self))
    case .bfloat16: return .double(Double(Float(bitPattern: UInt32(load(UInt16.self)) << 16)))
    case .complex64: return .complex(.init(Double(load((Float, Float).self).0), Double(load((Float, Float).self).1)))
    case .complex128: return .complex(.init(load((Double, Double).self).0, load((Double, Double).self).1))
    case .bool: return .bool(load(UInt8.self) != 0)
    }
  }

  /// Whether any element is NaN; for anomaly mode.
  var hasNaN: Bool {
    torch.noGrad { (try? (self .!= self).any().item(Bool.self)) ?? false }
  }
}
