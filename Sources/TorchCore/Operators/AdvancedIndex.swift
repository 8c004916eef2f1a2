// How a tensor is walked when index tensors select from it: NumPy's rule for index tensors among whole dimensions.
//
// Masks become the coordinates of their true elements. The index tensors broadcast to one shape, whose dimensions
// take the place of the indexed ones; where those are not neighbours, they come first.
// Reference: https://numpy.org/doc/stable/user/basics.indexing.html#advanced-indexing

/// An indexed tensor's geometry and the index tensors, as the kernels take them.
struct AdvancedIndex {
  /// The sizes of the result.
  let shape: Shape
  /// Bytes to step over in the indexed tensor; 0 along the dimensions that index tensors run over.
  let sourceStrides: [Int64]
  /// `int64`, one for each indexed dimension.
  let indices: [Tensor]
  /// For each index tensor its byte strides over the result's dimensions, in a row.
  let indexStrides: [Int64]
  let indexedSizes: [Int64]
  let indexedStrides: [Int64]
  private let indexedDims: [Int]

  init(_ x: Tensor, _ given: [Tensor?]) throws {
    let slots = try AdvancedIndex.withoutMasks(x, given)
    guard slots.count <= x.ndim else {
      throw TorchError(.index, "too many indices for tensor of dimension \(x.ndim) (got \(slots.count))")
    }
    let dims = slots.indices.filter { slots[$0] != nil }
    let indices = try dims.map { try Elementwise.cast(slots[$0]!, .int64) }
    let block = try AdvancedIndex.broadcast(indices)
    let areNeighbours = dims.isEmpty || dims.last! - dims[0] == dims.count - 1
    let position = areNeighbours ? dims.first ?? 0 : 0
    let kept = (0..<x.ndim).filter { !dims.contains($0) }
    let size = x.dtype.itemSize
    // Whole dimensions before the block, the block, whole dimensions after it.
    shape = try Shape(
      checking: kept.prefix(position).map { x.shape[$0] } + Array(block) + kept.dropFirst(position).map { x.shape[$0] })
    sourceStrides =
      kept.prefix(position).map { Int64(x.strides[$0] * size) } + block.map { _ in 0 }
      + kept.dropFirst(position).map { Int64(x.strides[$0] * size) }
    let after = shape.count - position - block.count
    indexStrides = indices.flatMap { index -> [Int64] in
      let own = index.byteStrides(index.shape.broadcastStrides(index.strides, to: block))
      return Array(repeating: 0, count: position) + own + Array(repeating: 0, count: after)
    }
    self.indices = indices
    indexedDims = dims
    indexedSizes = dims.map { Int64(x.shape[$0]) }
    indexedStrides = dims.map { Int64(x.strides[$0] * size) }
  }

  /// Runs a kernel; an index out of bounds becomes PyTorch's error.
  func checked(_ body: () throws -> Void) throws {
    do { try body() } catch let bad as BadIndex { throw bad.error(dim: indexedDims[bad.operand]) }
  }

  /// `given` with the coordinates of their true elements in place of masks.
  private static func withoutMasks(_ x: Tensor, _ given: [Tensor?]) throws -> [Tensor?] {
    var result: [Tensor?] = []
    for index in given {
      guard let index else {
        result.append(nil)
        continue
      }
      switch index.dtype {
      case .bool, .uint8:
        for (k, length) in index.shape.enumerated() {
          let dim = result.count + k
          guard dim < x.ndim else {
            throw TorchError(
              .index, "too many indices for tensor of dimension \(x.ndim) (got \(result.count + index.ndim))")
          }
          guard length == x.shape[dim] else {
            throw TorchError(
              .index,
              "The shape of the mask \(index.shape.listDescription) at index \(k) does not match the shape of the indexed tensor \(x.shape.listDescription) at index \(dim)")
          }
        }
        let places = try index.backend.nonzero(index)
        for k in 0..<index.ndim {
          result.append(
            places.alias(shape: [places.shape[0]], strides: [index.ndim], offset: places.storageOffset + k))
        }
      case .int64, .int32: result.append(index)
      default:
        throw TorchError(.index, "tensors used as indices must be long, int, byte or bool tensors")
      }
    }
    return result
  }

  private static func broadcast(_ indices: [Tensor]) throws -> Shape {
    do {
      return try indices.reduce([]) { try Shape.broadcast($0, $1.shape) }
    } catch {
      throw TorchError(
        .index,
        "shape mismatch: indexing tensors could not be broadcast together with shapes \(indices.map(\.shape.listDescription).joined(separator: ", "))")
    }
  }
}
