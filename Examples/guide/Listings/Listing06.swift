// Listing 6: concatenation and stacking.

import Torch

@Sendable func joining(print: Printer) throws {
  let a = Tensor([[1, 2, 3], [4, 5, 6]])
  let b = Tensor([[7, 8, 9], [10, 11, 12]])
  print("Tensor a:\n\(a)")
  print("Tensor b:\n\(b)")

  // Along a dimension that is there
  let rows = torch.cat([a, b], dim: 0)
  print("Concatenated along rows (dim=0):\n\(rows)")
  print("Shape: \(rows.shape)")

  let columns = torch.cat([a, b], dim: 1)
  print("Concatenated along columns (dim=1):\n\(columns)")
  print("Shape: \(columns.shape)")

  // Along a new dimension
  let vertical = torch.stack([a, b], dim: 0)
  print("Stacked vertically (dim=0):\n\(vertical)")
  print("Shape: \(vertical.shape)")

  let horizontal = torch.stack([a, b], dim: 1)
  print("Stacked horizontally (dim=1):\n\(horizontal)")
  print("Shape: \(horizontal.shape)")

  let depth = torch.stack([a, b], dim: 2)
  print("Stacked along depth (dim=2):\n\(depth)")
  print("Shape: \(depth.shape)")

  // Two batches of images made one
  let batch1 = torch.rand(4, 3, 28, 28)
  let batch2 = torch.rand(6, 3, 28, 28)
  print("Combined batch shape: \(torch.cat([batch1, batch2], dim: 0).shape)")

  print("Horizontally stacked:\n\(torch.hstack([a, b]))")
  print("Vertically stacked:\n\(torch.vstack([a, b]))")
  print("Depth stacked:\n\(torch.dstack([a, b]))")
}
