// A web server of one file for the tests of downloads: byte ranges, and connections that break.

import Foundation
import Synchronization

final class HTTPServer: Sendable {
  struct Behaviour {
    /// Bytes after which the connection breaks; used up by one answer.
    var breakAfter: Int?
    var ignoresRanges = false
    var status: Int?
    /// Accepts connections and then says nothing.
    var isSilent = false
  }

  let contents: [UInt8]
  let port: UInt16
  private let socketDescriptor: Int32
  let behaviour: Mutex<Behaviour>
  /// The `Range` headers of the requests so far.
  let ranges = Mutex<[String?]>([])

  init(_ contents: [UInt8], _ behaviour: Behaviour = Behaviour()) throws {
    self.contents = contents
    self.behaviour = Mutex(behaviour)
    socketDescriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = socketDescriptor
    port = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(descriptor, $0, length)
        _ = listen(descriptor, 8)
        _ = getsockname(descriptor, $0, &length)
      }
      return UInt16(bigEndian: $0.pointee.sin_port)
    }
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return }
        answer(connection)
        close(connection)
      }
    }
  }

  func stop() {
    shutdown(socketDescriptor, Int32(SHUT_RDWR))
    close(socketDescriptor)
  }

  var mirror: String { "http://127.0.0.1:\(port)/" }

  private func answer(_ connection: Int32) {
    var request = ""
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !request.contains("\r\n\r\n") {
      let count = read(connection, &buffer, buffer.count)
      guard count > 0 else { return }
      request += String(decoding: buffer[..<count], as: UTF8.self)
    }
    let range = request.split(separator: "\r\n").first { $0.lowercased().hasPrefix("range:") }
      .map { $0.dropFirst(6).trimmingCharacters(in: .whitespaces) }
    ranges.withLock { $0.append(range) }
    let now = behaviour.withLock { behaviour in
      defer { behaviour.breakAfter = nil }
      return behaviour
    }
    if now.isSilent {
      // Until the client gives up.
      while read(connection, &buffer, buffer.count) > 0 {}
      return
    }
    let start = range.flatMap { Int($0.dropFirst(6).dropLast()) }
    var body = contents[...]
    var status = "200 OK"
    var extra = ""
    if let code = now.status {
      (status, body) = ("\(code) No", [])
    } else if let start, !now.ignoresRanges {
      if start >= contents.count {
        (status, body) = ("416 Range Not Satisfiable", [])
      } else {
        status = "206 Partial Content"
        body = contents[start...]
        extra = "Content-Range: bytes \(start)-\(contents.count - 1)/\(contents.count)\r\n"
      }
    }
    let head = "HTTP/1.1 \(status)\r\nContent-Length: \(body.count)\r\n\(extra)Connection: close\r\n\r\n"
    send(connection, Array(head.utf8))
    send(connection, Array(body.prefix(now.breakAfter ?? .max)))
  }

  private func send(_ connection: Int32, _ bytes: [UInt8]) {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      done += count
    }
  }
}
