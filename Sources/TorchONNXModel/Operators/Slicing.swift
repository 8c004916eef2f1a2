// Parts of tensors, and tensors with a border.

import TorchCore
import TorchNN

extension ONNX {
  enum Slicing {
    /// One dimension of Slice: bounds are clamped, a negative step walks backwards.
    private static func slice(_ x: Tensor, _ axis: Int, _ start: Int, _ end: Int, _ step: Int) throws -> Tensor {
      let size = x.shape[axis]
      guard step != 0, step != .min else { throw TorchError(.value, "step 0") }
      func index(_ value: Int) -> Int { value < 0 ? value &+ size : value }
      if step > 0 {
        let first = min(max(index(start), 0), size)
        let last = min(max(index(end), 0), size)
        return x.slice(dim: axis, start: first, end: max(first, last), step: min(step, max(size, 1)))
      }
      // Backwards from `first` to just before `last`: a slice of the reversed dimension.
      let first = min(max(index(start), -1), size - 1)
      let last = min(max(index(end), -1), size - 1)
      let from = size - 1 - first
      return x.flip([axis]).slice(dim: axis, start: from, end: max(from, size - 1 - last), step: min(-step, max(size, 1)))
    }

    /// `x` with `pads` (begins, then ends, for each of `axes`); negative pads crop.
    private static func pad(_ call: Call, _ pads: [Int], _ value: Scalar, _ axes: [Int]) throws -> Tensor {
      var x = try call[0]
      let axes = try call.axes(axes, x.ndim)
      try call.check(pads.count == 2 * axes.count, "\(pads.count) pads for \(axes.count) axes")
      let (begins, ends) = (Array(pads.prefix(axes.count)), Array(pads.suffix(axes.count)))
      for (i, axis) in axes.enumerated() {
        let (front, back) = (max(-begins[i], 0), max(-ends[i], 0))
        try call.check(front + back <= x.shape[axis], "pads \(pads) take away more than \(x.shape) has")
        if front + back > 0 { x = x.narrow(axis, front, x.shape[axis] - front - back) }
      }
      let mode = call.string("mode", "constant")
      if mode == "constant" {
        var list = [Int](repeating: 0, count: 2 * x.ndim)
        for (i, axis) in axes.enumerated() {
          list[2 * (x.ndim - 1 - axis)] = max(begins[i], 0)
          list[2 * (x.ndim - 1 - axis) + 1] = max(ends[i], 0)
        }
        return x.constantPadND(list, value: value)
      }
      for (i, axis) in axes.enumerated() where begins[i] > 0 || ends[i] > 0 {
        let size = x.shape[axis]
        let (front, back) = (max(begins[i], 0), max(ends[i], 0))
        try call.check(size > 0 && front < 1 << 31 && back < 1 << 31, "an empty dimension cannot be padded by mode \(mode)")
        let indices = try (-front..<size + back).map { position -> Int in
          switch mode {
          case "edge": return min(max(position, 0), size - 1)
          case "wrap": return (position % size + size) % size
          case "reflect":
            if size == 1 { return 0 }
            let period = 2 * (size - 1)
            let place = (position % period + period) % period
            return place < size ? place : period - place
          default: throw TorchError(.value, "unknown mode '\(mode)'")
          }
        }
        x = x.indexSelect(axis, Tensor(indices, dtype: .int64))
      }
      return x
    }

    private static func centerCropPad(_ call: Call) throws -> Tensor {
      var x = try call[0]
      let target = try call.ints(1)
      let axes = try call.axes(call.optionalInts("axes") ?? Array(0..<x.ndim), x.ndim)
      try call.check(axes.count == target.count && target.allSatisfy { $0 >= 0 }, "\(target.count) sizes for \(axes.count) axes")
      for (axis, size) in zip(axes, target) {
        let own = x.shape[axis]
        if size < own {
          x = x.narrow(axis, (own - size) / 2, size)
        } else if size > own {
          var list = [Int](repeating: 0, count: 2 * x.ndim)
          list[2 * (x.ndim - 1 - axis)] = (size - own) / 2
          list[2 * (x.ndim - 1 - axis) + 1] = size - own - (size - own) / 2
          x = x.constantPadND(list)
        }
      }
      return x
    }

    /// Reverses the first `lengths[b]` steps of every sequence.
    private static func reverseSequence(_ call: Call) throws -> Tensor {
      let x = try call[0]
      let lengths = try call[1].to(.int64)
      let (time, batch) = (call.int("time_axis", 0), call.int("batch_axis", 1))
      try call.check(x.ndim >= 2 && Set([time, batch]) == [0, 1], "the axes must be 0 and 1, got \(time) and \(batch)")
      let steps = x.shape[time]
      let position = Tensor.arange(.int(steps)).reshape(time == 0 ? [steps, 1] : [1, steps])
      let length = lengths.unsqueeze(time)
      let source = torch.where(position < length, length - 1 - position, position)
      let index = source.reshape(Array(source.shape) + Array(repeating: 1, count: x.ndim - 2)).expand(Array(x.shape))
      return x.gather(time, index)
    }

    static let operators: [OperatorDeclaration] = [
      .moving("Slice") { call in
        let x = try call[0]
        let isInput = call.opset >= 10
        let starts = isInput ? try call.ints(1) : call.ints("starts")
        let ends = isInput ? try call.ints(2) : call.ints("ends")
        let axes = (isInput ? try call.optionalInts(3) : call.optionalInts("axes")) ?? Array(0..<starts.count)
        let steps = (isInput ? try call.optionalInts(4) : nil) ?? Array(repeating: 1, count: starts.count)
        try call.check(
          starts.count == ends.count && axes.count == starts.count && steps.count == starts.count,
          "starts, ends, axes and steps are not equally many")
        return try zip(try call.axes(axes, x.ndim), starts.indices).reduce(x) { x, item in
          try slice(x, item.0, starts[item.1], ends[item.1], steps[item.1])
        }
      },
      .moving("Pad", settings: [2]) { call in
        let rank = try call[0].ndim
        if call.opset < 11 {
          return try pad(call, call.ints("pads"), .double(call.float("value", 0)), Array(0..<rank))
        }
        let value = try call.optional(2)?.item() ?? 0
        return try pad(call, try call.ints(1), value, try call.optionalInts(3) ?? Array(0..<rank))
      },
      .tensor("CenterCropPad", centerCropPad),
      .moving("ReverseSequence", reverseSequence),
      .moving("Compress") { call in
        let x = try call[0]
        let chosen = try call[1].bool().nonzero().reshape([-1])
        guard call.has("axis") else { return x.reshape([-1]).indexSelect(0, chosen) }
        return x.indexSelect(try call.axis(call.int("axis", 0), x.ndim), chosen)
      },
    ]
  }
}
