// Ways to fill parameters: `torch.nn.init`, with its formulas and its draws, so that a seed gives the same weights.
//
// Departure from PyTorch: the namespace is `nn.initializers`, because `nn.init` names a constructor in Swift.
// Reference: https://pytorch.org/docs/stable/nn.init.html

import Foundation

extension nn {
  /// Functions that fill a tensor in place, outside the graph, and return it.
  public enum initializers {
    /// The function after a layer, for the gain that keeps variances.
    public enum Nonlinearity: Sendable {
      case linear, conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d
      case sigmoid, tanh, relu, selu
      /// With the negative slope.
      case leakyRelu(Double = 0.01)
    }

    /// Which side's number of connections a Kaiming initialiser keeps the variance for.
    public enum FanMode: Sendable { case fanIn, fanOut }

    /// The factor by which weights before `nonlinearity` are scaled.
    public static func calculateGain(_ nonlinearity: Nonlinearity) -> Double {
      switch nonlinearity {
      case .linear, .conv1d, .conv2d, .conv3d, .convTranspose1d, .convTranspose2d, .convTranspose3d, .sigmoid: 1
      case .tanh: 5.0 / 3
      case .relu: 2.0.squareRoot()
      case .leakyRelu(let slope): (2 / (1 + slope * slope)).squareRoot()
      case .selu: 3.0 / 4
      }
    }

    /// The connections into and out of one unit of a weight (out, in, …).
    public static func fanInAndFanOut(_ tensor: Tensor) throws -> (fanIn: Int, fanOut: Int) {
      guard tensor.ndim >= 2 else {
        throw TorchError(.shape, "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions")
      }
      let field = tensor.shape.dropFirst(2).reduce(1, *)
      return (tensor.shape[1] * field, tensor.shape[0] * field)
    }

    // MARK: Given values

    @discardableResult
    public static func constant_(_ tensor: Tensor, _ value: Scalar) -> Tensor {
      guarded(tensor) { tensor.copy_(Tensor.full([], value, dtype: tensor.dtype)) }
    }

    @discardableResult
    public static func ones_(_ tensor: Tensor) -> Tensor { constant_(tensor, 1) }

    @discardableResult
    public static func zeros_(_ tensor: Tensor) -> Tensor { constant_(tensor, 0) }

    /// The identity matrix.
    @discardableResult
    public static func eye_(_ tensor: Tensor) -> Tensor {
      guarded(tensor) {
        guard tensor.ndim == 2 else { throw TorchError(.shape, "Only tensors with 2 dimensions are supported") }
        tensor.copy_(Tensor.eye(tensor.shape[0], tensor.shape[1], dtype: tensor.dtype))
      }
    }

    /// A convolution weight that passes its input on, as many channels as there are, group by group.
    @discardableResult
    public static func dirac_(_ tensor: Tensor, groups: Int = 1) -> Tensor {
      guarded(tensor) {
        guard (3...5).contains(tensor.ndim) else {
          throw TorchError(.shape, "Only tensors with 3, 4, or 5 dimensions are supported")
        }
        guard groups > 0, tensor.shape[0] % groups == 0 else {
          throw TorchError(.shape, "dim 0 must be divisible by groups")
        }
        zeros_(tensor)
        let perGroup = tensor.shape[0] / groups
        for g in 0..<groups {
          for d in 0..<min(perGroup, tensor.shape[1]) {
            var cell = tensor.select(0, g * perGroup + d).select(0, d)
            for size in tensor.shape.dropFirst(2) { cell = cell.select(0, size / 2) }
            ones_(cell)
          }
        }
      }
    }

    // MARK: Draws

    /// Uniform in [a, b).
    @discardableResult
    public static func uniform_(_ tensor: Tensor, _ a: Double = 0, _ b: Double = 1, generator: Generator? = nil) -> Tensor {
      guarded(tensor) { tensor.uniform_(a, b, generator: generator) }
    }

    @discardableResult
    public static func normal_(
      _ tensor: Tensor, mean: Double = 0, std: Double = 1, generator: Generator? = nil
    ) -> Tensor {
      guarded(tensor) { tensor.normal_(mean: mean, std: std, generator: generator) }
    }

    /// Uniform with the variance that keeps activations' and gradients' alike: bound `gain · √(6 / (in + out))`.
    /// Reference: Glorot and Bengio 2010.
    @discardableResult
    public static func xavierUniform_(_ tensor: Tensor, gain: Double = 1, generator: Generator? = nil) -> Tensor {
      guarded(tensor) {
        let fan = try fanInAndFanOut(tensor)
        let bound = 3.0.squareRoot() * (gain * (2.0 / Double(fan.fanIn + fan.fanOut)).squareRoot())
        tensor.uniform_(-bound, bound, generator: generator)
      }
    }

    /// Normal with standard deviation `gain · √(2 / (in + out))`.
    @discardableResult
    public static func xavierNormal_(_ tensor: Tensor, gain: Double = 1, generator: Generator? = nil) -> Tensor {
      guarded(tensor) {
        let fan = try fanInAndFanOut(tensor)
        tensor.normal_(std: gain * (2.0 / Double(fan.fanIn + fan.fanOut)).squareRoot(), generator: generator)
      }
    }

    /// Uniform with bound `gain · √(3 / fan)`.
    /// Reference: He et al. 2015.
    @discardableResult
    public static func kaimingUniform_(
      _ tensor: Tensor, mode: FanMode = .fanIn, nonlinearity: Nonlinearity = .leakyRelu(0), generator: Generator? = nil
    ) -> Tensor {
      guarded(tensor) {
        if tensor.numel == 0 { return }
        let std = calculateGain(nonlinearity) / Double(try fan(tensor, mode)).squareRoot()
        let bound = 3.0.squareRoot() * std
        tensor.uniform_(-bound, bound, generator: generator)
      }
    }

    /// Normal with standard deviation `gain / √fan`.
    @discardableResult
    public static func kaimingNormal_(
      _ tensor: Tensor, mode: FanMode = .fanIn, nonlinearity: Nonlinearity = .leakyRelu(0), generator: Generator? = nil
    ) -> Tensor {
      guarded(tensor) {
        if tensor.numel == 0 { return }
        let std = calculateGain(nonlinearity) / Double(try fan(tensor, mode)).squareRoot()
        tensor.normal_(std: std, generator: generator)
      }
    }

    private static func fan(_ tensor: Tensor, _ mode: FanMode) throws -> Int {
      let fan = try fanInAndFanOut(tensor)
      return mode == .fanIn ? fan.fanIn : fan.fanOut
    }

    /// Whether tensors are left as they are (`nn.utils.skipInit`).
    @TaskLocal static var isSkipped = false

    /// Runs `body` outside the graph; what it throws is reported as tensor expressions report it.
    static func guarded(_ tensor: Tensor, _ body: () throws -> Void) -> Tensor {
      if !tensor.isValid || isSkipped { return tensor }
      do {
        try torch.noGrad(body)
        return tensor
      } catch {
        return .invalid(error as? TorchError ?? TorchError(.value, "\(error)"))
      }
    }
  }
}
