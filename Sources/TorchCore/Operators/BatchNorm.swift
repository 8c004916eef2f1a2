// Batch normalization: PyTorch's native operators and their derivative.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html

enum BatchNorm {
  /// The input normalized, the mean and 1 / √(var + ε) that it was normalized by; those are empty outside of training.
  /// Training moves the running statistics.
  static func forward(
    _ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, _ runningMean: Tensor?, _ runningVar: Tensor?, _ training: Bool,
    _ momentum: Double, _ eps: Double
  ) throws -> [Tensor] {
    guard x.ndim >= 2 else {
      throw TorchError(
        .index, "Dimension out of range (expected to be in range of [-\(x.ndim), \(x.ndim - 1)], but got 1)")
    }
    guard (runningMean == nil) == (runningVar == nil) else {
      throw TorchError(.value, "running_mean and running_var must either both be None or neither be None")
    }
    guard training || runningMean != nil else {
      throw TorchError(.value, "running_mean must be defined in evaluation mode")
    }
    let channels = x.shape[1]
    for (name, part) in [
      ("running_mean", runningMean), ("running_var", runningVar), ("weight", weight), ("bias", bias),
    ] {
      if let part, part.numel != channels {
        throw TorchError(.shape, "\(name) should contain \(channels) elements not \(part.numel)")
      }
    }
    let statistics = try NormalizationSupport.statisticsType(
      x, [weight, bias, runningMean, runningVar], kernel: "batch_norm")
    guard x.numel > 0 else {
      throw TorchError(
        .shape, "input tensor must have at least one element, but got input_sizes = \(x.shape.listDescription)")
    }
    let (w, b) = (try NormalizationSupport.computed(weight, x), try NormalizationSupport.computed(bias, x))
    guard training else {
      let mean = try NormalizationSupport.computed(runningMean, x)!
      let variance = try NormalizationSupport.computed(runningVar, x)!
      let y = try x.backend.channelNorm(x, w, b, given: (mean, variance), eps: eps).y
      return [y, Tensor.zeros([0], dtype: statistics), Tensor.zeros([0], dtype: statistics)]
    }
    let (y, mean, variance) = try x.backend.channelNorm(x, w, b, given: nil, eps: eps)
    if let runningMean, let runningVar {
      let count = x.numel / channels
      let unbiased = variance * (Double(count) / Double(count - 1))
      for (running, new) in [(runningMean, mean), (runningVar, unbiased)] {
        running.copy_(running.to(new.dtype) * (1 - momentum) + new.reshape(Array(running.shape)) * momentum)
      }
    }
    return [y, mean.to(statistics), (variance + eps).rsqrt().to(statistics)]
  }

  /// The derivative of any of the operators, whose outputs are those of `forward`.
  private static func pullback(
    _ record: Recorder, _ y: [Tensor], _ x: Tensor, _ weight: Tensor?, _ runningMean: Tensor?, _ runningVar: Tensor?,
    _ training: Bool, _ eps: Double
  ) -> Pullback {
    record.attachOnly(1)
    let sx = record.save(x)
    let sw = weight.map { record.save($0) }
    let statistics: (SavedTensor, SavedTensor) =
      training
      ? (record.save(result: y[1], index: 1), record.save(result: y[2], index: 2))
      : (record.save(runningMean!), record.save(runningVar!))
    let mask = (0..<3).map { record.needs($0) }
    return { g in
      let (x, weight) = (try sx.value, try sw?.value)
      let (first, second) = (try statistics.0.value, try statistics.1.value)
      let parts =
        training
        ? backward(g[0], x, weight, nil, nil, first, second, true, eps, mask)
        : backward(g[0], x, weight, first, second, nil, nil, false, eps, mask)
      var byInput = parts[0]
      if training, mask[0] {
        let spread = [1, x.shape[1]] + Array(repeating: 1, count: x.ndim - 2)
        byInput = NormalizationSupport.adding(
          g.ifPresent(1)?.reshape(spread), g.ifPresent(2)?.reshape(spread), to: byInput, x, first.reshape(spread),
          second.reshape(spread), count: x.numel / x.shape[1])
      }
      return [mask[0] ? byInput : nil, mask[1] ? parts[1] : nil, mask[2] ? parts[2] : nil, nil, nil]
    }
  }

  typealias BackwardSignature = Operator<
    Tensor, Tensor, Tensor?, Tensor?, Tensor?, Tensor?, Tensor?, Bool, Double, [Bool], [Tensor]
  >

  static let backward: BackwardSignature = Operator(
    fused:
      "native_batch_norm_backward(Tensor grad_out, Tensor input, Tensor? weight, Tensor? running_mean, Tensor? running_var, Tensor? save_mean, Tensor? save_invstd, bool train, float eps, bool[3] output_mask) -> (Tensor, Tensor, Tensor)",
    twins: .out("out", names: ["out0", "out1", "out2"]),
    kernel: { g, x, weight, runningMean, runningVar, saveMean, saveInverse, train, eps, mask in
      let w = try NormalizationSupport.computed(weight, x)
      let mean = try NormalizationSupport.computed(train ? saveMean : runningMean, x)!
      let inverse: Tensor, variance: Tensor
      if train {
        inverse = try NormalizationSupport.computed(saveInverse, x)!
        variance = inverse.square().reciprocal() - eps
      } else {
        variance = try NormalizationSupport.computed(runningVar, x)!
        inverse = (variance + eps).rsqrt()
      }
      let parameterType = weight?.dtype ?? x.dtype
      if let parts = try x.backend.blockedNormBackward(g, x, w, mean, variance, isGiven: !train, eps: eps),
        parts.byBias != nil || !mask[1] && !mask[2]
      {
        return [
          parts.byInput, parts.byWeight ?? NormalizationSupport.absent(x),
          parts.byBias ?? NormalizationSupport.absent(x),
        ]
      }
      let gradient = g.dtype == x.dtype ? g : g.to(x.dtype)
      let parts = try x.backend.channelNormBackward(
        gradient, x, w, mean, inverse, isGiven: !train, wantsInput: mask[0])
      return [
        parts.byInput ?? NormalizationSupport.absent(x),
        mask[1] ? parts.byWeight.to(parameterType) : NormalizationSupport.absent(x),
        mask[2] ? parts.byBias.to(parameterType) : NormalizationSupport.absent(x),
      ]
    },
    reference: { g, x, weight, runningMean, runningVar, saveMean, saveInverse, train, eps, mask in
      let spread = [1, x.shape[1]] + Array(repeating: 1, count: x.ndim - 2)
      let dims = [0] + Array(2..<x.ndim)
      let mean = (train ? saveMean : runningMean)!.reshape(spread)
      let inverse = train ? saveInverse!.reshape(spread) : (runningVar! + eps).rsqrt().reshape(spread)
      let normalized = (x - mean) * inverse
      let scaled = weight.map { g * $0.reshape(spread) } ?? g
      var byInput = scaled * inverse
      if train {
        let along = (scaled * normalized).mean(dim: dims, keepdim: true)
        byInput = (scaled - scaled.mean(dim: dims, keepdim: true) - normalized * along) * inverse
      }
      return [
        mask[0] ? byInput : NormalizationSupport.absent(x),
        mask[1] ? (g * normalized).sum(dim: dims) : NormalizationSupport.absent(x),
        mask[2] ? g.sum(dim: dims) : NormalizationSupport.absent(x),
      ]
    })

  // MARK: Operators

  static let native = Operator(
    "native_batch_norm(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool training, float momentum, float eps) -> (Tensor, Tensor, Tensor)",
    twins: .out("out", names: ["out", "save_mean", "save_invstd"]),
    kernel: {
      (
        x: Tensor, weight: Tensor?, bias: Tensor?, mean: Tensor?, variance: Tensor?, training: Bool, momentum: Double,
        eps: Double
      ) in
      try forward(x, weight, bias, mean, variance, training, momentum, eps)
    },
    derivative: { record, y, x, weight, _, mean, variance, training, _, eps in
      pullback(record, y, x, weight, mean, variance, training, eps)
    })

  static let legit = Operator(
    "_native_batch_norm_legit(Tensor input, Tensor? weight, Tensor? bias, Tensor(a!) running_mean, Tensor(b!) running_var, bool training, float momentum, float eps) -> (Tensor, Tensor, Tensor)",
    twins: .none,
    kernel: {
      (
        x: Tensor, weight: Tensor?, bias: Tensor?, mean: Tensor, variance: Tensor, training: Bool, momentum: Double,
        eps: Double
      ) in
      try forward(x, weight, bias, mean, variance, training, momentum, eps)
    },
    derivative: { record, y, x, weight, _, mean, variance, training, _, eps in
      pullback(record, y, x, weight, mean, variance, training, eps)
    })

  static let noStatistics = Operator(
    "_native_batch_norm_legit.no_stats(Tensor input, Tensor? weight, Tensor? bias, bool training, float momentum, float eps) -> (Tensor, Tensor, Tensor)",
    twins: .out("no_stats_out", names: ["out", "save_mean", "save_invstd"]),
    kernel: { (x: Tensor, weight: Tensor?, bias: Tensor?, training: Bool, momentum: Double, eps: Double) in
      try forward(x, weight, bias, nil, nil, training, momentum, eps)
    },
    derivative: { record, y, x, weight, _, training, _, eps in
      pullbackWithoutStatistics(pullback(record, y, x, weight, nil, nil, training, eps))
    })

  /// The gradients of the first three arguments, where there are no running statistics.
  private static func pullbackWithoutStatistics(_ pullback: @escaping Pullback) -> Pullback {
    { g in Array(try pullback(g).prefix(3)) }
  }

  static let noTraining = Operator(
    "_native_batch_norm_legit_no_training(Tensor input, Tensor? weight, Tensor? bias, Tensor running_mean, Tensor running_var, float momentum, float eps) -> (Tensor, Tensor, Tensor)",
    twins: .out("out", names: ["out0", "out1", "out2"]),
    kernel: {
      (x: Tensor, weight: Tensor?, bias: Tensor?, mean: Tensor, variance: Tensor, momentum: Double, eps: Double) in
      try forward(x, weight, bias, mean, variance, false, momentum, eps)
    },
    derivative: { record, y, x, weight, _, mean, variance, _, eps in
      pullback(record, y, x, weight, mean, variance, false, eps)
    })

  static let withUpdate = Operator(
    "_batch_norm_with_update(Tensor input, Tensor? weight, Tensor? bias, Tensor(a!) running_mean, Tensor(b!) running_var, float momentum, float eps) -> (Tensor, Tensor, Tensor, Tensor)",
    twins: .none,
    kernel: {
      (x: Tensor, weight: Tensor?, bias: Tensor?, mean: Tensor, variance: Tensor, momentum: Double, eps: Double) in
      try forward(x, weight, bias, mean, variance, true, momentum, eps) + [Tensor.zeros([0], dtype: .uint8)]
    },
    derivative: { record, y, x, weight, _, mean, variance, _, eps in
      pullback(record, y, x, weight, mean, variance, true, eps)
    })

  static let noUpdate = Operator(
    "_batch_norm_no_update(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, float momentum, float eps) -> (Tensor, Tensor, Tensor, Tensor)",
    twins: .out("out", names: ["out0", "out1", "out2", "out3"]),
    kernel: {
      (x: Tensor, weight: Tensor?, bias: Tensor?, mean: Tensor?, variance: Tensor?, momentum: Double, eps: Double) in
      try forward(x, weight, bias, mean, variance, false, momentum, eps) + [Tensor.zeros([0], dtype: .uint8)]
    },
    derivative: { record, y, x, weight, _, mean, variance, _, eps in
      pullback(record, y, x, weight, mean, variance, false, eps)
    })

  static let operators: [AnyOperator] = [native, backward, legit, noStatistics, noTraining, withUpdate, noUpdate]
}
