// Connectionist temporal classification loss.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html

enum CTCLoss {
  /// What the kernels take: the labels of all batch entries, and where each entry's begin.
  struct Problem {
    let targets: [Int64]
    let offsets, targetLengths, inputLengths: [Int64]
    let blank: Int

    var states: Int { 2 * Int(targetLengths.max() ?? 0) + 1 }

    init(_ logProbs: Tensor, _ targets: Tensor, _ inputLengths: [Int], _ targetLengths: [Int], _ blank: Int) throws {
      guard logProbs.ndim == 3 else {
        throw TorchError(.shape, "ctc_loss: log_probs must have 3 dimensions, got \(logProbs.ndim)")
      }
      guard logProbs.dtype == .float32 || logProbs.dtype == .float64 else {
        throw TorchError(.notImplemented, "\"ctc_loss_cpu\" not implemented for '\(logProbs.dtype.scalarTypeName)'")
      }
      let (time, batch, classes) = (logProbs.shape[0], logProbs.shape[1], logProbs.shape[2])
      guard (0..<classes).contains(blank) else { throw TorchError(.value, "blank must be in label range") }
      for (name, lengths) in [("input_lengths", inputLengths), ("target_lengths", targetLengths)] {
        guard lengths.count == batch else { throw TorchError(.shape, "\(name) must be of size batch_size") }
        if let negative = lengths.first(where: { $0 < 0 }) {
          throw TorchError(
            .value,
            "Expected \(name) to have value at least 0, but got value \(negative) (while checking arguments for ctc_loss_allocate_outputs)"
          )
        }
      }
      if let long = inputLengths.first(where: { $0 > time }) {
        throw TorchError(
          .value,
          "Expected input_lengths to have value at most \(time), but got value \(long) (while checking arguments for ctc_loss_allocate_outputs)"
        )
      }
      if targets.ndim == 1 {
        let total = targetLengths.reduce(0, +)
        guard targets.numel == total else {
          throw TorchError(
            .shape,
            "Expected tensor to have size \(total) at dimension 0, but got size \(targets.numel) for argument #2 'targets' (while checking arguments for ctc_loss_allocate_outputs)"
          )
        }
        var start = 0
        offsets = targetLengths.map { length in
          defer { start += length }
          return Int64(start)
        }
      } else {
        guard targets.ndim == 2, targets.shape[0] == batch else {
          throw TorchError(
            .shape,
            "Expected tensor to have size \(batch) at dimension 0, but got size \(targets.shape.first ?? 0) for argument #2 'targets' (while checking arguments for ctc_loss_allocate_outputs)"
          )
        }
        let (width, longest) = (targets.shape[1], targetLengths.max() ?? 0)
        guard width >= longest else {
          throw TorchError(
            .shape,
            "Expected tensor to have size at least \(longest) at dimension 1, but got size \(width) for argument #2 'targets' (while checking arguments for ctc_loss_allocate_outputs)"
          )
        }
        offsets = (0..<batch).map { Int64($0 * width) }
      }
      let labels = try targets.to(.int64).reshape([-1]).toArray(Int64.self)
      for (start, length) in zip(offsets, targetLengths) {
        for label in labels[Int(start)..<Int(start) + length] where !(0..<Int64(classes)).contains(label) {
          throw TorchError(.index, "ctc_loss: target \(label) is out of range for \(classes) classes")
        }
      }
      self.targets = labels
      self.targetLengths = targetLengths.map { Int64($0) }
      self.inputLengths = inputLengths.map { Int64($0) }
      self.blank = blank
    }
  }

  // MARK: Kernels

  private static func forward(
    _ x: Tensor, _ targets: Tensor, _ inputLengths: [Int], _ targetLengths: [Int], _ blank: Int
  ) throws -> [Tensor] {
    let problem = try Problem(x, targets, inputLengths, targetLengths, blank)
    let loss = try Tensor.uninitialized([x.shape[1]], x.dtype)
    let alpha = try Tensor.uninitialized([x.shape[1], x.shape[0], problem.states], x.dtype)
    x.backend.ctcLoss(problem, try x.rowMajor(), into: loss, alpha)
    return [loss, alpha]
  }

  typealias BackwardSignature = Operator<
    Tensor, Tensor, Tensor, [Int], [Int], Tensor, Tensor, Int, Bool, Tensor
  >

  static let backward: BackwardSignature = Operator(
    "_ctc_loss_backward(Tensor grad, Tensor log_probs, Tensor targets, int[] input_lengths, int[] target_lengths, Tensor neg_log_likelihood, Tensor log_alpha, int blank, bool zero_infinity=False) -> Tensor",
    kernel: { g, x, targets, inputLengths, targetLengths, loss, alpha, blank, zeroInfinity in
      let problem = try Problem(x, targets, inputLengths, targetLengths, blank)
      let out = try Tensor.uninitialized(x.shape, x.dtype)
      x.backend.ctcLossBackward(
        problem, zeroInfinity, try g.to(x.dtype).rowMajor(), try x.rowMajor(), try loss.rowMajor(),
        try alpha.rowMajor(),
        into: out)
      return out
    })

  private static func pullback(
    _ record: Recorder, _ y: [Tensor], _ x: Tensor, _ targets: Tensor, _ inputLengths: [Int], _ targetLengths: [Int],
    _ blank: Int, _ zeroInfinity: Bool
  ) -> Pullback {
    record.attachOnly(1)
    let (sx, st) = (record.save(x), record.save(targets))
    let (loss, alpha) = (y[0].detach(), y[1].detach())
    return { g in
      let byInput = backward(
        g[0], try sx.value, try st.value, inputLengths, targetLengths, loss, alpha, blank, zeroInfinity)
      return [byInput, nil, nil, nil]
    }
  }

  // MARK: Operators

  static let native = Operator(
    "_ctc_loss(Tensor log_probs, Tensor targets, int[] input_lengths, int[] target_lengths, int blank=0, bool zero_infinity=False) -> (Tensor, Tensor)",
    twins: .out("out", names: ["out0", "out1"]),
    kernel: { (x: Tensor, targets: Tensor, inputs: [Int], lengths: [Int], blank: Int, _: Bool) in
      try forward(x, targets, inputs, lengths, blank)
    },
    derivative: { record, y, x, targets, inputs, lengths, blank, zeroInfinity in
      let pullback = pullback(record, y, x, targets, inputs, lengths, blank, zeroInfinity)
      return { g in Array(try pullback(g).prefix(2)) }
    })

  static let nativeTensor = Operator(
    "_ctc_loss.Tensor(Tensor log_probs, Tensor targets, Tensor input_lengths, Tensor target_lengths, int blank=0, bool zero_infinity=False) -> (Tensor, Tensor)",
    twins: .out("Tensor_out", names: ["out0", "out1"]),
    kernel: { (x: Tensor, targets: Tensor, inputs: Tensor, lengths: Tensor, blank: Int, _: Bool) in
      try forward(x, targets, try integers(inputs, "input_lengths"), try integers(lengths, "target_lengths"), blank)
    },
    derivative: { record, y, x, targets, inputs, lengths, blank, zeroInfinity in
      pullback(
        record, y, x, targets, try integers(inputs, "input_lengths"), try integers(lengths, "target_lengths"), blank,
        zeroInfinity)
    })

  private static func integers(_ lengths: Tensor, _ name: String) throws -> [Int] {
    guard lengths.dtype.isInteger else { throw TorchError(.dtype, "\(name) must be integral") }
    return try lengths.to(.int64).reshape([-1]).toArray(Int.self)
  }

  static let ctcLoss: Operator<Tensor, Tensor, [Int], [Int], Int, Int, Bool, Tensor> = Operator(
    composite:
      "ctc_loss.IntList(Tensor log_probs, Tensor targets, int[] input_lengths, int[] target_lengths, int blank=0, int reduction=1, bool zero_infinity=False) -> Tensor"
  ) { x, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity in
    let isBatched = x.ndim == 3
    let logProbs = isBatched ? x : x.unsqueeze(1)
    let labels = isBatched || targets.ndim == 2 ? targets : targets.unsqueeze(0)
    var loss = native(logProbs, labels, inputLengths, targetLengths, blank, zeroInfinity)[0]
    if zeroInfinity { loss = torch.where(loss .== Double.infinity, Tensor.zeros([], dtype: loss.dtype), loss) }
    switch reduction {
    case 1: return (loss / Tensor(targetLengths.map { Double(Swift.max($0, 1)) }, dtype: loss.dtype)).mean()
    case 2: return loss.sum()
    default: return isBatched ? loss : loss.squeeze(0)
    }
  }

  static let ctcLossTensor: Operator<Tensor, Tensor, Tensor, Tensor, Int, Int, Bool, Tensor> = Operator(
    composite:
      "ctc_loss.Tensor(Tensor log_probs, Tensor targets, Tensor input_lengths, Tensor target_lengths, int blank=0, int reduction=1, bool zero_infinity=False) -> Tensor"
  ) { x, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity in
    let inputs = try integers(inputLengths, "input_lengths")
    return ctcLoss(x, targets, inputs, try integers(targetLengths, "target_lengths"), blank, reduction, zeroInfinity)
  }

  static let operators: [AnyOperator] = [native, nativeTensor, backward, ctcLoss, ctcLossTensor]
}

extension torch {
  /// The negative log likelihood of label sequences over all alignments: log-probabilities (T, N, C), targets (N, S) or
  /// all in one row, and how much of each counts.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
  public static func ctcLoss(
    _ logProbs: Tensor, _ targets: Tensor, inputLengths: [Int], targetLengths: [Int], blank: Int = 0,
    reduction: Reduction = .mean, zeroInfinity: Bool = false
  ) -> Tensor {
    CTCLoss.ctcLoss(logProbs, targets, inputLengths, targetLengths, blank, reduction.rawValue, zeroInfinity)
  }

  /// The same with the lengths as tensors of integers (N).
  public static func ctcLoss(
    _ logProbs: Tensor, _ targets: Tensor, inputLengths: Tensor, targetLengths: Tensor, blank: Int = 0,
    reduction: Reduction = .mean, zeroInfinity: Bool = false
  ) -> Tensor {
    CTCLoss.ctcLossTensor(logProbs, targets, inputLengths, targetLengths, blank, reduction.rawValue, zeroInfinity)
  }
}
