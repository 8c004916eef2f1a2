// The geometry that convolutions and pooling share: pads, strides, and the windows of a tensor.

import TorchCore

extension ONNX {
  /// Where windows lie along the spatial dimensions.
  struct WindowGeometry {
    var kernel: [Int]
    var strides: [Int]
    var dilations: [Int]
    var begins: [Int]
    var ends: [Int]
    /// Windows along each dimension.
    var counts: [Int]

    var rank: Int { kernel.count }
    /// The extent of a window with its holes.
    var extents: [Int] { zip(kernel, dilations).map { ($0 - 1) * $1 + 1 } }

    /// Reads the attributes of `call` for an input whose spatial sizes are `sizes`.
    init(_ call: Call, kernel: [Int], sizes: [Int], ceil: Bool = false) throws {
      let n = kernel.count
      self.kernel = kernel
      strides = call.ints("strides", Array(repeating: 1, count: n))
      dilations = call.ints("dilations", Array(repeating: 1, count: n))
      let pads = call.ints("pads", Array(repeating: 0, count: 2 * n))
      try call.check(
        sizes.count == n && strides.count == n && dilations.count == n && pads.count == 2 * n,
        "the kernel has \(n) dimensions, the input \(sizes.count); strides, dilations and pads must fit")
      let limit = 1 << 31
      try call.check(
        (kernel + strides + dilations).allSatisfy { $0 > 0 && $0 < limit } && pads.allSatisfy { $0 >= 0 && $0 < limit },
        "kernel, strides and dilations must be positive, pads not negative")
      (begins, ends) = (Array(pads.prefix(n)), Array(pads.suffix(n)))
      counts = []
      let extents = zip(kernel, dilations).map { ($0 - 1) * $1 + 1 }
      let auto = call.string("auto_pad", "NOTSET")
      for i in 0..<n {
        switch auto {
        case "SAME_UPPER", "SAME_LOWER":
          let count = (sizes[i] + strides[i] - 1) / strides[i]
          let total = max((count - 1) * strides[i] + extents[i] - sizes[i], 0)
          begins[i] = auto == "SAME_UPPER" ? total / 2 : total - total / 2
          ends[i] = total - begins[i]
        case "VALID": (begins[i], ends[i]) = (0, 0)
        case "NOTSET", "": break
        default: throw TorchError(.value, "unknown auto_pad '\(auto)'")
        }
        let room = sizes[i] + begins[i] + ends[i] - extents[i]
        var count = room < 0 ? (ceil && room > -strides[i] ? 1 : 0) : (room + (ceil ? strides[i] - 1 : 0)) / strides[i] + 1
        // A window that would begin in the end's pads is left out.
        if ceil, (count - 1) * strides[i] >= sizes[i] + begins[i] { count -= 1 }
        try call.check(count > 0, "the window \(extents) is larger than the padded input \(sizes)")
        counts.append(count)
      }
    }

    var isSymmetric: Bool { begins == ends }

    /// Pads at both sides of each spatial dimension as `constantPadND` takes them, the last first.
    var padList: [Int] { zip(begins, ends).reversed().flatMap { [$0.0, $0.1] } }

    /// `x` with its pads, and with what rounding up asks for beyond them, filled with `value`.
    func padded(_ x: Tensor, _ value: Scalar, beyond: Scalar? = nil) -> Tensor {
      let inner = padList.contains { $0 > 0 } ? x.constantPadND(padList, value: value) : x
      var list: [Int] = []
      for i in (0..<rank).reversed() {
        let needed = (counts[i] - 1) * strides[i] + extents[i]
        list += [0, max(needed - inner.shape[x.ndim - rank + i], 0)]
      }
      return list.contains { $0 > 0 } ? inner.constantPadND(list, value: beyond ?? value) : inner
    }

    /// The windows of a padded tensor as a view: (…, counts, kernel).
    func windows(_ padded: Tensor) -> Tensor {
      let lead = padded.ndim - rank
      var view = padded
      for i in 0..<rank {
        view = view.unfold(lead + i, size: extents[i], step: strides[i]).narrow(lead + i, 0, counts[i])
        view = view.slice(dim: -1, step: dilations[i])
      }
      return view
    }
  }
}
