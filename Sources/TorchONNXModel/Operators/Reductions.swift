// Reductions and running sums.

import TorchCore

extension ONNX {
  enum Reductions {
    /// A reduction over `axes`, which are an attribute in older opsets and an input from `inputSince` on.
    ///
    /// Without axes it is over all of them, or with `noop_with_empty_axes` over none, where only what comes before
    /// and after the sum is left.
    private static func reduction(
      _ name: String, inputSince: Int = 18,
      _ function: @escaping @Sendable (_ x: Tensor, _ axes: [Int], _ keep: Bool) throws -> Tensor
    ) -> OperatorDeclaration {
      .tensor(name) { call in
        let x = try call[0]
        let given = call.opset >= inputSince ? try call.optionalInts(1) : call.optionalInts("axes")
        var axes = try call.axes(given ?? [], x.ndim)
        if axes.isEmpty, !call.bool("noop_with_empty_axes") { axes = Array(0..<x.ndim) }
        // The order of unsigned numbers matters to the largest and smallest alone.
        let type = name == "ReduceMax" || name == "ReduceMin" ? try call.type(0) : .int64
        let isBool = x.dtype == .bool
        let result = try function(isBool ? x.to(.uint8) : UnsignedOrder.flipped(x, type), axes, call.bool("keepdims", true))
        return isBool ? result.bool() : UnsignedOrder.flipped(result.to(x.dtype), type)
      }
    }

    private static func sum(_ x: Tensor, _ axes: [Int], _ keep: Bool) -> Tensor {
      axes.isEmpty ? x : x.sum(dim: axes, keepdim: keep, dtype: x.dtype)
    }

    /// The largest or smallest; of nothing it is the least or greatest value of the type.
    private static func extreme(_ x: Tensor, _ axes: [Int], _ keep: Bool, largest: Bool) -> Tensor {
      if axes.isEmpty { return x }
      if axes.contains(where: { x.shape[$0] == 0 }) {
        let sizes = x.shape.indices.compactMap { axes.contains($0) ? (keep ? 1 : nil) : x.shape[$0] }
        let range = ElementType(x.dtype).integerRange
        let value: Scalar =
          range.map { .int(largest ? $0.lowerBound : $0.upperBound) } ?? .double(largest ? -.infinity : .infinity)
        return Tensor.full(Shape(sizes), value, dtype: x.dtype)
      }
      return largest ? x.amax(dim: axes, keepdim: keep) : x.amin(dim: axes, keepdim: keep)
    }

    private static func product(_ x: Tensor, _ axes: [Int], _ keep: Bool) -> Tensor {
      axes.sorted(by: >).reduce(x) { $0.prod(dim: $1, keepdim: keep, dtype: x.dtype) }
    }

    private static func logSumExp(_ x: Tensor, _ axes: [Int], _ keep: Bool) -> Tensor {
      if axes.isEmpty { return x }
      let float = x.dtype.isFloatingPoint ? x : x.to(.float64)
      return float.logsumexp(dim: axes, keepdim: keep)
    }

    private static func mean(_ x: Tensor, _ axes: [Int], _ keep: Bool) -> Tensor {
      if axes.isEmpty { return x }
      return (x.dtype.isFloatingPoint ? x : x.to(.float64)).mean(dim: axes, keepdim: keep)
    }

    private static func index(_ name: String, largest: Bool) -> OperatorDeclaration {
      .tensor(name, type: nil) { call in
        let x = UnsignedOrder.flipped(try call[0], try call.type(0))
        let axis = try call.axis(call.int("axis", 0), x.ndim)
        let keep = call.bool("keepdims", true)
        func first(_ x: Tensor) -> Tensor { largest ? x.argmax(dim: axis, keepdim: keep) : x.argmin(dim: axis, keepdim: keep) }
        if !call.bool("select_last_index") { return first(x) }
        return x.shape[axis] - 1 - first(x.flip([axis]))
      }
    }

    /// A running sum or product, of what comes before each element where `exclusive`.
    private static func running(
      _ name: String, neutral: Scalar, _ function: @escaping @Sendable (Tensor, Int) -> Tensor
    ) -> OperatorDeclaration {
      .tensor(name) { call in
        var x = try call[0]
        let axis = try call.axis(call.int(1), x.ndim)
        let reverse = call.bool("reverse")
        if reverse { x = x.flip([axis]) }
        if call.bool("exclusive"), x.shape[axis] > 0 {
          let start = Tensor.full(like: x.narrow(axis, 0, 1), neutral)
          x = torch.cat([start, x.narrow(axis, 0, x.shape[axis] - 1)], dim: axis)
        }
        let result = function(x, axis)
        return reverse ? result.flip([axis]) : result
      }
    }

    static let operators: [OperatorDeclaration] = [
      reduction("ReduceSum", inputSince: 13, sum),
      reduction("ReduceMean", mean),
      reduction("ReduceMax") { extreme($0, $1, $2, largest: true) },
      reduction("ReduceMin") { extreme($0, $1, $2, largest: false) },
      reduction("ReduceProd", product),
      reduction("ReduceL1") { sum($0.abs(), $1, $2) },
      reduction("ReduceL2") { x, axes, keep in
        let float = x.dtype.isFloatingPoint ? x : x.to(.float64)
        return sum(float * float, axes, keep).sqrt()
      },
      reduction("ReduceLogSum") { sum($0, $1, $2).log() },
      reduction("ReduceLogSumExp", logSumExp),
      reduction("ReduceSumSquare") { sum($0 * $0, $1, $2) },
      index("ArgMax", largest: true),
      index("ArgMin", largest: false),
      running("CumSum", neutral: 0) { $0.cumsum($1, dtype: $0.dtype) },
      running("CumProd", neutral: 1) { $0.cumprod($1, dtype: $0.dtype) },
    ]
  }
}
