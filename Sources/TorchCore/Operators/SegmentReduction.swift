// Sums, products, means and extrema of runs of elements along a dimension.
// Reference: torch.segment_reduce (a prototype without a page of its own).

enum SegmentReduction {
  private enum Kind: String {
    case sum, prod, mean, max, min, amax, amin

    init(named name: String) throws {
      guard let kind = Kind(rawValue: name) else {
        throw TorchError(.value, "reduce argument must be either sum, prod, mean, amax or amin, got \(name)")
      }
      self = kind == .max ? .amax : kind == .min ? .amin : kind
    }

    /// What an empty segment gives.
    var identity: Double {
      switch self {
      case .sum, .mean: 0
      case .prod: 1
      case .max, .amax: -.infinity
      case .min, .amin: .infinity
      }
    }
  }

  /// Where segments begin and end along `axis`: one row of offsets for each place in the dimensions before it.
  private struct Segments {
    let axis: Int
    let count: Int
    /// (outer, count + 1)
    let offsets: [[Int]]

    init(_ data: Tensor, lengths: Tensor?, offsets: Tensor?, unsafe: Bool) throws {
      guard let given = offsets ?? lengths else {
        throw TorchError(.value, "segment_reduce(): Either lengths or offsets must be defined.")
      }
      guard given.dtype == .int64 || given.dtype == .int32 else {
        let kernel = offsets != nil ? "offsets" : "lengths"
        throw TorchError(
          .notImplemented,
          "\"_segment_reduce_\(kernel)_cpu_kernel1\" not implemented for '\(given.dtype.scalarTypeName)'")
      }
      axis = given.ndim - 1
      let width = given.shape.last ?? 0
      let values = try given.toArray(Int.self)
      let rows = width == 0 ? 0 : values.count / width
      let table = (0..<rows).map { Array(values[$0 * width..<($0 + 1) * width]) }
      if offsets != nil {
        count = Swift.max(width - 1, 0)
        self.offsets = table
      } else {
        count = width
        self.offsets = table.map { row in row.reduce(into: [0]) { $0.append($0.last! + $1) } }
        if !unsafe {
          guard (values.min() ?? 0) >= 0 else { throw TorchError(.value, "lengths contains negative value!") }
          guard self.offsets.allSatisfy({ $0.last! == data.shape[axis] }) else {
            throw TorchError(
              .value,
              "segment_reduce(): Expected all rows of lengths along axis to sum to data.size(lengths.dim()-1) when !unsafe.")
          }
        }
      }
      for row in self.offsets where row.contains(where: { $0 < 0 || $0 > data.shape[axis] }) || row != row.sorted() {
        throw TorchError(.value, "segment_reduce(): segments must lie inside the data, got offsets \(row)")
      }
    }

    /// How many elements each segment has: (…, count, 1, …) to go with results of the shape `shape`.
    func lengths(_ shape: Shape, _ dtype: DType) throws -> Tensor {
      let counts = offsets.flatMap { row in zip(row.dropFirst(), row).map { Double($0 - $1) } }
      let sizes = Array(shape.prefix(axis + 1)) + shape.dropFirst(axis + 1).map { _ in 1 }
      return try Tensor.from(counts, shape: Shape(sizes)).to(dtype)
    }

    /// For each element along the axis the segment it is in, `count` where in none: of the data's shape.
    func places(_ shape: Shape) throws -> Tensor {
      let n = shape[axis]
      var places = [Int](repeating: count, count: offsets.count * n)
      for (row, offsets) in offsets.enumerated() {
        for segment in 0..<count {
          for i in offsets[segment]..<offsets[segment + 1] { places[row * n + i] = segment }
        }
      }
      let sizes = Array(shape.prefix(axis + 1)) + shape.dropFirst(axis + 1).map { _ in 1 }
      return try Tensor.from(places, shape: Shape(sizes)).expand(Array(shape))
    }
  }

  private static func reduced(
    _ data: Tensor, _ kind: Kind, _ segments: Segments, _ initial: Scalar?
  ) throws -> Tensor {
    var shape = data.shape
    // One more segment, for the elements that are in none.
    shape[segments.axis] = segments.count + 1
    let start = Tensor.full(shape, initial ?? .double(kind.identity), dtype: data.dtype)
    let places = try segments.places(data.shape)
    let reduction = kind == .mean ? "sum" : kind.rawValue
    let all = start.scatterReduce(segments.axis, places, data, reduction)
    let result = all.narrow(segments.axis, 0, segments.count).contiguous()
    guard kind == .mean else { return result }
    let lengths = try segments.lengths(result.shape, data.dtype)
    // An empty segment's mean is its initial value, NaN where there is none.
    return initial == nil ? result / lengths : result / lengths.clamp(min: 1)
  }

  static let backward: Operator<Tensor, Tensor, Tensor, String, Tensor?, Tensor?, Int, Scalar?, Tensor> = Operator(
    composite:
      "_segment_reduce_backward(Tensor grad, Tensor output, Tensor data, str reduce, *, Tensor? lengths=None, Tensor? offsets=None, int axis=0, Scalar? initial=None) -> Tensor",
    twins: .out,
    { g, output, data, reduce, lengths, offsets, _, initial in
      let kind = try Kind(named: reduce)
      let segments = try Segments(data, lengths: lengths, offsets: offsets, unsafe: true)
      let places = try segments.places(data.shape)
      /// The value of its segment for each element, zero where it is in none.
      func spread(_ x: Tensor) -> Tensor {
        var pad = [Int](repeating: 0, count: 2 * (x.ndim - segments.axis))
        pad[pad.count - 1] = 1
        return x.constantPadND(pad).gather(segments.axis, places)
      }
      switch kind {
      case .sum: return spread(g)
      // Nothing is read of an empty segment's quotient.
      case .mean: return spread(g / (try segments.lengths(g.shape, g.dtype)).clamp(min: 1))
      case .prod:
        return try product(g, output, data, segments, spread, initial)
      case .max, .min, .amax, .amin:
        // Elements equal to the extremum share the gradient.
        let y = spread(output)
        let hit = ((data .== y) .| (data.isnan() .& y.isnan())).to(g.dtype)
        let inside = hit.maskedFill(places .== segments.count, 0)
        let counts = try reduced(inside, .sum, segments, nil)
        return inside * spread(g / counts.clamp(min: 1))
      }
    })

  /// The gradient of a product: the product of the others.
  private static func product(
    _ g: Tensor, _ output: Tensor, _ data: Tensor, _ segments: Segments, _ spread: (Tensor) -> Tensor, _ initial: Scalar?
  ) throws -> Tensor {
    let isZero = data .== 0
    let zeros = spread(try reduced(isZero.to(g.dtype), .sum, segments, nil))
    let others = spread(try reduced(data.maskedFill(isZero, 1), .prod, segments, initial))
    let nonzero = (data.maskedFill(isZero, 1)).reciprocal() * others
    // Beside another zero nothing counts; the only zero's gradient is the product of the rest.
    let alone = others.maskedFill((zeros .== 1).logicalNot(), 0)
    let rest = nonzero.maskedFill(zeros > 0, 0)
    return spread(g) * torch.where(isZero, alone, rest)
  }

  static let segmentReduce: Operator<Tensor, String, Tensor?, Tensor?, Tensor?, Int, Bool, Scalar?, Tensor> = Operator(
    "segment_reduce(Tensor data, str reduce, *, Tensor? lengths=None, Tensor? indices=None, Tensor? offsets=None, int axis=0, bool unsafe=False, Scalar? initial=None) -> Tensor",
    kernel: { data, reduce, lengths, indices, offsets, axis, unsafe, initial in
      let kind = try Kind(named: reduce)
      let axis = try data.shape.normalized(dim: axis)
      guard indices == nil else {
        throw TorchError(.notImplemented, "segment_reduce(): indices based reduction is not supported yet.")
      }
      guard let given = offsets ?? lengths else {
        throw TorchError(.value, "segment_reduce(): Either lengths or offsets must be defined.")
      }
      let name = offsets == nil ? "lengths" : "offsets"
      guard axis == given.ndim - 1 else {
        throw TorchError(
          .shape, "segment_reduce(): Expected axis to be the last dimension of \(name) but got \(axis).")
      }
      guard given.ndim <= data.ndim else {
        throw TorchError(
          .shape,
          "Expected data.dim() >= \(name)_value.dim() to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)")
      }
      guard Array(given.shape.prefix(axis)) == Array(data.shape.prefix(axis)) else {
        throw TorchError(
          .shape,
          "segment_reduce(): Expected \(name) and data to have the same sizes before dimension \(axis), got \(given.shape.listDescription) and \(data.shape.listDescription)")
      }
      guard data.dtype.isFloatingPoint else {
        throw TorchError(.notImplemented, "\"_segment_reduce_cpu\" not implemented for '\(data.dtype.scalarTypeName)'")
      }
      return try reduced(data, kind, try Segments(data, lengths: lengths, offsets: offsets, unsafe: unsafe), initial)
    },
    derivative: { record, y, data, reduce, lengths, _, offsets, axis, _, initial in
      let (sy, sx) = (record.save(result: y), record.save(data))
      return { g in
        let x = try sx.value
        let gradient = backward(g[0], try sy.value, x, reduce, lengths, offsets, axis, initial)
        return [gradient, nil, nil, nil]
      }
    })

  static let operators: [AnyOperator] = [segmentReduce, backward]
}

extension torch {
  /// Reductions (`sum`, `prod`, `mean`, `max`, `min`) of runs of elements along `axis`, the last dimension of `lengths`.
  ///
  /// ```swift
  /// let x = Tensor([1.0, 2.0, 3.0])
  /// print(torch.segmentReduce(x, "sum", lengths: Tensor([2, 1])))   // tensor([3., 3.])
  /// ```
  public static func segmentReduce(
    _ data: Tensor, _ reduce: String, lengths: Tensor? = nil, offsets: Tensor? = nil, axis: Int = 0,
    unsafe: Bool = false, initial: Scalar? = nil
  ) -> Tensor { SegmentReduction.segmentReduce(data, reduce, lengths, nil, offsets, axis, unsafe, initial) }
}
