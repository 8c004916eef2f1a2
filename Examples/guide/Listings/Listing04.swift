// Listing 4: indexing and slicing.

import Torch

@Sendable func indexing(print: Printer) throws {
  let x = Tensor.arange(12).reshape(3, 4)
  print("Original tensor:\n\(x)")

  // One element
  let element = x[1, 2]
  print("Element at row 1, col 2: \(element)")

  // A row
  let row = x[1]
  print("Second row: \(row)")

  // A column: `...` is a whole dimension
  let column = x[..., 2]
  print("Third column: \(column)")

  // Ranges
  print("Slice [0:2, 1:3]:\n\(x[0..<2, 1..<3])")

  // From the end
  print("Last row: \(x[-1])")
  print("Last column: \(x[..., -1])")

  // Steps
  print("Every other row and column:\n\(x[.step(2), .step(2)])")

  // Index tensors
  let indices = Tensor([0, 2])
  print("Selected rows 0 and 2:\n\(x[indices])")

  // Masks
  let mask = x > 5
  print("Boolean mask (x > 5):\n\(mask)")
  print("Elements where x > 5: \(x[mask])")

  // Rows and columns by index tensors that broadcast
  let rows = Tensor([0, 2])
  let columns = Tensor([1, 3])
  print("Selected elements using advanced indexing:\n\(x[rows[..., .newAxis], columns])")

  // Assignment
  let copy = x.clone()
  copy[0, 0] = 99
  print("After setting x[0,0] = 99:\n\(copy)")

  copy[1..<3, 2..<4] = 50
  print("After setting x[1:3, 2:4] = 50:\n\(copy)")

  copy[copy > 10] = 0
  print("After setting values > 10 to 0:\n\(copy)")
}
