// Packing of padded batches of sequences: the rows of all steps below each other, without the padding.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html

enum PackedSequences {
  /// Runs of steps in which the same number of sequences take part.
  private static func runs(_ sizes: [Int]) -> [(first: Int, count: Int, size: Int)] {
    var runs: [(first: Int, count: Int, size: Int)] = []
    for (t, size) in sizes.enumerated() {
      if let last = runs.last, last.size == size { runs[runs.count - 1].count += 1 } else { runs.append((t, 1, size)) }
    }
    return runs
  }

  static let pack: Operator<Tensor, Tensor, Bool, [Tensor]> = Operator(
    composite: "_pack_padded_sequence(Tensor input, Tensor lengths, bool batch_first) -> (Tensor, Tensor)",
    twins: .out("out", names: ["out0", "out1"])
  ) { x, lengths, batchFirst in
    let input = batchFirst ? x.transpose(0, 1) : x
    guard lengths.ndim == 1, lengths.dtype == .int64 else {
      throw TorchError(
        .value,
        "'lengths' argument should be a 1D CPU int64 tensor, but got \(lengths.ndim)D cpu \(lengths.dtype.scalarTypeName) tensor")
    }
    guard x.ndim >= 2, input.numel > 0 else { throw TorchError(.value, "Cannot pack empty tensors.") }
    let values = try lengths.toArray(Int.self)
    guard values.count == input.shape[1] else {
      throw TorchError(
        .value,
        "Expected `len(lengths)` to be equal to batch_size, but got \(values.count) (batch_size=\(input.shape[1]))")
    }
    guard values.allSatisfy({ $0 > 0 }) else {
      throw TorchError(
        .value,
        "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0")
    }
    guard values == values.sorted(by: >) else {
      throw TorchError(
        .value,
        "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you do not need ONNX exportability.")
    }
    guard values[0] <= input.shape[0] else {
      throw TorchError(
        .value, "Expected sequences of at most \(input.shape[0]) steps, but got the length \(values[0])")
    }
    let sizes = (0..<values[0]).map { t in values.count { $0 > t } }
    let rest = Array(input.shape.dropFirst(2))
    let pieces = runs(sizes).map {
      input.narrow(0, $0.first, $0.count).narrow(1, 0, $0.size).reshape([$0.count * $0.size] + rest)
    }
    return [torch.cat(pieces), try Tensor.from(sizes, shape: [sizes.count])]
  }

  static let pad: Operator<Tensor, Tensor, Bool, Scalar, Int, [Tensor]> = Operator(
    composite:
      "_pad_packed_sequence(Tensor data, Tensor batch_sizes, bool batch_first, Scalar padding_value, int total_length) -> (Tensor, Tensor)"
  ) { data, batchSizes, batchFirst, padding, total in
    guard data.ndim > 0 else { throw TorchError(.shape, "_pad_packed_sequence: data must have at least 1 dimension") }
    guard batchSizes.ndim == 1, batchSizes.dtype == .int64 else {
      throw TorchError(.type, "_pad_packed_sequence: batch_sizes must be a vector of int64")
    }
    let sizes = try batchSizes.toArray(Int.self)
    guard sizes.allSatisfy({ $0 > 0 }), let widest = sizes.first, sizes.reduce(0, +) == data.shape[0] else {
      throw TorchError(.value, "batch_sizes must sum to the number of rows \(data.shape[0])")
    }
    guard total <= 0 || total >= sizes.count else {
      throw TorchError(
        .value,
        "Expected total_length to be at least the length of the longest sequence in input, but got total_length=\(total) and max sequence length being \(sizes.count)")
    }
    let rest = Array(data.shape.dropFirst())
    let behind = [Int](repeating: 0, count: 2 * rest.count)
    var row = 0
    let steps = runs(sizes).map { run -> Tensor in
      let piece = data.narrow(0, row, run.count * run.size).reshape([run.count, run.size] + rest)
      row += run.count * run.size
      return run.size == widest ? piece : piece.constantPadND(behind + [0, widest - run.size], value: padding)
    }
    var out = torch.cat(steps)
    if total > sizes.count { out = out.constantPadND(behind + [0, 0, 0, total - sizes.count], value: padding) }
    let lengths = (0..<widest).map { i in sizes.count { $0 > i } }
    return [batchFirst ? out.transpose(0, 1) : out, try Tensor.from(lengths, shape: [widest])]
  }

  static let operators: [AnyOperator] = [pack, pad]
}

extension torch {
  /// The rows of a padded batch, step by step without the padding, and how many sequences each step has. `lengths` must
  /// fall; `nn.utils.rnn.packPaddedSequence` sorts.
  package static func packPadded(_ x: Tensor, _ lengths: Tensor, batchFirst: Bool) -> (data: Tensor, batchSizes: Tensor) {
    let both = PackedSequences.pack(x, lengths, batchFirst)
    return (both[0], both[1])
  }

  /// Undoes `packPadded`: the padded batch and the lengths.
  package static func padPacked(
    _ data: Tensor, _ batchSizes: Tensor, batchFirst: Bool, paddingValue: Scalar, totalLength: Int
  ) -> (padded: Tensor, lengths: Tensor) {
    let both = PackedSequences.pad(data, batchSizes, batchFirst, paddingValue, totalLength)
    return (both[0], both[1])
  }
}
