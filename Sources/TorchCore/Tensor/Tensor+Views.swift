// Methods for views; the operators are in Operators/Views.swift.

extension Tensor {
  /// The same memory under other sizes, one of which may be -1.
  ///
  /// ```swift
  /// let x = Tensor.arange(6).view(2, 3)
  /// ```
  /// Refused, with PyTorch's message, where the strides do not allow it: use `reshape`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.view.html
  public func view(_ sizes: [Int]) -> Tensor { Views.view(self, sizes) }
  public func view(_ sizes: Int...) -> Tensor { view(sizes) }
  public func view(as other: Tensor) -> Tensor { view(Array(other.shape)) }

  /// Repeats dimensions of size 1 without copying; -1 keeps a size.
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html
  public func expand(_ sizes: [Int]) -> Tensor { Views.expand(self, sizes, false) }
  public func expand(_ sizes: Int...) -> Tensor { expand(sizes) }
  public func expand(as other: Tensor) -> Tensor { expand(Array(other.shape)) }

  /// Dimensions in another order.
  public func permute(_ dims: [Int]) -> Tensor { Views.permute(self, dims) }
  public func permute(_ dims: Int...) -> Tensor { permute(dims) }

  /// Dimensions `dim0` and `dim1` exchanged.
  public func transpose(_ dim0: Int, _ dim1: Int) -> Tensor { Views.transpose(self, dim0, dim1) }

  /// A matrix transposed.
  public func t() -> Tensor { Views.t(self) }

  /// All dimensions in reverse order.
  public var T: Tensor { permute((0..<ndim).reversed().map { $0 }) }
  /// The last two dimensions exchanged.
  public var mT: Tensor { transpose(-2, -1) }

  /// Index `index` of dimension `dim`, which is gone from the result.
  public func select(_ dim: Int, _ index: Int) -> Tensor { Views.select(self, dim, index) }

  /// Every `step`-th index from `start` up to `end` of dimension `dim`.
  public func slice(dim: Int = 0, start: Int? = nil, end: Int? = nil, step: Int = 1) -> Tensor {
    Views.slice(self, dim, start, end, step)
  }

  /// `length` indices from `start` on of dimension `dim`.
  public func narrow(_ dim: Int, _ start: Int, _ length: Int) -> Tensor { Shapes.narrow(self, dim, start, length) }

  /// Without dimensions of size 1.
  public func squeeze() -> Tensor { Views.squeeze(self) }
  public func squeeze(_ dim: Int) -> Tensor { Views.squeezeDim(self, dim) }
  public func squeeze(_ dims: [Int]) -> Tensor { Views.squeezeDims(self, dims) }

  /// With a dimension of size 1 put in at `dim`.
  public func unsqueeze(_ dim: Int) -> Tensor { Views.unsqueeze(self, dim) }

  /// The diagonal over two dimensions, as a new last dimension.
  public func diagonal(offset: Int = 0, dim1: Int = 0, dim2: Int = 1) -> Tensor {
    Views.diagonal(self, offset, dim1, dim2)
  }

  /// All windows of `size` elements along `dimension`, `step` apart, as a new last dimension.
  public func unfold(_ dimension: Int, size: Int, step: Int) -> Tensor { Views.unfold(self, dimension, size, step) }

  /// The storage under any sizes, strides and offset that lie inside it.
  public func asStrided(_ size: [Int], _ stride: [Int], storageOffset: Int? = nil) -> Tensor {
    Views.asStrided(self, size, stride, storageOffset)
  }

  /// Dimensions `start` through `end` made one.
  public func flatten(_ start: Int = 0, _ end: Int = -1) -> Tensor { Shapes.flatten(self, start, end) }
}
