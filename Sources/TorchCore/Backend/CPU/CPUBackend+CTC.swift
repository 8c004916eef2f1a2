// Connectionist temporal classification on the CPU.

import CTorchKernelHeaders

extension CPUBackend {
  /// Losses of the batch entries of `x` (time, batch, classes), and the logarithms that the derivative needs.
  func ctcLoss(_ problem: CTCLoss.Problem, _ x: Tensor, into loss: Tensor, _ alpha: Tensor) {
    problem.withKernel(x) { _ = tk_ctc_loss($0, x.pointer, loss.pointer, alpha.pointer) }
  }

  func ctcLossBackward(
    _ problem: CTCLoss.Problem, _ zeroInfinity: Bool, _ g: Tensor, _ x: Tensor, _ loss: Tensor, _ alpha: Tensor,
    into out: Tensor
  ) {
    problem.withKernel(x) {
      _ = tk_ctc_loss_backward($0, zeroInfinity, g.pointer, x.pointer, loss.pointer, alpha.pointer, out.pointer)
    }
  }
}

extension CTCLoss.Problem {
  fileprivate func withKernel(_ x: Tensor, _ body: (UnsafePointer<tk_ctc_problem>) -> Void) {
    targets.withUnsafeBufferPointer { targets in
      offsets.withUnsafeBufferPointer { offsets in
        targetLengths.withUnsafeBufferPointer { lengths in
          inputLengths.withUnsafeBufferPointer { inputs in
            var problem = tk_ctc_problem(
              dtype: x.dtype.kernel, time: Int64(x.shape[0]), batch: Int64(x.shape[1]), classes: Int64(x.shape[2]),
              states: Int64(states), blank: Int64(blank), targets: targets.baseAddress,
              target_offsets: offsets.baseAddress, target_lengths: lengths.baseAddress,
              input_lengths: inputs.baseAddress)
            body(&problem)
          }
        }
      }
    }
  }
}
