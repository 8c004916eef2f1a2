// Replacing what a tensor holds while it stays the same object.

extension Tensor {
  /// Makes this tensor hold `source`'s memory and geometry; its place in the graph, flags and gradient stay.
  ///
  /// This is what `module.to(…)` does to parameters, so that optimizers which hold them need not be told.
  /// PyTorch's `tensor.data = source`.
  package func setData(_ source: Tensor) {
    guard source.isValid else { return }
    adopt(
      storage: source.storage, shape: source.shape, strides: source.strides, offset: source.storageOffset,
      dtype: source.dtype)
  }
}
