// Listing 2: tensor properties and attributes.

import Torch

@Sendable func properties(print: Printer) throws {
  let x = torch.rand(3, 4, 5)

  // Shape and dimensions
  print("Shape: \(x.shape)")
  print("Dimensions: \(x.ndim)")
  print("Total elements: \(x.numel)")

  // Data type
  print("Data type: \(x.dtype)")

  // Layout: how the elements are stored
  print("Memory layout: \(x.layout)")

  // Device
  print("Device: \(x.device)")

  // Memory
  print("Memory size in bytes: \(x.elementSize * x.numel)")

  // Gradients
  print("Requires grad: \(python(x.requiresGrad))")
  x.requiresGrad_(true)
  print("Requires grad after setting: \(python(x.requiresGrad))")
}
