// An array whose memory tensors may share: Swift's place for what `torch.from_numpy` does.

/// A fixed number of elements in memory that tensors can be views of.
///
/// ```swift
/// let numbers = SharedArray([1, 2, 3])
/// let tensor = try Tensor(sharing: numbers)
/// numbers[0] = 5
/// print(tensor)   // tensor([5, 2, 3])
/// ```
/// A Swift `Array` cannot do this: it moves its memory when it is copied and changed.
/// Source: https://pytorch.org/docs/stable/generated/torch.from_numpy.html
public final class SharedArray<Element: TensorElement>: @unchecked Sendable {
  // Unchecked for the reason `Storage` gives: the order of writes is the caller's duty.
  fileprivate let memory: UnsafeMutableBufferPointer<Element>

  public init(_ elements: some Collection<Element>) {
    memory = .allocate(capacity: elements.count)
    _ = memory.initialize(from: elements)
  }

  deinit { memory.deallocate() }
}

extension SharedArray: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { memory.count }

  public subscript(index: Int) -> Element {
    get {
      precondition(memory.indices.contains(index), "index out of range")
      return memory[index]
    }
    set {
      precondition(memory.indices.contains(index), "index out of range")
      memory[index] = newValue
    }
  }
}

/// Prints as NumPy's arrays do: `[1 2 3]`.
extension SharedArray: CustomStringConvertible {
  public var description: String { "[" + map { "\($0)" }.joined(separator: " ") + "]" }
}

extension Tensor {
  /// A tensor on `array`'s memory, of its elements' dtype, row-major; without `shape`, of one dimension.
  /// - Throws: `TorchError` of kind `.value` where `shape` needs more elements than there are.
  public convenience init<T: TensorElement>(sharing array: SharedArray<T>, shape: Shape? = nil) throws {
    let bytes = array.count * T.dtype.itemSize
    // An empty array has no memory to point at, and none will be read.
    let base = array.memory.baseAddress.map { UnsafeMutableRawPointer($0) } ?? UnsafeMutableRawPointer(bitPattern: 64)!
    let shape = shape ?? [array.count]
    try self.init(
      sharing: Storage(sharing: base, byteCount: bytes, keeper: array), shape: shape,
      strides: shape.contiguousStrides, offset: 0, dtype: T.dtype)
  }
}
