// Padding.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html

enum Padding {
  /// `pad` holds (before, after) for the last dimension, then the one before it, …; negative entries crop.
  static let constantPad: Operator<Tensor, [Int], Scalar, Tensor> = Operator(
    "constant_pad_nd(Tensor self, SymInt[] pad, Scalar value=0) -> Tensor",
    kernel: { (x: Tensor, pad: [Int], value: Scalar) in
      guard pad.count % 2 == 0 else {
        throw TorchError(.value, "Length of pad must be even but instead it equals \(pad.count)")
      }
      guard pad.count / 2 <= x.ndim else {
        throw TorchError(
          .value,
          "Length of pad should be no more than twice the number of dimensions of the input. Pad length is \(pad.count) while the input has \(x.ndim) dimensions.")
      }
      var shape = x.shape
      var inner = x
      for i in 0..<pad.count / 2 {
        let dim = x.ndim - 1 - i
        shape[dim] += pad[2 * i] + pad[2 * i + 1]
        guard shape[dim] >= 0 else {
          throw TorchError(
            .shape,
            "The input size \(x.shape[dim]), plus negative padding \(pad[2 * i]) and \(pad[2 * i + 1]) resulted in a negative output size, which is invalid. Check dimension \(dim) of your input.")
        }
        inner = inner.slice(dim: dim, start: Swift.max(-pad[2 * i], 0), end: x.shape[dim] - Swift.max(-pad[2 * i + 1], 0))
      }
      let out = try Tensor.uninitialized(shape, x.dtype)
      try out.backend.fill(out, with: value)
      var target = out
      for i in 0..<pad.count / 2 {
        let dim = x.ndim - 1 - i
        target = target.slice(dim: dim, start: Swift.max(pad[2 * i], 0), end: shape[dim] - Swift.max(pad[2 * i + 1], 0))
      }
      try out.backend.copy(inner, into: target)
      return out
    },
    derivative: { _, _, _, pad, _ in
      { g in [g[0].constantPadND(pad.map { -$0 })] }
    })

  static let operators: [AnyOperator] = [constantPad]
}

extension Tensor {
  /// Constant values put around the last dimensions: (before, after) of the last one first.
  public func constantPadND(_ pad: [Int], value: Scalar = 0) -> Tensor { Padding.constantPad(self, pad, value) }
}
