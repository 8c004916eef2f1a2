// Embeddings whose table is quantized: bytes, with a scale and a zero point for each row.
//
// Their modules call operators for tables of four bits too, which PyTorch 2.15 writes and cannot read.
// Reference: aten/src/ATen/native/quantized/cpu/qembeddingbag.cpp of PyTorch.

extension JIT.Builtins {
  private static let packedTable = "\(JIT.PackedParameters.embedding) weight"
  private static let bagParameters =
    "Tensor indices, Tensor? offsets=None, bool scale_grad_by_freq=False, int mode=0, bool pruned_weights=False, Tensor? per_sample_weights=None, Tensor? compressed_indices_mapping=None, bool include_last_offset=False"

  @Family static var quantizedEmbeddings: [JIT.Builtin] {
    JIT.Builtin("quantized::embedding_byte(\(packedTable), Tensor indices, bool pruned_weights=False) -> Tensor") {
      (packed: JIT.IValue, indices: Tensor, _: Bool) in
      try rows(of: packed, indices.flatten()).unflatten(0, Array(indices.shape))
    }
    // The mode is not looked at: bags are sums.
    JIT.Builtin("quantized::embedding_bag_byte(\(packedTable), \(bagParameters)) -> Tensor") { (x: [JIT.IValue]) in
      let (indices, offsets) = (try Tensor.read(x[1]), try Tensor?.read(x[2]))
      guard try !Bool.read(x[5]) || x[7].isNone else {
        throw TorchError(.notImplemented, "embedding_bag_byte: tables with rows left out are not supported")
      }
      return .tensor(
        try sums(
          rows(of: x[0], indices.flatten()), indices, offsets, weights: Tensor?.read(x[6]),
          includesLast: Bool.read(x[8])))
    }
    JIT.Builtin("quantized::embedding_4bit(\(packedTable), Tensor indices, bool pruned_weights=False) -> Tensor") {
      (_: [JIT.IValue]) in throw fourBits
    }
    JIT.Builtin("quantized::embedding_bag_4bit(\(packedTable), \(bagParameters)) -> Tensor") { (_: [JIT.IValue]) in
      throw fourBits
    }
    JIT.Builtin("quantized::embedding_bag_prepack(Tensor weight) -> \(JIT.PackedParameters.embedding) W_prepack") {
      (weight: JIT.QuantizedTensor) -> JIT.IValue in
      JIT.PackedParameters.object(
        JIT.PackedParameters.embedding, ["weight_": .quantized(weight), "bits": .int(8)])
    }
    JIT.Builtin("quantized::embedding_bag_unpack(\(JIT.PackedParameters.embedding) W_prepack) -> Tensor W_origin") {
      (packed: JIT.IValue) -> JIT.IValue in
      try Packed.attribute(packed, "weight_")
    }
  }

  private static var fourBits: TorchError {
    TorchError(.notImplemented, "tables of four bits for each value are not supported")
  }

  /// The rows of a table with these numbers: `values · scale − zero point · scale`.
  private static func rows(of packed: JIT.IValue, _ indices: Tensor) throws -> Tensor {
    let table = try JIT.QuantizedTensor.read(Packed.attribute(packed, "weight_"))
    guard table.values.ndim == 2, case .perChannel(let scales, let zeroPoints, 0) = table.scheme else {
      throw TorchError(.value, "Expected a table with a scale for each row")
    }
    let count = table.values.shape[0]
    let numbers = try indices.toArray(Int.self)
    if let wrong = numbers.firstIndex(where: { $0 < 0 || $0 >= count }) {
      throw TorchError(.index, "Index \(wrong) is out of bounds: \(numbers[wrong]), range 0 to \(count)")
    }
    let scale = Tensor(numbers.map { Float(scales[$0]) }).unsqueeze(1)
    let shift = Tensor(numbers.map { -Float(zeroPoints[$0]) * Float(scales[$0]) }).unsqueeze(1)
    return table.values.indexSelect(0, indices.to(.int64)).to(.float32) * scale + shift
  }

  /// The sums of the rows of each bag.
  private static func sums(
    _ rows: Tensor, _ indices: Tensor, _ offsets: Tensor?, weights: Tensor?, includesLast: Bool
  ) throws -> Tensor {
    let scaled = weights.map { rows * $0.to(.float32).flatten().unsqueeze(1) } ?? rows
    if indices.ndim == 2 { return scaled.unflatten(0, Array(indices.shape)).sum(dim: 1) }
    guard let offsets else {
      throw TorchError(.value, "embedding_bag_byte operator expects offsets to be set for 1D indices.")
    }
    let starts = try offsets.toArray(Int.self)
    let ends = starts.dropFirst() + (includesLast ? [] : [rows.shape[0]])
    guard zip(starts, ends).allSatisfy({ 0 <= $0 && $0 <= $1 }), ends.last ?? 0 <= rows.shape[0] else {
      throw TorchError(.value, "embedding_bag_byte: offsets \(starts) do not fit \(rows.shape[0]) indices")
    }
    let parts = zip(starts, ends).map { scaled.narrow(0, $0, $1 - $0).sum(dim: 0) }
    return parts.isEmpty ? rows.narrow(0, 0, 0) : torch.stack(parts)
  }
}
