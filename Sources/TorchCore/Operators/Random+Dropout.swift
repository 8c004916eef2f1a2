// Dropout by PyTorch's names; the operators are in Random.swift.

extension torch {
  /// Elements zeroed with probability `p` and the others scaled by 1 / (1 - p), where `train`; else x itself.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
  public static func dropout(_ x: Tensor, p: Double, train: Bool) -> Tensor { Random.dropout(x, p, train) }

  /// The same for whole channels: dimensions 0 and 1 have a draw each, the others share it.
  public static func featureDropout(_ x: Tensor, p: Double, train: Bool) -> Tensor { Random.featureDropout(x, p, train) }
}
