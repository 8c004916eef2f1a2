// Views and copies of other shapes.

import TorchCore

extension ONNX {
  enum ShapeRules {
    /// The dimensions of the argument in another order.
    private static func permuted(_ call: RuleCall, _ order: [Int]) throws -> Wire {
      call.graph.transpose(try call["self"], order)
    }

    private static func swapped(_ call: RuleCall, _ a: Int, _ b: Int) throws -> Wire {
      var order = Array(0..<(try call.rank("self")))
      if !order.isEmpty { order.swapAt(a, b) }
      return try permuted(call, order)
    }

    private static func view(_ call: RuleCall) throws -> Wire {
      let name = call.find("size") == nil ? "shape" : "size"
      guard call.find(name) != nil else { throw call.unsupported("a view of another dtype") }
      return try call.reshape(try call["self"], try call.list(name).map { .value($0) })
    }

    private static func flatten(_ call: RuleCall) throws -> Wire {
      let (rank, x) = (try call.rank("self"), try call["self"])
      if rank == 0 { return call.graph.reshape(x, [1]) }
      let (start, end) = (try call.axis("start_dim"), try call.axis("end_dim"))
      if start == end { return x }
      let pieces: [SizePiece] =
        (0..<start).map { .same($0) } + [.product(Array(start...end))] + ((end + 1)..<rank).map { .same($0) }
      return try call.reshape(x, pieces)
    }

    private static func unflatten(_ call: RuleCall) throws -> Wire {
      let (rank, dim) = (try call.rank("self"), try call.axis("dim"))
      let before: [SizePiece] = (0..<dim).map { .same($0) }
      let after: [SizePiece] = (dim + 1..<rank).map { .same($0) }
      return try call.reshape(try call["self"], before + call.list("sizes").map { .value($0) } + after)
    }

    private static func squeeze(_ call: RuleCall) throws -> Wire {
      let (sizes, x) = (try call.sizes(of: "self"), try call["self"])
      let wanted = call.has("dim") ? try call.ints("dim").map { call.axis($0, sizes.count) } : Array(sizes.indices)
      return call.graph.squeeze(x, wanted.filter { sizes.indices.contains($0) && sizes[$0] == 1 })
    }

    private static func expand(_ call: RuleCall) throws -> Wire {
      let (g, x) = (call.graph, try call["self"])
      // -1 keeps a size, as 1 does in ONNX.
      let sizes = try call.list("size").map { item -> Exported in
        item.constant?.int == -1 ? .constant(.int(1)) : item
      }
      if let same = call.resultSizes(), try call.sizes(of: "self") == same.map({ $0 }) { return x }
      return g.expand(x, try call.sizeList(sizes))
    }

    /// `x` repeated along each dimension; a tensor of fewer dimensions gets more in front.
    private static func tile(_ call: RuleCall, _ name: String) throws -> Wire {
      let g = call.graph
      var (x, repeats) = (try call["self"], try call.list(name))
      let rank = try call.rank("self")
      if repeats.count > rank { x = g.unsqueeze(x, Array(0..<repeats.count - rank)) }
      if repeats.count < rank {
        repeats = Array(repeating: .constant(.int(1)), count: rank - repeats.count) + repeats
      }
      return repeats.isEmpty ? x : g.emit("Tile", [x, try call.sizeList(repeats)])
    }

    private static func moved(_ call: RuleCall) throws -> Wire {
      let rank = try call.rank("self")
      let from = try call.ints("source").map { call.axis($0, rank) }
      let to = try call.ints("destination").map { call.axis($0, rank) }
      var order = Array(repeating: -1, count: rank)
      for (a, b) in zip(from, to) { order[b] = a }
      var rest = (0..<rank).filter { !from.contains($0) }[...]
      for i in order.indices where order[i] < 0 { order[i] = rest.popFirst()! }
      return try permuted(call, order)
    }

    private static func roll(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let (shifts, dims) = (try call.ints("shifts"), try call.ints("dims"))
      var x = try call["self"]
      if dims.isEmpty { x = g.reshape(x, [-1]) }
      let axes = dims.isEmpty ? [0] : dims.map { call.axis($0, (try? call.rank("self")) ?? 0) }
      let sizes =
        dims.isEmpty
        ? [try call.sizes(of: "self").reduce(1) { a, b in b.flatMap { b in a.map { $0 * b } } }]
        : try call.sizes(of: "self")
      for (shift, axis) in zip(shifts, axes) {
        if let size = sizes[axis], size > 0, shift % size == 0 { continue }
        // The last `shift` come to the front. Larger shifts than sizes need the size.
        guard let size = sizes[axis] ?? (shift.magnitude == 1 ? .max : nil) else {
          throw call.unsupported("a dimension that is rolled by more than one must have a fixed size")
        }
        let s = size == .max ? shift : ((shift % size) + size) % size
        let cut = -s
        x = g.concat([g.slice(x, axis: axis, cut, .max), g.slice(x, axis: axis, 0, cut)], axis: axis)
      }
      return try dims.isEmpty ? call.reshape(x, (0..<call.rank("self")).map { .same($0) }, leading: 0) : x
    }

    private static func flip(_ call: RuleCall) throws -> Wire {
      let axes = try call.axes("dims") ?? []
      if axes.isEmpty { return try call["self"] }
      let g = call.graph
      return g.slice(
        try call["self"], g.ints(axes.map { _ in -1 }), g.ints(axes.map { _ in Int.min + 1 }), axes: axes,
        steps: g.ints(axes.map { _ in -1 }))
    }

    /// Windows of `size` along a dimension, as a new last dimension.
    private static func unfold(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let (axis, rank) = (try call.axis("dimension"), try call.rank("self"))
      let (size, step) = (try call.int("size"), try call.int("step"))
      let x = try call["self"]
      let starts: Wire
      if let length = try call.sizes(of: "self")[axis] {
        starts = g.ints(Array(stride(from: 0, through: length - size, by: step)))
      } else {
        let end = g.sub(g.size(x, axis), g.int(size - 1))
        starts = g.emit("Range", [g.int(0), end, g.int(step)])
      }
      let places = g.add(g.unsqueeze(starts, [1]), g.ints(Array(0..<size)))
      let windows = g.gather(x, places, axis: axis)
      var order = Array(0...rank)
      order.append(order.remove(at: axis + 1))
      return g.transpose(windows, order)
    }

    /// The elements of a diagonal of two dimensions, as a new last dimension.
    private static func diagonal(_ call: RuleCall) throws -> Wire {
      let (g, rank, offset) = (call.graph, try call.rank("self"), try call.int("offset"))
      let (a, b) = (try call.axis("dim1"), try call.axis("dim2"))
      let (rows, columns) = (try call.fixedSize("self", a), try call.fixedSize("self", b))
      let places = (0..<rows).filter { (0..<columns).contains($0 + offset) }.flatMap { [$0, $0 + offset] }
      let rest = (0..<rank).filter { $0 != a && $0 != b }
      let index = g.reshape(g.ints(places), [places.count / 2, 2])
      let picked = g.emit("GatherND", [g.transpose(try call["self"], [a, b] + rest), index])
      return g.transpose(picked, Array(1..<rank - 1) + [0])
    }

    private static func pixelShuffle(_ call: RuleCall) throws -> Wire {
      let (factor, rank) = (try call.int("upscale_factor"), try call.rank("self"))
      guard rank == 4 else { throw call.unsupported("pixel_shuffle of \(rank) dimensions") }
      return call.graph.emit("DepthToSpace", [try call["self"]], ["blocksize": .int(factor), "mode": "CRD"])
    }

    private static func pixelUnshuffle(_ call: RuleCall) throws -> Wire {
      let (g, r, rank) = (call.graph, try call.int("downscale_factor"), try call.rank("self"))
      guard rank == 4 else { throw call.unsupported("pixel_unshuffle of \(rank) dimensions") }
      let (c, h, w) = (try call.fixedSize("self", 1), try call.fixedSize("self", 2), try call.fixedSize("self", 3))
      let split = try call.reshape(
        try call["self"], [.same(0), .fixed(c), .fixed(h / r), .fixed(r), .fixed(w / r), .fixed(r)])
      return g.reshape(g.transpose(split, [0, 1, 3, 5, 2, 4]), [0, c * r * r, h / r, w / r])
    }

    private static func channelShuffle(_ call: RuleCall) throws -> Wire {
      let (groups, rank) = (try call.int("groups"), try call.rank("self"))
      let channels = try call.fixedSize("self", 1)
      let rest: [SizePiece] = (2..<rank).map { .same($0) }
      let split = try call.reshape(try call["self"], [.same(0), .fixed(groups), .fixed(channels / groups)] + rest)
      let mixed = call.graph.transpose(split, [0, 2, 1] + Array(3...rank))
      return try call.reshape(mixed, [.same(0), .fixed(channels)] + rest, leading: 1)
    }

    private static func repeatInterleave(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      var x = try call["self"]
      let count = try call.int("repeats")
      guard call.has("dim") else {
        x = g.unsqueeze(g.reshape(x, [-1]), [1])
        return g.reshape(g.emit("Tile", [x, g.ints([1, count])]), [-1])
      }
      let (axis, rank) = (try call.axis("dim"), try call.rank("self"))
      var repeats = Array(repeating: 1, count: rank + 1)
      repeats[axis + 1] = count
      x = g.emit("Tile", [g.unsqueeze(x, [axis + 1]), g.ints(repeats)])
      let sizes = try call.sizes(of: "self")
      let pieces: [SizePiece] = (0..<rank).map { i in
        i != axis ? .same(i) : sizes[i].map { .fixed($0 * count) } ?? .rest
      }
      return try call.reshape(x, pieces, leading: axis)
    }

    /// The last two dimensions turned by quarters.
    private static func quarterTurns(_ call: RuleCall) throws -> Wire {
      let g = call.graph
      let dims = try call.axes("dims") ?? [0, 1]
      var order = Array(0..<(try call.rank("self")))
      order.swapAt(dims[0], dims[1])
      func flip(_ x: Wire, _ axes: [Int]) -> Wire {
        let back = g.ints(axes.map { _ in -1 })
        return g.slice(x, back, g.ints(axes.map { _ in Int.min + 1 }), axes: axes, steps: back)
      }
      let x = try call["self"]
      switch ((try call.int("k") % 4) + 4) % 4 {
      case 1: return g.transpose(flip(x, [dims[1]]), order)
      case 2: return flip(x, dims)
      case 3: return g.transpose(flip(x, [dims[0]]), order)
      default: return x
      }
    }

    static let rules: [ExportRule] = [
      .one("view", "reshape", "_unsafe_view", "view_copy", "_reshape_alias", as: ["Reshape"], view),
      .one("reshape_as", "view_as", as: ["Reshape"]) { call in
        if let sizes = call.resultSizes() { return call.graph.reshape(try call["self"], sizes) }
        return call.graph.reshape(try call["self"], call.graph.shape(try call["other"]))
      },
      .one("flatten", as: ["Reshape"], flatten), .one("unflatten", as: ["Reshape"], unflatten),
      .one("ravel", as: ["Reshape"]) { $0.graph.reshape(try $0["self"], [-1]) },
      .one("squeeze", "squeeze_copy", as: ["Squeeze"], squeeze),
      .one("unsqueeze", "unsqueeze_copy", as: ["Unsqueeze"]) { call in
        call.graph.unsqueeze(try call["self"], [try call.axis("dim", extra: 1)])
      },
      .one("transpose.int", "transpose_copy.int", as: ["Transpose"]) { call in
        try swapped(call, call.axis("dim0"), call.axis("dim1"))
      },
      .one("swapaxes", as: ["Transpose"]) { try swapped($0, $0.axis("axis0"), $0.axis("axis1")) },
      .one("swapdims", as: ["Transpose"]) { try swapped($0, $0.axis("dim0"), $0.axis("dim1")) },
      .one("t", "t_copy", "mT", "mH", "adjoint", "matrix_H", as: ["Transpose"]) { call in
        let rank = try call.rank("self")
        return rank < 2 ? try call["self"] : try swapped(call, rank - 1, rank - 2)
      },
      .one("numpy_T", as: ["Transpose"]) { try permuted($0, (0..<$0.rank("self")).reversed()) },
      .one("permute", "permute_copy", as: ["Transpose"]) { try permuted($0, try $0.axes("dims") ?? []) },
      .one("movedim", "moveaxis", as: ["Transpose"], moved),
      .one("expand", "expand_copy", "broadcast_to", as: ["Expand"], expand),
      .one("expand_as", as: ["Expand"]) { call in
        if try call.sizes(of: "self") == call.sizes(of: "other"), !(try call.sizes(of: "self").contains(nil)) {
          return try call["self"]
        }
        return call.graph.expand(try call["self"], try call.sizeList(of: "other"))
      },
      .one("repeat", as: ["Tile"]) { try tile($0, "repeats") }, .one("tile", as: ["Tile"]) { try tile($0, "dims") },
      .one("repeat_interleave.self_int", as: ["Tile", "Reshape"], repeatInterleave),
      .one("roll", as: ["Slice", "Concat"], roll), .one("flip", as: ["Slice"], flip),
      .one("rot90", as: ["Slice", "Transpose"], quarterTurns),
      .one("unfold", "unfold_copy", as: ["Gather"], unfold),
      .one("diagonal", "diagonal_copy", "linalg_diagonal", as: ["GatherND"], diagonal),
      .one("tril", as: ["Trilu"]) { call in
        call.graph.emit("Trilu", [try call["self"], try call.intWire("diagonal")], ["upper": 0])
      },
      .one("triu", as: ["Trilu"]) { call in
        call.graph.emit("Trilu", [try call["self"], try call.intWire("diagonal")], ["upper": 1])
      },
      .one("pixel_shuffle", as: ["DepthToSpace"], pixelShuffle),
      .one("pixel_unshuffle", as: ["Reshape", "Transpose"], pixelUnshuffle),
      .one("channel_shuffle", as: ["Reshape", "Transpose"], channelShuffle),
      .one(
        "contiguous", "clone", "detach", "detach_copy", "alias", "alias_copy", "lift", "lift_fresh", "lift_fresh_copy",
        as: ["Identity"]
      ) { try $0["self"] },
      .one("type_as", "to", "_to_copy", "float", "double", "half", "int", "long", "bool", "cpu", "cuda", as: ["Cast"]) {
        call in
        let wanted = try call.results == nil ? call.dtype("dtype") : call.resultType()
        guard let wanted else { throw call.unsupported("its result's dtype is not known") }
        return try call.operand("self", wanted)
      },
      .one("view.dtype", as: []) { throw $0.unsupported("a view of another dtype") },
    ]
  }
}
