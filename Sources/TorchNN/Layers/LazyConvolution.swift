// Convolutions that take the number of their input channels from the first input.

extension nn.Convolution {
  /// Forgets the channels: what the lazy ones do when they are made.
  fileprivate func makeLazy(outChannels: Int, bias: Bool, _ dtype: DType?) {
    isLazy = true
    self.outChannels = outChannels
    weight = nn.uninitializedParameter(dtype: dtype)
    if bias { self.bias = nn.uninitializedParameter(dtype: dtype) }
  }
}

extension nn.LazyModule where Self: nn.Convolution {
  public func initializeParameters(_ input: Tensor) throws {
    guard hasUninitializedParams() else { return }
    let rank = kernelSize.count
    guard input.ndim == rank + 1 || input.ndim == rank + 2 else {
      throw TorchError(
        .shape,
        "Expected \(rank + 1)D (unbatched) or \(rank + 2)D (batched) input to \(typeName), but got input of size: \(input.shape)")
    }
    inChannels = input.shape[input.ndim - rank - 1]
    guard inChannels % groups == 0 else { throw TorchError(.value, "in_channels must be divisible by groups") }
    let isTransposed = self is nn.TransposedConvolution
    let channels = isTransposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups]
    weight.materialize(Shape(channels + kernelSize))
    bias?.materialize([outChannels])
    resetParameters()
  }

  fileprivate func prepare(_ x: Tensor) -> Tensor? {
    guard isLazy else { return nil }
    if let failed = initialized(for: x) { return failed }
    isLazy = false
    return nil
  }
}

extension nn {
  /// `Conv1d` whose `inChannels` is the first input's.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyConv1d.html
  public final class LazyConv1d: Conv1d, LazyModule {
    public init(
      _ outChannels: Int, _ kernelSize: any Extent, stride: any Extent = 1, padding: any Extent = 0,
      dilation: any Extent = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros,
      dtype: DType? = nil
    ) {
      super.init(
        0, 0, kernelSize, stride: stride, padding: padding, dilation: dilation, groups: groups, bias: false,
        paddingMode: paddingMode, dtype: dtype)
      makeLazy(outChannels: outChannels, bias: bias, dtype)
    }

    public init(
      _ outChannels: Int, _ kernelSize: any Extent, stride: any Extent = 1, padding: NamedPadding,
      dilation: any Extent = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros,
      dtype: DType? = nil
    ) {
      super.init(
        0, 0, kernelSize, stride: stride, padding: padding, dilation: dilation, groups: groups, bias: false,
        paddingMode: paddingMode, dtype: dtype)
      makeLazy(outChannels: outChannels, bias: bias, dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { prepare(x) ?? super.forward(x) }
  }

  /// `Conv2d` whose `inChannels` is the first input's.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyConv2d.html
  public final class LazyConv2d: Conv2d, LazyModule {
    public init(
      _ outChannels: Int, _ kernelSize: any Extent, stride: any Extent = 1, padding: any Extent = 0,
      dilation: any Extent = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros,
      dtype: DType? = nil
    ) {
      super.init(
        0, 0, kernelSize, stride: stride, padding: padding, dilation: dilation, groups: groups, bias: false,
        paddingMode: paddingMode, dtype: dtype)
      makeLazy(outChannels: outChannels, bias: bias, dtype)
    }

    public init(
      _ outChannels: Int, _ kernelSize: any Extent, stride: any Extent = 1, padding: NamedPadding,
      dilation: any Extent = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros,
      dtype: DType? = nil
    ) {
      super.init(
        0, 0, kernelSize, stride: stride, padding: padding, dilation: dilation, groups: groups, bias: false,
        paddingMode: paddingMode, dtype: dtype)
      makeLazy(outChannels: outChannels, bias: bias, dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { prepare(x) ?? super.forward(x) }
  }

  /// `Conv3d` whose `inChannels` is the first input's.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyConv3d.html
  public final class LazyConv3d: Conv3d, LazyModule {
    public init(
      _ outChannels: Int, _ kernelSize: any Extent, stride: any Extent = 1, padding: any Extent = 0,
      dilation: any Extent = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros,
      dtype: DType? = nil
    ) {
      super.init(
        0, 0, kernelSize, stride: stride, padding: padding, dilation: dilation, groups: groups, bias: false,
        paddingMode: paddingMode, dtype: dtype)
      makeLazy(outChannels: outChannels, bias: bias, dtype)
    }

    public init(
      _ outChannels: Int, _ kernelSize: any Extent, stride: any Extent = 1, padding: NamedPadding,
      dilation: any Extent = 1, groups: Int = 1, bias: Bool = true, paddingMode: PaddingMode = .zeros,
      dtype: DType? = nil
    ) {
      super.init(
        0, 0, kernelSize, stride: stride, padding: padding, dilation: dilation, groups: groups, bias: false,
        paddingMode: paddingMode, dtype: dtype)
      makeLazy(outChannels: outChannels, bias: bias, dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { prepare(x) ?? super.forward(x) }
  }

  /// `ConvTranspose1d` whose `inChannels` is the first input's.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose1d.html
  public final class LazyConvTranspose1d: ConvTranspose1d, LazyModule {
    public init(
      _ outChannels: Int, _ kernelSize: any Extent, stride: any Extent = 1, padding: any Extent = 0,
      outputPadding: any Extent = 0, groups: Int = 1, bias: Bool = true, dilation: any Extent = 1,
      paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        0, 0, kernelSize, stride: stride, padding: padding, outputPadding: outputPadding, groups: groups, bias: false,
        dilation: dilation, paddingMode: paddingMode, dtype: dtype)
      makeLazy(outChannels: outChannels, bias: bias, dtype)
    }

    override func transposed(_ x: Tensor, _ outputSize: [Int]?) -> Tensor {
      prepare(x) ?? super.transposed(x, outputSize)
    }
  }

  /// `ConvTranspose2d` whose `inChannels` is the first input's.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose2d.html
  public final class LazyConvTranspose2d: ConvTranspose2d, LazyModule {
    public init(
      _ outChannels: Int, _ kernelSize: any Extent, stride: any Extent = 1, padding: any Extent = 0,
      outputPadding: any Extent = 0, groups: Int = 1, bias: Bool = true, dilation: any Extent = 1,
      paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        0, 0, kernelSize, stride: stride, padding: padding, outputPadding: outputPadding, groups: groups, bias: false,
        dilation: dilation, paddingMode: paddingMode, dtype: dtype)
      makeLazy(outChannels: outChannels, bias: bias, dtype)
    }

    override func transposed(_ x: Tensor, _ outputSize: [Int]?) -> Tensor {
      prepare(x) ?? super.transposed(x, outputSize)
    }
  }

  /// `ConvTranspose3d` whose `inChannels` is the first input's.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyConvTranspose3d.html
  public final class LazyConvTranspose3d: ConvTranspose3d, LazyModule {
    public init(
      _ outChannels: Int, _ kernelSize: any Extent, stride: any Extent = 1, padding: any Extent = 0,
      outputPadding: any Extent = 0, groups: Int = 1, bias: Bool = true, dilation: any Extent = 1,
      paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        0, 0, kernelSize, stride: stride, padding: padding, outputPadding: outputPadding, groups: groups, bias: false,
        dilation: dilation, paddingMode: paddingMode, dtype: dtype)
      makeLazy(outChannels: outChannels, bias: bias, dtype)
    }

    override func transposed(_ x: Tensor, _ outputSize: [Int]?) -> Tensor {
      prepare(x) ?? super.transposed(x, outputSize)
    }
  }
}
