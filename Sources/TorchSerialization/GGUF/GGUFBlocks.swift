// The packed number formats of GGUF files, unpacked to float32.
//
// A tensor is a run of blocks, each a few numbers of 2 to 8 bits with a common scale `d` (and often an offset `m`):
// x = d·q, x = d·q + m or x = d·q - m. The K formats have blocks of 256 with 8 or 16 sub-blocks, whose own scales are
// packed in 4 or 6 bits. Products are rounded one by one, so the values are the reference implementation's to the bit.
// Reference: https://github.com/ggml-org/ggml/blob/master/src/ggml-common.h (layouts), ggml-quants.c.

import TorchCore

/// How the elements of a tensor lie in a GGUF file.
struct GGUFBlocks: Sendable {
  typealias Unpack = @Sendable (_ block: UnsafePointer<UInt8>, _ elements: UnsafeMutablePointer<Float>) -> Void

  let name: String
  /// Elements of a block.
  let elements: Int
  /// Bytes of a block.
  let bytes: Int
  /// nil for formats that are known by their sizes only.
  let unpack: Unpack?

  private init(_ name: String, _ elements: Int, _ bytes: Int, _ unpack: Unpack? = nil) {
    self.name = name
    self.elements = elements
    self.bytes = bytes
    self.unpack = unpack
  }

  /// The format of that number in a file; nil for the types whose elements stand alone, and for unknown ones.
  init?(code: UInt32) {
    guard let found = GGUFBlocks.table[code] else { return nil }
    self = found
  }

  /// All blocks of `packed` as float32.
  func unpacked(_ packed: ByteRegion) throws -> ByteRegion {
    guard let unpack else { throw TorchError(.serialization, "GGUF type \(name) is not supported") }
    let count = packed.count / bytes
    return try ByteRegion(count: count * elements * MemoryLayout<Float>.size) { target in
      packed.withBytes { source in
        guard let from = source.bindMemory(to: UInt8.self).baseAddress,
          let to = target.bindMemory(to: Float.self).baseAddress
        else { return }
        for i in 0..<count { unpack(from + i * bytes, to + i * elements) }
      }
    }
  }

  private static let table: [UInt32: GGUFBlocks] = [
    2: GGUFBlocks("Q4_0", 32, 18, q4_0), 3: GGUFBlocks("Q4_1", 32, 20, q4_1), 6: GGUFBlocks("Q5_0", 32, 22, q5_0),
    7: GGUFBlocks("Q5_1", 32, 24, q5_1), 8: GGUFBlocks("Q8_0", 32, 34, q8_0), 9: GGUFBlocks("Q8_1", 32, 40),
    10: GGUFBlocks("Q2_K", 256, 84, q2_K), 11: GGUFBlocks("Q3_K", 256, 110, q3_K),
    12: GGUFBlocks("Q4_K", 256, 144, q4_K), 13: GGUFBlocks("Q5_K", 256, 176, q5_K),
    14: GGUFBlocks("Q6_K", 256, 210, q6_K), 15: GGUFBlocks("Q8_K", 256, 292), 16: GGUFBlocks("IQ2_XXS", 256, 66),
    17: GGUFBlocks("IQ2_XS", 256, 74), 18: GGUFBlocks("IQ3_XXS", 256, 98), 19: GGUFBlocks("IQ1_S", 256, 50),
    20: GGUFBlocks("IQ4_NL", 32, 18, iq4_NL), 21: GGUFBlocks("IQ3_S", 256, 110), 22: GGUFBlocks("IQ2_S", 256, 82),
    23: GGUFBlocks("IQ4_XS", 256, 136, iq4_XS), 29: GGUFBlocks("IQ1_M", 256, 56), 34: GGUFBlocks("TQ1_0", 256, 54),
    35: GGUFBlocks("TQ2_0", 256, 66), 39: GGUFBlocks("MXFP4", 32, 17, mxfp4), 40: GGUFBlocks("NVFP4", 64, 36),
  ]
}

// MARK: - Blocks of 32

/// The float16 in bytes `at` and `at + 1`.
@inline(__always)
private func half(_ block: UnsafePointer<UInt8>, _ at: Int) -> Float {
  Float(Float16(bitPattern: UInt16(block[at]) | UInt16(block[at + 1]) << 8))
}

// The low halves of 16 bytes are elements 0 to 15, the high halves 16 to 31.

private let q4_0: GGUFBlocks.Unpack = { block, x in
  let d = half(block, 0)
  for j in 0..<16 {
    let q = block[2 + j]
    x[j] = d * Float(Int(q & 15) - 8)
    x[j + 16] = d * Float(Int(q >> 4) - 8)
  }
}

private let q4_1: GGUFBlocks.Unpack = { block, x in
  let (d, m) = (half(block, 0), half(block, 2))
  for j in 0..<16 {
    let q = block[4 + j]
    x[j] = d * Float(q & 15) + m
    x[j + 16] = d * Float(q >> 4) + m
  }
}

/// The fifth bits of a block's elements: bit j is element j's.
@inline(__always)
private func fifthBits(_ bytes: UnsafePointer<UInt8>) -> UInt32 {
  UInt32(bytes[0]) | UInt32(bytes[1]) << 8 | UInt32(bytes[2]) << 16 | UInt32(bytes[3]) << 24
}

private let q5_0: GGUFBlocks.Unpack = { block, x in
  let d = half(block, 0)
  let high = fifthBits(block + 2)
  for j in 0..<16 {
    let q = UInt32(block[6 + j])
    x[j] = d * Float(Int(q & 15 | (high >> UInt32(j) & 1) << 4) - 16)
    x[j + 16] = d * Float(Int(q >> 4 | (high >> UInt32(j + 16) & 1) << 4) - 16)
  }
}

private let q5_1: GGUFBlocks.Unpack = { block, x in
  let (d, m) = (half(block, 0), half(block, 2))
  let high = fifthBits(block + 4)
  for j in 0..<16 {
    let q = UInt32(block[8 + j])
    x[j] = d * Float(q & 15 | (high >> UInt32(j) & 1) << 4) + m
    x[j + 16] = d * Float(q >> 4 | (high >> UInt32(j + 16) & 1) << 4) + m
  }
}

private let q8_0: GGUFBlocks.Unpack = { block, x in
  let d = half(block, 0)
  for j in 0..<32 { x[j] = d * Float(Int8(bitPattern: block[2 + j])) }
}

// MARK: - Blocks of 256

// 16 sub-blocks; a byte of `scales` is scale and offset in 4 bits each. layout: scales[16] q[64] d dmin
private let q2_K: GGUFBlocks.Unpack = { block, x in
  let (d, dmin) = (half(block, 80), half(block, 82))
  for sub in 0..<16 {
    let (n, shift, k) = (sub / 8, UInt8(sub % 8 / 2 * 2), sub % 2)
    let scale = d * Float(block[sub] & 15)
    let offset = dmin * Float(block[sub] >> 4)
    let q = block + 16 + 32 * n + 16 * k
    for l in 0..<16 { x[16 * sub + l] = scale * Float(q[l] >> shift & 3) - offset }
  }
}

// 16 sub-blocks with scales of 6 bits; where a bit of the mask is 0, 4 is taken off. layout: mask[32] q[64] scales[12] d
private let q3_K: GGUFBlocks.Unpack = { block, x in
  let d = half(block, 108)
  let scales = block + 96
  for sub in 0..<16 {
    let (n, j, k) = (sub / 8, sub % 8 / 2, sub % 2)
    let low = sub < 8 ? scales[sub] & 15 : scales[sub - 8] >> 4
    let high = scales[8 + sub % 4] >> UInt8(sub / 4 * 2) & 3
    let scale = d * Float(Int(low | high << 4) - 32)
    let (mask, q) = (block + 16 * k, block + 32 + 32 * n + 16 * k)
    for l in 0..<16 {
      let value = Int(q[l] >> UInt8(2 * j) & 3) - (mask[l] >> UInt8(4 * n + j) & 1 == 0 ? 4 : 0)
      x[16 * sub + l] = scale * Float(value)
    }
  }
}

/// Scale and offset of sub-block `j` of eight, 6 bits each, packed in 12 bytes.
@inline(__always)
private func scaleAndOffset(_ s: UnsafePointer<UInt8>, _ j: Int) -> (Float, Float) {
  j < 4
    ? (Float(s[j] & 63), Float(s[j + 4] & 63))
    : (Float(s[j + 4] & 15 | (s[j - 4] >> 6) << 4), Float(s[j + 4] >> 4 | (s[j] >> 6) << 4))
}

// layout: d dmin scales[12] q[128]
private let q4_K: GGUFBlocks.Unpack = { block, x in
  let (d, dmin) = (half(block, 0), half(block, 2))
  for sub in 0..<8 {
    let (s, m) = scaleAndOffset(block + 4, sub)
    let (scale, offset) = (d * s, dmin * m)
    let q = block + 16 + 32 * (sub / 2)
    let shift = UInt8(sub % 2 * 4)
    for l in 0..<32 { x[32 * sub + l] = scale * Float(q[l] >> shift & 15) - offset }
  }
}

// layout: d dmin scales[12] fifth bits[32] q[128]
private let q5_K: GGUFBlocks.Unpack = { block, x in
  let (d, dmin) = (half(block, 0), half(block, 2))
  let high = block + 16
  for sub in 0..<8 {
    let (s, m) = scaleAndOffset(block + 4, sub)
    let (scale, offset) = (d * s, dmin * m)
    let q = block + 48 + 32 * (sub / 2)
    let shift = UInt8(sub % 2 * 4)
    for l in 0..<32 { x[32 * sub + l] = scale * Float(q[l] >> shift & 15 | (high[l] >> UInt8(sub) & 1) << 4) - offset }
  }
}

// 16 sub-blocks with scales of 8 bits. layout: low bits[128] high bits[64] scales[16] d
private let q6_K: GGUFBlocks.Unpack = { block, x in
  let d = half(block, 208)
  for n in 0..<2 {
    let (low, high, scales) = (block + 64 * n, block + 128 + 32 * n, block + 192 + 8 * n)
    for part in 0..<4 {
      for l in 0..<32 {
        let nibble = low[l + 32 * (part % 2)] >> UInt8(part / 2 * 4) & 15
        let q = Int(nibble | (high[l] >> UInt8(2 * part) & 3) << 4) - 32
        let scale = d * Float(Int8(bitPattern: scales[l / 16 + 2 * part]))
        x[128 * n + 32 * part + l] = scale * Float(q)
      }
    }
  }
}

// MARK: - Tables of values

private let iq4Values: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]

private let iq4_NL: GGUFBlocks.Unpack = { block, x in
  let d = half(block, 0)
  for j in 0..<16 {
    x[j] = d * iq4Values[Int(block[2 + j] & 15)]
    x[j + 16] = d * iq4Values[Int(block[2 + j] >> 4)]
  }
}

// Eight sub-blocks with scales of 6 bits. layout: d high bits of scales (16 bits) low bits of scales[4] q[128]
private let iq4_XS: GGUFBlocks.Unpack = { block, x in
  let d = half(block, 0)
  let high = UInt16(block[2]) | UInt16(block[3]) << 8
  for sub in 0..<8 {
    let low = block[4 + sub / 2] >> UInt8(sub % 2 * 4) & 15
    let scale = d * Float(Int(low) | Int(high >> UInt16(2 * sub) & 3) << 4 - 32)
    let q = block + 8 + 16 * sub
    for j in 0..<16 {
      x[32 * sub + j] = scale * iq4Values[Int(q[j] & 15)]
      x[32 * sub + j + 16] = scale * iq4Values[Int(q[j] >> 4)]
    }
  }
}

/// Twice the values of a four-bit float (e2m1).
private let fp4Values: [Float] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]

// The scale is a power of two, its exponent in one byte; half of it undoes the doubling of the values.
private let mxfp4: GGUFBlocks.Unpack = { block, x in
  let e = UInt32(block[0])
  let d = Float(bitPattern: e < 2 ? 0x0020_0000 << e : (e - 1) << 23)
  for j in 0..<16 {
    x[j] = d * fp4Values[Int(block[1 + j] & 15)]
    x[j + 16] = d * fp4Values[Int(block[1 + j] >> 4)]
  }
}
