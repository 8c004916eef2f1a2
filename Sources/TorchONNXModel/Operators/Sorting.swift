// Largest elements and distinct elements.

import TorchCore

extension ONNX {
  enum Sorting {
    /// The distinct rows: where each is met first, which one each row is, and how often each is met.
    private static func distinct<T: Hashable>(_ rows: [[T]], sorted precedes: (([T], [T]) -> Bool)?)
      -> (first: [Int], inverse: [Int], counts: [Int])
    {
      var number: [[T]: Int] = [:]
      var first: [Int] = [], inverse: [Int] = [], counts: [Int] = []
      for (i, row) in rows.enumerated() {
        if let known = number[row] {
          inverse.append(known)
          counts[known] += 1
        } else {
          number[row] = first.count
          inverse.append(first.count)
          first.append(i)
          counts.append(1)
        }
      }
      guard let precedes else { return (first, inverse, counts) }
      let order = first.indices.sorted { precedes(rows[first[$0]], rows[first[$1]]) }
      var place = [Int](repeating: 0, count: order.count)
      for (new, old) in order.enumerated() { place[old] = new }
      return (order.map { first[$0] }, inverse.map { place[$0] }, order.map { counts[$0] })
    }

    private static func unique(_ call: Call) throws -> [Value] {
      let type = try call.type(0)
      if let text = try call.value(0).strings {
        try call.check(!call.has("axis"), "text has no axis here")
        let found = distinct(text.elements.map { [$0] }, sorted: call.bool("sorted", true) ? { $0[0] < $1[0] } : nil)
        let values = StringTensor(found.first.map { text.elements[$0] }, shape: [found.first.count])
        return [.strings(values)] + [found.first, found.inverse, found.counts].map { Value(Tensor($0, dtype: .int64)) }
      }
      let x = try call[0]
      let axis = call.has("axis") ? try call.axis(call.int("axis", 0), x.ndim) : nil
      let lines = axis.map { x.movedim($0, 0) } ?? x.reshape([-1])
      let (count, width) = (lines.shape[0], lines.shape.dropFirst().reduce(1, *))
      func rows<T>(_ values: [T]) -> [[T]] { (0..<count).map { Array(values[$0 * width..<($0 + 1) * width]) } }
      let sorted = call.bool("sorted", true)
      let found =
        x.dtype.isFloatingPoint
        ? distinct(rows(try lines.toArray(Double.self)), sorted: sorted ? { $0.lexicographicallyPrecedes($1) } : nil)
        : distinct(
          rows(try UnsignedOrder.flipped(lines, type).toArray(Int.self)),
          sorted: sorted ? { $0.lexicographicallyPrecedes($1) } : nil)
      let values = (axis == nil ? x.reshape([-1]) : x).indexSelect(axis ?? 0, Tensor(found.first, dtype: .int64))
      return [call.typed(values, like: 0)] + [found.first, found.inverse, found.counts].map { Value(Tensor($0, dtype: .int64)) }
    }

    private static func topK(_ call: Call) throws -> [Value] {
      let x = try call[0]
      let axis = try call.axis(call.int("axis", -1), x.ndim)
      let k = call.opset >= 10 ? try call.int(1) : try call.requiredInt("k")
      try call.check(k >= 0 && k <= x.shape[axis], "k is \(k), the dimension has \(x.shape[axis])")
      // A stable sort gives the lower index to equal elements, as ONNX asks.
      let ordered = UnsignedOrder.flipped(x, try call.type(0))
      guard case .tensor(let indices)? = try OperatorRegistry.call(
        "aten::sort.stable",
        [.tensor(ordered), .bool(true), .int(axis), .bool(call.bool("largest", true))]).last
      else { throw TorchError(.value, "sort gave no indices") }
      let first = indices.narrow(axis, 0, k)
      return [call.typed(x.gather(axis, first), like: 0), Value(first.contiguous())]
    }

    static let operators: [OperatorDeclaration] = [
      .values("TopK", topK), .values("Unique", since: 11, unique),
    ]
  }
}
