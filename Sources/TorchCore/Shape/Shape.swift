// Sizes and strides of tensors, held inline: no heap array on the hot path.

/// The sizes of a tensor's dimensions; also used for strides. At most `Shape.maxRank` of them.
///
/// ```swift
/// let shape: Shape = [3, 4, 5]
/// print(shape)          // torch.Size([3, 4, 5])
/// print(shape[-1])      // 5
/// ```
public struct Shape: Sendable {
  /// PyTorch allows 64 dimensions; sizes and strides kept inline are worth more than the dimensions past the twelfth.
  public static let maxRank = 12

  private(set) var dims: InlineArray<12, Int>
  public private(set) var count: Int

  @inline(__always)
  public init() {
    dims = InlineArray(repeating: 0)
    count = 0
  }

  /// `count` dimensions of the same size.
  @inline(__always)
  public init(repeating size: Int, count: Int) {
    precondition(count <= Shape.maxRank, "a tensor has at most \(Shape.maxRank) dimensions")
    dims = InlineArray(repeating: size)
    self.count = count
  }

  /// The sizes in `sizes`, which must be at most `maxRank`; see `init(checking:)` for sizes from outside.
  @inlinable
  public init(_ sizes: some Collection<Int>) {
    self.init()
    for size in sizes { append(size) }
  }

  /// The sizes in `sizes`, or PyTorch's error where they are too many.
  public init(checking sizes: some Collection<Int>) throws {
    guard sizes.count <= Shape.maxRank else {
      throw TorchError(.shape, "tensors of more than \(Shape.maxRank) dimensions are not supported, got \(sizes.count)")
    }
    self.init(sizes)
  }

  public mutating func append(_ size: Int) {
    precondition(count < Shape.maxRank, "a tensor has at most \(Shape.maxRank) dimensions")
    dims[count] = size
    count += 1
  }

  public mutating func insert(_ size: Int, at index: Int) {
    append(size)
    var i = count - 1
    while i > index {
      dims[i] = dims[i - 1]
      i -= 1
    }
    dims[index] = size
  }

  @discardableResult
  public mutating func remove(at index: Int) -> Int {
    precondition(index >= 0 && index < count)
    let removed = dims[index]
    var i = index
    while i < count - 1 {
      dims[i] = dims[i + 1]
      i += 1
    }
    count -= 1
    return removed
  }

  /// The product of the sizes.
  @inline(__always)
  public var numel: Int {
    var n = 1
    for i in 0..<count { n *= dims[i] }
    return n
  }

  /// The product of the sizes where it fits an `Int`; sizes from outside are checked with this.
  public var checkedNumel: Int? {
    var n = 1
    var overflows = false
    for i in 0..<count {
      if dims[i] == 0 { return 0 }
      let (product, overflow) = n.multipliedReportingOverflow(by: dims[i])
      n = product
      overflows = overflows || overflow || dims[i] < 0
    }
    return overflows ? nil : n
  }

  /// Strides, in elements, of a row-major contiguous tensor of these sizes.
  @inline(__always)
  public var contiguousStrides: Shape {
    var strides = self
    var step = 1
    var i = count - 1
    while i >= 0 {
      strides.dims[i] = step
      step *= Swift.max(dims[i], 1)
      i -= 1
    }
    return strides
  }

  /// Whether `strides` lay these sizes out row-major without gaps (sizes of 1 aside).
  @inline(__always)
  func isContiguous(_ strides: Shape) -> Bool {
    var step = 1
    var i = count - 1
    while i >= 0 {
      if dims[i] == 0 { return true }
      if dims[i] != 1 {
        if strides.dims[i] != step { return numel == 0 }
        step *= dims[i]
      }
      i -= 1
    }
    return true
  }

  /// `PyTorch`'s plain list form: `[3, 4]`.
  public var listDescription: String { "[" + map(String.init).joined(separator: ", ") + "]" }
}

extension Shape: RandomAccessCollection, MutableCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { count }

  /// Dimension `index`; negative ones count from the end.
  @inline(__always)
  public subscript(index: Int) -> Int {
    get {
      let i = index < 0 ? index + count : index
      precondition(i >= 0 && i < count, "dimension out of range")
      return dims[i]
    }
    set {
      let i = index < 0 ? index + count : index
      precondition(i >= 0 && i < count, "dimension out of range")
      dims[i] = newValue
    }
  }
}

extension Shape: Hashable {
  @inline(__always)
  public static func == (a: Shape, b: Shape) -> Bool {
    guard a.count == b.count else { return false }
    for i in 0..<a.count where a.dims[i] != b.dims[i] { return false }
    return true
  }

  public static func == (a: Shape, b: [Int]) -> Bool { a.elementsEqual(b) }

  public func hash(into hasher: inout Hasher) {
    for size in self { hasher.combine(size) }
  }
}

extension Shape: ExpressibleByArrayLiteral {
  public init(arrayLiteral sizes: Int...) { self.init(sizes) }
}

extension Shape: CustomStringConvertible {
  public var description: String { "torch.Size(" + listDescription + ")" }
}
