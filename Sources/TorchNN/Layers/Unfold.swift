// Sliding blocks of images as columns, and back, as layers.
// Reference: https://pytorch.org/docs/stable/nn.html#convolution-layers

extension nn {
  /// Sliding blocks of images as columns: (N, C, H, W) gives (N, C·KH·KW, blocks).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html
  public final class Unfold: Module, Layer {
    public let kernelSize: any Extent
    public let dilation: any Extent
    public let padding: any Extent
    public let stride: any Extent

    public init(
      _ kernelSize: some Extent, dilation: some Extent = 1, padding: some Extent = 0, stride: some Extent = 1
    ) {
      self.kernelSize = kernelSize
      self.dilation = dilation
      self.padding = padding
      self.stride = stride
    }

    public func forward(_ x: Tensor) -> Tensor {
      torch.im2col(
        x, kernelSize: kernelSize.extents(2), dilation: dilation.extents(2), padding: padding.extents(2),
        stride: stride.extents(2))
    }

    public override var extraRepr: String {
      "kernel_size=\(kernelSize.pythonDescription), dilation=\(dilation.pythonDescription), padding=\(padding.pythonDescription), stride=\(stride.pythonDescription)"
    }
  }

  /// Columns summed back to images: (N, C·KH·KW, blocks) gives (N, C, H, W) of `outputSize`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Fold.html
  public final class Fold: Module, Layer {
    public let outputSize: any Extent
    public let kernelSize: any Extent
    public let dilation: any Extent
    public let padding: any Extent
    public let stride: any Extent

    public init(
      _ outputSize: some Extent, _ kernelSize: some Extent, dilation: some Extent = 1, padding: some Extent = 0,
      stride: some Extent = 1
    ) {
      self.outputSize = outputSize
      self.kernelSize = kernelSize
      self.dilation = dilation
      self.padding = padding
      self.stride = stride
    }

    public func forward(_ x: Tensor) -> Tensor {
      torch.col2im(
        x, outputSize: outputSize.extents(2), kernelSize: kernelSize.extents(2), dilation: dilation.extents(2),
        padding: padding.extents(2), stride: stride.extents(2))
    }

    public override var extraRepr: String {
      "output_size=\(outputSize.pythonDescription), kernel_size=\(kernelSize.pythonDescription), dilation=\(dilation.pythonDescription), padding=\(padding.pythonDescription), stride=\(stride.pythonDescription)"
    }
  }
}
