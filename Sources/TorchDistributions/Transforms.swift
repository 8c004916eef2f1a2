// The transforms of numbers and vectors.
// Reference: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.transforms

import Foundation

extension distributions {
  /// y = eˣ
  public final class ExpTransform: Transform {
    public override var codomain: Constraint { .positive }
    public override func forward(_ x: Tensor) -> Tensor { x.exp() }
    public override func inverse(_ y: Tensor) -> Tensor { y.log() }
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor { x }
    public override func isEqual(_ other: Transform) -> Bool { other is ExpTransform }
  }

  /// y = |x|, which has no inverse: values are their own.
  public final class AbsTransform: Transform {
    public override var codomain: Constraint { .positive }
    public override var isBijective: Bool { false }
    public override func forward(_ x: Tensor) -> Tensor { x.abs() }
    public override func inverse(_ y: Tensor) -> Tensor { y }
    public override func isEqual(_ other: Transform) -> Bool { other is AbsTransform }
  }

  /// y = loc + scale · x
  public final class AffineTransform: Transform {
    public let loc, scale: any TensorOrNumber
    public let eventDim: Int

    public init(_ loc: any TensorOrNumber, _ scale: any TensorOrNumber, eventDim: Int = 0, cacheSize: Int = 0) {
      (self.loc, self.scale, self.eventDim) = (loc, scale, eventDim)
      super.init(cacheSize: cacheSize)
    }
    public override var domain: Constraint { eventDim == 0 ? .real : .independent(.real, eventDim) }
    public override var codomain: Constraint { domain }
    public override var sign: any TensorOrNumber {
      if let scale = scale as? Tensor { return scale.sign() }
      let value = (try? scale.operand.item().doubleValue) ?? 0
      return value > 0 ? 1 : value < 0 ? -1 : 0
    }
    public override func forward(_ x: Tensor) -> Tensor { loc.operand + scale.operand * x }
    public override func inverse(_ y: Tensor) -> Tensor { (y - loc.operand) / scale.operand }
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor {
      var sizes = Array(x.shape)
      var result = (Tensor.ones(like: x.detach()) * scale.operand).abs().log()
      if let scale = scale as? Tensor { result = scale.abs().log() }
      if eventDim > 0 {
        result = sumRightmost(result, eventDim)
        sizes.removeLast(eventDim)
      }
      return result.expand(sizes)
    }
    private func broadcast(_ shape: Shape) throws -> Shape {
      var all = shape
      for tensor in [loc, scale].compactMap({ $0 as? Tensor }) { all = try Shape.broadcast(all, tensor.shape) }
      return all
    }
    public override func forwardShape(_ shape: Shape) throws -> Shape { try broadcast(shape) }
    public override func inverseShape(_ shape: Shape) throws -> Shape { try broadcast(shape) }
    public override func isEqual(_ other: Transform) -> Bool {
      guard let other = other as? AffineTransform else { return false }
      return same(loc, other.loc) && same(scale, other.scale)
    }
  }

  static func same(_ a: any TensorOrNumber, _ b: any TensorOrNumber) -> Bool {
    (try? (a.operand .== b.operand).all().item(Bool.self)) ?? false
  }

  /// y = x^exponent of positive numbers.
  public final class PowerTransform: Transform {
    public let exponent: Tensor
    public init(_ exponent: any TensorOrNumber, cacheSize: Int = 0) {
      self.exponent = broadcastAll(exponent)[0]
      super.init(cacheSize: cacheSize)
    }
    public override var domain: Constraint { .positive }
    public override var codomain: Constraint { .positive }
    public override var sign: any TensorOrNumber { exponent.sign() }
    public override func forward(_ x: Tensor) -> Tensor { x.pow(exponent) }
    public override func inverse(_ y: Tensor) -> Tensor { y.pow(1 / exponent) }
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor { (exponent * y / x).abs().log() }
    public override func forwardShape(_ shape: Shape) throws -> Shape { try Shape.broadcast(shape, exponent.shape) }
    public override func inverseShape(_ shape: Shape) throws -> Shape { try Shape.broadcast(shape, exponent.shape) }
    public override func isEqual(_ other: Transform) -> Bool {
      (other as? PowerTransform).map { same(exponent, $0.exponent) } ?? false
    }
  }

  /// The sigmoid kept inside of (0, 1).
  static func clippedSigmoid(_ x: Tensor) -> Tensor {
    let info = torch.finfo(x.dtype)
    return x.sigmoid().clamp(min: Scalar(info.tiny), max: Scalar(1 - info.eps))
  }

  /// y = 1 / (1 + e⁻ˣ)
  public final class SigmoidTransform: Transform {
    public override var codomain: Constraint { .unitInterval }
    public override func forward(_ x: Tensor) -> Tensor { clippedSigmoid(x) }
    public override func inverse(_ y: Tensor) -> Tensor {
      let info = torch.finfo(y.dtype)
      let inside = y.clamp(min: Scalar(info.tiny), max: Scalar(1 - info.eps))
      return inside.log() - (-inside).log1p()
    }
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor { -(-x).softplus() - x.softplus() }
    public override func isEqual(_ other: Transform) -> Bool { other is SigmoidTransform }
  }

  /// y = log(1 + eˣ)
  public final class SoftplusTransform: Transform {
    public override var codomain: Constraint { .positive }
    public override func forward(_ x: Tensor) -> Tensor { x.softplus() }
    public override func inverse(_ y: Tensor) -> Tensor { (-(-y).expm1()).log() + y }
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor { -(-x).softplus() }
    public override func isEqual(_ other: Transform) -> Bool { other is SoftplusTransform }
  }

  /// y = tanh x
  public final class TanhTransform: Transform {
    public override var codomain: Constraint { .interval(-1.0, 1.0) }
    public override func forward(_ x: Tensor) -> Tensor { x.tanh() }
    public override func inverse(_ y: Tensor) -> Tensor { y.atanh() }
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor {
      2 * (Foundation.log(2.0) - x - (-2 * x).softplus())
    }
    public override func isEqual(_ other: Transform) -> Bool { other is TanhTransform }
  }

  /// The last dimensions in other sizes.
  public final class ReshapeTransform: Transform {
    public let inShape, outShape: Shape
    public init(inShape: Shape, outShape: Shape) {
      (self.inShape, self.outShape) = (inShape, outShape)
      super.init()
      if inShape.numel != outShape.numel {
        ErrorScope.report(TorchError(.value, "in_shape, out_shape have different numbers of elements"))
      }
    }
    public override var domain: Constraint { .independent(.real, inShape.count) }
    public override var codomain: Constraint { .independent(.real, outShape.count) }
    public override func forward(_ x: Tensor) -> Tensor { x.reshape(Array(x.shape.dropLast(inShape.count)) + Array(outShape)) }
    public override func inverse(_ y: Tensor) -> Tensor { y.reshape(Array(y.shape.dropLast(outShape.count)) + Array(inShape)) }
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor {
      Tensor.zeros(Shape(Array(x.shape.dropLast(inShape.count))), dtype: x.dtype)
    }
    public override func forwardShape(_ shape: Shape) throws -> Shape { try replace(shape, inShape, outShape) }
    public override func inverseShape(_ shape: Shape) throws -> Shape { try replace(shape, outShape, inShape) }
    private func replace(_ shape: Shape, _ old: Shape, _ new: Shape) throws -> Shape {
      guard shape.count >= old.count else { throw TorchError(.value, "Too few dimensions on input") }
      let tail = Shape(Array(shape.suffix(old.count)))
      guard tail == old else { throw TorchError(.value, "Shape mismatch: expected \(tail) but got \(old)") }
      return joined(Shape(Array(shape.dropLast(old.count))), new)
    }
  }

  /// (…, k) to the simplex by exponentials; no bijection.
  public final class SoftmaxTransform: Transform {
    public override var domain: Constraint { .realVector }
    public override var codomain: Constraint { .simplex }
    public override var isBijective: Bool { false }
    public override func forward(_ x: Tensor) -> Tensor { x.softmax(dim: -1) }
    public override func inverse(_ y: Tensor) -> Tensor { y.log() }
    public override func isEqual(_ other: Transform) -> Bool { other is SoftmaxTransform }
  }

  /// (…, k) to the simplex of k + 1 parts, each a share of what those before have left.
  public final class StickBreakingTransform: Transform {
    public override var domain: Constraint { .realVector }
    public override var codomain: Constraint { .simplex }
    public override func isEqual(_ other: Transform) -> Bool { other is StickBreakingTransform }

    /// k, k - 1, …, 1
    private func offset(_ k: Int, _ dtype: DType) -> Tensor { Tensor.arange(.int(k), 0, step: -1, dtype: dtype) }

    public override func forward(_ x: Tensor) -> Tensor {
      let z = clippedSigmoid(x - offset(x.shape[x.ndim - 1], x.dtype).log())
      let one = Tensor.ones(Shape(Array(x.shape.dropLast()) + [1]), dtype: x.dtype)
      return torch.cat([z, one], dim: -1) * torch.cat([one, (1 - z).cumprod(-1)], dim: -1)
    }
    public override func inverse(_ y: Tensor) -> Tensor {
      let k = y.shape[y.ndim - 1] - 1
      let cropped = y.narrow(-1, 0, k)
      let left = (1 - cropped.cumsum(-1)).clamp(min: Scalar(torch.finfo(y.dtype).tiny))
      return cropped.log() - left.log() + offset(k, y.dtype).log()
    }
    public override func logAbsDetJacobian(_ x: Tensor, _ y: Tensor) -> Tensor {
      let k = x.shape[x.ndim - 1]
      let shifted = x - offset(k, x.dtype).log()
      let terms: Tensor = shifted.logSigmoid() - shifted + y.narrow(-1, 0, k).log()
      return terms.sum(dim: -1)
    }
    public override func forwardShape(_ shape: Shape) throws -> Shape { try grow(shape, by: 1) }
    public override func inverseShape(_ shape: Shape) throws -> Shape { try grow(shape, by: -1) }
    private func grow(_ shape: Shape, by n: Int) throws -> Shape {
      guard let last = shape.last else { throw TorchError(.value, "Too few dimensions on input") }
      return Shape(Array(shape.dropLast()) + [last + n])
    }
  }
}
