import Foundation
import Synchronization
import Testing
import TorchCore
import TorchVision

@Suite(.serialized) struct MNISTSourceTests {
  /// A fresh folder that is removed after `body`.
  func withFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mnist-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }

  @Test func bundledSubset() throws {
    let source = try MNISTSource.bundled()
    #expect(FileManager.default.fileExists(atPath: source.folder + "/LICENSE"))
    let train = try DigitImages(folder: source.folder, train: true)
    let test = try DigitImages(folder: source.folder, train: false)
    #expect((train.count, train.height, train.width) == (10000, 28, 28))
    #expect(test.count == 2000)
    // The full set begins 5, 0, 4, 1, 9, 2, 1 and every sixth image is here; the test set begins 7, 2, 1, 0, 4, 1.
    #expect(train.labels.prefix(2) == [5, 1])
    #expect(test.labels.prefix(2) == [7, 1])
    for digit in UInt8(0)...9 { #expect(train.labels.count { $0 == digit } > 800) }
  }

  @Test func folderOfTheUser() throws {
    let bundled = try MNISTSource.bundled().folder
    try withFolder { folder in
      let missing = #expect(throws: TorchError.self) { try MNISTSource.find(directory: folder) }
      #expect(missing?.kind == .data)
      let raw = folder + "/MNIST/raw"
      try FileManager.default.createDirectory(atPath: raw, withIntermediateDirectories: true)
      for file in MNISTFile.allCases {
        // One of them plain.
        if file == .testLabels {
          let plain = try Gzip.inflate(
            Array(Data(contentsOf: URL(fileURLWithPath: "\(bundled)/\(file.rawValue).gz"))), limit: 1 << 20, name: "")
          try Data(plain).write(to: URL(fileURLWithPath: "\(raw)/\(file.rawValue)"))
        } else {
          try FileManager.default.copyItem(
            atPath: "\(bundled)/\(file.rawValue).gz", toPath: "\(raw)/\(file.rawValue).gz")
        }
      }
      let source = try MNISTSource.find(directory: folder)
      #expect(source.origin == .given)
      #expect(source.description == "MNIST from \(raw)")
      #expect(try DigitImages(folder: source.folder, train: false).count == 2000)
    }
  }

  @Test func filesThatDoNotBelongTogether() throws {
    let images = try IDX([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9])
    func labels(_ values: [UInt8]) throws -> IDX { try IDX([0, 0, 8, 1, 0, 0, 0, UInt8(values.count)] + values) }
    _ = try DigitImages(images: images, labels: labels([9]), name: "")
    #expect(throws: TorchError.self) { try DigitImages(images: images, labels: labels([1, 2]), name: "") }
    #expect(throws: TorchError.self) { try DigitImages(images: images, labels: labels([10]), name: "") }
    #expect(throws: TorchError.self) { try DigitImages(images: labels([1]), labels: labels([1]), name: "") }
    #expect(throws: TorchError.self) { try DigitImages(images: images, labels: images, name: "") }
  }

  // MARK: Downloads

  static let contents = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) }

  /// A download of four equal files from `mirrors` into `folder`.
  func download(_ mirrors: [HTTPServer], into folder: String) -> MNISTDownload {
    var download = MNISTDownload(folder: folder)
    download.mirrors = mirrors.map(\.mirror)
    download.digest = { _ in SHA256.digest(Self.contents) }
    download.timeout = 5
    return download
  }

  @Test func downloadsEveryFileOnce() throws {
    let server = try HTTPServer(Self.contents)
    defer { server.stop() }
    try withFolder { folder in
      let seen = Mutex<[DownloadProgress]>([])
      var download = download([server], into: folder + "/cache")
      download.progress = { step in seen.withLock { $0.append(step) } }
      try download.run()
      try download.run()
      #expect(server.ranges.withLock { $0 } == [nil, nil, nil, nil])
      #expect(seen.withLock { $0.last?.received } == Self.contents.count)
      #expect(seen.withLock { $0.last?.total } == Self.contents.count)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/cache").sorted()
      #expect(names == MNISTFile.allCases.map { $0.rawValue + ".gz" }.sorted())
    }
  }

  @Test func aBrokenDownloadIsResumed() throws {
    let server = try HTTPServer(Self.contents, .init(breakAfter: 100_000))
    defer { server.stop() }
    try withFolder { folder in
      let download = download([server], into: folder)
      let error = #expect(throws: TorchError.self) { try download.run() }
      #expect(error?.kind == .io)
      let part = folder + "/train-images-idx3-ubyte.gz.part"
      #expect(try Data(contentsOf: URL(fileURLWithPath: part)).elementsEqual(Self.contents[..<100_000]))
      try download.run()
      #expect(server.ranges.withLock { $0 } == [nil, "bytes=100000-", nil, nil, nil])
    }
  }

  @Test func aServerWithoutRangesStartsAgain() throws {
    let server = try HTTPServer(Self.contents, .init(breakAfter: 1000, ignoresRanges: true))
    defer { server.stop() }
    try withFolder { folder in
      let download = download([server], into: folder)
      #expect(throws: TorchError.self) { try download.run() }
      try download.run()
    }
  }

  @Test func rubbishInThePartIsThrownAway() throws {
    let server = try HTTPServer(Self.contents)
    defer { server.stop() }
    try withFolder { folder in
      // One part is too long for the file (the server answers 416), one does not fit its beginning.
      try Data(count: 400_000).write(to: URL(fileURLWithPath: folder + "/train-images-idx3-ubyte.gz.part"))
      try Data(count: 5).write(to: URL(fileURLWithPath: folder + "/train-labels-idx1-ubyte.gz.part"))
      try download([server], into: folder).run()
    }
  }

  @Test func aSilentMirrorIsGivenUp() throws {
    let (silent, right) = try (HTTPServer(Self.contents, .init(isSilent: true)), HTTPServer(Self.contents))
    defer { for server in [silent, right] { server.stop() } }
    try withFolder { folder in
      var download = download([silent, right], into: folder)
      download.timeout = 1
      let time = try ContinuousClock().measure { try download.run() }
      #expect(time > .seconds(2) && time < .seconds(20))
      #expect(silent.ranges.withLock { $0.count } == 4)
    }
  }

  @Test func theNextMirrorIsAsked() throws {
    let missing = try HTTPServer(Self.contents, .init(status: 404))
    let wrong = try HTTPServer([1, 2, 3])
    let right = try HTTPServer(Self.contents)
    defer { for server in [missing, wrong, right] { server.stop() } }
    try withFolder { folder in
      try download([missing, wrong, right], into: folder).run()
      let error = #expect(throws: TorchError.self) { try download([missing, wrong], into: folder + "/other").run() }
      #expect(error?.kind == .data)
      #expect(error?.message.contains("HTTP status 404") == true)
      #expect(error?.message.contains("the checksum is wrong") == true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/other").isEmpty)
    }
  }
}
