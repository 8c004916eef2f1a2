// What tests with damaged files share: seeded damage, and how much memory reading them takes.

import Foundation

/// The seeded random numbers of the fuzz tests (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator {
  package var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// `original` damaged in one to four ways, mostly near its ends.
package func mutated(_ original: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
  var bytes = original
  for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
    // Headers and directories, where lengths and offsets are, lie at the ends.
    let near = min(bytes.count, 200)
    let at: Int
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: at = Int.random(in: 0..<near, using: &generator)
    case 1: at = bytes.count - 1 - Int.random(in: 0..<near, using: &generator)
    default: at = Int.random(in: 0..<bytes.count, using: &generator)
    }
    switch Int.random(in: 0..<8, using: &generator) {
    case 0, 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 2: bytes[at] = UInt8.random(in: 0...255, using: &generator)
    case 3:
      for i in at..<min(at + 8, bytes.count) { bytes[i] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &generator)! }
    case 4: bytes.removeLast(bytes.count - at)
    case 5:
      let length = min(Int.random(in: 1...16, using: &generator), bytes.count - at)
      bytes.removeSubrange(at..<at + length)
    case 6:
      let from = Int.random(in: 0..<bytes.count, using: &generator)
      bytes.insert(contentsOf: Array(bytes[from..<min(from + 32, bytes.count)]), at: at)
    default:
      let from = Int.random(in: 0..<bytes.count, using: &generator)
      for i in 0..<min(16, bytes.count - max(at, from)) { bytes[at + i] = bytes[from + i] }
    }
  }
  return bytes
}

/// The most memory the process has had since the value was made, beyond what it had then.
package struct PeakMemory {
  private let start: Int

  package init() throws {
    // Makes the kernel forget the old peak.
    try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    start = try PeakMemory.peak()
  }

  package func growth() throws -> Int { try PeakMemory.peak() - start }

  private static func peak() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0) << 10
  }
}
