// Batch normalization over the batches of all processes. With one process it is batch normalization.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html

extension nn {
  /// Batch normalization of (N, C, …) whose statistics are those of all processes' batches.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html
  public final class SyncBatchNorm: ChannelNorm {
    public init(
      _ numFeatures: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
      trackRunningStats: Bool = true, bias: Bool = true, dtype: DType? = nil
    ) { super.init(numFeatures, eps, momentum, affine, trackRunningStats, bias, dtype, ranks: 2...Shape.maxRank) }

    public override func forward(_ x: Tensor) -> Tensor {
      guard !x.isValid || x.ndim >= 2 else {
        return .invalid(TorchError(.value, "expected at least 2D input (got \(x.ndim)D input)"))
      }
      return normalizeByBatch(x)
    }

    /// `module` with its batch norms replaced by synchronized ones, which take over their tensors; a batch norm itself gives
    /// a new module.
    ///
    /// ```swift
    /// let model = try nn.SyncBatchNorm.convertSyncBatchnorm(nn.Sequential(nn.Linear(20, 100), nn.BatchNorm1d(100)))
    /// ```
    /// - Throws: `TorchError` of kind `.state` for a batch norm that is a stored property, whose type cannot change: only
    ///   containers (`Sequential`, `ModuleList`, `ModuleDict`) can hand over what they hold.
    @discardableResult
    public static func convertSyncBatchnorm(_ module: Module) throws -> Module {
      guard !module.isBatchNorm else { return SyncBatchNorm(replacing: module as! ChannelNorm) }
      if let container = module as? any ReplacingContainer {
        try container.replaceElements(convertSyncBatchnorm)
        return module
      }
      for (name, child) in module.namedChildren() {
        guard !child.isBatchNorm else {
          throw TorchError(
            .state,
            "'\(name)' of \(module.typeName) is a stored property, which cannot become a SyncBatchNorm: hold it in a container, or declare it as one")
        }
        try convertSyncBatchnorm(child)
      }
      return module
    }

    private convenience init(replacing norm: ChannelNorm) {
      self.init(
        norm.numFeatures, eps: norm.eps, momentum: norm.momentum, affine: norm.affine,
        trackRunningStats: norm.trackRunningStats, bias: norm.bias != nil)
      (weight, bias) = (norm.weight, norm.bias)
      (runningMean, runningVar, numBatchesTracked) = (norm.runningMean, norm.runningVar, norm.numBatchesTracked)
      training = norm.training
    }
  }
}

extension nn.Module {
  /// Whether it is a batch norm of one process.
  fileprivate var isBatchNorm: Bool { self is nn.BatchNorm1d || self is nn.BatchNorm2d || self is nn.BatchNorm3d }
}
