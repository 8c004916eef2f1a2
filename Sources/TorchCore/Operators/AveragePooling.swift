// Average pooling, and pooling to a given output size.
// Reference: https://pytorch.org/docs/stable/nn.html#pooling-layers

enum AveragePooling {
  /// Means of windows, which are sums over a view of all windows divided by how many elements count.
  private static func average(_ rank: Int) -> Operator<Tensor, [Int], [Int], [Int], Bool, Bool, Int?, Tensor> {
    Operator(
      composite:
        "avg_pool\(rank)d(Tensor self, int[\(rank)] kernel_size, int[\(rank)] stride=[], int[\(rank)] padding=0, bool ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor"
    ) { (x: Tensor, kernel: [Int], stride: [Int], padding: [Int], ceilMode: Bool, countsPadding: Bool, divisor: Int?) in
      try run(rank, x, kernel, stride, padding, ceilMode, countsPadding, divisor)
    }
  }

  private static func run(
    _ rank: Int, _ x: Tensor, _ kernel: [Int], _ stride: [Int], _ padding: [Int], _ ceilMode: Bool,
    _ countsPadding: Bool, _ divisor: Int?
  ) throws -> Tensor {
    let geometry = try Pooling.Geometry(x, rank, kernel, stride, padding, [1], ceilMode, name: "avg_pool\(rank)d")
    if let divisor, divisor == 0 { throw TorchError(.value, "divisor must be not zero") }
    var pad: [Int] = []
    for i in (0..<rank).reversed() {
      let reach = (geometry.output[i] - 1) * geometry.stride[i] + geometry.kernel[i]
      pad += [geometry.padding[i], Swift.max(reach - geometry.input[i] - geometry.padding[i], 0)]
    }
    var windows = pad.allSatisfy { $0 == 0 } ? x : x.constantPadND(pad)
    let lead = x.ndim - rank
    for i in 0..<rank {
      windows = windows.narrow(lead + i, 0, (geometry.output[i] - 1) * geometry.stride[i] + geometry.kernel[i])
        .unfold(lead + i, size: geometry.kernel[i], step: geometry.stride[i])
    }
    let sums = windows.sum(dim: Array((lead + rank)..<(lead + 2 * rank)))
    if let divisor { return sums / divisor }
    return sums / (try counts(geometry, countsPadding, x.dtype))
  }

  /// How many elements each window counts: those inside the input, or inside the padded input.
  private static func counts(_ geometry: Pooling.Geometry, _ countsPadding: Bool, _ dtype: DType) throws -> Tensor {
    let rank = geometry.input.count
    var result = Tensor.ones([], dtype: dtype)
    for i in 0..<rank {
      let along: [Double] = (0..<geometry.output[i]).map { index in
        let start = index * geometry.stride[i] - geometry.padding[i]
        let end = Swift.min(start + geometry.kernel[i], geometry.input[i] + geometry.padding[i])
        if countsPadding { return Double(end - start) }
        return Double(Swift.min(end, geometry.input[i]) - Swift.max(start, 0))
      }
      let sizes = [-1] + Array(repeating: 1, count: rank - 1 - i)
      result = result * Tensor(along, dtype: dtype).reshape(sizes)
    }
    return result
  }

  /// Windows that divide the input evenly, give or take one element.
  private static func adaptiveAverage(_ rank: Int) -> Operator<Tensor, [Int], Tensor> {
    Operator(composite: "adaptive_avg_pool\(rank)d(Tensor self, SymInt[\(rank)] output_size) -> Tensor") {
      (x: Tensor, size: [Int]) in
      let size = try ConvolutionGeometry.spread(size, rank, "output_size")
      guard x.ndim == rank + 1 || x.ndim == rank + 2 else {
        throw TorchError(
          .shape,
          "adaptive_avg_pool\(rank)d(): Expected \(rank + 1)D or \(rank + 2)D tensor, but got \(x.shape.listDescription)")
      }
      var y = x
      for i in 0..<rank { y = try adapted(y, y.ndim - rank + i, size[i]) { $0.mean(dim: $1, keepdim: true) } }
      return y
    }
  }

  /// Reduces the windows of one dimension; windows of equal size all at once.
  private static func adapted(_ x: Tensor, _ dim: Int, _ size: Int, _ reduce: (Tensor, Int) -> Tensor) throws -> Tensor {
    let n = x.shape[dim]
    guard size >= 0 else { throw TorchError(.value, "elements of output_size must be greater than or equal to 0") }
    if n == size { return x }
    if size == 1 { return reduce(x, dim) }
    if size > 0, n % size == 0 {
      var sizes = Array(x.shape)
      sizes[dim] = size
      sizes.insert(n / size, at: dim + 1)
      return reduce(x.reshape(sizes), dim + 1).squeeze(dim + 1)
    }
    return torch.cat(
      (0..<size).map { i in
        let start = i * n / size
        let end = ((i + 1) * n + size - 1) / size
        return reduce(x.narrow(dim, start, end - start), dim)
      }, dim: dim)
  }

  static let avgPool1d = Operator(
    composite:
      "avg_pool1d(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=0, bool ceil_mode=False, bool count_include_pad=True) -> Tensor"
  ) { (x: Tensor, kernel: [Int], stride: [Int], padding: [Int], ceilMode: Bool, countsPadding: Bool) in
    try run(1, x, kernel, stride, padding, ceilMode, countsPadding, nil)
  }
  static let avgPool2d = average(2), avgPool3d = average(3)
  static let adaptiveAvgPool1d = adaptiveAverage(1)
  static let adaptiveAvgPool2d = adaptiveAverage(2), adaptiveAvgPool3d = adaptiveAverage(3)

  static let operators: [AnyOperator] = [
    avgPool1d, avgPool2d, avgPool3d, adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveAvgPool3d,
  ]
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
  public static func avgPool1d(
    _ x: Tensor, _ kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0], ceilMode: Bool = false,
    countIncludePad: Bool = true
  ) -> Tensor { AveragePooling.avgPool1d(x, kernelSize, stride, padding, ceilMode, countIncludePad) }
  public static func avgPool3d(
    _ x: Tensor, _ kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0], ceilMode: Bool = false,
    countIncludePad: Bool = true, divisorOverride: Int? = nil
  ) -> Tensor {
    AveragePooling.avgPool3d(x, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride)
  }

  /// Means over windows that divide the input into `outputSize` parts.
  public static func adaptiveAvgPool1d(_ x: Tensor, _ outputSize: [Int]) -> Tensor {
    AveragePooling.adaptiveAvgPool1d(x, outputSize)
  }
  public static func adaptiveAvgPool2d(_ x: Tensor, _ outputSize: [Int]) -> Tensor {
    AveragePooling.adaptiveAvgPool2d(x, outputSize)
  }
  public static func adaptiveAvgPool3d(_ x: Tensor, _ outputSize: [Int]) -> Tensor {
    AveragePooling.adaptiveAvgPool3d(x, outputSize)
  }
}
