// What a device must be able to do: families of work, not operators.
//
// A new elementwise operator needs nothing here; it names a function that the backend looks up. Everything is
// given as tensors whose shapes and dtypes the operators have already made agree.

/// A device's implementation of the families of kernels.
protocol Backend: Sendable {
  /// Elementwise: `out[i] = f(a[i], b[i], c[i])`; inputs broadcast to `out`'s shape.
  func map(_ function: MapFunction, into out: Tensor, _ a: Tensor, _ b: Tensor?, _ c: Tensor?, parameters: MapParameters) throws

  /// Elementwise copy with conversion; `source` broadcasts to `target`'s shape.
  func copy(_ source: Tensor, into target: Tensor) throws

  func fill(_ target: Tensor, with value: Scalar) throws

  /// `out = a × b` for matrices, or for batches of them where there is a leading dimension; `out` is contiguous.
  func matmul(_ a: Tensor, _ b: Tensor, into out: Tensor, accumulate: Bool) throws
}

extension Tensor {
  /// The backend of this tensor's device.
  @inline(__always)
  var backend: CPUBackend { CPUBackend.shared }
}

/// Scalar arguments of an elementwise function.
typealias MapParameters = InlineArray<4, Scalar>

extension InlineArray where Element == Scalar, count == 4 {
  static var none: MapParameters { MapParameters(repeating: .int(0)) }

  init(_ values: Scalar...) {
    self.init(repeating: .int(0))
    for (i, value) in values.enumerated() { self[i] = value }
  }
}
