// Layer and group normalization: PyTorch's native operators and their derivatives.
//
// Both normalize rows: the last dimensions of a tensor, or the channels of a group with all that is in them.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html

enum RowNorm {
  // MARK: Layers

  /// The dimensions that `normalized` names, checked against the input and the parameters.
  static func checked(_ x: Tensor, _ normalized: [Int], _ weight: Tensor?, _ bias: Tensor?) throws -> [Int] {
    let sizes = "[" + normalized.map(String.init).joined(separator: ", ") + "]"
    guard !normalized.isEmpty else {
      throw TorchError(
        .shape,
        "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = \(sizes)"
      )
    }
    for (name, part) in [("weight", weight), ("bias", bias)] {
      if let part, Array(part.shape) != normalized {
        throw TorchError(
          .shape,
          "Expected \(name) to be of same shape as normalized_shape, but got \(name) of shape \(part.shape.listDescription) and normalized_shape = \(sizes)"
        )
      }
    }
    guard x.ndim >= normalized.count, Array(x.shape.suffix(normalized.count)) == normalized else {
      throw TorchError(
        .shape,
        "Given normalized_shape=\(sizes), expected input with shape [*, \(sizes.dropFirst()), but got input of size\(x.shape.listDescription)"
      )
    }
    return Array((x.ndim - normalized.count)..<x.ndim)
  }

  static let layer = Operator(
    "native_layer_norm(Tensor input, SymInt[] normalized_shape, Tensor? weight, Tensor? bias, float eps) -> (Tensor, Tensor, Tensor)",
    twins: .out("out", names: ["out0", "out1", "out2"]),
    kernel: { (x: Tensor, normalized: [Int], weight: Tensor?, bias: Tensor?, eps: Double) in
      let dims = try checked(x, normalized, weight, bias)
      let shape = Shape(Array(x.shape.prefix(dims[0])) + normalized.map { _ in 1 })
      let n = normalized.reduce(1, *)
      return try normalize(
        NormalizedRows(rows: shape.numel, blocks: n), x, weight, bias, eps, shape, kernel: "LayerNormKernelImpl")
    },
    derivative: { record, y, x, normalized, weight, bias, _ in
      record.attachOnly(1)
      let (sx, sw) = (record.save(x), weight.map { record.save($0) })
      let (mean, rstd) = (record.save(result: y[1], index: 1), record.save(result: y[2], index: 2))
      let sb = bias.map { record.save($0) }
      let mask = (0..<3).map { record.needs($0) }
      return { g in
        let (x, mean, rstd) = (try sx.value, try mean.value, try rstd.value)
        let parts = layerBackward(g[0], x, normalized, mean, rstd, try sw?.value, try sb?.value, mask)
        let byInput = NormalizationSupport.adding(
          g.ifPresent(1), g.ifPresent(2), to: parts[0], x, mean, rstd, count: normalized.reduce(1, *))
        return [mask[0] ? byInput : nil, mask[1] ? parts[1] : nil, mask[2] ? parts[2] : nil]
      }
    })

  static let layerBackward: Operator<Tensor, Tensor, [Int], Tensor, Tensor, Tensor?, Tensor?, [Bool], [Tensor]> =
    Operator(
      fused:
        "native_layer_norm_backward(Tensor grad_out, Tensor input, SymInt[] normalized_shape, Tensor mean, Tensor rstd, Tensor? weight, Tensor? bias, bool[3] output_mask) -> (Tensor, Tensor, Tensor)",
      twins: .out("out", names: ["out0", "out1", "out2"]),
      kernel: { g, x, normalized, mean, rstd, weight, bias, mask in
        let rows = NormalizedRows(rows: mean.numel, blocks: normalized.reduce(1, *))
        return try gradients(
          rows, g, x, mean, rstd, weight, mask, Shape(normalized), (weight ?? bias)?.dtype ?? x.dtype)
      },
      reference: { g, x, normalized, mean, rstd, weight, _, mask in
        let first = x.ndim - normalized.count
        let scaled = weight.map { g * $0 } ?? g
        let hat = (x - mean) * rstd
        func overRows(_ t: Tensor) -> Tensor { first == 0 ? t : t.sum(dim: Array(0..<first)) }
        return [
          mask[0] ? byRows(scaled, hat, rstd, Array(first..<x.ndim)) : NormalizationSupport.absent(x),
          mask[1] ? overRows(g * hat) : NormalizationSupport.absent(x),
          mask[2] ? overRows(g) : NormalizationSupport.absent(x),
        ]
      })

  // MARK: Groups

  static let group = Operator(
    "native_group_norm(Tensor input, Tensor? weight, Tensor? bias, SymInt N, SymInt C, SymInt HxW, int group, float eps) -> (Tensor, Tensor, Tensor)",
    twins: .out("out", names: ["out0", "out1", "out2"]),
    kernel: { (x: Tensor, weight: Tensor?, bias: Tensor?, n: Int, c: Int, size: Int, groups: Int, eps: Double) in
      try checkGroups(x, weight, bias, c, groups)
      guard x.numel == n * c * size else {
        throw TorchError(
          .shape,
          "Expected X.numel() == N * C * HxW to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
      }
      return try normalize(
        groupRows(n, c, size, groups), x, weight, bias, eps, [n, groups], kernel: "GroupNormKernelImpl")
    },
    derivative: { record, y, x, weight, _, n, c, size, groups, _ in
      let (sx, sw) = (record.save(x), weight.map { record.save($0) })
      let (mean, rstd) = (record.save(result: y[1], index: 1), record.save(result: y[2], index: 2))
      let mask = (0..<3).map { record.needs($0) }
      return { g in
        let (x, mean, rstd) = (try sx.value, try mean.value, try rstd.value)
        let parts = groupBackward(g[0], x, mean, rstd, try sw?.value, n, c, size, groups, mask)
        var byInput = parts[0]
        if mask[0], g.ifPresent(1) != nil || g.ifPresent(2) != nil, x.numel > 0 {
          let grouped = [n, groups, c / groups * size]
          let spread = [n, groups, 1]
          byInput = NormalizationSupport.adding(
            g.ifPresent(1)?.reshape(spread), g.ifPresent(2)?.reshape(spread), to: byInput.reshape(grouped),
            x.reshape(grouped), mean.reshape(spread), rstd.reshape(spread), count: grouped[2]
          ).reshape(Array(x.shape))
        }
        return [mask[0] ? byInput : nil, mask[1] ? parts[1] : nil, mask[2] ? parts[2] : nil]
      }
    })

  static let groupBackward: Operator<Tensor, Tensor, Tensor, Tensor, Tensor?, Int, Int, Int, Int, [Bool], [Tensor]> =
    Operator(
      fused:
        "native_group_norm_backward(Tensor grad_out, Tensor input, Tensor mean, Tensor rstd, Tensor? weight, SymInt N, SymInt C, SymInt HxW, int group, bool[3] output_mask) -> (Tensor, Tensor, Tensor)",
      twins: .out("out", names: ["out0", "out1", "out2"]),
      kernel: { g, x, mean, rstd, weight, n, c, size, groups, mask in
        try gradients(
          groupRows(n, c, size, groups), g, x, mean, rstd, weight, mask, [c], weight?.dtype ?? mean.dtype)
      },
      reference: { g, x, mean, rstd, weight, n, c, size, groups, mask in
        let grouped = [n, groups, c / groups, size]
        let gradient = g.reshape(grouped)
        let spread = [n, groups, 1, 1]
        let rstd = rstd.reshape(spread)
        let hat = (x.reshape(grouped) - mean.reshape(spread)) * rstd
        let scaled = weight.map { gradient * $0.reshape([1, groups, c / groups, 1]) } ?? gradient
        func overRows(_ t: Tensor) -> Tensor { t.sum(dim: [0, 3]).reshape([c]) }
        return [
          mask[0] ? byRows(scaled, hat, rstd, [2, 3]).reshape(Array(x.shape)) : NormalizationSupport.absent(x),
          mask[1] ? overRows(gradient * hat) : NormalizationSupport.absent(x),
          mask[2] ? overRows(gradient) : NormalizationSupport.absent(x),
        ]
      })

  static func checkGroups(_ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ c: Int, _ groups: Int) throws {
    guard groups > 0 else { throw TorchError(.value, "Expected num groups to be greater than 0, got \(groups)") }
    guard c > 0 else { throw TorchError(.shape, "Expected number of channels to be greater than 0, got \(c)") }
    guard c % groups == 0 else {
      throw TorchError(
        .shape,
        "Expected number of channels in input to be divisible by num_groups, but got input of shape \(x.shape.listDescription) and num_groups=\(groups)"
      )
    }
    for (name, part) in [("weight", weight), ("bias", bias)] {
      if let part, part.ndim != 1 || part.numel != c {
        throw TorchError(
          .shape,
          "Expected \(name) to be a vector of size equal to the number of channels in input, but got \(name) of shape \(part.shape.listDescription) and input of shape \(x.shape.listDescription)"
        )
      }
    }
  }

  private static func groupRows(_ n: Int, _ c: Int, _ size: Int, _ groups: Int) -> NormalizedRows {
    NormalizedRows(rows: n * groups, groups: groups, blocks: c / groups, inner: size)
  }

  // MARK: Rows

  private static func normalize(
    _ rows: NormalizedRows, _ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ eps: Double, _ shape: Shape,
    kernel: String
  ) throws -> [Tensor] {
    let statistics = try NormalizationSupport.statisticsType(x, [weight, bias], kernel: kernel)
    let y = try Tensor.uninitialized(x.shape, x.dtype)
    // A row without elements has the mean 0 and no deviation.
    if x.numel == 0 {
      return [y, Tensor.zeros(shape, dtype: statistics), Tensor.full(shape, .double(.nan), dtype: statistics)]
    }
    let (mean, rstd) = (
      try Tensor.uninitialized(shape, x.dtype.computed), try Tensor.uninitialized(shape, x.dtype.computed)
    )
    x.backend.rowNorm(
      rows, eps: eps, try x.rowMajor(), try NormalizationSupport.computed(weight, x),
      try NormalizationSupport.computed(bias, x), into: y, mean, rstd)
    return [y, mean.to(statistics), rstd.to(statistics)]
  }

  private static func gradients(
    _ rows: NormalizedRows, _ g: Tensor, _ x: Tensor, _ mean: Tensor, _ rstd: Tensor, _ weight: Tensor?, _ mask: [Bool],
    _ shape: Shape, _ parameterType: DType
  ) throws -> [Tensor] {
    let computed = x.dtype.computed
    let byInput = mask[0] ? try Tensor.uninitialized(x.shape, x.dtype) : nil
    let byWeight = mask[1] ? Tensor.zeros(shape, dtype: computed) : nil
    let byBias = mask[2] ? Tensor.zeros(shape, dtype: computed) : nil
    if x.numel > 0 {
      x.backend.rowNormBackward(
        rows, try (g.dtype == x.dtype ? g : g.to(x.dtype)).rowMajor(), try x.rowMajor(),
        try NormalizationSupport.computed(mean, x)!, try NormalizationSupport.computed(rstd, x)!,
        try NormalizationSupport.computed(weight, x), into: byInput, byWeight, byBias)
    }
    return [
      byInput ?? NormalizationSupport.absent(x), byWeight?.to(parameterType) ?? NormalizationSupport.absent(x),
      byBias?.to(parameterType) ?? NormalizationSupport.absent(x),
    ]
  }

  /// The gradient of rows, where `scaled` is the gradient times the weight and `hat` the rows normalized.
  private static func byRows(_ scaled: Tensor, _ hat: Tensor, _ rstd: Tensor, _ dims: [Int]) -> Tensor {
    let mean = scaled.mean(dim: dims, keepdim: true)
    let along = (scaled * hat).mean(dim: dims, keepdim: true)
    return (scaled - mean - hat * along) * rstd
  }

  static let operators: [AnyOperator] = [layer, layerBackward, group, groupBackward]
}
