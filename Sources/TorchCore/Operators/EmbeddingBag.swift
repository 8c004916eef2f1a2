// Embedding bags: sums, means or maxima of rows of a table, a bag of indices each.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html

enum EmbeddingBag {
  enum Mode: Int { case sum, mean, max }

  typealias Signature = Operator<Tensor, Tensor, Tensor, Bool, Int, Bool, Tensor?, Bool, Int, [Tensor]>
  typealias BackwardSignature = Operator<
    Tensor, Tensor, Tensor, Tensor, Tensor, Int, Bool, Int, Tensor?, Int, Tensor
  >

  private static func typeName(_ x: Tensor) -> String { "torch.\(x.dtype.scalarTypeName)Tensor" }

  /// Indices and offsets, checked; the offsets have their last bound appended where it is not included.
  private static func checked(
    _ weight: Tensor, _ indices: Tensor, _ offsets: Tensor, _ mode: Int, _ factors: Tensor?, _ includesLast: Bool
  ) throws -> (mode: Mode, indices: Tensor, bounds: [Int]) {
    func checkType(_ x: Tensor, _ number: Int, _ name: String, _ dtypes: [DType], _ list: String) throws {
      guard !dtypes.contains(x.dtype) else { return }
      throw TorchError(
        .dtype,
        "Expected tensor for argument #\(number) '\(name)' to have one of the following scalar types: \(list); but got \(typeName(x)) instead (while checking arguments for embedding_bag)"
      )
    }
    try checkType(indices, 1, "indices", [.int64, .int32], "Long, Int")
    try checkType(offsets, 1, "offsets", [.int64, .int32], "Long, Int")
    try checkType(weight, 1, "weight", [.float16, .bfloat16, .float32, .float64], "Half, BFloat16, Float, Double")
    guard weight.ndim == 2 else {
      throw TorchError(.shape, "weight has to be a 2D Tensor, but got Tensor of dimension \(weight.ndim)")
    }
    guard indices.ndim == 1 || indices.ndim == 2, offsets.ndim == 1 else {
      throw TorchError(.shape, "input has to be a 1D or 2D Tensor, but got Tensor of dimension \(indices.ndim)")
    }
    guard let mode = Mode(rawValue: mode) else { throw TorchError(.value, "`mode` must be sum, mean, or max.") }
    if let factors {
      guard mode == .sum else {
        throw TorchError(.value, "embedding_bag: per_sample_weights only supported with mode='sum'")
      }
      guard factors.dtype == weight.dtype else {
        throw TorchError(
          .dtype,
          "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 'per_sample_weights'; but type \(typeName(weight)) does not equal \(typeName(factors)) (while checking arguments for embedding_bag)"
        )
      }
      guard factors.ndim == 1, factors.numel == indices.numel else {
        throw TorchError(
          .shape,
          "Expected per_sample_weights.value().numel() == indices.numel() to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
      }
    }
    var bounds = try offsets.to(.int64).toArray(Int.self)
    guard !includesLast || !bounds.isEmpty else {
      throw TorchError(.value, "include_last_offset: number of offset should be at least 1")
    }
    if let first = bounds.first, first != 0 {
      throw TorchError(
        .value,
        "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got \(first)"
      )
    }
    if let last = bounds.last, last > indices.numel {
      throw TorchError(
        .value, "offsets[-1] can not be greater than input's length \(indices.numel) but got offsets[-1] of \(last)")
    }
    if includesLast { bounds.removeLast() }
    bounds.append(bounds.isEmpty ? 0 : indices.numel)
    guard zip(bounds, bounds.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw TorchError(.value, "embedding_bag: offsets must not decrease")
    }
    let flat = indices.to(.int64).reshape([-1])
    let rows = weight.shape[0]
    if flat.numel > 0, try flat.amin().item(Int.self) < 0 || flat.amax().item(Int.self) >= rows {
      let (i, index) = try flat.toArray(Int.self).enumerated().first { !(0..<rows).contains($0.element) }!
      throw TorchError(.index, "Index \(i) of input takes value \(index) which is not in the valid range [0, \(rows))")
    }
    return (mode, flat, bounds)
  }

  /// The bag that each index is in.
  private static func bags(_ bounds: [Int]) throws -> Tensor {
    var numbers: [Int] = []
    for (bag, (begin, end)) in zip(bounds, bounds.dropFirst()).enumerated() {
      numbers += Array(repeating: bag, count: end - begin)
    }
    return try Tensor.from(numbers, shape: [numbers.count])
  }

  private static func bag(_ name: String) -> Signature {
    Operator(
      "\(name)(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, bool sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False, int padding_idx=-1) -> (Tensor, Tensor, Tensor, Tensor)",
      twins: .out("out", names: ["out0", "out1", "out2", "out3"]),
      kernel: { weight, indices, offsets, _, code, _, factors, includesLast, padding in
        let (mode, flat, bounds) = try checked(weight, indices, offsets, code, factors, includesLast)
        let (count, dim) = (bounds.count - 1, weight.shape[1])
        let out = try Tensor.uninitialized([count, dim], weight.dtype)
        let sizes = Tensor.zeros([count], dtype: .int64)
        let places = mode == .max ? Tensor.zeros([count, dim], dtype: .int64) : nil
        try weight.backend.embeddingBag(
          mode, bounds, try flat.rowMajor(), padding, try weight.rowMajor(), try factors?.rowMajor(), into: out, sizes,
          places)
        // PyTorch leaves out what a plain sum has no need of.
        let isPlain =
          mode == .sum && padding < 0 && weight.dtype != .float64 && weight.strides[1] == 1
        let numbers = isPlain ? Tensor.zeros([0], dtype: .int64) : try bags(bounds)
        let counted = mode == .sum ? Tensor.zeros([count], dtype: .int64) : sizes
        return [out, numbers, counted, places ?? counted].enumerated().map { i, t in
          i == 0 || indices.dtype == .int64 && offsets.dtype == .int64
            ? t : t.to(indices.dtype == .int32 && offsets.dtype == .int32 ? .int32 : .int64)
        }
      },
      derivative: { record, y, weight, indices, offsets, scales, code, isSparse, factors, includesLast, padding in
        let rows = weight.shape[0]
        let (sw, si) = (record.save(weight), record.save(indices))
        let sf = factors.map { record.save($0) }
        let (sizes, places) = (y[2].detach(), y[3].detach())
        let bounds = try checked(weight, indices, offsets, code, factors, includesLast).bounds
        let numbers = try bags(bounds)
        let wants = (record.needs(0), factors != nil && record.needs(3))
        return { g in
          let index = try si.value.to(.int64).reshape([-1])
          var byWeight: Tensor?
          if wants.0, isSparse {
            let parts = rowGradients(g[0], index, numbers, sizes, code, try sf?.value)
            byWeight = try GatherScatter.sparseRows(parts, index, rows, padding)
          } else if wants.0 {
            byWeight = denseBackward(g[0], index, numbers, sizes, places, rows, scales, code, try sf?.value, padding)
          }
          let byFactors = wants.1 ? factorGradient(g[0], try sw.value, index, numbers, padding) : nil
          return [byWeight, nil, nil, byFactors]
        }
      })
  }

  static let embeddingBag = bag("_embedding_bag")
  static let forwardOnly = bag("_embedding_bag_forward_only")

  // MARK: Derivatives

  /// Index positions that count, as a column of zeros and ones; nil where all do.
  private static func kept(_ index: Tensor, _ padding: Int, _ dtype: DType) -> Tensor? {
    padding < 0 ? nil : torch.noGrad { (index .!= padding).to(dtype).unsqueeze(1) }
  }

  private static func factorGradient(
    _ g: Tensor, _ weight: Tensor, _ index: Tensor, _ numbers: Tensor, _ padding: Int
  ) -> Tensor {
    let products = g.indexSelect(0, numbers) * weight.indexSelect(0, index)
    return (kept(index, padding, g.dtype).map { products * $0 } ?? products).sum(dim: 1)
  }

  /// The gradient of each row that was summed or averaged, one for each index.
  private static func rowGradients(
    _ g: Tensor, _ indices: Tensor, _ numbers: Tensor, _ sizes: Tensor, _ code: Int, _ factors: Tensor?
  ) -> Tensor {
    var parts = g.indexSelect(0, numbers)
    if code == Mode.mean.rawValue {
      parts = parts / torch.noGrad { sizes.to(g.dtype).clamp(min: 1).indexSelect(0, numbers).unsqueeze(1) }
    }
    return factors.map { parts * $0.unsqueeze(1) } ?? parts
  }

  static let denseBackward: BackwardSignature = Operator(
    composite:
      "_embedding_bag_dense_backward(Tensor grad, Tensor indices, Tensor offset2bag, Tensor bag_size, Tensor maximum_indices, SymInt num_weights, bool scale_grad_by_freq, int mode, Tensor? per_sample_weights, int padding_idx=-1) -> Tensor",
    twins: .out
  ) { g, indices, numbers, sizes, places, rows, scales, code, factors, padding in
    let dim = g.shape[1]
    if code == Mode.max.rawValue {
      let filled = torch.noGrad { (sizes > 0).to(g.dtype).unsqueeze(1) }
      return Tensor.zeros([rows, dim], dtype: g.dtype).scatterAdd(0, places.to(.int64), g * filled)
    }
    var parts = rowGradients(g, indices, numbers, sizes, code, factors)
    if let kept = kept(indices, padding, g.dtype) { parts = parts * kept }
    if scales {
      let counts = torch.noGrad { indices.bincount(minlength: rows).to(g.dtype).indexSelect(0, indices).unsqueeze(1) }
      parts = parts / counts
    }
    return Tensor.zeros([rows, dim], dtype: g.dtype).indexAdd(0, indices, parts)
  }

  static let weightsBackward = Operator(
    composite:
      "_embedding_bag_per_sample_weights_backward(Tensor grad, Tensor weight, Tensor indices, Tensor offsets, Tensor offset2bag, int mode, int padding_idx=-1) -> Tensor",
    twins: .out
  ) { (g: Tensor, weight: Tensor, indices: Tensor, offsets: Tensor, numbers: Tensor, mode: Int, padding: Int) in
    guard mode == Mode.sum.rawValue else {
      throw TorchError(.value, "embedding_bag_backward: per_sample_weights only supported for mode='sum'")
    }
    let index = indices.to(.int64)
    let all =
      numbers.numel == index.numel
      ? numbers.to(.int64) : try bags(try offsets.to(.int64).toArray(Int.self) + [index.numel])
    return factorGradient(g, weight, index, all, padding)
  }

  // MARK: Public forms

  static let plain = Operator(
    composite:
      "embedding_bag(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, bool sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False) -> (Tensor, Tensor, Tensor, Tensor)"
  ) {
    (
      weight: Tensor, indices: Tensor, offsets: Tensor, scales: Bool, mode: Int, sparse: Bool, factors: Tensor?,
      last: Bool
    ) -> [Tensor] in
    embeddingBag(weight, indices, offsets, scales, mode, sparse, factors, last, -1)
  }

  static let padded = Operator(
    composite:
      "embedding_bag.padding_idx(Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq, int mode, bool sparse, Tensor? per_sample_weights, bool include_last_offset, int? padding_idx) -> (Tensor, Tensor, Tensor, Tensor)"
  ) {
    (
      weight: Tensor, indices: Tensor, offsets: Tensor, scales: Bool, mode: Int, sparse: Bool, factors: Tensor?,
      last: Bool, padding: Int?
    ) -> [Tensor] in
    var row = -1
    if let padding {
      let rows = weight.shape.first ?? 0
      guard (-rows..<rows).contains(padding) else {
        throw TorchError(
          .value,
          "padding_idx must be within the number of embeddings, -\(rows) through \(rows - 1), but got \(padding)")
      }
      row = padding < 0 ? padding + rows : padding
    }
    return embeddingBag(weight, indices, offsets, scales, mode, sparse, factors, last, row)
  }

  static let operators: [AnyOperator] = [embeddingBag, forwardOnly, denseBackward, weightsBackward, plain, padded]
}

extension torch {
  /// Sums (`mode` 0), means (1) or maxima (2) of the rows of `weight` that `indices` name; bag b is the indices from
  /// `offsets[b]` on.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
  public static func embeddingBag(
    _ weight: Tensor, _ indices: Tensor, _ offsets: Tensor, scaleGradByFreq: Bool = false, mode: Int = 0,
    sparse: Bool = false, perSampleWeights: Tensor? = nil, includeLastOffset: Bool = false, paddingIdx: Int? = nil
  ) -> Tensor {
    EmbeddingBag.padded(
      weight, indices, offsets, scaleGradByFreq, mode, sparse, perSampleWeights, includeLastOffset, paddingIdx)[0]
  }
}
