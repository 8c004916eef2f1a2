// Pooling to a given output size: means and maxima of windows that divide the input evenly.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html

enum AdaptivePooling {
  /// What both kinds check of their input.
  private static func checkInput(_ x: Tensor, _ rank: Int, _ name: String, colon: String) throws {
    guard x.ndim == rank + 1 || x.ndim == rank + 2 else {
      throw TorchError(
        .shape, "\(name)(): Expected \(rank + 1)D or \(rank + 2)D tensor, but got\(colon) \(x.shape.listDescription)")
    }
    for dim in (x.ndim - rank)..<x.ndim where x.shape[dim] == 0 {
      throw TorchError(
        .shape,
        "\(name)(): Expected input to have non-zero size for non-batch dimensions, but input has sizes \(x.shape.listDescription) with dimension \(dim) being empty"
      )
    }
  }

  private static func checkFloat(_ x: Tensor, _ name: String) throws {
    guard x.dtype.isFloatingPoint else {
      throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
  }

  // MARK: Means

  private static func averageSize(_ size: [Int], _ rank: Int) throws {
    guard size.count == rank else { throw TorchError(.value, "adaptive_avg_pool\(rank)d: output_size must be \(rank)") }
    guard size.allSatisfy({ $0 >= 0 }) else {
      // PyTorch's spaces, as they are.
      let text = rank == 2 ? "\(size[0]), \(size[1])" : "\(size[0]), \(size[1]),\(size[2])"
      throw TorchError(
        .value,
        "adaptive_avg_pool\(rank)d: elements of output_size must be greater than or equal to 0 but received {\(text)}")
    }
  }

  private static func average(_ rank: Int) -> Operator<Tensor, [Int], Tensor> {
    Operator(
      "_adaptive_avg_pool\(rank)d(Tensor self, SymInt[\(rank)] output_size) -> Tensor",
      kernel: { (x: Tensor, size: [Int]) in
        try averageSize(size, rank)
        try checkInput(x, rank, "adaptive_avg_pool\(rank)d", colon: "")
        try checkFloat(x, rank == 2 ? "adaptive_avg_pool2d" : "adaptive_avg_pool3d_cpu")
        let out = try Tensor.uninitialized(Shape(x.shape.dropLast(rank) + size), x.dtype)
        if out.numel > 0 {
          try x.backend.windowMean(
            PoolingWindows.adaptive(Array(x.shape.suffix(rank)), size), nil, try x.rowMajor(), into: out)
        }
        return out
      },
      derivative: { record, _, x, _ in
        let saved = record.save(x)
        return { g in [(rank == 2 ? averageBackward2d : averageBackward3d)(g[0], try saved.value)] }
      })
  }

  private static func averageBackward(_ rank: Int) -> Operator<Tensor, Tensor, Tensor> {
    Operator(
      "_adaptive_avg_pool\(rank)d_backward(Tensor grad_output, Tensor self) -> Tensor",
      kernel: { (g: Tensor, x: Tensor) in
        try checkInput(x, rank, "adaptive_avg_pool\(rank)d_backward", colon: "")
        if g.numel == 0 { return Tensor.zeros(x.shape, dtype: g.dtype) }
        let out = try Tensor.uninitialized(x.shape, g.dtype)
        let windows = PoolingWindows.adaptive(Array(x.shape.suffix(rank)), Array(g.shape.suffix(rank)))
        try g.backend.windowMeanBackward(windows, nil, try g.rowMajor(), into: out)
        return out
      },
      derivative: { _, _, g, _ in
        let size = Array(g.shape.suffix(rank))
        return { gg in [(rank == 2 ? average2d : average3d)(gg[0], size), nil] }
      })
  }

  static let average2d = average(2), average3d = average(3)
  static let averageBackward2d = averageBackward(2), averageBackward3d = averageBackward(3)

  /// What PyTorch's functions call: one window is a plain mean.
  private static func adaptiveAverage(_ rank: Int) -> Operator<Tensor, [Int], Tensor> {
    Operator(composite: "adaptive_avg_pool\(rank)d(Tensor self, SymInt[\(rank)] output_size) -> Tensor", twins: .out) {
      (x: Tensor, size: [Int]) in
      try averageSize(size, rank)
      if size.allSatisfy({ $0 == 1 }), x.ndim > rank, x.numel > 0 {
        return x.mean(dim: Array(-rank..<0), keepdim: true)
      }
      return (rank == 2 ? average2d : average3d)(x, size)
    }
  }

  static let adaptiveAvgPool2d = adaptiveAverage(2), adaptiveAvgPool3d = adaptiveAverage(3)

  static let adaptiveAvgPool1d = Operator(
    composite: "adaptive_avg_pool1d(Tensor self, int[1] output_size) -> Tensor", twins: .out
  ) { (x: Tensor, size: [Int]) in
    guard x.ndim == 2 || x.ndim == 3 else { throw Pooling.wrongRank(x, 2...3, "adaptive_avg_pool1d") }
    try checkOne(size, "adaptive_avg_pool1d")
    return adaptiveAvgPool2d(x.unsqueeze(-2), [1, size[0]]).squeeze(-2)
  }

  private static func checkOne(_ size: [Int], _ name: String) throws {
    guard size.count == 1 else {
      throw TorchError(.value, "\(name)() argument 'output_size' should contain one int (got \(size.count))")
    }
  }

  // MARK: Maxima

  private static func maximum(_ rank: Int) -> Operator<Tensor, [Int], [Tensor]> {
    Operator(
      "adaptive_max_pool\(rank)d(Tensor self, int[\(rank)] output_size) -> (Tensor, Tensor)",
      twins: .out("out", names: ["out", "indices"]),
      kernel: { (x: Tensor, size: [Int]) in
        try checkInput(x, rank, "adaptive_max_pool\(rank)d", colon: ":")
        guard size.count == rank else {
          throw TorchError(.value, "adaptive_max_pool\(rank)d(): internal error: output_size.size() must be \(rank)")
        }
        let shape = Shape(x.shape.dropLast(rank) + size)
        if let negative = size.first(where: { $0 < 0 }) {
          throw TorchError(
            .value, "Trying to create tensor with negative dimension \(negative): \(shape.listDescription)")
        }
        try checkFloat(x, rank == 2 ? "adaptive_max_pool2d" : "adaptive_max_pool3d_cpu")
        let (out, indices) = (try Tensor.uninitialized(shape, x.dtype), try Tensor.uninitialized(shape, .int64))
        if out.numel > 0 {
          let windows = PoolingWindows.adaptive(Array(x.shape.suffix(rank)), size)
          try x.backend.windowMax(windows, try x.rowMajor(), into: out, indices)
        }
        return [out, indices]
      },
      derivative: { record, y, x, _ in
        let (saved, indices) = (record.save(x), record.save(result: y[1], index: 1))
        return { g in
          [(rank == 2 ? maxBackward2d : maxBackward3d)(g[0], try saved.value, try indices.value.detach())]
        }
      })
  }

  private static func maxBackward(_ rank: Int) -> Operator<Tensor, Tensor, Tensor, Tensor> {
    Operator(
      "adaptive_max_pool\(rank)d_backward(Tensor grad_output, Tensor self, Tensor indices) -> Tensor",
      twins: .out("grad_input", names: ["grad_input"]),
      kernel: { (g: Tensor, x: Tensor, indices: Tensor) in
        try checkInput(x, rank, "adaptive_max_pool\(rank)d_backward", colon: ":")
        guard g.dtype == x.dtype else {
          throw TorchError(
            .dtype, "expected dtype \(x.dtype.scalarTypeName) for `grad_output` but got dtype \(g.dtype.scalarTypeName)"
          )
        }
        return PoolingMaxima.scatter(g, x.shape, indices, rank: rank)
      },
      derivative: { record, _, _, _, indices in
        let saved = record.save(indices)
        return { gg in [PoolingMaxima.gather(gg[0], try saved.value, rank: rank), nil, nil] }
      })
  }

  static let adaptiveMaxPool2d = maximum(2), adaptiveMaxPool3d = maximum(3)
  static let maxBackward2d = maxBackward(2), maxBackward3d = maxBackward(3)

  static let adaptiveMaxPool1d = Operator(
    composite: "adaptive_max_pool1d(Tensor self, int[1] output_size) -> (Tensor, Tensor)"
  ) { (x: Tensor, size: [Int]) -> [Tensor] in
    guard x.ndim == 2 || x.ndim == 3 else { throw Pooling.wrongRank(x, 2...3, "adaptive_max_pool1d") }
    try checkOne(size, "adaptive_max_pool1d")
    if x.shape.last == 0 { try checkInput(x, 1, "adaptive_max_pool1d", colon: ":") }
    return adaptiveMaxPool2d(x.unsqueeze(-2), [1, size[0]]).map { $0.squeeze(-2) }
  }

  static let operators: [AnyOperator] = [
    average2d, average3d, averageBackward2d, averageBackward3d, adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d,
    adaptiveMaxPool1d, adaptiveMaxPool2d, adaptiveMaxPool3d, maxBackward2d, maxBackward3d,
  ]
}

extension torch {
  /// Means over windows that divide the input into `outputSize` parts.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
  public static func adaptiveAvgPool1d(_ x: Tensor, _ outputSize: [Int]) -> Tensor {
    AdaptivePooling.adaptiveAvgPool1d(x, outputSize)
  }
  public static func adaptiveAvgPool2d(_ x: Tensor, _ outputSize: [Int]) -> Tensor {
    AdaptivePooling.adaptiveAvgPool2d(x, outputSize)
  }
  public static func adaptiveAvgPool3d(_ x: Tensor, _ outputSize: [Int]) -> Tensor {
    AdaptivePooling.adaptiveAvgPool3d(x, outputSize)
  }

  /// Maxima over windows that divide the input into `outputSize` parts, and their flat positions.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
  public static func adaptiveMaxPool1d(_ x: Tensor, _ outputSize: [Int]) -> (values: Tensor, indices: Tensor) {
    let both = AdaptivePooling.adaptiveMaxPool1d(x, outputSize)
    return (both[0], both[1])
  }
  public static func adaptiveMaxPool2d(_ x: Tensor, _ outputSize: [Int]) -> (values: Tensor, indices: Tensor) {
    let both = AdaptivePooling.adaptiveMaxPool2d(x, outputSize)
    return (both[0], both[1])
  }
  public static func adaptiveMaxPool3d(_ x: Tensor, _ outputSize: [Int]) -> (values: Tensor, indices: Tensor) {
    let both = AdaptivePooling.adaptiveMaxPool3d(x, outputSize)
    return (both[0], both[1])
  }
}
