// The namespace of probability distributions, and what they share.
// Reference: https://pytorch.org/docs/stable/distributions.html

import Foundation
@_exported import TorchCore

/// Probability distributions with differentiable densities and draws.
///
/// ```swift
/// let normal = distributions.Normal(0, 1)
/// let x = normal.rsample([3])
/// let loss = -normal.logProb(x).sum()
/// ```
public enum distributions {}

extension distributions {
  static let eulerConstant = 0.57721566490153286060

  /// All values as tensors of one shape; numbers take the dtype of the first tensor.
  static func broadcastAll(_ values: any TensorOrNumber...) -> [Tensor] {
    let dtype = values.compactMap { ($0 as? Tensor)?.dtype }.first ?? .default
    let tensors = values.map { value -> Tensor in
      if let tensor = value as? Tensor { return tensor }
      return (try? Tensor.full([], value.operand.item(), dtype: dtype)) ?? value.operand
    }
    do {
      var shape: Shape = []
      for tensor in tensors {
        try tensor.checkValid()
        shape = try Shape.broadcast(shape, tensor.shape)
      }
      return tensors.map { $0.shape == shape ? $0 : $0.expand(Array(shape)) }
    } catch {
      ErrorScope.report(error as? TorchError ?? TorchError(.value, "\(error)"))
      return tensors
    }
  }

  static func joined(_ parts: Shape...) -> Shape {
    var all: Shape = []
    for part in parts { for size in part { all.append(size) } }
    return all
  }

  /// Sums the last `count` dimensions away.
  static func sumRightmost(_ x: Tensor, _ count: Int) -> Tensor {
    if count == 0 { return x }
    // A parameter with fewer dimensions than the event has is summed whole.
    let sizes = Array(x.shape)
    return x.reshape(Array(sizes.dropLast(count)) + [sizes.suffix(count).reduce(1, *)]).sum(dim: [-1])
  }

  static func clampedProbabilities(_ p: Tensor) -> Tensor {
    let eps = torch.finfo(p.dtype).eps
    return p.clamp(min: Scalar(eps), max: Scalar(1 - eps))
  }

  static func binaryLogits(_ p: Tensor) -> Tensor {
    let clamped = clampedProbabilities(p)
    return clamped.log() - (-clamped).log1p()
  }

  /// log(1 + eˣ) - t·x: the cross entropy of logits x against probabilities t.
  static func binaryCrossEntropy(_ logits: Tensor, _ target: Tensor) -> Tensor {
    (1 - target) * logits - logits.logSigmoid()
  }

  static func standardNormal(_ shape: Shape, _ dtype: DType) -> Tensor {
    torch.noGrad { Tensor.empty(shape, dtype: dtype).normal_() }
  }

  static func filled(like x: Tensor, _ value: Double) -> Tensor { Tensor.full(like: x.detach(), .double(value)) }

  /// As Python's formatted strings show it: a number where there are no dimensions.
  static func text(_ value: any TensorOrNumber) -> String {
    let tensor = value.operand
    guard tensor.ndim == 0, let number = try? tensor.item() else { return tensor.description }
    return number.description
  }

  /// A Python tuple of sizes.
  static func tuple(_ shape: Shape) -> String {
    shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
  }
}
