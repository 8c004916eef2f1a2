import CTorchKernels
extension Tensor {
  func indexAdd(_ dim: Int, _ i: Tensor, _ s: Tensor) -> Tensor { self }
  func gather(_ dim: Int, _ i: Tensor) -> Tensor { self }
  func scatter(_ dim: Int, _ i: Tensor, _ s: Tensor) -> Tensor { self }
  func scatterAdd(_ dim: Int, _ i: Tensor, _ s: Tensor) -> Tensor { self }
  func indexSelect(_ dim: Int, _ i: Tensor) -> Tensor { self }
  func maskedFill(_ m: Tensor, _ v: Scalar) -> Tensor { self }
  func remainder(_ n: Int) -> Tensor { self }
  func floorDivide(_ n: Int) -> Tensor { self }
}
