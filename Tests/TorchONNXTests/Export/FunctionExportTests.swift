// Operators beyond those of modules: rules by family.

import Testing
import Torch
import TorchONNX

@Suite struct FunctionExportTests {
  @Test(arguments: pointwise + arithmetic + reductions + shapes + indexing + products + writing)
  func function(_ function: ExportCase) throws {
    for opset in [17, 18, 20, 21] where opset >= function.since { try function.check(opset: opset) }
  }

  static let pointwise: [ExportCase] = [
    .function("trigonometry", 4) { x in
      let circle = x.sin() + x.cos() * x.tan().tanh()
      return circle + x.sinh() - x.cosh() + x.atan() + x.asinh()
    },
    .function("inverse", 4) { x in
      let inside = x.tanh() * 0.9
      return inside.asin() + inside.acos() + inside.atanh() + (x.abs() + 1.1).acosh()
    },
    .function("exponential", 4) { x in
      let y = x.abs() + 0.1
      return y.log() + y.log2() + y.log10() + y.log1p() + x.exp() + x.expm1() + x.exp2() + y.sqrt() + y.rsqrt()
    },
    .function("error", 4) { x in x.erf() + x.erfc() + x.sigmoid().logit() },
    .function("rounding", 4) { x in
      let y = x * 3
      return y.floor() + y.ceil() + y.round() + y.trunc() + y.frac()
    },
    .function("signs", 4) { x in x.sign() + x.neg() + x.abs() + x.square() + x.reciprocal() },
    .function("tests", 4) { x in
      let split = x / (x > 0).to(.float32)
      return split.isinf().logicalOr(x.isnan().logicalNot())
    },
    .function("nanToNum", 4) { x in (x / (x > 0).to(.float32)).nanToNum() },
  ]

  static let arithmetic: [ExportCase] = [
    .function("numbers", 4) { x in
      let (a, b, c): (Tensor, Tensor, Tensor) = (2 - x * 3, x / 4, 1 / (x.abs() + 1))
      return a + b + c + x.pow(2) + x.abs().pow(1.5)
    },
    .function("types", 4) { x in
      let third: Tensor = (x * 10).to(.int64) / 3
      return third + (x > 0) + Tensor.arange(4)
    },
    .function("integers", 4) { x in
      let i = (x * 10).to(.int64)
      let (hundreds, rest): (Tensor, Tensor) = (i.floorDivide(3) * 100, i % 7)
      return hundreds + rest - (i.abs() + 1).pow(2)
    },
    .function("division", 4) { x in
      let y = x * 5
      let (two, rest): (Tensor, Tensor) = (Tensor.full(like: y, 2), y % 2)
      return y.floorDivide(two) + rest + y.fmod(two) + y.div(two, rounding: .trunc)
    },
    .function("extremes", 4) { x in
      let twice = x * 2
      return x.maximum(x.neg()) + x.minimum(twice) + x.clamp(min: -0.5, max: 0.5) + x.clamp(min: 0)
    },
    .function("comparisons", 4) { x in
      let inside = (x > 0).logicalAnd(x <= 1)
      let outside = (x < -1).logicalNot()
      let isZero: Tensor = x .== x.neg()
      return inside.logicalXor(isZero).logicalOr(outside)
    },
    .function("where", 4) { x in
      let half = x * 0.5
      return torch.where(x > 0, x, half) + torch.where(x < 0, Tensor.zeros(like: x), x)
    },
    .function("lerp", 4) { x in x.addcmul(x, x, value: 0.5) },
    .function("atan2", 4) { x in x.atan2(x.flip([1])) + x.hypot(x + 1) },
    .function("bits", 4, since: 18) { x in
      let i = (x * 10).to(.int64).abs()
      let six = Tensor.full(like: i, 6)
      let (both, either, one): (Tensor, Tensor, Tensor) = (i .& six, i .| six, i .^ six)
      return both + either * one + i.bitwiseNot()
    },
  ]

  static let reductions: [ExportCase] = [
    .function("sums", 3, 4) { x in x.sum(dim: [1, 2]) + x.mean(dim: [1], keepdim: true).squeeze(1).sum(dim: 1) },
    .function("sumOfIntegers", 4) { x in (x > 0).sum(dim: [1]) },
    .function("extremesOf", 3, 4) { x in
      x.amax(dim: [1]) + x.amin(dim: [1]) + x.max(dim: 1).values + x.min(dim: 1).values
    },
    .function("places", 3, 4) { x in x.argmax(dim: 1) + x.argmin(dim: 1) + x.max(dim: 1).indices },
    .function("spread", 3, 4) { x in x.std(dim: [2]) + x.`var`(dim: [2], correction: 0) + x.prod(dim: 2) },
    .function("norms", 3, 4) { x in
      torch.linalg.vectorNorm(x, dim: [2]) + torch.linalg.vectorNorm(x, ord: 1, dim: [2]) + x.logsumexp(dim: [2])
    },
    .function("logic", 3, 4) { x in
      let low = x < -1
      return (x > 0).all(dim: 2).logicalOr(low.any(dim: 2))
    },
    .function("running", 3, 4) { x in x.cumsum(1) + x.cumsum(2) },
    .function("whole", 3, 4) { x in x.sum() + x.mean() + x.max() + x.min() + x.std() },
  ]

  static let shapes: [ExportCase] = [
    .function("views", 3, 4) { x in
      x.view(x.shape[0], -1).unsqueeze(1).expand([x.shape[0], 2, 12]).transpose(1, 2).reshape(-1, 8)
    },
    .function("sizesAsNumbers", 3, 4) { x in x.sum(dim: [0]) / Double(x.shape[0]) },
    .function("permutations", 3, 4) { x in x.permute(0, 2, 1).flip([1]).roll([1], [1]).contiguous() },
    .function("repeats", 3, 4) { x in x.repeat(1, 2, 1) + x.repeatInterleave(2, dim: 1) + x.tile([1, 2, 1]) },
    .function("splits", 6, 4) { x in
      let parts = x.split(2, dim: 1)
      return parts[0] + parts[1] * x.chunk(3, dim: 1)[2] + torch.stack([x[..., 0], x[..., 1]], dim: 1)
    },
    .function("joins", 3, 4) { x in torch.cat([x, x * 2, x.to(.float64)], dim: 1) },
    .function("stacks", 3) { x in torch.vstack([x, x]) * 2 },
    .function("triangles", 4, 4) { x in x.tril() - x.triu(1) + x.diagonal(offset: 0, dim1: 1, dim2: 2).unsqueeze(1) },
    .function("windows", 9) { x in x.unfold(1, size: 3, step: 2).sum(dim: 2) },
    .function("factories", 3) { x in
      Tensor.zeros(like: x) + Tensor.ones(x.shape[0], 3) + Tensor.full([x.shape[0], 1], 0.5)
        + Tensor.arange(.int(x.shape[0])).unsqueeze(1)
    },
  ]

  static let indexing: [ExportCase] = [
    .function("slices", 5, 6) { x in x[..., 1..<3] * x[..., .slice(1, 3)] + x[..., 0].unsqueeze(1) + x.narrow(1, 2, 2)
    },
    .function("gather", 5) { x in x.gather(1, x.argmax(dim: 1, keepdim: true)) + x.indexSelect(1, Tensor([0, 2, 4])) },
    .function("advanced", 5, 6) { x in x.permute(1, 2, 0)[Tensor([0, 3, 1]), Tensor([5, 0, 2])].sum() + x.sum() },
    .function("maskedFill", 5) { x in x.maskedFill(x > 0, 1.5) },
    .function("scatter", 5) { x in
      let index = Tensor([[0, 2]]).expand([x.shape[0], 2])
      return x.scatter(1, index, x.narrow(1, 0, 2) * 2) + x.scatterAdd(1, index, x.narrow(1, 3, 2))
    },
    .function("topk", 6) { x in x.topk(3, dim: 1).values + x.sort(dim: 1, descending: true).values.narrow(1, 1, 3) },
    .function("oneHot", 5) { x in nn.functional.oneHot(x.argmax(dim: 1), numClasses: 5) },
  ]

  static let products: [ExportCase] = [
    .function("matmuls", 3, 4) { x in x.matmul(x.transpose(1, 2)) + x.bmm(x.mT) },
    .function("einsum", 3, 4) { x in torch.einsum("bij,bkj->bik", x, x) },
    .function("outer", 3) { x in x.sum(dim: [0]).outer(x.mean(dim: [0])) },
    .function("distances", 3, 4) { x in torch.cdist(x, x * 2) },
    .function("attention", 2, 5, 4) { x in nn.functional.scaledDotProductAttention(x, x, x, isCausal: true) },
  ]

  static let writing: [ExportCase] = [
    .function("inPlace", 4) { x in
      let y = x.clone()
      y.mul_(2)
      y.add_(1)
      return y.relu_()
    },
    .function("throughViews", 4, 5) { x in
      let y = x.clone()
      y[..., 1] = y[..., 0] * 2
      y.narrow(1, 2, 2).zero_()
      y.view(y.shape[0], -1).narrow(1, 0, 1).fill_(7)
      return y
    },
  ]
}
