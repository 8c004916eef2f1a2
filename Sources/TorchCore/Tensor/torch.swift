// The namespace of PyTorch's free functions: `torch.zeros(3, 4)`, `torch.cat([a, b])`, `torch.noGrad { … }`.

/// PyTorch's functions under PyTorch's name. Lower case, so that code reads as PyTorch's does.
public enum torch {}

extension torch {
  public static let pi = Double.pi
  public static let inf = Double.infinity
  public static let nan = Double.nan
}
