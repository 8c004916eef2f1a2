// Listing 3: mathematical operations.

import Torch

@Sendable func mathematics(print: Printer) throws {
  let a = Tensor([1, 2, 3], dtype: .float32)
  let b = Tensor([4, 5, 6], dtype: .float32)
  print("a: \(a)")
  print("b: \(b)")

  // Addition, as an operator and as a method
  print("a + b: \(a + b)")
  print("torch.add(a, b): \(a.add(b))")

  // In place
  let copy = a.clone()
  copy.add_(b)
  print("After a.add_(b): \(copy)")

  // Subtraction
  print("a - b: \(a - b)")
  print("torch.sub(a, b): \(a.sub(b))")

  // Multiplication (elementwise)
  print("a * b: \(a * b)")
  print("torch.mul(a, b): \(a.mul(b))")

  // Division
  print("a / b: \(a / b)")
  print("torch.div(a, b): \(a.div(b))")

  // Matrix multiplication
  let m1 = Tensor([[1, 2], [3, 4]], dtype: .float32)
  let m2 = Tensor([[5, 6], [7, 8]], dtype: .float32)
  print("m1:\n\(m1)")
  print("m2:\n\(m2)")
  print("torch.matmul(m1, m2):\n\(m1.matmul(m2))")
  print("m1 @ m2:\n\(m1.matmul(m2))")

  // Functions of each element
  print("torch.sqrt(a): \(a.sqrt())")
  print("a^2: \(a.pow(2))")
  print("e^a: \(a.exp())")
  print("ln(a): \(a.log())")

  // Trigonometry
  let angles = Tensor([0, torch.pi / 4, torch.pi / 2])
  print("Angles in radians: \(angles)")
  print("sin(angles): \(angles.sin())")
  print("cos(angles): \(angles.cos())")

  // Reductions
  let extended = Tensor([[1, 2, 3], [4, 5, 6]], dtype: .float32)
  print("a_extended:\n\(extended)")
  print("Sum of all elements: \(extended.sum())")
  print("Sum of each row: \(extended.sum(dim: 1))")
  print("Sum of each column: \(extended.sum(dim: 0))")
  print("Mean of all elements: \(extended.mean())")
  print("Mean of each row: \(extended.mean(dim: 1))")

  let (maximum, position) = extended.max(dim: 1)
  print("Maximum values in each row: \(maximum)")
  print("Indices of maximum values: \(position)")
  print("Minimum value in the tensor: \(extended.min())")

  print("Standard deviation: \(extended.std())")
  print("Variance: \(extended.var())")
}
