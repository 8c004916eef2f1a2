import CTorchKernels
extension Tensor {
  func remainder(_ n: Int) -> Tensor { self }
  func floorDivide(_ n: Int) -> Tensor { self }
}
