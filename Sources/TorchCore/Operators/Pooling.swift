// Pooling over one to three spatial dimensions.
// Reference: https://pytorch.org/docs/stable/nn.html#pooling-layers

enum Pooling {
  /// Sizes of a pooling.
  struct Geometry {
    let kernel, stride, padding, dilation, input, output: [Int]
    let ceilMode: Bool

    init(
      _ x: Tensor, _ rank: Int, _ kernel: [Int], _ stride: [Int], _ padding: [Int], _ dilation: [Int], _ ceilMode: Bool,
      name: String
    ) throws {
      guard x.ndim == rank + 1 || x.ndim == rank + 2 else {
        throw TorchError(
          .shape, "\(name)() Expected \(rank + 1)D or \(rank + 2)D input tensor, but got \(x.shape.listDescription)")
      }
      guard !x.shape.suffix(rank + 1).contains(0) else {
        throw TorchError(
          .shape,
          "Expected \(rank + 1)D or \(rank + 2)D (batch mode) tensor with optional 0 dim batch size for input, but got:\(x.shape.listDescription)")
      }
      func spread(_ values: [Int], _ what: String, orNone: Bool = false) throws -> [Int] {
        guard values.count == 1 || values.count == rank else {
          let start = (rank == 3 ? "must " : "must either ") + (orNone ? "be omitted, a" : "be a")
          let tuple = rank == 1 ? "one int" : "a tuple of \(rank == 2 ? "two" : "three") ints"
          throw TorchError(.value, "\(name): \(what) \(start) single int, or \(tuple)")
        }
        return values.count == rank ? values : Array(repeating: values[0], count: rank)
      }
      self.kernel = try spread(kernel, "kernel_size")
      self.stride = stride.isEmpty ? self.kernel : try spread(stride, "stride", orNone: true)
      self.padding = try spread(padding, "padding")
      self.dilation = try spread(dilation, "dilation")
      self.ceilMode = ceilMode
      input = Array(x.shape.suffix(rank))
      var output: [Int] = []
      for i in 0..<rank {
        let (k, s, p, d) = (self.kernel[i], self.stride[i], self.padding[i], self.dilation[i])
        guard k > 0 else {
          throw TorchError(.value, "kernel size should be greater than zero, but got kernel size \(k)")
        }
        guard s > 0 else { throw TorchError(.value, "stride should not be zero") }
        guard d > 0 else { throw TorchError(.value, "dilation should be greater than zero, but got dilation \(d)") }
        guard p >= 0 else { throw TorchError(.value, "pad must be non-negative, but got pad: \(p)") }
        let (reach, overflows) = d.multipliedReportingOverflow(by: k - 1)
        guard !overflows, reach < Int.max else {
          throw TorchError(
            .value, "effective kernel size overflows, but got kernel_size=\(k) and dilation=\(d)")
        }
        guard p <= (reach + 1) / 2 else {
          throw TorchError(
            .value,
            "pad should be at most half of effective kernel size, but got pad=\(p), kernel_size=\(k) and dilation=\(d)")
        }
        let room = input[i] + 2 * p - reach - 1
        guard room > -Int.max / 2, s < Int.max / 2 else {
          throw TorchError(.shape, "\(name)() Invalid computed output size: \(room >= 0 ? room / s + 1 : 0)")
        }
        var size = (room >= 0 ? room / s : -((-room + s - 1) / s)) + 1
        if ceilMode {
          size = (room + s - 1 >= 0 ? (room + s - 1) / s : -((-(room + s - 1) + s - 1) / s)) + 1
          // The last window must start inside the input or the padding before it.
          if (size - 1) * s >= input[i] + p { size -= 1 }
        }
        output.append(size)
      }
      guard output.allSatisfy({ $0 > 0 }) else {
        let lead = Array(x.shape.suffix(rank + 1).prefix(1))
        func product(_ sizes: [Int]) -> String { (lead + sizes).map(String.init).joined(separator: "x") }
        throw TorchError(
          .shape,
          "Given input size: (\(product(input))). Calculated output size: (\(product(output.map { Swift.max($0, 0) }))). Output size is too small")
      }
      self.output = output
    }
  }

  static func wrongRank(_ x: Tensor, _ ranks: ClosedRange<Int>, _ name: String) -> TorchError {
    TorchError(
      .shape,
      "Expected \(ranks.lowerBound) to \(ranks.upperBound) dimensions, but got \(x.ndim)-dimensional tensor for argument #1 'self' (while checking arguments for \(name))")
  }

  typealias MaxSignature = Operator<Tensor, [Int], [Int], [Int], [Int], Bool, [Tensor]>
  typealias MaxBackwardSignature = Operator<Tensor, Tensor, [Int], [Int], [Int], [Int], Bool, Tensor, Tensor>

  /// Maxima and where they were: the flat position in the spatial part of the input.
  private static func maxPool(_ rank: Int) -> MaxSignature {
    let name = "max_pool\(rank)d_with_indices"
    return Operator(
      "\(name)(Tensor self, int[\(rank)] kernel_size, int[\(rank)] stride=[], int[\(rank)] padding=0, int[\(rank)] dilation=1, bool ceil_mode=False) -> (Tensor, Tensor)",
      twins: .out("out", names: ["out", "indices"]),
      kernel: { (x: Tensor, kernel: [Int], stride: [Int], padding: [Int], dilation: [Int], ceilMode: Bool) in
        let geometry = try Geometry(x, rank, kernel, stride, padding, dilation, ceilMode, name: "max_pool\(rank)d")
        if x.numel == 0 {
          let shape = Shape(Array(x.shape.dropLast(rank)) + geometry.output)
          return [try Tensor.uninitialized(shape, x.dtype), try Tensor.uninitialized(shape, .int64)]
        }
        return try x.backend.maxPool(geometry, x)
      },
      derivative: { record, y, x, kernel, stride, padding, dilation, ceilMode in
        let (saved, indices) = (record.save(x), record.save(result: y[1], index: 1))
        return { g in
          [maxBackward(rank)(g[0], try saved.value, kernel, stride, padding, dilation, ceilMode, try indices.value.detach())]
        }
      })
  }

  private static func maxPoolBackward(_ rank: Int) -> MaxBackwardSignature {
    Operator(
      "max_pool\(rank)d_with_indices_backward(Tensor grad_output, Tensor self, int[\(rank)] kernel_size, int[\(rank)] stride, int[\(rank)] padding, int[\(rank)] dilation, bool ceil_mode, Tensor indices) -> Tensor",
      twins: .out("grad_input", names: ["grad_input"]),
      kernel: { g, x, kernel, stride, padding, dilation, ceilMode, indices in
        let geometry = try Geometry(x, rank, kernel, stride, padding, dilation, ceilMode, name: "max_pool\(rank)d")
        if x.numel == 0 { return Tensor.zeros(x.shape, dtype: g.dtype) }
        return try g.backend.maxPoolBackward(geometry, g, x, indices)
      },
      derivative: { record, _, _, _, _, _, _, _, _, indices in
        let saved = record.save(indices)
        return { gg in [PoolingMaxima.gather(gg[0], try saved.value, rank: rank), nil, nil] }
      })
  }

  static let maxPool2dWithIndices = maxPool(2), maxPool3dWithIndices = maxPool(3)
  static let maxPool2dBackward = maxPoolBackward(2), maxPool3dBackward = maxPoolBackward(3)

  private static func maxBackward(_ rank: Int) -> MaxBackwardSignature { rank == 2 ? maxPool2dBackward : maxPool3dBackward }

  static let maxPool2d = Operator(
    composite:
      "max_pool2d(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, int[2] dilation=1, bool ceil_mode=False) -> Tensor"
  ) { (x: Tensor, kernel: [Int], stride: [Int], padding: [Int], dilation: [Int], ceilMode: Bool) in
    maxPool2dWithIndices(x, kernel, stride, padding, dilation, ceilMode)[0]
  }
  static let maxPool3d = Operator(
    composite:
      "max_pool3d(Tensor self, int[3] kernel_size, int[3] stride=[], int[3] padding=0, int[3] dilation=1, bool ceil_mode=False) -> Tensor"
  ) { (x: Tensor, kernel: [Int], stride: [Int], padding: [Int], dilation: [Int], ceilMode: Bool) in
    maxPool3dWithIndices(x, kernel, stride, padding, dilation, ceilMode)[0]
  }
  static let maxPool1dWithIndices = Operator(
    composite:
      "max_pool1d_with_indices(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=0, int[1] dilation=1, bool ceil_mode=False) -> (Tensor, Tensor)"
  ) { (x: Tensor, kernel: [Int], stride: [Int], padding: [Int], dilation: [Int], ceilMode: Bool) -> [Tensor] in
    guard x.ndim == 2 || x.ndim == 3 else {
      throw TorchError(.shape, "max_pool1d() Expected 2D or 3D input tensor, but got \(x.shape.listDescription)")
    }
    func one(_ values: [Int], _ fill: Int) -> [Int] { values.isEmpty ? [] : [fill, values[0]] }
    return maxPool2dWithIndices(
      x.unsqueeze(-2), one(kernel, 1), one(stride, 1), one(padding, 0), one(dilation, 1), ceilMode
    ).map { $0.squeeze(-2) }
  }
  static let maxPool1d = Operator(
    composite:
      "max_pool1d(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=0, int[1] dilation=1, bool ceil_mode=False) -> Tensor"
  ) { (x: Tensor, kernel: [Int], stride: [Int], padding: [Int], dilation: [Int], ceilMode: Bool) in
    maxPool1dWithIndices(x, kernel, stride, padding, dilation, ceilMode)[0]
  }

  static let operators: [AnyOperator] = [
    maxPool2dWithIndices, maxPool3dWithIndices, maxPool2dBackward, maxPool3dBackward, maxPool1d, maxPool1dWithIndices,
    maxPool2d, maxPool3d,
  ]
}

extension torch {
  /// The maximum of each window: x (N, C, H, W) gives (N, C, H', W'). The stride is the kernel's size if left out.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
  public static func maxPool2d(
    _ x: Tensor, _ kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0], dilation: [Int] = [1],
    ceilMode: Bool = false
  ) -> Tensor { Pooling.maxPool2d(x, kernelSize, stride, padding, dilation, ceilMode) }
  public static func maxPool2d(
    _ x: Tensor, _ kernelSize: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false
  ) -> Tensor { maxPool2d(x, [kernelSize], stride: stride.map { [$0] } ?? [], padding: [padding], dilation: [dilation], ceilMode: ceilMode) }
  public static func maxPool1d(
    _ x: Tensor, _ kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0], dilation: [Int] = [1],
    ceilMode: Bool = false
  ) -> Tensor { Pooling.maxPool1d(x, kernelSize, stride, padding, dilation, ceilMode) }
  public static func maxPool3d(
    _ x: Tensor, _ kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0], dilation: [Int] = [1],
    ceilMode: Bool = false
  ) -> Tensor { Pooling.maxPool3d(x, kernelSize, stride, padding, dilation, ceilMode) }
  /// The maxima and their flat positions in the spatial part of the input.
  public static func maxPool1dWithIndices(
    _ x: Tensor, _ kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0], dilation: [Int] = [1],
    ceilMode: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    let both = Pooling.maxPool1dWithIndices(x, kernelSize, stride, padding, dilation, ceilMode)
    return (both[0], both[1])
  }
  public static func maxPool3dWithIndices(
    _ x: Tensor, _ kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0], dilation: [Int] = [1],
    ceilMode: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    let both = Pooling.maxPool3dWithIndices(x, kernelSize, stride, padding, dilation, ceilMode)
    return (both[0], both[1])
  }
  public static func maxPool2dWithIndices(
    _ x: Tensor, _ kernelSize: [Int], stride: [Int] = [], padding: [Int] = [0], dilation: [Int] = [1],
    ceilMode: Bool = false
  ) -> (values: Tensor, indices: Tensor) {
    let both = Pooling.maxPool2dWithIndices(x, kernelSize, stride, padding, dilation, ceilMode)
    return (both[0], both[1])
  }
}
