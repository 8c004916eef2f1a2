// The little that this module needs of files and folders.

import Foundation
import TorchCore

enum File {
  /// The whole file.
  /// - Throws: `TorchError` of kind `.io`.
  static func read(_ path: String) throws -> [UInt8] {
    guard let handle = fopen(path, "rb") else { throw failure("open", path) }
    defer { fclose(handle) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size(path))
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&chunk, 1, chunk.count, handle)
      guard count > 0 else { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    guard ferror(handle) == 0 else { throw failure("read", path) }
    return bytes
  }

  /// Puts the file at `source` in the place of `target` in one step.
  static func rename(_ source: String, to target: String) throws {
    guard Foundation.rename(source, target) == 0 else { throw failure("write", target) }
  }

  static func remove(_ path: String) { unlink(path) }

  static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }

  /// Bytes of the file; 0 where there is none, or something that is not a plain file.
  static func size(_ path: String) -> Int {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return 0 }
    return Int(status.st_size)
  }

  static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw TorchError(.io, "cannot make the folder '\(path)': \(error.localizedDescription)")
    }
  }

  static func failure(_ verb: String, _ path: String) -> TorchError {
    TorchError(.io, "cannot \(verb) '\(path)': \(String(cString: strerror(errno)))")
  }
}
