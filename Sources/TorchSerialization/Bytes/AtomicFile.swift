// Saving that leaves nothing half-written.
//
// The bytes go to a new file beside the target, which is flushed to the disk and then renamed over it. Whatever
// fails before the rename (a full disk, a value that cannot be saved) leaves the old file as it was.

import Foundation
import TorchCore

/// Where a writer puts its bytes, in order.
package struct FileSink: ~Copyable {
  private let descriptor: Int32
  private let path: String
  package private(set) var offset = 0

  fileprivate init(descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  package mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      // Linux writes at most 2 GiB - 4 KiB a call.
      let written = Foundation.write(
        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress!, min(rest.count, 1 << 30))
      if written < 0 {
        if errno == EINTR { continue }
        throw TorchError.io("cannot write", path)
      }
      rest = rest.dropFirst(written)
    }
    offset += bytes.count
  }

  package mutating func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  package mutating func write(_ region: ByteRegion) throws { try region.withBytes { try write($0) } }
}

package enum AtomicFile {
  /// Replaces the file at `path` by what `body` writes, or leaves it untouched and throws.
  ///
  /// A symbolic link keeps pointing where it does. A target that is no regular file (a pipe, `/dev/stdout`) has
  /// no old contents to keep and is written directly.
  package static func write(to path: String, _ body: (inout FileSink) throws -> Void) throws {
    if let staged = try stage(path, body) { try commit([staged]) }
  }

  /// Replaces all files or, where one cannot be written, none. They get their names in order, so that the last one
  /// may speak of the others.
  package static func write(_ files: [(path: String, body: (inout FileSink) throws -> Void)]) throws {
    var staged: [Staged] = []
    do {
      for (path, body) in files { if let file = try stage(path, body) { staged.append(file) } }
    } catch {
      for file in staged { unlink(file.temporary) }
      throw error
    }
    try commit(staged)
  }

  /// A file that is written but does not have its name yet.
  private struct Staged {
    let temporary: String
    let target: String
    let folder: String
  }

  /// nil for targets that are written directly.
  private static func stage(_ path: String, _ body: (inout FileSink) throws -> Void) throws -> Staged? {
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists, status.st_mode & S_IFMT == S_IFDIR { throw TorchError.io("cannot write", path, code: EISDIR) }
    if exists, status.st_mode & S_IFMT != S_IFREG {
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw TorchError.io("cannot open", path) }
      defer { close(descriptor) }
      var sink = FileSink(descriptor: descriptor, path: path)
      try body(&sink)
      return nil
    }
    let target = exists ? resolved(path) : path
    // New files get the usual permissions, a replaced file keeps its own.
    return try stage(target, mode: exists ? status.st_mode & 0o7777 : 0o666 & ~currentMask(), body)
  }

  private static func stage(
    _ target: String, mode: mode_t, _ body: (inout FileSink) throws -> Void
  ) throws -> Staged {
    let slash = target.lastIndex(of: "/")
    let folder = slash.map { String(target[...$0]) } ?? "./"
    let name = slash.map { String(target[target.index(after: $0)...]) } ?? target
    var template = Array("\(folder).\(name.prefix(100)).XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    let temporary = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    guard descriptor >= 0 else { throw TorchError.io("cannot write beside", target) }
    var open = true
    do {
      var sink = FileSink(descriptor: descriptor, path: target)
      try body(&sink)
      guard fchmod(descriptor, mode) == 0, fsync(descriptor) == 0 else { throw TorchError.io("cannot write", target) }
      open = false
      guard close(descriptor) == 0 else { throw TorchError.io("cannot write", target) }
    } catch {
      if open { close(descriptor) }
      unlink(temporary)
      throw error
    }
    return Staged(temporary: temporary, target: target, folder: folder)
  }

  private static func commit(_ files: [Staged]) throws {
    for (index, file) in files.enumerated() where rename(file.temporary, file.target) != 0 {
      let error = TorchError.io("cannot replace", file.target)
      for rest in files[index...] { unlink(rest.temporary) }
      throw error
    }
    for folder in Set(files.map(\.folder)) { flush(folder: folder) }
  }

  private static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// The process's file creation mask. `umask(2)` can only be read by setting it, which would race with other threads.
  private static func currentMask() -> mode_t {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Umask:") }),
      let mask = mode_t(line.dropFirst(6).trimmingCharacters(in: .whitespaces), radix: 8)
    else { return 0o022 }
    return mask
  }

  /// Makes the rename itself durable. A file system that cannot flush a folder has nothing better to offer.
  private static func flush(folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
