// Grid sampling: an image read at given positions; and the grids of affine maps.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html

enum GridSampling {
  enum Mode: Int, Sendable { case linear, nearest, cubic }
  enum Padding: Int, Sendable { case zeros, border, reflection }

  struct Problem: Sendable {
    let mode: Mode
    let padding: Padding
    let alignCorners: Bool

    /// As in PyTorch, whose operators are given codes, an unknown one is the last known one's.
    init(mode: Int, padding: Int, alignCorners: Bool) {
      self.mode = Mode(rawValue: mode) ?? .cubic
      self.padding = Padding(rawValue: padding) ?? .zeros
      self.alignCorners = alignCorners
    }
  }

  private static func problem(
    _ rank: Int, _ x: Tensor, _ grid: Tensor, _ mode: Int, _ padding: Int, _ alignCorners: Bool
  ) throws -> Problem {
    func shapes() -> String {
      "got input with sizes \(x.shape.listDescription) and grid with sizes \(grid.shape.listDescription)"
    }
    guard x.shape.first == grid.shape.first else {
      throw TorchError(.shape, "grid_sampler(): expected grid and input to have same batch size, but \(shapes())")
    }
    guard grid.shape.last == rank else {
      throw TorchError(
        .shape,
        "grid_sampler(): expected grid to have size \(rank) in last dimension, but got grid with sizes \(grid.shape.listDescription)"
      )
    }
    guard x.ndim == rank + 2, grid.ndim == x.ndim else {
      throw TorchError(
        .shape,
        "grid_sampler(): expected \(rank == 2 ? "4D" : "5D") input and grid with same number of dimensions, but \(shapes())"
      )
    }
    for dim in 2..<x.ndim where x.shape[dim] == 0 {
      throw TorchError(
        .shape,
        "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes \(x.shape.listDescription) with dimension \(dim) being empty"
      )
    }
    guard x.dtype.isFloatingPoint else {
      let kernel = rank == 2 ? "grid_sampler_2d_cpu_kernel_impl" : "grid_sampler3d_cpu"
      throw TorchError(.notImplemented, "\"\(kernel)\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
    guard grid.dtype == x.dtype else {
      throw TorchError(
        .dtype, "expected scalar type \(x.dtype.scalarTypeName) but found \(grid.dtype.scalarTypeName)")
    }
    return Problem(mode: mode, padding: padding, alignCorners: alignCorners)
  }

  typealias Signature = Operator<Tensor, Tensor, Int, Int, Bool, Tensor>
  typealias BackwardSignature = Operator<Tensor, Tensor, Tensor, Int, Int, Bool, [Bool], [Tensor]>

  private static func sampler(_ rank: Int) -> Signature {
    Operator(
      "grid_sampler_\(rank)d(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners) -> Tensor",
      kernel: { (x: Tensor, grid: Tensor, mode: Int, padding: Int, align: Bool) in
        let problem = try problem(rank, x, grid, mode, padding, align)
        let out = try Tensor.uninitialized(Shape(Array(x.shape.prefix(2)) + grid.shape[1...rank]), x.dtype)
        if out.numel > 0 { x.backend.gridSample(problem, try x.rowMajor(), try grid.rowMajor(), into: out) }
        return out
      },
      derivative: { record, _, x, grid, mode, padding, align in
        let (sx, sg) = (record.save(x), record.save(grid))
        let mask = [record.needs(0), record.needs(1)]
        return { g in
          let both = (rank == 2 ? backward2d : backward3d)(g[0], try sx.value, try sg.value, mode, padding, align, mask)
          return [mask[0] ? both[0] : nil, mask[1] ? both[1] : nil]
        }
      })
  }

  private static func backward(_ rank: Int) -> BackwardSignature {
    Operator(
      fused:
        "grid_sampler_\(rank)d_backward(Tensor grad_output, Tensor input, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners, bool[2] output_mask) -> (Tensor, Tensor)",
      twins: .out("out", names: ["out0", "out1"]),
      kernel: { (g: Tensor, x: Tensor, grid: Tensor, mode: Int, padding: Int, align: Bool, mask: [Bool]) in
        let problem = try problem(rank, x, grid, mode, padding, align)
        let wantsInput = mask.first ?? true
        let byInput = wantsInput ? Tensor.zeros(x.shape, dtype: x.dtype) : nil
        let byGrid = Tensor.zeros(grid.shape, dtype: grid.dtype)
        if g.numel > 0 {
          x.backend.gridSampleBackward(
            problem, try g.rowMajor(), try x.rowMajor(), try grid.rowMajor(), into: byInput, byGrid)
        }
        return [byInput ?? Tensor.zeros([0], dtype: x.dtype), byGrid]
      },
      reference: { g, x, grid, mode, padding, align, mask in
        let problem = try problem(rank, x, grid, mode, padding, align)
        let both = referenceBackward(problem, g, x, grid)
        return [mask.first ?? true ? both.byInput : Tensor.zeros([0], dtype: x.dtype), both.byGrid]
      })
  }

  static let sampler2d = sampler(2), sampler3d = sampler(3)
  static let backward2d = backward(2), backward3d = backward(3)

  static let gridSampler = Operator(
    composite:
      "grid_sampler(Tensor input, Tensor grid, int interpolation_mode, int padding_mode, bool align_corners) -> Tensor"
  ) { (x: Tensor, grid: Tensor, mode: Int, padding: Int, align: Bool) -> Tensor in
    guard x.ndim >= 2, grid.ndim >= 1, x.shape[0] == grid.shape[0] || x.ndim != grid.ndim else {
      throw TorchError(
        .shape,
        "grid_sampler(): expected grid and input to have same batch size, but got input with sizes \(x.shape.listDescription) and grid with sizes \(grid.shape.listDescription)"
      )
    }
    guard grid.shape.last == x.ndim - 2 else {
      throw TorchError(
        .shape,
        "grid_sampler(): expected grid to have size \(x.ndim - 2) in last dimension, but got grid with sizes \(grid.shape.listDescription)"
      )
    }
    guard x.ndim == 4 || x.ndim == 5, grid.ndim == x.ndim else {
      throw TorchError(
        .shape,
        "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but got input with sizes \(x.shape.listDescription) and grid with sizes \(grid.shape.listDescription)"
      )
    }
    return (x.ndim == 4 ? sampler2d : sampler3d)(x, grid, mode, padding, align)
  }

  /// Positions of the elements of an image of `size`, mapped by matrices theta (N, rank, rank + 1).
  static let affineGrid = Operator(
    composite: "affine_grid_generator(Tensor theta, SymInt[] size, bool align_corners) -> Tensor", twins: .out
  ) { (theta: Tensor, size: [Int], align: Bool) in
    guard size.count == 4 || size.count == 5 else {
      throw TorchError(.value, "AffineGridGenerator needs 4d (spatial) or 5d (volumetric) inputs.")
    }
    let spatial = Array(size.dropFirst(2))
    let rank = spatial.count
    guard theta.ndim == 3, theta.shape[0] == size[0], theta.shape[1] == rank, theta.shape[2] == rank + 1 else {
      throw TorchError(
        .shape,
        "Expected a batch of \(rank)D affine matrices of shape Nx\(rank)x\(rank + 1) for size [\(size.map(String.init).joined(separator: ", "))]. Got \(theta.shape.listDescription)."
      )
    }
    // The last dimension's coordinate comes first.
    var coordinates: [Tensor] = []
    for i in (0..<rank).reversed() {
      let n = spatial[i]
      let edge = align ? 1.0 : Double(n - 1) / Double(n)
      let line = n == 1 ? [0.0] : (0..<n).map { -edge + 2 * edge * Double($0) / Double(n - 1) }
      var shape = Array(repeating: 1, count: rank)
      shape[i] = n
      coordinates.append(Tensor(line, dtype: theta.dtype).reshape(shape).expand(spatial))
    }
    coordinates.append(Tensor.ones(Shape(spatial), dtype: theta.dtype))
    let points = torch.stack(coordinates, dim: -1).reshape([-1, rank + 1])
    return points.unsqueeze(0).matmul(theta.transpose(1, 2)).reshape([size[0]] + spatial + [rank])
  }

  static let operators: [AnyOperator] = [sampler2d, sampler3d, backward2d, backward3d, gridSampler, affineGrid]
}

extension torch {
  /// `x` (N, C, H, W) at the positions in `grid` (N, H', W', 2), whose last dimension is (x, y) in -1…1. The codes are
  /// `nn.functional.gridSample`'s modes in order.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.grid_sample.html
  public static func gridSampler(
    _ x: Tensor, _ grid: Tensor, interpolationMode: Int, paddingMode: Int, alignCorners: Bool
  ) -> Tensor { GridSampling.gridSampler(x, grid, interpolationMode, paddingMode, alignCorners) }

  /// The positions that the affine maps `theta` (N, 2, 3) or (N, 3, 4) give for an image of `size`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.affine_grid.html
  public static func affineGridGenerator(_ theta: Tensor, _ size: [Int], alignCorners: Bool) -> Tensor {
    GridSampling.affineGrid(theta, size, alignCorners)
  }
}
