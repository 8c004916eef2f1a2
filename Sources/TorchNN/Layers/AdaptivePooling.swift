// Pooling to a given output size.
// Reference: https://pytorch.org/docs/stable/nn.html#pooling-layers

extension nn {
  /// What adaptive pooling layers share: windows chosen so that the output has a given size.
  open class AdaptivePooling: Module, Layer {
    let rank: Int
    private let text: String
    /// The output's spatial size; nil keeps the input's.
    public let outputSize: [Int?]

    init(rank: Int, _ outputSize: [Int?], _ text: String) {
      self.rank = rank
      self.outputSize = outputSize
      self.text = text
    }

    open func forward(_ x: Tensor) -> Tensor { fatalError("made by subclasses") }

    final func sizes(for x: Tensor) -> [Int] {
      zip(outputSize, x.shape.suffix(rank)).map { $0 ?? $1 }
    }

    public override var extraRepr: String { "output_size=\(text)" }
  }

  /// Means over one dimension, to a given size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
  public final class AdaptiveAvgPool1d: AdaptivePooling {
    public init(_ outputSize: some Extent) {
      super.init(rank: 1, outputSize.extents(1), outputSize.pythonDescription)
    }

    /// Sizes of which some are the input's.
    public init(_ outputSize: [Int?]) {
      super.init(rank: 1, outputSize, "(" + outputSize.map(Repr.of).joined(separator: ", ") + ")")
    }

    public override func forward(_ x: Tensor) -> Tensor { torch.adaptiveAvgPool1d(x, sizes(for: x)) }
  }

  /// Means over two dimensions, to a given size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html
  public final class AdaptiveAvgPool2d: AdaptivePooling {
    public init(_ outputSize: some Extent) {
      super.init(rank: 2, outputSize.extents(2), outputSize.pythonDescription)
    }

    /// Sizes of which some are the input's.
    public init(_ outputSize: [Int?]) {
      super.init(rank: 2, outputSize, "(" + outputSize.map(Repr.of).joined(separator: ", ") + ")")
    }

    public override func forward(_ x: Tensor) -> Tensor { torch.adaptiveAvgPool2d(x, sizes(for: x)) }
  }

  /// Means over three dimensions, to a given size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool3d.html
  public final class AdaptiveAvgPool3d: AdaptivePooling {
    public init(_ outputSize: some Extent) {
      super.init(rank: 3, outputSize.extents(3), outputSize.pythonDescription)
    }

    /// Sizes of which some are the input's.
    public init(_ outputSize: [Int?]) {
      super.init(rank: 3, outputSize, "(" + outputSize.map(Repr.of).joined(separator: ", ") + ")")
    }

    public override func forward(_ x: Tensor) -> Tensor { torch.adaptiveAvgPool3d(x, sizes(for: x)) }
  }

  /// Maxima over one dimension, to a given size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
  public final class AdaptiveMaxPool1d: AdaptivePooling {
    public init(_ outputSize: some Extent) {
      super.init(rank: 1, outputSize.extents(1), outputSize.pythonDescription)
    }

    /// Sizes of which some are the input's.
    public init(_ outputSize: [Int?]) {
      super.init(rank: 1, outputSize, "(" + outputSize.map(Repr.of).joined(separator: ", ") + ")")
    }

    public override func forward(_ x: Tensor) -> Tensor { withIndices(x).values }

    /// The maxima and their flat positions: PyTorch's `return_indices`.
    public func withIndices(_ x: Tensor) -> (values: Tensor, indices: Tensor) {
      torch.adaptiveMaxPool1d(x, sizes(for: x))
    }
  }

  /// Maxima over two dimensions, to a given size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
  public final class AdaptiveMaxPool2d: AdaptivePooling {
    public init(_ outputSize: some Extent) {
      super.init(rank: 2, outputSize.extents(2), outputSize.pythonDescription)
    }

    /// Sizes of which some are the input's.
    public init(_ outputSize: [Int?]) {
      super.init(rank: 2, outputSize, "(" + outputSize.map(Repr.of).joined(separator: ", ") + ")")
    }

    public override func forward(_ x: Tensor) -> Tensor { withIndices(x).values }

    /// The maxima and their flat positions: PyTorch's `return_indices`.
    public func withIndices(_ x: Tensor) -> (values: Tensor, indices: Tensor) {
      torch.adaptiveMaxPool2d(x, sizes(for: x))
    }
  }

  /// Maxima over three dimensions, to a given size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
  public final class AdaptiveMaxPool3d: AdaptivePooling {
    public init(_ outputSize: some Extent) {
      super.init(rank: 3, outputSize.extents(3), outputSize.pythonDescription)
    }

    /// Sizes of which some are the input's.
    public init(_ outputSize: [Int?]) {
      super.init(rank: 3, outputSize, "(" + outputSize.map(Repr.of).joined(separator: ", ") + ")")
    }

    public override func forward(_ x: Tensor) -> Tensor { withIndices(x).values }

    /// The maxima and their flat positions: PyTorch's `return_indices`.
    public func withIndices(_ x: Tensor) -> (values: Tensor, indices: Tensor) {
      torch.adaptiveMaxPool3d(x, sizes(for: x))
    }
  }
}
