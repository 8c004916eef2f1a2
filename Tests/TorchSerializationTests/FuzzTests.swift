import Foundation
import TestSupport
import Testing
import TorchCore
import TorchSerialization

/// Damages every fixture in thousands of seeded ways and cuts it at every byte. A reader may answer with values or with a
/// `TorchError`; anything else (a trap, seconds of work, much memory) fails the run.
///
/// `SWIFT_TORCH_FUZZ` is the number of damaged copies of each file, for longer runs.
@Suite(.serialized) struct FuzzTests {
  private static let rounds = ProcessInfo.processInfo.environment["SWIFT_TORCH_FUZZ"].flatMap { Int($0) } ?? 1000
  /// The largest fixture has 13 KB.
  private static let memoryLimit = 128 << 20
  private static let timeLimit = Duration.seconds(2)

  @Test(arguments: CheckpointTests.files) func checkpoints(_ name: String) throws {
    try fuzz(name) { region in
      // Damaged bytes behind a right CRC are what gets furthest.
      try touch(CheckpointFile.read(region, verifyingChecksums: false))
    }
  }

  @Test(arguments: ["foreign.pt", "foreign-legacy.pt", "refused-net.pt", "script.pt", "optimizers.pt"])
  func whatTorchLoadRefuses(_ name: String) throws {
    try fuzz(name) { region in
      let contents = try CheckpointFile.contents(region, verifyingChecksums: false)
      for case (_, .tensor(let tensor)) in contents.tree.tensors { try touch(.tensor(tensor)) }
    }
  }

  @Test(arguments: ["every.safetensors", "foreign.safetensors"]) func safetensors(_ name: String) throws {
    try fuzz(name) { region in
      for case .tensor(let tensor) in try SafetensorsFile.contents(region).tensors.values { try touch(.tensor(tensor)) }
    }
  }

  @Test func indexes() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model.safetensors.index.json"
      for shard in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] {
        try FileManager.default.copyItem(atPath: Fixture.path(shard), toPath: folder + "/" + shard)
      }
      try fuzz("model.safetensors.index.json") { region in
        try Data(region.array).write(to: URL(filePath: path))
        try touch(tree(SafetensorsIndex(contentsOf: path).tensors(beside: path).stored()))
      }
    }
  }

  @Test(arguments: ["types.gguf", "small.gguf", "old.gguf"]) func gguf(_ name: String) throws {
    try fuzz("../gguf/" + name) { region in
      for case .tensor(let tensor) in try GGUFFile(region).tensors.values { try touch(.tensor(tensor)) }
    }
  }

  @Test(arguments: ["every.pt", "every.npz", "c.npy", "every.safetensors", "../gguf/small.gguf", "script.pt"])
  func formats(_ name: String) throws { try fuzz(name, refusals: false) { _ = try FileFormat($0) } }

  @Test(arguments: NumPyTests.arrays) func arrays(_ name: String) throws {
    try fuzz(name) { try touch(.tensor(NumPyFile.read($0))) }
  }

  @Test(arguments: ["every.npz", "every-compressed.npz", "foreign.npz"])
  func arrayArchives(_ name: String) throws {
    try fuzz(name) { region in
      for case .tensor(let tensor) in try NumPyFile.readArchive(region).values { try touch(.tensor(tensor)) }
    }
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

  private func fuzz(_ name: String, refusals: Bool = true, _ read: (ByteRegion) throws -> Void) throws {
    let seed = name.utf8.reduce(UInt64(17)) { $0 &* 31 &+ UInt64($1) }
    try fuzz(bytes: Fixture.bytes(name), seed: seed, refusals: refusals, read)
  }

  private func fuzz(
    bytes original: [UInt8], seed: UInt64, refusals: Bool = true, _ read: (ByteRegion) throws -> Void
  ) throws {
    var generator = SeededGenerator(state: seed)
    let memory = try PeakMemory()
    var slowest = Duration.zero
    func isRefused(_ bytes: [UInt8], _ what: @autoclosure () -> String) -> Bool {
      let started = ContinuousClock.now
      defer { slowest = max(slowest, ContinuousClock.now - started) }
      do {
        try read(ByteRegion(bytes))
        return false
      } catch is TorchError {
        return true
      } catch {
        Issue.record("\(what()): \(error)")
        return true
      }
    }
    var refused = 0
    for round in 0..<Self.rounds where isRefused(mutated(original, &generator), "round \(round)") { refused += 1 }
    // Cut at every byte of the ends, where the structure is, and at every so many between.
    let step = max(1, original.count / 1000)
    for length in 0..<original.count
    where length < 200 || length > original.count - 200 || length.isMultiple(of: step) {
      _ = isRefused(Array(original.prefix(length)), "cut at \(length)")
    }
    if refusals { #expect(refused > Self.rounds / 20) }
    #expect(slowest < Self.timeLimit)
    #expect(try memory.growth() < Self.memoryLimit)
  }

  /// Reads every element, as far as an expanded tensor does not make more of them than there are in the file.
  private func touch(_ value: StateTree<StoredTensor>) throws {
    for (_, tensor) in value.tensors {
      _ = try tensor.contiguousBytes(limit: 1 << 20).withBytes { $0.reduce(UInt8(0), ^) }
    }
  }
}
