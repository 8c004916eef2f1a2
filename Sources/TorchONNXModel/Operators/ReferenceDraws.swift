// The random numbers of ONNX's reference implementation: NumPy's RandomState.
// Reference: M. Matsumoto, T. Nishimura, Mersenne Twister, 1998; numpy/random/src/mt19937.

extension ONNX {
  /// Uniform numbers in [0, 1) of 53 bits from the 32-bit Mersenne Twister.
  struct ReferenceDraws {
    private var state: [UInt32]
    private var index = 624

    init(seed: UInt32) {
      state = [seed]
      for i in 1..<624 {
        let last = state[i - 1]
        state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(i))
      }
    }

    mutating func next() -> Double {
      let (high, low) = (word() >> 5, word() >> 6)
      return (Double(high) * 67_108_864 + Double(low)) / 9_007_199_254_740_992
    }

    private mutating func word() -> UInt32 {
      if index == 624 { twist() }
      var y = state[index]
      index += 1
      y ^= y >> 11
      y ^= y << 7 & 0x9d2c_5680
      y ^= y << 15 & 0xefc6_0000
      return y ^ y >> 18
    }

    private mutating func twist() {
      for i in 0..<624 {
        let y = (state[i] & 0x8000_0000) | (state[(i + 1) % 624] & 0x7fff_ffff)
        state[i] = state[(i + 397) % 624] ^ y >> 1 ^ (y & 1 == 0 ? 0 : 0x9908_b0df)
      }
      index = 0
    }
  }
}
