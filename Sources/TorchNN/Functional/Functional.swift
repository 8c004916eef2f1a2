// `nn.functional`: the modules' computations as functions. Files beside this one hold the families.
// Reference: https://pytorch.org/docs/stable/nn.functional.html

extension nn {
  public enum functional {}
}

extension nn.functional {
  /// `x wᵀ + b`: x (…, in), w (out, in), b (out) gives (…, out).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
  public static func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
    torch.linear(x, weight, bias)
  }
}
