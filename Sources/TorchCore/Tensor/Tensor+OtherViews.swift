// Parts of tensors that are copies, factories with strides, and writing to a diagonal.
// Reference: https://pytorch.org/docs/stable/tensors.html

/// The operators that have no other Swift name.
private enum Named {
  static let narrowCopy: Operator<Tensor, Int, Int, Int, Tensor> = OperatorRegistry.handle("narrow_copy")
  static let unsafeChunk: Operator<Tensor, Int, Int, [Tensor]> = OperatorRegistry.handle("unsafe_chunk")
  static let unsafeSplit: Operator<Tensor, Int, Int, [Tensor]> = OperatorRegistry.handle("unsafe_split.Tensor")
}

extension Tensor {
  /// A copy of `length` slices along `dim` from `start` on.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.narrow_copy.html
  public func narrowCopy(_ dim: Int, _ start: Int, _ length: Int) -> Tensor {
    Named.narrowCopy(self, dim, start, length)
  }

  /// `chunk` whose parts autograd does not know to share memory: writing into one does not reach the others' gradients.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.unsafe_chunk.html
  public func unsafeChunk(_ chunks: Int, dim: Int = 0) -> [Tensor] { Named.unsafeChunk(self, chunks, dim) }
  /// `split` in the same way.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.unsafe_split.html
  public func unsafeSplit(_ splitSize: Int, dim: Int = 0) -> [Tensor] { Named.unsafeSplit(self, splitSize, dim) }

  /// Writes `value` to the main diagonal of a matrix, or of a tensor whose dimensions are all equal.
  ///
  /// In a tall matrix `wrap` starts the diagonal again below a row that is left out.
  ///
  /// ```swift
  /// print(torch.zeros(3, 3).fillDiagonal_(5))
  /// // tensor([[5., 0., 0.],
  /// //         [0., 5., 0.],
  /// //         [0., 0., 5.]])
  /// ```
  /// Errors: fewer than two dimensions, or more of unequal sizes, are errors of kind `.shape`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.fill_diagonal_.html
  @discardableResult public func fillDiagonal_(_ value: Scalar, wrap: Bool = false) -> Tensor {
    Filling.fillDiagonal(self, value, wrap)
  }
}
