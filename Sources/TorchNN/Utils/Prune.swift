// Pruning: parameters with a mask that keeps some of their elements at zero.
//
// A pruned `weight` reads as `weight_orig · weight_mask`; `weight_orig` is the parameter, `weight_mask` a buffer.
// Reference: https://pytorch.org/tutorials/intermediate/pruning_tutorial.html

extension nn.utils {
  /// Pruning of modules' parameters.
  public enum prune {}
}

extension nn.utils.prune {
  /// How much to prune: a number of elements or channels, or a fraction of them.
  public enum Amount: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, Sendable {
    case count(Int)
    case fraction(Double)

    public init(integerLiteral value: Int) { self = .count(value) }
    public init(floatLiteral value: Double) { self = .fraction(value) }

    /// How many of `total`.
    func number(of total: Int) throws -> Int {
      switch self {
      case .count(let n):
        guard n >= 0 else { throw outOfRange("\(n)") }
        guard n <= total else {
          throw TorchError(
            .value, "amount=\(n) should be smaller than the number of parameters to prune=\(total)")
        }
        return n
      case .fraction(let part):
        guard (0...1).contains(part) else { throw outOfRange("\(Scalar(part))") }
        return Int((part * Double(total)).rounded(.toNearestOrEven))
      }
    }

    private func outOfRange(_ amount: String) -> TorchError {
      TorchError(
        .value, "amount=\(amount) should either be a float in the range [0, 1] or a non-negative integer")
    }
  }

  /// What a method prunes, and so what it sees of a tensor that is pruned already.
  public enum Kind: Sendable {
    /// Elements, among those that are left.
    case unstructured
    /// Channels along a dimension, among those that are left.
    case structured(dim: Int)
    /// The method looks at the tensor as a whole.
    case global
  }

  /// A way to choose what to prune.
  public protocol Method {
    var kind: Kind { get }
    /// The mask for scores: `mask` with zeros where to prune.
    func mask(_ scores: Tensor, _ mask: Tensor) throws -> Tensor
  }

  // MARK: Applying

  /// Prunes the parameter `name` of `module`, on top of what is pruned of it already.
  ///
  /// - Parameter importanceScores: what the method judges by, of the parameter's shape; by default its values.
  /// - Throws: `TorchError` where there is no such parameter or the amount makes no sense; nothing is changed then.
  @discardableResult
  public static func apply<Model: nn.Module>(
    _ method: some Method, _ module: Model, _ name: String, importanceScores: Tensor? = nil
  ) throws -> Model {
    guard let slot = module.allSlots.first(where: { $0.key == name })?.slot, let value = slot.current,
      slot.replacement == nil || slot.replacement?.kind == .mask
    else { throw TorchError(.value, "\(module.typeName) has no parameter '\(name)' that can be pruned") }
    let scores = importanceScores ?? value
    guard scores.shape == value.shape else {
      throw TorchError(
        .shape,
        "importance_scores should have the same shape as parameter \(name) of \(module), got \(scores.shape) vs \(value.shape)")
    }
    let isPruned = slot.replacement != nil
    let before = isPruned ? module.registeredSlot(name + "_mask").tensor! : Tensor.ones(like: value.detach())
    let mask = try torch.noGrad {
      try (isPruned ? combined(method, scores.detach(), before) : method.mask(scores.detach(), before))
    }
    if let failure = mask.failure { throw failure }
    if isPruned {
      module.registeredSlot(name + "_mask").tensor = mask
      return module
    }
    module.registerParameter(name + "_orig", slot.tensor)
    module.registerBuffer(name + "_mask", mask)
    let (original, kept) = (module.registeredSlot(name + "_orig"), module.registeredSlot(name + "_mask"))
    slot.replacement = TensorReplacement(
      kind: .mask, value: { kept.tensor!.to(original.tensor!.dtype) * original.tensor! })
    return module
  }

  /// The method's choice among what `mask` has left.
  static func combined(_ method: some Method, _ scores: Tensor, _ mask: Tensor) throws -> Tensor {
    let mask = mask.to(scores.dtype)
    switch method.kind {
    case .global: return try method.mask(scores, mask)
    case .unstructured:
      let left = mask .== 1
      return mask.maskedScatter(left, try method.mask(scores[left], mask[left]).to(mask.dtype))
    case .structured(let dim):
      let dim = dim < 0 ? dim + scores.ndim : dim
      guard dim >= 0, dim < scores.ndim else {
        throw TorchError(.index, "Index is out of bounds for tensor with dimensions \(scores.ndim)")
      }
      let others = (0..<scores.ndim).filter { $0 != dim }
      let left = (mask.sum(dim: others) .!= 0).nonzero().squeeze(1)
      let part = try method.mask(scores.indexSelect(dim, left), mask.indexSelect(dim, left))
      return mask.indexCopy(dim, left, part.to(mask.dtype))
    }
  }

  /// Prunes several parameters together, so that those with the least scores among all go.
  ///
  /// ```swift
  /// try nn.utils.prune.globalUnstructured(
  ///   [(net.fc1, "weight"), (net.fc2, "weight")], nn.utils.prune.L1Unstructured(amount: 0.2))
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.global_unstructured.html
  public static func globalUnstructured(_ parameters: [(module: nn.Module, name: String)], _ method: some Method) throws {
    guard case .unstructured = method.kind else {
      throw TorchError(
        .type,
        "Only \"unstructured\" PRUNING_TYPE supported for the `pruning_method`. Found method \(type(of: method)) of another type")
    }
    var values: [Tensor] = []
    var masks: [Tensor] = []
    for (module, name) in parameters {
      guard let slot = module.allSlots.first(where: { $0.key == name })?.slot, let value = slot.current else {
        throw TorchError(.value, "\(module.typeName) has no parameter '\(name)'")
      }
      values.append(value.detach())
      let isPruned = slot.replacement?.kind == .mask
      masks.append(isPruned ? module.registeredSlot(name + "_mask").tensor! : Tensor.ones(like: value.detach()))
    }
    let all = try torch.noGrad {
      try combined(method, nn.utils.parametersToVector(values), nn.utils.parametersToVector(masks))
    }
    if let failure = all.failure { throw failure }
    var start = 0
    for ((module, name), value) in zip(parameters, values) {
      try customFromMask(module, name, mask: all.narrow(0, start, value.numel).reshape(like: value))
      start += value.numel
    }
  }

  // MARK: Removing

  /// Makes the pruning of `name` permanent: it is an ordinary parameter again, with zeros.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.remove.html
  @discardableResult
  public static func remove<Model: nn.Module>(_ module: Model, _ name: String) throws -> Model {
    guard let slot = module.allSlots.first(where: { $0.key == name })?.slot, slot.replacement?.kind == .mask else {
      throw TorchError(
        .value, "Parameter '\(name)' of module \(module) has to be pruned before pruning can be removed")
    }
    let original = module.registeredSlot(name + "_orig").tensor!
    original.setData(torch.noGrad { slot.current! }.detach())
    slot.replacement = nil
    slot.tensor = original
    module.unregister(name + "_orig")
    module.unregister(name + "_mask")
    return module
  }

  /// Whether anything in `module` is pruned.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.is_pruned.html
  public static func isPruned(_ module: nn.Module) -> Bool {
    module.modules().contains { $0.allSlots.contains { $0.slot.replacement?.kind == .mask } }
  }
}
