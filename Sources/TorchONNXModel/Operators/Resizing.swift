// Resize: interpolation along one dimension after the other.
//
// Along a dimension every output element is a weighted sum of a few input elements (taps): a gather and a
// multiplication for each tap, so it works in any number of dimensions and has gradients.
// Reference: https://onnx.ai/onnx/operators/onnx__Resize.html

import Foundation
import TorchCore

extension ONNX {
  enum Resizing {
    struct Options {
      var mode = "nearest"
      var coordinates = "half_pixel"
      var nearest = "round_prefer_floor"
      var cubicA = -0.75
      var excludesOutside = false
      var antialias = false
      var extrapolation = 0.0
    }

    /// Where an output element's taps are, and their weights.
    private struct Taps {
      var index: [Int] = []  // (taps, outputs)
      var weight: [Double] = []
      var isOutside: [Bool] = []
      var count = 0
    }

    /// The position in the input that output element `i` looks at.
    private static func position(
      _ i: Int, _ options: Options, scale: Double, input: Int, output: Int, roi: (Double, Double)?
    ) throws -> (x: Double, isOutside: Bool) {
      let (y, width, length) = (Double(i), Double(input), scale * Double(input))
      switch options.coordinates {
      case "align_corners": return (length == 1 ? 0 : y * (width - 1) / (length - 1), false)
      case "asymmetric": return (y / scale, false)
      case "pytorch_half_pixel": return (length == 1 ? -0.5 : (y + 0.5) / scale - 0.5, false)
      case "half_pixel", "tf_half_pixel_for_nn": return ((y + 0.5) / scale - 0.5, false)
      case "half_pixel_symmetric":
        return (width / 2 * (1 - Double(output) / length) + (y + 0.5) / scale - 0.5, false)
      case "tf_crop_and_resize":
        guard let roi else { throw TorchError(.value, "tf_crop_and_resize needs a region of interest") }
        let span = (roi.1 - roi.0) * (width - 1)
        let x = (length == 1 ? span / 2 : y * span / (length - 1)) + roi.0 * (width - 1)
        return (x, x < 0 || x > width - 1)
      default: throw TorchError(.value, "unknown coordinate_transformation_mode '\(options.coordinates)'")
      }
    }

    /// The weights of the taps around a position that lies `ratio` (0 < ratio ≤ 1) past the left neighbour.
    private static func weights(_ ratio: Double, _ options: Options, scale: Double) throws -> [Double] {
      switch options.mode {
      case "nearest":
        if ratio == 1 { return [0, 1] }
        switch options.nearest {
        case "round_prefer_floor": return ratio <= 0.5 ? [1, 0] : [0, 1]
        case "round_prefer_ceil": return ratio < 0.5 ? [1, 0] : [0, 1]
        case "floor": return [1, 0]
        case "ceil": return [0, 1]
        default: throw TorchError(.value, "unknown nearest_mode '\(options.nearest)'")
        }
      case "linear":
        if !options.antialias { return [1 - ratio, ratio] }
        let shrink = min(scale, 1)
        let start = Int((-1 / shrink).rounded(.down)) + 1
        let raw = (start..<2 - start).map { max(1 - abs((Double($0) - ratio) * shrink), 0) }
        return raw.map { $0 / raw.reduce(0, +) }
      case "cubic":
        let a = options.cubicA
        func kernel(_ x: Double) -> Double {
          let x = abs(x)
          if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
          return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
        }
        if !options.antialias { return (-1...2).map { kernel(Double($0) - ratio) } }
        let shrink = min(scale, 1)
        let start = Int((-2 / shrink).rounded(.down)) + 1
        let raw = (start..<2 - start).map { kernel(shrink * (Double($0) - ratio)) }
        return raw.map { $0 / raw.reduce(0, +) }
      default: throw TorchError(.value, "unknown mode '\(options.mode)'")
      }
    }

    private static func taps(
      _ options: Options, scale: Double, input: Int, output: Int, roi: (Double, Double)?
    ) throws -> Taps {
      var rows: [[(Int, Double)]] = []
      var taps = Taps()
      for i in 0..<output {
        let (x, isOutside) = try position(i, options, scale: scale, input: input, output: output, roi: roi)
        guard x.isFinite, abs(x) < 0x1p53 else { throw TorchError(.value, "scale \(scale) leads to position \(x)") }
        let left = x.rounded(.down)
        let isWhole = x == left
        var weights = try weights(isWhole ? 1 : x - left, options, scale: scale)
        let first = Int(left) - weights.count / 2 + (isWhole ? 0 : 1)
        if options.excludesOutside {
          for k in weights.indices where first + k < 0 || first + k >= input { weights[k] = 0 }
          let sum = weights.reduce(0, +)
          if sum != 0 { weights = weights.map { $0 / sum } }
        }
        rows.append(weights.enumerated().map { (min(max(first + $0, 0), input - 1), $1) })
        taps.isOutside.append(isOutside)
      }
      taps.count = rows.first?.count ?? 0
      for k in 0..<taps.count {
        taps.index += rows.map { $0[k].0 }
        taps.weight += rows.map { $0[k].1 }
      }
      return taps
    }

    private static func along(_ x: Tensor, _ axis: Int, _ taps: Taps, _ options: Options) throws -> Tensor {
      let length = taps.isOutside.count
      func column<T>(_ values: [T], _ k: Int) -> [T] { Array(values[k * length..<(k + 1) * length]) }
      var sizes = [Int](repeating: 1, count: x.ndim)
      sizes[axis] = length
      var result: Tensor
      if options.mode == "nearest", taps.count == 2 {
        let index = zip(zip(column(taps.index, 0), column(taps.index, 1)), column(taps.weight, 0)).map { $1 != 0 ? $0.0 : $0.1 }
        result = x.indexSelect(axis, Tensor(index, dtype: .int64))
      } else {
        let parts = (0..<taps.count).map { k in
          x.indexSelect(axis, Tensor(column(taps.index, k), dtype: .int64))
            * Tensor(column(taps.weight, k), dtype: x.dtype).reshape(sizes)
        }
        result = parts.dropFirst().reduce(parts[0]) { $0 + $1 }
      }
      if taps.isOutside.contains(true) {
        let outside = Tensor(taps.isOutside).reshape(sizes)
        result = torch.where(outside, Tensor.full([], .double(options.extrapolation), dtype: result.dtype), result)
      }
      return result
    }

    /// Resizes `x` to `sizes`, by `scales`.
    static func resize(
      _ x: Tensor, scales: [Double], sizes: [Int], roi: [Double]?, _ options: Options
    ) throws -> Tensor {
      let isNearest = options.mode == "nearest"
      var result = isNearest || x.dtype == .float32 || x.dtype == .float64 ? x : x.to(x.dtype.isFloatingPoint ? .float32 : .float64)
      for axis in 0..<x.ndim {
        let range = roi.map { ($0[axis], $0[axis + x.ndim]) }
        if scales[axis] == 1, sizes[axis] == x.shape[axis], range == nil || range! == (0, 1) { continue }
        guard sizes[axis] >= 0, sizes[axis] < 1 << 31, x.shape[axis] > 0, scales[axis] > 0 else {
          throw TorchError(.value, "\(x.shape) cannot be resized to \(sizes) by \(scales)")
        }
        if sizes[axis] == 0 {
          result = result.narrow(axis, 0, 0)
          continue
        }
        result = try along(
          result, axis, taps(options, scale: scales[axis], input: x.shape[axis], output: sizes[axis], roi: range), options)
      }
      guard let range = ElementType(x.dtype).integerRange, !isNearest else { return result.to(x.dtype) }
      return result.round().clamp(min: .int(range.lowerBound), max: .int(range.upperBound)).to(x.dtype)
    }

    private static func resize(_ call: Call) throws -> Tensor {
      let x = try call[0]
      let old = call.opset < 11
      var options = Options(
        mode: call.string("mode", "nearest"),
        coordinates: call.string("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"),
        nearest: call.string("nearest_mode", old ? "floor" : "round_prefer_floor"),
        cubicA: call.float("cubic_coeff_a", -0.75), excludesOutside: call.bool("exclude_outside"),
        antialias: call.bool("antialias"), extrapolation: call.float("extrapolation_value", 0))
      if options.mode == "bilinear" { options.mode = "linear" }
      let rank = x.ndim
      let axes = try call.axes(call.optionalInts("axes") ?? Array(0..<rank), rank)
      /// Numbers for the axes, put among `fill` for all dimensions.
      func spread<T>(_ values: [T], _ fill: [T]) throws -> [T] {
        try call.check(values.count == axes.count, "\(values.count) numbers for \(axes.count) axes")
        var all = fill
        for (axis, value) in zip(axes, values) { all[axis] = value }
        return all
      }
      func floats(_ i: Int) throws -> [Double]? {
        guard let tensor = try call.optional(i), tensor.numel > 0 else { return nil }
        return try tensor.toArray(Double.self)
      }
      var roi: [Double]?
      if options.coordinates == "tf_crop_and_resize", let given = try floats(1) {
        try call.check(given.count == 2 * axes.count, "roi needs \(2 * axes.count) numbers")
        roi =
          try spread(Array(given.prefix(axes.count)), Array(repeating: 0, count: rank))
          + spread(Array(given.suffix(axes.count)), Array(repeating: 1, count: rank))
      }
      let given = try old ? (call.has("scales") ? call.floats("scales") : floats(1)) : floats(2)
      if let given {
        let scales = try spread(given, Array(repeating: 1, count: rank))
        let sizes = try zip(scales, x.shape).map { scale, size -> Int in
          let product = scale * Double(size)
          guard product.isFinite, product >= 0, product < 0x1p31 else { throw TorchError(.value, "scale \(scale)") }
          return Int(product)
        }
        return try resize(x, scales: scales, sizes: sizes, roi: roi, options)
      }
      guard !old, let wanted = try call.optionalInts(3) else { throw TorchError(.value, "neither scales nor sizes are given") }
      var sizes = try spread(wanted, Array(x.shape))
      var scales = zip(sizes, x.shape).map { Double($0) / Double(max($1, 1)) }
      let policy = call.string("keep_aspect_ratio_policy", "stretch")
      if policy != "stretch" {
        let chosen = axes.map { scales[$0] }
        let scale = policy == "not_larger" ? chosen.min() ?? 1 : chosen.max() ?? 1
        for axis in axes {
          scales[axis] = scale
          sizes[axis] = Int(scale * Double(x.shape[axis]) + 0.5)
        }
      }
      return try resize(x, scales: scales, sizes: sizes, roi: roi, options)
    }

    static let operators: [OperatorDeclaration] = [
      .tensor("Resize", since: 10, settings: [1, 2], resize),
      .tensor("Upsample", since: 7, settings: [1], resize),
    ]
  }
}
