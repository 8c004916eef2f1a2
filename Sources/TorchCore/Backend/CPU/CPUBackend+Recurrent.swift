// Recurrent networks on the CPU: a matrix product and one pass over the gates for each step.

import CTorchKernelHeaders

/// The steps of a sequence in one direction: how many sequences take part in each, the first of a batch that is sorted by
/// length, whose rows lie below each other.
struct RecurrentSteps {
  let sizes: [Int]
  let reverse: Bool

  var rows: Int { sizes.reduce(0, +) }

  /// The first row and the number of rows of each step, in the order of going through them.
  var ranges: [(row: Int, count: Int)] {
    var row = 0
    let all = sizes.map { count -> (row: Int, count: Int) in
      defer { row += count }
      return (row, count)
    }
    return reverse ? all.reversed() : all
  }
}

/// What a derivative needs of a scan: (rows, …) tensors.
struct RecurrentReserve {
  /// The activations of the gates.
  let gates: Tensor
  /// The states before each step; `cell` of an LSTM.
  let hidden: Tensor
  let cell: Tensor?
  /// Of a GRU: what the candidate gets of the state.
  let candidate: Tensor?

  init(gates: Tensor, hidden: Tensor, cell: Tensor?, candidate: Tensor?) {
    (self.gates, self.hidden, self.cell, self.candidate) = (gates, hidden, cell, candidate)
  }

  init(_ cell: RecurrentCell, rows: Int, hidden n: Int, _ dtype: DType) throws {
    gates = try Tensor.uninitialized([rows, cell.gateCount * n], dtype)
    hidden = try Tensor.uninitialized([rows, n], dtype)
    self.cell = cell == .lstm ? try Tensor.uninitialized([rows, n], dtype) : nil
    candidate = cell == .gru ? try Tensor.uninitialized([rows, n], dtype) : nil
  }
}

extension RecurrentCell {
  fileprivate var kernel: tk_cell {
    switch self {
    case .relu: TK_CELL_RELU
    case .tanh: TK_CELL_TANH
    case .lstm: TK_CELL_LSTM
    case .gru: TK_CELL_GRU
    }
  }
}

extension CPUBackend {
  /// Goes through `steps`. `gates` (rows, gates · hidden) are the input's, `state` is (N, hidden), `weight`
  /// (gates · hidden, hidden).
  /// - Returns: the outputs of all steps, the last states, and with `train` what the derivative needs.
  func recurrentScan(
    _ cell: RecurrentCell, _ steps: RecurrentSteps, _ gates: Tensor, _ state: [Tensor], _ weight: Tensor,
    _ bias: Tensor?, train: Bool
  ) throws -> (output: Tensor, last: [Tensor], reserve: RecurrentReserve?) {
    let (n, size, dtype) = (weight.shape[1], gates.dtype.itemSize, gates.dtype)
    let width = cell.gateCount * n
    let (gates, weight, bias) = (try gates.rowMajor(), try weight.rowMajor(), try bias?.rowMajor())
    let last = try state.map { try $0.rowMajor().clone() }
    let output = try Tensor.uninitialized([steps.rows, n], dtype)
    let reserve = train ? try RecurrentReserve(cell, rows: steps.rows, hidden: n, dtype) : nil
    let recurrent = try Tensor.uninitialized([state[0].shape[0], width], dtype)
    defer { withExtendedLifetime(weight) {} }
    let transposed = MatrixOperand(pointer: weight.pointer, transposed: true, leading: n)
    for (row, count) in steps.ranges where count > 0 {
      func at(_ x: Tensor?, _ width: Int) -> UnsafeMutableRawPointer? { x.map { $0.pointer + row * width * size } }
      try product(
        dtype, count, width, n, MatrixOperand(pointer: last[0].pointer, transposed: false, leading: n), transposed,
        into: recurrent.pointer, accumulate: false)
      var step = tk_recurrent_step(dtype: dtype.kernel, cell: cell.kernel, rows: Int64(count), hidden: Int64(n))
      _ = tk_recurrent_forward(
        &step, at(gates, width), recurrent.pointer, bias?.pointer, at(reserve?.gates, width) ?? recurrent.pointer,
        last[0].pointer, last.count > 1 ? last[1].pointer : nil, at(output, n), at(reserve?.hidden, n),
        at(reserve?.cell, n), at(reserve?.candidate, n))
    }
    return (output, last, reserve)
  }

  /// The derivative of `recurrentScan`: by the input's gates, by the state's part of the gates, by the first states.
  /// - Parameters:
  ///   - g: of the outputs, contiguous; nil for zeros.
  ///   - last: of the last states; it is overwritten.
  func recurrentScanBackward(
    _ cell: RecurrentCell, _ steps: RecurrentSteps, _ g: Tensor?, _ last: [Tensor], _ weight: Tensor,
    _ reserve: RecurrentReserve
  ) throws -> (gates: Tensor, recurrent: Tensor, state: [Tensor]) {
    let (n, size, dtype) = (weight.shape[1], weight.dtype.itemSize, weight.dtype)
    let width = cell.gateCount * n
    let weight = try weight.rowMajor()
    let byGates = try Tensor.uninitialized([steps.rows, width], dtype)
    let byRecurrent = cell == .gru ? try Tensor.uninitialized([steps.rows, width], dtype) : nil
    defer { withExtendedLifetime(weight) {} }
    let matrix = MatrixOperand(pointer: weight.pointer, transposed: false, leading: n)
    for (row, count) in steps.ranges.reversed() where count > 0 {
      func at(_ x: Tensor?, _ width: Int) -> UnsafeMutableRawPointer? { x.map { $0.pointer + row * width * size } }
      var step = tk_recurrent_step(dtype: dtype.kernel, cell: cell.kernel, rows: Int64(count), hidden: Int64(n))
      _ = tk_recurrent_backward(
        &step, at(reserve.gates, width), at(reserve.hidden, n), at(reserve.cell, n), at(reserve.candidate, n), at(g, n),
        last[0].pointer, last.count > 1 ? last[1].pointer : nil, at(byGates, width), at(byRecurrent, width))
      try product(
        dtype, count, n, width,
        MatrixOperand(pointer: at(byRecurrent ?? byGates, width)!, transposed: false, leading: width), matrix,
        into: last[0].pointer, accumulate: cell == .gru)
    }
    return (byGates, byRecurrent ?? byGates, last)
  }
}
