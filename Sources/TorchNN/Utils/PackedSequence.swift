// Batches of sequences of different lengths: padded to a rectangle, or packed without the padding.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html

extension nn.utils {
  /// Padding and packing of sequences for recurrent networks.
  public enum rnn {}
}

extension nn.utils.rnn {
  /// The rows of a batch of sequences, step by step, without padding.
  ///
  /// Sequences are sorted by length, the longest first; `sortedIndices` says where they were in the batch.
  public struct PackedSequence {
    /// (all steps of all sequences, features)
    public let data: Tensor
    /// How many sequences have a step, for each step.
    public let batchSizes: Tensor
    public let sortedIndices: Tensor?
    public let unsortedIndices: Tensor?

    public init(data: Tensor, batchSizes: Tensor, sortedIndices: Tensor? = nil, unsortedIndices: Tensor? = nil) {
      self.data = data
      self.batchSizes = batchSizes
      self.sortedIndices = sortedIndices
      self.unsortedIndices = unsortedIndices ?? sortedIndices.map(invertPermutation)
    }

    /// The same packing of other rows.
    public func with(data: Tensor) -> PackedSequence {
      PackedSequence(
        data: data, batchSizes: batchSizes, sortedIndices: sortedIndices, unsortedIndices: unsortedIndices)
    }
  }

  /// The permutation that undoes `permutation`.
  public static func invertPermutation(_ permutation: Tensor) -> Tensor {
    Tensor.empty(like: permutation).scatter(0, permutation, Tensor.arange(.int(0), .int(permutation.numel)))
  }

  /// Packs a padded batch (T, N, …), or (N, T, …) with `batchFirst`.
  ///
  /// `lengths` are those of the sequences; they must fall unless `enforceSorted` is false. Lengths of zero or more than T
  /// are errors.
  ///
  /// ```swift
  /// let packed = nn.utils.rnn.packPaddedSequence(batch, [5, 3, 2], batchFirst: true)
  /// let (output, h) = gru(packed)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
  public static func packPaddedSequence(
    _ x: Tensor, _ lengths: [Int], batchFirst: Bool = false, enforceSorted: Bool = true
  ) -> PackedSequence {
    packPaddedSequence(
      x, Tensor(lengths, dtype: .int64), batchFirst: batchFirst, enforceSorted: enforceSorted)
  }

  /// The same with the lengths as a tensor of `int64` (N), which a trace follows.
  public static func packPaddedSequence(
    _ x: Tensor, _ lengths: Tensor, batchFirst: Bool = false, enforceSorted: Bool = true
  ) -> PackedSequence {
    var (x, lengths) = (x, lengths)
    var order: Tensor?
    if !enforceSorted {
      let sorted = lengths.sort(descending: true)
      lengths = sorted.values
      order = sorted.indices
      x = x.indexSelect(batchFirst ? 0 : 1, sorted.indices)
    }
    let (data, sizes) = torch.packPadded(x, lengths, batchFirst: batchFirst)
    return PackedSequence(data: data, batchSizes: sizes, sortedIndices: order)
  }

  /// The padded batch of a packed one, in the order in which it was packed, and the lengths. `totalLength` pads further.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
  public static func padPackedSequence(
    _ sequence: PackedSequence, batchFirst: Bool = false, paddingValue: Double = 0, totalLength: Int? = nil
  ) -> (padded: Tensor, lengths: Tensor) {
    let (padded, lengths) = torch.padPacked(
      sequence.data, sequence.batchSizes, batchFirst: batchFirst, paddingValue: .double(paddingValue),
      totalLength: totalLength ?? -1)
    guard let order = sequence.unsortedIndices else { return (padded, lengths) }
    return (padded.indexSelect(batchFirst ? 0 : 1, order), lengths.indexSelect(0, order))
  }

  /// Sequences (L, …) of different lengths L, padded to the longest: (T, N, …), or (N, T, …) with `batchFirst`.
  ///
  /// ```swift
  /// nn.utils.rnn.padSequence([Tensor([1, 2, 3]), Tensor([4])], batchFirst: true)
  /// // tensor([[1, 2, 3],
  /// //         [4, 0, 0]])
  /// ```
  /// - Parameter paddingSide: `right` or `left`.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html
  public static func padSequence(
    _ sequences: [Tensor], batchFirst: Bool = false, paddingValue: Double = 0, paddingSide: String = "right"
  ) -> Tensor {
    guard let first = sequences.first else {
      return .invalid(TorchError(.value, "received an empty list of sequences"))
    }
    guard paddingSide == "right" || paddingSide == "left" else {
      return .invalid(
        TorchError(.value, "Expected padding_side to be one of left or right, but got \(paddingSide)."))
    }
    let longest = sequences.map { $0.shape.first ?? 0 }.max() ?? 0
    let value: Scalar = first.dtype.isDifferentiable ? .double(paddingValue) : .int(Int(paddingValue))
    let rows = sequences.map { x -> Tensor in
      let missing = longest - (x.shape.first ?? 0)
      if missing == 0 { return x }
      let behind = [Int](repeating: 0, count: 2 * (x.ndim - 1))
      return x.constantPadND(behind + (paddingSide == "left" ? [missing, 0] : [0, missing]), value: value)
    }
    return torch.stack(rows, dim: batchFirst ? 0 : 1)
  }

  /// Undoes `padSequence`.
  public static func unpadSequence(_ padded: Tensor, _ lengths: [Int], batchFirst: Bool = false) -> [Tensor] {
    let rows = batchFirst ? padded : padded.transpose(0, 1)
    return lengths.enumerated().map { rows.select(0, $0).narrow(0, 0, $1) }
  }

  /// Packs sequences of different lengths.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html
  public static func packSequence(_ sequences: [Tensor], enforceSorted: Bool = true) -> PackedSequence {
    packPaddedSequence(padSequence(sequences), sequences.map { $0.shape.first ?? 0 }, enforceSorted: enforceSorted)
  }

  /// The sequences of a packed batch.
  public static func unpackSequence(_ packed: PackedSequence) -> [Tensor] {
    let (padded, lengths) = padPackedSequence(packed)
    guard let lengths = try? lengths.toArray(Int.self) else { return [padded] }
    return unpadSequence(padded, lengths)
  }
}
