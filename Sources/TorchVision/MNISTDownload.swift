// MNIST from its mirrors, each file checked before it takes its place.

import Foundation
import Logging
import TorchCore

package struct MNISTDownload: Sendable {
  package let folder: String
  package var mirrors = [
    "https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
  ]
  /// Seconds without a sign of a mirror after which the next one is asked.
  package var timeout = 5.0
  /// The contents' SHA-256.
  package var digest: @Sendable (MNISTFile) -> String = { $0.sha256 }
  package var progress: @Sendable (DownloadProgress) -> Void = { _ in }

  package init(folder: String) { self.folder = folder }

  private var logger: Logger { Logger(label: "swift-torch.vision") }

  /// No file of MNIST is larger, compressed or not.
  static let sizeLimit = 64 << 20

  /// Fetches the files that are not there yet.
  /// - Throws: `TorchError` of kind `.io` (no mirror answers) or `.data` (what they send is not MNIST). Files that are
  ///   complete stay, and so do parts, for the next attempt.
  package func run() throws {
    try File.makeFolder(folder)
    for file in MNISTFile.allCases where file.path(in: folder) == nil { try fetch(file) }
  }

  private func fetch(_ file: MNISTFile) throws {
    let target = "\(folder)/\(file.rawValue).gz"
    let part = target + ".part"
    var errors: [String] = []
    var kind = TorchError.Kind.io
    for mirror in mirrors {
      guard let url = URL(string: "\(mirror)\(file.rawValue).gz") else { continue }
      let download = Download(url: url, part: part, limit: Self.sizeLimit, timeout: timeout, progress: progress)
      do {
        let wasResumed = File.size(part) > 0
        try download.run()
        if wasResumed && !isRight(part, file) {
          // The two halves are not of one file: once more, from the beginning.
          File.remove(part)
          try download.run()
        }
        guard isRight(part, file) else {
          File.remove(part)
          throw TorchError(.data, "\(url): the checksum is wrong")
        }
        return try File.rename(part, to: target)
      } catch let error as TorchError {
        logger.debug("mirror failed", metadata: ["file": "\(file.rawValue)", "error": "\(error.message)"])
        kind = error.kind
        errors.append(error.message)
      }
    }
    throw TorchError(kind, "cannot download \(file.rawValue): \(errors.joined(separator: "; "))")
  }

  private func isRight(_ path: String, _ file: MNISTFile) -> Bool {
    guard var contents = try? File.read(path) else { return false }
    if Gzip.isGzip(contents) {
      guard let inflated = try? Gzip.inflate(contents, limit: Self.sizeLimit, name: path) else { return false }
      contents = inflated
    }
    return SHA256.digest(contents) == digest(file)
  }
}
