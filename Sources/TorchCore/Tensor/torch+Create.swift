// The factories under PyTorch's names: `torch.zeros(3, 4)`. They are those of `Tensor`.
// Reference: https://pytorch.org/docs/stable/torch.html#creation-ops

extension torch {
  /// A tensor of the numbers in `literal`; see `Tensor.init(_:dtype:requiresGrad:)`.
  public static func tensor<L: TensorLiteral>(_ literal: L, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    Tensor(literal, dtype: dtype, requiresGrad: requiresGrad)
  }

  /// A tensor of zeros.
  public static func zeros(_ sizes: Int..., dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    Tensor.zeros(Shape(sizes), dtype: dtype, requiresGrad: requiresGrad)
  }
  public static func zeros(_ shape: Shape, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    Tensor.zeros(shape, dtype: dtype, requiresGrad: requiresGrad)
  }

  /// A tensor of ones.
  public static func ones(_ sizes: Int..., dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    Tensor.ones(Shape(sizes), dtype: dtype, requiresGrad: requiresGrad)
  }
  public static func ones(_ shape: Shape, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    Tensor.ones(shape, dtype: dtype, requiresGrad: requiresGrad)
  }

  /// A tensor whose elements are not set.
  public static func empty(_ sizes: Int..., dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    Tensor.empty(Shape(sizes), dtype: dtype, requiresGrad: requiresGrad)
  }
  public static func empty(_ shape: Shape, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    Tensor.empty(shape, dtype: dtype, requiresGrad: requiresGrad)
  }

  /// A tensor with every element equal to `value`.
  public static func full(_ shape: Shape, _ value: Scalar, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    Tensor.full(shape, value, dtype: dtype, requiresGrad: requiresGrad)
  }

  public static func zeros(like x: Tensor, dtype: DType? = nil) -> Tensor { Tensor.zeros(like: x, dtype: dtype) }
  public static func ones(like x: Tensor, dtype: DType? = nil) -> Tensor { Tensor.ones(like: x, dtype: dtype) }
  public static func empty(like x: Tensor, dtype: DType? = nil) -> Tensor { Tensor.empty(like: x, dtype: dtype) }
  public static func full(like x: Tensor, _ value: Scalar, dtype: DType? = nil) -> Tensor {
    Tensor.full(like: x, value, dtype: dtype)
  }

  /// The numbers from `start` up to, not including, `end`, `step` apart.
  public static func arange(
    _ start: Scalar, _ end: Scalar, step: Scalar = 1, dtype: DType? = nil, requiresGrad: Bool = false
  ) -> Tensor { Tensor.arange(start, end, step: step, dtype: dtype, requiresGrad: requiresGrad) }
  public static func arange(_ end: Scalar, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    Tensor.arange(end, dtype: dtype, requiresGrad: requiresGrad)
  }

  /// `steps` numbers evenly spaced from `start` to `end`, both included.
  public static func linspace(
    _ start: Scalar, _ end: Scalar, steps: Int, dtype: DType? = nil, requiresGrad: Bool = false
  ) -> Tensor { Tensor.linspace(start, end, steps: steps, dtype: dtype, requiresGrad: requiresGrad) }

  /// The identity matrix.
  public static func eye(_ n: Int, _ m: Int? = nil, dtype: DType? = nil, requiresGrad: Bool = false) -> Tensor {
    Tensor.eye(n, m, dtype: dtype, requiresGrad: requiresGrad)
  }

  /// The product of two tensors by their ranks.
  public static func matmul(_ a: Tensor, _ b: Tensor) -> Tensor { a.matmul(b) }
}
