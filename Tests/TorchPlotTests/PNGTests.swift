import Foundation
import Testing
import TorchCore
import TorchPlot

@Suite struct PNGTests {
  /// An image whose bytes all differ from their neighbours.
  func sample(channels: Int) throws -> ByteImage {
    let (height, width) = (13, 17)
    let pixels = (0..<height * width * channels).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 7) }
    return try ByteImage(height: height, width: width, channels: channels, pixels: pixels)
  }

  @Test(arguments: [1, 3, 4]) func roundTrip(channels: Int) throws {
    let image = try sample(channels: channels)
    #expect(try PNG.decode(PNG.encode(image)) == image)
  }

  @Test func grayWithOpacity() throws {
    let image = try sample(channels: 2)
    #expect(try PNG.decode(PNG.encode(image)) == image)
  }

  @Test func sizesMustFit() {
    #expect(throws: TorchError.self) { try ByteImage(height: 2, width: 2, channels: 3, pixels: [1, 2, 3]) }
    #expect(throws: TorchError.self) { try ByteImage(height: Int.max, width: 3, channels: 1, pixels: []) }
    #expect(throws: TorchError.self) { try ByteImage(height: 1, width: 1, channels: 5, pixels: [1, 2, 3, 4, 5]) }
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try PNG.encode(sample(channels: 3))
    // Everything before the last chunk (IEND: 12 bytes) carries data.
    for length in 0..<bytes.count - 12 {
      #expect(throws: TorchError.self) { try PNG.decode(Array(bytes[..<length])) }
    }
  }

  /// A claim of 65535 × 65535 pixels in a file of a few hundred bytes.
  @Test func hugeClaimIsRefusedBeforeAllocating() throws {
    var bytes = try PNG.encode(sample(channels: 1))
    bytes.replaceSubrange(16..<24, with: [0, 0, 255, 255, 0, 0, 255, 255])
    #expect(throws: TorchError.self) { try PNG.decode(bytes) }
  }

  @Test func mutatedFilesNeverCrash() throws {
    let bytes = try PNG.encode(sample(channels: 3))
    var seed: UInt64 = 1
    func draw(_ bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % bound
    }
    for _ in 0..<3000 {
      var mutant = bytes
      for _ in 0...draw(4) { mutant[draw(mutant.count)] = UInt8(draw(256)) }
      do { _ = try PNG.decode(mutant) } catch is TorchError {}
    }
  }

  @Test func unwritablePathIsATypedError() throws {
    let image = try sample(channels: 1)
    let error = #expect(throws: TorchError.self) { try PNG.write(image, to: "/no/such/folder/picture.png") }
    #expect(error?.kind == .io)
    #expect(error?.message == "cannot open '/no/such/folder/picture.png': No such file or directory")
  }

  @Test func nothingIsLeftBesideTheFile() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("png-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let image = try sample(channels: 3)
    try PNG.write(image, to: folder.path + "/a.png")
    try PNG.write(image, to: folder.path + "/a.png")
    // A folder cannot be replaced by a file: the rename fails after everything has been written.
    try FileManager.default.createDirectory(atPath: folder.path + "/b.png", withIntermediateDirectories: true)
    #expect(throws: TorchError.self) { try PNG.write(image, to: folder.path + "/b.png") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.png", "b.png"])
    #expect(try PNG.read(folder.path + "/a.png") == image)
  }
}
