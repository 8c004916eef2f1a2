// Bytes from outside, with their bounds.
//
// Every reader of a file works on a `ByteRegion`: memory that is known to be there (a mapped file, a heap buffer)
// together with whoever keeps it alive. Slices are checked when they are made, so a length or an offset from a
// hostile file is an error here and nowhere else; raw pointers do not leave this folder except into a `Storage`.

import Foundation
import TorchCore

/// A run of bytes that `owner` keeps alive.
package struct ByteRegion: @unchecked Sendable {
  // Unchecked because the bytes are written only by the tensors made over them, whose writes are the caller's to order.

  package let base: UnsafeMutableRawPointer
  package let count: Int
  package let owner: AnyObject?

  package init(base: UnsafeMutableRawPointer, count: Int, owner: AnyObject?) {
    self.base = base
    self.count = count
    self.owner = owner
  }

  /// A heap copy of `bytes`.
  package init(_ bytes: some Collection<UInt8>) {
    // As much as there is already.
    let buffer = HeapBuffer(count: bytes.count)!
    let target = UnsafeMutableRawBufferPointer(start: buffer.base, count: bytes.count)
    target.copyBytes(from: bytes)
    self.init(base: buffer.base, count: bytes.count, owner: buffer)
  }

  /// Zeroed memory for `fill` to write.
  /// - Throws: `TorchError` of kind `.memory` where there is not so much.
  package init(count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
    guard let buffer = HeapBuffer(count: count) else {
      throw TorchError(.memory, "not enough memory: you tried to allocate \(count) bytes.")
    }
    try fill(UnsafeMutableRawBufferPointer(start: buffer.base, count: count))
    self.init(base: buffer.base, count: count, owner: buffer)
  }

  /// The file at `path`, mapped copy-on-write: pages are read when they are touched, and writes stay private.
  ///
  /// A file that another program shortens while it is mapped ends this one (SIGBUS), as with every mapping;
  /// replacing it by renaming, as everything here does, is harmless.
  package init(mapping path: String) throws {
    let mapping = try FileMapping(path)
    self.init(base: mapping.base, count: mapping.count, owner: mapping)
  }

  package static let empty = ByteRegion([])

  /// Bytes `offset ..< offset + count`, which must lie inside.
  package func slice(_ offset: Int, _ count: Int) throws -> ByteRegion {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
      throw TorchError(
        .serialization, "unexpected end of data: bytes \(offset)..<\(offset &+ count) of \(self.count) were asked for")
    }
    return ByteRegion(base: base + offset, count: count, owner: owner)
  }

  package func byte(_ offset: Int) throws -> UInt8 {
    guard offset >= 0, offset < count else {
      throw TorchError(.serialization, "unexpected end of data at byte \(offset) of \(count)")
    }
    return base.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// The little-endian integer at `offset`.
  package func integer<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) throws -> T {
    let bytes = try slice(offset, MemoryLayout<T>.size)
    return T(littleEndian: bytes.base.loadUnaligned(as: T.self))
  }

  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    defer { withExtendedLifetime(owner) {} }
    return try body(UnsafeRawBufferPointer(start: base, count: count))
  }

  package var array: [UInt8] { withBytes { Array($0) } }

  /// The bytes as UTF-8 text; nil where they are not.
  package var text: String? { withBytes { String(validating: $0, as: UTF8.self) } }

  package func starts(with prefix: [UInt8]) -> Bool {
    count >= prefix.count && withBytes { $0.prefix(prefix.count).elementsEqual(prefix) }
  }

  /// Whether the bytes are pages of a file.
  var isMapped: Bool { owner is FileMapping }

  /// Whether the bytes begin where elements that need `alignment` may begin.
  package func isAligned(to alignment: Int) -> Bool { UInt(bitPattern: base) % UInt(alignment) == 0 }
}

/// Reads a region from front to back.
package struct ByteReader {
  package let region: ByteRegion
  package private(set) var offset: Int

  package init(_ region: ByteRegion, at offset: Int = 0) {
    self.region = region
    self.offset = offset
  }

  package var remaining: Int { region.count - offset }

  @inline(__always)
  package mutating func byte() throws -> UInt8 {
    let value = try region.byte(offset)
    offset += 1
    return value
  }

  package mutating func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    let value = try region.integer(type, at: offset)
    offset += MemoryLayout<T>.size
    return value
  }

  package mutating func bytes(_ count: Int) throws -> ByteRegion {
    let bytes = try region.slice(offset, count)
    offset += count
    return bytes
  }

  /// The bytes up to the next line feed, which is stepped over.
  package mutating func line() throws -> ByteRegion {
    let rest = try region.slice(offset, remaining)
    guard let length = rest.withBytes({ $0.firstIndex(of: 0x0A) }) else {
      throw TorchError(.serialization, "unexpected end of data in a line of text")
    }
    offset += length + 1
    return try rest.slice(0, length)
  }
}

/// Memory of its own, aligned as tensors' memory is.
final class HeapBuffer {
  let base: UnsafeMutableRawPointer
  private let start: UnsafeMutableRawPointer

  /// nil where there is no such memory. Its pages are taken as they are written.
  init?(count: Int) {
    let alignment = 64
    guard count >= 0, count <= Int.max - alignment, let start = calloc(1, count + alignment) else { return nil }
    self.start = start
    base = start.alignedUp(toMultipleOf: alignment)
  }

  deinit { free(start) }
}

/// A file in the address space.
private final class FileMapping {
  let base: UnsafeMutableRawPointer
  let count: Int

  init(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TorchError.io("cannot open", path) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw TorchError.io("cannot read", path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw TorchError(.io, "\(path) is not a regular file")
    }
    count = Int(status.st_size)
    guard count > 0 else {
      base = .allocate(byteCount: 1, alignment: 1)
      return
    }
    let mapped = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else { throw TorchError.io("cannot map", path) }
    base = mapped
  }

  deinit {
    if count > 0 { munmap(base, count) } else { base.deallocate() }
  }
}

extension TorchError {
  /// What the system said about `path`; read `errno` before anything else touches it.
  static func io(_ action: String, _ path: String, code: Int32 = errno) -> TorchError {
    TorchError(.io, "\(action) \(path): \(String(cString: strerror(code)))")
  }
}
