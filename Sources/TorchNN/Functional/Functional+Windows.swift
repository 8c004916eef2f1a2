// Convolution and pooling as functions; the operators are TorchCore's.
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

  /// The maximum of each window; the stride is the kernel's size if left out.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
  public static func maxPool2d(
    _ x: Tensor, _ kernelSize: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false
  ) -> Tensor {
    torch.maxPool2d(x, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
  }
  public static func maxPool1d(
    _ x: Tensor, _ kernelSize: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false
  ) -> Tensor {
    torch.maxPool1d(
      x, [kernelSize], stride: stride.map { [$0] } ?? [], padding: [padding], dilation: [dilation], ceilMode: ceilMode)
  }
  public static func maxPool3d(
    _ x: Tensor, _ kernelSize: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false
  ) -> Tensor {
    torch.maxPool3d(
      x, [kernelSize], stride: stride.map { [$0] } ?? [], padding: [padding], dilation: [dilation], ceilMode: ceilMode)
  }

  /// The mean of each window.
  public static func avgPool2d(
    _ x: Tensor, _ kernelSize: Int, stride: Int? = nil, padding: Int = 0, ceilMode: Bool = false,
    countIncludePad: Bool = true, divisorOverride: Int? = nil
  ) -> Tensor {
    torch.avgPool2d(
      x, [kernelSize], stride: stride.map { [$0] } ?? [], padding: [padding], ceilMode: ceilMode,
      countIncludePad: countIncludePad, divisorOverride: divisorOverride)
  }
  public static func adaptiveAvgPool2d(_ x: Tensor, _ outputSize: [Int]) -> Tensor {
    torch.adaptiveAvgPool2d(x, outputSize)
  }
}
