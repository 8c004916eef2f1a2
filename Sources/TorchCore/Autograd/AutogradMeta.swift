// The part of a tensor's autograd state that few tensors need: collected gradient, hooks, what it is a view of.

final class AutogradMeta {
  var grad: Tensor?
  /// Where among the node's hooks the one is that keeps the gradient; nil where it is not kept.
  var retainHook: Int?
  var hooks: [(id: Int, body: (Tensor) -> Tensor?)] = []
  var postAccumulateHooks: [(id: Int, body: (Tensor) -> Void)] = []
  var nextHook = 0
  var failure: TorchError?
  /// What a sparse tensor stores (Note [Sparse tensors]).
  var sparse: SparseParts?
  /// Whether the failure is that its sizes are not known yet.
  var isUninitialized = false
  var view: ViewInfo?
  /// The batch that a sample inside of vmap stands for.
  var batched: BatchedValue?
}

/// Note [Views and in-place]
///
/// A differentiable view knows its base. Writing to a view in place replaces the *base's* gradient function by
/// one that routes the gradient of the written part through the write (`CopySlices`); every view of that base,
/// the written one included, then makes its own gradient function anew, as a plain `as_strided` of the base,
/// the next time it is asked for. The storage's version tells when that is due.
struct ViewInfo {
  let base: Tensor
  /// The storage's version for which the view's gradient function holds.
  var version: UInt32
  /// PyTorch refuses to record a write to a view that was made while recording was off.
  let madeWithoutGrad: Bool
}

extension Tensor {
  func ensureAutograd() -> AutogradMeta {
    if let autograd { return autograd }
    let meta = AutogradMeta()
    autograd = meta
    return meta
  }

  /// Whether operations on this tensor are recorded for differentiation.
  ///
  /// Setting it makes a leaf collect gradients in `grad`; only floating point and complex tensors can.
  @inline(__always)
  public var requiresGrad: Bool {
    get {
      if flags.contains(.differentiableView) { refreshView() }
      return flags.contains(.requiresGrad)
    }
    set { requiresGrad_(newValue) }
  }

  /// Starts or stops collecting gradients in this leaf, and returns it.
  @discardableResult
  public func requiresGrad_(_ value: Bool = true) -> Tensor {
    if value, !dtype.isDifferentiable {
      return .invalid(
        TorchError(.dtype, "only Tensors of floating point dtype can require gradients"))
    }
    if value, flags.contains(.inference), !Modes.current.contains(.inference) {
      return .invalid(
        TorchError(.autograd, "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."))
    }
    if !value, recordedGradFn != nil {
      return .invalid(
        TorchError(
          .autograd,
          "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."))
    }
    if value { flags.insert(.requiresGrad) } else { flags.remove(.requiresGrad) }
    autograd?.batched?.physical.requiresGrad_(value)
    return self
  }

  /// Whether the user made it, rather than a recorded operation.
  public var isLeaf: Bool { gradFn == nil }

  /// The recorded call that made it.
  public var gradFn: Node? {
    if flags.contains(.differentiableView) { refreshView() }
    return recordedGradFn
  }

  /// The gradient collected in this leaf so far; nil before the first `backward`.
  public var grad: Tensor? {
    get { autograd?.grad }
    set {
      if let newValue, !newValue.isSparse, let failure = newValue.failure { return ErrorScope.report(failure) }
      if let newValue, newValue.shape != shape || newValue.dtype != dtype {
        ErrorScope.report(
          TorchError(
            .shape,
            newValue.shape != shape
              ? "attempting to assign a gradient of size '\(newValue.shape.listDescription)' to a tensor of size '\(shape.listDescription)'. Please ensure that the gradient and the tensor are the same size"
              : "attempting to assign a gradient with dtype '\(newValue.dtype.name)' to a tensor of dtype '\(dtype.name)'"))
        return
      }
      ensureAutograd().grad = newValue
    }
  }

  /// Makes a computed tensor keep its gradient in `grad`, as it is after all hooks.
  public func retainGrad() {
    guard requiresGrad else {
      ErrorScope.report(TorchError(.autograd, "can't retain_grad on Tensor that has requires_grad=False"))
      return
    }
    guard let node = gradFn, ensureAutograd().retainHook == nil else { return }
    ensureAutograd().retainHook = node.preHooks.count
    let number = Int(outputNumber)
    node.preHooks.append((number, { [weak self] gradient in
      guard let meta = self?.autograd else { return nil }
      // The same gradient goes on through the graph, and may become another tensor's.
      meta.grad = meta.grad.map { $0 + gradient } ?? gradient.clone()
      return nil
    }))
  }

  /// Calls `body` with the gradient of this tensor whenever one is computed; what it returns replaces it.
  /// - Returns: a handle that takes the hook off again.
  @discardableResult
  public func registerHook(_ body: @escaping (Tensor) -> Tensor?) -> HookHandle {
    guard requiresGrad else {
      ErrorScope.report(TorchError(.autograd, "cannot register a hook on a tensor that doesn't require gradient"))
      return HookHandle {}
    }
    if let node = gradFn {
      let token = HookToken()
      let place = autograd?.retainHook ?? node.preHooks.count
      node.preHooks.insert((Int(outputNumber), { token.isActive ? body($0) : nil }), at: place)
      if autograd?.retainHook != nil { autograd!.retainHook! += 1 }
      return HookHandle { token.isActive = false }
    }
    let meta = ensureAutograd()
    let id = meta.nextHook
    meta.nextHook += 1
    meta.hooks.append((id, body))
    return HookHandle { [weak meta] in meta?.hooks.removeAll { $0.id == id } }
  }

  /// Calls `body` with this leaf each time its `grad` has been added to.
  @discardableResult
  public func registerPostAccumulateGradHook(_ body: @escaping (Tensor) -> Void) -> HookHandle {
    guard isLeaf else {
      ErrorScope.report(
        TorchError(.autograd, "post accumulate grad hooks cannot be registered on non-leaf tensors"))
      return HookHandle {}
    }
    let meta = ensureAutograd()
    let id = meta.nextHook
    meta.nextHook += 1
    meta.postAccumulateHooks.append((id, body))
    return HookHandle { [weak meta] in meta?.postAccumulateHooks.removeAll { $0.id == id } }
  }
}

private final class HookToken { var isActive = true }

/// Takes a hook off again.
public final class HookHandle {
  private var action: (() -> Void)?
  package init(_ action: @escaping () -> Void) { self.action = action }

  public func remove() {
    action?()
    action = nil
  }
}
