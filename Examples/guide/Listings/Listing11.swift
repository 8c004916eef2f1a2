// Listing 11: the computational graph.

import Torch

@Sendable func computationalGraph(print: Printer) throws {
  // Leaves
  let a = Tensor([3.0], requiresGrad: true)
  let b = Tensor([2.0], requiresGrad: true)

  // The graph
  let c = a + b
  let d = a * b
  let e = c * d
  print("e: \(e), grad_fn: \(e.gradFn!)")
  print("d: \(d), grad_fn: \(d.gradFn!)")
  print("c: \(c), grad_fn: \(c.gradFn!)")

  e.backward()
  print("Gradient of e with respect to a: \(a.grad)")
  print("Gradient of e with respect to b: \(b.grad)")

  // de/da = b (a + b) + a b = 2 · 5 + 6 = 16
  let x = Tensor([3.0], requiresGrad: true)
  let y = Tensor([2.0], requiresGrad: true)
  let z = (x + y) * (x * y)
  z.backward()
  print("Gradient of z with respect to x: \(x.grad)")
}
