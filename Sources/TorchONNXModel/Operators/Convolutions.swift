// Convolutions.
// Reference: https://onnx.ai/onnx/operators/onnx__Conv.html

import TorchCore

extension ONNX {
  enum Convolutions {
    /// A convolution over one to three spatial dimensions, pads of any kind.
    static func convolve(_ call: Call, _ x: Tensor, _ weight: Tensor, _ bias: Tensor?) throws -> Tensor {
      try call.check(x.ndim >= 3 && x.ndim <= 5 && weight.ndim == x.ndim, "an input \(x.shape) with weights \(weight.shape)")
      let kernel = call.ints("kernel_shape", Array(weight.shape.dropFirst(2)))
      try call.check(kernel == Array(weight.shape.dropFirst(2)), "kernel_shape \(kernel) differs from the weights' \(weight.shape)")
      let window = try WindowGeometry(call, kernel: kernel, sizes: Array(x.shape.dropFirst(2)))
      let padded = window.isSymmetric ? x : window.padded(x, 0)
      let padding = window.isSymmetric ? window.begins : Array(repeating: 0, count: kernel.count)
      return direct(padded, weight, bias, window.strides, padding, window.dilations, call.int("group", 1))
    }

    private static func direct(
      _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ strides: [Int], _ padding: [Int], _ dilations: [Int], _ groups: Int
    ) -> Tensor {
      switch x.ndim {
      case 3: torch.conv1d(x, weight, bias, stride: strides, padding: padding, dilation: dilations, groups: groups)
      case 4: torch.conv2d(x, weight, bias, stride: strides, padding: padding, dilation: dilations, groups: groups)
      default: torch.conv3d(x, weight, bias, stride: strides, padding: padding, dilation: dilations, groups: groups)
      }
    }

    /// The transposed convolution: computed in full, then cut or extended to the pads asked for.
    private static func transposed(_ call: Call) throws -> Tensor {
      let (x, weight, bias) = (try call[0], try call[1], try call.optional(2))
      try call.check(x.ndim >= 3 && x.ndim <= 5 && weight.ndim == x.ndim, "an input \(x.shape) with weights \(weight.shape)")
      let n = x.ndim - 2
      let kernel = Array(weight.shape.dropFirst(2))
      let strides = call.ints("strides", Array(repeating: 1, count: n))
      let dilations = call.ints("dilations", Array(repeating: 1, count: n))
      let extra = call.ints("output_padding", Array(repeating: 0, count: n))
      let pads = call.ints("pads", Array(repeating: 0, count: 2 * n))
      try call.check(
        strides.count == n && dilations.count == n && extra.count == n && pads.count == 2 * n
          && (strides + dilations).allSatisfy { $0 > 0 && $0 < 1 << 31 } && (extra + pads).allSatisfy { $0 >= 0 && $0 < 1 << 31 },
        "strides, dilations, output_padding or pads do not fit \(n) dimensions")
      let auto = call.string("auto_pad", "NOTSET")
      var sizes = call.optionalInts("output_shape").map { Array($0.suffix(n)) }
      if sizes == nil, auto.hasPrefix("SAME") { sizes = (0..<n).map { x.shape[2 + $0] * strides[$0] } }
      try call.check(sizes == nil || sizes!.count == n, "output_shape does not fit \(n) dimensions")
      var (begins, ends) = (Array(pads.prefix(n)), Array(pads.suffix(n)))
      for i in 0..<n {
        let full = strides[i] * (x.shape[2 + i] - 1) + extra[i] + (kernel[i] - 1) * dilations[i] + 1
        if let sizes {
          let total = max(full - sizes[i], 0)
          begins[i] = auto == "SAME_UPPER" ? total / 2 : total - total / 2
          ends[i] = total - begins[i]
        } else if auto == "VALID" {
          (begins[i], ends[i]) = (0, 0)
        }
        try call.check(begins[i] + ends[i] < full, "the pads leave nothing of \(full)")
      }
      let groups = call.int("group", 1)
      let isPlain = begins == ends && zip(extra, zip(strides, dilations)).allSatisfy { $0 < max($1.0, $1.1) } && sizes == nil
      let padding = isPlain ? begins : Array(repeating: 0, count: n)
      let output = isPlain ? extra : Array(repeating: 0, count: n)
      let inner = isPlain ? bias : nil
      var y =
        switch n {
        case 1: torch.convTranspose1d(x, weight, inner, stride: strides, padding: padding, outputPadding: output, groups: groups, dilation: dilations)
        case 2: torch.convTranspose2d(x, weight, inner, stride: strides, padding: padding, outputPadding: output, groups: groups, dilation: dilations)
        default: torch.convTranspose3d(x, weight, inner, stride: strides, padding: padding, outputPadding: output, groups: groups, dilation: dilations)
        }
      if isPlain { return y }
      for i in 0..<n {
        let wanted = sizes?[i] ?? (y.shape[2 + i] + extra[i] - begins[i] - ends[i])
        let missing = begins[i] + wanted - y.shape[2 + i]
        if missing > 0 {
          var list = [Int](repeating: 0, count: 2 * (n - i))
          list[list.count - 1] = missing
          y = y.constantPadND(list)
        }
        y = y.narrow(2 + i, begins[i], wanted)
      }
      guard let bias else { return y }
      return y + bias.reshape([-1] + Array(repeating: 1, count: n))
    }

    /// A convolution whose window's elements are moved by offsets, and weighted by a mask: bilinear samples of the
    /// image are gathered into columns, then it is a matrix product.
    private static func deformable(_ call: Call) throws -> Tensor {
      let (x, weight, offset) = (try call[0], try call[1], try call[2])
      try call.check(x.ndim == 4 && weight.ndim == 4 && offset.ndim == 4, "only images are supported, got \(x.shape)")
      let kernel = Array(weight.shape.dropFirst(2))
      let window = try WindowGeometry(call, kernel: kernel, sizes: Array(x.shape.dropFirst(2)))
      let (groups, offsetGroups) = (call.int("group", 1), call.int("offset_group", 1))
      let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
      let (oh, ow, points) = (window.counts[0], window.counts[1], kernel[0] * kernel[1])
      try call.check(
        groups > 0 && offsetGroups > 0 && c % groups == 0 && c % offsetGroups == 0
          && offset.shape == [n, offsetGroups * points * 2, oh, ow], "offsets \(offset.shape) do not fit")
      // offsets: (n, group, point, y or x, oh, ow)
      let moves = offset.reshape([n, offsetGroups, points, 2, oh, ow])
      func base(_ i: Int) -> Tensor {
        let taps = Tensor.arange(.int(kernel[i])) * window.dilations[i]
        let point = i == 0 ? taps.repeatInterleave(kernel[1]) : taps.repeat([kernel[0]])
        let place = Tensor.arange(.int(window.counts[i])) * window.strides[i] - window.begins[i]
        return point.reshape([points, 1, 1]) + place.reshape(i == 0 ? [1, oh, 1] : [1, 1, ow])
      }
      let ys = moves.select(3, 0) + base(0)
      let xs = moves.select(3, 1) + base(1)
      let (y0, x0) = (ys.floor(), xs.floor())
      let image = x.reshape([n, offsetGroups, c / offsetGroups, h * w])
      func corner(_ dy: Int, _ dx: Int) -> Tensor {
        let (cy, cx) = (y0 + dy, x0 + dx)
        let share = (dy == 0 ? (y0 + 1 - ys) : (ys - y0)) * (dx == 0 ? (x0 + 1 - xs) : (xs - x0))
        let inside = (cy >= 0).logicalAnd(cy < h).logicalAnd(cx >= 0).logicalAnd(cx < w)
        let index = cy.clamp(min: 0, max: .int(h - 1)).long() * w + cx.clamp(min: 0, max: .int(w - 1)).long()
        let flat = index.reshape([n, offsetGroups, 1, points * oh * ow]).expand([n, offsetGroups, c / offsetGroups, points * oh * ow])
        let scale = (share * inside.to(x.dtype)).reshape([n, offsetGroups, 1, points * oh * ow])
        return image.gather(3, flat) * scale
      }
      var columns = corner(0, 0) + corner(0, 1) + corner(1, 0) + corner(1, 1)
      if let mask = try call.optional(4) { columns = columns * mask.reshape([n, offsetGroups, 1, points * oh * ow]) }
      let m = weight.shape[0]
      let grouped = columns.reshape([n, groups, c / groups * points, oh * ow])
      let kernels = weight.reshape([1, groups, m / groups, c / groups * points])
      let y = kernels.matmul(grouped).reshape([n, m, oh, ow])
      guard let bias = try call.optional(3) else { return y }
      return y + bias.reshape([-1, 1, 1])
    }

    /// A depthwise convolution over time that remembers the last inputs.
    private static func causal(_ call: Call) throws -> [Value] {
      let (x, weight) = (try call[0], try call[1])
      try call.check(x.ndim == 3 && weight.ndim == 3, "the input and weights must have 3 dimensions")
      let k = weight.shape[2]
      let past = try call.optional(3) ?? Tensor.zeros([x.shape[0], x.shape[1], k - 1], dtype: x.dtype)
      let padded = torch.cat([past, x], dim: 2)
      var y = torch.conv1d(padded, weight, try call.optional(2), groups: x.shape[1])
      switch call.string("activation", "none") {
      case "none": break
      case "silu", "swish": y = y.silu()
      case let name: throw TorchError(.value, "unknown activation '\(name)'")
      }
      return [call.typed(y, like: 0), call.typed(padded.narrow(2, padded.shape[2] - (k - 1), k - 1), like: 0)]
    }

    static let operators: [OperatorDeclaration] = [
      .tensor("Conv") { call in try convolve(call, try call[0], try call[1], try call.optional(2)) },
      .tensor("ConvTranspose", transposed),
      .tensor("DeformConv", deformable),
      .values("CausalConvWithState", causal),
      .tensor("Col2Im") { call in
        let (columns, image, block) = (try call[0], try call.ints(1), try call.ints(2))
        let n = image.count
        try call.check(block.count == n && columns.ndim == 3 && image.allSatisfy { $0 > 0 }, "\(columns.shape) with blocks \(block)")
        let window = try WindowGeometry(call, kernel: block, sizes: image)
        let points = block.reduce(1, *)
        let channels = columns.shape[1] / max(points, 1)
        // The image as it is cut into columns, turned around: every column's element is added to its place.
        let sizes = (0..<n).map { image[$0] + window.begins[$0] + window.ends[$0] }
        let total = try TensorCodec.shape(sizes, "the image").checkedNumel ?? .max
        try call.check(total < 1 << 40, "the image is too large")
        let places = window.windows(Tensor.arange(.int(total)).reshape(sizes))
        // (counts, kernel) to (kernel, counts)
        let order = Array(n..<2 * n) + Array(0..<n)
        let index = places.permute(order).reshape([1, 1, -1])
        let source = columns.reshape([columns.shape[0], channels, -1])
        try call.check(index.shape[2] == source.shape[2], "\(columns.shape) does not fit an image \(image)")
        var y = Tensor.zeros([columns.shape[0], channels, total], dtype: columns.dtype)
          .scatterAdd(2, index.expand(Array(source.shape)), source).reshape([columns.shape[0], channels] + sizes)
        for i in 0..<n { y = y.narrow(2 + i, window.begins[i], image[i]) }
        return y
      },
    ]
  }
}
