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
}
