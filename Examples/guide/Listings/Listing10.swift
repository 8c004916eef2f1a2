// Listing 10: controlling gradient computation.

import Torch

@Sendable func controllingGradients(print: Printer) throws {
  let x = Tensor([2.0, 3.0], requiresGrad: true)

  // Without recording
  let y = torch.noGrad { x * 2 }
  print("y created in no_grad context requires_grad: \(python(y.requiresGrad))")

  // Out of the graph
  let z = x * 2
  let detached = z.detach()
  print("z requires_grad: \(python(z.requiresGrad)), z_detached requires_grad: \(python(detached.requiresGrad))")

  // In training there is a gradient
  let input = Tensor([1.0, 2.0, 3.0], requiresGrad: true)
  let output = input.sum()
  output.backward()
  print("Gradient during training: \(input.grad)")

  input.grad!.zero_()

  // In inference there is none
  try torch.noGrad {
    let inference = input.sum()
    do {
      try withErrors { inference.backward() }
    } catch let error as TorchError {
      print("Error when trying backward() in no_grad: \(error.message)")
    }
  }

  _ = input.detach().sum()
}
