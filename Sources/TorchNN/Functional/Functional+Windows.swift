// Convolution as functions; the operators are TorchCore's.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#convolution-functions

extension nn.functional {
  /// x (N, C, H, W) convolved with weight (M, C / groups, KH, KW).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
  public static func conv2d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1
  ) -> Tensor {
    torch.conv2d(x, weight, bias, stride: [stride], padding: [padding], dilation: [dilation], groups: groups)
  }
  public static func conv1d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1
  ) -> Tensor {
    torch.conv1d(x, weight, bias, stride: [stride], padding: [padding], dilation: [dilation], groups: groups)
  }
  public static func conv3d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1,
    groups: Int = 1
  ) -> Tensor {
    torch.conv3d(x, weight, bias, stride: [stride], padding: [padding], dilation: [dilation], groups: groups)
  }

  /// Over one dimension with the steps first: x (T, N, C), weight (K, C, M), bias (M) give (T', N, M).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_tbc.html
  public static func convTBC(_ x: Tensor, _ weight: Tensor, _ bias: Tensor, pad: Int = 0) -> Tensor {
    torch.convTBC(x, weight, bias, pad: pad)
  }

  /// The gradient of a convolution with respect to its input, as a function: weight is (C, M / groups, kernel…).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html
  public static func convTranspose1d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: some Extent = 1, padding: some Extent = 0,
    outputPadding: some Extent = 0, groups: Int = 1, dilation: some Extent = 1
  ) -> Tensor {
    torch.convTranspose1d(
      x, weight, bias, stride: stride.extents(1), padding: padding.extents(1), outputPadding: outputPadding.extents(1),
      groups: groups, dilation: dilation.extents(1))
  }
  /// The gradient of a convolution with respect to its input, as a function: weight is (C, M / groups, kernel…).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
  public static func convTranspose2d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: some Extent = 1, padding: some Extent = 0,
    outputPadding: some Extent = 0, groups: Int = 1, dilation: some Extent = 1
  ) -> Tensor {
    torch.convTranspose2d(
      x, weight, bias, stride: stride.extents(2), padding: padding.extents(2), outputPadding: outputPadding.extents(2),
      groups: groups, dilation: dilation.extents(2))
  }
  /// The gradient of a convolution with respect to its input, as a function: weight is (C, M / groups, kernel…).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose3d.html
  public static func convTranspose3d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: some Extent = 1, padding: some Extent = 0,
    outputPadding: some Extent = 0, groups: Int = 1, dilation: some Extent = 1
  ) -> Tensor {
    torch.convTranspose3d(
      x, weight, bias, stride: stride.extents(3), padding: padding.extents(3), outputPadding: outputPadding.extents(3),
      groups: groups, dilation: dilation.extents(3))
  }
}
