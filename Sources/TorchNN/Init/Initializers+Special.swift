// Initialisers whose draws need more than one step: truncated normal, orthogonal, sparse.
// Reference: https://pytorch.org/docs/stable/nn.init.html

import Foundation

extension nn.initializers {
  /// Normal, redrawn where it falls outside of [a, b].
  ///
  /// As PyTorch: by redrawing where at least three draws in ten fall inside, else by rejection from a uniform.
  /// Source: https://pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_
  @discardableResult
  public static func truncNormal_(
    _ tensor: Tensor, mean: Double = 0, std: Double = 1, a: Double = -2, b: Double = 2, generator: Generator? = nil
  ) -> Tensor {
    guarded(tensor) {
      func cdf(_ x: Double) -> Double { (1 + erf(x / 2.0.squareRoot())) / 2 }
      if cdf((b - mean) / std) - cdf((a - mean) / std) > 0.3 {
        try redraw(tensor, mean, std, a, b, generator)
      } else {
        try reject(tensor, mean, std, a, b, generator)
      }
    }
  }

  private static func redraw(
    _ tensor: Tensor, _ mean: Double, _ std: Double, _ a: Double, _ b: Double, _ generator: Generator?
  ) throws {
    // The bounds as the dtype can hold them.
    let low = try Tensor.full([], .double(a), dtype: tensor.dtype).item()
    let high = try Tensor.full([], .double(b), dtype: tensor.dtype).item()
    var result = tensor.normal_(mean: mean, std: std, generator: generator)
    while true {
      let outside = (result < low).logicalOr(result > high)
      guard try outside.any().item(Bool.self) else { break }
      let fresh = Tensor.empty(like: result).normal_(mean: mean, std: std, generator: generator)
      result = torch.where(outside, fresh, result)
    }
    if result !== tensor { tensor.copy_(result) }
  }

  private static func reject(
    _ tensor: Tensor, _ mean: Double, _ std: Double, _ a: Double, _ b: Double, _ generator: Generator?
  ) throws {
    let mode = Swift.max(a, Swift.min(mean, b))
    let peak = -0.5 * ((mode - mean) / std) * ((mode - mean) / std)
    func isRefused(_ candidates: Tensor) -> Tensor {
      let density = ((candidates - mean) / std).pow(2) * -0.5 - peak
      return Tensor.empty(like: tensor).uniform_(generator: generator).log() > density
    }
    var result = tensor.uniform_(a, b, generator: generator)
    var pending = isRefused(result)
    while try pending.any().item(Bool.self) {
      let candidates = Tensor.empty(like: tensor).uniform_(a, b, generator: generator)
      result = torch.where(pending, candidates, result)
      pending = pending.logicalAnd(isRefused(candidates))
    }
    if result !== tensor { tensor.copy_(result) }
  }

  /// Orthonormal rows or columns, whichever are fewer, times `gain`; dimensions after the first are taken as one.
  ///
  /// Reference: Saxe et al. 2013, https://arxiv.org/abs/1312.6120
  @discardableResult
  public static func orthogonal_(_ tensor: Tensor, gain: Double = 1, generator: Generator? = nil) -> Tensor {
    guarded(tensor) {
      guard tensor.ndim >= 2 else {
        throw TorchError(.shape, "Only tensors with 2 or more dimensions are supported")
      }
      if tensor.numel == 0 { return }
      let (rows, columns) = (tensor.shape[0], tensor.numel / tensor.shape[0])
      var flat = Tensor.empty([rows, columns], dtype: tensor.dtype).normal_(generator: generator)
      if rows < columns { flat = flat.t() }
      // With the signs of R's diagonal Q is uniform over the orthogonal matrices.
      let (q, r) = torch.linalg.qr(flat)
      let uniform = q * r.diag().sign()
      tensor.copy_((rows < columns ? uniform.t() : uniform).reshape(like: tensor))
      tensor.mul_(gain)
    }
  }

  /// Normal, with the fraction `sparsity` of each column set to zero.
  ///
  /// Reference: Martens 2010, Deep learning via Hessian-free optimization
  @discardableResult
  public static func sparse_(
    _ tensor: Tensor, sparsity: Double, std: Double = 0.01, generator: Generator? = nil
  ) -> Tensor {
    guarded(tensor) {
      guard tensor.ndim == 2 else { throw TorchError(.shape, "Only tensors with 2 dimensions are supported") }
      let (rows, columns) = (tensor.shape[0], tensor.shape[1])
      let zeros = Int((sparsity * Double(rows)).rounded(.up))
      tensor.normal_(std: std, generator: generator)
      for column in 0..<columns {
        // The order comes from the default generator, as in PyTorch.
        let places = torch.randperm(rows).narrow(0, 0, Swift.min(zeros, rows))
        _ = tensor.select(1, column).indexFill_(0, places, 0)
      }
    }
  }
}
