// What a device must be able to do: families of work, not operators.
//
// A new elementwise operator needs nothing here; it names a function that the backend looks up. Everything is
// given as tensors whose shapes and dtypes the operators have already made agree.

/// A device's implementation of the families of kernels. Outputs named `out` are fresh and contiguous.
protocol Backend: Sendable {
  // Elementwise
  /// `out[i] = f(a[i], b[i], c[i])`; inputs broadcast to `out`'s shape.
  func map(
    _ function: MapFunction, into out: Tensor, _ a: Tensor, _ b: Tensor?, _ c: Tensor?, parameters: MapParameters) throws
  /// Copies with conversion; `source` broadcasts to `target`'s shape.
  func copy(_ source: Tensor, into target: Tensor) throws
  func fill(_ target: Tensor, with value: Scalar) throws
  func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor, into out: Tensor)

  // Reduction and softmax
  /// Reduces `dims` of `x` into `out`; `second` takes the indices or means that some reductions give besides.
  func reduce(
    _ function: ReduceFunction, _ x: Tensor, _ dims: [Int], into out: Tensor, second: Tensor?, parameters: MapParameters)
    throws
  func softmax(logarithm: Bool, _ x: Tensor, _ dim: Int, into out: Tensor) throws
  func softmaxBackward(logarithm: Bool, _ g: Tensor, _ y: Tensor, _ dim: Int, into out: Tensor) throws

  // Products
  /// `out = a × b` for matrices, or for batches of them where there is a leading dimension.
  func matmul(_ a: Tensor, _ b: Tensor, into out: Tensor, accumulate: Bool) throws

  // Linear algebra: see CPUBackend+LinearAlgebra.swift for the shapes
  func cholesky(_ a: ColumnMajor, upper: Bool, info: Tensor)
  func choleskySolve(_ a: ColumnMajor, upper: Bool, into b: ColumnMajor)
  func choleskyInverse(_ a: ColumnMajor, upper: Bool, info: Tensor)
  func triangularSolve(_ a: ColumnMajor, _ b: ColumnMajor, left: Bool, upper: Bool, transpose: Bool, unit: Bool)
  func lu(_ a: ColumnMajor, pivots: Tensor, info: Tensor)
  func luSolve(_ a: ColumnMajor, pivots: Tensor, into b: ColumnMajor, adjoint: Bool)
  func ldl(_ a: ColumnMajor, hermitian: Bool, pivots: Tensor, info: Tensor)
  func ldlSolve(_ a: ColumnMajor, pivots: Tensor, into b: ColumnMajor, hermitian: Bool)
  func householder(_ a: ColumnMajor, tau: Tensor)
  func householderProduct(_ a: ColumnMajor, tau: Tensor)
  func householderMultiply(_ a: ColumnMajor, tau: Tensor, into c: ColumnMajor, left: Bool, adjoint: Bool)
  func svd(_ a: ColumnMajor, s: Tensor, u: ColumnMajor?, vh: ColumnMajor?, full: Bool, info: Tensor)
  func eigh(_ a: ColumnMajor, values: Tensor, upper: Bool, vectors: Bool, info: Tensor)
  func eig(_ a: ColumnMajor, values: Tensor, vectors: ColumnMajor?, info: Tensor)
  func leastSquares(
    _ a: ColumnMajor, _ b: ColumnMajor, _ driver: LeastSquaresDriver, rcond: Double, rank: Tensor?,
    singularValues: Tensor?, info: Tensor) throws

  // Convolution and pooling: results may be kept in a layout of the backend's (Note [Blocked storage])
  func convolve(_ geometry: ConvolutionGeometry, _ x: Tensor, _ weight: Tensor, bias: Tensor?) throws -> Tensor
  func convolveByData(_ geometry: ConvolutionGeometry, _ g: Tensor, _ weight: Tensor) throws -> Tensor
  func convolveByWeight(_ geometry: ConvolutionGeometry, _ x: Tensor, _ g: Tensor, wantsBias: Bool) throws -> (
    weight: Tensor, bias: Tensor?
  )
  func maxPool(_ geometry: Pooling.Geometry, _ x: Tensor) throws -> [Tensor]
  func maxPoolBackward(_ geometry: Pooling.Geometry, _ g: Tensor, _ x: Tensor, _ indices: Tensor) throws -> Tensor

  // Gathering and scattering
  func gather(_ x: Tensor, _ dim: Int, _ index: Tensor, into out: Tensor) throws
  func indexSelect(_ x: Tensor, _ dim: Int, _ index: Tensor, into out: Tensor) throws
  func indexGet(_ x: Tensor, _ plan: AdvancedIndex, into out: Tensor) throws
  func indexPut(into target: Tensor, _ plan: AdvancedIndex, _ values: Tensor, accumulate: Bool) throws
  func take(_ x: Tensor, _ index: Tensor, into out: Tensor) throws
  func put(into target: Tensor, _ index: Tensor, _ source: Tensor, accumulate: Bool) throws
  func maskedSelect(_ x: Tensor, _ mask: Tensor) throws -> Tensor
  func maskedScatter(into target: Tensor, _ mask: Tensor, _ source: Tensor) -> Bool
  func nonzero(_ x: Tensor) throws -> Tensor
}

extension Tensor {
  /// The backend of this tensor's device. There is one so far; naming its type keeps calls direct.
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
