// The fft family: transforms of one, two and any number of dimensions, of real, complex and Hermitian signals, and
// what goes with them (fftfreq, fftshift). Composites of the primitives in Fourier.swift.
// Reference: https://pytorch.org/docs/stable/fft.html

enum FourierTransforms {
  typealias Norm = Fourier.Norm

  // MARK: Arguments

  /// `x` in the type that a transform of it computes in.
  private static func promoted(_ x: Tensor, complex: Bool) throws -> Tensor {
    let dtype = x.dtype.isDifferentiable ? x.dtype : .default
    guard dtype != .float16, dtype != .bfloat16 else {
      throw TorchError(.notImplemented, "Unsupported dtype \(dtype.scalarTypeName)")
    }
    return x.to(complex ? dtype.complexType : dtype)
  }

  private static func check(real x: Tensor, _ message: String) throws {
    guard !x.dtype.isComplex else { throw TorchError(.dtype, "\(message), but got \(x.dtype.scalarTypeName)") }
  }

  private static func wrapped(_ dim: Int, _ x: Tensor) throws -> Int {
    guard x.ndim > 0 else {
      throw TorchError(.index, "Dimension specified as \(dim) but tensor has no dimensions")
    }
    return try x.shape.normalized(dim: dim)
  }

  private static func check(points n: Int) throws {
    guard n >= 1 else { throw TorchError(.value, "Invalid number of data points (\(n)) specified") }
  }

  /// `x` cut or padded with zeros to `sizes` along `dims`; -1 keeps a size.
  private static func resized(_ x: Tensor, _ dims: [Int], _ sizes: [Int]) throws -> Tensor {
    var (cut, mustPad) = (x, false)
    var pad = [Int](repeating: 0, count: 2 * x.ndim)
    for (dim, size) in zip(dims, sizes) where size != -1 {
      try check(points: size)
      if x.shape[dim] < size {
        mustPad = true
        pad[pad.count - 2 * dim - 1] = size - x.shape[dim]
      } else if x.shape[dim] > size {
        cut = cut.slice(dim: dim, start: 0, end: size)
      }
    }
    return mustPad ? cut.constantPadND(pad) : cut
  }

  /// Which dimensions are transformed, and their sizes.
  private static func extents(_ x: Tensor, _ sizes: [Int]?, _ dims: [Int]?) throws -> (dims: [Int], sizes: [Int]) {
    let wrappedDims = try dims?.map { try wrapped($0, x) }
    if let wrappedDims, Set(wrappedDims).count < wrappedDims.count {
      throw TorchError(.value, "FFT dims must be unique")
    }
    guard let sizes else {
      let dims = wrappedDims ?? Array(0..<x.ndim)
      try dims.forEach { try check(points: x.shape[$0]) }
      return (dims, dims.map { x.shape[$0] })
    }
    if let dims, dims.count != sizes.count {
      throw TorchError(.value, "When given, dim and shape arguments must have the same length")
    }
    guard sizes.count <= x.ndim else {
      throw TorchError(
        .shape, "Got shape with \(sizes.count) values but input tensor only has \(x.ndim) dimensions.")
    }
    let chosen = wrappedDims ?? Array(x.ndim - sizes.count..<x.ndim)
    let full = zip(chosen, sizes).map { $1 == -1 ? x.shape[$0] : $1 }
    try full.forEach { try check(points: $0) }
    return (chosen, full)
  }

  // MARK: One dimension

  private static func complex(
    _ x: Tensor, _ n: Int?, _ dim: Int, _ norm: String?, forward: Bool
  ) throws -> Tensor {
    guard x.dtype.isComplex else {
      return try realIn("", x, n, dim, norm, forward: forward, onesided: false)
    }
    let dim = try wrapped(dim, x)
    try check(points: n ?? x.shape[dim])
    let input = try n.map { try resized(x, [dim], [$0]) } ?? x
    return Fourier.complexToComplex(input, [dim], try Norm(norm, forward: forward).rawValue, forward)
  }

  private static func realIn(
    _ name: String, _ x: Tensor, _ n: Int?, _ dim: Int, _ norm: String?, forward: Bool, onesided: Bool
  ) throws -> Tensor {
    try check(real: x, "\(name) expects a real input tensor")
    var input = try promoted(x, complex: false)
    let dim = try wrapped(dim, x)
    try check(points: n ?? x.shape[dim])
    if let n { input = try resized(input, [dim], [n]) }
    let spectrum = Fourier.realToComplex(input, [dim], try Norm(norm, forward: forward).rawValue, onesided)
    return forward ? spectrum : spectrum.conj()
  }

  private static func realOut(
    _ x: Tensor, _ n: Int?, _ dim: Int, _ norm: String?, forward: Bool
  ) throws -> Tensor {
    var input = try promoted(x, complex: true)
    let dim = try wrapped(dim, x)
    let size = n ?? 2 * (x.shape[dim] - 1)
    try check(points: size)
    if n != nil { input = try resized(input, [dim], [size / 2 + 1]) }
    let mode = try Norm(norm, forward: forward).rawValue
    return Fourier.complexToReal(forward ? input.conj() : input, [dim], mode, size)
  }

  typealias One = Operator<Tensor, Int?, Int, String?, Tensor>

  private static func one(
    _ name: String, _ body: @escaping (Tensor, Int?, Int, String?) throws -> Tensor
  ) -> One {
    Operator(composite: "\(name)(Tensor self, SymInt? n=None, int dim=-1, str? norm=None) -> Tensor", twins: .out, body)
  }

  static let fft = one("fft_fft") { try complex($0, $1, $2, $3, forward: true) }
  static let ifft = one("fft_ifft") { try complex($0, $1, $2, $3, forward: false) }
  static let rfft = one("fft_rfft") { try realIn("rfft", $0, $1, $2, $3, forward: true, onesided: true) }
  static let irfft = one("fft_irfft") { try realOut($0, $1, $2, $3, forward: false) }
  static let hfft = one("fft_hfft") { try realOut($0, $1, $2, $3, forward: true) }
  static let ihfft = one("fft_ihfft") { try realIn("ihfft", $0, $1, $2, $3, forward: false, onesided: true) }

  // MARK: Several dimensions

  private static func complexN(
    _ x: Tensor, _ sizes: [Int]?, _ dims: [Int]?, _ norm: String?, forward: Bool
  ) throws -> Tensor {
    let (dims, sizes) = try extents(x, sizes, dims)
    let input = try resized(try promoted(x, complex: true), dims, sizes)
    return Fourier.complexToComplex(input, dims, try Norm(norm, forward: forward).rawValue, forward)
  }

  private static func realInN(
    _ name: String, _ x: Tensor, _ sizes: [Int]?, _ dims: [Int]?, _ norm: String?, forward: Bool
  ) throws -> Tensor {
    try check(real: x, "\(name) expects a real-valued input tensor")
    let (dims, sizes) = try extents(x, sizes, dims)
    guard let last = dims.last else { throw TorchError(.value, "\(name) must transform at least one axis") }
    let input = try resized(try promoted(x, complex: false), dims, sizes)
    let mode = try Norm(norm, forward: forward).rawValue
    if forward { return Fourier.realToComplex(input, dims, mode, true) }
    let half = Fourier.realToComplex(input, [last], mode, true).conj()
    return dims.count == 1 ? half : Fourier.complexToComplex(half, Array(dims.dropLast()), mode, false)
  }

  private static func realOutN(
    _ name: String, _ x: Tensor, _ sizes: [Int]?, _ dims: [Int]?, _ norm: String?, forward: Bool
  ) throws -> Tensor {
    var (chosen, full) = try extents(x, sizes, dims)
    guard let last = chosen.last else { throw TorchError(.value, "\(name) must transform at least one axis") }
    let given = sizes?.last.flatMap { $0 == -1 ? nil : $0 }
    let size = given ?? 2 * (x.shape[last] - 1)
    try check(points: size)
    full[full.count - 1] = size / 2 + 1
    let input = try resized(try promoted(x, complex: true), chosen, full)
    let mode = try Norm(norm, forward: forward).rawValue
    if !forward { return Fourier.complexToReal(input, chosen, mode, size) }
    let rest = Array(chosen.dropLast())
    let inner = rest.isEmpty ? input : Fourier.complexToComplex(input, rest, mode, true)
    return Fourier.complexToReal(inner.conj(), [last], mode, size)
  }

  typealias Many = (any: Operator<Tensor, [Int]?, [Int]?, String?, Tensor>, two: Operator<Tensor, [Int]?, [Int], String?, Tensor>)

  /// `NAMEn`, and `NAME2` which is the same with the last two dimensions as default.
  private static func many(
    _ name: String, _ body: @escaping (Tensor, [Int]?, [Int]?, String?) throws -> Tensor
  ) -> Many {
    (
      Operator(
        composite: "\(name)n(Tensor self, SymInt[1]? s=None, int[1]? dim=None, str? norm=None) -> Tensor", twins: .out, body),
      Operator(
        composite: "\(name)2(Tensor self, SymInt[1]? s=None, int[1] dim=[-2,-1], str? norm=None) -> Tensor", twins: .out
      ) { (x: Tensor, sizes: [Int]?, dims: [Int], norm: String?) in try body(x, sizes, dims, norm) }
    )
  }

  static let fftn = many("fft_fft") { try complexN($0, $1, $2, $3, forward: true) }
  static let ifftn = many("fft_ifft") { try complexN($0, $1, $2, $3, forward: false) }
  static let rfftn = many("fft_rfft") { try realInN("rfftn", $0, $1, $2, $3, forward: true) }
  static let irfftn = many("fft_irfft") { try realOutN("irfftn", $0, $1, $2, $3, forward: false) }
  static let hfftn = many("fft_hfft") { try realOutN("hfftn", $0, $1, $2, $3, forward: true) }
  static let ihfftn = many("fft_ihfft") { try realInN("ihfftn", $0, $1, $2, $3, forward: false) }

  // MARK: Frequencies and shifts

  private static func shift(_ name: String, _ by: @escaping (Int) -> Int) -> Operator<Tensor, [Int]?, Tensor> {
    Operator(composite: "\(name)(Tensor self, int[1]? dim=None) -> Tensor") { (x: Tensor, dims: [Int]?) in
      let dims = try dims.map { try x.shape.normalized(dims: $0) } ?? Array(0..<x.ndim)
      return dims.isEmpty ? x.clone() : x.roll(dims.map { by(x.shape[$0]) }, dims)
    }
  }
  static let fftshift = shift("fft_fftshift") { $0 / 2 }
  static let ifftshift = shift("fft_ifftshift") { ($0 + 1) / 2 }

  private static func frequencies(_ name: String, _ n: Int, _ spacing: Double, _ dtype: DType) throws -> Tensor {
    guard dtype.isDifferentiable else {
      throw TorchError(.dtype, "\(name) requires a floating point or complex dtype")
    }
    guard n >= 0 else {
      throw TorchError(.value, "Trying to create tensor with negative dimension \(n): [\(n)]")
    }
    try Storage.checkRoom(for: n)
    let whole = name == "fftfreq"
    let values = (0..<(whole ? n : n / 2 + 1)).map { whole && $0 >= (n + 1) / 2 ? $0 - n : $0 }
    return try Tensor.from(values, shape: [values.count]).to(dtype) * (1 / (Double(n) * spacing))
  }

  private static func frequencyOperator(_ name: String) -> AnyOperator {
    let options = "ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None"
    return Operator(composite: "fft_\(name)(int n, float d=1., *, \(options)) -> Tensor", twins: .out) {
      (n: Int, spacing: Double, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      try Conversion.checkDevice(device)
      return try frequencies(name, n, spacing, dtype ?? .default)
    }
  }

  static func frequencies(_ name: String, _ n: Int, d: Double, _ dtype: DType?) -> Tensor {
    Tensor.made(false) { try frequencies(name, n, d, dtype ?? .default) }
  }

  static let operators: [AnyOperator] =
    [fft, ifft, rfft, irfft, hfft, ihfft, fftshift, ifftshift]
    + [fftn, ifftn, rfftn, irfftn, hfftn, ihfftn].flatMap { [$0.any, $0.two] as [AnyOperator] }
    + [frequencyOperator("fftfreq"), frequencyOperator("rfftfreq")]
}
