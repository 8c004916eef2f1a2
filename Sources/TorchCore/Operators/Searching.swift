// Finding and counting: searchsorted, bucketize, bincount, histc, unique, isin.
// Reference: https://pytorch.org/docs/stable/generated/torch.searchsorted.html

enum Searching {
  static let searchsorted = Operator(
    "searchsorted.Tensor(Tensor sorted_sequence, Tensor self, *, bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None) -> Tensor",
    twins: .out("Tensor_out"),
    kernel: { (sequence: Tensor, values: Tensor, int32: Bool, right: Bool, side: String?, sorter: Tensor?) in
      let isRight = try isOnTheRight(right, side)
      guard sequence.ndim > 0 else {
        throw TorchError(.shape, "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension")
      }
      guard sequence.ndim == 1 || sequence.shape.dropLast().elementsEqual(values.shape.dropLast()) && values.ndim > 0 else {
        throw TorchError(
          .shape,
          "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value tensor must match, but we got boundaries tensor \(sequence.shape.listDescription) and input value tensor \(values.shape.listDescription)")
      }
      if let sorter {
        guard sorter.shape == sequence.shape else {
          throw TorchError(
            .shape,
            "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor \(sequence.shape.listDescription)and got sorter tensor \(sorter.shape.listDescription)")
        }
        guard sorter.dtype == .int64 else {
          throw TorchError(
            .dtype, "torch.searchsorted(): sorter must be a tensor of long dtype but got dtype \(sorter.dtype.scalarTypeName)")
        }
        if sorter.numel > 0, case let places = try sorter.toArray(Int.self),
          places.min()! < 0 || places.max()! >= sequence.shape[-1]
        {
          throw TorchError(.index, "torch.searchsorted(): sorter index out of range")
        }
      }
      return try found(sequence, values, sorter, right: isRight, int32: int32)
    })

  static let searchsortedScalar = Operator(
    composite:
      "searchsorted.Scalar(Tensor sorted_sequence, Scalar self, *, bool out_int32=False, bool right=False, str? side=None, Tensor? sorter=None) -> Tensor",
    twins: .out("Scalar_out")
  ) { (sequence: Tensor, value: Scalar, int32: Bool, right: Bool, side: String?, sorter: Tensor?) in
    guard sequence.ndim == 1 else {
      throw TorchError(
        .shape,
        "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor dim(\(sequence.ndim)) and input value's dim(0) numel(1)")
    }
    return searchsorted(sequence, Tensor.full([], value, dtype: sequence.dtype), int32, right, side, sorter)
  }

  static let bucketize = Operator(
    "bucketize.Tensor(Tensor self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor",
    twins: .out("Tensor_out"),
    kernel: { (values: Tensor, boundaries: Tensor, int32: Bool, right: Bool) in
      guard boundaries.ndim == 1 else {
        throw TorchError(.shape, "boundaries tensor must be 1 dimension, but got dim(\(boundaries.ndim))")
      }
      return try found(boundaries, values, nil, right: right, int32: int32)
    })

  private static func isOnTheRight(_ right: Bool, _ side: String?) throws -> Bool {
    guard let side else { return right }
    guard side == "left" || side == "right" else {
      throw TorchError(
        .value, "torch.searchsorted(): side can only be 'left' or 'right' but got \(side)")
    }
    guard !(right && side == "left") else {
      throw TorchError(
        .value,
        "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True")
    }
    return side == "right"
  }

  private static func found(_ sequence: Tensor, _ values: Tensor, _ sorter: Tensor?, right: Bool, int32: Bool) throws -> Tensor {
    let dtype = sequence.dtype == values.dtype ? sequence.dtype : DType.promote(sequence.dtype, values.dtype)
    let out = try Tensor.uninitialized(values.shape, .int64)
    try out.backend.searchsorted(
      try Elementwise.cast(sequence, dtype).rowMajor(), try Elementwise.cast(values, dtype).rowMajor(), try sorter?.rowMajor(),
      right: right, into: out)
    return int32 ? try Elementwise.cast(out, .int32) : out
  }

  // MARK: Counts

  static let bincount = Operator(
    "bincount(Tensor self, Tensor? weights=None, SymInt minlength=0) -> Tensor",
    kernel: { (x: Tensor, weights: Tensor?, minlength: Int) in
      guard minlength >= 0 else { throw TorchError(.value, "minlength should be >= 0") }
      guard x.dtype.category == .integer else {
        throw TorchError(.notImplemented, "\"bincount_cpu\" not implemented for '\(x.dtype.scalarTypeName)'")
      }
      let empty = x.ndim == 1 && x.numel == 0
      let values = empty ? [] : try x.toArray(Int.self)
      guard x.ndim == 1, values.allSatisfy({ $0 >= 0 }) else {
        throw TorchError(.value, "bincount only supports 1-d non-negative integral inputs.")
      }
      if let weights, weights.shape != x.shape {
        throw TorchError(.shape, "weights should be 1-d and have the same length as input")
      }
      let bins = Swift.max(minlength, (values.max() ?? -1) + 1)
      let dtype: DType = weights == nil ? .int64 : weights!.dtype == .float32 ? .float32 : .float64
      let out = Tensor.zeros([bins], dtype: weights == nil ? .int64 : .float64)
      if !empty {
        out.backend.bincount(
          try Elementwise.cast(x, .int64).rowMajor(), weights: try weights.map { try Elementwise.cast($0, .float64).rowMajor() },
          bins: bins, into: out)
      }
      return try Elementwise.cast(out, empty && weights == nil ? .int64 : dtype)
    })

  /// `histc` of the 16-bit floats: an element's bin is its share of the range, each step rounded to the dtype.
  private static func countedByShare(_ x: Tensor, _ bins: Int, _ low: Double, _ high: Double) -> Tensor {
    let (first, last) = (Tensor.full([], .double(low), dtype: x.dtype), Tensor.full([], .double(high), dtype: x.dtype))
    let outside = ((x >= first) .& (x <= last)).logicalNot()
    let share = (x - first) * bins / (last - first)
    let places = share.maskedFill(outside, 0).to(.int64).clamp(max: .int(bins - 1)).maskedFill(outside, .int(bins))
    let counts = Tensor.zeros([bins + 1]).indexAdd(0, places.reshape([-1]), Tensor.ones([x.numel]))
    return counts.narrow(0, 0, bins).to(x.dtype)
  }

  static let histc: Operator<Tensor, Int, Scalar, Scalar, Tensor> = Operator(
    "histc(Tensor self, int bins=100, Scalar min=0, Scalar max=0) -> Tensor",
    kernel: { (x: Tensor, bins: Int, min: Scalar, max: Scalar) in
      guard bins > 0 else { throw TorchError(.value, "bins must be > 0, but got \(bins)") }
      guard x.dtype.isFloatingPoint else {
        throw TorchError(.notImplemented, "\"histogram_cpu\" not implemented for '\(x.dtype.scalarTypeName)'")
      }
      var (low, high) = (min.doubleValue, max.doubleValue)
      if low == high, x.numel > 0 {
        (low, high) = (try x.min().item(Double.self), try x.max().item(Double.self))
      }
      if low == high { (low, high) = (low - 1, high + 1) }
      guard low.isFinite, high.isFinite else {
        throw TorchError(.value, "range of [\(low), \(high)] is not finite")
      }
      guard low < high else { throw TorchError(.value, "max must be larger than min") }
      if x.dtype.itemSize == 2 { return countedByShare(x, bins, low, high) }
      let out = Tensor.zeros([bins], dtype: x.dtype)
      try x.backend.histc(try x.rowMajor(), bins: bins, low, high, into: out)
      return out
    })

  // MARK: Distinct elements

  private static func distinct(_ x: Tensor, sorted: Bool, inverse: Bool, counts: Bool) throws -> [Tensor] {
    let none = try Tensor.uninitialized([0], .int64)
    let (values, places, sizes) = try x.backend.unique(try x.rowMajor(), sorted: sorted)
    return [
      values, inverse ? places.alias(shape: x.shape, strides: x.shape.contiguousStrides, offset: 0) : none,
      counts ? sizes : none,
    ]
  }

  static let unique2 = Operator(
    underivable:
      "_unique2(Tensor self, bool sorted=True, bool return_inverse=False, bool return_counts=False) -> (Tensor, Tensor, Tensor)",
    twins: .out("out", names: ["out0", "out1", "out2"]), attached: 1,
    kernel: { (x: Tensor, _: Bool, inverse: Bool, counts: Bool) in
      try distinct(x, sorted: true, inverse: inverse, counts: counts)
    })

  static let uniqueConsecutive = Operator(
    underivable:
      "unique_consecutive(Tensor self, bool return_inverse=False, bool return_counts=False, int? dim=None) -> (Tensor, Tensor, Tensor)",
    twins: .out("out", names: ["out0", "out1", "out2"]), attached: 1,
    kernel: { (x: Tensor, inverse: Bool, counts: Bool, dim: Int?) in
      guard let dim, !(x.ndim == 1) else {
        return try distinct(x, sorted: false, inverse: inverse, counts: counts)
      }
      return try distinctSlices(x, dim, sorted: false, inverse: inverse, counts: counts)
    })

  static let uniqueDim = Operator(
    underivable:
      "unique_dim(Tensor self, int dim, bool sorted=True, bool return_inverse=False, bool return_counts=False) -> (Tensor, Tensor, Tensor)",
    twins: .out("out", names: ["out0", "out1", "out2"]), attached: 1,
    kernel: { (x: Tensor, dim: Int, _: Bool, inverse: Bool, counts: Bool) in
      try distinctSlices(x, dim, sorted: true, inverse: inverse, counts: counts)
    })

  /// The distinct slices along `dim`, in lexicographic order or as runs of neighbours.
  private static func distinctSlices(_ x: Tensor, _ dim: Int, sorted: Bool, inverse: Bool, counts: Bool) throws -> [Tensor] {
    let dim = try x.shape.normalized(dim: dim)
    let n = x.ndim == 0 ? 1 : x.shape[dim]
    if x.numel == 0 {
      guard n == 0 else {
        throw TorchError(
          .value, "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied")
      }
      let none = try Tensor.uninitialized([0], .int64)
      return [try x.packed(), none, none]
    }
    // Slices as rows, each element replaced by its rank among all: ranks compare as elements do.
    let rows = try (x.ndim == 0 ? x.reshape([1, 1]) : x.movedim(dim, 0)).rowMajor()
    let width = rows.numel / n
    let ranks = try x.backend.unique(rows, sorted: true).inverse.toArray(Int.self)
    func row(_ i: Int) -> ArraySlice<Int> { ranks[(i * width)..<((i + 1) * width)] }
    let order = sorted ? (0..<n).sorted { row($0).lexicographicallyPrecedes(row($1)) } : Array(0..<n)
    var firsts: [Int] = []
    var places = Array(repeating: 0, count: n)
    var sizes: [Int] = []
    for i in order {
      if let last = firsts.last, row(last).elementsEqual(row(i)) {
        sizes[sizes.count - 1] += 1
      } else {
        firsts.append(i)
        sizes.append(1)
      }
      places[i] = firsts.count - 1
    }
    let none = try Tensor.uninitialized([0], .int64)
    return [
      try GatherScatter.indexSelect.call(x, dim, Tensor.from(firsts, shape: [firsts.count])),
      inverse ? try Tensor.from(places, shape: [n]) : none, counts ? try Tensor.from(sizes, shape: [sizes.count]) : none,
    ]
  }

  static let isin = Operator(
    composite:
      "isin.Tensor_Tensor(Tensor elements, Tensor test_elements, *, bool assume_unique=False, bool invert=False) -> Tensor",
    twins: .out("Tensor_Tensor_out")
  ) { (elements: Tensor, tests: Tensor, _: Bool, invert: Bool) in
    let hits = (elements.unsqueeze(-1) .== tests.reshape([-1])).any(dim: -1)
    return invert ? hits.logicalNot() : hits
  }

  static let operators: [AnyOperator] = [
    searchsorted, searchsortedScalar, bucketize, bincount, histc, unique2, uniqueConsecutive, uniqueDim, isin,
  ]
}

extension Tensor {
  /// How often each of the integers 0, 1, … occurs, or the sums of their weights.
  public func bincount(weights: Tensor? = nil, minlength: Int = 0) -> Tensor { Searching.bincount(self, weights, minlength) }
  public func histc(bins: Int = 100, min: Scalar = 0, max: Scalar = 0) -> Tensor { Searching.histc(self, bins, min, max) }
  /// The sorted distinct elements.
  public func unique() -> Tensor { Searching.unique2(self, true, false, false)[0] }
}

extension torch {
  /// Where `values` would be inserted into `sortedSequence` to keep its order.
  public static func searchsorted(_ sortedSequence: Tensor, _ values: Tensor, right: Bool = false) -> Tensor {
    Searching.searchsorted(sortedSequence, values, false, right, nil as String?, nil as Tensor?)
  }
  public static func bucketize(_ values: Tensor, _ boundaries: Tensor, right: Bool = false) -> Tensor {
    Searching.bucketize(values, boundaries, false, right)
  }
}
