// Layers that only move elements: pixel shuffles, channel shuffles, padding; and distances.
// Reference: https://pytorch.org/docs/stable/nn.html#vision-layers

extension nn.functional {
  /// (…, C·r², H, W) gives (…, C, H·r, W·r)
  public static func pixelShuffle(_ x: Tensor, _ r: Int) -> Tensor {
    guard x.ndim >= 3, r > 0, x.shape[-3] % (r * r) == 0 else {
      return .invalid(
        TorchError(
          .shape,
          x.ndim < 3
            ? "pixel_shuffle expects input to have at least 3 dimensions, but got input with \(x.ndim) dimension(s)"
            : "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)=\(x.shape[-3]) is not divisible by \(r * r)"))
    }
    let (c, h, w) = (x.shape[-3] / (r * r), x.shape[-2], x.shape[-1])
    let batch = Array(x.shape.dropLast(3))
    return x.reshape(-1, c, r, r, h, w).permute(0, 1, 4, 2, 5, 3).reshape(batch + [c, h * r, w * r])
  }

  /// (…, C, H·r, W·r) gives (…, C·r², H, W)
  public static func pixelUnshuffle(_ x: Tensor, _ r: Int) -> Tensor {
    guard x.ndim >= 3, r > 0, x.shape[-2] % r == 0, x.shape[-1] % r == 0 else {
      return .invalid(
        TorchError(
          .shape,
          x.ndim < 3
            ? "pixel_unshuffle expects input to have at least 3 dimensions, but got input with \(x.ndim) dimension(s)"
            : "pixel_unshuffle expects height and width to be divisible by downscale_factor, but got \(x.shape)"))
    }
    let (c, h, w) = (x.shape[-3], x.shape[-2] / r, x.shape[-1] / r)
    let batch = Array(x.shape.dropLast(3))
    return x.reshape(-1, c, h, r, w, r).permute(0, 1, 3, 5, 2, 4).reshape(batch + [c * r * r, h, w])
  }

  /// The channels of (N, C, …) dealt out: C as (groups, C / groups), transposed.
  public static func channelShuffle(_ x: Tensor, _ groups: Int) -> Tensor {
    guard x.ndim > 2, groups > 0, x.shape[1] % groups == 0 else {
      return .invalid(TorchError(.shape, "Number of channels must be divisible by groups. Got \(x.ndim > 1 ? x.shape[1] : 0) channels and \(groups) groups."))
    }
    let sizes = Array(x.shape)
    return x.reshape([sizes[0], groups, sizes[1] / groups] + sizes[2...]).transpose(1, 2).reshape(sizes)
  }
}

extension nn {
  /// (…, C·r², H, W) gives (…, C, H·r, W·r): sub-pixel convolution's rearrangement.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
  public final class PixelShuffle: Module, Layer {
    public let upscaleFactor: Int
    public init(_ upscaleFactor: Int) { self.upscaleFactor = upscaleFactor }
    public func forward(_ x: Tensor) -> Tensor { functional.pixelShuffle(x, upscaleFactor) }
    public override var extraRepr: String { "upscale_factor=\(upscaleFactor)" }
  }

  /// The inverse of `PixelShuffle`.
  public final class PixelUnshuffle: Module, Layer {
    public let downscaleFactor: Int
    public init(_ downscaleFactor: Int) { self.downscaleFactor = downscaleFactor }
    public func forward(_ x: Tensor) -> Tensor { functional.pixelUnshuffle(x, downscaleFactor) }
    public override var extraRepr: String { "downscale_factor=\(downscaleFactor)" }
  }

  /// Channels dealt out over groups.
  public final class ChannelShuffle: Module, Layer {
    public let groups: Int
    public init(_ groups: Int) { self.groups = groups }
    public func forward(_ x: Tensor) -> Tensor { functional.channelShuffle(x, groups) }
    public override var extraRepr: String { "groups=\(groups)" }
  }

  /// x·y / (‖x‖·‖y‖) along `dim`.
  public final class CosineSimilarity: Module, Layer {
    public let dim: Int
    public let eps: Double

    public init(dim: Int = 1, eps: Double = 1e-8) {
      self.dim = dim
      self.eps = eps
    }

    public func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.cosineSimilarity(input.0, input.1, dim: dim, eps: eps)
    }
  }

  /// ‖x - y + ε‖ₚ along the last dimension.
  public final class PairwiseDistance: Module, Layer {
    public let norm: Double
    public let eps: Double
    public let keepdim: Bool

    public init(p: Double = 2, eps: Double = 1e-6, keepdim: Bool = false) {
      norm = p
      self.eps = eps
      self.keepdim = keepdim
    }

    public func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.pairwiseDistance(input.0, input.1, p: norm, eps: eps, keepdim: keepdim)
    }
  }

  /// What padding layers share: amounts from the last dimension on, (left, right) each.
  open class PaddingLayer: Module, Layer {
    public let padding: [Int]
    package let mode: PaddingMode
    package let value: Double

    init(rank: Int, _ padding: any Extent, _ mode: PaddingMode, _ value: Double = 0) {
      self.padding = (padding as? Int).map { Array(repeating: $0, count: 2 * rank) } ?? padding.extents(2 * rank)
      self.mode = mode
      self.value = value
    }

    public final func forward(_ x: Tensor) -> Tensor {
      functional.pad(x, padding, mode: mode, value: Scalar(value))
    }

    public override var extraRepr: String { Repr.tuple(padding) }
  }

  /// Pads the last dimension with zeros.
  public final class ZeroPad1d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 1, padding, .zeros) }
  }

  /// Pads the last two dimensions with zeros.
  public final class ZeroPad2d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 2, padding, .zeros) }
  }

  /// Pads the last three dimensions with zeros.
  public final class ZeroPad3d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 3, padding, .zeros) }
  }

  /// Pads the last dimension with its mirror image.
  public final class ReflectionPad1d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 1, padding, .reflect) }
  }

  /// Pads the last two dimensions with its mirror image.
  public final class ReflectionPad2d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 2, padding, .reflect) }
  }

  /// Pads the last three dimensions with its mirror image.
  public final class ReflectionPad3d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 3, padding, .reflect) }
  }

  /// Pads the last dimension with its border repeated.
  public final class ReplicationPad1d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 1, padding, .replicate) }
  }

  /// Pads the last two dimensions with its border repeated.
  public final class ReplicationPad2d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 2, padding, .replicate) }
  }

  /// Pads the last three dimensions with its border repeated.
  public final class ReplicationPad3d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 3, padding, .replicate) }
  }

  /// Pads the last dimension with its other side.
  public final class CircularPad1d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 1, padding, .circular) }
  }

  /// Pads the last two dimensions with its other side.
  public final class CircularPad2d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 2, padding, .circular) }
  }

  /// Pads the last three dimensions with its other side.
  public final class CircularPad3d: PaddingLayer {
    public init(_ padding: some Extent) { super.init(rank: 3, padding, .circular) }
  }

  /// Pads the last dimension with `value`.
  public final class ConstantPad1d: PaddingLayer {
    public init(_ padding: some Extent, _ value: Double) { super.init(rank: 1, padding, .zeros, value) }

    public override var extraRepr: String { "padding=\(Repr.tuple(padding)), value=\(Scalar(value))" }
  }

  /// Pads the last two dimensions with `value`.
  public final class ConstantPad2d: PaddingLayer {
    public init(_ padding: some Extent, _ value: Double) { super.init(rank: 2, padding, .zeros, value) }

    public override var extraRepr: String { "padding=\(Repr.tuple(padding)), value=\(Scalar(value))" }
  }

  /// Pads the last three dimensions with `value`.
  public final class ConstantPad3d: PaddingLayer {
    public init(_ padding: some Extent, _ value: Double) { super.init(rank: 3, padding, .zeros, value) }

    public override var extraRepr: String { "padding=\(Repr.tuple(padding)), value=\(Scalar(value))" }
  }
}
