// Convolutions and transposed convolutions over one, two and three spatial dimensions.
// Reference: https://pytorch.org/docs/stable/nn.html#convolution-layers

extension nn {
  /// How convolutions fill what lies outside of their input.
  public enum PaddingMode: String, Sendable { case zeros, reflect, replicate, circular }

  /// Padding by name: none, or as much as keeps the size (stride 1 only).
  public enum NamedPadding: String, Sendable { case valid, same }

  /// What all convolutions share. Make a `Conv2d`, `ConvTranspose2d`, ….
  ///
  /// - `weight` (out, in / groups, kernel…), transposed (in, out / groups, kernel…); `bias` (out): both uniform in
  ///   ±1/√(in / groups · kernel size).
  open class Convolution: Module, Layer {
    public let inChannels: Int
    public let outChannels: Int
    public let kernelSize: [Int]
    public let stride: [Int]
    public let padding: [Int]
    public let namedPadding: NamedPadding?
    public let dilation: [Int]
    public let outputPadding: [Int]
    public let groups: Int
    public let paddingMode: PaddingMode
    package let isTransposed: Bool
    @Parameter public var weight: Tensor
    @Parameter public var bias: Tensor?

    init(
      rank: Int, transposed: Bool, _ inChannels: Int, _ outChannels: Int, _ kernelSize: any Extent,
      _ stride: any Extent, _ padding: any Extent, _ namedPadding: NamedPadding?, _ dilation: any Extent,
      _ outputPadding: any Extent, _ groups: Int, _ bias: Bool, _ paddingMode: PaddingMode, _ dtype: DType?
    ) {
      self.inChannels = inChannels
      self.outChannels = outChannels
      self.kernelSize = kernelSize.extents(rank)
      self.stride = stride.extents(rank)
      self.padding = padding.extents(rank)
      self.namedPadding = namedPadding
      self.dilation = dilation.extents(rank)
      self.outputPadding = outputPadding.extents(rank)
      self.groups = groups
      self.paddingMode = paddingMode
      isTransposed = transposed
      let problem: String? =
        groups <= 0 ? "groups must be a positive integer"
        : inChannels % groups != 0 ? "in_channels must be divisible by groups"
        : outChannels % groups != 0 ? "out_channels must be divisible by groups"
        : namedPadding == .same && self.stride.contains { $0 != 1 }
          ? "padding='same' is not supported for strided convolutions"
        : transposed && paddingMode != .zeros ? "Only \"zeros\" padding mode is supported for ConvTranspose\(rank)d" : nil
      if let problem { ErrorScope.report(TorchError(.value, problem)) }
      let g = problem == nil ? groups : 1
      let channels = transposed ? [inChannels, outChannels / g] : [outChannels, inChannels / g]
      weight = Tensor.empty(Shape(channels + self.kernelSize), dtype: dtype)
      self.bias = bias ? Tensor.empty([outChannels], dtype: dtype) : nil
      super.init()
      resetParameters()
    }

    public func resetParameters() {
      initializers.kaimingUniform_(weight, nonlinearity: .leakyRelu(5.0.squareRoot()))
      if let bias { initializers.uniformByFan(bias, (try? initializers.fanInAndFanOut(weight).fanIn) ?? 0) }
    }

    open func forward(_ x: Tensor) -> Tensor { fatalError("made by subclasses") }

    /// The input with its border filled, where that is not zeros, and the padding that is left to the operator.
    final func padded(_ x: Tensor) -> (Tensor, [Int]) {
      if paddingMode == .zeros { return (x, padding) }
      return (functional.pad(x, borders, mode: paddingMode), padding.map { _ in 0 })
    }

    /// How wide the border is that is filled, the last dimension's first.
    package final var borders: [Int] {
      var amounts: [Int] = []
      for d in kernelSize.indices.reversed() {
        if namedPadding == nil {
          amounts += [padding[d], padding[d]]
        } else {
          let total = namedPadding == .same ? dilation[d] * (kernelSize[d] - 1) : 0
          amounts += [total / 2, total - total / 2]
        }
      }
      return amounts
    }

    /// The name of the padding where the operator is to work it out.
    package final var operatorPadding: String? { paddingMode == .zeros ? namedPadding?.rawValue : nil }

    public override var extraRepr: String {
      var text = "\(inChannels), \(outChannels), kernel_size=\(Repr.tuple(kernelSize)), stride=\(Repr.tuple(stride))"
      if let namedPadding {
        text += ", padding=\(namedPadding.rawValue)"
      } else if padding.contains(where: { $0 != 0 }) {
        text += ", padding=\(Repr.tuple(padding))"
      }
      if dilation.contains(where: { $0 != 1 }) { text += ", dilation=\(Repr.tuple(dilation))" }
      if outputPadding.contains(where: { $0 != 0 }) { text += ", output_padding=\(Repr.tuple(outputPadding))" }
      if groups != 1 { text += ", groups=\(groups)" }
      if bias == nil { text += ", bias=False" }
      if paddingMode != .zeros { text += ", padding_mode=\(paddingMode.rawValue)" }
      return text
    }
  }

  /// Convolution over one spatial dimension: (N, C, L) gives (N, M, L').
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
  public final class Conv1d: Convolution {
    public init(
      _ inChannels: Int, _ outChannels: Int, _ kernelSize: some Extent, stride: some Extent = 1,
      padding: some Extent = 0, dilation: some Extent = 1, groups: Int = 1, bias: Bool = true,
      paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        rank: 1, transposed: false, inChannels, outChannels, kernelSize, stride, padding, nil, dilation, 0, groups, bias,
        paddingMode, dtype)
    }

    public init(
      _ inChannels: Int, _ outChannels: Int, _ kernelSize: some Extent, stride: some Extent = 1,
      padding: NamedPadding, dilation: some Extent = 1, groups: Int = 1, bias: Bool = true,
      paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        rank: 1, transposed: false, inChannels, outChannels, kernelSize, stride, 0, padding, dilation, 0, groups, bias,
        paddingMode, dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor {
      let (x, padding) = padded(x)
      if let name = operatorPadding {
        return torch.conv1d(x, weight, bias, stride: stride, padding: name, dilation: dilation, groups: groups)
      }
      return torch.conv1d(x, weight, bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
  }

  /// Convolution over two spatial dimensions: (N, C, H, W) gives (N, M, H', W').
  ///
  /// ```swift
  /// let conv = nn.Conv2d(16, 33, [3, 5], stride: [2, 1], padding: [4, 2])
  /// print(conv(torch.randn(20, 16, 50, 100)).shape)   // torch.Size([20, 33, 28, 100])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
  public final class Conv2d: Convolution {
    public init(
      _ inChannels: Int, _ outChannels: Int, _ kernelSize: some Extent, stride: some Extent = 1,
      padding: some Extent = 0, dilation: some Extent = 1, groups: Int = 1, bias: Bool = true,
      paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        rank: 2, transposed: false, inChannels, outChannels, kernelSize, stride, padding, nil, dilation, 0, groups, bias,
        paddingMode, dtype)
    }

    public init(
      _ inChannels: Int, _ outChannels: Int, _ kernelSize: some Extent, stride: some Extent = 1,
      padding: NamedPadding, dilation: some Extent = 1, groups: Int = 1, bias: Bool = true,
      paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        rank: 2, transposed: false, inChannels, outChannels, kernelSize, stride, 0, padding, dilation, 0, groups, bias,
        paddingMode, dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor {
      let (x, padding) = padded(x)
      if let name = operatorPadding {
        return torch.conv2d(x, weight, bias, stride: stride, padding: name, dilation: dilation, groups: groups)
      }
      return torch.conv2d(x, weight, bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
  }

  /// Convolution over three spatial dimensions: (N, C, D, H, W) gives (N, M, D', H', W').
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
  public final class Conv3d: Convolution {
    public init(
      _ inChannels: Int, _ outChannels: Int, _ kernelSize: some Extent, stride: some Extent = 1,
      padding: some Extent = 0, dilation: some Extent = 1, groups: Int = 1, bias: Bool = true,
      paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        rank: 3, transposed: false, inChannels, outChannels, kernelSize, stride, padding, nil, dilation, 0, groups, bias,
        paddingMode, dtype)
    }

    public init(
      _ inChannels: Int, _ outChannels: Int, _ kernelSize: some Extent, stride: some Extent = 1,
      padding: NamedPadding, dilation: some Extent = 1, groups: Int = 1, bias: Bool = true,
      paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        rank: 3, transposed: false, inChannels, outChannels, kernelSize, stride, 0, padding, dilation, 0, groups, bias,
        paddingMode, dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor {
      let (x, padding) = padded(x)
      if let name = operatorPadding {
        return torch.conv3d(x, weight, bias, stride: stride, padding: name, dilation: dilation, groups: groups)
      }
      return torch.conv3d(x, weight, bias, stride: stride, padding: padding, dilation: dilation, groups: groups)
    }
  }

  /// The transpose of `Conv1d`: its gradient with respect to the input, as a layer.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
  public final class ConvTranspose1d: Convolution {
    public init(
      _ inChannels: Int, _ outChannels: Int, _ kernelSize: some Extent, stride: some Extent = 1,
      padding: some Extent = 0, outputPadding: some Extent = 0, groups: Int = 1, bias: Bool = true,
      dilation: some Extent = 1, paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        rank: 1, transposed: true, inChannels, outChannels, kernelSize, stride, padding, nil, dilation, outputPadding,
        groups, bias, paddingMode, dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { self(x, outputSize: nil) }

    /// Chooses among the sizes that the strided convolution would have brought to x's.
    public func callAsFunction(_ x: Tensor, outputSize: [Int]?) -> Tensor {
      do {
        let extra = try outputSize.map { try outputPadding(for: x, $0) } ?? outputPadding
        return torch.convTranspose1d(
          x, weight, bias, stride: stride, padding: padding, outputPadding: extra, groups: groups, dilation: dilation)
      } catch {
        return .invalid(error as! TorchError)
      }
    }
  }

  /// The transpose of `Conv2d`: its gradient with respect to the input, as a layer.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
  public final class ConvTranspose2d: Convolution {
    public init(
      _ inChannels: Int, _ outChannels: Int, _ kernelSize: some Extent, stride: some Extent = 1,
      padding: some Extent = 0, outputPadding: some Extent = 0, groups: Int = 1, bias: Bool = true,
      dilation: some Extent = 1, paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        rank: 2, transposed: true, inChannels, outChannels, kernelSize, stride, padding, nil, dilation, outputPadding,
        groups, bias, paddingMode, dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { self(x, outputSize: nil) }

    /// Chooses among the sizes that the strided convolution would have brought to x's.
    public func callAsFunction(_ x: Tensor, outputSize: [Int]?) -> Tensor {
      do {
        let extra = try outputSize.map { try outputPadding(for: x, $0) } ?? outputPadding
        return torch.convTranspose2d(
          x, weight, bias, stride: stride, padding: padding, outputPadding: extra, groups: groups, dilation: dilation)
      } catch {
        return .invalid(error as! TorchError)
      }
    }
  }

  /// The transpose of `Conv3d`: its gradient with respect to the input, as a layer.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
  public final class ConvTranspose3d: Convolution {
    public init(
      _ inChannels: Int, _ outChannels: Int, _ kernelSize: some Extent, stride: some Extent = 1,
      padding: some Extent = 0, outputPadding: some Extent = 0, groups: Int = 1, bias: Bool = true,
      dilation: some Extent = 1, paddingMode: PaddingMode = .zeros, dtype: DType? = nil
    ) {
      super.init(
        rank: 3, transposed: true, inChannels, outChannels, kernelSize, stride, padding, nil, dilation, outputPadding,
        groups, bias, paddingMode, dtype)
    }

    public override func forward(_ x: Tensor) -> Tensor { self(x, outputSize: nil) }

    /// Chooses among the sizes that the strided convolution would have brought to x's.
    public func callAsFunction(_ x: Tensor, outputSize: [Int]?) -> Tensor {
      do {
        let extra = try outputSize.map { try outputPadding(for: x, $0) } ?? outputPadding
        return torch.convTranspose3d(
          x, weight, bias, stride: stride, padding: padding, outputPadding: extra, groups: groups, dilation: dilation)
      } catch {
        return .invalid(error as! TorchError)
      }
    }
  }
}

extension nn.Convolution {
  /// What has to be added on one side for the output to have the wanted spatial size.
  fileprivate func outputPadding(for x: Tensor, _ wanted: [Int]) throws -> [Int] {
    let rank = kernelSize.count
    let sizes = Array(wanted.suffix(rank))
    let input = Array(x.shape.suffix(rank))
    guard sizes.count == rank, input.count == rank else {
      throw TorchError(
        .value,
        "ConvTranspose\(rank)D: for \(x.ndim)D input, output_size must have \(rank) or \(x.ndim) elements (got \(wanted.count))")
    }
    return try (0..<rank).map { d in
      let smallest = (input[d] - 1) * stride[d] - 2 * padding[d] + dilation[d] * (kernelSize[d] - 1) + 1
      guard sizes[d] >= smallest, sizes[d] <= smallest + stride[d] - 1 else {
        throw TorchError(
          .value,
          "requested an output size of \(sizes), but valid sizes in dimension \(d) range from \(smallest) to \(smallest + stride[d] - 1) (for an input of \(x.shape))")
      }
      return sizes[d] - smallest
    }
  }
}
