// Batch and instance norms that take the number of their channels from the first input.

extension nn.ChannelNorm {
  /// Forgets the channels: what the lazy ones do when they are made.
  fileprivate func makeLazy(_ dtype: DType?) {
    isLazy = true
    if weight != nil { weight = nn.uninitializedParameter(dtype: dtype) }
    if bias != nil { bias = nn.uninitializedParameter(dtype: dtype) }
    if runningMean != nil { runningMean = nn.uninitializedBuffer(dtype: dtype) }
    if runningVar != nil { runningVar = nn.uninitializedBuffer(dtype: dtype) }
  }
}

extension nn.LazyModule where Self: nn.ChannelNorm {
  public func initializeParameters(_ input: Tensor) throws {
    guard hasUninitializedParams() else { return }
    guard input.ndim > 1 else {
      throw TorchError(
        .index, "Dimension out of range (expected to be in range of [-1, 0], but got 1)")
    }
    numFeatures = input.shape[1]
    for tensor in [weight, bias, runningMean, runningVar] { tensor?.materialize([numFeatures]) }
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
  /// `BatchNorm1d` whose `numFeatures` is the first input's second size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm1d.html
  public final class LazyBatchNorm1d: BatchNorm1d, LazyModule {
    public init(
      eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true, trackRunningStats: Bool = true,
      bias: Bool = true, dtype: DType? = nil
    ) {
      super.init(
        0, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats, bias: bias,
        dtype: dtype)
      makeLazy(dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { prepare(x) ?? super.forward(x) }
  }

  /// `BatchNorm2d` whose `numFeatures` is the first input's second size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm2d.html
  public final class LazyBatchNorm2d: BatchNorm2d, LazyModule {
    public init(
      eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true, trackRunningStats: Bool = true,
      bias: Bool = true, dtype: DType? = nil
    ) {
      super.init(
        0, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats, bias: bias,
        dtype: dtype)
      makeLazy(dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { prepare(x) ?? super.forward(x) }
  }

  /// `BatchNorm3d` whose `numFeatures` is the first input's second size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyBatchNorm3d.html
  public final class LazyBatchNorm3d: BatchNorm3d, LazyModule {
    public init(
      eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true, trackRunningStats: Bool = true,
      bias: Bool = true, dtype: DType? = nil
    ) {
      super.init(
        0, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats, bias: bias,
        dtype: dtype)
      makeLazy(dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { prepare(x) ?? super.forward(x) }
  }

  /// `InstanceNorm1d` whose `numFeatures` is the first input's second size. Affine and with running statistics by
  /// default.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm1d.html
  public final class LazyInstanceNorm1d: InstanceNorm1d, LazyModule {
    public init(
      eps: Double = 1e-5, momentum: Double = 0.1, affine: Bool = true, trackRunningStats: Bool = true,
      bias: Bool = true, dtype: DType? = nil
    ) {
      super.init(
        0, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats, bias: bias,
        dtype: dtype)
      makeLazy(dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { prepare(x) ?? super.forward(x) }
  }

  /// `InstanceNorm2d` whose `numFeatures` is the first input's second size. Affine and with running statistics by
  /// default.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm2d.html
  public final class LazyInstanceNorm2d: InstanceNorm2d, LazyModule {
    public init(
      eps: Double = 1e-5, momentum: Double = 0.1, affine: Bool = true, trackRunningStats: Bool = true,
      bias: Bool = true, dtype: DType? = nil
    ) {
      super.init(
        0, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats, bias: bias,
        dtype: dtype)
      makeLazy(dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { prepare(x) ?? super.forward(x) }
  }

  /// `InstanceNorm3d` whose `numFeatures` is the first input's second size. Affine and with running statistics by
  /// default.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyInstanceNorm3d.html
  public final class LazyInstanceNorm3d: InstanceNorm3d, LazyModule {
    public init(
      eps: Double = 1e-5, momentum: Double = 0.1, affine: Bool = true, trackRunningStats: Bool = true,
      bias: Bool = true, dtype: DType? = nil
    ) {
      super.init(
        0, eps: eps, momentum: momentum, affine: affine, trackRunningStats: trackRunningStats, bias: bias,
        dtype: dtype)
      makeLazy(dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { prepare(x) ?? super.forward(x) }
  }
}
