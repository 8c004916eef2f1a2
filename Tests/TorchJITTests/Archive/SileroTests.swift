// The voice-activity model silero-vad, kept as its authors publish it, over a minute of sound.

import Foundation
import TestSupport
import Testing
import Torch

@Suite struct SileroTests {
  private static let rate = 16000

  /// The sound of Fixtures/torchscript/silero.py.
  private static func sound(seconds: Int) -> [Float] {
    var noise: UInt32 = 12345
    var phase = 0.0
    return (0..<seconds * rate).map { n in
      let time = Double(n) / Double(rate)
      noise = noise &* 1_664_525 &+ 1_013_904_223
      var value = (Double(noise) / 2_147_483_648 - 1) * 0.005
      let place = time.truncatingRemainder(dividingBy: 6)
      if place < 4 {
        let pitch = 130 + 25 * sin(2 * .pi * 0.4 * time)
        phase += pitch / Double(rate)
        let first = 500 + 250 * sin(2 * .pi * 1.7 * time)
        let second = 1500 + 500 * sin(2 * .pi * 1.1 * time)
        let envelope = max(0, sin(2 * .pi * 1.75 * time))
        var voice = 0.0
        for k in 1..<19 {
          let frequency = Double(k) * pitch
          let (near, far) = ((frequency - first) / 150, (frequency - second) / 250)
          voice += (exp(-near * near) + 0.5 * exp(-far * far) + 0.05) * sin(2 * .pi * Double(k) * phase)
        }
        value += 0.25 * envelope * voice
      } else if place < 5 {
        value += 0.2 * sin(2 * .pi * (300 * (place - 4) + 800 * (place - 4) * (place - 4)))
      }
      return Float(value)
    }
  }

  @Test func probabilitiesAreThoseOfPyTorch() throws {
    let expected = try torch.load(repository("Fixtures/torchscript/silero.pt").path)
    let model = try JIT.load(repository("Fixtures/torchscript/silero_vad.jit").path)
    let minute = Self.sound(seconds: 60)

    /// The model's answer to each piece of so many samples, every `step`th sample taken.
    func probabilities(_ samples: ArraySlice<Float>, rate: Int, size: Int) throws -> [Double] {
      try torch.noGrad {
        try (0..<samples.count / size).map { i in
          let piece = Tensor(Array(samples[samples.startIndex + i * size..<samples.startIndex + (i + 1) * size]))
          return try #require(model.forward([.tensor(piece), .int(rate)]).tensor).item().doubleValue
        }
      }
    }
    func compare(_ key: String, _ values: [Double]) throws {
      let wanted = try #require(expected[key].tensor).flatten().toArray(Float.self).map(Double.init)
      #expect(values.count == wanted.count)
      let worst = zip(values, wanted).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst < 1e-4, "\(key): \(worst)")
    }

    try compare("minute", probabilities(minute[...], rate: Self.rate, size: 512))
    // The state is kept: the first second sounds otherwise now.
    try compare("kept", probabilities(minute[..<Self.rate], rate: Self.rate, size: 512))
    try model.method("reset_states")()
    try compare("reset", probabilities(minute[..<Self.rate], rate: Self.rate, size: 512))
    let slow = stride(from: 0, to: 2 * Self.rate, by: 2).map { minute[$0] }
    try compare("slow", probabilities(slow[...], rate: 8000, size: 256))
    let whole = try torch.noGrad {
      try model.method("audio_forward")(.tensor(Tensor(Array(minute[..<(4 * Self.rate)]))), .int(Self.rate))
    }
    try compare("whole", #require(whole.tensor).flatten().toArray(Float.self).map(Double.init))
  }
}
