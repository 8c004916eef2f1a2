// Linear systems whose unknowns are tensors, and Vandermonde matrices.
// Reference: https://pytorch.org/docs/stable/generated/torch.linalg.tensorsolve.html

enum TensorSystems {
  static let tensorinv = Operator(composite: "linalg_tensorinv(Tensor self, int ind=2) -> Tensor", twins: .out) {
    (a: Tensor, ind: Int) in
    guard ind > 0 else { throw TorchError(.value, "Expected a strictly positive integer for 'ind', but got \(ind)") }
    let (first, last) = (Array(a.shape.prefix(ind)), Array(a.shape.dropFirst(ind)))
    let (rows, columns) = (first.reduce(1, *), last.reduce(1, *))
    guard rows == columns else {
      throw TorchError(
        .shape,
        "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got \(columns) != \(rows)")
    }
    let found = try LinearSystems.invEx.call(a.reshape([columns, rows]), false)
    try MatrixChecks.info(found[1], "inv", MatrixChecks.singularInverse)
    return found[0].reshape(last + first)
  }

  static let tensorsolve = Operator(
    composite: "linalg_tensorsolve(Tensor self, Tensor other, int[]? dims=None) -> Tensor", twins: .out
  ) { (a: Tensor, b: Tensor, dims: [Int]?) in
    let moved = dims.map { a.movedim($0, Array((a.ndim - $0.count)..<a.ndim)) } ?? a
    try moved.checkValid()
    let unknowns = Array(moved.shape.dropFirst(b.ndim))
    let (columns, rows) = (unknowns.reduce(1, *), moved.shape.prefix(b.ndim).reduce(1, *))
    guard columns == rows else {
      throw TorchError(
        .shape,
        "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got \(columns) != \(rows)")
    }
    let x = try LinearSystems.solve.call(moved.reshape([columns, columns]), b.reshape([b.numel]), true)
    return x.reshape(unknowns)
  }

  /// x (…, n) -> 1, x, x², … (…, n, N)
  static let vander = Operator(composite: "linalg_vander(Tensor x, *, SymInt? N=None) -> Tensor") { (x: Tensor, count: Int?) in
    guard x.dtype != .bool else {
      throw TorchError(
        .dtype, "linalg.vander supports floating point, complex, and integer tensors, but got \(x.dtype.scalarTypeName)")
    }
    let x = x.ndim == 0 ? x.reshape([1]) : x
    let columns = count ?? x.shape[-1]
    guard columns > 1 else { throw TorchError(.value, "N must be greater than 1.") }
    let powers = x.unsqueeze(-1).expand(Array(x.shape) + [columns - 1]).cumprod(-1)
    return torch.cat([Tensor.ones(Shape(Array(x.shape) + [1]), dtype: powers.dtype), powers], dim: -1)
  }

  static let operators: [AnyOperator] = [tensorinv, tensorsolve, vander]
}
