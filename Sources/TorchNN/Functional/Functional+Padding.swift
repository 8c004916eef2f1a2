// Padding with a constant, or with what the border suggests.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html

extension nn.functional {
  /// `x` with its last dimensions padded: `pad` is (left, right) of the last, then of the one before it, and so on.
  ///
  /// Negative amounts crop. `reflect` mirrors without the border itself, `replicate` repeats it, `circular` wraps around.
  public static func pad(
    _ x: Tensor, _ pad: [Int], mode: nn.PaddingMode = .zeros, value: Scalar = 0
  ) -> Tensor {
    torch.pad(
      x, pad, mode: mode == .zeros ? "constant" : mode.rawValue, value: mode == .zeros ? value.doubleValue : nil)
  }
}
