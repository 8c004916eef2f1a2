// Zip archives, reading: what `.pt` and `.npz` files are.
//
// Goals: zero copies (a stored entry is a slice of the mapped file), and safety with hostile archives: every offset
// is checked, no two entries may share bytes, inflated entries are bounded in all before memory is taken for one.
// Reference: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (6.3.10), with zip64.

import CZlib
import TorchCore

/// The entries of a zip archive.
package struct ZipReader {
  package struct Entry {
    package let name: String
    /// Bytes once inflated.
    package let size: Int
    let compressedSize: Int
    let isDeflated: Bool
    let checksum: UInt32
    let headerOffset: Int
    let dataOffset: Int
  }

  /// In the order of the archive's directory.
  package let entries: [Entry]
  private let byName: [String: Int]
  private let file: ByteRegion

  package static func looksLikeZip(_ file: ByteRegion) -> Bool {
    file.starts(with: [0x50, 0x4B, 3, 4]) || file.starts(with: [0x50, 0x4B, 5, 6])
  }

  /// - Parameter inflationLimit: The most bytes that all deflated entries may take together; by default a hundred
  ///   times the file's size, and 256 MiB at least. Deflate can make a thousand bytes of one.
  package init(_ file: ByteRegion, inflationLimit: Int? = nil) throws {
    self.file = file
    let limit = inflationLimit ?? max(256 << 20, 100 * file.count)
    let directory = try Directory(file)
    var entries: [Entry] = []
    var byName: [String: Int] = [:]
    var inflated = 0
    var reader = ByteReader(directory.region)
    for _ in 0..<directory.count {
      let entry = try ZipReader.entry(&reader, file, directoryOffset: directory.offset)
      guard byName.updateValue(entries.count, forKey: entry.name) == nil else {
        throw refuse("two entries are called '\(entry.name)'")
      }
      if entry.isDeflated {
        guard entry.size <= limit - inflated else {
          throw refuse(
            "'\(entry.name)' would inflate to \(entry.size) bytes, which makes more than \(limit) in all; "
              + "if you trust the file, raise `inflationLimit`")
        }
        inflated += entry.size
      }
      entries.append(entry)
    }
    let inOrder = entries.sorted { $0.headerOffset < $1.headerOffset }
    for (a, b) in zip(inOrder, inOrder.dropFirst()) where a.dataOffset + a.compressedSize > b.headerOffset {
      throw refuse("entries '\(a.name)' and '\(b.name)' overlap")
    }
    self.entries = entries
    self.byName = byName
  }

  package subscript(name: String) -> Entry? { byName[name].map { entries[$0] } }

  /// The bytes of an entry: a slice of the file where it is stored, inflated memory where it is deflated.
  /// - Parameter checkingSum: Whether to read all of it and compare its CRC, which gives up laziness.
  package func read(_ entry: Entry, checkingSum: Bool = true) throws -> ByteRegion {
    var bytes = try file.slice(entry.dataOffset, entry.compressedSize)
    if entry.isDeflated { bytes = try inflated(bytes, to: entry.size, entry.name) }
    if checkingSum, checksum(bytes) != entry.checksum { throw refuse("'\(entry.name)' is damaged (its CRC differs)") }
    return bytes
  }
}

private func refuse(_ why: String) -> TorchError {
  TorchError(.serialization, "PytorchStreamReader failed reading zip archive: \(why)")
}

/// Where the list of entries is.
private struct Directory {
  let region: ByteRegion
  let offset: Int
  let count: Int

  init(_ file: ByteRegion) throws {
    // The end record is the last 22 bytes, or a comment of at most 65535 follows it.
    var end = file.count - 22
    while end >= 0, end >= file.count - 22 - 65535 {
      if try file.byte(end) == 0x50, try file.integer(UInt32.self, at: end) == 0x0605_4B50,
        try Int(file.integer(UInt16.self, at: end + 20)) == file.count - end - 22
      {
        break
      }
      end -= 1
    }
    guard end >= 0, end >= file.count - 22 - 65535 else { throw refuse("failed finding central directory") }
    guard try file.integer(UInt16.self, at: end + 4) == 0, try file.integer(UInt16.self, at: end + 6) == 0 else {
      throw refuse("archives split over several files are not supported")
    }
    var count = try UInt64(file.integer(UInt16.self, at: end + 10))
    var size = try UInt64(file.integer(UInt32.self, at: end + 12))
    var offset = try UInt64(file.integer(UInt32.self, at: end + 16))
    let locator = end - 20
    if locator >= 0, try file.integer(UInt32.self, at: locator) == 0x0706_4B50 {
      let end64 = try Int(exactly: file.integer(UInt64.self, at: locator + 8)) ?? -1
      guard end64 >= 0, end64 <= locator - 56, try file.integer(UInt32.self, at: end64) == 0x0606_4B50 else {
        throw refuse("bad zip64 end record")
      }
      count = try file.integer(UInt64.self, at: end64 + 32)
      size = try file.integer(UInt64.self, at: end64 + 40)
      offset = try file.integer(UInt64.self, at: end64 + 48)
    }
    guard let offset = Int(exactly: offset), let size = Int(exactly: size), offset <= end, size <= end - offset else {
      throw refuse("the central directory lies outside the file")
    }
    // An entry takes at least 46 bytes, which bounds everything allocated per entry.
    guard let count = Int(exactly: count), count <= size / 46 else { throw refuse("impossible number of entries") }
    region = try file.slice(offset, size)
    self.offset = offset
    self.count = count
  }
}

extension ZipReader {
  private static func entry(_ reader: inout ByteReader, _ file: ByteRegion, directoryOffset: Int) throws -> Entry {
    let header = try reader.bytes(46)
    guard try header.integer(UInt32.self, at: 0) == 0x0201_4B50 else { throw refuse("bad directory entry") }
    let flags = try header.integer(UInt16.self, at: 8)
    let method = try header.integer(UInt16.self, at: 10)
    let nameBytes = try reader.bytes(Int(header.integer(UInt16.self, at: 28)))
    var extra = try ByteReader(reader.bytes(Int(header.integer(UInt16.self, at: 30))))
    _ = try reader.bytes(Int(header.integer(UInt16.self, at: 32)))
    guard let name = nameBytes.text, isPlain(name) else { throw refuse("an entry has an impossible name") }
    guard flags & 1 == 0 else { throw refuse("'\(name)' is encrypted") }
    guard method == 0 || method == 8 else { throw refuse("'\(name)' uses compression method \(method)") }

    var compressed = try UInt64(header.integer(UInt32.self, at: 20))
    var size = try UInt64(header.integer(UInt32.self, at: 24))
    var offset = try UInt64(header.integer(UInt32.self, at: 42))
    while extra.remaining >= 4 {
      let id = try extra.integer(UInt16.self)
      var field = try ByteReader(extra.bytes(Int(extra.integer(UInt16.self))))
      guard id == 1 else { continue }
      if size == 0xFFFF_FFFF { size = try field.integer(UInt64.self) }
      if compressed == 0xFFFF_FFFF { compressed = try field.integer(UInt64.self) }
      if offset == 0xFFFF_FFFF { offset = try field.integer(UInt64.self) }
    }
    guard let size = Int(exactly: size), let compressed = Int(exactly: compressed), let offset = Int(exactly: offset),
      offset <= directoryOffset - 30, compressed <= directoryOffset
    else { throw refuse("'\(name)' lies outside the file") }
    guard method == 8 ? size / 1040 <= compressed : size == compressed else {
      // Deflate makes at most 1032 bytes of one.
      throw refuse("'\(name)' has an impossible size")
    }
    let local = try file.slice(offset, 30)
    let localName = try Int(local.integer(UInt16.self, at: 26))
    let dataOffset = try offset + 30 + localName + Int(local.integer(UInt16.self, at: 28))
    guard try local.integer(UInt32.self, at: 0) == 0x0403_4B50, dataOffset <= directoryOffset - compressed,
      try file.slice(offset + 30, localName).text == name
    else { throw refuse("the local header of '\(name)' is bad") }
    return Entry(
      name: name, size: size, compressedSize: compressed, isDeflated: method == 8,
      checksum: try header.integer(UInt32.self, at: 16), headerOffset: offset, dataOffset: dataOffset)
  }

  /// Entries are never written to disk under their names; a name that would climb out of a folder is still a sign
  /// of a file made to harm.
  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix("/") && !name.utf8.contains(0) && !name.contains("\\")
      && !name.split(separator: "/", omittingEmptySubsequences: false).contains("..")
  }
}

// MARK: - zlib

/// zlib counts bytes in 32 bits.
private let zlibStep = 1 << 30

/// The CRC-32 that zip archives carry, of `bytes` behind those whose checksum is `start`.
func checksum(_ bytes: ByteRegion, following start: UInt32 = 0) -> UInt32 {
  bytes.withBytes { buffer in
    var sum = uLong(start)
    var rest = buffer[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(zlibStep))
      sum = crc32(sum, part.bindMemory(to: UInt8.self).baseAddress, UInt32(part.count))
      rest = rest.dropFirst(part.count)
    }
    return UInt32(truncatingIfNeeded: sum)
  }
}

/// Raw deflate data as exactly `size` bytes.
private func inflated(_ bytes: ByteRegion, to size: Int, _ name: String) throws -> ByteRegion {
  var stream = z_stream()
  guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
    throw TorchError(.memory, "zlib cannot start")
  }
  defer { inflateEnd(&stream) }
  return try ByteRegion(count: size) { target in
    try bytes.withBytes { source in
      var read = 0
      var written = 0
      var result = Z_OK
      // A byte of room behind the end shows data that goes on.
      var spare: UInt8 = 0
      while result == Z_OK {
        let input = min(source.count - read, zlibStep)
        let room = min(target.count - written, zlibStep)
        stream.next_in = UnsafeMutablePointer(
          mutating: source.bindMemory(to: UInt8.self).baseAddress.map { $0 + read })
        stream.avail_in = UInt32(input)
        if room > 0 {
          stream.next_out = target.bindMemory(to: UInt8.self).baseAddress! + written
          stream.avail_out = UInt32(room)
          result = inflate(&stream, Z_NO_FLUSH)
          written += room - Int(stream.avail_out)
        } else {
          result = withUnsafeMutablePointer(to: &spare) { end in
            stream.next_out = end
            stream.avail_out = 1
            return inflate(&stream, Z_NO_FLUSH)
          }
          if stream.avail_out == 0 { throw refuse("'\(name)' inflates to more than the \(size) bytes it declares") }
        }
        read += input - Int(stream.avail_in)
      }
      guard result == Z_STREAM_END, written == size else { throw refuse("'\(name)' is damaged") }
    }
  }
}
