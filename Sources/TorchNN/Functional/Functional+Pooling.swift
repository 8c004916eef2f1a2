// Pooling as functions; the operators are TorchCore's. Where PyTorch has `return_indices`, there is a function
// `…WithIndices`.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#pooling-functions

extension nn.functional {
  /// The maximum of each window of (N, C, L); the stride is the kernel's size if left out.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
  public static func maxPool1d(
    _ x: Tensor, _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0,
    dilation: some Extent = 1, ceilMode: Bool = false
  ) -> Tensor {
    torch.maxPool1d(
      x, kernelSize.extents(1), stride: stride?.extents(1) ?? [], padding: padding.extents(1),
      dilation: dilation.extents(1), ceilMode: ceilMode)
  }
  /// The maxima of `maxPool1d`, and their flat positions in the input's spatial part.
  public static func maxPool1dWithIndices(
    _ x: Tensor, _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0,
    dilation: some Extent = 1, ceilMode: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    torch.maxPool1dWithIndices(
      x, kernelSize.extents(1), stride: stride?.extents(1) ?? [], padding: padding.extents(1),
      dilation: dilation.extents(1), ceilMode: ceilMode)
  }

  /// The maximum of each window of (N, C, H, W); the stride is the kernel's size if left out.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
  public static func maxPool2d(
    _ x: Tensor, _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0,
    dilation: some Extent = 1, ceilMode: Bool = false
  ) -> Tensor {
    torch.maxPool2d(
      x, kernelSize.extents(2), stride: stride?.extents(2) ?? [], padding: padding.extents(2),
      dilation: dilation.extents(2), ceilMode: ceilMode)
  }
  /// The maxima of `maxPool2d`, and their flat positions in the input's spatial part.
  public static func maxPool2dWithIndices(
    _ x: Tensor, _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0,
    dilation: some Extent = 1, ceilMode: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    torch.maxPool2dWithIndices(
      x, kernelSize.extents(2), stride: stride?.extents(2) ?? [], padding: padding.extents(2),
      dilation: dilation.extents(2), ceilMode: ceilMode)
  }

  /// The maximum of each window of (N, C, D, H, W); the stride is the kernel's size if left out.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
  public static func maxPool3d(
    _ x: Tensor, _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0,
    dilation: some Extent = 1, ceilMode: Bool = false
  ) -> Tensor {
    torch.maxPool3d(
      x, kernelSize.extents(3), stride: stride?.extents(3) ?? [], padding: padding.extents(3),
      dilation: dilation.extents(3), ceilMode: ceilMode)
  }
  /// The maxima of `maxPool3d`, and their flat positions in the input's spatial part.
  public static func maxPool3dWithIndices(
    _ x: Tensor, _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0,
    dilation: some Extent = 1, ceilMode: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    torch.maxPool3dWithIndices(
      x, kernelSize.extents(3), stride: stride?.extents(3) ?? [], padding: padding.extents(3),
      dilation: dilation.extents(3), ceilMode: ceilMode)
  }

  // MARK: Means

  /// The mean of each window; padding counts as zeros unless `countIncludePad` is false.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html
  public static func avgPool1d(
    _ x: Tensor, _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0,
    ceilMode: Bool = false,
    countIncludePad: Bool = true
  ) -> Tensor {
    torch.avgPool1d(
      x, kernelSize.extents(1), stride: stride?.extents(1) ?? [], padding: padding.extents(1), ceilMode: ceilMode,
      countIncludePad: countIncludePad)
  }

  /// The mean of each window; padding counts as zeros unless `countIncludePad` is false.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
  public static func avgPool2d(
    _ x: Tensor, _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0,
    ceilMode: Bool = false,
    countIncludePad: Bool = true, divisorOverride: Int? = nil
  ) -> Tensor {
    torch.avgPool2d(
      x, kernelSize.extents(2), stride: stride?.extents(2) ?? [], padding: padding.extents(2), ceilMode: ceilMode,
      countIncludePad: countIncludePad, divisorOverride: divisorOverride)
  }

  /// The mean of each window; padding counts as zeros unless `countIncludePad` is false.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html
  public static func avgPool3d(
    _ x: Tensor, _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0,
    ceilMode: Bool = false,
    countIncludePad: Bool = true, divisorOverride: Int? = nil
  ) -> Tensor {
    torch.avgPool3d(
      x, kernelSize.extents(3), stride: stride?.extents(3) ?? [], padding: padding.extents(3), ceilMode: ceilMode,
      countIncludePad: countIncludePad, divisorOverride: divisorOverride)
  }

  /// The p-norm of each window, |x|ᵖ summed to the power 1/p; the maximum for p = ∞.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool2d.html
  public static func lpPool1d(
    _ x: Tensor, _ normType: Double, _ kernelSize: some Extent, stride: (any Extent)? = nil, ceilMode: Bool = false
  ) -> Tensor {
    powerPool(
      x, normType, kernelSize.extents(1), max: { maxPool1d($0, kernelSize, stride: stride, ceilMode: ceilMode) },
      mean: { avgPool1d($0, kernelSize, stride: stride, ceilMode: ceilMode) })
  }
  public static func lpPool2d(
    _ x: Tensor, _ normType: Double, _ kernelSize: some Extent, stride: (any Extent)? = nil, ceilMode: Bool = false
  ) -> Tensor {
    powerPool(
      x, normType, kernelSize.extents(2), max: { maxPool2d($0, kernelSize, stride: stride, ceilMode: ceilMode) },
      mean: { avgPool2d($0, kernelSize, stride: stride, ceilMode: ceilMode) })
  }
  public static func lpPool3d(
    _ x: Tensor, _ normType: Double, _ kernelSize: some Extent, stride: (any Extent)? = nil, ceilMode: Bool = false
  ) -> Tensor {
    powerPool(
      x, normType, kernelSize.extents(3), max: { maxPool3d($0, kernelSize, stride: stride, ceilMode: ceilMode) },
      mean: { avgPool3d($0, kernelSize, stride: stride, ceilMode: ceilMode) })
  }

  private static func powerPool(
    _ x: Tensor, _ p: Double, _ kernel: [Int], max: (Tensor) -> Tensor, mean: (Tensor) -> Tensor
  ) -> Tensor {
    guard p != 0 else {
      return .invalid(TorchError(.value, "norm_type must be a non-zero value, but got \(Scalar(p))"))
    }
    if p == .infinity { return max(x.abs()) }
    if p == -.infinity { return -max(-x.abs()) }
    let means = mean(x.pow(p))
    return ((means.sign() * means.abs().relu()) * Double(kernel.reduce(1, *))).pow(1 / p)
  }

  // MARK: To a given size

  /// Means of windows that divide the input into `outputSize` parts.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html
  public static func adaptiveAvgPool1d(_ x: Tensor, _ outputSize: some Extent) -> Tensor {
    torch.adaptiveAvgPool1d(x, outputSize.extents(1))
  }
  /// Maxima of windows that divide the input into `outputSize` parts.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html
  public static func adaptiveMaxPool1d(_ x: Tensor, _ outputSize: some Extent) -> Tensor {
    adaptiveMaxPool1dWithIndices(x, outputSize).values
  }
  public static func adaptiveMaxPool1dWithIndices(
    _ x: Tensor, _ outputSize: some Extent
  ) -> (values: Tensor, indices: Tensor) { torch.adaptiveMaxPool1d(x, outputSize.extents(1)) }

  /// Means of windows that divide the input into `outputSize` parts.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
  public static func adaptiveAvgPool2d(_ x: Tensor, _ outputSize: some Extent) -> Tensor {
    torch.adaptiveAvgPool2d(x, outputSize.extents(2))
  }
  /// Maxima of windows that divide the input into `outputSize` parts.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
  public static func adaptiveMaxPool2d(_ x: Tensor, _ outputSize: some Extent) -> Tensor {
    adaptiveMaxPool2dWithIndices(x, outputSize).values
  }
  public static func adaptiveMaxPool2dWithIndices(
    _ x: Tensor, _ outputSize: some Extent
  ) -> (values: Tensor, indices: Tensor) { torch.adaptiveMaxPool2d(x, outputSize.extents(2)) }

  /// Means of windows that divide the input into `outputSize` parts.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool3d.html
  public static func adaptiveAvgPool3d(_ x: Tensor, _ outputSize: some Extent) -> Tensor {
    torch.adaptiveAvgPool3d(x, outputSize.extents(3))
  }
  /// Maxima of windows that divide the input into `outputSize` parts.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool3d.html
  public static func adaptiveMaxPool3d(_ x: Tensor, _ outputSize: some Extent) -> Tensor {
    adaptiveMaxPool3dWithIndices(x, outputSize).values
  }
  public static func adaptiveMaxPool3dWithIndices(
    _ x: Tensor, _ outputSize: some Extent
  ) -> (values: Tensor, indices: Tensor) { torch.adaptiveMaxPool3d(x, outputSize.extents(3)) }
}
