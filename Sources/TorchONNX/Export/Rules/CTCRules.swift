// The loss of connectionist temporal classification: a Scan over the steps of the forward variables.
//
// The labels of a sequence with blanks between them are L = 2S + 1 states. A path stays, moves one state on, or skips a
// blank between different labels; the forward variable of a state is the log-probability of all paths that end there.
// Reference: Graves et al., Connectionist Temporal Classification, 2006; torch.nn.functional.ctc_loss.

import TorchCore

extension ONNX {
  enum CTCRules {
    /// log Σ exp over tensors of one shape; minus infinity where all are.
    private static func logSumExp(_ g: GraphWriter, _ terms: [Wire], none: Wire, zero: Wire) -> Wire {
      let greatest = g.emit("Max", terms)
      let base = g.select(g.emit("Equal", [greatest, none]), zero, greatest)
      let sum = terms.map { g.emit("Exp", [g.sub($0, base)]) }.reduce(nil) { sum, term in sum.map { g.add($0, term) } ?? term }
      return g.add(base, g.emit("Log", [sum!]))
    }

    /// The targets as rows (N, S), whatever stands behind their ends.
    private static func rows(_ call: RuleCall, _ lengths: Wire) throws -> Wire {
      let (g, targets) = (call.graph, try call.operand("targets", .int64))
      if try call.rank("targets") == 2 { return targets }
      // All in one row: each begins where the one before ends.
      let starts = g.sub(g.emit("CumSum", [lengths, g.int(0)]), lengths)
      let width = g.reduce("ReduceMax", lengths, nil, keep: false)
      let places = g.add(g.unsqueeze(starts, [1]), g.emit("Range", [g.int(0), width, g.int(1)]))
      let last = g.sub(g.emit("Size", [targets]), g.int(1))
      return g.gather(targets, g.emit("Min", [places, g.emit("Max", [last, g.int(0)])]), axis: 0)
    }

    private static func lengths(_ call: RuleCall, _ name: String) throws -> Wire {
      let isTensor = try call.argument(name).cell != nil || call.argument(name).constant?.tensor != nil
      let wire = isTensor ? try call.operand(name, .int64) : try call.sizeList(name)
      return call.graph.reshape(wire, [-1])
    }

    private static func loss(_ call: RuleCall) throws -> Wire {
      let (g, dtype) = (call.graph, try call.dtype(of: "log_probs"))
      let isBatched = try call.rank("log_probs") == 3
      let x = isBatched ? try call["log_probs"] : g.unsqueeze(try call["log_probs"], [1])
      let (inputLengths, targetLengths) = (try lengths(call, "input_lengths"), try lengths(call, "target_lengths"))
      let targets = try rows(call, targetLengths)
      let blank = g.int(try call.int("blank"))
      let (zero, none) = (try g.scalar(0, dtype), try g.scalar(.double(-.infinity), dtype))

      // The states (N, L): a blank before each label, and one behind the last.
      let blanks = g.expand(blank, g.shape(targets))
      let pairs = g.concat([g.unsqueeze(blanks, [2]), g.unsqueeze(targets, [2])], axis: 2)
      let one = g.expand(blank, g.concat([g.sizeList(targets, 0), g.ints([1])], axis: 0))
      let states = g.concat([g.reshape(pairs, g.concat([g.sizeList(targets, 0), g.ints([-1])], axis: 0)), one], axis: 1)
      // Where a path may come from two states before.
      let before = g.slice(g.pad(states, g.ints([0, 2, 0, 0]), blank), g.ints([0]), g.sizeList(states, 1), axes: [1])
      let skips = g.emit("And", [g.not(g.emit("Equal", [states, blank])), g.not(g.emit("Equal", [states, before]))])

      // The log-probabilities (T, N, L) of the states, and which steps count.
      let all = g.concat([g.sizeList(x, 0), g.shape(states)], axis: 0)
      let emissions = g.emit("GatherElements", [x, g.expand(g.unsqueeze(states, [0]), all)], ["axis": 2])
      let time = g.emit("Range", [g.int(0), g.size(x, 0), g.int(1)])
      let counts = g.emit("Less", [g.unsqueeze(time, [1, 2]), g.unsqueeze(inputLengths, [0, 2])])

      // As if before the first step all paths had been in the first state.
      let width = g.size(states, 1)
      let isFirst = g.emit("Equal", [g.emit("Range", [g.int(0), width, g.int(1)]), g.int(0)])
      let start = g.expand(g.select(isFirst, zero, none), g.shape(states))
      let alpha = g.scan([(start, dtype)], [(emissions, dtype), (counts, .bool)]) { g, alpha, step in
        func moved(_ by: Int) -> Wire {
          let shifted = g.pad(alpha[0], g.ints([0, by, 0, 0]), none)
          return g.slice(shifted, g.ints([0]), g.sizeList(alpha[0], 1), axes: [1])
        }
        let paths = [alpha[0], moved(1), g.select(skips, moved(2), none)]
        let next = g.add(logSumExp(g, paths, none: none, zero: zero), step[0])
        return ([g.select(step[1], next, alpha[0])], [])
      }.states[0]

      // Paths end in the last label, or in the blank behind it.
      let ends = g.unsqueeze(g.mul(targetLengths, g.int(2)), [1])
      let isEmpty = g.emit("Equal", [ends, g.int(0)])
      func value(at places: Wire) -> Wire { g.emit("GatherElements", [alpha, places], ["axis": 1]) }
      let inLabel = g.select(isEmpty, none, value(at: g.emit("Max", [g.sub(ends, g.int(1)), g.int(0)])))
      var loss = g.emit("Neg", [g.squeeze(logSumExp(g, [value(at: ends), inLabel], none: none, zero: zero), [1])])
      if try call.bool("zero_infinity") {
        loss = g.select(g.emit("Equal", [loss, try g.scalar(.double(.infinity), dtype)]), zero, loss)
      }
      switch try call.int("reduction") {
      case 1:
        let sizes = g.cast(g.emit("Max", [targetLengths, g.int(1)]), to: dtype)
        return g.reduce("ReduceMean", g.div(loss, sizes), nil, keep: false)
      case 2: return g.reduce("ReduceSum", loss, nil, keep: false)
      default: return isBatched ? loss : g.squeeze(loss, [0])
      }
    }

    static let rules: [ExportRule] = [.one("ctc_loss", as: ["Scan", "GatherElements"], loss)]
  }
}
