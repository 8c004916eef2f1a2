// Resizing by any mode: the operator for a mode and rank, and what may be asked of it.
//
// `nn.functional.interpolate` is the typed face; TorchScript programs call it too.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html

extension torch {
  /// How `interpolate` finds values between elements.
  public enum InterpolationMode: String, Sendable {
    case nearest, linear, bilinear, bicubic, trilinear, area, lanczos
    /// Pixel centres are matched, as Pillow and scikit-image do.
    case nearestExact = "nearest-exact"

    fileprivate var takesAlignCorners: Bool { self != .nearest && self != .area && self != .nearestExact }
  }

  /// `x` at another size: `sizes`, or its own times `factors`; one for each spatial dimension.
  package static func interpolate(
    _ x: Tensor, sizes: [Int]?, factors: [Double]?, mode: InterpolationMode, alignCorners: Bool?, recompute: Bool,
    antialias: Bool
  ) throws -> Tensor {
    if !mode.takesAlignCorners, alignCorners != nil {
      throw TorchError(
        .value,
        "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear")
    }
    let rank = x.ndim - 2
    let spatial = Array(x.shape.dropFirst(2))
    try checkCounts(spatial, rank, sizes, factors)
    if recompute, sizes != nil {
      throw TorchError(.value, "recompute_scale_factor is not meaningful with an explicit size.")
    }
    var (sizes, scales) = (sizes, factors)
    if let factors, recompute || mode == .area {
      sizes = zip(spatial, factors).map { Int((Double($0) * $1).rounded(.towardZero)) }
      scales = nil
    }
    if antialias, ![.bilinear, .bicubic, .lanczos].contains(mode) || x.ndim != 4 {
      throw TorchError(
        .value,
        "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input")
    }
    func upsample(_ name: String) -> Tensor {
      torch.upsample(name, x, size: sizes, scales: scales, alignCorners: alignCorners ?? false)
    }
    switch (mode, x.ndim) {
    case (.nearest, 3...5): return upsample("upsample_nearest\(rank)d")
    case (.nearestExact, 3...5): return upsample("_upsample_nearest_exact\(rank)d")
    case (.area, 3): return torch.adaptiveAvgPool1d(x, sizes!)
    case (.area, 4): return torch.adaptiveAvgPool2d(x, sizes!)
    case (.area, 5): return torch.adaptiveAvgPool3d(x, sizes!)
    case (.linear, 3): return upsample("upsample_linear1d")
    case (.bilinear, 4): return upsample(antialias ? "_upsample_bilinear2d_aa" : "upsample_bilinear2d")
    case (.trilinear, 5): return upsample("upsample_trilinear3d")
    case (.bicubic, 4): return upsample(antialias ? "_upsample_bicubic2d_aa" : "upsample_bicubic2d")
    case (.lanczos, 4) where antialias: return upsample("_upsample_lanczos2d_aa")
    case (.lanczos, 4):
      throw TorchError(.value, "lanczos interpolation is only supported with antialias=True")
    case (.linear, 3...5), (.bilinear, 3...5), (.trilinear, 3...5):
      let wanted = mode == .linear ? 3 : mode == .bilinear ? 4 : 5
      throw TorchError(.notImplemented, "Got \(x.ndim)D input, but \(mode.rawValue) mode needs \(wanted)D input")
    default:
      throw TorchError(
        .notImplemented,
        "Input Error: Only 3D, 4D and 5D input Tensors supported (got \(x.ndim)D) for the modes: nearest | linear | bilinear | bicubic | lanczos | trilinear | area | nearest-exact (got \(mode.rawValue))"
      )
    }
  }

  /// Either sizes or factors, one for each spatial dimension.
  private static func checkCounts(_ spatial: [Int], _ rank: Int, _ sizes: [Int]?, _ factors: [Double]?) throws {
    func listed(_ values: [Int]) -> String { "[" + values.map(String.init).joined(separator: ", ") + "]" }
    switch (sizes, factors) {
    case (_?, _?): throw TorchError(.value, "only one of size or scale_factor should be defined")
    case (nil, nil): throw TorchError(.value, "either size or scale_factor should be defined")
    case (let sizes?, nil):
      if sizes.count == rank || rank < 0 && sizes.isEmpty { return }
      throw TorchError(
        .value,
        "Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of \(listed(spatial)) and output size of \(listed(sizes)). Please provide input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
      )
    case (nil, let factors?):
      if factors.count == rank || rank < 0 && factors.isEmpty { return }
      let shape = "(" + factors.map { Scalar($0).description }.joined(separator: ", ") + (factors.count == 1 ? ",)" : ")")
      throw TorchError(
        .value,
        "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial dimensions of \(listed(spatial)) and scale_factor of shape \(shape). Please provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
      )
    }
  }
}
