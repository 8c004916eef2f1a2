// A graph made ready to run: steps in order over numbered slots.
//
// Goals, in order: a value is let go of after its last use; running looks nothing up by name; a graph inside of a node
// (a loop's body) reaches the values around it by captures, which the compiler has listed.

import TorchCore
import TorchNN

extension ONNX {
  /// The values of one run of a program.
  final class Frame {
    var values: [Value?]
    init(count: Int) { values = Array(repeating: nil, count: count) }
  }

  final class Program {
    struct Step {
      let declaration: OperatorDeclaration
      let name: String
      let attributes: [String: Attribute]
      let opset: Int
      /// Slots; -1 stands for an input that is not given, or an output that nobody wants.
      let inputs: [Int]
      var outputs: [Int]
      /// The slots that no later step reads.
      var lastUses: [Int] = []

      /// The slots it reads, those of the graphs in it included.
      var reads: [Int] { inputs.filter { $0 >= 0 } + programs.flatMap { $0.captures.map(\.outer) } }

      var programs: [Program] {
        attributes.values.compactMap { if case .graph(let program) = $0 { program } else { nil } }
      }
    }

    var slotCount = 0
    var inputs: [Int] = []
    var outputs: [Int] = []
    var outputNames: [String] = []
    /// Values of the program around this one, and where they go.
    var captures: [(outer: Int, inner: Int)] = []
    var constants: [Int: Value] = [:]
    /// Parameters and buffers of the model.
    var state: [(slot: Int, tensor: TensorSlot)] = []
    var steps: [Step] = []

    /// Runs the steps.
    /// - Parameter outer: the frame of the program around this one.
    func run(_ arguments: [Value?], outer: Frame? = nil) throws -> [Value] {
      let frame = Frame(count: slotCount)
      for (slot, value) in constants { frame.values[slot] = value }
      for (slot, holder) in state { if let tensor = holder.tensor { frame.values[slot] = Value(tensor) } }
      for (slot, value) in zip(inputs, arguments) { if let value { frame.values[slot] = value } }
      if let outer { for (from, to) in captures { frame.values[to] = outer.values[from] } }
      for step in steps {
        try step.run(frame)
        for slot in step.lastUses { frame.values[slot] = nil }
      }
      return try zip(outputs, outputNames).map { slot, name in
        guard let value = frame.values[slot] else { throw TorchError(.value, "output '\(name)' has no value") }
        return value
      }
    }

    /// Takes out steps whose results nobody reads, and notes where values are read for the last time.
    func finish() {
      var wanted = Set(outputs)
      for i in steps.indices.reversed() {
        for (k, slot) in steps[i].outputs.enumerated() where !wanted.contains(slot) { steps[i].outputs[k] = -1 }
        if steps[i].outputs.allSatisfy({ $0 < 0 }) { continue }
        wanted.formUnion(steps[i].reads)
      }
      steps.removeAll { $0.outputs.allSatisfy { $0 < 0 } }
      constants = constants.filter { wanted.contains($0.key) }
      state.removeAll { !wanted.contains($0.slot) }
      var seen = Set(outputs)
      for i in steps.indices.reversed() {
        for slot in Set(steps[i].reads) where seen.insert(slot).inserted { steps[i].lastUses.append(slot) }
      }
    }
  }
}

extension ONNX.Program.Step {
  func run(_ frame: ONNX.Frame) throws {
    do {
      let call = ONNX.Call(
        step: self, inputs: inputs.map { $0 < 0 ? nil : frame.values[$0] }, frame: frame)
      let results = try declaration.body(call)
      for (i, slot) in outputs.enumerated() where slot >= 0 {
        guard i < results.count else { throw TorchError(.value, "it has no output number \(i)") }
        if let failure = results[i].tensor?.failure { throw failure }
        frame.values[slot] = results[i]
      }
    } catch let error as TorchError {
      throw TorchError(error.kind, "node '\(name)' (\(declaration.name)): \(error)")
    }
  }
}
