import Testing
import TorchCore
import TorchVision

@Suite struct IDXTests {
  /// Two images of 2 × 3 bytes.
  static let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3] + (1...12).map { UInt8($0) }
  /// gzip of the bytes "hello".
  static let hello: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 203, 72, 205, 201, 201, 7, 0, 134, 166, 16, 54, 5, 0, 0, 0,
  ]

  func message(_ bytes: [UInt8]) -> String? {
    #expect(throws: TorchError.self) { try IDX(bytes, name: "f") }?.message
  }

  @Test func reads() throws {
    let file = try IDX(Self.images)
    #expect(file.element == .uint8)
    #expect(file.shape == [2, 2, 3])
    #expect(Array(file.bytes) == (1...12).map { UInt8($0) })
    let none = try IDX([0, 0, 8, 1, 0, 0, 0, 0])
    #expect(none.shape == [0] && none.bytes.isEmpty)
  }

  @Test func damageIsNamed() {
    #expect(message([0, 0, 8]) == "f: 3 bytes are too few for an IDX file")
    #expect(message([1, 0, 8, 1, 0, 0, 0, 0]) == "f: not an IDX file (it begins with 01 00 08 01)")
    #expect(message([0, 0, 7, 1, 0, 0, 0, 0]) == "f: not an IDX file (it begins with 00 00 07 01)")
    #expect(message([0, 0, 8, 9, 0, 0, 0, 0]) == "f: not an IDX file (it begins with 00 00 08 09)")
    #expect(message([0, 0, 8, 2, 0, 0, 0, 0]) == "f: IDX header is truncated")
    #expect(
      message(Self.images.dropLast())
        == "f: IDX file is truncated: 11 bytes of elements, sizes [2, 2, 3] need 12")
    #expect(message(Self.images + [0])?.contains("is too long") == true)
    // Sizes whose product overflows, and sizes that would take 2^63 bytes.
    #expect(message([0, 0, 0x0e, 3] + [UInt8](repeating: 255, count: 12)) == "f: IDX sizes are too large")
    #expect(message([0, 0, 8, 1, 255, 255, 255, 255])?.contains("truncated") == true)
  }

  @Test func gzipIsInflatedAndChecked() throws {
    #expect(try Gzip.inflate(Self.hello, limit: 5, name: "f") == Array("hello".utf8))
    #expect(try Gzip.inflate(Self.hello + Self.hello, limit: 10, name: "f") == Array("hellohello".utf8))
    #expect(throws: TorchError.self) { try Gzip.inflate(Self.hello, limit: 4, name: "f") }
    for length in 0..<Self.hello.count {
      #expect(throws: TorchError.self) { try Gzip.inflate(Array(Self.hello[..<length]), limit: 5, name: "f") }
    }
    var wrongChecksum = Self.hello
    wrongChecksum[17] ^= 1
    #expect(throws: TorchError.self) { try Gzip.inflate(wrongChecksum, limit: 5, name: "f") }
  }

  /// Whatever is changed in a file, reading it ends with a value or a `TorchError`.
  @Test func mutatedFilesNeverCrash() throws {
    var seed: UInt64 = 7
    func draw(_ bound: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(seed >> 33) % bound
    }
    for round in 0..<20_000 {
      var mutant = round % 2 == 0 ? Self.images : Self.hello
      for _ in 0...draw(3) {
        switch draw(3) {
        case 0: mutant[draw(mutant.count)] = UInt8(draw(256))
        case 1: mutant.removeLast(draw(min(4, mutant.count)))
        default: mutant.insert(UInt8(draw(256)), at: draw(mutant.count + 1))
        }
        if mutant.isEmpty { mutant = [0] }
      }
      do {
        let file = try IDX(mutant)
        #expect(file.shape.reduce(file.element.size, *) == file.bytes.count)
      } catch is TorchError {}
    }
  }

  @Test func digestsOfTheStandard() {
    #expect(
      SHA256.digest([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      SHA256.digest(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.digest([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    // Around the block boundary the padding takes one block or two.
    #expect(Set((50...70).map { SHA256.digest([UInt8](repeating: 1, count: $0)) }).count == 21)
  }
}
