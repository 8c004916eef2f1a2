// A linear map and the cross entropy of its outputs as one loss.
//
// The classes' logits of many samples are the largest tensors of a language model's training. With options the loss goes
// through the batch in chunks whose logits are not kept but computed again for backward, so that only one chunk's exist at
// a time. Departure from PyTorch: its chunks compute gradients in the forward pass, and have no second derivatives.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.LinearCrossEntropyLoss.html

extension nn {
  /// How `linearCrossEntropy` goes through a batch.
  public struct LinearCrossEntropyOptions: Sendable {
    /// Samples a chunk; nil chooses chunks whose logits are no more than the weights.
    public var batchChunkSize: Int?

    public init(batchChunkSize: Int? = nil) { self.batchChunkSize = batchChunkSize }
  }

  /// The cross entropy of a linear map's outputs, called with input (N, in) and target (N) or (N, out…).
  ///
  /// - `linear.weight` (classes · out…, in)
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LinearCrossEntropyLoss.html
  public final class LinearCrossEntropyLoss: WeightedLoss {
    public let numClasses: Int
    public let outFeatures: [Int]
    public let ignoreIndex: Int?
    public let labelSmoothing: Double
    public let options: LinearCrossEntropyOptions?
    public let linear: Linear

    public init(
      _ inFeatures: Int, _ numClasses: Int, outFeatures: [Int] = [], bias: Bool = false, dtype: DType? = nil,
      reduction: Reduction = .mean, weight: Tensor? = nil, ignoreIndex: Int? = nil, labelSmoothing: Double = 0,
      options: LinearCrossEntropyOptions? = nil
    ) {
      if let weight, weight.shape != [numClasses] {
        ErrorScope.report(
          TorchError(
            .shape, "expected weight shape to be (\(numClasses),), got \(Repr.tuple(Array(weight.shape)))"))
      }
      if !(0...1).contains(labelSmoothing) {
        ErrorScope.report(
          TorchError(.value, "expected label_smoothing to be in range [0, 1], got \(Scalar(labelSmoothing))"))
      }
      self.numClasses = numClasses
      self.outFeatures = outFeatures
      self.ignoreIndex = ignoreIndex
      self.labelSmoothing = labelSmoothing
      self.options = options
      linear = Linear(inFeatures, outFeatures.reduce(numClasses, *), bias: bias, dtype: dtype)
      super.init(weight, reduction)
    }

    public override func forward(_ input: (Tensor, Tensor)) -> Tensor {
      functional.linearCrossEntropy(
        input.0, linear.weight.reshape([numClasses] + outFeatures + [linear.inFeatures]), input.1,
        linearBias: linear.bias?.reshape([numClasses] + outFeatures), weight: weight, reduction: reduction,
        ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing, options: options)
    }

    public override var extraRepr: String {
      let shown = options.map { "LinearCrossEntropyOptions(batch_chunk_size=\(Repr.of($0.batchChunkSize)))" } ?? "None"
      return
        "in_features=\(linear.inFeatures), num_classes=\(numClasses), out_features=\(Repr.tuple(outFeatures)), bias=\(Repr.of(linear.bias != nil)), reduction=\(reduction), ignore_index=\(Repr.of(ignoreIndex)), label_smoothing=\(Scalar(labelSmoothing)), options=\(shown)"
    }
  }
}

extension nn.functional {
  /// `crossEntropy(linear(x, linearWeight, linearBias), target)` for x (in) or (N, in) and weight (classes, out…, in).
  ///
  /// With `options` a batch goes through in chunks, where the weight has no further dimensions.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.linear_cross_entropy.html
  public static func linearCrossEntropy(
    _ x: Tensor, _ linearWeight: Tensor, _ target: Tensor, linearBias: Tensor? = nil, weight: Tensor? = nil,
    reduction: Reduction = .mean, ignoreIndex: Int? = nil, labelSmoothing: Double = 0,
    options: nn.LinearCrossEntropyOptions? = nil
  ) -> Tensor {
    if let failed = [x, linearWeight, target].first(where: { !$0.isValid }) { return failed }
    if let problem = linearCrossEntropyProblem(x, linearWeight, target, linearBias, ignoreIndex) {
      return .invalid(TorchError(.shape, problem))
    }
    let (classes, out) = (linearWeight.shape[0], Array(linearWeight.shape.dropFirst().dropLast()))
    let ignored = ignoreIndex ?? -100
    if let options, out.isEmpty, x.ndim == 2, x.shape[0] > 0 {
      let size = options.batchChunkSize ?? Swift.max(linearWeight.shape[1], 1)
      guard size > 0 else {
        return .invalid(TorchError(.value, "expected batch_chunk_size to be positive, got \(size)"))
      }
      // A mean is over the samples, or by the weights of the classes that count.
      func divisor() -> Tensor {
        if target.dtype.isFloatingPoint { return Tensor.full([], .int(x.shape[0]), dtype: x.dtype) }
        let ones = Tensor.full([1, 1], -1, dtype: x.dtype).expand([x.shape[0], classes])
        return nllLoss(ones, target, weight: weight, ignoreIndex: ignored, reduction: .sum)
      }
      return inChunks(of: size, x, linearWeight, target, linearBias, reduction, divisor: divisor) {
        crossEntropy($0, $1, weight: weight, ignoreIndex: ignored, reduction: $2, labelSmoothing: labelSmoothing)
      }
    }
    let logits = linear(
      x, linearWeight.reshape([out.reduce(classes, *), x.shape[-1]]), linearBias?.reshape([out.reduce(classes, *)]))
    return crossEntropy(
      logits.reshape(Array(x.shape.dropLast()) + [classes] + out), target, weight: weight, ignoreIndex: ignored,
      reduction: reduction, labelSmoothing: labelSmoothing)
  }

  private static func inChunks(
    of size: Int, _ x: Tensor, _ linearWeight: Tensor, _ target: Tensor, _ bias: Tensor?, _ reduction: Reduction,
    divisor: () -> Tensor, _ loss: @escaping (_ logits: Tensor, _ target: Tensor, Reduction) -> Tensor
  ) -> Tensor {
    var parts: [Tensor] = []
    for start in stride(from: 0, to: x.shape[0], by: size) {
      let count = Swift.min(size, x.shape[0] - start)
      let labels = target.narrow(0, start, count)
      let inputs = [x.narrow(0, start, count), linearWeight] + (bias.map { [$0] } ?? [])
      parts.append(
        torch.utils.checkpoint(inputs) { inputs in
          let logits = linear(inputs[0], inputs[1], inputs.count > 2 ? inputs[2] : nil)
          return [loss(logits, labels, reduction == .none ? .none : .sum)]
        }[0])
    }
    if reduction == .none { return torch.cat(parts) }
    let sum = torch.stack(parts).sum()
    return reduction == .sum ? sum : sum / divisor()
  }

  private static func linearCrossEntropyProblem(
    _ x: Tensor, _ weight: Tensor, _ target: Tensor, _ bias: Tensor?, _ ignoreIndex: Int?
  ) -> String? {
    guard x.ndim == 1 || x.ndim == 2 else { return "expected input with dimensionality 1 or 2, got \(x.ndim)" }
    guard weight.ndim >= 2 else {
      return "expected linear_weight with dimensionality at least 2, got \(weight.ndim)"
    }
    guard x.shape[-1] == weight.shape[-1] else {
      return
        "expected equal input and linear_weight last dimensions (in_features), got \(x.shape[-1]) and \(weight.shape[-1]), respectively"
    }
    let lead = Array(weight.shape.dropLast())
    if let bias, Array(bias.shape) != lead {
      return "expected linear_bias shape \(Repr.tuple(lead)), got \(Repr.tuple(Array(bias.shape)))"
    }
    if lead.count > 1, x.ndim == 1 {
      return
        "K-dimensional loss defined by linear_weight shape \(Repr.tuple(Array(weight.shape))) requires batched input, (N, \(x.shape[-1])), got unbatched input with shape \(Repr.tuple(Array(x.shape)))"
    }
    if Array(target.shape) == Array(x.shape.dropLast()) + lead, ignoreIndex != nil {
      return "ignore_index cannot be specified when target contains probabilities"
    }
    return nil
  }
}
