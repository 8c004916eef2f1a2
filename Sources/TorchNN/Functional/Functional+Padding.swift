// Padding with a constant, or with what the border suggests.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html

extension nn.functional {
  /// `x` with its last dimensions padded: `pad` is (left, right) of the last, then of the one before it, and so on.
  ///
  /// Negative amounts crop. `reflect` mirrors without the border itself, `replicate` repeats it, `circular` wraps around.
  public static func pad(
    _ x: Tensor, _ pad: [Int], mode: nn.PaddingMode = .zeros, value: Scalar = 0
  ) -> Tensor {
    if mode == .zeros { return x.constantPadND(pad, value: value) }
    guard pad.count % 2 == 0, pad.count / 2 <= x.ndim else {
      return .invalid(TorchError(.value, "Padding length must be divisible by 2 and at most twice the number of dimensions of the input"))
    }
    var y = x
    for i in 0..<pad.count / 2 {
      y = border(y, dim: x.ndim - 1 - i, left: pad[2 * i], right: pad[2 * i + 1], mode)
    }
    return y
  }

  private static func border(_ x: Tensor, dim: Int, left: Int, right: Int, _ mode: nn.PaddingMode) -> Tensor {
    let size = x.shape[dim]
    let limit = mode == .reflect ? size - 1 : mode == .circular ? size : Int.max
    guard left <= limit, right <= limit, size > 0 else {
      let rule = mode == .reflect
        ? "Padding size should be less than the corresponding input dimension, but got: padding (\(left), \(right)) at dimension \(dim) of input \(x.shape.listDescription)"
        : "Padding value causes wrapping around more than once."
      return .invalid(TorchError(.value, rule))
    }
    var y = x
    if left < 0 || right < 0 {
      y = x.narrow(dim, Swift.max(-left, 0), size + Swift.min(left, 0) + Swift.min(right, 0))
    }
    func column(_ index: Int) -> Tensor { x.narrow(dim, index, 1) }
    var parts: [Tensor] = []
    if left > 0 {
      switch mode {
      case .circular: parts.append(x.narrow(dim, size - left, left))
      case .replicate: parts += Array(repeating: column(0), count: left)
      default: parts += (1...left).reversed().map(column)
      }
    }
    parts.append(y)
    if right > 0 {
      switch mode {
      case .circular: parts.append(x.narrow(dim, 0, right))
      case .replicate: parts += Array(repeating: column(size - 1), count: right)
      default: parts += (1...right).map { column(size - 1 - $0) }
      }
    }
    return parts.count == 1 ? parts[0] : torch.cat(parts, dim: dim)
  }
}
