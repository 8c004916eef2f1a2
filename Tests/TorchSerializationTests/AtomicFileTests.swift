import Foundation
import TestSupport
import Testing
import TorchCore
import TorchSerialization

@Suite struct AtomicFileTests {
  private func contents(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  private func write(_ text: String, to path: String) throws {
    try AtomicFile.write(to: path) { try $0.write(Array(text.utf8)) }
  }

  @Test func replacesWhole() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file"
      try write("first", to: path)
      #expect(chmod(path, 0o600) == 0)
      try write("second", to: path)
      #expect(try contents(path) == "second")
      var status = stat()
      stat(path, &status)
      #expect(status.st_mode & 0o777 == 0o600)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
    }
  }

  @Test func aFailureLeavesTheOldFile() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file"
      try write("old", to: path)
      struct Stop: Error {}
      #expect(throws: Stop.self) {
        try AtomicFile.write(to: path) { sink in
          try sink.write([1, 2, 3])
          throw Stop()
        }
      }
      #expect(try contents(path) == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
    }
  }

  /// A file size limit stands for a full disk; it is far above what other tests write meanwhile.
  @Test func aFullDiskLeavesTheOldFile() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/file.pt"
      let old = StateTree<StoredTensor>.string("old")
      try TorchArchive.write(old, to: path)
      let limit = 32 << 20
      let large = try StoredTensor(
        ByteRegion([UInt8](repeating: 7, count: limit + 1)), dtype: .uint8, shape: [limit + 1])

      var before = rlimit()
      let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
      getrlimit(resource, &before)
      var limited = rlimit(rlim_cur: rlim_t(limit), rlim_max: before.rlim_max)
      let handler = signal(SIGXFSZ, SIG_IGN)
      setrlimit(resource, &limited)
      defer {
        setrlimit(resource, &before)
        signal(SIGXFSZ, handler)
      }
      #expect {
        try TorchArchive.write(.tensor(large), to: path)
      } throws: { error in
        (error as? TorchError)?.kind == .io
      }
      #expect(try CheckpointTests.read(path).string == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file.pt"])
    }
  }

  @Test func errorsNameTheFile() throws {
    #expect(message { try write("x", to: "/dev/full") } == "cannot write /dev/full: No space left on device")
    #expect(message { try write("x", to: "/no/such/folder/file") }.contains("/no/such/folder/file"))
    #expect(message { _ = try ByteRegion(mapping: "/no/such/file") }.contains("No such file or directory"))
    try withTemporaryFolder { folder in
      #expect(message { try write("x", to: folder) }.contains("Is a directory"))
      #expect(message { _ = try ByteRegion(mapping: folder) }.contains("not a regular file"))
    }
  }

  @Test func linksStayLinks() throws {
    try withTemporaryFolder { folder in
      try write("old", to: folder + "/target")
      try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "target")
      try write("new", to: folder + "/link")
      #expect(try contents(folder + "/target") == "new")
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link") == "target")
    }
  }
}
