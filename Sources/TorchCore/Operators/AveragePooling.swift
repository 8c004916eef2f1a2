// Average pooling: the means of windows.
// Reference: https://pytorch.org/docs/stable/nn.html#pooling-layers

enum AveragePooling {
  /// What a window's sum is divided by.
  struct Divisor {
    let countsPadding: Bool
    /// Instead of how many elements there are.
    let override: Int?
  }

  typealias Signature = Operator<Tensor, [Int], [Int], [Int], Bool, Bool, Int?, Tensor>
  typealias BackwardSignature = Operator<Tensor, Tensor, [Int], [Int], [Int], Bool, Bool, Int?, Tensor>

  private static func geometry(
    _ rank: Int, _ x: Tensor, _ kernel: [Int], _ stride: [Int], _ padding: [Int], _ ceilMode: Bool, _ divisor: Int?
  ) throws -> Pooling.Geometry {
    let geometry = try Pooling.Geometry(x, rank, kernel, stride, padding, [1], ceilMode, name: "avg_pool\(rank)d")
    if divisor == 0 { throw TorchError(.value, "divisor must be not zero") }
    let isHalf = x.dtype == .float16 || x.dtype == .bfloat16
    guard x.dtype.isFloatingPoint && (rank < 3 || !isHalf) || x.dtype == .int64 else {
      let name = rank == 3 ? "avg_pool3d_out_frame" : "avg_pool2d"
      throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
    return geometry
  }

  private static func average(_ rank: Int) -> Signature {
    Operator(
      "avg_pool\(rank)d(Tensor self, int[\(rank)] kernel_size, int[\(rank)] stride=[], int[\(rank)] padding=0, bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor",
      kernel: { (x: Tensor, kernel: [Int], stride: [Int], padding: [Int], ceil: Bool, counts: Bool, divisor: Int?) in
        let geometry = try geometry(rank, x, kernel, stride, padding, ceil, divisor)
        let shape = Shape(x.shape.dropLast(rank) + geometry.output)
        if shape.numel == 0 { return try Tensor.uninitialized(shape, x.dtype) }
        return try x.backend.averagePool(geometry, Divisor(countsPadding: counts, override: divisor), x)
      },
      derivative: { record, _, x, kernel, stride, padding, ceil, counts, divisor in
        let saved = record.save(x)
        return { g in
          [(rank == 2 ? backward2d : backward3d)(g[0], try saved.value, kernel, stride, padding, ceil, counts, divisor)]
        }
      })
  }

  private static func backward(_ rank: Int) -> BackwardSignature {
    Operator(
      "avg_pool\(rank)d_backward(Tensor grad_output, Tensor self, int[\(rank)] kernel_size, int[\(rank)] stride, int[\(rank)] padding, bool ceil_mode, bool count_include_pad, int? divisor_override) -> Tensor",
      twins: .out("grad_input", names: ["grad_input"]),
      kernel: { g, x, kernel, stride, padding, ceil, counts, divisor in
        let geometry = try geometry(rank, x, kernel, stride, padding, ceil, divisor)
        if x.numel == 0 { return Tensor.zeros(x.shape, dtype: g.dtype) }
        return try g.backend.averagePoolBackward(geometry, Divisor(countsPadding: counts, override: divisor), g, x)
      },
      derivative: { _, _, _, _, kernel, stride, padding, ceil, counts, divisor in
        { gg in [(rank == 2 ? avgPool2d : avgPool3d)(gg[0], kernel, stride, padding, ceil, counts, divisor), nil] }
      })
  }

  static let avgPool2d = average(2), avgPool3d = average(3)
  static let backward2d = backward(2), backward3d = backward(3)

  /// Over one dimension: that of two dimensions, the first of which has one element.
  static let avgPool1d = Operator(
    composite:
      "avg_pool1d(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=0, bool ceil_mode=False, bool count_include_pad=True) -> Tensor",
    twins: .out
  ) { (x: Tensor, kernel: [Int], stride: [Int], padding: [Int], ceil: Bool, counts: Bool) in
    guard x.ndim == 2 || x.ndim == 3 else { throw Pooling.wrongRank(x, 2...3, "avg_pool1d") }
    for (name, list) in [("kernel_size", kernel), ("stride", stride), ("padding", padding)] {
      guard list.count == 1 || name == "stride" && list.isEmpty else {
        throw TorchError(.value, "avg_pool1d() argument '\(name)' should contain one int (got \(list.count))")
      }
    }
    let steps = stride.isEmpty ? [] : [1, stride[0]]
    return avgPool2d(x.unsqueeze(-2), [1, kernel[0]], steps, [0, padding[0]], ceil, counts, nil).squeeze(-2)
  }

  static let operators: [AnyOperator] = [avgPool1d, avgPool2d, avgPool3d, backward2d, backward3d]
}

extension torch {
  /// The mean of each window: x (N, C, H, W) gives (N, C, H', W').
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
  public static func avgPool2d(
    _ x: Tensor, _ kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0], ceilMode: Bool = false,
    countIncludePad: Bool = true, divisorOverride: Int? = nil
  ) -> Tensor {
    AveragePooling.avgPool2d(x, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride)
  }
  /// The mean of each window: x (N, C, L) gives (N, C, L').
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html
  public static func avgPool1d(
    _ x: Tensor, _ kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0], ceilMode: Bool = false,
    countIncludePad: Bool = true
  ) -> Tensor { AveragePooling.avgPool1d(x, kernelSize, stride, padding, ceilMode, countIncludePad) }
  /// The mean of each window: x (N, C, D, H, W) gives (N, C, D', H', W').
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html
  public static func avgPool3d(
    _ x: Tensor, _ kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0], ceilMode: Bool = false,
    countIncludePad: Bool = true, divisorOverride: Int? = nil
  ) -> Tensor {
    AveragePooling.avgPool3d(x, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride)
  }
}
