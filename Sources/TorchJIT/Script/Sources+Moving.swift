// Sources of layers that move elements: padding, shuffles, resizing, unfolding; and of distances.

extension JIT.ModuleSources {
  static func moving(_ module: nn.Module) throws -> JIT.ModuleSource? {
    switch module {
    case let m as nn.PaddingLayer:
      let constants: KeyValuePairs<String, any ScriptConstant> = ["padding": m.padding]
      return m.mode == .zeros
        ? expression("torch.constant_pad_nd(input, \(py: m.padding), \(py: m.value))", constants)
        : expression("torch.pad(input, \(py: m.padding), \(py: m.mode.rawValue))", constants)
    case let m as nn.PixelShuffle:
      return expression("torch.pixel_shuffle(input, \(py: m.upscaleFactor))", ["upscale_factor": m.upscaleFactor])
    case let m as nn.PixelUnshuffle:
      return expression(
        "torch.pixel_unshuffle(input, \(py: m.downscaleFactor))", ["downscale_factor": m.downscaleFactor])
    case let m as nn.ChannelShuffle:
      return expression("torch.channel_shuffle(input, \(py: m.groups))", ["groups": m.groups])
    case let m as nn.CosineSimilarity:
      return distance("torch.cosine_similarity(x1, x2, \(py: m.dim), \(py: m.eps))", ["dim": m.dim, "eps": m.eps])
    case let m as nn.PairwiseDistance:
      return distance(
        "torch.pairwise_distance(x1, x2, \(py: m.norm), \(py: m.eps), \(py: m.keepdim))",
        ["norm": m.norm, "eps": m.eps, "keepdim": m.keepdim])
    case let m as nn.Unfold:
      let lists = [m.kernelSize, m.dilation, m.padding, m.stride].map { "\(py: $0.extents(2))" }
      return expression("torch.im2col(input, \(lists.joined(separator: ", ")))")
    case let m as nn.Fold:
      let lists = [m.outputSize, m.kernelSize, m.dilation, m.padding, m.stride].map { "\(py: $0.extents(2))" }
      return expression("torch.col2im(input, \(lists.joined(separator: ", ")))")
    case let m as nn.Upsampling: return upsampling(m)
    default: return nil
    }
  }

  private static func distance(
    _ text: String, _ constants: KeyValuePairs<String, any ScriptConstant>
  ) -> JIT.ModuleSource {
    JIT.ModuleSource("def forward(self, x1: Tensor, x2: Tensor) -> Tensor:\n  return \(text)\n", constants)
  }

  /// A branch for each number of spatial dimensions that the mode and the size allow.
  private static func upsampling(_ m: nn.Upsampling) -> JIT.ModuleSource {
    let ranks: [Int] =
      switch m.mode {
      case .linear: [1]
      case .bilinear, .bicubic, .lanczos: [2]
      case .trilinear: [3]
      case .nearest, .nearestExact, .area: [1, 2, 3]
      }
    var branches = ""
    for rank in ranks {
      guard m.size.map({ ($0 as? [Int])?.count ?? rank == rank }) ?? true,
        m.scaleFactor.map({ $0.factors(rank) != nil }) ?? true
      else { continue }
      branches += "  if input.dim() == \(rank + 2):\n    return \(call(m, rank))\n"
    }
    let wanted = ranks.map { "\($0 + 2)D" }.joined(separator: ", ")
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor) -> Tensor:
      \(branches.dropLast())
        raise NotImplementedError("Got {}D input, but \(m.mode.rawValue) mode needs \(wanted) input of as many dimensions as sizes or factors".format(input.dim()))
      """, ["mode": m.mode.rawValue, "align_corners": m.alignCorners])
  }

  private static func call(_ m: nn.Upsampling, _ rank: Int) -> String {
    // Recomputed scales are those of the sizes, which are rounded down.
    let scaled = m.scaleFactor?.factors(rank)
    let rounded = scaled.map { factors in
      "[" + factors.enumerated().map { "int(input.size(\($0 + 2)) * \(py: $1))" }.joined(separator: ", ") + "]"
    }
    let size = m.size.map { "\(py: $0.extents(rank))" }
    if m.mode == .area { return "torch.adaptive_avg_pool\(rank)d(input, \(size ?? rounded ?? "[]"))" }
    let recomputes = m.recomputeScaleFactor == true && size == nil
    let sizes = size ?? (recomputes ? rounded! : "None")
    let scales = size == nil && !recomputes ? "\(py: scaled.scriptValue)" : "None"
    let corners = ", \(py: m.alignCorners ?? false)"
    let (name, extra) =
      switch m.mode {
      case .nearest: ("upsample_nearest\(rank)d", "")
      case .nearestExact: ("_upsample_nearest_exact\(rank)d", "")
      case .linear: ("upsample_linear1d", corners)
      case .bilinear: ("upsample_bilinear2d", corners)
      case .bicubic: ("upsample_bicubic2d", corners)
      case .trilinear: ("upsample_trilinear3d", corners)
      case .lanczos: ("_upsample_lanczos2d_aa", corners)
      case .area: ("", "")
      }
    return "torch.\(name)(input, \(sizes)\(extra), \(scales))"
  }
}
