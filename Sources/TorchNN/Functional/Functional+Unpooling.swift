// Max unpooling and fractional max pooling as functions.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#pooling-functions

extension nn.functional {
  // MARK: Unpooling

  /// The maxima `x` of `maxPool1dWithIndices` put back to where they were, zeros elsewhere. `outputSize` where pooling
  /// rounded down: between the default size and a stride to either side.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool1d.html
  public static func maxUnpool1d(
    _ x: Tensor, _ indices: Tensor, _ kernelSize: any Extent, stride: (any Extent)? = nil, padding: any Extent = 0,
    outputSize: [Int]? = nil
  ) -> Tensor {
    sized(x, 1, kernelSize, stride, padding, outputSize) { size in
      torch.maxUnpool2d(x.unsqueeze(-1), indices.unsqueeze(-1), outputSize: size + [1]).squeeze(-1)
    }
  }
  /// The maxima `x` of `maxPool2dWithIndices` put back to where they were, zeros elsewhere. `outputSize` where pooling
  /// rounded down: between the default size and a stride to either side.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html
  public static func maxUnpool2d(
    _ x: Tensor, _ indices: Tensor, _ kernelSize: any Extent, stride: (any Extent)? = nil, padding: any Extent = 0,
    outputSize: [Int]? = nil
  ) -> Tensor {
    sized(x, 2, kernelSize, stride, padding, outputSize) { size in
      torch.maxUnpool2d(x, indices, outputSize: size)
    }
  }
  /// The maxima `x` of `maxPool3dWithIndices` put back to where they were, zeros elsewhere. `outputSize` where pooling
  /// rounded down: between the default size and a stride to either side.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool3d.html
  public static func maxUnpool3d(
    _ x: Tensor, _ indices: Tensor, _ kernelSize: any Extent, stride: (any Extent)? = nil, padding: any Extent = 0,
    outputSize: [Int]? = nil
  ) -> Tensor {
    sized(x, 3, kernelSize, stride, padding, outputSize) { size in
      torch.maxUnpool3d(
        x, indices, outputSize: size, stride: (stride ?? kernelSize).extents(3), padding: padding.extents(3))
    }
  }

  private static func sized(
    _ x: Tensor, _ rank: Int, _ kernelSize: any Extent, _ stride: (any Extent)?, _ padding: any Extent,
    _ outputSize: [Int]?, _ unpool: ([Int]) -> Tensor
  ) -> Tensor {
    guard x.isValid, x.ndim >= rank else { return unpool(outputSize ?? []) }
    let (kernel, steps, pad) = (kernelSize.extents(rank), (stride ?? kernelSize).extents(rank), padding.extents(rank))
    let input = Array(x.shape.suffix(rank))
    let usual = (0..<rank).map { (d: Int) -> Int in (input[d] - 1) * steps[d] + kernel[d] - 2 * pad[d] }
    guard var size = outputSize else { return unpool(usual) }
    if size.count == rank + 2 { size = Array(size.dropFirst(2)) }
    guard size.count == rank else {
      return .invalid(
        TorchError(
          .value,
          "output_size should be a sequence containing \(rank) or \(rank + 2) elements, but it has a length of '\(size.count)'"
        ))
    }
    for d in 0..<rank where !(usual[d] - steps[d] + 1..<usual[d] + steps[d]).contains(size[d]) {
      let text = "[" + size.map(String.init).joined(separator: ", ") + "]"
      return .invalid(
        TorchError(
          .value,
          "invalid output_size \"\(text)\" (dim \(d) must be between \(usual[d] - steps[d]) and \(usual[d] + steps[d]))"
        ))
    }
    return unpool(size)
  }

  // MARK: Fractional

  /// Maxima of windows of size `kernelSize` at random steps, to `outputSize`, or to `outputRatio` times the input's size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
  public static func fractionalMaxPool2d(
    _ x: Tensor, _ kernelSize: some Extent, outputSize: (any Extent)? = nil, outputRatio: (any ScaleFactor)? = nil,
    randomSamples: Tensor? = nil
  ) -> Tensor {
    fractionalMaxPool2dWithIndices(
      x, kernelSize, outputSize: outputSize, outputRatio: outputRatio, randomSamples: randomSamples
    ).values
  }
  public static func fractionalMaxPool2dWithIndices(
    _ x: Tensor, _ kernelSize: some Extent, outputSize: (any Extent)? = nil, outputRatio: (any ScaleFactor)? = nil,
    randomSamples: Tensor? = nil
  ) -> (values: Tensor, indices: Tensor) {
    fractional(x, 2, outputSize, outputRatio, randomSamples) { size, samples in
      torch.fractionalMaxPool2d(x, kernelSize.extents(2), outputSize: size, randomSamples: samples)
    }
  }

  /// Maxima of windows of size `kernelSize` at random steps, to `outputSize`, or to `outputRatio` times the input's size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool3d.html
  public static func fractionalMaxPool3d(
    _ x: Tensor, _ kernelSize: some Extent, outputSize: (any Extent)? = nil, outputRatio: (any ScaleFactor)? = nil,
    randomSamples: Tensor? = nil
  ) -> Tensor {
    fractionalMaxPool3dWithIndices(
      x, kernelSize, outputSize: outputSize, outputRatio: outputRatio, randomSamples: randomSamples
    ).values
  }
  public static func fractionalMaxPool3dWithIndices(
    _ x: Tensor, _ kernelSize: some Extent, outputSize: (any Extent)? = nil, outputRatio: (any ScaleFactor)? = nil,
    randomSamples: Tensor? = nil
  ) -> (values: Tensor, indices: Tensor) {
    fractional(x, 3, outputSize, outputRatio, randomSamples) { size, samples in
      torch.fractionalMaxPool3d(x, kernelSize.extents(3), outputSize: size, randomSamples: samples)
    }
  }

  private static func fractional(
    _ x: Tensor, _ rank: Int, _ outputSize: (any Extent)?, _ outputRatio: (any ScaleFactor)?, _ samples: Tensor?,
    _ pool: ([Int], Tensor) -> (values: Tensor, indices: Tensor)
  ) -> (values: Tensor, indices: Tensor) {
    guard x.isValid, x.ndim > rank else { return pool(outputSize?.extents(rank) ?? [], samples ?? x) }
    let size: [Int]
    if let outputSize {
      size = outputSize.extents(rank)
    } else if let ratios = outputRatio?.factors(rank) {
      size = zip(x.shape.suffix(rank), ratios).map { Int(Double($0) * $1) }
    } else {
      let error = Tensor.invalid(
        TorchError(
          .value, "fractional_max_pool\(rank)d requires specifying either an output_size or an output_ratio"))
      return (error, error)
    }
    let batch = x.ndim == rank + 1 ? 1 : x.shape[0]
    return pool(size, samples ?? torch.rand([batch, x.shape[-rank - 1], rank], dtype: x.dtype))
  }
}
