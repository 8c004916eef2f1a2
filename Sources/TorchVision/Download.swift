// One file over HTTP, resumable: what arrives goes to `FILE.part`, and the next attempt asks for the rest (`Range`).

import Foundation
import Synchronization
import TorchCore

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// How far a download is.
public struct DownloadProgress: Sendable {
  /// The file's name.
  public let file: String
  /// Bytes that are there, earlier attempts included.
  public let received: Int
  /// Bytes there will be, where the server says so.
  public let total: Int?
}

struct Download {
  let url: URL
  /// Where the bytes go, and stay when the connection breaks.
  let part: String
  /// A server that sends more than this is not sending the file.
  let limit: Int
  /// Seconds without a sign of the server after which it is given up.
  let timeout: Double
  let progress: @Sendable (DownloadProgress) -> Void

  /// Fetches what `part` lacks; blocks the calling thread.
  /// - Throws: `TorchError` of kind `.io`; what has arrived stays in `part`.
  func run() throws {
    let have = File.size(part)
    var request = URLRequest(url: url)
    // Compression on the way would make byte ranges meaningless.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    if have > 0 { request.setValue("bytes=\(have)-", forHTTPHeaderField: "Range") }
    let descriptor = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw File.failure("open", part) }
    defer { close(descriptor) }

    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = timeout
    configuration.timeoutIntervalForResource = 3600
    let receiver = Receiver(self, have: have, descriptor: descriptor)
    let session = URLSession(configuration: configuration, delegate: receiver, delegateQueue: nil)
    session.dataTask(with: request).resume()
    receiver.finished.wait()
    session.invalidateAndCancel()
    if let error = receiver.state.withLock({ $0.error }) { throw error }
  }

  /// Writes what arrives. The session calls it from one serial queue.
  private final class Receiver: NSObject, URLSessionDataDelegate {
    struct State {
      var received: Int
      var total: Int?
      var error: TorchError?
    }

    let download: Download
    let descriptor: Int32
    let state: Mutex<State>
    let finished = DispatchSemaphore(value: 0)

    init(_ download: Download, have: Int, descriptor: Int32) {
      (self.download, self.descriptor) = (download, descriptor)
      state = Mutex(State(received: have))
    }

    func urlSession(
      _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
      completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
      let http = response as? HTTPURLResponse
      let length = response.expectedContentLength
      let accepted = state.withLock { state in
        switch http?.statusCode {
        case 206 where startsAt(state.received, http): break
        case 200, 206: state.received = 0  // the whole file, whatever was asked for
        case 416 where state.received > 0: return false  // there is no rest: the part is the file, or rubbish
        default:
          state.error = TorchError(.io, "\(download.url): HTTP status \(http?.statusCode ?? 0)")
          return false
        }
        if length > 0 { state.total = state.received + Int(length) }
        guard ftruncate(descriptor, off_t(state.received)) == 0,
          lseek(descriptor, off_t(state.received), SEEK_SET) >= 0
        else {
          state.error = File.failure("write", download.part)
          return false
        }
        return true
      }
      completionHandler(accepted ? .allow : .cancel)
    }

    private func startsAt(_ offset: Int, _ response: HTTPURLResponse?) -> Bool {
      response?.value(forHTTPHeaderField: "Content-Range")?.hasPrefix("bytes \(offset)-") ?? false
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
      let progress: DownloadProgress? = state.withLock { state in
        guard state.error == nil else { return nil }
        guard state.received + data.count <= download.limit else {
          state.error = TorchError(.io, "\(download.url): the server sends more than \(download.limit) bytes")
          return nil
        }
        guard write(data) else {
          state.error = File.failure("write", download.part)
          return nil
        }
        state.received += data.count
        return DownloadProgress(
          file: download.url.lastPathComponent, received: state.received, total: state.total)
      }
      if let progress { download.progress(progress) } else { dataTask.cancel() }
    }

    private func write(_ data: Data) -> Bool {
      data.withUnsafeBytes { bytes in
        var done = 0
        while done < bytes.count {
          let count = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
          if count < 0 && errno == EINTR { continue }
          guard count > 0 else { return false }
          done += count
        }
        return true
      }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
      state.withLock { state in
        let complete = (task.response as? HTTPURLResponse)?.statusCode == 416
        if state.error == nil, let error, !complete {
          state.error = TorchError(.io, "\(download.url): \(error.localizedDescription)")
        }
      }
      finished.signal()
    }
  }
}
