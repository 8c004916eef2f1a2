// Packed sequences: the rows of a padded batch (T, N, …) without the padding, step by step.
//
// Packing picks the rows that have an element, and padding puts them back; a network over packed rows runs over the
// padded batch and is told the lengths. Sequences are sorted by falling length, so step t has the first
// batch_sizes[t] of them.

import TorchCore

extension ONNX {
  enum PackedSequenceRules {
    /// Which of the (T, N) places have an element.
    static func mask(_ g: GraphWriter, batchSizes: Wire) -> Wire {
      let batch = g.emit("Range", [g.int(0), g.gather(batchSizes, g.int(0), axis: 0), g.int(1)])
      return g.emit("Less", [g.unsqueeze(batch, [0]), g.unsqueeze(batchSizes, [1])])
    }

    /// How many elements each sequence has.
    static func lengths(_ g: GraphWriter, _ mask: Wire) -> Wire {
      g.reduce("ReduceSum", g.cast(mask, to: .int64), [0], keep: false)
    }

    /// The rows that have an element, of T · N.
    private static func places(_ g: GraphWriter, _ mask: Wire) -> Wire {
      g.reshape(g.emit("NonZero", [g.reshape(mask, [-1])]), [-1])
    }

    /// The rows of `x` (T, N, …) where the mask is true.
    static func pack(_ g: GraphWriter, _ x: Wire, _ mask: Wire, rank: Int) -> Wire {
      let rest = g.slice(g.shape(x), axis: 0, 2, rank)
      return g.gather(g.reshape(x, g.concat([g.ints([-1]), rest], axis: 0)), places(g, mask), axis: 0)
    }

    /// (T, N, …) with the rows of `data` where the mask is true, and `fill` (one number) elsewhere.
    static func pad(_ g: GraphWriter, _ data: Wire, _ mask: Wire, _ fill: Wire, rank: Int) -> Wire {
      let rest = g.slice(g.shape(data), axis: 0, 1, rank)
      let rows = g.emit("Size", [mask])
      let empty = g.expand(fill, g.concat([g.unsqueeze(rows, [0]), rest], axis: 0))
      let flat = g.emit("ScatterND", [empty, g.unsqueeze(places(g, mask), [1]), data])
      return g.reshape(flat, g.concat([g.shape(mask), rest], axis: 0))
    }

    private static func swapped(_ g: GraphWriter, _ x: Wire, rank: Int) -> Wire {
      g.transpose(x, [1, 0] + (2..<max(rank, 2)))
    }

    private static func packPadded(_ call: RuleCall) throws -> [Wire] {
      let (g, rank) = (call.graph, try call.rank("input"))
      var x = try call["input"]
      if try call.bool("batch_first") { x = swapped(g, x, rank: rank) }
      let lengths = try call["lengths"]
      let steps = g.reduce("ReduceMax", lengths, nil, keep: false)
      let time = g.emit("Range", [g.int(0), steps, g.int(1)])
      let mask = g.emit("Less", [g.unsqueeze(time, [1]), g.unsqueeze(lengths, [0])])
      x = g.slice(x, g.ints([0]), g.unsqueeze(steps, [0]), axes: [0])
      return [pack(g, x, mask, rank: rank), g.reduce("ReduceSum", g.cast(mask, to: .int64), [1], keep: false)]
    }

    private static func padPacked(_ call: RuleCall) throws -> [Wire] {
      let (g, rank) = (call.graph, try call.rank("data"))
      let mask = mask(g, batchSizes: try call["batch_sizes"])
      let fill = try call.operand("padding_value", try call.dtype(of: "data"))
      var x = pad(g, try call["data"], mask, fill, rank: rank)
      let total = try call.int("total_length")
      if total > 0 {
        let missing = g.sub(g.ints([total]), g.sizeList(mask, 0))
        func none(_ count: Int) -> Wire { g.ints(Array(repeating: 0, count: count)) }
        // Nothing in front of the rank + 1 dimensions; behind the first one what is missing.
        x = g.pad(x, g.concat([none(rank + 1), missing, none(rank)], axis: 0), fill)
      }
      if try call.bool("batch_first") { x = swapped(g, x, rank: rank + 1) }
      return [x, lengths(g, mask)]
    }

    static let rules: [ExportRule] = [
      .many("_pack_padded_sequence", as: ["Less", "NonZero", "Gather"], packPadded),
      .many("_pad_packed_sequence", as: ["Less", "NonZero", "ScatterND"], padPacked),
    ]
  }
}
