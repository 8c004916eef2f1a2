// Fourier transforms along one dimension on the CPU.

import CTorchKernelHeaders

extension CPUBackend {
  /// Transforms `x` along `dim` into `out`, whose other sizes are the same. `n` is the length of the transform: the size
  /// of the real side, or of both complex ones. `x` and `out` may be one complex tensor.
  func fourier(_ kind: tk_fft_kind, _ x: Tensor, into out: Tensor, _ dim: Int, n: Int, forward: Bool, scale: Double) {
    guard out.numel > 0 else { return }
    var (sizes, ins, outs) = (x.shape, x.strides, out.strides)
    sizes.remove(at: dim)
    let (inStep, outStep) = (ins.remove(at: dim), outs.remove(at: dim))
    tk_fft(
      kind, x.dtype.realType == .float64, Int32(sizes.count), sizes.map { Int64($0) }, ins.map { Int64($0) },
      outs.map { Int64($0) }, Int64(n), Int64(inStep), Int64(outStep), x.pointer, out.pointer, forward, scale)
  }
}
