// Sliding blocks of images as columns, and columns summed back to images.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html

enum Unfolding {
  /// How blocks of a kernel's size slide over an image.
  private struct Blocks {
    let image, kernel, dilation, padding, stride: [Int]

    /// How many blocks there are, down and across.
    var counts: [Int] {
      (0..<2).map { i in
        let room = image[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1
        return Int((Double(room) / Double(stride[i])).rounded(.down)) + 1
      }
    }

    init(_ image: [Int], _ kernel: [Int], _ dilation: [Int], _ padding: [Int], _ stride: [Int]) throws {
      for (name, list) in [("kernel_size", kernel), ("dilation", dilation), ("padding", padding), ("stride", stride)] {
        guard list.count == 2 else {
          throw TorchError(.value, "It is expected \(name) equals to 2, but got size \(list.count)")
        }
      }
      for (name, short, list, least) in [
        ("kernel size should be greater than zero", "kernel", kernel, 1),
        ("dilation should be greater than zero", "dilation", dilation, 1),
        ("padding should be non-negative", "pad", padding, 0),
        ("stride should be greater than zero", "stride", stride, 1),
      ] {
        guard list.allSatisfy({ $0 >= least }) else {
          throw TorchError(.value, "\(name), but got \(short)_height: \(list[0]) \(short)_width: \(list[1])")
        }
      }
      (self.image, self.kernel, self.dilation, self.padding, self.stride) = (image, kernel, dilation, padding, stride)
    }

    static func text(_ pair: [Int]) -> String { "(\(pair[0]), \(pair[1]))" }

    var described: String {
      "kernel_size=\(Blocks.text(kernel)), dilation=\(Blocks.text(dilation)), padding=\(Blocks.text(padding))"
    }
  }

  private static func checkType(_ x: Tensor, _ name: String) throws {
    guard x.dtype.isFloatingPoint || x.dtype.isComplex || x.dtype == .bool else {
      throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
  }

  static let im2col: Operator<Tensor, [Int], [Int], [Int], [Int], Tensor> = Operator(
    "im2col(Tensor self, int[2] kernel_size, int[2] dilation, int[2] padding, int[2] stride) -> Tensor",
    kernel: { x, kernel, dilation, padding, stride in
      guard x.ndim == 3 || x.ndim == 4, !x.shape.suffix(3).contains(0) else {
        throw TorchError(
          .shape,
          "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: \(x.shape.listDescription)"
        )
      }
      let blocks = try Blocks(Array(x.shape.suffix(2)), kernel, dilation, padding, stride)
      let counts = blocks.counts
      guard counts.allSatisfy({ $0 > 0 }) else {
        throw TorchError(
          .shape,
          "Given input with spatial size \(Blocks.text(blocks.image)), \(blocks.described), calculated shape of the array of sliding blocks as \(Blocks.text(counts)), but its components must be at least one."
        )
      }
      try checkType(x, "im2col_out_cpu")
      let lead = Array(x.shape.dropLast(3))
      let (channels, area) = (x.shape[-3], kernel[0] * kernel[1])
      let shape = Shape(lead + [channels * area, counts[0] * counts[1]])
      if shape.numel == 0 { return try Tensor.uninitialized(shape, x.dtype) }
      let padded = try x.constantPadND([padding[1], padding[1], padding[0], padding[0]]).rowMajor()
      let (down, across) = (padded.strides[-2], padded.strides[-1])
      var strides = Array(padded.strides.dropLast(2))
      strides += [down * dilation[0], across * dilation[1], down * stride[0], across * stride[1]]
      let windows = padded.alias(
        shape: Shape(lead + [channels] + kernel + counts), strides: Shape(strides), offset: padded.storageOffset)
      let columns = try windows.packed()
      return columns.alias(shape: shape, strides: shape.contiguousStrides, offset: columns.storageOffset)
    },
    derivative: { _, _, x, kernel, dilation, padding, stride in
      let image = Array(x.shape.suffix(2))
      return { g in [col2im(g[0], image, kernel, dilation, padding, stride)] }
    })

  static let col2im: Operator<Tensor, [Int], [Int], [Int], [Int], [Int], Tensor> = Operator(
    "col2im(Tensor self, SymInt[2] output_size, int[2] kernel_size, int[2] dilation, int[2] padding, int[2] stride) -> Tensor",
    kernel: { x, size, kernel, dilation, padding, stride in
      guard size.count == 2 else {
        throw TorchError(.value, "It is expected output_size equals to 2, but got size \(size.count)")
      }
      let blocks = try Blocks(size, kernel, dilation, padding, stride)
      guard x.ndim == 2 || x.ndim == 3, !x.shape.suffix(2).contains(0) else {
        throw TorchError(
          .shape,
          "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but got: \(x.shape.listDescription)"
        )
      }
      let area = kernel[0] * kernel[1]
      let (rows, columns) = (x.shape[-2], x.shape[-1])
      let dim = x.ndim - 2
      guard rows % area == 0 else {
        throw TorchError(
          .shape,
          "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got input.size(1)=\(rows) and kernel_size=\(Blocks.text(kernel))."
        )
      }
      let counts = blocks.counts
      guard counts[0] * counts[1] == columns, counts.allSatisfy({ $0 > 0 }) else {
        throw TorchError(
          .shape,
          "Given output_size=\(Blocks.text(size)), \(blocks.described), stride=\(Blocks.text(stride)), expected size of input's dimension 2 to match the calculated number of sliding blocks \(counts[0]) * \(counts[1]) = \(counts[0] * counts[1]), but got input.size(2)=\(columns)."
        )
      }
      try checkType(x, "col2im_out_cpu")
      let lead = Array(x.shape.prefix(dim))
      let channels = rows / area
      let (height, width) = (size[0] + 2 * padding[0], size[1] + 2 * padding[1])
      let padded = Tensor.zeros(Shape(lead + [channels, height, width]), dtype: x.dtype)
      let parts = try x.rowMajor().reshape(lead + [channels, kernel[0], kernel[1], counts[0], counts[1]])
      // One place of the kernel at a time: what its blocks put there lies on a grid.
      for i in 0..<kernel[0] {
        for j in 0..<kernel[1] {
          let (top, left) = (i * dilation[0], j * dilation[1])
          let place =
            padded
            .slice(dim: -2, start: top, end: top + (counts[0] - 1) * stride[0] + 1, step: stride[0])
            .slice(dim: -1, start: left, end: left + (counts[1] - 1) * stride[1] + 1, step: stride[1])
          let part = parts.select(-4, i).select(-3, j)
          if x.dtype == .bool { place.copy_(place .| part) } else { place.add_(part) }
        }
      }
      return padded.narrow(-2, padding[0], size[0]).narrow(-1, padding[1], size[1]).contiguous()
    },
    derivative: { _, _, _, _, kernel, dilation, padding, stride in
      { g in [im2col(g[0], kernel, dilation, padding, stride)] }
    })

  static let operators: [AnyOperator] = [im2col, col2im]
}

extension torch {
  /// The blocks of x (N, C, H, W) as columns: (N, C·KH·KW, blocks).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
  public static func im2col(
    _ x: Tensor, kernelSize: [Int], dilation: [Int] = [1, 1], padding: [Int] = [0, 0], stride: [Int] = [1, 1]
  ) -> Tensor { Unfolding.im2col(x, kernelSize, dilation, padding, stride) }

  /// Columns (N, C·KH·KW, blocks) summed back to images (N, C, H, W) of `outputSize`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
  public static func col2im(
    _ x: Tensor, outputSize: [Int], kernelSize: [Int], dilation: [Int] = [1, 1], padding: [Int] = [0, 0],
    stride: [Int] = [1, 1]
  ) -> Tensor { Unfolding.col2im(x, outputSize, kernelSize, dilation, padding, stride) }
}
