// Listing 12: the Jacobian-vector product.

import Torch

@Sendable func jacobianVectorProduct(print: Printer) throws {
  let x = Tensor([1.0, 2.0, 3.0], requiresGrad: true)
  let v = Tensor([2.0, 4.0, 6.0])

  // z = [x₁², x₂², x₃²], whose Jacobian J is diagonal: 2x₁, 2x₂, 2x₃
  let z = x ** 2

  // Jᵀ v
  z.backward(v)
  print("Result of Jacobian-vector product: \(x.grad)")
}
