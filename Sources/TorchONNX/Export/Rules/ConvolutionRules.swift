// Convolutions, and windows as columns.

import TorchCore

extension ONNX {
  enum ConvolutionRules {
    /// Inputs without a batch get one around the node.
    private static func batched(_ call: RuleCall, _ x: Wire, _ spatial: Int, _ body: (Wire) throws -> Wire) throws
      -> Wire
    {
      if try call.rank("input") == spatial + 2 { return try body(x) }
      return call.graph.squeeze(try body(call.graph.unsqueeze(x, [0])), [0])
    }

    private static func convolution(_ call: RuleCall) throws -> Wire {
      let spatial = try call.rank("weight") - 2
      let (g, weight, bias) = (call.graph, try call["weight"], try call.optional("bias"))
      var attributes: [String: NodeAttribute] = [
        "strides": .ints(try call.extents("stride", spatial)),
        "dilations": .ints(try call.extents("dilation", spatial)),
        "group": .int(try call.int("groups")),
      ]
      let kernel = try (0..<spatial).map { try call.fixedSize("weight", $0 + 2) }
      attributes["kernel_shape"] = .ints(kernel)
      if let text = call.find("padding")?.constant?.string {
        let dilation = try call.extents("dilation", spatial)
        // "same" puts the odd one behind, as SAME_UPPER does; said by numbers, because dilation is not always allowed there.
        let totals = text == "same" ? zip(kernel, dilation).map { ($0 - 1) * $1 } : Array(repeating: 0, count: spatial)
        attributes["pads"] = .ints(totals.map { $0 / 2 } + totals.map { $0 - $0 / 2 })
      } else {
        let padding = try call.extents("padding", spatial)
        attributes["pads"] = .ints(padding + padding)
      }
      let isTransposed = try call.schema.name.contains("conv_transpose") || call.bool("transposed")
      if isTransposed { attributes["output_padding"] = .ints(try call.extents("output_padding", spatial)) }
      let op = isTransposed ? "ConvTranspose" : "Conv"
      return try batched(call, try call["input"], spatial) { g.emit(op, [$0, weight, bias], attributes) }
    }

    /// The elements of each window as a column. (N, C, H, W) gives (N, C · kh · kw, windows).
    private static func im2col(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let (kernel, dilation) = (try call.extents("kernel_size", 2), try call.extents("dilation", 2))
      let (padding, stride) = (try call.extents("padding", 2), try call.extents("stride", 2))
      let isSingle = try call.rank("self") == 3
      var x = try call["self"]
      if isSingle { x = g.unsqueeze(x, [0]) }
      if padding != [0, 0] {
        x = g.pad(x, g.ints([0, 0, padding[0], padding[1], 0, 0, padding[0], padding[1]]))
      }
      let channels = try call.fixedSize("self", isSingle ? 0 : 1)
      // Rows of each window, then columns: (N, C, kh, rows, kw, columns).
      for (i, axis) in [(0, 2), (1, 4)] {
        let reach = dilation[i] * (kernel[i] - 1)
        let size = try call.sizes(of: "self")[(isSingle ? 1 : 2) + i]
        let starts: Wire
        if let size {
          starts = g.ints(Array(stride_(0, size + 2 * padding[i] - reach, stride[i])))
        } else {
          starts = g.emit("Range", [g.int(0), g.sub(g.size(x, axis), g.int(reach)), g.int(stride[i])])
        }
        let offsets = g.ints((0..<kernel[i]).map { $0 * dilation[i] })
        let places = g.add(g.unsqueeze(offsets, [1]), g.unsqueeze(starts, [0]))
        x = g.gather(x, places, axis: axis)
      }
      x = g.transpose(x, [0, 1, 2, 4, 3, 5])
      x = g.reshape(x, [0, channels * kernel[0] * kernel[1], -1])
      return isSingle ? g.squeeze(x, [0]) : x
    }

    private static func stride_(_ start: Int, _ end: Int, _ step: Int) -> StrideTo<Int> {
      stride(from: start, to: end, by: step)
    }

    private static func col2im(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let padding = try call.extents("padding", 2)
      let isSingle = try call.rank("self") == 2
      var x = try call["self"]
      if isSingle { x = g.unsqueeze(x, [0]) }
      let y = g.emit(
        "Col2Im", [x, try call.sizeList("output_size"), g.ints(try call.extents("kernel_size", 2))],
        [
          "dilations": .ints(try call.extents("dilation", 2)), "strides": .ints(try call.extents("stride", 2)),
          "pads": .ints(padding + padding),
        ])
      return isSingle ? g.squeeze(y, [0]) : y
    }

    static let rules: [ExportRule] = [
      .one(
        "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution",
        "_convolution", "_convolution_mode", as: ["Conv", "ConvTranspose"], convolution),
      .one("im2col", as: ["Pad", "Gather"], im2col), .one("col2im", as: ["Col2Im"], since: 18, col2im),
    ]
  }
}
