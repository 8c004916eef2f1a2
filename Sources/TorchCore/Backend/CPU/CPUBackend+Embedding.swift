// Embedding bags on the CPU.

import CTorchKernelHeaders

extension CPUBackend {
  /// Sums, means or maxima of rows of `weight`: bag `b` is the indices in `bounds[b]..<bounds[b + 1]`. Tensors are contiguous.
  func embeddingBag(
    _ mode: EmbeddingBag.Mode, _ bounds: [Int], _ indices: Tensor, _ padding: Int, _ weight: Tensor, _ factors: Tensor?,
    into out: Tensor, _ sizes: Tensor, _ places: Tensor?
  ) throws {
    func integers(_ x: Tensor) -> UnsafeMutablePointer<Int64> { x.pointer.assumingMemoryBound(to: Int64.self) }
    let done = tk_embedding_bag(
      weight.dtype.kernel, tk_bag_mode(UInt32(mode.rawValue)), Int64(bounds.count - 1), Int64(weight.shape[1]),
      bounds.map { Int64($0) }, integers(indices), Int64(padding), weight.pointer, factors?.pointer, out.pointer,
      integers(sizes), places.map { integers($0) })
    guard done else {
      throw TorchError(.notImplemented, "\"embedding_bag\" not implemented for '\(weight.dtype.scalarTypeName)'")
    }
  }
}
