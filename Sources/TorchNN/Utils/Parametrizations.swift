// Weight and spectral normalization as parametrizations.
// Reference: https://pytorch.org/docs/stable/nn.html#torch.nn.utils.parametrizations.weight_norm

extension nn.utils {
  /// Ready-made parametrizations.
  public enum parametrizations {}
}

extension nn.utils.parametrizations {
  /// Computes `name` from a length and a direction for each index of `dim`: `g · v / ‖v‖`; nil takes one length for all.
  ///
  /// ```swift
  /// let layer = try nn.utils.parametrizations.weightNorm(nn.Linear(20, 40))
  /// // parametrizations.weight.original0 (40, 1) is g, original1 (40, 20) is v
  /// ```
  /// Checkpoints with the older names `weight_g` and `weight_v` load.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html
  @discardableResult
  public static func weightNorm<Model: nn.Module>(_ module: Model, name: String = "weight", dim: Int? = 0) throws
    -> Model
  {
    try nn.utils.parametrize.registerParametrization(module, name, WeightNorm(dim: dim ?? -1), unsafe: true)
  }

  /// Divides `name` by its largest singular value, which power iteration finds: in training mode each reading of the weight
  /// makes `nPowerIterations` steps.
  ///
  /// - Parameter dim: the dimension of the outputs; by default 1 for transposed convolutions, else 0.
  ///
  /// Reference: Miyato et al., https://arxiv.org/abs/1802.05957
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.spectral_norm.html
  @discardableResult
  public static func spectralNorm<Model: nn.Module>(
    _ module: Model, name: String = "weight", nPowerIterations: Int = 1, eps: Double = 1e-12, dim: Int? = nil
  ) throws -> Model {
    let weight = try tensor(name, of: module)
    let norm = try SpectralNorm(
      weight, nPowerIterations, dim ?? (module is nn.TransposedConvolution ? 1 : 0), eps)
    return try nn.utils.parametrize.registerParametrization(module, name, norm)
  }

  /// A parameter or buffer of `module` as its property reads.
  static func tensor(_ name: String, of module: nn.Module) throws -> Tensor {
    guard let value = module.allSlots.first(where: { $0.key == name })?.slot.current else {
      throw TorchError(.value, "Module '\(module)' has no parameter or buffer with name '\(name)'")
    }
    return value
  }
}

/// `original0` is the length g, `original1` the direction v.
final class WeightNorm: nn.Module, nn.Parametrization {
  let dim: Int

  init(dim: Int) { self.dim = dim }

  func value(of originals: [Tensor]) -> Tensor { torch.weightNorm(originals[1], originals[0], dim: dim) }

  func originals(for value: Tensor) -> [Tensor]? { [torch.normExceptDim(value, dim: dim), value] }

  override var typeName: String { "_WeightNorm" }
}

/// What the steps of a power iteration do to the singular vectors of a matrix.
enum PowerIteration {
  /// The weight as a matrix whose rows are its slices along `dim`.
  static func matrix(_ weight: Tensor, _ dim: Int) -> Tensor {
    let rows = dim == 0 ? weight : weight.permute([dim] + (0..<weight.ndim).filter { $0 != dim })
    return rows.flatten(1)
  }

  /// One half step: `target` becomes the unit vector along `matrix · vector`.
  static func step(_ target: Tensor, _ matrix: Tensor, _ vector: Tensor, _ eps: Double) {
    target.copy_(nn.functional.normalize(matrix.mv(vector), dim: 0, eps: eps))
  }
}

final class SpectralNorm: nn.Module, nn.Layer, nn.Parametrization {
  let dim: Int
  let eps: Double
  let nPowerIterations: Int
  /// The singular vectors; a vector has none.
  @Buffer("_u") var u: Tensor? = nil
  @Buffer("_v") var v: Tensor? = nil

  init(_ weight: Tensor, _ nPowerIterations: Int, _ dim: Int, _ eps: Double) throws {
    let rank = weight.ndim
    guard dim >= -rank, dim < rank else {
      throw TorchError(
        .index, "Dimension out of range (expected to be in range of [-\(rank), \(rank - 1)] but got \(dim))")
    }
    guard nPowerIterations > 0 else {
      throw TorchError(
        .value, "Expected n_power_iterations to be positive, but got n_power_iterations=\(nPowerIterations)")
    }
    (self.dim, self.eps, self.nPowerIterations) = (dim < 0 ? dim + rank : dim, eps, nPowerIterations)
    super.init()
    guard rank > 1 else { return }
    torch.noGrad {
      let matrix = PowerIteration.matrix(weight, self.dim)
      func start(_ size: Int) -> Tensor {
        nn.functional.normalize(Tensor.empty([size], dtype: matrix.dtype).normal_(), dim: 0, eps: eps)
      }
      u = start(matrix.shape[0])
      v = start(matrix.shape[1])
      iterate(matrix, 15)
    }
  }

  private func iterate(_ matrix: Tensor, _ steps: Int) {
    guard let u, let v else { return }
    torch.noGrad {
      for _ in 0..<steps {
        PowerIteration.step(u, matrix, v, eps)
        PowerIteration.step(v, matrix.mH, u, eps)
      }
    }
  }

  func forward(_ weight: Tensor) -> Tensor {
    guard let u, let v else { return nn.functional.normalize(weight, dim: 0, eps: eps) }
    let matrix = PowerIteration.matrix(weight, dim)
    if training { iterate(matrix, nPowerIterations) }
    // Copies, since a later forward changes the vectors while this one's backward may still be wanted.
    return weight / u.clone().vdot(matrix.mv(v.clone()))
  }

  func originals(for value: Tensor) -> [Tensor]? { [value] }

  override var typeName: String { "_SpectralNorm" }
}
