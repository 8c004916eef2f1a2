// Fourier transforms and windows.

import Foundation
import TorchCore

extension ONNX {
  enum Signals {
    /// A tensor whose last dimension holds real numbers (1) or complex ones (2), as our complex type.
    private static func complex(_ x: Tensor) throws -> Tensor {
      switch x.shape.last {
      case 1: return x.squeeze(-1)
      case 2: return torch.viewAsComplex(x.contiguous())
      default: throw TorchError(.shape, "the last dimension must be 1 (real) or 2 (complex), the sizes are \(x.shape)")
      }
    }

    private static func dft(_ call: Call) throws -> Tensor {
      let x = try call[0]
      let axis = try call.axis(
        call.opset < 20 ? call.int("axis", 1) : try call.optionalInts(2)?.first ?? -2, x.ndim)
      try call.check(axis < x.ndim - 1, "axis \(axis) is the one of real and imaginary parts")
      let (inverse, onesided) = (call.bool("inverse"), call.bool("onesided"))
      let length = try call.optionalInts(1)?.first
      let signal = try complex(x)
      if inverse, onesided {
        return torch.fft.irfft(signal, n: length ?? 2 * (x.shape[axis] - 1), dim: axis).unsqueeze(-1)
      }
      if inverse { return torch.viewAsReal(torch.fft.ifft(signal, n: length, dim: axis)) }
      if onesided, !signal.dtype.isComplex { return torch.viewAsReal(torch.fft.rfft(signal, n: length, dim: axis)) }
      let spectrum = torch.fft.fft(signal, n: length, dim: axis)
      return torch.viewAsReal(onesided ? spectrum.narrow(axis, 0, spectrum.shape[axis] / 2 + 1) : spectrum)
    }

    private static func stft(_ call: Call) throws -> Tensor {
      let x = try call[0]
      try call.check(x.ndim == 3, "the signal must have 3 dimensions (batch, time, 1 or 2), its sizes are \(x.shape)")
      let step = try call.int(1)
      let window = try call.optional(2)
      let length = try call.optionalInts(3)?.first ?? window?.numel ?? x.shape[1]
      try call.check(step > 0 && length > 0 && length <= x.shape[1], "frames of \(length) every \(step) of \(x.shape[1])")
      var frames = try complex(x).unfold(1, size: length, step: step)
      if let window { frames = frames * window }
      let onesided = call.bool("onesided", true)
      if onesided, !frames.dtype.isComplex { return torch.viewAsReal(torch.fft.rfft(frames)) }
      let spectrum = torch.fft.fft(frames)
      return torch.viewAsReal(onesided ? spectrum.narrow(-1, 0, length / 2 + 1) : spectrum)
    }

    /// A sum of cosines: Σ terms[k] · cos(2πkn / N).
    private static func window(_ name: String, _ terms: [Double]) -> OperatorDeclaration {
      .values(name) { call in
        let size = try call.int(0)
        try call.check(size >= 0 && size < 1 << 31, "size \(size)")
        let type = try call.elementType(call.int("output_datatype", 1))
        let period = Double(call.bool("periodic", true) ? size : size - 1)
        let phase = Tensor.arange(.int(size)).to(.float64) * (2 * Double.pi / period)
        let sum = terms.enumerated().dropFirst().reduce(Tensor.full([size], .double(terms[0]), dtype: .float64)) {
          $0 + (phase * $1.offset).cos() * $1.element
        }
        return [.tensor(sum.to(type.carrier), type)]
      }
    }

    /// Triangular filters, evenly spaced in mel.
    private static func mel(_ call: Call) throws -> [Value] {
      let (bins, length, rate) = (try call.int(0), try call.int(1), try call.int(2))
      let edges = try [3, 4].map { try call[$0].item(Double.self) }
      try call.check(bins > 0 && length > 0 && rate > 0 && bins < 1 << 20 && length < 1 << 24, "bad sizes")
      let mels = edges.map { 2595 * log10(1 + $0 / 700) }
      let step = (mels[1] - mels[0]) / Double(bins + 2)
      let points = try (0..<bins + 2).map { i -> Int in
        let hertz = 700 * (pow(10, (Double(i) * step + mels[0]) / 2595) - 1)
        let point = (Double(length + 1) * hertz / Double(rate)).rounded(.down)
        guard point >= 0, point <= Double(length / 2) else { throw TorchError(.value, "an edge lies outside the spectrum") }
        return Int(point)
      }
      var weights = [Double](repeating: 0, count: (length / 2 + 1) * bins)
      for i in 0..<bins {
        let (low, centre, high) = (points[i], points[i + 1], points[i + 2])
        if low == centre { weights[centre * bins + i] = 1 }
        for j in low..<max(low, centre + 1) where centre > low { weights[j * bins + i] = Double(j - low) / Double(centre - low) }
        for j in centre..<max(centre, high) { weights[j * bins + i] = Double(high - j) / Double(high - centre) }
      }
      let type = try call.elementType(call.int("output_datatype", 1))
      return [.tensor(try Tensor.from(weights, shape: [length / 2 + 1, bins]).to(type.carrier), type)]
    }

    static let operators: [OperatorDeclaration] = [
      .tensor("DFT", dft),
      .tensor("STFT", stft),
      window("HannWindow", [0.5, -0.5]),
      window("HammingWindow", [25 / 46, -21 / 46]),
      window("BlackmanWindow", [0.42, -0.5, 0.08]),
      .values("MelWeightMatrix", mel),
    ]
  }
}
