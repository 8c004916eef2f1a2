// What a run of a program did, call by call: what a tracer writes down.
//
// Tensors are numbers, given in the order in which they appear, so that runs of one program on inputs of other sizes can
// be compared: where they did the same, equal numbers mean corresponding tensors.

extension JIT {
  /// The record of one run.
  struct TraceRun {
    /// Every tensor that was seen, by number. An in-place operation gives a number to what it leaves.
    var values: [TraceValue] = []
    var steps: [TraceStep] = []
    /// What the program returned.
    var result = TraceTree.none
    /// What each module's calls returned, in their order.
    var returned: [ObjectIdentifier: [Any]] = [:]

    /// The sizes of the tensors stay; only constants are compared by their values.
    mutating func dropTensors() {
      for i in values.indices where values[i].origin != .constant { values[i].tensor = nil }
      result = .none
      returned = [:]
    }
  }

  struct TraceValue {
    enum Origin: Equatable {
      /// A tensor of the example, in the order of the arguments.
      case input(Int)
      /// A parameter or buffer of the module.
      case attribute
      /// A tensor that was there before, or was made without an operator.
      case constant
      /// A result of a step.
      case step
    }

    let origin: Origin
    let sizes: [Int]
    var tensor: Tensor?
    /// The integer that the program has read out of it.
    var number: Int?
  }

  enum TraceStep {
    /// An operator was called.
    case call(AnyOperator, [TraceArgument], results: [TraceArgument])
    /// The values of `source` were written over those of `target`, which is `result` from then on.
    case write(target: Int, source: Int, result: Int)
    case enter(nn.Module, inputs: [Int])
    case leave
  }

  /// An argument or a result of an operator.
  indirect enum TraceArgument {
    case tensor(Int)
    case list([TraceArgument])
    case plain(Value)
  }
}

extension JIT.TraceArgument {
  /// The tensors in it, by number.
  var tensors: [Int] {
    switch self {
    case .tensor(let number): [number]
    case .list(let items): items.flatMap(\.tensors)
    case .plain: []
    }
  }
}
