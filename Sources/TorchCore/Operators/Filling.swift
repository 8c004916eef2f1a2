// One number everywhere: fill and zero.

enum Filling {
  static let fill = WritingOperator(
    "fill.Scalar(Tensor self, Scalar value) -> Tensor", out: "Scalar_out", isIdempotent: true,
    write: { (x: Tensor, value: Scalar) in try x.backend.fill(x, with: value) },
    derivative: { _, _, x, _ in
      let (shape, dtype) = (x.shape, x.dtype)
      return { _ in [Tensor.zeros(shape, dtype: dtype)] }
    })

  static let fillTensor = WritingOperator(
    "fill.Tensor(Tensor self, Tensor value) -> Tensor", out: "Tensor_out", gradientName: "FillBackward1",
    isIdempotent: true,
    write: { (x: Tensor, value: Tensor) in
      guard value.ndim == 0 else {
        throw TorchError(
          .shape,
          "fill_ only supports 0-dimension value tensor but got tensor with \(value.ndim) dimensions.")
      }
      try x.backend.copy(value.storage === x.storage ? value.packed() : value, into: x)
    },
    derivative: { _, _, x, _ in
      let (shape, dtype) = (x.shape, x.dtype)
      return { g in [Tensor.zeros(shape, dtype: dtype), g[0].sum()] }
    })

  static let zero = WritingOperator(
    "zero(Tensor self) -> Tensor", isIdempotent: true,
    write: { (x: Tensor) in try x.backend.fill(x, with: 0) },
    derivative: { _, _, x in
      let (shape, dtype) = (x.shape, x.dtype)
      return { _ in [Tensor.zeros(shape, dtype: dtype)] }
    })

  static let fillDiagonal = Operator(
    composite: "fill_diagonal_(Tensor(a!) self, Scalar fill_value, bool wrap=False) -> Tensor(a!)"
  ) { (x: Tensor, value: Scalar, wrap: Bool) in
    guard x.ndim >= 2 else { throw TorchError(.shape, "dimensions must larger than 1") }
    guard x.ndim == 2 || x.shape.allSatisfy({ $0 == x.shape[0] }) else {
      throw TorchError(.shape, "all dimensions of input must be of equal length")
    }
    let (rows, columns, step) = (x.shape[0], x.shape[x.ndim - 1], x.strides.reduce(0, +))
    x.asStrided([x.shape.min() ?? 0], [step], storageOffset: x.storageOffset).fill_(value)
    if wrap, x.ndim == 2, rows > columns + 1 {
      let below = (x.numel + columns) / (columns + 1) - columns
      x.asStrided([below], [step], storageOffset: x.storageOffset + x.strides[0] * (columns + 1)).fill_(value)
    }
    return x
  }

  static let operators: [AnyOperator] = fill.operators + fillTensor.operators + zero.operators + [fillDiagonal]
}

extension Tensor {
  /// Makes every element `value`.
  @discardableResult
  public func fill_(_ value: Scalar) -> Tensor { Filling.fill.inPlace(self, value) }
  /// Makes every element the one of `value`, which has no dimensions.
  @discardableResult
  public func fill_(_ value: Tensor) -> Tensor { Filling.fillTensor.inPlace(self, value) }
  /// Makes every element zero.
  @discardableResult
  public func zero_() -> Tensor { Filling.zero.inPlace(self) }
}
