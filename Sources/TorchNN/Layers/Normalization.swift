// Normalization: batch, instance, layer, group, root mean square.
// Reference: https://pytorch.org/docs/stable/nn.html#normalization-layers

extension nn {
  /// What batch and instance norms share: `y = (x - mean) / √(var + ε) · weight + bias` for each channel.
  ///
  /// Running statistics are `(1 - momentum) · old + momentum · new`; the running variance is the unbiased one.
  open class ChannelNorm: Module, Layer {
    public internal(set) var numFeatures: Int
    public let eps: Double
    /// nil: a plain average over all batches.
    public var momentum: Double?
    public let affine: Bool
    public let trackRunningStats: Bool
    @Parameter public var weight: Tensor?
    @Parameter public var bias: Tensor?
    @Buffer public var runningMean: Tensor?
    @Buffer public var runningVar: Tensor?
    @Buffer public var numBatchesTracked: Tensor?
    private let ranks: ClosedRange<Int>
    /// Whether a lazy one waits for its first input.
    var isLazy = false

    init(
      _ numFeatures: Int, _ eps: Double, _ momentum: Double?, _ affine: Bool, _ trackRunningStats: Bool, _ bias: Bool,
      _ dtype: DType?, ranks: ClosedRange<Int>
    ) {
      self.numFeatures = numFeatures
      self.eps = eps
      self.momentum = momentum
      self.affine = affine
      self.trackRunningStats = trackRunningStats
      self.ranks = ranks
      weight = affine ? Tensor.ones([numFeatures], dtype: dtype) : nil
      self.bias = affine && bias ? Tensor.zeros([numFeatures], dtype: dtype) : nil
      runningMean = trackRunningStats ? Tensor.zeros([numFeatures], dtype: dtype) : nil
      runningVar = trackRunningStats ? Tensor.ones([numFeatures], dtype: dtype) : nil
      numBatchesTracked = trackRunningStats ? Tensor.zeros([], dtype: .int64) : nil
    }

    public func resetRunningStats() {
      if let runningMean { initializers.zeros_(runningMean) }
      if let runningVar { initializers.ones_(runningVar) }
      if let numBatchesTracked { initializers.zeros_(numBatchesTracked) }
    }

    open func resetParameters() {
      resetRunningStats()
      if let weight { initializers.ones_(weight) }
      if let bias { initializers.zeros_(bias) }
    }

    open func forward(_ x: Tensor) -> Tensor { fatalError("made by subclasses") }

    final func checkRank(_ x: Tensor) -> TorchError? {
      if ranks.contains(x.ndim) { return nil }
      let names = ranks.map { "\($0)D" }.joined(separator: " or ")
      return TorchError(.value, "expected \(names) input (got \(x.ndim)D input)")
    }

    final func normalizeByBatch(_ x: Tensor) -> Tensor {
      if let error = checkRank(x) { return .invalid(error) }
      var factor = momentum ?? 0
      if training && trackRunningStats, let counter = numBatchesTracked {
        torch.noGrad { _ = counter.add_(Tensor.ones([], dtype: .int64)) }
        if momentum == nil { factor = 1 / ((try? counter.item(Double.self)) ?? 1) }
      }
      let useStats = !training || trackRunningStats
      return functional.batchNorm(
        x, runningMean: useStats ? runningMean : nil, runningVar: useStats ? runningVar : nil, weight: weight,
        bias: bias, training: training || runningMean == nil && runningVar == nil, momentum: factor, eps: eps)
    }

    final func normalizeByInstance(_ x: Tensor, channel: Int) -> Tensor {
      if let error = checkRank(x) { return .invalid(error) }
      if x.shape[x.ndim - channel] != numFeatures, affine {
        return .invalid(
          TorchError(
            .value,
            "expected input's size at dim=\(x.ndim - channel) to match num_features (\(numFeatures)), but got: \(x.shape[x.ndim - channel])."))
      }
      let single = x.ndim == channel
      let y = functional.instanceNorm(
        single ? x.unsqueeze(0) : x, runningMean: runningMean, runningVar: runningVar, weight: weight, bias: bias,
        useInputStats: training || !trackRunningStats, momentum: momentum ?? 0, eps: eps)
      return single ? y.squeeze(0) : y
    }

    /// Checkpoints from before PyTorch 0.4.1 do not count batches.
    public override func migrate(_ stateDict: inout StateDict, prefix: String) {
      guard trackRunningStats, let numBatchesTracked else { return }
      let key = prefix + "num_batches_tracked"
      if stateDict[key] == nil, stateDict[prefix + "running_mean"] != nil { stateDict[key] = numBatchesTracked }
    }

    public override var typeName: String { lazyTypeName(isLazy, super.typeName) }

    public override var extraRepr: String {
      "\(numFeatures), eps=\(Scalar(eps)), momentum=\(Repr.of(momentum)), affine=\(Repr.of(affine)), bias=\(Repr.of(bias != nil)), track_running_stats=\(Repr.of(trackRunningStats))"
    }
  }

  /// Batch normalization of (N, C) or (N, C, L).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
  public class BatchNorm1d: ChannelNorm {
    public init(
      _ numFeatures: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
      trackRunningStats: Bool = true, bias: Bool = true, dtype: DType? = nil
    ) { super.init(numFeatures, eps, momentum, affine, trackRunningStats, bias, dtype, ranks: 2...3) }

    public override func forward(_ x: Tensor) -> Tensor { normalizeByBatch(x) }
  }

  /// Batch normalization of (N, C, H, W).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
  public class BatchNorm2d: ChannelNorm {
    public init(
      _ numFeatures: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
      trackRunningStats: Bool = true, bias: Bool = true, dtype: DType? = nil
    ) { super.init(numFeatures, eps, momentum, affine, trackRunningStats, bias, dtype, ranks: 4...4) }

    public override func forward(_ x: Tensor) -> Tensor { normalizeByBatch(x) }
  }

  /// Batch normalization of (N, C, D, H, W).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html
  public class BatchNorm3d: ChannelNorm {
    public init(
      _ numFeatures: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
      trackRunningStats: Bool = true, bias: Bool = true, dtype: DType? = nil
    ) { super.init(numFeatures, eps, momentum, affine, trackRunningStats, bias, dtype, ranks: 5...5) }

    public override func forward(_ x: Tensor) -> Tensor { normalizeByBatch(x) }
  }

  /// Normalizes each channel of each example of (N, C, L) or (C, L) by itself.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html
  public class InstanceNorm1d: ChannelNorm {
    public init(
      _ numFeatures: Int, eps: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false,
      trackRunningStats: Bool = false, bias: Bool = true, dtype: DType? = nil
    ) { super.init(numFeatures, eps, momentum, affine, trackRunningStats, bias, dtype, ranks: 2...3) }

    public override func forward(_ x: Tensor) -> Tensor { normalizeByInstance(x, channel: 2) }
  }

  /// Normalizes each channel of each example of (N, C, H, W) or (C, H, W) by itself.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
  public class InstanceNorm2d: ChannelNorm {
    public init(
      _ numFeatures: Int, eps: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false,
      trackRunningStats: Bool = false, bias: Bool = true, dtype: DType? = nil
    ) { super.init(numFeatures, eps, momentum, affine, trackRunningStats, bias, dtype, ranks: 3...4) }

    public override func forward(_ x: Tensor) -> Tensor { normalizeByInstance(x, channel: 3) }
  }

  /// Normalizes each channel of each example of (N, C, D, H, W) or (C, D, H, W) by itself.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html
  public class InstanceNorm3d: ChannelNorm {
    public init(
      _ numFeatures: Int, eps: Double = 1e-5, momentum: Double = 0.1, affine: Bool = false,
      trackRunningStats: Bool = false, bias: Bool = true, dtype: DType? = nil
    ) { super.init(numFeatures, eps, momentum, affine, trackRunningStats, bias, dtype, ranks: 4...5) }

    public override func forward(_ x: Tensor) -> Tensor { normalizeByInstance(x, channel: 4) }
  }

  /// Normalizes over the last dimensions: `normalizedShape` is their size.
  ///
  /// ```swift
  /// print(nn.LayerNorm(10)(torch.randn(2, 5, 10)).shape)   // torch.Size([2, 5, 10])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
  public final class LayerNorm: Module, Layer {
    public let normalizedShape: [Int]
    public let eps: Double
    public let elementwiseAffine: Bool
    @Parameter public var weight: Tensor?
    @Parameter public var bias: Tensor?

    public init(
      _ normalizedShape: some Extent, eps: Double = 1e-5, elementwiseAffine: Bool = true, bias: Bool = true,
      dtype: DType? = nil
    ) {
      self.normalizedShape = (normalizedShape as? [Int]) ?? normalizedShape.extents(1)
      self.eps = eps
      self.elementwiseAffine = elementwiseAffine
      let shape = Shape(self.normalizedShape)
      weight = elementwiseAffine ? Tensor.ones(shape, dtype: dtype) : nil
      self.bias = elementwiseAffine && bias ? Tensor.zeros(shape, dtype: dtype) : nil
    }

    public func forward(_ x: Tensor) -> Tensor {
      torch.layerNorm(x, normalizedShape, weight: weight, bias: bias, eps: eps)
    }

    public override var extraRepr: String {
      "\(Repr.tuple(normalizedShape)), eps=\(Scalar(eps)), elementwise_affine=\(Repr.of(elementwiseAffine)), bias=\(Repr.of(bias != nil))"
    }
  }

  /// Divides by the root mean square of the last dimensions. `eps` nil means the dtype's machine epsilon.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
  public final class RMSNorm: Module, Layer {
    public let normalizedShape: [Int]
    public let eps: Double?
    public let elementwiseAffine: Bool
    @Parameter public var weight: Tensor?

    public init(
      _ normalizedShape: some Extent, eps: Double? = nil, elementwiseAffine: Bool = true, dtype: DType? = nil
    ) {
      self.normalizedShape = (normalizedShape as? [Int]) ?? normalizedShape.extents(1)
      self.eps = eps
      self.elementwiseAffine = elementwiseAffine
      weight = elementwiseAffine ? Tensor.ones(Shape(self.normalizedShape), dtype: dtype) : nil
    }

    public func forward(_ x: Tensor) -> Tensor { torch.rmsNorm(x, normalizedShape, weight: weight, eps: eps) }

    public override var extraRepr: String {
      "\(Repr.tuple(normalizedShape)), eps=\(Repr.of(eps)), elementwise_affine=\(Repr.of(elementwiseAffine))"
    }
  }

  /// Normalizes groups of channels, each example by itself.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
  public final class GroupNorm: Module, Layer {
    public let numGroups: Int
    public let numChannels: Int
    public let eps: Double
    public let affine: Bool
    @Parameter public var weight: Tensor?
    @Parameter public var bias: Tensor?

    public init(
      _ numGroups: Int, _ numChannels: Int, eps: Double = 1e-5, affine: Bool = true, bias: Bool = true,
      dtype: DType? = nil
    ) {
      if numGroups <= 0 || numChannels % numGroups != 0 {
        ErrorScope.report(
          TorchError(.value, "num_channels (\(numChannels)) must be divisible by num_groups (\(numGroups))"))
      }
      self.numGroups = numGroups
      self.numChannels = numChannels
      self.eps = eps
      self.affine = affine
      weight = affine ? Tensor.ones([numChannels], dtype: dtype) : nil
      self.bias = affine && bias ? Tensor.zeros([numChannels], dtype: dtype) : nil
    }

    public func forward(_ x: Tensor) -> Tensor {
      torch.groupNorm(x, numGroups, weight: weight, bias: bias, eps: eps)
    }

    public override var extraRepr: String {
      "\(numGroups), \(numChannels), eps=\(Scalar(eps)), affine=\(Repr.of(affine)), bias=\(Repr.of(bias != nil))"
    }
  }

  /// x / (k + α · mean of x² over `size` neighbouring channels)ᵝ.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
  public final class LocalResponseNorm: Module, Layer {
    public let size: Int
    public let alpha: Double
    public let beta: Double
    public let k: Double

    public init(_ size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1) {
      self.size = size
      self.alpha = alpha
      self.beta = beta
      self.k = k
    }

    public func forward(_ x: Tensor) -> Tensor {
      functional.localResponseNorm(x, size: size, alpha: alpha, beta: beta, k: k)
    }

    public override var extraRepr: String {
      "\(size), alpha=\(Scalar(alpha)), beta=\(Scalar(beta)), k=\(Scalar(k))"
    }
  }
}
