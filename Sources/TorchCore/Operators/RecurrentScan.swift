// One direction of a layer of a recurrent network, over all steps: the network's own work without that of the engine
// around a dozen operators for each step.

enum RecurrentScan {
  typealias Signature = Operator<Tensor, [Tensor], Tensor, Tensor?, [Int], Int, Bool, Bool, [Tensor]>

  /// `gates` (rows, gates · hidden) are the input's part of the gates, the rows of all steps below each other, of which
  /// there are `batch_sizes`; `cell` is a `RecurrentCell`. The results are the outputs (rows, hidden), the last states h and
  /// c, and with `train` what the derivative needs, which goes through all steps again otherwise.
  static let scan: Signature = Operator(
    "swift_torch::recurrent_scan(Tensor gates, Tensor[] state, Tensor weight, Tensor? bias, int[] batch_sizes, int cell, bool reverse, bool train) -> (Tensor, Tensor, Tensor, Tensor, Tensor, Tensor)",
    twins: .none,
    kernel: { gates, state, weight, bias, sizes, code, reverse, train in
      let cell = try checked(gates, state, weight, bias, sizes, code)
      let (output, last, reserve) = try gates.backend.recurrentScan(
        cell, RecurrentSteps(sizes: sizes, reverse: reverse), gates, state, weight, bias, train: train)
      let absent = try Tensor.uninitialized([0], gates.dtype)
      return [
        output, last[0], last.count > 1 ? last[1] : absent, reserve?.gates ?? absent, reserve?.hidden ?? absent,
        reserve?.cell ?? reserve?.candidate ?? absent,
      ]
    },
    derivative: { record, y, gates, state, weight, bias, sizes, code, reverse, train in
      record.attachOnly(3)
      let cell = RecurrentCell(rawValue: code)!
      var inputs: [SavedTensor?] = [record.save(gates)]
      for x in state { inputs.append(record.save(x)) }
      inputs += [record.save(weight), record.save(bias)]
      let results = (3...5).map { record.save(result: y[$0], index: $0) }
      let needs = inputs.indices.map { record.needs($0) }
      return { [inputs] g in
        // A derivative of the derivative goes through the steps' own operators.
        if !train || Modes.current.contains(.createGraph) {
          let places = try inputs.map { try $0.map { Value.tensor(try $0.value) } ?? .none }
          return try ReferenceDerivative.run(saved: inputs, boxed: places, gradients: g) { values in
            let tensors = values.compactMap(\.tensor)
            let weights = RecurrentWeights(
              input: tensors[0], hidden: tensors[1 + state.count], inputBias: nil,
              hiddenBias: tensors.count > 2 + state.count ? tensors[2 + state.count] : nil, projection: nil)
            let (output, last) = Recurrent.Scan.packed(sizes).stepwise(
              cell, tensors[0], Array(tensors[1...state.count]), weights, reverse: reverse)
            return [output] + last
          }
        }
        let (weight, gates, hidden, extra) = (
          try inputs[1 + state.count]!.value, try results[0].value, try results[1].value, try results[2].value
        )
        let reserve = RecurrentReserve(
          gates: gates, hidden: hidden, cell: cell == .lstm ? extra : nil, candidate: cell == .gru ? extra : nil)
        // Written over by the backend.
        let last = try state.indices.map { i in
          try g.ifPresent(1 + i)?.rowMajor().clone() ?? Tensor.zeros(state[i].shape, dtype: weight.dtype)
        }
        let parts = try weight.backend.recurrentScanBackward(
          cell, RecurrentSteps(sizes: sizes, reverse: reverse), try g.ifPresent(0)?.rowMajor(), last, weight, reserve)
        let byBias = needs[inputs.count - 1] ? parts.recurrent.sum(dim: 0) : nil
        return [needs[0] ? parts.gates : nil] + parts.state.enumerated().map { needs[1 + $0] ? $1 : nil }
          + [needs[1 + state.count] ? parts.recurrent.t().mm(hidden) : nil, byBias]
      }
    })

  private static func checked(
    _ gates: Tensor, _ state: [Tensor], _ weight: Tensor, _ bias: Tensor?, _ sizes: [Int], _ code: Int
  ) throws -> RecurrentCell {
    guard let cell = RecurrentCell(rawValue: code) else {
      throw TorchError(.value, "there is no recurrent cell \(code)")
    }
    guard weight.ndim == 2, weight.shape[0] == cell.gateCount * weight.shape[1], gates.ndim == 2,
      gates.shape[1] == weight.shape[0], state.count == (cell == .lstm ? 2 : 1),
      bias.map({ $0.shape == [weight.shape[0]] }) ?? true
    else {
      throw TorchError(
        .shape, "gates \(gates.shape), weight \(weight.shape) and \(state.count) states do not belong together")
    }
    let n = state[0].shape.first ?? 0
    guard state.allSatisfy({ $0.shape == [n, weight.shape[1]] }), sizes.reduce(0, +) == gates.shape[0],
      sizes.allSatisfy({ $0 >= 0 && $0 <= n }), zip(sizes, sizes.dropFirst()).allSatisfy({ $0 >= $1 })
    else {
      throw TorchError(
        .shape, "states \(state.map(\.shape)) and batch sizes \(sizes) do not fit gates \(gates.shape)")
    }
    guard isSupported(gates, state, weight, bias) else {
      throw TorchError(.dtype, "recurrent_scan takes tensors of float32, or of float64")
    }
    return cell
  }

  static func isSupported(_ gates: Tensor, _ state: [Tensor], _ weight: Tensor, _ bias: Tensor?) -> Bool {
    let dtype = gates.dtype
    return (dtype == .float32 || dtype == .float64) && weight.dtype == dtype && state.allSatisfy { $0.dtype == dtype }
      && bias?.dtype ?? dtype == dtype
  }

  static let operators: [AnyOperator] = [scan]
}
