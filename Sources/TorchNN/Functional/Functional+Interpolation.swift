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
  public typealias InterpolationMode = torch.InterpolationMode

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
    let rank = Swift.max(x.ndim - 2, 0)
    // Lists stay as long as they are, for the error that says so.
    let sizes = size.map { $0 as? [Int] ?? $0.extents(rank) }
    let factors = scaleFactor.map { $0 as? [Double] ?? $0.factors(rank) ?? [] }
    do {
      return try torch.interpolate(
        x, sizes: sizes, factors: factors, mode: mode, alignCorners: alignCorners,
        recompute: recomputeScaleFactor ?? false, antialias: antialias)
    } catch {
      return .invalid(error as! TorchError)
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
