import Foundation
import TestSupport
import Testing
import TorchCore
import TorchSerialization

/// Files made to harm, by name; `FuzzTests` makes them at random.
@Suite struct HostileFileTests {
  private func refusal(pickle: [UInt8]) -> String {
    message {
      let rules = TorchGlobals.rules { _ in .none }
      let graph = try Unpickler.read(ByteRegion(pickle), rules)
      _ = try StateTree<StoredTensor>(graph, pickleSize: pickle.count)
    }
  }

  private func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }

  @Test func runsNothing() {
    for (module, name) in [("os", "system"), ("builtins", "eval"), ("torch.hub", "load"), ("torch", "load")] {
      let pickle =
        [0x80, 2] + global(module, name) + Array("X".utf8) + [2, 0, 0, 0]
        + Array("ls\u{85}R.".unicodeScalars.map { UInt8($0.value) })
      #expect(refusal(pickle: pickle).contains("GLOBAL \(module).\(name)"))
    }
  }

  @Test func deepValuesAreRefused() {
    for opening in ["]", ")", "}"] {
      // A million levels: each value wrapped in a one-element tuple.
      let pickle = [0x80, 2] + Array(opening.utf8) + [UInt8](repeating: 0x85, count: 1_000_000) + Array(".".utf8)
      #expect(refusal(pickle: pickle).contains("deep"))
    }
    // Lists filled only after they were nested: l0 in l1 in l2 …
    var pickle: [UInt8] = [0x80, 2]
    for i in 0..<100_000 as Range<UInt32> {
      pickle += Array("]r".utf8)
      pickle.append(i)
      if i > 0 {
        pickle += Array("j".utf8)
        pickle.append(i - 1)
        pickle += Array("a".utf8)
      }
    }
    pickle += Array(".".utf8)
    #expect(refusal(pickle: pickle).contains("deep"))
  }

  @Test func cyclesAreRefused() {
    #expect(
      refusal(pickle: [0x80, 2] + Array("]q".utf8) + [0] + Array("h".utf8) + [0] + Array("a.".utf8)).contains("itself"))
  }

  @Test func sharedValuesCannotUnfoldWithoutBound() {
    // Forty lists, each holding the one before ten times: 10^40 values.
    var pickle: [UInt8] = [0x80, 2] + Array("]q".utf8) + [0]
    for i in 0..<40 as Range<UInt8> {
      pickle += Array("](".utf8)
      for _ in 0..<10 { pickle += [UInt8(ascii: "h"), i] }
      pickle += [UInt8(ascii: "e"), UInt8(ascii: "q"), i + 1]
    }
    #expect(refusal(pickle: pickle + Array(".".utf8)).contains("unfold"))
  }

  @Test func lengthsBeyondTheEndAreRefused() {
    for opcode in ["X", "B", "T", "\u{8B}", "\u{8D}", "\u{8E}", "\u{96}"] {
      let code = UInt8(opcode.unicodeScalars.first!.value)
      #expect(!refusal(pickle: [0x80, 4, code] + [UInt8](repeating: 0xFF, count: 7) + [0x7F, 0x2E]).isEmpty)
    }
    for text in [
      "", "\u{80}", "(", ".", "0.", "t.", "a.", "s.", "R.", "b.", "Q.", "h\u{1}.", "((((.", "I9x\n.", "cos\n",
      "(K\u{1}d.",
    ] {
      #expect(!refusal(pickle: text.unicodeScalars.map { UInt8($0.value) }).isEmpty, "\(text)")
    }
  }

  @Test func tensorsMustLieInTheirStorage() throws {
    let storage = StoredStorage(ByteRegion([UInt8](repeating: 0, count: 40)), dtype: .float32)
    func refusal(_ shape: [Int], _ strides: [Int], _ offset: Int) -> String {
      message {
        _ = try StoredTensor(storage: storage, dtype: .float32, shape: shape, strides: strides, storageOffset: offset)
      }
    }
    #expect(refusal([10], [1], 0) == "")
    #expect(refusal([1 << 40], [0], 9) == "")
    #expect(refusal([0, 5], [1, 1], 77) == "")
    for (shape, strides, offset) in [
      ([11], [1], 0), ([10], [1], 1), ([2], [1 << 62], 0), ([3], [1 << 62], 0), ([-1], [1], 0), ([2], [-1], 5),
      ([2], [1], -1),
      ([1 << 33, 1 << 33], [0, 0], 0), ([2, 2], [1], 0), ([0, 1 << 40, 1 << 40], [0, 0, 0], 0),
      ([Int.max], [Int.max], 0),
      ([Int](repeating: 1, count: 129), [Int](repeating: 1, count: 129), 0),
    ] {
      #expect(refusal(shape, strides, offset) != "", "\(shape) \(strides) \(offset)")
    }
  }

  // MARK: Zip archives

  /// An archive of one stored entry, whose directory `change` may falsify (offsets are within the directory entry).
  private func refusal(zip change: (inout [UInt8], _ directory: Int) -> Void, twice: Bool = false) throws -> String {
    var bytes: [UInt8] = []
    try withTemporaryFolder { folder in
      try AtomicFile.write(to: folder + "/a.zip") { sink in
        var zip = ZipWriter()
        try zip.add("a/data.pkl", ByteRegion([0x80, 2, 0x4E, 0x2E]), to: &sink)
        if twice { try zip.add("a/data.pkm", ByteRegion([0x80, 2, 0x4E, 0x2E]), to: &sink) }
        try zip.finish(&sink)
      }
      bytes = try ByteRegion(mapping: folder + "/a.zip").array
    }
    let directory = bytes.indices.first { bytes[$0...].starts(with: [0x50, 0x4B, 1, 2]) }!
    change(&bytes, directory)
    return message { _ = try CheckpointFile.read(ByteRegion(bytes), verifyingChecksums: true) }
  }

  private func put<T: UnsignedInteger & FixedWidthInteger>(_ value: T, _ bytes: inout [UInt8], _ offset: Int) {
    var encoded: [UInt8] = []
    encoded.append(value)
    bytes.replaceSubrange(offset..<offset + encoded.count, with: encoded)
  }

  @Test func archivesWithFalseDirectoriesAreRefused() throws {
    #expect(try refusal { _, _ in } == "")
    #expect(try refusal { put(0xFFFF_FFF0 as UInt32, &$0, $1 + 20) } != "")
    #expect(try refusal { put(0xFFFF_FFF0 as UInt32, &$0, $1 + 42) } != "")
    #expect(try refusal { put(1 as UInt16, &$0, $1 + 8) }.contains("encrypted"))
    #expect(try refusal { put(99 as UInt16, &$0, $1 + 10) }.contains("method 99"))
    #expect(try refusal { put(7 as UInt32, &$0, $1 + 16) }.contains("CRC"))
    #expect(
      try refusal { bytes, directory in put(9999 as UInt16, &bytes, bytes.count - 12) }.contains("number of entries"))
    #expect(try refusal { bytes, directory in bytes.removeLast(5) }.contains("central directory"))
    #expect(try refusal { bytes, _ in bytes.removeFirst(5) } != "")
  }

  @Test func aBombIsRefusedBeforeItInflates() throws {
    // 4 compressed bytes that claim to be 4 GiB, which deflate cannot make of them.
    #expect(
      try refusal {
        put(8 as UInt16, &$0, $1 + 10)
        put(0xFFFF_FFF0 as UInt32, &$0, $1 + 24)
      }.contains("impossible size"))
  }

  @Test func overlappingAndRepeatedEntriesAreRefused() throws {
    let overlap = try refusal(
      zip: { bytes, directory in
        // The second entry's data begin inside the first one's: both point at the first local header.
        let second = directory + 46 + 10
        put(0 as UInt32, &bytes, second + 42)
        bytes[second + 46 + 9] = UInt8(ascii: "l")
      }, twice: true)
    #expect(overlap.contains("two entries are called"))
    let longer = try refusal(
      zip: { bytes, directory in
        put(200 as UInt32, &bytes, directory + 20)
        put(200 as UInt32, &bytes, directory + 24)
      }, twice: true)
    #expect(longer.contains("overlap") || longer.contains("outside") || longer.contains("local header"), "\(longer)")
  }

  @Test func namesThatClimbAreRefused() throws {
    #expect(
      try refusal { bytes, directory in bytes.replaceSubrange(directory + 46..<directory + 49, with: Array("../".utf8))
      }
      .contains("impossible name"))
  }
}
