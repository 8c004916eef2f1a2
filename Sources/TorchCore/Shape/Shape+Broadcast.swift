// Rules on sizes that many operators share: broadcasting, dimension numbers, inferred sizes, views of strides.

extension Shape {
  /// The sizes that operands of sizes `a` and `b` broadcast to.
  package static func broadcast(_ a: Shape, _ b: Shape) throws -> Shape {
    if a == b { return a }
    var result = a.count >= b.count ? a : b
    let shift = result.count
    for k in 1...Swift.max(shift, 1) where k <= shift {
      let x = k <= a.count ? a[a.count - k] : 1
      let y = k <= b.count ? b[b.count - k] : 1
      if x == y || y == 1 {
        result[shift - k] = x
      } else if x == 1 {
        result[shift - k] = y
      } else {
        throw TorchError(
          .shape,
          "The size of tensor a (\(x)) must match the size of tensor b (\(y)) at non-singleton dimension \(shift - k)")
      }
    }
    return result
  }

  /// Strides with which a tensor of these sizes and `strides` is seen as one of sizes `target`.
  func broadcastStrides(_ strides: Shape, to target: Shape) -> Shape {
    var result = Shape(repeating: 0, count: target.count)
    let shift = target.count - count
    for i in 0..<count where self[i] != 1 || target[shift + i] == 1 { result[shift + i] = strides[i] }
    return result
  }

  /// Whether a tensor of these sizes can be expanded to `target`.
  func canExpand(to target: Shape) -> Bool {
    guard count <= target.count else { return false }
    let shift = target.count - count
    return indices.allSatisfy { self[$0] == target[shift + $0] || self[$0] == 1 }
  }

  /// `dim` counted from the front, or PyTorch's error. A zero-dimensional tensor takes 0 and -1.
  func normalized(dim: Int) throws -> Int { try Shape.normalized(dim: dim, rank: count) }

  static func normalized(dim: Int, rank: Int) throws -> Int {
    let n = Swift.max(rank, 1)
    guard dim >= -n && dim < n else {
      throw TorchError(
        .index, "Dimension out of range (expected to be in range of [\(-n), \(n - 1)], but got \(dim))")
    }
    return dim < 0 ? dim + n : dim
  }

  /// Distinct dimensions counted from the front; nil or an empty list means all of them. A zero-dimensional tensor
  /// takes 0 and -1, which name none.
  func normalized(dims: [Int]?) throws -> [Int] {
    guard let dims, !dims.isEmpty else { return Array(0..<count) }
    var seen = Set<Int>()
    let found = try dims.map {
      let dim = try normalized(dim: $0)
      guard seen.insert(dim).inserted else {
        throw TorchError(.value, "dim \(dim) appears multiple times in the list of dims")
      }
      return dim
    }
    return isEmpty ? [] : found
  }

  /// `sizes` with its one -1 replaced so that there are `numel` elements, as `view` and `reshape` take them.
  static func inferred(_ sizes: [Int], numel: Int) throws -> Shape {
    func mismatch() -> TorchError {
      TorchError(.shape, "shape '[\(sizes.map(String.init).joined(separator: ", "))]' is invalid for input of size \(numel)")
    }
    var result = try Shape(checking: sizes)
    var unknown: Int?
    var known = 1
    for (i, size) in sizes.enumerated() {
      if size == -1 {
        guard unknown == nil else { throw TorchError(.shape, "only one dimension can be inferred") }
        unknown = i
      } else if size < 0 {
        throw TorchError(.shape, "invalid shape dimension \(size)")
      } else {
        let (product, overflow) = known.multipliedReportingOverflow(by: size)
        guard !overflow else { throw mismatch() }
        known = product
      }
    }
    if let unknown {
      guard known != 0 else {
        throw TorchError(
          .shape,
          "cannot reshape tensor of 0 elements into shape \(result.listDescription) because the unspecified dimension size -1 can be any value and is ambiguous")
      }
      guard numel % known == 0 else { throw mismatch() }
      result[unknown] = numel / known
    } else if known != numel {
      throw mismatch()
    }
    return result
  }

  /// Strides of a view of sizes `target` on elements laid out by `strides`, or nil where only a copy can do it.
  func viewStrides(_ strides: Shape, as target: Shape) -> Shape? {
    if numel == 0 { return self == target ? strides : target.contiguousStrides }
    var result = target.contiguousStrides
    if count == 0 { return Shape(repeating: 1, count: target.count) }
    // Walk back over runs of dimensions that are contiguous among themselves; each run must be filled exactly.
    var viewDim = target.count - 1
    var chunkBase = strides[count - 1]
    var runElements = 1
    var viewElements = 1
    for dim in stride(from: count - 1, through: 0, by: -1) {
      runElements *= self[dim]
      let runEnds = dim == 0 || (self[dim - 1] != 1 && strides[dim - 1] != runElements * chunkBase)
      guard runEnds else { continue }
      while viewDim >= 0 && (viewElements < runElements || target[viewDim] == 1) {
        result[viewDim] = viewElements * chunkBase
        viewElements *= target[viewDim]
        viewDim -= 1
      }
      if viewElements != runElements { return nil }
      if dim > 0 {
        chunkBase = strides[dim - 1]
        runElements = 1
        viewElements = 1
      }
    }
    return viewDim == -1 ? result : nil
  }
}
