// Fractional max pooling: maxima of windows at random steps between one size and another.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.FractionalMaxPool2d.html

enum FractionalPooling {
  typealias Signature = Operator<Tensor, [Int], [Int], Tensor, [Tensor]>
  typealias BackwardSignature = Operator<Tensor, Tensor, [Int], [Int], Tensor, Tensor>

  private static func check(_ x: Tensor, _ rank: Int, _ kernel: [Int], _ size: [Int], _ samples: Tensor) throws {
    let name = "fractional_max_pool\(rank)d"
    let ints =
      rank == 2 ? "must either be a single Int or tuple of Ints" : "must either be a single Int or tuple of three Ints"
    guard kernel.count == rank else { throw TorchError(.value, "\(name): kernel_size \(ints)") }
    guard size.count == rank else { throw TorchError(.value, "\(name): output_size \(ints)") }
    let called = rank == 2 ? "\(name)()" : "\(name)_out()"
    guard kernel.allSatisfy({ $0 > 0 }) else {
      throw TorchError(
        .value,
        "\(called): kernel size should be greater than zero, but got \(kernel.map(String.init).joined(separator: "x"))")
    }
    guard x.ndim == rank + 1 || x.ndim == rank + 2 else {
      throw TorchError(
        .shape, "\(called): Expected \(rank + 1)D or \(rank + 2)D tensor, but got: \(x.shape.listDescription)")
    }
    for dim in (x.ndim - rank - 1)..<x.ndim where x.shape[dim] == 0 {
      throw TorchError(
        .shape,
        "\(called): Expected input to have non-zero size for non-batch dimensions, but got\(x.shape.listDescription) with dimension \(dim) being empty."
      )
    }
    let input = Array(x.shape.suffix(rank))
    for (i, axis) in ["time", "height", "width"].suffix(rank).enumerated() {
      guard size[i] + kernel[i] - 1 <= input[i] else {
        throw TorchError(
          .shape, "\(called): pool \(axis) \(kernel[i]) too large relative to input \(axis) \(input[i])")
      }
    }
    guard samples.dtype == x.dtype else {
      throw TorchError(.dtype, "Expect _random_samples to have the same dtype as input")
    }
    guard samples.ndim == 3 else {
      throw TorchError(.shape, "Expect _random_samples to have 3 dimensions, got \(samples.ndim)")
    }
    let (batch, channels) = (x.ndim == rank + 2 ? x.shape[0] : 1, x.shape[x.ndim - rank - 1])
    guard samples.shape[0] >= batch else {
      throw TorchError(.shape, "Expect _random_samples.size(0) no less then input batch size.")
    }
    guard samples.shape[1] == channels else {
      throw TorchError(.shape, "Expect _random_samples.size(1) equals to input channel size.")
    }
    guard samples.shape[2] == rank else {
      throw TorchError(.shape, "Expect _random_samples.size(2) equals to \(rank); got \(samples.shape[2]).")
    }
    guard x.dtype.isFloatingPoint else {
      throw TorchError(.notImplemented, "\"\(name)_out_frame\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
  }

  private static func pool(_ rank: Int) -> Signature {
    Operator(
      "fractional_max_pool\(rank)d(Tensor self, int[\(rank)] kernel_size, int[\(rank)] output_size, Tensor random_samples) -> (Tensor, Tensor)",
      twins: .out("output", names: ["output", "indices"]),
      kernel: { (x: Tensor, kernel: [Int], size: [Int], samples: Tensor) in
        try check(x, rank, kernel, size, samples)
        let shape = Shape(x.shape.dropLast(rank) + size)
        let (out, indices) = (try Tensor.uninitialized(shape, x.dtype), try Tensor.uninitialized(shape, .int64))
        if out.numel == 0 { return [out, indices] }
        let numbers = try samples.to(.float64).toArray(Double.self)
        let planes = x.shape.dropLast(rank).reduce(1, *)
        let input = Array(x.shape.suffix(rank))
        let windows = (0..<rank).map { i in
          // Over an image the samples are (width, height), over a volume (time, height, width).
          let column = rank == 2 ? 1 - i : i
          return PoolingWindows.fractional(
            input[i], size[i], kernel: kernel[i], samples: (0..<planes).map { numbers[$0 * rank + column] },
            dtype: x.dtype)
        }
        try x.backend.windowMax(windows, try x.rowMajor(), into: out, indices)
        return [out, indices]
      },
      derivative: { record, y, x, kernel, size, _ in
        let (saved, indices) = (record.save(x), record.save(result: y[1], index: 1))
        return { g in
          let backward = rank == 2 ? backward2d : backward3d
          return [backward(g[0], try saved.value, kernel, size, try indices.value.detach()), nil]
        }
      })
  }

  private static func backward(_ rank: Int) -> BackwardSignature {
    Operator(
      "fractional_max_pool\(rank)d_backward(Tensor grad_output, Tensor self, int[\(rank)] kernel_size, int[\(rank)] output_size, Tensor indices) -> Tensor",
      twins: .out("grad_input", names: ["grad_input"]),
      kernel: { g, x, _, _, indices in PoolingMaxima.scatter(g, x.shape, indices, rank: rank) },
      derivative: { record, _, _, _, _, _, indices in
        let saved = record.save(indices)
        return { gg in [PoolingMaxima.gather(gg[0], try saved.value, rank: rank), nil, nil] }
      })
  }

  static let pool2d = pool(2), pool3d = pool(3)
  static let backward2d = backward(2), backward3d = backward(3)

  static let operators: [AnyOperator] = [pool2d, pool3d, backward2d, backward3d]
}

extension torch {
  /// Maxima of windows of size `kernelSize` at random steps, and their flat positions. `randomSamples` (N, C, 2) are in 0..<1.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.fractional_max_pool2d.html
  public static func fractionalMaxPool2d(
    _ x: Tensor, _ kernelSize: [Int], outputSize: [Int], randomSamples: Tensor
  ) -> (values: Tensor, indices: Tensor) {
    let both = FractionalPooling.pool2d(x, kernelSize, outputSize, randomSamples)
    return (both[0], both[1])
  }
  /// The same over volumes; `randomSamples` is (N, C, 3).
  public static func fractionalMaxPool3d(
    _ x: Tensor, _ kernelSize: [Int], outputSize: [Int], randomSamples: Tensor
  ) -> (values: Tensor, indices: Tensor) {
    let both = FractionalPooling.pool3d(x, kernelSize, outputSize, randomSamples)
    return (both[0], both[1])
  }
}
