// Exact sums of products of small integers, on the fast floating point kernels.
//
// Note [Exact integer products]. Numbers of 8 bits minus their zero points lie in -255 ... 255, so a product is below 2¹⁶ and
// 256 of them sum to at most 2²⁴: float32 holds every partial sum exactly, in whatever order it is taken. Longer sums are
// taken in parts of that length, which float64 adds exactly. Algorithms that are not plain sums, such as Winograd's, are
// kept out of the way: a convolution is a product with the windows of its input.

import TorchCore

extension ONNX {
  enum IntegerProducts {
    /// The longest sum that float32 takes exactly.
    static let exactLength = 256

    /// `a b` of float32 tensors that hold integers of -255 ... 255, in float32 where the sums are short, else float64.
    static func matmul(_ a: Tensor, _ b: Tensor) -> Tensor {
      let length = a.shape.last ?? 1
      guard length > exactLength else { return a.matmul(b) }
      let (rows, columns) = (a.ndim - 1, max(b.ndim - 2, 0))
      var sum: Tensor?
      for start in stride(from: 0, to: length, by: exactLength) {
        let count = min(exactLength, length - start)
        let part = a.narrow(rows, start, count).matmul(b.narrow(columns, start, count)).double()
        sum = sum.map { $0 + part } ?? part
      }
      return sum!
    }

    /// The convolution that the attributes of `call` describe, of such tensors.
    static func convolve(_ call: Call, _ x: Tensor, _ weight: Tensor) throws -> Tensor {
      let groups = call.int("group", 1)
      let length = weight.shape.dropFirst().reduce(1, *)
      guard x.ndim >= 3, x.ndim <= 5, weight.ndim == x.ndim, groups == 1 else {
        // Groups have no Winograd; long sums of theirs are rare.
        let isShort = length <= exactLength
        return try Convolutions.convolve(call, isShort ? x : x.double(), isShort ? weight : weight.double(), nil)
      }
      try call.check(x.shape[1] == weight.shape[1], "\(x.shape[1]) channels, the weights \(weight.shape) have \(weight.shape[1])")
      let kernel = Array(weight.shape.dropFirst(2))
      try call.check(call.ints("kernel_shape", kernel) == kernel, "kernel_shape differs from the weights' \(weight.shape)")
      let window = try WindowGeometry(call, kernel: kernel, sizes: Array(x.shape.dropFirst(2)))
      // (N, C, counts, kernel) to (N, C · kernel, counts)
      let n = kernel.count
      let windows = window.windows(window.padded(x, 0))
      let columns = windows.permute([0, 1] + Array(2 + n..<2 + 2 * n) + Array(2..<2 + n))
        .reshape([x.shape[0], length, -1])
      let y = matmul(weight.reshape([1, weight.shape[0], length]), columns)
      return y.reshape([x.shape[0], weight.shape[0]] + window.counts)
    }
  }
}
