// Dynamic quantization: linear layers and LSTMs with int8 weights, whose inputs are quantized as they come.
//
// Weights are symmetric, with a scale for each output; inputs have one scale and zero point each, unsigned with 7 bits,
// as FBGEMM has them in PyTorch. Not differentiable. An input that is not finite counts as zero.
// The operators are in a namespace of their own: PyTorch's keep their weights in opaque objects.
// Reference: https://pytorch.org/docs/stable/generated/torch.ao.quantization.quantize_dynamic.html

import CTorchKernelHeaders

/// A matrix of int8 with a scale for each row.
package struct Int8Weight {
  /// (out, in), int8.
  package let values: Tensor
  /// (out), float32.
  package let scales: Tensor
  /// (out), int32: the sums of the rows, by which the input's zero point moves the products.
  package let sums: Tensor

  package init(values: Tensor, scales: Tensor, sums: Tensor) throws {
    let rows = values.shape.first ?? 0
    guard values.dtype == .int8, values.ndim == 2, scales.dtype == .float32, scales.shape == [rows],
      sums.dtype == .int32,
      sums.shape == [rows]
    else {
      throw TorchError(
        .type,
        "a quantized weight is an int8 matrix with a float32 scale and an int32 sum for each row, but got \(values.dtype) \(values.shape.listDescription), \(scales.dtype) \(scales.shape.listDescription) and \(sums.dtype) \(sums.shape.listDescription)"
      )
    }
    self.values = values.isContiguous ? values : try values.packed()
    self.scales = scales.isContiguous ? scales : try scales.packed()
    self.sums = sums.isContiguous ? sums : try sums.packed()
  }

  /// The matrix that the numbers stand for.
  package var dequantized: Tensor { values.to(.float32) * scales.unsqueeze(1) }

  /// x of (…, in) gives (…, out).
  func multiply(_ x: Tensor, _ bias: Tensor?) throws -> Tensor {
    let (rows, columns) = (values.shape[0], values.shape[1])
    guard x.dtype == .float32 else {
      throw TorchError(.dtype, "expected a float32 input for int8 weights, but got \(x.dtype.scalarTypeName)")
    }
    guard x.ndim >= 1, x.shape[-1] == columns else {
      throw TorchError(
        .shape, "mat1 and mat2 shapes cannot be multiplied (\(x.shape.listDescription) and \(columns)x\(rows))")
    }
    if let bias, bias.dtype != .float32 || bias.shape != [rows] {
      throw TorchError(.shape, "expected a float32 bias of size [\(rows)], but got \(bias.shape.listDescription)")
    }
    let source = x.isContiguous ? x : try x.packed(), bias = try bias.map { $0.isContiguous ? $0 : try $0.packed() }
    let y = try Tensor.uninitialized(Shape(x.shape.dropLast() + [rows]), .float32)
    if y.numel == 0 { return y }
    let quantized = try Storage(byteCount: max(x.numel, 1))
    withExtendedLifetime((source, bias, quantized, self)) {
      let input = source.pointer.assumingMemoryBound(to: Float.self)
      let bytes = quantized.base.assumingMemoryBound(to: UInt8.self)
      let scale = tk_int8_scale(input, Int64(x.numel))
      tk_int8_quantize(scale, input, Int64(x.numel), bytes)
      tk_int8_linear(
        Int64(y.numel / rows), Int64(rows), Int64(columns), bytes, scale,
        values.pointer.assumingMemoryBound(to: Int8.self),
        scales.pointer.assumingMemoryBound(to: Float.self), sums.pointer.assumingMemoryBound(to: Int32.self),
        bias?.pointer.assumingMemoryBound(to: Float.self), y.pointer.assumingMemoryBound(to: Float.self))
    }
    return y
  }

  /// The same as a call of the operator.
  func linear(_ x: Tensor, _ bias: Tensor?) -> Tensor { DynamicInt8.linear(x, values, scales, sums, bias) }
}

enum DynamicInt8 {
  static let linear = Operator(
    "swift_torch::linear_dynamic_int8(Tensor input, Tensor weight, Tensor scales, Tensor sums, Tensor? bias=None) -> Tensor",
    twins: .none,
    kernel: { (x: Tensor, weight: Tensor, scales: Tensor, sums: Tensor, bias: Tensor?) in
      try Int8Weight(values: weight, scales: scales, sums: sums).multiply(x, bias)
    })

  /// `params` has for each layer and direction the weight, scales and sums of the input's product, the same of the
  /// hidden state's, and the two biases if there are any.
  static let lstm = Operator(
    composite:
      "swift_torch::lstm_dynamic_int8(Tensor input, Tensor[] hx, Tensor[] params, bool has_biases, int num_layers, bool bidirectional, bool batch_first) -> (Tensor, Tensor, Tensor)"
  ) {
    (
      x: Tensor, state: [Tensor], parameters: [Tensor], hasBiases: Bool, layers: Int, bidirectional: Bool,
      batchFirst: Bool
    )
      -> [Tensor] in
    let (size, directions) = (hasBiases ? 8 : 6, bidirectional ? 2 : 1)
    guard state.count == 2, layers > 0, parameters.count == size * layers * directions else {
      throw TorchError(.value, "got an incorrect number of RNN parameters")
    }
    guard x.ndim == 3, x.shape[batchFirst ? 1 : 0] > 0 else {
      throw TorchError(.shape, "Expected sequence length to be larger than 0 in RNN")
    }
    let none = try Tensor.uninitialized([0], .float32)
    let sets = try (0..<layers * directions).map { i -> RecurrentWeights in
      let p = Array(parameters[i * size..<(i + 1) * size])
      return RecurrentWeights(
        input: none, hidden: none, inputBias: hasBiases ? p[6] : nil, hiddenBias: hasBiases ? p[7] : nil,
        projection: nil,
        quantized: (
          try Int8Weight(values: p[0], scales: p[1], sums: p[2]), try Int8Weight(values: p[3], scales: p[4], sums: p[5])
        ))
    }
    let plan = Recurrent.Plan(.lstm, layers: (0..<layers).map { Array(sets[$0 * directions..<($0 + 1) * directions]) })
    var results = try plan.run(batchFirst ? x.transpose(0, 1) : x, state, .padded)
    if batchFirst { results[0] = results[0].transpose(0, 1) }
    return results
  }

  static let operators: [AnyOperator] = [linear, lstm]
}
