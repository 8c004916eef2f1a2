// Gzip files, inflated with zlib under a limit: a small hostile file must not fill the memory.

import CZlib
import TorchCore

package enum Gzip {
  package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b }

  /// The contents of a gzip file; several members follow one another, as gzip(1) has it.
  /// - Throws: `TorchError` of kind `.data` when the file is damaged, truncated, or inflates to more than `limit` bytes.
  package static func inflate(_ bytes: [UInt8], limit: Int, name: String) throws -> [UInt8] {
    var stream = z_stream()
    // 16: expect a gzip header and check its CRC-32 and length at the end.
    guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw TorchError(.memory, "\(name): zlib cannot start")
    }
    defer { inflateEnd(&stream) }
    var output: [UInt8] = []
    // Deflate reaches 1032:1, so this is never more than the contents can be.
    output.reserveCapacity(min(limit, expectedSize(bytes), 1032 * bytes.count))
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    return try bytes.withUnsafeBufferPointer { input in
      var position = 0
      var status = Z_OK
      while true {
        // zlib counts in 32 bits; feed it in pieces.
        let piece = min(input.count - position, 1 << 24)
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + position })
        stream.avail_in = UInt32(piece)
        let produced = chunk.withUnsafeMutableBufferPointer { chunk in
          stream.next_out = chunk.baseAddress
          stream.avail_out = UInt32(chunk.count)
          status = CZlib.inflate(&stream, Z_NO_FLUSH)
          return chunk.count - Int(stream.avail_out)
        }
        position += piece - Int(stream.avail_in)
        guard output.count + produced <= limit else {
          throw TorchError(.data, "\(name): gzip data inflates to more than the \(limit) bytes it may have")
        }
        output.append(contentsOf: chunk[..<produced])
        switch status {
        case Z_STREAM_END:
          if position == input.count { return output }
          inflateReset(&stream)
        case Z_OK where produced > 0 || position < input.count: continue
        case Z_OK, Z_BUF_ERROR: throw TorchError(.data, "\(name): gzip data is truncated")
        default:
          let reason = stream.msg.map { String(cString: $0) } ?? "code \(status)"
          throw TorchError(.data, "\(name): gzip data is damaged (\(reason))")
        }
      }
    }
  }

  /// The length that the last four bytes of a gzip file claim (modulo 2³²): a hint, not a promise.
  private static func expectedSize(_ bytes: [UInt8]) -> Int {
    guard bytes.count >= 18 else { return 0 }
    return bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
