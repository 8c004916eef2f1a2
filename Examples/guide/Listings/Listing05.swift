// Listing 5: reshaping tensors.

import Torch

@Sendable func reshaping(print: Printer) throws {
  let x = Tensor.arange(12)
  print("Original 1D tensor: \(x)")

  // One size may be left to the library
  var reshaped = x.reshape(3, 4)
  print("Reshaped to 3x4:\n\(reshaped)")
  reshaped = x.reshape(-1, 4)
  print("Reshaped to ?x4 using -1:\n\(reshaped)")
  reshaped = x.reshape(4, -1)
  print("Reshaped to 4x? using -1:\n\(reshaped)")

  // Flattening
  print("Flattened tensor: \(reshaped.flatten())")

  // A view shares memory with the original
  let original = Tensor([[1, 2], [3, 4]])
  let view = original.view(4)
  print("Original:\n\(original)")
  print("View: \(view)")

  view[0] = 9
  print("View after modification: \(view)")
  print("Original after view modification:\n\(original)")

  // Where the memory is in another order, a view is refused
  let nonContiguous = Tensor([[1, 2], [3, 4]]).transpose(0, 1)
  print("Non-contiguous tensor:\n\(nonContiguous)")
  print("Is memory contiguous? \(python(nonContiguous.isContiguous))")
  do {
    _ = try withErrors { nonContiguous.view(4) }
  } catch let error as TorchError {
    print("Error with view: \(error.message)")
  }

  // reshape makes a copy if it has to
  print("Reshaped non-contiguous tensor: \(nonContiguous.reshape(4))")

  // Dimensions in another order
  let cube = Tensor.arange(24).reshape(2, 3, 4)
  print("3D tensor shape: \(cube.shape)")
  let permuted = cube.permute(1, 0, 2)
  print("Permuted tensor shape: \(permuted.shape)")
  print("Original first batch:\n\(cube[0])")
  print("Permuted first 'batch' (now rows):\n\(permuted[0])")

  // A matrix transposed
  let matrix = Tensor([[1, 2, 3], [4, 5, 6]])
  print("2D tensor:\n\(matrix)")
  print("Transposed tensor:\n\(matrix.t())")

  // Dimensions of size 1 removed
  let narrow = torch.rand(1, 3, 1, 4)
  print("Original tensor shape: \(narrow.shape)")
  print("Squeezed tensor shape: \(narrow.squeeze().shape)")
  print("Tensor after squeezing dim 0: \(narrow.squeeze(0).shape)")

  // Dimensions of size 1 added
  let y = torch.rand(3, 4)
  print("Original tensor shape: \(y.shape)")
  print("Unsqueezed at dim 0: \(y.unsqueeze(0).shape)")
  print("Unsqueezed at last dim: \(y.unsqueeze(-1).shape)")

  // An image (height, width, channels) made a batch (batch, channels, height, width)
  var image = torch.rand(28, 28, 3)
  print("Image shape: \(image.shape)")
  image = image.permute(2, 0, 1)
  print("Channels-first image shape: \(image.shape)")
  print("Batched image shape: \(image.unsqueeze(0).shape)")
}
