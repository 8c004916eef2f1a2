// Listing 1: creating tensors.

import Torch

@Sendable func creatingTensors(print: Printer) throws {
  // From a Swift array
  let x = Tensor([1, 2, 3, 4])
  print(x)

  // Zeros and ones
  let zeros = Tensor.zeros(3, 4)
  print(zeros)

  let ones = Tensor.ones(2, 3)
  print(ones)

  // Random tensors
  let randomTensor = torch.rand(3, 4)  // uniform in [0, 1)
  print(randomTensor)

  let randnTensor = torch.randn(3, 4)  // normal (mean 0, variance 1)
  print(randnTensor)

  // Specific data types
  let floatTensor = Tensor([1.0, 2.0, 3.0], dtype: .float32)
  let intTensor = Tensor([1, 2, 3], dtype: .int32)
  let boolTensor = Tensor([true, false, true], dtype: .bool)
  print("Float tensor: \(floatTensor), dtype: \(floatTensor.dtype)")
  print("Int tensor: \(intTensor), dtype: \(intTensor.dtype)")
  print("Bool tensor: \(boolTensor), dtype: \(boolTensor.dtype)")

  // The size and dtype of another tensor
  let xLike = Tensor.zeros(like: x)
  print(xLike)

  // Ranges
  let rangeTensor = Tensor.arange(0, 10, step: 1)
  print(rangeTensor)

  let linTensor = Tensor.linspace(0, 10, steps: 11)
  print(linTensor)

  // The identity matrix
  let eyeTensor = Tensor.eye(3)
  print(eyeTensor)

  // One value everywhere
  let filledTensor = Tensor.full([2, 3], 7)
  print(filledTensor)

  // Memory that a tensor and Swift code share, as NumPy's arrays and PyTorch's tensors do
  let array = SharedArray([1, 2, 3])
  let fromArray = try Tensor(sharing: array)
  print("NumPy array: \(array), PyTorch tensor: \(fromArray)")

  // What Swift writes, the tensor sees
  array[0] = 5
  print("Modified NumPy array: \(array), PyTorch tensor: \(fromArray)")
}
