// `x += 1` and its kin: in place, as in PyTorch. The left side is `inout`, so that `x[mask] += 1` reads the part, changes it
// and writes it back, as Python does.

extension Tensor {
  public static func += (a: inout Tensor, b: Tensor) { a.add_(b) }
  public static func -= (a: inout Tensor, b: Tensor) { a.sub_(b) }
  public static func *= (a: inout Tensor, b: Tensor) { a.mul_(b) }
  public static func /= (a: inout Tensor, b: Tensor) { a.div_(b) }

  public static func += <S: ScalarConvertible>(a: inout Tensor, b: S) { a.add_(Tensor(wrapping: b.scalar)) }
  public static func -= <S: ScalarConvertible>(a: inout Tensor, b: S) { a.sub_(Tensor(wrapping: b.scalar)) }
  public static func *= <S: ScalarConvertible>(a: inout Tensor, b: S) { a.mul_(Tensor(wrapping: b.scalar)) }
  public static func /= <S: ScalarConvertible>(a: inout Tensor, b: S) { a.div_(Tensor(wrapping: b.scalar)) }
}
