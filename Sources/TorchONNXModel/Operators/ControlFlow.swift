// Branches and loops.
// Reference: https://onnx.ai/onnx/operators/onnx__Loop.html, onnx__Scan.html

import TorchCore

extension ONNX {
  enum ControlFlow {
    /// The values of one output over all iterations, along a new dimension.
    private static func stacked(_ values: [Value], axis: Int, reversed: Bool) throws -> Value {
      let ordered = reversed ? values.reversed() : values
      guard case .tensor(let first, let type)? = ordered.first else {
        if case .strings(let first)? = ordered.first, axis == 0 {
          let texts = ordered.compactMap(\.strings)
          return .strings(StringTensor(texts.flatMap(\.elements), shape: [texts.count] + first.shape))
        }
        guard ordered.isEmpty else { throw TorchError(.type, "an output of a loop is a \(ordered[0].type), which cannot be stacked") }
        return Value(Tensor.zeros([0], dtype: .float32))
      }
      let rank = first.ndim + 1
      guard axis >= -rank, axis < rank else { throw TorchError(.index, "scan axis \(axis) is out of range") }
      return .tensor(torch.stack(ordered.compactMap(\.tensor), dim: axis), type)
    }

    private static func loop(_ call: Call) throws -> [Value] {
      let body = try call.graph("body")
      let limit = try call.optional(0).map { try $0.item(Int.self) } ?? Int.max
      var goesOn = try call.optional(1).map { try $0.item(Bool.self) } ?? true
      var carried = try (2..<max(call.inputs.count, 2)).map { try call.value($0) }
      let scanCount = body.outputs.count - 1 - carried.count
      try call.check(scanCount >= 0, "the body has \(body.outputs.count) outputs for \(carried.count) carried values")
      var scans: [[Value]] = Array(repeating: [], count: scanCount)
      var iteration = 0
      while goesOn, iteration < limit {
        let state = [Value(Tensor.full([], .int(iteration), dtype: .int64)), Value(Tensor.full([], true, dtype: .bool))]
        let results = try call.run(body, state + carried)
        guard let next = results[0].tensor else { throw TorchError(.type, "the loop's condition is a \(results[0].type)") }
        goesOn = try next.item(Bool.self)
        carried = Array(results[1..<1 + carried.count])
        for i in 0..<scanCount { scans[i].append(results[1 + carried.count + i]) }
        iteration += 1
      }
      return try carried + scans.map { try stacked($0, axis: 0, reversed: false) }
    }

    private static func scan(_ call: Call) throws -> [Value] {
      let body = try call.graph("body")
      let count = try call.requiredInt("num_scan_inputs")
      let stateCount = call.inputs.count - count
      try call.check(count > 0 && stateCount >= 0, "num_scan_inputs is \(count) of \(call.inputs.count) inputs")
      let outputs = body.outputs.count - stateCount
      try call.check(outputs >= 0, "the body has too few outputs")
      func list(_ name: String, _ count: Int) throws -> [Int] {
        let given = call.ints(name, Array(repeating: 0, count: count))
        try call.check(given.count == count, "\(name) must have \(count) numbers")
        return given
      }
      let inputAxes = try list("scan_input_axes", count), backwards = try list("scan_input_directions", count)
      let outputAxes = try list("scan_output_axes", outputs), reversed = try list("scan_output_directions", outputs)
      var state = try (0..<stateCount).map { try call.value($0) }
      let inputs = try (0..<count).map { try call[stateCount + $0] }
      let axes = try zip(inputAxes, inputs).map { try call.axis($0, $1.ndim) }
      let length = inputs[0].shape[axes[0]]
      try call.check(zip(inputs, axes).allSatisfy { $0.shape[$1] == length }, "the scanned inputs have different lengths")
      var scans: [[Value]] = Array(repeating: [], count: outputs)
      for t in 0..<length {
        let slices = (0..<count).map { i in
          call.typed(inputs[i].select(axes[i], backwards[i] == 1 ? length - 1 - t : t), like: stateCount + i)
        }
        let results = try call.run(body, state + slices)
        state = Array(results.prefix(stateCount))
        for i in 0..<outputs { scans[i].append(results[stateCount + i]) }
      }
      return try state + (0..<outputs).map { try stacked(scans[$0], axis: outputAxes[$0], reversed: reversed[$0] == 1) }
    }

    /// Scan of opset 8, which has a batch dimension in front: a scan for each of its items.
    private static func batchedScan(_ call: Call) throws -> [Value] {
      let body = try call.graph("body")
      let count = try call.requiredInt("num_scan_inputs")
      let stateCount = call.inputs.count - 1 - count
      try call.check(count > 0 && stateCount >= 0, "num_scan_inputs is \(count)")
      let outputs = body.outputs.count - stateCount
      try call.check(outputs >= 0 && call.optionalValue(0) == nil, "the body has too few outputs, or sequence_lens is given")
      let directions = call.ints("directions", Array(repeating: 0, count: count))
      try call.check(directions.count == count, "directions must have \(count) numbers")
      let inputs = try (1..<call.inputs.count).map { try call[$0] }
      let items = try (0..<inputs[0].shape[0]).map { b -> [Value] in
        var state = inputs.prefix(stateCount).map { Value($0.select(0, b)) }
        let slices = inputs.suffix(count).map { $0.select(0, b) }
        var scans: [[Value]] = Array(repeating: [], count: outputs)
        let length = slices[0].shape[0]
        for t in 0..<length {
          let now = (0..<count).map { Value(slices[$0].select(0, directions[$0] == 1 ? length - 1 - t : t)) }
          let results = try call.run(body, state + now)
          state = Array(results.prefix(stateCount))
          for i in 0..<outputs { scans[i].append(results[stateCount + i]) }
        }
        return try state + scans.map { try stacked($0, axis: 0, reversed: false) }
      }
      return try (0..<body.outputs.count).map { i in try stacked(items.map { $0[i] }, axis: 0, reversed: false) }
    }

    /// Runs a body on every element of a sequence.
    private static func sequenceMap(_ call: Call) throws -> [Value] {
      let body = try call.graph("body")
      let first = try call.sequence(0)
      let others = try call.inputs.indices.dropFirst().map { try call.value($0) }
      var outputs: [[Value]] = Array(repeating: [], count: body.outputs.count)
      for (i, element) in first.enumerated() {
        let arguments = try others.map { other -> Value in
          guard let sequence = other.sequence else { return other }
          guard i < sequence.count else { throw TorchError(.value, "the sequences have different lengths") }
          return sequence[i]
        }
        for (k, result) in try call.run(body, [element] + arguments).enumerated() { outputs[k].append(result) }
      }
      return outputs.map { .sequence($0) }
    }

    static let operators: [OperatorDeclaration] = [
      .values("If") { call in
        try call.run(try call.graph(try call[0].item(Bool.self) ? "then_branch" : "else_branch"), [])
      },
      .values("Loop", loop),
      .values("Scan", since: 8, batchedScan),
      .values("Scan", since: 9, scan),
      .values("SequenceMap", sequenceMap),
    ]
  }
}
