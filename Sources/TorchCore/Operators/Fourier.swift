// Fourier transforms: the three primitives that everything else is made of.
// Reference: https://pytorch.org/docs/stable/fft.html

import CTorchKernelHeaders

enum Fourier {
  /// What a transform is divided by: PyTorch's `fft_norm_mode`, as the primitives take it.
  enum Norm: Int {
    case none = 0
    case byRootN = 1
    case byN = 2

    /// The mode called `name` (`backward`, `ortho`, `forward`; nil means `backward`) of a transform in one direction.
    init(_ name: String?, forward: Bool) throws {
      switch name {
      case nil, "backward": self = forward ? .none : .byN
      case "forward": self = forward ? .byN : .none
      case "ortho": self = .byRootN
      default: throw TorchError(.value, "Invalid normalization mode: \"\(name!)\"")
      }
    }

    func scale(_ n: Int) -> Double {
      switch self {
      case .none: 1
      case .byRootN: 1 / Double(n).squareRoot()
      case .byN: 1 / Double(n)
      }
    }
  }

  private static func scale(_ code: Int, _ n: Int) throws -> Double {
    guard let norm = Norm(rawValue: code) else { throw TorchError(.value, "Unsupported normalization mode: \(code)") }
    return norm.scale(n)
  }

  private static func check(complex x: Tensor) throws {
    guard x.dtype.isComplex else {
      throw TorchError(.dtype, "Only supports complex dtypes, but found: \(x.dtype.scalarTypeName)")
    }
  }

  /// Transforms `x` along `dims`, one after the other; `out` may be `x`.
  private static func transform(
    _ x: Tensor, into out: Tensor, _ dims: some Collection<Int>, forward: Bool, scale: Double
  ) {
    var source = x
    for (i, dim) in dims.enumerated() {
      x.backend.fourier(
        TK_FFT_COMPLEX, source, into: out, dim, n: x.shape[dim], forward: forward, scale: i == 0 ? scale : 1)
      source = out
    }
  }

  static let complexToComplex: Operator<Tensor, [Int], Int, Bool, Tensor> = Operator(
    "_fft_c2c(Tensor self, SymInt[] dim, int normalization, bool forward) -> Tensor",
    kernel: { (x: Tensor, dims: [Int], norm: Int, forward: Bool) in
      try check(complex: x)
      if dims.isEmpty { return try x.packed() }
      try checkRank(x)
      let dims = try dims.map { try x.shape.normalized(dim: $0) }
      let out = try Tensor.uninitialized(x.shape, x.dtype)
      let scale = try scale(norm, dims.reduce(1) { $0 * x.shape[$1] })
      transform(x, into: out, dims, forward: forward, scale: scale)
      return out
    },
    derivative: { _, _, _, dims, norm, forward in { g in [complexToComplex(g[0], dims, norm, !forward)] } })

  private static func checkRank(_ x: Tensor) throws {
    if x.ndim == 0 {
      throw TorchError(.shape, "Dimension specified as 0 but tensor has no dimensions")
    }
  }

  static let realToComplex: Operator<Tensor, [Int], Int, Bool, Tensor> = Operator(
    "_fft_r2c(Tensor self, int[] dim, int normalization, bool onesided) -> Tensor",
    kernel: { (x: Tensor, dims: [Int], norm: Int, onesided: Bool) in
      guard x.dtype.isFloatingPoint else {
        throw TorchError(.dtype, "Only supports floating-point dtypes, but found: \(x.dtype.scalarTypeName)")
      }
      guard x.dtype == .float32 || x.dtype == .float64 else {
        throw TorchError(.notImplemented, "Unsupported dtype \(x.dtype.scalarTypeName)")
      }
      let dims = try dims.map { try x.shape.normalized(dim: $0) }
      guard let last = dims.last else { return x.to(x.dtype.complexType) }
      try checkRank(x)
      let n = x.shape[last]
      let scale = try scale(norm, dims.reduce(1) { $0 * x.shape[$1] })
      let out = try Tensor.uninitialized(onesided ? half(x.shape, last) : x.shape, x.dtype.complexType)
      // The known half lies at the beginning of the whole spectrum.
      let known = onesided ? out : out.narrow(last, 0, n / 2 + 1)
      x.backend.fourier(TK_FFT_REAL_TO_HALF, x, into: known, last, n: n, forward: true, scale: scale)
      transform(known, into: known, dims.dropLast(), forward: true, scale: 1)
      if !onesided { try mirror(out, dims) }
      return out
    },
    derivative: { _, _, x, dims, norm, onesided in
      let shape = x.shape
      return { g in
        guard onesided, let last = dims.last else { return [complexToComplex(g[0], dims, norm, false).real] }
        // The half that was not kept has no gradient.
        let missing = shape[last] - g[0].shape[last]
        let whole = missing > 0 ? padded(g[0], try shape.normalized(dim: last), by: missing) : g[0]
        return [complexToComplex(whole, dims, norm, false).real]
      }
    })

  static let complexToReal: Operator<Tensor, [Int], Int, Int, Tensor> = Operator(
    "_fft_c2r(Tensor self, int[] dim, int normalization, SymInt last_dim_size) -> Tensor",
    kernel: { (x: Tensor, dims: [Int], norm: Int, size: Int) in
      try check(complex: x)
      let dims = try dims.map { try x.shape.normalized(dim: $0) }
      guard let last = dims.last else { return x.real.contiguous() }
      try checkRank(x)
      var shape = x.shape
      shape[last] = size
      guard size >= 1, size / 2 + 1 <= x.shape[last] else {
        throw TorchError(.shape, "_fft_c2r: a spectrum of size \(x.shape[last]) is too small for a signal of size \(size)")
      }
      let out = try Tensor.uninitialized(shape, x.dtype.realType)
      var source = x
      if dims.count > 1 {
        source = try Tensor.uninitialized(x.shape, x.dtype)
        transform(x, into: source, dims.dropLast(), forward: false, scale: 1)
      }
      let scale = try scale(norm, dims.reduce(1) { $0 * shape[$1] })
      x.backend.fourier(TK_FFT_HALF_TO_REAL, source, into: out, last, n: size, forward: false, scale: scale)
      return out
    },
    derivative: { _, _, x, dims, norm, _ in
      let (shape, dtype) = (x.shape, x.dtype)
      return { g in
        guard let last = dims.last else { return [g[0].to(dtype)] }
        let dim = try shape.normalized(dim: last)
        let spectrum = realToComplex(g[0], dims, norm, true)
        // Every element but those without a partner stands for two.
        let (size, doubled) = (spectrum.shape[dim], g[0].shape[dim] - spectrum.shape[dim])
        var sizes = shape.map { _ in 1 }
        sizes[dim] = size
        let weights = try Tensor.from((0..<size).map { $0 >= 1 && $0 <= doubled ? Float(2) : 1 }, shape: Shape(sizes))
        let weighted = doubled > 0 ? spectrum * weights.to(g[0].dtype) : spectrum
        // Elements past those that are read have none.
        return [shape[dim] > size ? padded(weighted, dim, by: shape[dim] - size) : weighted]
      }
    })

  /// The shape of the half of a spectrum that a real signal's transform is known by.
  private static func half(_ shape: Shape, _ dim: Int) -> Shape {
    var half = shape
    half[dim] = shape[dim] / 2 + 1
    return half
  }

  /// `x` with `count` zeros after it along `dim`.
  private static func padded(_ x: Tensor, _ dim: Int, by count: Int) -> Tensor {
    let before = [Int](repeating: 0, count: 2 * (x.ndim - 1 - dim))
    return x.constantPadND(before + [0, count])
  }

  /// Fills the second half of the spectrum of a real signal: element -k is the conjugate of element k, along all of
  /// `dims` at once.
  private static func mirror(_ whole: Tensor, _ dims: [Int]) throws {
    let last = dims.last!
    let n = whole.shape[last]
    let missing = n - (n / 2 + 1)
    guard missing > 0 else { return }
    var source = whole.narrow(last, 1, missing).flip([last])
    for dim in dims.dropLast() { source = source.flip([dim]).roll(1, dim) }
    try whole.backend.copy(source.conj(), into: whole.narrow(last, n / 2 + 1, missing))
  }

  static let operators: [AnyOperator] = [complexToComplex, realToComplex, complexToReal]
}
