// Pooling over one, two and three spatial dimensions.
// Reference: https://pytorch.org/docs/stable/nn.html#pooling-layers

extension nn {
  /// What max pooling layers share.
  open class MaxPooling: Module, Layer {
    let rank: Int
    private let printed: (kernel: String, stride: String, padding: String, dilation: String)
    public let kernelSize: [Int]
    public let stride: [Int]
    public let padding: [Int]
    public let dilation: [Int]
    public let ceilMode: Bool

    init(
      rank: Int, _ kernelSize: any Extent, _ stride: (any Extent)?, _ padding: any Extent, _ dilation: any Extent,
      _ ceilMode: Bool
    ) {
      self.rank = rank
      self.kernelSize = kernelSize.extents(rank)
      self.stride = (stride ?? kernelSize).extents(rank)
      self.padding = padding.extents(rank)
      self.dilation = dilation.extents(rank)
      self.ceilMode = ceilMode
      printed = (
        kernelSize.pythonDescription, (stride ?? kernelSize).pythonDescription, padding.pythonDescription,
        dilation.pythonDescription
      )
    }

    open func forward(_ x: Tensor) -> Tensor { fatalError("made by subclasses") }

    public override var extraRepr: String {
      let d = printed
      return "kernel_size=\(d.kernel), stride=\(d.stride), padding=\(d.padding), dilation=\(d.dilation), ceil_mode=\(Repr.of(ceilMode))"
    }
  }

  /// The maximum of each window over one dimension; the stride is the kernel's size if left out.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
  public final class MaxPool1d: MaxPooling {
    public init(
      _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0, dilation: some Extent = 1,
      ceilMode: Bool = false
    ) { super.init(rank: 1, kernelSize, stride, padding, dilation, ceilMode) }

    public override func forward(_ x: Tensor) -> Tensor {
      torch.maxPool1d(x, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }

    /// The maxima and their flat positions, which `MaxUnpool1d` takes: PyTorch's `return_indices`.
    public func withIndices(_ x: Tensor) -> (values: Tensor, indices: Tensor) {
      torch.maxPool1dWithIndices(
        x, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }
  }

  /// The maximum of each window over two dimensions; the stride is the kernel's size if left out.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
  public final class MaxPool2d: MaxPooling {
    public init(
      _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0, dilation: some Extent = 1,
      ceilMode: Bool = false
    ) { super.init(rank: 2, kernelSize, stride, padding, dilation, ceilMode) }

    public override func forward(_ x: Tensor) -> Tensor {
      torch.maxPool2d(x, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }

    /// The maxima and their flat positions, which `MaxUnpool2d` takes: PyTorch's `return_indices`.
    public func withIndices(_ x: Tensor) -> (values: Tensor, indices: Tensor) {
      torch.maxPool2dWithIndices(
        x, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }
  }

  /// The maximum of each window over three dimensions; the stride is the kernel's size if left out.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html
  public final class MaxPool3d: MaxPooling {
    public init(
      _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0, dilation: some Extent = 1,
      ceilMode: Bool = false
    ) { super.init(rank: 3, kernelSize, stride, padding, dilation, ceilMode) }

    public override func forward(_ x: Tensor) -> Tensor {
      torch.maxPool3d(x, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }

    /// The maxima and their flat positions, which `MaxUnpool3d` takes: PyTorch's `return_indices`.
    public func withIndices(_ x: Tensor) -> (values: Tensor, indices: Tensor) {
      torch.maxPool3dWithIndices(
        x, kernelSize, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
    }
  }

  /// What average pooling layers share.
  open class AveragePooling: Module, Layer {
    private let printed: (kernel: String, stride: String, padding: String)
    public let kernelSize: [Int]
    public let stride: [Int]
    public let padding: [Int]
    public let ceilMode: Bool
    public let countIncludePad: Bool
    public let divisorOverride: Int?

    init(
      rank: Int, _ kernelSize: any Extent, _ stride: (any Extent)?, _ padding: any Extent, _ ceilMode: Bool,
      _ countIncludePad: Bool, _ divisorOverride: Int?
    ) {
      self.kernelSize = kernelSize.extents(rank)
      self.stride = (stride ?? kernelSize).extents(rank)
      self.padding = padding.extents(rank)
      self.ceilMode = ceilMode
      self.countIncludePad = countIncludePad
      self.divisorOverride = divisorOverride
      // PyTorch keeps the one-dimensional layer's arguments as tuples, the others' as they were given.
      func text(_ value: any Extent) -> String { rank == 1 ? Repr.tuple(value.extents(1)) : value.pythonDescription }
      printed = (text(kernelSize), text(stride ?? kernelSize), text(padding))
    }

    open func forward(_ x: Tensor) -> Tensor { fatalError("made by subclasses") }

    public override var extraRepr: String {
      "kernel_size=\(printed.kernel), stride=\(printed.stride), padding=\(printed.padding)"
    }
  }

  /// The mean of each window over one dimension.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
  public final class AvgPool1d: AveragePooling {
    public init(
      _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0, ceilMode: Bool = false,
      countIncludePad: Bool = true
    ) { super.init(rank: 1, kernelSize, stride, padding, ceilMode, countIncludePad, nil) }

    public override func forward(_ x: Tensor) -> Tensor {
      torch.avgPool1d(
        x, kernelSize, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad)
    }
  }

  /// The mean of each window over two dimensions.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
  public final class AvgPool2d: AveragePooling {
    public init(
      _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0, ceilMode: Bool = false,
      countIncludePad: Bool = true, divisorOverride: Int? = nil
    ) { super.init(rank: 2, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride) }

    public override func forward(_ x: Tensor) -> Tensor {
      torch.avgPool2d(
        x, kernelSize, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad, divisorOverride: divisorOverride)
    }
  }

  /// The mean of each window over three dimensions.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
  public final class AvgPool3d: AveragePooling {
    public init(
      _ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0, ceilMode: Bool = false,
      countIncludePad: Bool = true, divisorOverride: Int? = nil
    ) { super.init(rank: 3, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride) }

    public override func forward(_ x: Tensor) -> Tensor {
      torch.avgPool3d(
        x, kernelSize, stride: stride, padding: padding, ceilMode: ceilMode, countIncludePad: countIncludePad, divisorOverride: divisorOverride)
    }
  }
}
