// Local response normalization as Torch 7 had it.
//
// PyTorch keeps it for old checkpoints, with two peculiarities that this follows: the first channel stays in the sums of
// all windows beyond the first, and the gradient's window lies before the channel instead of around it. New networks
// want `LocalResponseNorm`.
// Reference: torch/nn/modules/_functions.py

extension nn {
  /// x / (k + α / size · Σ x² over neighbouring channels)ᵝ for x (N, C, H, W), with PyTorch's windows (see above).
  public final class CrossMapLRN2d: Module, Layer {
    public let size: Int
    public let alpha: Double
    public let beta: Double
    public let k: Double

    public init(_ size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1) {
      self.size = size
      self.alpha = alpha
      self.beta = beta
      self.k = k
    }

    public func forward(_ x: Tensor) -> Tensor {
      guard !x.isValid || x.ndim == 4 else {
        return .invalid(TorchError(.value, "CrossMapLRN2d: Expected input to be 4D, got \(x.ndim)D instead."))
      }
      return CrossMapLRN2dFunction.apply(x, Tensor([Double(size), alpha, beta, k], dtype: .float64))[0]
    }

    public override var extraRepr: String {
      // The default of k is an integer in PyTorch, and is printed so.
      "\(size), alpha=\(Scalar(alpha)), beta=\(Scalar(beta)), k=\(k == 1 ? "1" : "\(Scalar(k))")"
    }
  }
}

/// The inputs are x and the numbers size, α, β, k.
private enum CrossMapLRN2dFunction: AutogradFunction {
  static func forward(_ context: FunctionContext, _ inputs: [Tensor]) throws -> [Tensor] {
    let x = inputs[0]
    let (size, alpha, beta, k) = try numbers(inputs[1])
    let (squares, channels, reach) = (x * x, x.shape[1], (size - 1) / 2 + 1)
    // Channel c sums the squares from c - reach + 1 to c + reach - 1, and of channel 0.
    let sums = (0..<channels).map { c -> Tensor in
      let first = Swift.max(c - reach + 1, 0)
      let sum = squares.narrow(1, first, Swift.min(c + reach, channels) - first).sum(dim: 1)
      return c >= reach ? sum + squares.select(1, 0) : sum
    }
    let scale = torch.stack(sums, dim: 1) * (alpha / Double(size)) + k
    let y = scale.pow(-beta) * x
    context.save(x, y, scale, inputs[1])
    return [y]
  }

  static func backward(_ context: FunctionContext, _ gradients: [Tensor]) throws -> [Tensor?] {
    let saved = try context.saved
    let (x, y, scale, g) = (saved[0], saved[1], saved[2], gradients[0])
    let (size, alpha, beta, _) = try numbers(saved[3])
    let before = size - (size - 1) / 2
    let ratio = (g * y / scale).constantPadND([0, 0, 0, 0, before, size - 1 - before])
    let windows = (0..<x.shape[1]).map { ratio.narrow(1, $0, size).sum(dim: 1) }
    return [scale.pow(-beta) * g - x * torch.stack(windows, dim: 1) * (2 * alpha * beta / Double(size)), nil]
  }

  private static func numbers(_ values: Tensor) throws -> (Int, Double, Double, Double) {
    let values = try values.toArray(Double.self)
    return (Int(values[0]), values[1], values[2], values[3])
  }
}
