// Max unpooling: maxima put back to where they were, zeros elsewhere.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html

enum Unpooling {
  private static func unpooled(_ x: Tensor, _ indices: Tensor, _ size: [Int], _ rank: Int) throws -> Tensor {
    let axes = rank == 2 ? "(height, width)" : "(depth, height, width)"
    guard size.count == rank else {
      throw TorchError(
        .value,
        "There should be exactly \(rank == 2 ? "two" : "three") elements \(axes) in output_size, but got \(size.count) elements."
      )
    }
    guard indices.dtype == .int64 else {
      throw TorchError(.dtype, "elements in indices should be type int64 but got: \(indices.dtype.scalarTypeName)")
    }
    guard x.ndim == rank + 1 || x.ndim == rank + 2 else {
      throw TorchError(
        .shape,
        "Input to max_unpooling\(rank)d should be a \(rank + 1)d or \(rank + 2)d Tensor, but got a tensor with \(x.ndim) dimensions."
      )
    }
    guard x.shape == indices.shape else {
      throw TorchError(
        .shape,
        "Expected shape of indices to be same as that of the input tensor (\(x.shape.listDescription)) but got indices tensor with shape: \(indices.shape.listDescription)"
      )
    }
    for dim in (x.ndim - rank - 1)..<x.ndim where x.shape[dim] == 0 {
      throw TorchError(
        .shape,
        "max_unpooling\(rank)d_forward_out_cpu(): Expected input to have non-zero size for non-batch dimensions, but input has sizes \(x.shape.listDescription) with dimension \(dim) being empty"
      )
    }
    guard x.dtype.isFloatingPoint else {
      throw TorchError(.notImplemented, "\"max_unpool\(rank)d\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
    let lead = Array(x.shape.dropLast(rank))
    let volume = size.reduce(1, *)
    let spread = lead + [x.shape.suffix(rank).reduce(1, *)]
    let flat = Tensor.zeros(Shape(lead + [volume]), dtype: x.dtype)
    if x.numel > 0 {
      for extreme in [indices.amin(dim: []), indices.amax(dim: [])] {
        let index = try extreme.item(Int.self)
        guard (0..<volume).contains(index) else {
          throw TorchError(
            .index,
            "Found an invalid max index: \(index) (output volumes are of size \(size.map(String.init).joined(separator: "x")))"
          )
        }
      }
      flat.scatter_(-1, indices.reshape(spread), x.reshape(spread))
    }
    return flat.reshape(lead + size)
  }

  private static func pullback(_ record: Recorder, _ indices: Tensor, _ rank: Int) -> Pullback {
    let saved = record.save(indices)
    return { g in [PoolingMaxima.gather(g[0], try saved.value, rank: rank), nil] }
  }

  static let unpool2d = Operator(
    "max_unpool2d(Tensor self, Tensor indices, SymInt[2] output_size) -> Tensor",
    kernel: { (x: Tensor, indices: Tensor, size: [Int]) in try unpooled(x, indices, size, 2) },
    derivative: { record, _, _, indices, _ in pullback(record, indices, 2) })

  static let unpool3d = Operator(
    "max_unpool3d(Tensor self, Tensor indices, SymInt[3] output_size, int[3] stride, int[3] padding) -> Tensor",
    kernel: { (x: Tensor, indices: Tensor, size: [Int], stride: [Int], padding: [Int]) in
      for (name, list) in [("stride", stride), ("padding", padding)] where list.count != 3 {
        throw TorchError(
          .value,
          "There should be exactly three elements (depth, height, width) in \(name), but got: \(list.count) elements.")
      }
      guard stride.allSatisfy({ $0 > 0 }) else {
        throw TorchError(
          .value,
          "strides should be greater than zero, but got stride: [\(stride.map(String.init).joined(separator: ", "))]")
      }
      return try unpooled(x, indices, size, 3)
    },
    derivative: { record, _, _, indices, _, _, _ in pullback(record, indices, 3) })

  static let operators: [AnyOperator] = [unpool2d, unpool3d]
}

extension torch {
  /// `x` put to the flat positions `indices` of planes of `outputSize`: the partial inverse of `maxPool2d`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.max_unpool2d.html
  public static func maxUnpool2d(_ x: Tensor, _ indices: Tensor, outputSize: [Int]) -> Tensor {
    Unpooling.unpool2d(x, indices, outputSize)
  }
  /// The same over volumes.
  public static func maxUnpool3d(
    _ x: Tensor, _ indices: Tensor, outputSize: [Int], stride: [Int] = [1, 1, 1], padding: [Int] = [0, 0, 0]
  ) -> Tensor { Unpooling.unpool3d(x, indices, outputSize, stride, padding) }
}
