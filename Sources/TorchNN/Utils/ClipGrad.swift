// Gradient clipping.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html

extension nn {
  /// Helpers around modules: gradient clipping, parameters as one vector.
  public enum utils {}
}

extension nn.utils {
  /// The norm of all gradients taken as one vector.
  public static func getTotalNorm(
    _ tensors: [Tensor], normType: Double = 2, errorIfNonfinite: Bool = false
  ) -> Tensor {
    torch.noGrad {
      if tensors.isEmpty { return Tensor.zeros([]) }
      let norms = tensors.map { norm($0.reshape(-1), normType) }
      let total = norms.count == 1 ? norms[0] : norm(torch.stack(norms.map { $0.to(norms[0].dtype) }), normType)
      if errorIfNonfinite, let value = try? total.item().doubleValue, !value.isFinite {
        return .invalid(
          TorchError(
            .value,
            "The total norm of order \(Scalar(normType)) for gradients from `parameters` is non-finite, so it cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"))
      }
      return total
    }
  }

  private static func norm(_ x: Tensor, _ p: Double) -> Tensor {
    if x.numel == 0 { return Tensor.zeros([], dtype: x.dtype) }
    if p == 0 { return (x .!= 0).to(x.dtype).sum() }
    if p == -.infinity { return x.abs().min() }
    return nn.functional.vectorNorm(x, p, dim: 0)
  }

  /// Scales all gradients together so that their norm is at most `maxNorm`; returns the norm they had.
  ///
  /// ```swift
  /// loss.backward()
  /// nn.utils.clipGradNorm_(model.parameters(), maxNorm: 1)
  /// optimizer.step()
  /// ```
  /// - Parameter errorIfNonfinite: refuse a norm that is NaN or infinite.
  @discardableResult
  public static func clipGradNorm_(
    _ parameters: [Tensor], maxNorm: Double, normType: Double = 2, errorIfNonfinite: Bool = false
  ) -> Tensor {
    let gradients = parameters.compactMap(\.grad)
    let total = getTotalNorm(gradients, normType: normType, errorIfNonfinite: errorIfNonfinite)
    if !total.isValid { return total }
    torch.noGrad {
      // As PyTorch: one multiplication whether or not the norm is too large, without reading the norm back.
      let factor = (maxNorm / (total + 1e-6)).clamp(max: 1)
      for gradient in gradients { gradient.mul_(factor.to(gradient.dtype)) }
    }
    return total
  }

  /// Bounds every element of every gradient to ±`clipValue`.
  public static func clipGradValue_(_ parameters: [Tensor], clipValue: Double) {
    torch.noGrad {
      for gradient in parameters.compactMap(\.grad) {
        gradient.clamp_(min: Scalar(-clipValue), max: Scalar(clipValue))
      }
    }
  }

  /// All parameters one after the other in one vector.
  public static func parametersToVector(_ parameters: [Tensor]) -> Tensor {
    torch.cat(parameters.map { $0.reshape(-1) })
  }

  /// Writes a vector's elements over the parameters.
  public static func vectorToParameters(_ vector: Tensor, _ parameters: [Tensor]) {
    torch.noGrad {
      var start = 0
      for parameter in parameters {
        parameter.copy_(vector.narrow(0, start, parameter.numel).reshape(like: parameter))
        start += parameter.numel
      }
    }
  }
}
