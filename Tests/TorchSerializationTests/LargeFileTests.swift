import Foundation
import TestSupport
import Testing
import Torch
import TorchSerialization

/// Opening a file of gigabytes takes no time and no memory; only what is touched is read.
@Suite(.serialized) struct LargeFileTests {
  /// Bytes of this process that are in memory.
  private func resident() throws -> Int {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[1]
    return Int(pages)! * sysconf(Int32(_SC_PAGESIZE))
  }

  /// A file with a hole: 2 GiB of zeros that take no disk.
  @Test func safetensorsOfTwoGigabytes() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/large.safetensors"
      let half = 1 << 30
      // Writers pad the header, so that elements are aligned in the mapped file.
      var text = """
        {"first":{"dtype":"F32","shape":[\(half / 4)],"data_offsets":[0,\(half)]},\
        "second":{"dtype":"BF16","shape":[1024,\(half / 2048)],"data_offsets":[\(half),\(2 * half)]}}
        """
      text += String(repeating: " ", count: (8 - text.utf8.count % 8) % 8)
      var header: [UInt8] = []
      header.append(UInt64(text.utf8.count))
      header += Array(text.utf8)
      #expect(FileManager.default.createFile(atPath: path, contents: Data(header)))
      #expect(truncate(path, header.count + 2 * half) == 0)
      let before = try resident()
      let started = ContinuousClock.now
      let tensors = try Safetensors.load(path)
      let row = tensors["second"]![1023]
      #expect(try row.toArray(Float.self).allSatisfy { $0 == 0 })
      #expect(tensors["first"]!.numel == half / 4)
      // A row is 1 MiB; milliseconds are expected, a busy machine is given time.
      #expect(ContinuousClock.now - started < .seconds(2))
      #expect(try resident() - before < 64 << 20)
    }
  }

  @Test func mappedCheckpointsReadWhatIsTouched() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/large.pt"
      try torch.save(["big": .tensor(Tensor.ones([64 << 20], dtype: .uint8)), "n": .tensor(Tensor([1, 2]))], to: path)
      Allocator.emptyCache()
      let before = try resident()
      let value = try torch.load(path, mmap: true)
      #expect(try value["n"].tensor!.toArray(Int.self) == [1, 2])
      #expect(try value["big"].tensor!.narrow(0, 1 << 20, 4).toArray(Int.self) == [1, 1, 1, 1])
      #expect(try resident() - before < 16 << 20)
    }
  }
}
