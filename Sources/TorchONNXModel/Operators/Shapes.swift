// Sizes and the order of dimensions.

import TorchCore

extension ONNX {
  enum Shapes {
    /// The sizes that Reshape asks for: 0 takes the input's, unless `allowZero`.
    static func resolved(_ sizes: [Int], _ x: Tensor, allowZero: Bool) throws -> [Int] {
      try sizes.enumerated().map { i, size in
        guard size == 0, !allowZero else { return size }
        guard i < x.ndim else { throw TorchError(.shape, "size 0 at \(i) stands for a size that the input, \(x.shape), does not have") }
        return x.shape[i]
      }
    }

    /// The axes of Squeeze and Unsqueeze: an input from opset 13 on.
    private static func axes(_ call: Call) throws -> [Int]? {
      call.opset >= 13 ? try call.optionalInts(1) : call.optionalInts("axes")
    }

    private static func depthToSpace(_ call: Call) throws -> Tensor {
      let x = try call[0]
      let block = try call.requiredInt("blocksize")
      try call.check(x.ndim == 4 && block > 0 && x.shape[1] % (block * block) == 0, "the channels of \(x.shape) do not divide by \(block)²")
      let (n, c, h, w) = (x.shape[0], x.shape[1] / (block * block), x.shape[2], x.shape[3])
      let isCRD = call.string("mode", "DCR") == "CRD"
      let split = isCRD ? x.reshape([n, c, block, block, h, w]) : x.reshape([n, block, block, c, h, w])
      return split.permute(isCRD ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]).reshape([n, c, h * block, w * block])
    }

    private static func spaceToDepth(_ call: Call) throws -> Tensor {
      let x = try call[0]
      let block = try call.requiredInt("blocksize")
      try call.check(
        x.ndim == 4 && block > 0 && x.shape[2] % block == 0 && x.shape[3] % block == 0, "the image \(x.shape) does not divide by \(block)")
      let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2] / block, x.shape[3] / block)
      let isCRD = call.string("mode", "DCR") == "CRD"
      return x.reshape([n, c, h, block, w, block]).permute(isCRD ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4])
        .reshape([n, c * block * block, h, w])
    }

    static let operators: [OperatorDeclaration] = [
      .values("Identity") { call in [try call.value(0)] },
      .values("Shape") { call in
        guard let shape = try call.value(0).shape else { throw TorchError(.type, "a \(try call.value(0).type) has no shape") }
        func bound(_ value: Int) -> Int { min(max(value < 0 ? value + shape.count : value, 0), shape.count) }
        let (start, end) = (bound(call.int("start", 0)), bound(call.int("end", shape.count)))
        return [Value(Tensor(start < end ? Array(shape[start..<end]) : [], dtype: .int64))]
      },
      .values("Size") { call in
        guard let shape = try call.value(0).shape else { throw TorchError(.type, "a \(try call.value(0).type) has no size") }
        return [Value(Tensor.full([], .int(shape.reduce(1, *)), dtype: .int64))]
      },
      .moving("Reshape", since: 5) { call in
        let x = try call[0]
        return x.reshape(try resolved(call.ints(1), x, allowZero: call.bool("allowzero")))
      },
      .moving("Flatten") { call in
        let x = try call[0]
        let axis = call.int("axis", 1)
        let start = axis == x.ndim ? axis : x.ndim == 0 ? 0 : try call.axis(axis, x.ndim)
        let rows = x.shape.prefix(start).reduce(1, *)
        return x.reshape([rows, x.shape.dropFirst(start).reduce(1, *)])
      },
      .moving("Squeeze") { call in
        let x = try call[0]
        guard let axes = try axes(call) else { return x.squeeze() }
        let dims = try call.axes(axes, x.ndim)
        if let bad = dims.first(where: { x.shape[$0] != 1 }) {
          throw TorchError(.shape, "dimension \(bad) of \(x.shape) is not 1")
        }
        return x.squeeze(dims)
      },
      .moving("Unsqueeze") { call in
        let x = try call[0]
        guard let axes = try axes(call) else { throw TorchError(.value, "the axes are missing") }
        let rank = x.ndim + axes.count
        return try call.axes(axes, rank).sorted().reduce(x) { $0.unsqueeze($1) }
      },
      .moving("Transpose") { call in
        let x = try call[0]
        return x.permute(call.optionalInts("perm") ?? Array((0..<x.ndim).reversed()))
      },
      .moving("Expand") { call in
        let x = try call[0]
        let sizes = try call.ints(1)
        let rank = max(sizes.count, x.ndim)
        // Both sides broadcast: a 1 in the sizes takes the input's.
        let full = (0..<rank).map { i -> Int in
          let (a, b) = (i + x.ndim - rank, i + sizes.count - rank)
          let (own, asked) = (a >= 0 ? x.shape[a] : 1, b >= 0 ? sizes[b] : 1)
          return asked == 1 ? own : asked
        }
        try call.check(full.allSatisfy { $0 >= 0 }, "negative sizes \(full)")
        return x.expand(full)
      },
      .moving("Concat", since: 4) { call in
        let tensors = try call.tensors
        try call.check(!tensors.isEmpty, "there are no inputs")
        return torch.cat(tensors, dim: try call.axis(try call.requiredInt("axis"), tensors[0].ndim))
      },
      .movingMany("Split") { call in
        let x = try call[0]
        let axis = try call.axis(call.int("axis", 0), x.ndim)
        let size = x.shape[axis]
        var sizes = call.opset >= 13 ? try call.optionalInts(1) : call.optionalInts("split")
        if sizes == nil {
          let count = call.int("num_outputs", call.outputCount)
          try call.check(count > 0, "there are no outputs")
          let chunk = (size + count - 1) / count
          sizes = (0..<count).map { max(min(chunk, size - $0 * chunk), 0) }
        }
        try call.check(sizes!.allSatisfy { $0 >= 0 }, "negative sizes \(sizes!)")
        return x.split(sizes!, dim: axis)
      },
      .moving("Tile", since: 6) { call in try call[0].repeat(try call.ints(1)) },
      .moving("DepthToSpace", depthToSpace),
      .moving("SpaceToDepth", spaceToDepth),
      .tensor("Trilu") { call in
        let x = try call[0]
        let k = try call.optionalInts(1)?.first ?? 0
        return call.bool("upper", true) ? x.triu(k) : x.tril(k)
      },
    ]
  }
}
