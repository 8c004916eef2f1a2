// Optimizer steps over all parameters of a group in one call: one pass over memory, split over the pool.
//
// The caller (TorchOptim) has checked that parameters, gradients and state are contiguous, of one dtype, float32 or
// float64, and of the same sizes; every parameter has a gradient.

import CTorchKernelHeaders

/// Fused optimizer steps. Each formula is PyTorch's single-tensor implementation; see the optimizer of that name.
package enum FusedStep {
  package static func sgd(
    _ parameters: [Tensor], momentumBuffers: [Tensor]?, first: [Bool], lr: Double, momentum: Double,
    dampening: Double, weightDecay: Double, nesterov: Bool, maximize: Bool
  ) {
    var options = tk_sgd(
      lr: lr, momentum: momentum, dampening: dampening, weight_decay: weightDecay, nesterov: nesterov,
      maximize: maximize)
    run(parameters, [momentumBuffers]) { dtype, sizes, p, g, state in
      tk_sgd_step(&options, dtype, Int64(sizes.count), sizes, p, g, state[0], first)
    }
  }

  package static func adam(
    _ parameters: [Tensor], expAvgs: [Tensor], expAvgSqs: [Tensor], maxExpAvgSqs: [Tensor]?, steps: [Int], lr: Double,
    beta1: Double, beta2: Double, eps: Double, weightDecay: Double, decoupledWeightDecay: Bool, amsgrad: Bool,
    maximize: Bool
  ) {
    var options = tk_adam(
      lr: lr, beta1: beta1, beta2: beta2, eps: eps, weight_decay: weightDecay,
      decoupled_weight_decay: decoupledWeightDecay, amsgrad: amsgrad, maximize: maximize)
    let steps = steps.map(Int64.init)
    run(parameters, [expAvgs, expAvgSqs, maxExpAvgSqs]) { dtype, sizes, p, g, state in
      tk_adam_step(&options, dtype, Int64(sizes.count), sizes, p, g, state[0], state[1], state[2], steps)
    }
  }

  package static func rmsprop(
    _ parameters: [Tensor], squareAvgs: [Tensor], momentumBuffers: [Tensor]?, gradAvgs: [Tensor]?, lr: Double,
    alpha: Double, eps: Double, weightDecay: Double, momentum: Double, centered: Bool, maximize: Bool
  ) {
    var options = tk_rmsprop(
      lr: lr, alpha: alpha, eps: eps, weight_decay: weightDecay, momentum: momentum, centered: centered,
      maximize: maximize)
    run(parameters, [squareAvgs, momentumBuffers, gradAvgs]) { dtype, sizes, p, g, state in
      tk_rmsprop_step(&options, dtype, Int64(sizes.count), sizes, p, g, state[0], state[1], state[2])
    }
  }

  package static func adagrad(
    _ parameters: [Tensor], stateSums: [Tensor], steps: [Int], lr: Double, lrDecay: Double, weightDecay: Double,
    eps: Double, maximize: Bool
  ) {
    var options = tk_adagrad(lr: lr, lr_decay: lrDecay, weight_decay: weightDecay, eps: eps, maximize: maximize)
    let steps = steps.map(Int64.init)
    run(parameters, [stateSums]) { dtype, sizes, p, g, state in
      tk_adagrad_step(&options, dtype, Int64(sizes.count), sizes, p, g, state[0], steps)
    }
  }

  private typealias Pointers = UnsafePointer<UnsafeMutableRawPointer?>

  /// Gathers addresses, calls the kernel, and tells autograd that parameters and state have been written.
  private static func run(
    _ parameters: [Tensor], _ state: [[Tensor]?],
    _ kernel: (tk_dtype, [Int64], Pointers, UnsafePointer<UnsafeRawPointer?>, [Pointers?]) -> Bool
  ) {
    let sizes = parameters.map { Int64($0.numel) }
    let gradients: [UnsafeRawPointer?] = parameters.map { UnsafeRawPointer($0.grad!.pointer) }
    // One array holds all addresses that are written, parameters first, so that they stay put during the call.
    let written = parameters + state.flatMap { $0 ?? [] }
    let addresses: [UnsafeMutableRawPointer?] = written.map(\.pointer)
    let done = addresses.withUnsafeBufferPointer { all in
      gradients.withUnsafeBufferPointer { gradients in
        var next = all.baseAddress! + parameters.count
        let lists: [Pointers?] = state.map { tensors in
          guard let tensors else { return nil }
          defer { next += tensors.count }
          return next
        }
        return kernel(parameters[0].dtype.kernel, sizes, all.baseAddress!, gradients.baseAddress!, lists)
      }
    }
    precondition(done, "the fused optimizer kernels take float32 and float64")
    for tensor in written { tensor.storage.bumpVersion() }
  }
}
