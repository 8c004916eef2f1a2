// Orthogonal matrices as a parametrization.
// Reference: Lezcano-Casado, https://arxiv.org/abs/1909.09501;
// https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html

extension nn.utils.parametrizations {
  /// How an orthogonal matrix is made from an unconstrained one.
  public enum OrthogonalMap: String, Sendable {
    /// exp(A), A skew-symmetric.
    case matrixExp = "matrix_exp"
    /// (I + A/2)(I - A/2)⁻¹
    case cayley
    /// A product of reflections.
    case householder
  }

  /// Makes the matrix `name` (or a batch of matrices) of `module` orthogonal: `Q Qᵀ = I`, or `Qᵀ Q = I` where it is tall.
  ///
  /// ```swift
  /// let layer = try nn.utils.parametrizations.orthogonal(nn.Linear(20, 40))
  /// print(layer.weight.mT.matmul(layer.weight))   // the identity
  /// ```
  /// - Parameters:
  ///   - map: by default `matrixExp` for square and complex matrices, else `householder`.
  ///   - useTrivialization: move the map to start at the weight that the module has (kept as the buffer `base`). Without it
  ///     only `householder` can be assigned to.
  @discardableResult
  public static func orthogonal<Model: nn.Module>(
    _ module: Model, name: String = "weight", map: OrthogonalMap? = nil, useTrivialization: Bool = true
  ) throws -> Model {
    let weight = try tensor(name, of: module)
    guard weight.ndim >= 2 else {
      throw TorchError(
        .shape, "Expected a matrix or batch of matrices. Got a tensor of \(weight.ndim) dimensions.")
    }
    let isSquare = weight.shape[-2] == weight.shape[-1]
    let map = map ?? (isSquare || weight.dtype.isComplex ? .matrixExp : .householder)
    guard map != .householder || !weight.dtype.isComplex else {
      throw TorchError(.dtype, "The householder parametrization does not support complex tensors.")
    }
    return try nn.utils.parametrize.registerParametrization(
      module, name, Orthogonal(Array(weight.shape), map, useTrivialization), unsafe: true)
  }
}

private final class Orthogonal: nn.Module, nn.Layer, nn.Parametrization {
  let shape: [Int]
  let map: nn.utils.parametrizations.OrthogonalMap
  let useTrivialization: Bool
  @Buffer var base: Tensor? = nil

  init(_ shape: [Int], _ map: nn.utils.parametrizations.OrthogonalMap, _ useTrivialization: Bool) {
    (self.shape, self.map, self.useTrivialization) = (shape, map, useTrivialization)
  }

  func forward(_ original: Tensor) -> Tensor {
    let isWide = original.shape[-2] < original.shape[-1]
    let x = isWide ? original.mT : original
    var q = map == .householder ? reflections(x) : skewMap(x)
    if let base { q = base.matmul(q) }
    return isWide ? q.mT : q
  }

  /// Of a tall matrix (n, k), whose lower triangle holds n k - k (k - 1) / 2 parameters.
  private func skewMap(_ x: Tensor) -> Tensor {
    let (n, k) = (x.shape[-2], x.shape[-1])
    var square = x.tril()
    if n != k {
      square = torch.cat([square, Tensor.zeros(Shape(x.shape.dropLast(2) + [n, n - k]), dtype: x.dtype)], dim: -1)
    }
    let skew = square - square.mH
    let q: Tensor
    if map == .matrixExp {
      q = skew.matrixExp()
    } else {
      let identity = Tensor.eye(n, dtype: skew.dtype)
      q = torch.linalg.solve(identity.add(skew, alpha: -0.5), identity.add(skew, alpha: 0.5))
    }
    return n == k ? q : q.narrow(-1, 0, k)
  }

  private func reflections(_ x: Tensor) -> Tensor {
    let vectors = x.tril(-1)
    let tau = 2 / (1 + (vectors * vectors).sum(dim: -2))
    // The diagonal is made of signs, which are no parameters.
    let signs = x.diagonal(dim1: -2, dim2: -1).to(.int32).unsqueeze(-2)
    return torch.linalg.householderProduct(vectors, tau) * signs
  }

  func originals(for value: Tensor) throws -> [Tensor]? {
    guard Array(value.shape) == shape else {
      throw TorchError(
        .shape,
        "Expected a matrix or batch of matrices of shape \(Shape(shape)). Got a tensor of shape \(value.shape).")
    }
    let isWide = value.shape[-2] < value.shape[-1]
    let q = isWide ? value.mT : value
    let (n, k) = (q.shape[-2], q.shape[-1])
    guard useTrivialization else {
      guard map == .householder else {
        throw TorchError(
          .notImplemented,
          "It is not possible to assign to the matrix exponential or the Cayley parametrizations when use_trivialization=False.")
      }
      let (a, tau) = q.geqrf()
      // Reflections that LAPACK does not use have a tau of exactly zero.
      let diagonal = a.diagonal(dim1: -2, dim2: -1)
      let signs = torch.where(tau .== 0, -diagonal.sign(), diagonal.sign())
      let packed = a.diagonalScatter(signs, dim1: -2, dim2: -1)
      return [isWide ? packed.mT : packed]
    }
    if n == k {
      base = isOrthogonal(q) ? q.clone() : madeOrthogonal(q)
    } else {
      // Completed to a square matrix.
      let rest = torch.randn(Shape(Array(q.shape.dropLast(2)) + [n, n - k]), dtype: q.dtype)
      base = madeOrthogonal(torch.cat([q, rest], dim: -1))
    }
    let start = Tensor.zeros(like: value)
    start.diagonal(dim1: -2, dim2: -1).fill_(-1)
    return [start]
  }

  private func isOrthogonal(_ q: Tensor) -> Bool {
    let identity = Tensor.eye(q.shape[-1], dtype: q.dtype)
    let tolerance = 10 * Double(q.shape[-2]) * (q.dtype.realType == .float64 ? 0x1p-52 : 0x1p-23)
    return (try? torch.allclose(q.mH.matmul(q), identity, atol: tolerance)) ?? false
  }

  private func madeOrthogonal(_ x: Tensor) -> Tensor {
    let (reflectors, tau) = x.geqrf()
    let signs = reflectors.diagonal(dim1: -2, dim2: -1).sgn().unsqueeze(-2)
    return torch.linalg.householderProduct(reflectors, tau) * signs
  }

  override var typeName: String { "_Orthogonal" }
}
