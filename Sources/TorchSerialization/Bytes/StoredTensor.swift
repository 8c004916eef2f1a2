// Tensors as files hold them: bytes, geometry and flags, without the framework's tensor class.
//
// The format readers and writers of this module work on these; `Tensor+Stored.swift` turns them into tensors and
// back. Two stored tensors with one storage are views of the same memory, and stay so both ways.

import TorchCore

/// Bytes that one or more stored tensors view.
package final class StoredStorage {
  package let byteCount: Int
  /// The element type the file gives the storage; nil for untyped ones.
  package let dtype: DType?
  /// The element type where tensors here do not have it.
  package let foreignType: ForeignType?
  /// The device that the file says the bytes came from: `cpu`, `cuda:0`.
  package let location: String
  /// How the elements lie in the file, where it is not how they lie in memory.
  package let packing: Packing?
  private var source: Source
  /// This storage with its elements conjugated or negated, shared by all tensors that ask for it.
  /// Weak, because a twin whose bytes were not asked for yet holds this storage.
  private var twins: [Twin: WeakStorage] = [:]

  /// A packed number format of a file.
  package struct Packing {
    package let typeName: String
    package let byteCount: Int
  }

  private struct Twin: Hashable {
    let mark: StoredTensor.Mark
    let dtype: DType
  }

  private struct WeakStorage { weak var storage: StoredStorage? }

  private enum Source {
    case there(ByteRegion)
    case onDemand(() throws -> ByteRegion)
  }

  package init(_ bytes: ByteRegion, dtype: DType?) {
    byteCount = bytes.count
    self.dtype = dtype
    foreignType = nil
    location = "cpu"
    packing = nil
    source = .there(bytes)
  }

  /// A storage whose bytes are fetched (inflated, byte-swapped, checksummed) when they are first asked for.
  package init(
    byteCount: Int, dtype: DType?, foreignType: ForeignType? = nil, location: String = "cpu",
    packing: Packing? = nil, _ load: @escaping () throws -> ByteRegion
  ) {
    self.byteCount = byteCount
    self.dtype = dtype
    self.foreignType = foreignType
    self.location = location
    self.packing = packing
    source = .onDemand(load)
  }

  /// Bytes an element takes; 1 for untyped storages.
  var itemSize: Int { dtype?.itemSize ?? foreignType.map { max(1, $0.bits / 8) } ?? 1 }

  package func bytes() throws -> ByteRegion {
    switch source {
    case .there(let bytes): return bytes
    case .onDemand(let load):
      let bytes = try load()
      guard bytes.count == byteCount else {
        throw TorchError(.serialization, "a storage of \(byteCount) bytes has \(bytes.count) bytes in the file")
      }
      // Unpacked elements are many times what the file holds; who asked for them keeps them.
      if packing == nil { source = .there(bytes) }
      return bytes
    }
  }

  fileprivate func twin(_ mark: StoredTensor.Mark, of dtype: DType) -> StoredStorage {
    let key = Twin(mark: mark, dtype: dtype)
    if let twin = twins[key]?.storage { return twin }
    // The sign bits to flip are the top bits of the numbers an element consists of.
    let width = dtype.swapWidth
    let first = mark == .conjugation ? 2 * width - 1 : width - 1
    let step = mark == .conjugation ? 2 * width : width
    let twin = StoredStorage(byteCount: byteCount, dtype: self.dtype, location: location) { [self] in
      let source = try bytes()
      return try ByteRegion(count: source.count) { target in
        source.withBytes { target.copyMemory(from: $0) }
        for i in stride(from: first, to: target.count, by: step) { target[i] ^= 0x80 }
      }
    }
    twins[key] = WeakStorage(storage: twin)
    return twin
  }

  /// Legacy files put the bytes behind the pickle that describes the storages.
  package func supply(_ bytes: ByteRegion) throws {
    guard bytes.count == byteCount else {
      throw TorchError(.serialization, "a storage of \(byteCount) bytes has \(bytes.count) bytes in the file")
    }
    source = .there(bytes)
  }
}

/// A tensor in a file.
package struct StoredTensor {
  package let storage: StoredStorage
  package let dtype: DType
  package let shape: [Int]
  /// In elements, as `storageOffset` is.
  package let strides: [Int]
  package let storageOffset: Int
  package var requiresGrad = false
  package var isParameter = false

  /// Geometry from outside: it must be possible, and must lie inside the storage.
  package init(
    storage: StoredStorage, dtype: DType, shape: [Int], strides: [Int], storageOffset: Int, requiresGrad: Bool = false
  ) throws {
    func refuse(_ why: String) -> TorchError {
      TorchError(
        .serialization,
        "tensor of shape \(shape), strides \(strides), offset \(storageOffset) in a storage of \(storage.byteCount) bytes: \(why)"
      )
    }
    guard shape.count <= 128, shape.count == strides.count else { throw refuse("bad number of dimensions") }
    guard storageOffset >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else {
      throw refuse("negative sizes, strides or offsets are not possible")
    }
    guard let numel = StoredTensor.product(shape), !numel.multipliedReportingOverflow(by: dtype.itemSize).overflow
    else {
      throw refuse("too many elements")
    }
    if numel > 0 {
      var last = storageOffset
      var overflows = false
      for (size, stride) in zip(shape, strides) {
        let (span, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
        let (sum, overflow2) = last.addingReportingOverflow(span)
        last = sum
        overflows = overflows || overflow || overflow2
      }
      guard !overflows, last < storage.byteCount / dtype.itemSize else { throw refuse("out of bounds") }
    }
    self.storage = storage
    self.dtype = dtype
    self.shape = shape
    self.strides = strides
    self.storageOffset = storageOffset
    self.requiresGrad = requiresGrad
  }

  /// A row-major tensor over the whole of `bytes`.
  package init(_ bytes: ByteRegion, dtype: DType, shape: [Int]) throws {
    try self.init(
      storage: StoredStorage(bytes, dtype: dtype), dtype: dtype, shape: shape,
      strides: StoredTensor.rowMajorStrides(shape), storageOffset: 0)
  }

  /// Work on the elements that PyTorch has put off, and that a file records instead of doing it.
  package enum Mark { case conjugation, negation }

  /// The tensor with that work done.
  package func resolving(_ mark: Mark) throws -> StoredTensor {
    guard mark == .conjugation ? dtype.isComplex : dtype.isDifferentiable else {
      throw TorchError(.serialization, "a tensor of type \(dtype) marked for \(mark)")
    }
    var result = try StoredTensor(
      storage: storage.twin(mark, of: dtype), dtype: dtype, shape: shape, strides: strides,
      storageOffset: storageOffset, requiresGrad: requiresGrad)
    result.isParameter = isParameter
    return result
  }

  package var numel: Int { shape.reduce(1, *) }

  package var isContiguous: Bool {
    if numel == 0 { return true }
    var step = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      if stride != step { return false }
      step *= size
    }
    return true
  }

  /// The product of sizes that are not negative; nil where it overflows, even where another size is zero.
  package static func product(_ shape: [Int]) -> Int? {
    var n = 1
    for size in shape where size != 0 {
      let (product, overflow) = n.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      n = product
    }
    return shape.contains(0) ? 0 : n
  }

  package static func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = shape
    var step = 1
    for i in shape.indices.reversed() {
      strides[i] = step
      step = step &* max(shape[i], 1)
    }
    return strides
  }

  /// The elements in row-major order.
  /// - Throws: where an expanded (stride 0) tensor would take more than `limit` bytes.
  package func contiguousBytes(limit: Int = .max) throws -> ByteRegion {
    let size = dtype.itemSize
    let byteCount = numel * size
    let bytes = try storage.bytes()
    if isContiguous { return try bytes.slice(numel == 0 ? 0 : storageOffset * size, byteCount) }
    guard byteCount <= limit else {
      throw TorchError(
        .serialization, "an expanded tensor of shape \(shape) takes \(byteCount) bytes, more than \(limit)")
    }
    return try ByteRegion(count: byteCount) { target in
      bytes.withBytes { source in
        // An odometer over all dimensions but the last, which is one loop.
        var index = [Int](repeating: 0, count: shape.count)
        let inner = shape[shape.count - 1]
        let innerStride = strides[shape.count - 1] * size
        var from = storageOffset
        var to = target.baseAddress!
        for _ in 0..<(numel / inner) {
          var element = source.baseAddress! + from * size
          for _ in 0..<inner {
            to.copyMemory(from: element, byteCount: size)
            to += size
            element += innerStride
          }
          var d = shape.count - 2
          while d >= 0 {
            index[d] += 1
            from += strides[d]
            if index[d] < shape[d] { break }
            from -= strides[d] * shape[d]
            index[d] = 0
            d -= 1
          }
        }
      }
    }
  }
}

extension DType {
  /// The bytes that change places between byte orders: a complex number is two numbers.
  var swapWidth: Int { isComplex ? itemSize / 2 : itemSize }
}

extension ByteRegion {
  /// A copy with every group of `width` bytes reversed.
  func byteSwapped(width: Int) throws -> ByteRegion {
    if width <= 1 { return self }
    return try ByteRegion(count: count) { target in
      withBytes { source in
        for start in stride(from: 0, to: count - count % width, by: width) {
          for i in 0..<width { target[start + i] = source[start + width - 1 - i] }
        }
      }
    }
  }
}
