// Reading and writing at indices.

import TorchCore

extension ONNX {
  enum Gathering {
    /// Indices counted from the front; our operators refuse those out of range.
    static func positive(_ index: Tensor, _ size: Int) -> Tensor {
      let index = index.to(.int64)
      return torch.where(index < 0, index + size, index)
    }

    private static func gather(_ call: Call) throws -> Tensor {
      let (x, given) = (try call[0], try call[1])
      let axis = try call.axis(call.int("axis", 0), x.ndim)
      let index = positive(given, x.shape[axis])
      let sizes = Array(x.shape)
      return x.indexSelect(axis, index.reshape([-1])).reshape(sizes[..<axis] + Array(given.shape) + sizes[(axis + 1)...])
    }

    /// The numbers of the slices that index tuples choose, in a tensor whose first dimensions are flattened.
    ///
    /// index is (…, k), `sizes` the k sizes that it runs over.
    private static func linear(_ index: Tensor, _ sizes: [Int]) throws -> Tensor {
      var total = Tensor.zeros(Shape(index.shape.dropLast()), dtype: .int64)
      for (k, size) in sizes.enumerated() {
        let part = positive(index.select(-1, k), size)
        if part.numel > 0, try ((part < 0).any().item(Bool.self) || (part >= size).any().item(Bool.self)) {
          throw TorchError(.index, "an index is out of bounds for a dimension of size \(size)")
        }
        total = total * size + part
      }
      return total
    }

    private static func gatherND(_ call: Call) throws -> Tensor {
      let (x, index) = (try call[0], try call[1])
      let batch = call.int("batch_dims", 0)
      try call.check(
        batch >= 0 && index.ndim > batch && x.ndim >= batch && index.shape[-1] <= x.ndim - batch,
        "indices \(index.shape) do not fit \(x.shape)")
      let depth = index.shape[-1]
      let (lead, rest) = (Array(x.shape.prefix(batch)), Array(x.shape.dropFirst(batch + depth)))
      let count = lead.reduce(1, *)
      let inner = Array(x.shape.dropFirst(batch).prefix(depth))
      let block = inner.reduce(1, *)
      var rows = try linear(index, inner).reshape([count, -1])
      rows = rows + (Tensor.arange(.int(count)) * block).unsqueeze(1)
      let flat = x.reshape([count * block] + rest)
      return flat.indexSelect(0, rows.reshape([-1])).reshape(Array(index.shape.dropLast()) + rest)
    }

    private static let reductions = ["add": "sum", "mul": "prod", "max": "amax", "min": "amin"]

    private static func scatterElements(_ call: Call) throws -> Tensor {
      let (x, updates) = (try call[0], try call[2])
      let axis = try call.axis(call.int("axis", 0), x.ndim)
      let index = positive(try call[1], x.shape[axis])
      let reduction = call.string("reduction", "none")
      if reduction == "none" { return x.scatter(axis, index, updates) }
      guard let name = reductions[reduction] else { throw TorchError(.value, "unknown reduction '\(reduction)'") }
      return x.scatterReduce(axis, index, updates, name)
    }

    private static func scatterND(_ call: Call) throws -> Tensor {
      let (x, index, updates) = (try call[0], try call[1], try call[2])
      try call.check(index.ndim > 0 && index.shape[-1] <= x.ndim, "indices \(index.shape) do not fit \(x.shape)")
      let depth = index.shape[-1]
      let rest = Array(x.shape.dropFirst(depth))
      let sizes = Array(x.shape.prefix(depth))
      let rows = try linear(index, sizes).reshape([-1])
      let width = rest.reduce(1, *)
      let flat = x.reshape([sizes.reduce(1, *), width])
      let source = updates.reshape([rows.numel, width])
      let reduction = call.string("reduction", "none")
      let wide = rows.unsqueeze(1).expand([rows.numel, width])
      if reduction == "none" { return flat.scatter(0, wide, source).reshape(like: x) }
      guard let name = reductions[reduction] else { throw TorchError(.value, "unknown reduction '\(reduction)'") }
      return flat.scatterReduce(0, wide, source, name).reshape(like: x)
    }

    private static func oneHot(_ call: Call) throws -> Tensor {
      let depth = try Int(call[1].item(Double.self))
      let values = try call[2]
      try call.check(depth > 0 && values.numel == 2, "the depth must be positive, and the values two")
      let index = try call[0].to(.int64)
      let axis = try call.axis(call.int("axis", -1), index.ndim + 1)
      // An index that is out of range marks nothing.
      let inside = torch.where(index < 0, index + depth, index)
      var sizes = [Int](repeating: 1, count: index.ndim + 1)
      sizes[axis] = depth
      let hit = inside.unsqueeze(axis).eq(Tensor.arange(.int(depth)).reshape(sizes))
      return torch.where(hit, values[1], values[0])
    }

    /// Writes `update` into a cache at each sequence's place.
    private static func tensorScatter(_ call: Call) throws -> Tensor {
      let (cache, update) = (try call[0], try call[1])
      let axis = try call.axis(call.int("axis", -2), cache.ndim)
      try call.check(axis > 0 && cache.ndim == update.ndim, "the axis must not be the batch's")
      let (size, steps) = (cache.shape[axis], update.shape[axis])
      let starts = try call.optional(2)?.to(.int64) ?? Tensor.zeros([cache.shape[0]], dtype: .int64)
      var index = starts.unsqueeze(1) + Tensor.arange(.int(steps)).unsqueeze(0)
      switch call.string("mode", "linear") {
      case "circular": index = index.remainder(size)
      case "linear": break
      case let mode: throw TorchError(.value, "unknown mode '\(mode)'")
      }
      var sizes = [Int](repeating: 1, count: cache.ndim)
      (sizes[0], sizes[axis]) = (cache.shape[0], steps)
      return cache.scatter(axis, index.reshape(sizes).expand(Array(update.shape)), update)
    }

    static let operators: [OperatorDeclaration] = [
      .moving("Gather", gather),
      .moving("GatherElements") { call in
        let x = try call[0]
        let axis = try call.axis(call.int("axis", 0), x.ndim)
        return x.gather(axis, positive(try call[1], x.shape[axis]))
      },
      .moving("GatherND", gatherND),
      .moving("Scatter", scatterElements),
      .moving("ScatterElements", scatterElements),
      .moving("ScatterND", scatterND),
      .tensor("OneHot", type: 2, oneHot),
      .tensor("TensorScatter", tensorScatter),
      .tensor("NonZero", type: nil) { call in
        let x = try call[0]
        // A single number has one position, of no coordinates, in our operator and in ONNX's.
        return x.nonzero().transpose(0, 1)
      },
    ]
  }
}
