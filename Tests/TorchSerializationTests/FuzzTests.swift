import Foundation
import Testing
import TorchCore
import TorchSerialization

/// Damages every fixture in thousands of seeded ways. A reader may answer with values or with a `TorchError`;
/// anything else (a trap, an endless loop, memory without bound) fails the run.
@Suite struct FuzzTests {
  private static let rounds = 2000

  @Test(arguments: CheckpointTests.files) func checkpoints(_ name: String) throws {
    try fuzz(name) { region in
      // Damaged bytes behind a right CRC are what gets furthest.
      try touch(CheckpointFile.read(region, verifyingChecksums: false))
    }
  }

  @Test func safetensors() throws {
    try fuzz("every.safetensors") { try touch(tree(SafetensorsFile.read($0).tensors)) }
  }

  @Test(arguments: NumPyTests.arrays) func arrays(_ name: String) throws {
    try fuzz(name) { try touch(.tensor(NumPyFile.read($0))) }
  }

  @Test(arguments: ["every.npz", "every-compressed.npz"]) func arrayArchives(_ name: String) throws {
    try fuzz(name) { try touch(tree(NumPyFile.readArchive($0).stored())) }
  }

  /// Pickles alone: an archive's other bytes leave few mutations for the machine itself.
  @Test(arguments: ["checkpoint.pt", "nested.pt", "nested-protocol5.pt", "numpy-values.pt", "views.pt"])
  func pickles(_ name: String) throws {
    let archive = try TorchArchive(ByteRegion(mapping: Fixture.path(name)), verifyingChecksums: true)
    let storage = StoredStorage(ByteRegion([UInt8](repeating: 1, count: 4096)), dtype: .float32)
    try fuzz(bytes: archive.record("data.pkl").array, seed: 99) { region in
      let rules = TorchGlobals.rules(safe: ["argparse.Namespace"]) { _ in .storage(storage) }
      try touch(StateTree(Unpickler.read(region, rules), pickleSize: region.count))
    }
  }

  // MARK: -

  private func fuzz(_ name: String, _ read: (ByteRegion) throws -> Void) throws {
    let seed = name.utf8.reduce(UInt64(17)) { $0 &* 31 &+ UInt64($1) }
    try fuzz(bytes: Fixture.bytes(name), seed: seed, read)
  }

  private func fuzz(bytes original: [UInt8], seed: UInt64, _ read: (ByteRegion) throws -> Void) throws {
    var generator = SeededGenerator(state: seed)
    var refused = 0
    for round in 0..<Self.rounds {
      let mutant = mutate(original, &generator)
      do {
        try read(ByteRegion(mutant))
      } catch is TorchError {
        refused += 1
      } catch {
        Issue.record("round \(round): \(error)")
      }
    }
    #expect(refused > Self.rounds / 20)
  }

  private func mutate(_ original: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
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

  /// Reads every element, as far as an expanded tensor does not make more of them than there are in the file.
  private func touch(_ value: StateTree<StoredTensor>) throws {
    for (_, tensor) in value.tensors {
      _ = try tensor.contiguousBytes(limit: 1 << 20).withBytes { $0.reduce(UInt8(0), ^) }
    }
  }
}
