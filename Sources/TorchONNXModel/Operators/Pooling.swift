// Pooling, over any number of dimensions.
//
// The usual cases go to our pooling operators; ceil mode, uneven pads, dilated averages and ONNX's way of counting
// indices go over the windows themselves, as a view of the padded input.
// Reference: https://onnx.ai/onnx/operators/onnx__MaxPool.html

import TorchCore

extension ONNX {
  enum Pooling {
    private static func geometry(_ call: Call) throws -> WindowGeometry {
      let x = try call[0]
      try call.check(x.ndim >= 3, "the input has \(x.ndim) dimensions, at least 3 are needed")
      return try WindowGeometry(
        call, kernel: call.ints("kernel_shape"), sizes: Array(x.shape.dropFirst(2)), ceil: call.bool("ceil_mode"))
    }

    /// Whether our pooling operators have this case.
    private static func isUsual(_ call: Call, _ window: WindowGeometry, _ x: Tensor) -> Bool {
      window.isSymmetric && window.rank <= 3 && !call.bool("ceil_mode") && x.dtype.isFloatingPoint
        && zip(window.begins, window.kernel).allSatisfy { $0 * 2 <= $1 }
    }

    /// The dimensions of a window in `WindowGeometry.windows`.
    private static func windowDims(_ window: WindowGeometry) -> [Int] { (0..<window.rank).map { 2 + window.rank + $0 } }

    private static func maxPool(_ call: Call) throws -> [Value] {
      let x = try call[0]
      let window = try geometry(call)
      if !call.wants(1), window.rank <= 3, x.dtype.isFloatingPoint {
        // Where the pads are not our operators' own they are put there before.
        let isPlain = isUsual(call, window, x)
        let x = isPlain ? x : window.padded(x, .double(-.infinity))
        let padding = isPlain ? window.begins : Array(repeating: 0, count: window.rank)
        let y =
          switch window.rank {
          case 1: torch.maxPool1d(x, window.kernel, stride: window.strides, padding: padding, dilation: window.dilations)
          case 2: torch.maxPool2d(x, window.kernel, stride: window.strides, padding: padding, dilation: window.dilations)
          default: torch.maxPool3d(x, window.kernel, stride: window.strides, padding: padding, dilation: window.dilations)
          }
        return [call.typed(y, like: 0)]
      }
      let least: Scalar = ElementType(x.dtype).integerRange.map { .int($0.lowerBound) } ?? .double(-.infinity)
      let windows = window.windows(window.padded(x, least))
      let flat = windows.reshape(Array(windows.shape.prefix(2 + window.rank)) + [-1])
      let best = flat.max(dim: -1)
      guard call.wants(1) else { return [call.typed(best.values, like: 0)] }
      // Where each element of the padded input is in the whole tensor; in column order the last coordinates swap.
      let sizes = Array(x.shape.dropFirst(2))
      var places = Tensor.arange(.int(sizes.reduce(1, *)))
      if call.bool("storage_order") {
        places = places.reshape(Array(sizes.reversed())).permute(Array((0..<sizes.count).reversed()))
      }
      let windowPlaces = window.windows(window.padded(places.reshape([1, 1] + sizes), 0))
      let flatPlaces = windowPlaces.reshape(Array(windowPlaces.shape.prefix(2 + window.rank)) + [-1])
      let index = flatPlaces.expand(Array(flat.shape)).gather(-1, best.indices.unsqueeze(-1)).squeeze(-1)
      let planes = Tensor.arange(.int(x.shape[0] * x.shape[1])) * sizes.reduce(1, *)
      let offset = planes.reshape([x.shape[0], x.shape[1]] + Array(repeating: 1, count: window.rank))
      return [call.typed(best.values, like: 0), Value(index + offset)]
    }

    static func averagePool(_ call: Call) throws -> Tensor {
      let x = try call[0]
      let window = try geometry(call)
      let countPad = call.bool("count_include_pad")
      func average(_ x: Tensor, _ padding: [Int]) -> Tensor {
        switch window.rank {
        case 1: torch.avgPool1d(x, window.kernel, stride: window.strides, padding: padding, countIncludePad: countPad)
        case 2: torch.avgPool2d(x, window.kernel, stride: window.strides, padding: padding, countIncludePad: countPad)
        default: torch.avgPool3d(x, window.kernel, stride: window.strides, padding: padding, countIncludePad: countPad)
        }
      }
      let isDense = window.dilations.allSatisfy { $0 == 1 }
      if isDense, isUsual(call, window, x) { return average(x, window.begins) }
      let one = Tensor.ones(Shape([1, 1] + Array(x.shape.dropFirst(2))), dtype: x.dtype)
      if isDense, window.rank <= 3, x.dtype.isFloatingPoint {
        let none = Array(repeating: 0, count: window.rank)
        return average(window.padded(x, 0), none) / average(window.padded(one, countPad ? 1 : 0, beyond: 0), none)
      }
      let dims = windowDims(window)
      let sums = window.windows(window.padded(x, 0)).sum(dim: dims)
      return sums / window.windows(window.padded(one, countPad ? 1 : 0, beyond: 0)).sum(dim: dims)
    }

    private static func lpPool(_ call: Call) throws -> Tensor {
      let x = try call[0]
      let window = try geometry(call)
      let p = call.int("p", 2)
      return window.windows(window.padded(x.abs().pow(p), 0)).sum(dim: windowDims(window)).pow(1 / Double(p))
    }

    private static func unpool(_ call: Call) throws -> Tensor {
      let (x, index) = (try call[0], try call[1])
      let kernel = call.ints("kernel_shape")
      let n = kernel.count
      try call.check(x.ndim == n + 2 && n > 0, "an input \(x.shape) with a kernel \(kernel)")
      let strides = call.ints("strides", Array(repeating: 1, count: n))
      let pads = call.ints("pads", Array(repeating: 0, count: 2 * n))
      try call.check(strides.count == n && pads.count == 2 * n, "strides or pads do not fit")
      let inferred = (0..<n).map { (x.shape[2 + $0] - 1) * strides[$0] + kernel[$0] - pads[$0] - pads[n + $0] }
      // The indices are of the tensor that was pooled; a larger output keeps its first rows and columns.
      let whole = Array(x.shape.prefix(2)) + inferred
      let count = try TensorCodec.shape(whole, "the result").checkedNumel ?? .max
      try call.check(count < 1 << 40, "the result is too large")
      let flat = Tensor.zeros([count], dtype: x.dtype).scatter(0, index.reshape([-1]), x.reshape([-1]))
      guard let sizes = try call.optionalInts(2) else { return flat.reshape(whole) }
      try call.check(sizes.count == n + 2, "output_shape does not fit")
      let total = try TensorCodec.shape(sizes, "the result").checkedNumel ?? .max
      try call.check(total < 1 << 40, "the result is too large")
      var y = flat.reshape(whole)
      for (i, size) in sizes.enumerated() {
        let missing = size - y.shape[i]
        if missing < 0 { y = y.narrow(i, 0, size) }
        if missing > 0 {
          var list = [Int](repeating: 0, count: 2 * (y.ndim - i))
          list[list.count - 1] = missing
          y = y.constantPadND(list)
        }
      }
      return y
    }

    /// The dimensions behind batch and channels.
    private static func spatial(_ x: Tensor) -> [Int] { Array(2..<max(x.ndim, 2)) }

    static let operators: [OperatorDeclaration] = [
      .values("MaxPool", maxPool),
      .tensor("AveragePool", averagePool),
      .tensor("LpPool", since: 2, lpPool),
      .tensor("MaxUnpool", unpool),
      .tensor("GlobalAveragePool") { call in
        let x = try call[0]
        return x.mean(dim: spatial(x), keepdim: true)
      },
      .tensor("GlobalMaxPool") { call in
        let x = try call[0]
        return x.amax(dim: spatial(x), keepdim: true)
      },
      .tensor("GlobalLpPool") { call in
        let (x, p) = (try call[0], call.int("p", 2))
        return x.abs().pow(p).sum(dim: spatial(x), keepdim: true).pow(1 / Double(p))
      },
    ]
  }
}
