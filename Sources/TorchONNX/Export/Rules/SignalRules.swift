// Fourier transforms. ONNX has complex numbers as a last dimension of two, as `view_as_real` gives them.

import TorchCore

extension ONNX {
  enum SignalRules {
    /// The short-time transform, as real and imaginary parts: where PyTorch's result is complex it cannot be written.
    private static func stft(_ call: RuleCall) throws -> Wire {
      let (g, dtype) = (call.graph, try call.dtype(of: "self"))
      guard call.results?.first?[0].tensor?.dtype.isFloatingPoint == true else {
        throw call.unsupported("complex results; use return_complex=False")
      }
      if try call.bool("center") { throw call.unsupported("'center' inside of the operator") }
      let count = try call.int("n_fft")
      let hop = try call.optionalInt("hop_length") ?? count / 4
      let isSingle = try call.rank("self") == 1
      var x = try call["self"]
      if isSingle { x = g.unsqueeze(x, [0]) }
      var window = try call.optional("window")
      let length = try call.optionalInt("win_length") ?? count
      if length < count {
        let before = (count - length) / 2
        let plain = try window ?? g.expand(g.scalar(1, dtype), g.ints([length]))
        window = g.pad(plain, g.ints([before, count - length - before]))
      }
      let isOneSided = try call.has("onesided") ? call.bool("onesided") : true
      // (N, frames, frequencies, 2)
      var y = g.emit("STFT", [x, g.int(hop), window, g.int(count)], ["onesided": .int(isOneSided ? 1 : 0)])
      y = g.transpose(y, [0, 2, 1, 3])
      if try call.bool("normalized") { y = g.div(y, try g.scalar(.double(Double(count).squareRoot()), dtype)) }
      return isSingle ? g.squeeze(y, [0]) : y
    }

    static let rules: [ExportRule] = [.one("stft", as: ["STFT"], stft)]
  }
}
