// Zip archives, writing: stored entries whose data begin at multiples of 64 bytes.
//
// The alignment (an extra field `FB` of padding, as PyTorch writes it) lets readers map the file and use the
// elements in place. Entries beyond 4 GiB use zip64.

import TorchCore

/// Writes an archive's entries in order, then its directory.
package struct ZipWriter {
  private struct Written {
    let name: [UInt8]
    let size: Int
    let checksum: UInt32
    let offset: Int
  }

  package static let alignment = 64
  private var written: [Written] = []

  package init() {}

  /// The names and checksums so far, which PyTorch derives the archive's identity from.
  var identity: (names: UInt64, contents: UInt64) {
    // FNV-1a; PyTorch combines std::hash values, whose definition is the C++ library's own.
    var names: UInt64 = 0xCBF2_9CE4_8422_2325
    var contents = names
    for entry in written {
      for byte in entry.name { names = (names ^ UInt64(byte)) &* 0x100_0000_01B3 }
      contents = (contents ^ UInt64(entry.checksum)) &* 0x100_0000_01B3
    }
    return (names, contents)
  }

  package mutating func add(_ name: String, _ bytes: ByteRegion, to sink: inout FileSink) throws {
    try add(name, [bytes], to: &sink)
  }

  /// An entry that `parts` make up one after another.
  package mutating func add(_ name: String, _ parts: [ByteRegion], to sink: inout FileSink) throws {
    let entry = Written(
      name: Array(name.utf8), size: parts.reduce(0) { $0 + $1.count },
      checksum: parts.reduce(0) { checksum($1, following: $0) }, offset: sink.offset)
    guard entry.name.count < 1 << 15 else { throw TorchError(.value, "the name of an archive entry is too long") }
    let large = entry.size >= 0xFFFF_FFFF
    var extra: [UInt8] = []
    if large {
      extra.append(1 as UInt16)
      extra.append(16 as UInt16)
      extra.append(UInt64(entry.size))
      extra.append(UInt64(entry.size))
    }
    let unpadded = entry.offset + 30 + entry.name.count + extra.count + 4
    let padding = (ZipWriter.alignment - unpadded % ZipWriter.alignment) % ZipWriter.alignment
    extra += Array("FB".utf8)
    extra.append(UInt16(padding))
    extra += [UInt8](repeating: 0x5A, count: padding)

    var header: [UInt8] = []
    header.append(0x0403_4B50 as UInt32)
    header.append((large ? 45 : 20) as UInt16)
    header.appendCommon(entry.checksum, UInt32(clamping: entry.size), UInt16(entry.name.count), UInt16(extra.count))
    try sink.write(header + entry.name + extra)
    for part in parts { try sink.write(part) }
    written.append(entry)
  }

  /// Writes the directory, after which the archive is whole.
  package func finish(_ sink: inout FileSink) throws {
    let start = sink.offset
    for entry in written {
      var extra: [UInt8] = []
      let large = entry.size >= 0xFFFF_FFFF
      let far = entry.offset >= 0xFFFF_FFFF
      if large || far {
        extra.append(1 as UInt16)
        extra.append(UInt16((large ? 16 : 0) + (far ? 8 : 0)))
        if large {
          extra.append(UInt64(entry.size))
          extra.append(UInt64(entry.size))
        }
        if far { extra.append(UInt64(entry.offset)) }
      }
      var header: [UInt8] = []
      header.append(0x0201_4B50 as UInt32)
      header.append(45 as UInt16)
      header.append((large || far ? 45 : 20) as UInt16)
      header.appendCommon(entry.checksum, UInt32(clamping: entry.size), UInt16(entry.name.count), UInt16(extra.count))
      header += [UInt8](repeating: 0, count: 10)  // comment, disk, attributes
      header.append(UInt32(clamping: entry.offset))
      try sink.write(header + entry.name + extra)
    }
    let size = sink.offset - start
    var end: [UInt8] = []
    if written.count >= 0xFFFF || start >= 0xFFFF_FFFF || size >= 0xFFFF_FFFF {
      end.append(0x0606_4B50 as UInt32)
      end.append(44 as UInt64)
      end.append(45 as UInt16)
      end.append(45 as UInt16)
      end.append(0 as UInt64)  // disks
      end.append(UInt64(written.count))
      end.append(UInt64(written.count))
      end.append(UInt64(size))
      end.append(UInt64(start))
      end.append(0x0706_4B50 as UInt32)
      end.append(0 as UInt32)
      end.append(UInt64(start + size))
      end.append(1 as UInt32)
    }
    end.append(0x0605_4B50 as UInt32)
    end.append(0 as UInt32)
    end.append(UInt16(clamping: written.count))
    end.append(UInt16(clamping: written.count))
    end.append(UInt32(clamping: size))
    end.append(UInt32(clamping: start))
    end.append(0 as UInt16)
    try sink.write(end)
  }
}

extension [UInt8] {
  /// The little-endian bytes of `value`.
  package mutating func append<T: FixedWidthInteger>(_ value: T) where T: UnsignedInteger {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  /// What local and directory headers have in common: flags, method, time, date, checksum, sizes, lengths.
  fileprivate mutating func appendCommon(_ checksum: UInt32, _ size: UInt32, _ name: UInt16, _ extra: UInt16) {
    append(0x0800 as UInt16)  // names are UTF-8
    append(0 as UInt16)  // stored
    append(0 as UInt16)
    append(0x21 as UInt16)  // 1 January 1980: equal contents make equal files
    append(checksum)
    append(size)
    append(size)
    append(name)
    append(extra)
  }
}
