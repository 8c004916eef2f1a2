// Resizing images, and reading them at given positions.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#vision-functions

/// `2`, `1.5` or `[2, 1.5]`: how many times greater a result is, for all spatial dimensions or for each.
public protocol ScaleFactor: Sendable {
  /// One factor for each of `rank` dimensions; nil where there are not as many.
  func factors(_ rank: Int) -> [Double]?
  /// As PyTorch prints it.
  var pythonDescription: String { get }
}

extension Double: ScaleFactor {
  public func factors(_ rank: Int) -> [Double]? { Array(repeating: self, count: Swift.max(rank, 0)) }
  public var pythonDescription: String { Scalar(self).description }
}

extension Int: ScaleFactor {
  public func factors(_ rank: Int) -> [Double]? { Double(self).factors(rank) }
}

extension Array: ScaleFactor where Element == Double {
  public func factors(_ rank: Int) -> [Double]? { count == rank ? self : nil }
  public var pythonDescription: String {
    "(" + map { Scalar($0).description }.joined(separator: ", ") + (count == 1 ? ",)" : ")")
  }
}

extension nn {
  /// How `interpolate` finds values between elements.
  public enum InterpolationMode: String, Sendable {
    case nearest, linear, bilinear, bicubic, trilinear, area, lanczos
    /// Pixel centres are matched, as Pillow and scikit-image do.
    case nearestExact = "nearest-exact"

    fileprivate var takesAlignCorners: Bool { self != .nearest && self != .area && self != .nearestExact }
  }

  /// How `gridSample` finds values between elements.
  public enum GridMode: Int, Sendable { case bilinear, nearest, bicubic }
  /// What `gridSample` reads outside of the image.
  public enum GridPadding: Int, Sendable { case zeros, border, reflection }
}

extension nn.functional {
  /// `x` (N, C, L), (N, C, H, W) or (N, C, D, H, W) at another size: `size`, or its own times `scaleFactor`.
  ///
  /// - Parameters:
  ///   - mode: `.linear` is for one spatial dimension, `.bilinear` and `.bicubic` for two, `.trilinear` for three.
  ///   - alignCorners: keep the values of the corner elements, rather than align the outer borders.
  ///   - recomputeScaleFactor: compute the scale anew from the sizes, which are rounded.
  ///   - antialias: blur by the step between samples, where the result is smaller (`.bilinear`, `.bicubic`, `.lanczos`).
  ///
  /// ```swift
  /// print(interpolate(torch.arange(4.0).reshape(1, 1, 4), scaleFactor: 2))
  /// // tensor([[[0., 0., 1., 1., 2., 2., 3., 3.]]])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
  public static func interpolate(
    _ x: Tensor, size: (any Extent)? = nil, scaleFactor: (any ScaleFactor)? = nil,
    mode: nn.InterpolationMode = .nearest, alignCorners: Bool? = nil, recomputeScaleFactor: Bool? = nil,
    antialias: Bool = false
  ) -> Tensor {
    guard x.isValid else { return x }
    do {
      return try interpolated(x, size, scaleFactor, mode, alignCorners, recomputeScaleFactor ?? false, antialias)
    } catch {
      return .invalid(error as! TorchError)
    }
  }

  private static func interpolated(
    _ x: Tensor, _ size: (any Extent)?, _ scaleFactor: (any ScaleFactor)?, _ mode: nn.InterpolationMode,
    _ alignCorners: Bool?, _ recompute: Bool, _ antialias: Bool
  ) throws -> Tensor {
    if !mode.takesAlignCorners, alignCorners != nil {
      throw TorchError(
        .value,
        "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear")
    }
    let rank = x.ndim - 2
    let spatial = Array(x.shape.dropFirst(2))
    var (sizes, scales) = try requested(spatial, rank, size, scaleFactor)
    if recompute, size != nil {
      throw TorchError(.value, "recompute_scale_factor is not meaningful with an explicit size.")
    }
    if let factors = scales, recompute || mode == .area {
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

  /// One size, or one factor, for each spatial dimension.
  private static func requested(
    _ spatial: [Int], _ rank: Int, _ size: (any Extent)?, _ scaleFactor: (any ScaleFactor)?
  ) throws -> (sizes: [Int]?, scales: [Double]?) {
    func listed(_ values: [Int]) -> String { "[" + values.map(String.init).joined(separator: ", ") + "]" }
    switch (size, scaleFactor) {
    case (_?, _?): throw TorchError(.value, "only one of size or scale_factor should be defined")
    case (nil, nil): throw TorchError(.value, "either size or scale_factor should be defined")
    case (let size?, nil):
      if let list = size as? [Int] {
        guard list.count == rank else {
          throw TorchError(
            .value,
            "Input and output must have the same number of spatial dimensions, but got input with spatial dimensions of \(listed(spatial)) and output size of \(listed(list)). Please provide input tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
          )
        }
        return (list, nil)
      }
      return (size.extents(Swift.max(rank, 0)), nil)
    case (nil, let scale?):
      guard let factors = scale.factors(rank) else {
        throw TorchError(
          .value,
          "Input and scale_factor must have the same number of spatial dimensions, but got input with spatial dimensions of \(listed(spatial)) and scale_factor of shape \(scale.pythonDescription). Please provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in (s1, s2, ...,sK) format."
        )
      }
      return (nil, factors)
    }
  }

  /// The values of `x` (N, C, H, W) at the positions `grid` (N, H', W', 2): (N, C, H', W'). Likewise with a depth.
  ///
  /// A position is (x, y[, z]), -1…1 over the image: of its corner elements' centres with `alignCorners`, else of its borders.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
  public static func gridSample(
    _ x: Tensor, _ grid: Tensor, mode: nn.GridMode = .bilinear, paddingMode: nn.GridPadding = .zeros,
    alignCorners: Bool = false
  ) -> Tensor {
    torch.gridSampler(
      x, grid, interpolationMode: mode.rawValue, paddingMode: paddingMode.rawValue, alignCorners: alignCorners)
  }

  /// The grid for `gridSample` that the affine maps `theta` (N, 2, 3) give for an image of `size` (N, C, H, W): (N, H, W, 2).
  ///
  /// With a depth: (N, 3, 4) and (N, C, D, H, W) give (N, D, H, W, 3).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
  public static func affineGrid(_ theta: Tensor, _ size: [Int], alignCorners: Bool = false) -> Tensor {
    guard theta.isValid else { return theta }
    let text = "[" + size.map(String.init).joined(separator: ", ") + "]"
    guard theta.dtype.isFloatingPoint else {
      return .invalid(TorchError(.value, "Expected theta to have floating point type, but got \(theta.dtype)"))
    }
    guard size.count == 4 || size.count == 5 else {
      return .invalid(
        TorchError(
          .notImplemented,
          "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size \(text).")
      )
    }
    let rank = size.count - 2
    guard theta.ndim == 3, theta.shape[1] == rank, theta.shape[2] == rank + 1 else {
      return .invalid(
        TorchError(
          .value,
          "Expected a batch of \(rank)D affine matrices of shape Nx\(rank)x\(rank + 1) for size \(text). Got \(theta.shape)."
        ))
    }
    guard size.allSatisfy({ $0 > 0 }) else {
      return .invalid(TorchError(.value, "Expected non-zero, positive output size. Got \(text)"))
    }
    return torch.affineGridGenerator(theta, size, alignCorners: alignCorners)
  }
}

extension nn.functional {
  // MARK: Older names

  /// The older name of `interpolate`.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample.html
  public static func upsample(
    _ x: Tensor, size: (any Extent)? = nil, scaleFactor: (any ScaleFactor)? = nil,
    mode: nn.InterpolationMode = .nearest, alignCorners: Bool? = nil
  ) -> Tensor {
    interpolate(x, size: size, scaleFactor: scaleFactor, mode: mode, alignCorners: alignCorners)
  }
  /// `interpolate` by the nearest element.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample_nearest.html
  public static func upsampleNearest(
    _ x: Tensor, size: (any Extent)? = nil, scaleFactor: (any ScaleFactor)? = nil
  ) -> Tensor {
    interpolate(x, size: size, scaleFactor: scaleFactor, mode: .nearest)
  }
  /// Bilinear `interpolate` with the corners kept.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.upsample_bilinear.html
  public static func upsampleBilinear(
    _ x: Tensor, size: (any Extent)? = nil, scaleFactor: (any ScaleFactor)? = nil
  ) -> Tensor {
    interpolate(x, size: size, scaleFactor: scaleFactor, mode: .bilinear, alignCorners: true)
  }
}
