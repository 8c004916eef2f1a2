// Tensors whose sizes are not known yet: the parameters of lazy modules.
//
// One is an invalid tensor that reports nothing until it is used, and becomes an ordinary one, the same object, when it is
// materialized.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedParameter.html

extension Tensor {
  /// A tensor of `dtype` without sizes; `name` is PyTorch's class of it.
  package static func uninitialized(_ name: String, _ dtype: DType, requiresGrad: Bool) -> Tensor {
    let tensor = Tensor.empty([0], dtype: dtype)
    if requiresGrad { tensor.requiresGrad_() }
    tensor.flags.insert(.invalid)
    let meta = tensor.ensureAutograd()
    meta.isUninitialized = true
    meta.failure = TorchError(
      .value,
      "Attempted to use an uninitialized parameter. This error happens when you are using a `LazyModule` or explicitly manipulating `torch.nn.parameter.\(name)` objects. When using LazyModules Call `forward` with a dummy batch to initialize the parameters before calling torch functions")
    return tensor
  }

  /// Whether its sizes are not known yet.
  public var isUninitialized: Bool { autograd?.isUninitialized ?? false }

  /// Gives an uninitialized tensor sizes, and memory whose values are not set. It stays the same object.
  public func materialize(_ shape: Shape, dtype: DType? = nil) {
    guard isUninitialized else { return }
    let data = Tensor.empty(shape, dtype: dtype ?? self.dtype)
    guard data.isValid else { return }
    setData(data)
    flags.remove(.invalid)
    autograd?.failure = nil
    autograd?.isUninitialized = false
  }

  /// Makes an uninitialized tensor one of the dtype that `change` gives to others of its dtype.
  package func convertUninitialized(_ change: (Tensor) -> Tensor) {
    dtype = change(Tensor.empty([0], dtype: dtype)).dtype
  }
}
