// Sequences and optionals.

import TorchCore

extension ONNX {
  enum Sequences {
    /// A position in a sequence, counted from the end where negative.
    private static func position(_ call: Call, _ input: Int, _ limit: Int) throws -> Int {
      let given = try call.int(input)
      let place = given < 0 ? given + limit : given
      try call.check(place >= 0 && place < max(limit, 1), "position \(given) in a sequence of \(limit)")
      return place
    }

    private static func split(_ call: Call) throws -> [Value] {
      let x = try call[0]
      let axis = try call.axis(call.int("axis", 0), x.ndim)
      let size = x.shape[axis]
      guard let lengths = try call.optional(1) else {
        let keep = call.bool("keepdims", true)
        return [.sequence((0..<size).map { call.typed(keep ? x.narrow(axis, $0, 1) : x.select(axis, $0), like: 0) })]
      }
      var sizes = try lengths.toArray(Int.self)
      if lengths.ndim == 0 {
        try call.check(sizes[0] > 0, "pieces of \(sizes[0])")
        sizes = stride(from: 0, to: size, by: sizes[0]).map { min(sizes[0], size - $0) }
      }
      try call.check(sizes.allSatisfy { $0 >= 0 }, "negative sizes \(sizes)")
      return [.sequence(x.split(sizes, dim: axis).map { call.typed($0, like: 0) })]
    }

    private static func concatenated(_ call: Call) throws -> [Value] {
      let values = try call.sequence(0)
      guard case .tensor(let first, let type)? = values.first else { throw TorchError(.value, "the sequence has no tensors") }
      let tensors = values.compactMap(\.tensor)
      let axis = try call.requiredInt("axis")
      let joined =
        call.bool("new_axis")
        ? torch.stack(tensors, dim: try call.axis(axis, first.ndim + 1)) : torch.cat(tensors, dim: try call.axis(axis, first.ndim))
      return [.tensor(joined, type)]
    }

    static let operators: [OperatorDeclaration] = [
      .values("SequenceConstruct") { call in [.sequence(try call.inputs.indices.map { try call.value($0) })] },
      .values("SequenceEmpty") { _ in [.sequence([])] },
      .values("SequenceLength") { call in [Value(Tensor.full([], .int(try call.sequence(0).count), dtype: .int64))] },
      .values("SequenceAt") { call in
        let values = try call.sequence(0)
        try call.check(!values.isEmpty, "the sequence is empty")
        return [values[try position(call, 1, values.count)]]
      },
      .values("SequenceInsert") { call in
        var values = try call.sequence(0)
        let place = call.optionalValue(2) == nil ? values.count : try call.int(2)
        let from = place < 0 ? place + values.count : place
        try call.check(from >= 0 && from <= values.count, "position \(place) in a sequence of \(values.count)")
        values.insert(try call.value(1), at: from)
        return [.sequence(values)]
      },
      .values("SequenceErase") { call in
        var values = try call.sequence(0)
        try call.check(!values.isEmpty, "the sequence is empty")
        values.remove(at: call.optionalValue(1) == nil ? values.count - 1 : try position(call, 1, values.count))
        return [.sequence(values)]
      },
      .values("SplitToSequence", split),
      .values("ConcatFromSequence", concatenated),
      .values("Optional") { call in [call.optionalValue(0) ?? .none] },
      .values("OptionalHasElement") { call in
        let isThere = if case .some(let value) = call.optionalValue(0), case .none = value { false } else { call.optionalValue(0) != nil }
        return [Value(Tensor.full([], .bool(isThere), dtype: .bool))]
      },
      .values("OptionalGetElement") { call in
        let value = try call.value(0)
        if case .none = value { throw TorchError(.value, "the optional is empty") }
        return [value]
      },
    ]
  }
}
