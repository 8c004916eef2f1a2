// Kernel sizes, strides and the like: one number for all spatial dimensions, or one for each.

/// `3` or `[3, 5]`: what PyTorch takes as an int or a tuple.
public protocol Extent {
  /// One number for each of `rank` dimensions.
  func extents(_ rank: Int) -> [Int]
  /// As PyTorch prints it where a layer keeps what it was given.
  var pythonDescription: String { get }
}

extension Int: Extent {
  public func extents(_ rank: Int) -> [Int] { Array(repeating: self, count: rank) }
  public var pythonDescription: String { String(self) }
}

extension Array: Extent where Element == Int {
  public func extents(_ rank: Int) -> [Int] { count == 1 ? Array(repeating: self[0], count: rank) : self }
  public var pythonDescription: String { Repr.tuple(self) }
}
