// `x += 1` and its kin for numbers: in place, as for tensors.

extension Tensor {
  public static func += <S: ScalarConvertible>(a: Tensor, b: S) { a.add_(Tensor(wrapping: b.scalar)) }
  public static func -= <S: ScalarConvertible>(a: Tensor, b: S) { a.sub_(Tensor(wrapping: b.scalar)) }
  public static func *= <S: ScalarConvertible>(a: Tensor, b: S) { a.mul_(Tensor(wrapping: b.scalar)) }
  public static func /= <S: ScalarConvertible>(a: Tensor, b: S) { a.div_(Tensor(wrapping: b.scalar)) }
}
