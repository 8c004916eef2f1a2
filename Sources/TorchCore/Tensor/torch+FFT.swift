// `torch.fft`: discrete Fourier transforms under PyTorch's names.
// Reference: https://pytorch.org/docs/stable/fft.html

extension torch {
  /// Discrete Fourier transforms.
  ///
  /// Integers become the default floating point type; `n` and `s` cut the input or pad it with zeros first. `norm` is
  /// `backward` (the inverse is divided by n), `ortho` (both by √n) or `forward` (the transform is divided by n).
  public enum fft {}
}

extension torch.fft {
  // MARK: One dimension

  /// The transform of a real or complex signal along `dim`: `X[k] = Σⱼ x[j] · exp(-2πi jk / n)`, complex and of the same
  /// shape.
  ///
  /// ```swift
  /// print(torch.fft.fft(Tensor([1.0, 0.0, 0.0, 0.0])))
  /// // tensor([1.+0.j, 1.+0.j, 1.+0.j, 1.+0.j])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.fft.html
  public static func fft(_ x: Tensor, n: Int? = nil, dim: Int = -1, norm: String? = nil) -> Tensor {
    FourierTransforms.fft(x, n, dim, norm)
  }

  /// The inverse of `fft`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.ifft.html
  public static func ifft(_ x: Tensor, n: Int? = nil, dim: Int = -1, norm: String? = nil) -> Tensor {
    FourierTransforms.ifft(x, n, dim, norm)
  }

  /// The first half, n / 2 + 1 elements, of the transform of a real signal; the rest follows from it.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.rfft.html
  public static func rfft(_ x: Tensor, n: Int? = nil, dim: Int = -1, norm: String? = nil) -> Tensor {
    FourierTransforms.rfft(x, n, dim, norm)
  }

  /// The inverse of `rfft`. The signal has `n` elements, 2 · (size - 1) unless given.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.irfft.html
  public static func irfft(_ x: Tensor, n: Int? = nil, dim: Int = -1, norm: String? = nil) -> Tensor {
    FourierTransforms.irfft(x, n, dim, norm)
  }

  /// The real transform of a Hermitian signal, of which `x` is the first half.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.hfft.html
  public static func hfft(_ x: Tensor, n: Int? = nil, dim: Int = -1, norm: String? = nil) -> Tensor {
    FourierTransforms.hfft(x, n, dim, norm)
  }

  /// The inverse of `hfft`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.ihfft.html
  public static func ihfft(_ x: Tensor, n: Int? = nil, dim: Int = -1, norm: String? = nil) -> Tensor {
    FourierTransforms.ihfft(x, n, dim, norm)
  }
}

extension torch.fft {
  // MARK: Two and more dimensions

  /// The transform along the last two dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.fft2.html
  public static func fft2(_ x: Tensor, s: [Int]? = nil, dim: [Int] = [-2, -1], norm: String? = nil) -> Tensor {
    FourierTransforms.fftn.two(x, s, dim, norm)
  }

  /// The transform along all dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.fftn.html
  public static func fftn(_ x: Tensor, s: [Int]? = nil, dim: [Int]? = nil, norm: String? = nil) -> Tensor {
    FourierTransforms.fftn.any(x, s, dim, norm)
  }

  /// The inverse transform along the last two dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.ifft2.html
  public static func ifft2(_ x: Tensor, s: [Int]? = nil, dim: [Int] = [-2, -1], norm: String? = nil) -> Tensor {
    FourierTransforms.ifftn.two(x, s, dim, norm)
  }

  /// The inverse transform along all dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.ifftn.html
  public static func ifftn(_ x: Tensor, s: [Int]? = nil, dim: [Int]? = nil, norm: String? = nil) -> Tensor {
    FourierTransforms.ifftn.any(x, s, dim, norm)
  }

  /// The half that is known of the transform of a real signal along the last two dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.rfft2.html
  public static func rfft2(_ x: Tensor, s: [Int]? = nil, dim: [Int] = [-2, -1], norm: String? = nil) -> Tensor {
    FourierTransforms.rfftn.two(x, s, dim, norm)
  }

  /// The half that is known of the transform of a real signal along all dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.rfftn.html
  public static func rfftn(_ x: Tensor, s: [Int]? = nil, dim: [Int]? = nil, norm: String? = nil) -> Tensor {
    FourierTransforms.rfftn.any(x, s, dim, norm)
  }

  /// The real signal whose half transform this is along the last two dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.irfft2.html
  public static func irfft2(_ x: Tensor, s: [Int]? = nil, dim: [Int] = [-2, -1], norm: String? = nil) -> Tensor {
    FourierTransforms.irfftn.two(x, s, dim, norm)
  }

  /// The real signal whose half transform this is along all dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.irfftn.html
  public static func irfftn(_ x: Tensor, s: [Int]? = nil, dim: [Int]? = nil, norm: String? = nil) -> Tensor {
    FourierTransforms.irfftn.any(x, s, dim, norm)
  }

  /// The real transform of a Hermitian signal's half along the last two dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.hfft2.html
  public static func hfft2(_ x: Tensor, s: [Int]? = nil, dim: [Int] = [-2, -1], norm: String? = nil) -> Tensor {
    FourierTransforms.hfftn.two(x, s, dim, norm)
  }

  /// The real transform of a Hermitian signal's half along all dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.hfftn.html
  public static func hfftn(_ x: Tensor, s: [Int]? = nil, dim: [Int]? = nil, norm: String? = nil) -> Tensor {
    FourierTransforms.hfftn.any(x, s, dim, norm)
  }

  /// The half Hermitian signal whose real transform this is along the last two dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.ihfft2.html
  public static func ihfft2(_ x: Tensor, s: [Int]? = nil, dim: [Int] = [-2, -1], norm: String? = nil) -> Tensor {
    FourierTransforms.ihfftn.two(x, s, dim, norm)
  }

  /// The half Hermitian signal whose real transform this is along all dimensions, or along `dim`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.ihfftn.html
  public static func ihfftn(_ x: Tensor, s: [Int]? = nil, dim: [Int]? = nil, norm: String? = nil) -> Tensor {
    FourierTransforms.ihfftn.any(x, s, dim, norm)
  }
}

extension torch.fft {
  // MARK: Frequencies and shifts

  /// The frequencies of the elements of a transform of n samples, `d` apart: 0, 1, …, -2, -1 over n · d.
  ///
  /// ```swift
  /// print(torch.fft.fftfreq(4))   // tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.fftfreq.html
  public static func fftfreq(_ n: Int, d: Double = 1, dtype: DType? = nil) -> Tensor {
    FourierTransforms.frequencies("fftfreq", n, d: d, dtype)
  }

  /// The frequencies of the elements of `rfft`: 0, 1, …, n / 2 over n · d.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.rfftfreq.html
  public static func rfftfreq(_ n: Int, d: Double = 1, dtype: DType? = nil) -> Tensor {
    FourierTransforms.frequencies("rfftfreq", n, d: d, dtype)
  }

  /// A transform's elements with the frequency 0 in the middle, along `dim` or along all dimensions.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.fftshift.html
  public static func fftshift(_ x: Tensor, dim: [Int]? = nil) -> Tensor { FourierTransforms.fftshift(x, dim) }

  /// Undoes `fftshift`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.fft.ifftshift.html
  public static func ifftshift(_ x: Tensor, dim: [Int]? = nil) -> Tensor { FourierTransforms.ifftshift(x, dim) }
}
