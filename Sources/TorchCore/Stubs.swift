import CTorchKernels
import COneDNNShim
extension CPUBackend {
  func reduce(_ f: ReduceFunction, _ x: Tensor, _ dims: [Int], into out: Tensor, indices: Tensor?, parameters: MapParameters) throws {}
}
extension Tensor {
  func any() -> Tensor { self }
  func indexAdd(_ dim: Int, _ i: Tensor, _ s: Tensor) -> Tensor { self }
}
func tk_fill(_ p: UnsafeMutableRawPointer, _ n: Int64, _ d: tk_dtype, _ s: tk_scalar) {}
func tk_arange(_ p: UnsafeMutableRawPointer, _ n: Int64, _ d: tk_dtype, _ s: tk_scalar, _ t: tk_scalar) {}
func tk_matmul_int(_ d: tk_dtype, _ n: Int64, _ m: Int64, _ k: Int64, _ a: UnsafeMutableRawPointer, _ x: Int64, _ b: UnsafeMutableRawPointer, _ y: Int64, _ c: UnsafeMutableRawPointer, _ z: Int64) {}
