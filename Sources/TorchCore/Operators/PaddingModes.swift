// Padding that repeats what is there: reflect, replicate, circular; and pixels moved between space and channels.
//
// Along each padded dimension the result's elements are chosen by an index, so gradients follow from index_select.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html

enum PaddingModes {
  private enum Mode: String { case reflect, replicate, circular }

  private static func padded(_ x: Tensor, _ pad: [Int], _ mode: Mode) throws -> Tensor {
    guard pad.count % 2 == 0 else { throw TorchError(.value, "Padding length must be divisible by 2") }
    guard pad.count / 2 <= x.ndim else {
      throw TorchError(.value, "Padding length should be less than or equal to two times the input dimension but got padding length \(pad.count) and input of dimension \(x.ndim)")
    }
    return try (0..<pad.count / 2).reduce(x) { part, i in
      let dim = x.ndim - 1 - i
      let (before, after, n) = (pad[2 * i], pad[2 * i + 1], x.shape[dim])
      if before == 0 && after == 0 { return part }
      switch mode {
      case .reflect where before >= n || after >= n:
        throw TorchError(
          .shape,
          "Argument #4: Padding size should be less than the corresponding input dimension, but got: padding (\(before), \(after)) at dimension \(dim) of input \(x.shape.listDescription)")
      case .circular where before > n || after > n:
        throw TorchError(.shape, "Padding value causes wrapping around more than once.")
      case .circular where before < 0 || after < 0:
        // Negative padding cuts first; what is left wraps around.
        let (first, size) = (Swift.max(-before, 0), n - Swift.max(-before, 0) - Swift.max(-after, 0))
        guard size >= 0 else {
          throw TorchError(.shape, "Negative padding value is resulting in an empty dimension")
        }
        return try padded(
          part.narrow(dim, first, size), Array(repeating: 0, count: 2 * i) + [Swift.max(before, 0), Swift.max(after, 0)], mode)
      default: break
      }
      guard n > 0, n + before + after >= (mode == .circular ? 0 : 1) else {
        throw TorchError(.shape, "Expected a non-empty input and output of padding, got input \(x.shape.listDescription)")
      }
      let places = (-before..<(n + after)).map { place in
        switch mode {
        case .reflect: place < 0 ? -place : place >= n ? 2 * (n - 1) - place : place
        case .replicate: Swift.min(Swift.max(place, 0), n - 1)
        case .circular: ((place % n) + n) % n
        }
      }
      return GatherScatter.indexSelect(part, dim, try Tensor.from(places, shape: [places.count]))
    }
  }

  static let pad = Operator(
    composite: "pad(Tensor self, SymInt[] pad, str mode='constant', float? value=None) -> Tensor"
  ) { (x: Tensor, pad: [Int], mode: String, value: Double?) in
    if mode == "constant" { return Padding.constantPad(x, pad, .double(value ?? 0)) }
    guard let kind = Mode(rawValue: mode) else { throw TorchError(.notImplemented, "Unrecognised padding mode \(mode)") }
    guard value == nil || value == 0 else {
      throw TorchError(.value, "Padding mode \"\(mode)\" doesn't take in value argument")
    }
    guard pad.count == 2 && (2...3).contains(x.ndim) || pad.count == 4 && (3...4).contains(x.ndim)
      || pad.count == 6 && (4...5).contains(x.ndim)
    else {
      throw TorchError(
        .notImplemented, "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now")
    }
    return try padded(x, pad, kind)
  }

  private static let named: [AnyOperator] = (1...3).flatMap { rank in
    [Mode.reflect, .replicate].map { mode in
      let name = mode == .reflect ? "reflection" : "replication"
      return Operator(composite: "\(name)_pad\(rank)d(Tensor self, SymInt[\(2 * rank)] padding) -> Tensor", twins: .out) {
        (x: Tensor, pad: [Int]) in
        guard pad.count == 2 * rank else { throw TorchError(.value, "padding size is expected to be \(2 * rank)") }
        return try padded(x, pad, mode)
      }
    }
  }

  // MARK: Pixels

  static let pixelShuffle = Operator(composite: "pixel_shuffle(Tensor self, int upscale_factor) -> Tensor", twins: .out) {
    (x: Tensor, r: Int) in
    guard x.ndim >= 3 else {
      throw TorchError(.shape, "pixel_shuffle expects input to have at least 3 dimensions, but got input with \(x.ndim) dimension(s)")
    }
    guard r > 0 else { throw TorchError(.value, "pixel_shuffle expects a positive upscale_factor, but got \(r)") }
    let (c, h, w) = (x.shape[-3], x.shape[-2], x.shape[-1])
    guard c % r == 0, c / r % r == 0 else {
      throw TorchError(
        .shape,
        "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but input.size(-3)=\(c) is not divisible by \(r &* r)")
    }
    let lead = Array(x.shape.dropLast(3))
    let n = lead.count
    // (…, c, r, r, h, w) becomes (…, c, h, r, w, r)
    return x.reshape(lead + [c / (r * r), r, r, h, w])
      .permute(Array(0..<n) + [n, n + 3, n + 1, n + 4, n + 2]).reshape(lead + [c / (r * r), h * r, w * r])
  }

  static let pixelUnshuffle = Operator(composite: "pixel_unshuffle(Tensor self, int downscale_factor) -> Tensor", twins: .out) {
    (x: Tensor, r: Int) in
    guard x.ndim >= 3 else {
      throw TorchError(.shape, "pixel_unshuffle expects input to have at least 3 dimensions, but got input with \(x.ndim) dimension(s)")
    }
    guard r > 0 else { throw TorchError(.value, "pixel_unshuffle expects a positive downscale_factor, but got \(r)") }
    let (c, h, w) = (x.shape[-3], x.shape[-2], x.shape[-1])
    guard h % r == 0, w % r == 0 else {
      throw TorchError(
        .shape,
        "pixel_unshuffle expects height and width to be divisible by downscale_factor, but input.size(-2)=\(h), input.size(-1)=\(w) are not divisible by \(r)")
    }
    let lead = Array(x.shape.dropLast(3))
    let n = lead.count
    return x.reshape(lead + [c, h / r, r, w / r, r])
      .permute(Array(0..<n) + [n, n + 2, n + 4, n + 1, n + 3]).reshape(lead + [c &* r &* r, h / r, w / r])
  }

  static let channelShuffle = Operator(composite: "channel_shuffle(Tensor self, SymInt groups) -> Tensor", twins: .out) {
    (x: Tensor, groups: Int) in
    guard x.ndim >= 3 else {
      throw TorchError(.shape, "channel_shuffle expects input with > 2 dims, but got input with sizes \(x.shape.listDescription)")
    }
    guard groups > 0, x.shape[1] % groups == 0 else {
      throw TorchError(.value, "Number of channels must be divisible by groups. Got \(x.shape[1]) channels and \(groups) groups.")
    }
    let rest = Array(x.shape.dropFirst(2))
    return x.reshape([x.shape[0], groups, x.shape[1] / groups] + rest).transpose(1, 2).contiguous().reshape(Array(x.shape))
  }

  static let nativeChannelShuffle = Operator(
    composite: "native_channel_shuffle(Tensor self, SymInt groups) -> Tensor"
  ) { (x: Tensor, groups: Int) in try channelShuffle.call(x, groups) }

  static let operators: [AnyOperator] =
    [pad, pixelShuffle, pixelUnshuffle, channelShuffle, nativeChannelShuffle] + named
}

// What `nn.functional` calls.
extension torch {
  package static func pad(_ x: Tensor, _ pad: [Int], mode: String, value: Double?) -> Tensor {
    PaddingModes.pad(x, pad, mode, value)
  }
  package static func pixelUnshuffle(_ x: Tensor, _ factor: Int) -> Tensor { PaddingModes.pixelUnshuffle(x, factor) }
  /// (…, C r², H, W) as (…, C, H r, W r). Source: https://pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
  public static func pixelShuffle(_ x: Tensor, _ factor: Int) -> Tensor { PaddingModes.pixelShuffle(x, factor) }
  /// The channels of all groups dealt out in turn.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
  public static func channelShuffle(_ x: Tensor, groups: Int) -> Tensor { PaddingModes.channelShuffle(x, groups) }
  public static func nativeChannelShuffle(_ x: Tensor, groups: Int) -> Tensor {
    PaddingModes.nativeChannelShuffle(x, groups)
  }
}
