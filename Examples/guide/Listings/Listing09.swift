// Listing 9: basic gradient computation.

import Torch

@Sendable func gradients(print: Printer) throws {
  // A tensor that collects its gradient
  let x = Tensor([2.0], requiresGrad: true)
  print("x: \(x), requires_grad: \(python(x.requiresGrad))")

  let y = x ** 2 + 3 * x + 1
  print("y = x^2 + 3x + 1 = \(y)")

  // dy/dx = 2x + 3 = 7
  y.backward()
  print("dy/dx at x=2: \(x.grad)")

  // A vector
  let v = Tensor([2.0, 3.0], requiresGrad: true)
  let z = (v ** 2).sum()
  z.backward()
  print("dz/dx: \(v.grad)")
}
