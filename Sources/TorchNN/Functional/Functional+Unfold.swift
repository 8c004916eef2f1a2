// Sliding blocks of images as columns, and back.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#vision-functions

extension nn.functional {
  /// The blocks of size `kernelSize` of x (N, C, H, W) as columns: (N, C·KH·KW, blocks).
  ///
  /// ```swift
  /// print(nn.functional.unfold(torch.randn(1, 3, 10, 12), [4, 5]).shape)   // torch.Size([1, 60, 56])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
  public static func unfold(
    _ x: Tensor, _ kernelSize: some Extent, dilation: some Extent = 1, padding: some Extent = 0, stride: some Extent = 1
  ) -> Tensor {
    torch.im2col(
      x, kernelSize: kernelSize.extents(2), dilation: dilation.extents(2), padding: padding.extents(2),
      stride: stride.extents(2))
  }

  /// Columns (N, C·KH·KW, blocks) summed to images (N, C, H, W) of `outputSize`: where blocks overlap, they add up.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
  public static func fold(
    _ x: Tensor, outputSize: some Extent, kernelSize: some Extent, dilation: some Extent = 1, padding: some Extent = 0,
    stride: some Extent = 1
  ) -> Tensor {
    torch.col2im(
      x, outputSize: outputSize.extents(2), kernelSize: kernelSize.extents(2), dilation: dilation.extents(2),
      padding: padding.extents(2), stride: stride.extents(2))
  }
}
