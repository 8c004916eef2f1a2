// Fourier transforms against their definition, windows, and the short-time transform there and back.

import Testing
import Torch

private func signal(_ sizes: Int..., dtype: DType = .complex128) -> Tensor {
  torch.randn(Shape(sizes), dtype: dtype, generator: Generator(seed: 3))
}

/// The matrix of exp(-2πi jk / n).
private func definition(_ n: Int) -> Tensor {
  let k = Tensor.arange(.int(0), .int(n))
  let products = (k.unsqueeze(1) * k).remainder(Tensor(n)).to(.float64)
  let angles = products * (-2 * Double.pi / Double(n))
  return torch.complex(angles.cos(), angles.sin())
}

private func distance(_ a: Tensor, _ b: Tensor) throws -> Double { try (a - b).abs().max().item(Double.self) }

@Suite struct FourierTests {
  @Test(arguments: Array(1...40) + [49, 64, 97, 120, 143, 169, 257, 360, 1009])
  func everyLengthFollowsTheDefinition(_ n: Int) throws {
    let z = signal(3, n)
    let expected = z.matmul(definition(n))
    #expect(try distance(torch.fft.fft(z), expected) < 1e-12 * Double(n))
    #expect(try distance(torch.fft.ifft(expected), z) < 1e-12 * Double(n))
    let x = signal(3, n, dtype: .float64)
    let spectrum = x.to(.complex128).matmul(definition(n))
    #expect(try distance(torch.fft.fft(x), spectrum) < 1e-12 * Double(n))
    #expect(try distance(torch.fft.rfft(x), spectrum.narrow(1, 0, n / 2 + 1)) < 1e-12 * Double(n))
    #expect(try distance(torch.fft.irfft(torch.fft.rfft(x), n: n), x) < 1e-12 * Double(n))
    #expect(try distance(torch.fft.hfft(torch.fft.ihfft(x), n: n), x) < 1e-12 * Double(n))
    let single = torch.fft.fft(z.to(.complex64)).to(.complex128)
    #expect(try distance(single, expected) < 1e-6 * Double(n))
  }

  @Test func dimensionsAndLayouts() throws {
    let x = signal(4, 6, 5, dtype: .float64)
    let both = torch.fft.fft(torch.fft.fft(x, dim: 0), dim: 2)
    #expect(try distance(torch.fft.fftn(x, dim: [0, 2]), both) < 1e-12)
    #expect(try distance(torch.fft.fftn(x.transpose(0, 2), dim: [0, 2]), both.transpose(0, 2)) < 1e-12)
    #expect(try distance(torch.fft.irfftn(torch.fft.rfftn(x), s: [4, 6, 5]), x) < 1e-12)
    #expect(try distance(torch.fft.ifft2(torch.fft.fft2(x, norm: "ortho"), norm: "ortho").real, x) < 1e-12)
    #expect(torch.fft.fft(x, n: 9, dim: 1).shape == [4, 9, 5])
    #expect(try distance(torch.fft.fftshift(torch.fft.ifftshift(x)), x) == 0)
    #expect(try torch.fft.fftfreq(5).toArray(Float.self) == [0, 0.2, 0.4, -0.4, -0.2])
  }

  @Test func errorsAreThoseOfPyTorch() {
    func message(_ body: () -> Tensor) -> String {
      do {
        try withErrors { _ = body() }
        return ""
      } catch { return (error as? TorchError)?.message ?? "\(error)" }
    }
    let x = signal(3, dtype: .float32)
    #expect(message { torch.fft.fft(x, n: 0) } == "Invalid number of data points (0) specified")
    #expect(message { torch.fft.fft(x, norm: "x") } == "Invalid normalization mode: \"x\"")
    #expect(message { torch.fft.fft(x.to(.float16)) } == "Unsupported dtype Half")
    #expect(message { torch.fft.rfft(x.to(.complex64)) } == "rfft expects a real input tensor, but got ComplexFloat")
    #expect(message { torch.fft.fftn(x, dim: [0, 0]) } == "FFT dims must be unique")
    #expect(
      message { x.stft(14, center: false) }
        == "stft(torch.FloatTensor[3], n_fft=14, hop_length=3, win_length=14, window=None, normalized=0, onesided=None, return_complex=1, align_to_window=None) : expected 0 < n_fft < 3, but got n_fft=14")
  }

  @Test func shortTimeTransformThereAndBack() throws {
    let x = signal(2, 300, dtype: .float64)
    let window = torch.hannWindow(50, dtype: .float64)
    let spectrum = x.stft(64, hopLength: 16, winLength: 50, window: window)
    #expect(spectrum.shape == [2, 33, 19])
    let back = spectrum.istft(64, hopLength: 16, winLength: 50, window: window, length: 300)
    // The last frames end before the signal does.
    #expect(try distance(back.narrow(1, 0, 288), x.narrow(1, 0, 288)) < 1e-12)
  }

  @Test func windowsAreThoseOfPyTorch() throws {
    func check(_ window: Tensor, _ expected: [Double]) throws {
      #expect(try distance(window.to(.float64), Tensor(expected, dtype: .float64)) < 1e-5)
    }
    try check(torch.hannWindow(4), [0, 0.5, 1, 0.5])
    try check(torch.hammingWindow(5, periodic: false), [0.08, 0.54, 1, 0.54, 0.08])
    try check(torch.bartlettWindow(4), [0, 0.5, 1, 0.5])
    try check(torch.blackmanWindow(4), [0, 0.34, 1, 0.34])
    try check(torch.kaiserWindow(4, periodic: false), [5.27734e-05, 0.518839, 0.518839, 5.27734e-05])
  }

  @Test func partsOfComplexTensorsAreViews() throws {
    let z = torch.complex(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]))
    z.imag.mul_(2)
    #expect(try z.scalars().map { $0.complexValue.imaginary } == [6, 8])
    // A write to one part is seen by the gradients of both.
    let leaf = torch.complex(Tensor([1.0, 2.0]), Tensor([3.0, 4.0])).requiresGrad_()
    let copy = leaf * 1
    copy.real.mul_(Tensor([5.0, 7.0]))
    copy.abs().square().sum().backward()
    #expect(try distance(leaf.grad!, torch.complex(Tensor([50.0, 196.0]), Tensor([6.0, 8.0]))) < 1e-4)
  }
}
