// Weight and spectral normalization as they were before parametrizations, for checkpoints that have their keys.
//
// `nn.utils.parametrizations` has the forms that new code should use.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html

extension nn.utils {
  /// Computes the parameter `name` as `g · v / ‖v‖` from the parameters `<name>_g` and `<name>_v`.
  ///
  /// - Parameter dim: the dimension with a length for each index; nil takes one length for all.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html
  @discardableResult
  public static func weightNorm<Model: nn.Module>(_ module: Model, name: String = "weight", dim: Int? = 0) throws
    -> Model
  {
    let slot = try replaceable(name, of: module, .weightNorm, "weight_norm")
    let dim = dim ?? -1
    let weight = slot.tensor!
    let length = torch.noGrad { torch.normExceptDim(weight, dim: dim) }
    if let failure = length.failure { throw failure }
    module.registerParameter(name + "_g", length)
    module.registerParameter(name + "_v", weight.detach().clone())
    let (g, v) = (module.registeredSlot(name + "_g"), module.registeredSlot(name + "_v"))
    slot.replacement = TensorReplacement(
      kind: .weightNorm, value: { torch.weightNorm(v.tensor!, g.tensor!, dim: dim) })
    return module
  }

  /// Makes `name` an ordinary parameter again, with the value that it has.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.remove_weight_norm.html
  @discardableResult
  public static func removeWeightNorm<Model: nn.Module>(_ module: Model, name: String = "weight") throws -> Model {
    try restore(name, of: module, .weightNorm, "weight_norm", ["_g", "_v"])
  }

  /// Divides the parameter `name` by its largest singular value; a forward in training mode makes `nPowerIterations` steps of
  /// power iteration on the buffers `<name>_u` and `<name>_v`. The parameter is `<name>_orig`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.spectral_norm.html
  @discardableResult
  public static func spectralNorm<Model: nn.Module>(
    _ module: Model, name: String = "weight", nPowerIterations: Int = 1, eps: Double = 1e-12, dim: Int? = nil
  ) throws -> Model {
    guard nPowerIterations > 0 else {
      throw TorchError(
        .value, "Expected n_power_iterations to be positive, but got n_power_iterations=\(nPowerIterations)")
    }
    let slot = try replaceable(name, of: module, .spectralNorm, "spectral_norm")
    let dim = dim ?? (module is nn.TransposedConvolution ? 1 : 0)
    let weight = slot.tensor!
    let matrix = torch.noGrad { PowerIteration.matrix(weight, dim) }
    if let failure = matrix.failure { throw failure }
    func start(_ size: Int) -> Tensor {
      nn.functional.normalize(Tensor.empty([size], dtype: weight.dtype).normal_(), dim: 0, eps: eps)
    }
    let (u0, v0) = (start(matrix.shape[0]), start(matrix.shape[1]))
    module.registerParameter(name + "_orig", weight)
    module.registerBuffer(name + "_u", u0)
    module.registerBuffer(name + "_v", v0)
    let original = module.registeredSlot(name + "_orig")
    let (u, v) = (module.registeredSlot(name + "_u"), module.registeredSlot(name + "_v"))

    var value = weight.detach()
    slot.replacement = TensorReplacement(kind: .spectralNorm, value: { value })
    // Computed once a forward; between forwards the property reads what the last one used.
    let hook = module.observeInputs { module, _ in
      let (w, u, v) = (original.tensor!, u.tensor!, v.tensor!)
      let matrix = PowerIteration.matrix(w, dim)
      if module.training {
        torch.noGrad {
          for _ in 0..<nPowerIterations {
            PowerIteration.step(v, matrix.t(), u, eps)
            PowerIteration.step(u, matrix, v, eps)
          }
        }
      }
      value = w / u.clone().dot(matrix.mv(v.clone()))
    }
    slot.replacement?.end = {
      hook.remove()
      // The vectors as they are, without another step.
      let matrix = PowerIteration.matrix(original.tensor!, dim)
      return original.tensor! / u.tensor!.dot(matrix.mv(v.tensor!))
    }
    return module
  }

  /// Makes `name` an ordinary parameter again, with the value that the vectors give.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.remove_spectral_norm.html
  @discardableResult
  public static func removeSpectralNorm<Model: nn.Module>(_ module: Model, name: String = "weight") throws -> Model {
    try restore(name, of: module, .spectralNorm, "spectral_norm", ["_u", "_v", "_orig"])
  }

  private static func replaceable(
    _ name: String, of module: nn.Module, _ kind: TensorReplacement.Kind, _ function: String
  ) throws -> TensorSlot {
    guard let slot = module.allSlots.first(where: { $0.key == name })?.slot else {
      throw TorchError(.value, "\(module.typeName) has no parameter '\(name)'")
    }
    if slot.replacement?.kind == kind {
      throw TorchError(.state, "Cannot register two \(function) hooks on the same parameter \(name)")
    }
    guard let tensor = slot.tensor, slot.replacement == nil else {
      throw TorchError(.value, "\(function) cannot be applied as parameter `\(name)` is None")
    }
    if let failure = tensor.failure { throw failure }
    return slot
  }

  private static func restore<Model: nn.Module>(
    _ name: String, of module: Model, _ kind: TensorReplacement.Kind, _ function: String, _ suffixes: [String]
  ) throws -> Model {
    guard let slot = module.allSlots.first(where: { $0.key == name })?.slot, let replacement = slot.replacement,
      replacement.kind == kind
    else { throw TorchError(.value, "\(function) of '\(name)' not found in \(module)") }
    let value = torch.noGrad { (replacement.end ?? replacement.value)() }
    if let failure = value.failure { throw failure }
    slot.replacement = nil
    slot.tensor = value.detach().requiresGrad_()
    for suffix in suffixes { module.unregister(name + suffix) }
    return module
  }
}

extension nn.Module {
  /// The slot that `registerParameter` or `registerBuffer` has made for `key`.
  func registeredSlot(_ key: String) -> TensorSlot {
    if let parameter = registered!.parameters.first(where: { $0.key == key }) { return parameter.slot }
    return registered!.buffers.first { $0.key == key }!.slot
  }

  /// Takes back `registerParameter` or `registerBuffer`.
  func unregister(_ key: String) {
    registered?.parameters.removeAll { $0.key == key }
    registered?.buffers.removeAll { $0.key == key }
  }
}
