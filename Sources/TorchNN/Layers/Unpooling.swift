// Max unpooling, fractional max pooling and power-average pooling.
// Reference: https://pytorch.org/docs/stable/nn.html#pooling-layers

extension nn {
  /// What unpooling layers share: called with the maxima and their positions, `unpool(values, indices)`.
  open class MaxUnpooling: Module, Layer {
    public let kernelSize: [Int]
    public let stride: [Int]
    public let padding: [Int]

    init(rank: Int, _ kernelSize: any Extent, _ stride: (any Extent)?, _ padding: any Extent) {
      self.kernelSize = kernelSize.extents(rank)
      self.stride = (stride ?? kernelSize).extents(rank)
      self.padding = padding.extents(rank)
    }

    public final func forward(_ input: (Tensor, Tensor)) -> Tensor { unpool(input.0, input.1, outputSize: nil) }

    /// To a size other than the default, where pooling has rounded down.
    public final func callAsFunction(_ x: Tensor, _ indices: Tensor, outputSize: [Int]) -> Tensor {
      hooked(x, indices) { (x: Tensor, indices: Tensor) in self.unpool(x, indices, outputSize: outputSize) }
    }

    func unpool(_ x: Tensor, _ indices: Tensor, outputSize: [Int]?) -> Tensor { fatalError("made by subclasses") }

    public override var extraRepr: String {
      "kernel_size=\(Repr.tuple(kernelSize)), stride=\(Repr.tuple(stride)), padding=\(Repr.tuple(padding))"
    }
  }

  /// The partial inverse of `MaxPool1d`: maxima put back to where they were, zeros elsewhere.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html
  public final class MaxUnpool1d: MaxUnpooling {
    public init(_ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0) {
      super.init(rank: 1, kernelSize, stride, padding)
    }

    override func unpool(_ x: Tensor, _ indices: Tensor, outputSize: [Int]?) -> Tensor {
      functional.maxUnpool1d(x, indices, kernelSize, stride: stride, padding: padding, outputSize: outputSize)
    }
  }

  /// The partial inverse of `MaxPool2d`: maxima put back to where they were, zeros elsewhere.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
  public final class MaxUnpool2d: MaxUnpooling {
    public init(_ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0) {
      super.init(rank: 2, kernelSize, stride, padding)
    }

    override func unpool(_ x: Tensor, _ indices: Tensor, outputSize: [Int]?) -> Tensor {
      functional.maxUnpool2d(x, indices, kernelSize, stride: stride, padding: padding, outputSize: outputSize)
    }
  }

  /// The partial inverse of `MaxPool3d`: maxima put back to where they were, zeros elsewhere.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
  public final class MaxUnpool3d: MaxUnpooling {
    public init(_ kernelSize: some Extent, stride: (any Extent)? = nil, padding: some Extent = 0) {
      super.init(rank: 3, kernelSize, stride, padding)
    }

    override func unpool(_ x: Tensor, _ indices: Tensor, outputSize: [Int]?) -> Tensor {
      functional.maxUnpool3d(x, indices, kernelSize, stride: stride, padding: padding, outputSize: outputSize)
    }
  }

  /// What fractional pooling layers share.
  open class FractionalPooling: Module, Layer {
    public let kernelSize: [Int]
    public let outputSize: [Int]?
    public let outputRatio: [Double]?
    /// Fixed random numbers, for tests; PyTorch's name.
    @Buffer var _random_samples: Tensor?

    init(
      rank: Int, _ kernelSize: any Extent, _ outputSize: (any Extent)?, _ outputRatio: (any ScaleFactor)?,
      _ randomSamples: Tensor?
    ) {
      self.kernelSize = kernelSize.extents(rank)
      self.outputSize = outputSize?.extents(rank)
      self.outputRatio = outputRatio?.factors(rank)
      _random_samples = randomSamples
      super.init()
      if let problem = problem(rank) { ErrorScope.report(TorchError(.value, problem)) }
    }

    private func problem(_ rank: Int) -> String? {
      if rank == 3, let size = kernelSize.first(where: { $0 <= 0 }) {
        return "kernel_size must be greater than 0, but got \(size)"
      }
      switch (outputSize, outputRatio) {
      case (nil, nil): return "FractionalMaxPool\(rank)d requires specifying either an output size, or a pooling ratio"
      case (_?, _?): return "only one of output_size and output_ratio may be specified"
      case (_, let ratios?) where !ratios.allSatisfy({ $0 > 0 && $0 < 1 }):
        return "output_ratio must be between 0 and 1 (got \(ratios.pythonDescription))"
      default: return nil
      }
    }

    public final func forward(_ x: Tensor) -> Tensor { withIndices(x).values }

    /// The maxima and their flat positions: PyTorch's `return_indices`.
    public func withIndices(_ x: Tensor) -> (values: Tensor, indices: Tensor) { fatalError("made by subclasses") }
  }

  /// Maxima of windows at random steps, over two dimensions.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html
  public final class FractionalMaxPool2d: FractionalPooling {
    public init(
      _ kernelSize: some Extent, outputSize: (any Extent)? = nil, outputRatio: (any ScaleFactor)? = nil,
      randomSamples: Tensor? = nil
    ) { super.init(rank: 2, kernelSize, outputSize, outputRatio, randomSamples) }

    public override func withIndices(_ x: Tensor) -> (values: Tensor, indices: Tensor) {
      functional.fractionalMaxPool2dWithIndices(
        x, kernelSize, outputSize: outputSize, outputRatio: outputRatio, randomSamples: _random_samples)
    }
  }

  /// Maxima of windows at random steps, over three dimensions.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool3d.html
  public final class FractionalMaxPool3d: FractionalPooling {
    public init(
      _ kernelSize: some Extent, outputSize: (any Extent)? = nil, outputRatio: (any ScaleFactor)? = nil,
      randomSamples: Tensor? = nil
    ) { super.init(rank: 3, kernelSize, outputSize, outputRatio, randomSamples) }

    public override func withIndices(_ x: Tensor) -> (values: Tensor, indices: Tensor) {
      functional.fractionalMaxPool3dWithIndices(
        x, kernelSize, outputSize: outputSize, outputRatio: outputRatio, randomSamples: _random_samples)
    }
  }

  /// What power-average pooling layers share.
  open class PowerPooling: Module, Layer {
    public let normType: Double
    public let kernelSize: any Extent
    public let stride: (any Extent)?
    public let ceilMode: Bool
    private let normText: String

    init(_ normType: any ScaleFactor, _ kernelSize: any Extent, _ stride: (any Extent)?, _ ceilMode: Bool) {
      self.normType = normType.factors(1)![0]
      normText = normType.pythonDescription
      self.kernelSize = kernelSize
      self.stride = stride
      self.ceilMode = ceilMode
      super.init()
      if self.normType == 0 {
        ErrorScope.report(TorchError(.value, "norm_type must be a non-zero value, but got \(normText)"))
      }
    }

    open func forward(_ x: Tensor) -> Tensor { fatalError("made by subclasses") }

    public override var extraRepr: String {
      "norm_type=\(normText), kernel_size=\(kernelSize.pythonDescription), stride=\(stride?.pythonDescription ?? "None"), ceil_mode=\(Repr.of(ceilMode))"
    }
  }

  /// The p-norm of each window, over one dimension.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html
  public final class LPPool1d: PowerPooling {
    public init(
      _ normType: some ScaleFactor, _ kernelSize: some Extent, stride: (any Extent)? = nil, ceilMode: Bool = false
    ) {
      super.init(normType, kernelSize, stride, ceilMode)
    }

    public override func forward(_ x: Tensor) -> Tensor {
      functional.lpPool1d(x, normType, kernelSize, stride: stride, ceilMode: ceilMode)
    }
  }

  /// The p-norm of each window, over two dimensions.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
  public final class LPPool2d: PowerPooling {
    public init(
      _ normType: some ScaleFactor, _ kernelSize: some Extent, stride: (any Extent)? = nil, ceilMode: Bool = false
    ) {
      super.init(normType, kernelSize, stride, ceilMode)
    }

    public override func forward(_ x: Tensor) -> Tensor {
      functional.lpPool2d(x, normType, kernelSize, stride: stride, ceilMode: ceilMode)
    }
  }

  /// The p-norm of each window, over three dimensions.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LPPool3d.html
  public final class LPPool3d: PowerPooling {
    public init(
      _ normType: some ScaleFactor, _ kernelSize: some Extent, stride: (any Extent)? = nil, ceilMode: Bool = false
    ) {
      super.init(normType, kernelSize, stride, ceilMode)
    }

    public override func forward(_ x: Tensor) -> Tensor {
      functional.lpPool3d(x, normType, kernelSize, stride: stride, ceilMode: ceilMode)
    }
  }
}
