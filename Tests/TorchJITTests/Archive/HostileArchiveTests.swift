// Archives that are damaged, or made to harm, give typed errors in bounded memory and time.

import Foundation
import TestSupport
import Testing
import Torch
import TorchSerialization

/// A small archive, put together by hand.
struct HandmadeArchive {
  var entries: [(name: String, bytes: [UInt8])]

  static let code = """
    class M(Module):
      __parameters__ = []
      __buffers__ = []
      training : bool
      def forward(self: __torch__.M,
        x: Tensor) -> Tensor:
        return torch.relu(x)

    """

  init(code: String = HandmadeArchive.code, data: [UInt8]? = nil) {
    entries = [
      ("data.pkl", data ?? HandmadeArchive.pickle("c__torch__\nM\n)", [0x81], "}(X\u{8}\0\0\0training", [0x88], "ub.")),
      ("code/__torch__.py", Array(code.utf8)),
      ("constants.pkl", HandmadeArchive.pickle(").")),
      ("version", Array("3\n".utf8)),
    ]
  }

  /// The entries of a stored archive.
  init(_ archive: [UInt8]) throws {
    let zip = try ZipReader(ByteRegion(archive))
    entries = try zip.entries.map { (String($0.name.drop { $0 != "/" }.dropFirst()), try zip.read($0).array) }
  }

  /// Text and bytes in turn, behind the protocol's number.
  static func pickle(_ pieces: Piece...) -> [UInt8] { [0x80, 2] + pieces.flatMap(\.bytes) }

  struct Piece: ExpressibleByStringInterpolation, ExpressibleByArrayLiteral {
    let bytes: [UInt8]
    init(_ bytes: [UInt8]) { self.bytes = bytes }
    init(stringLiteral text: String) { bytes = Array(text.utf8) }
    init(arrayLiteral bytes: UInt8...) { self.bytes = bytes }
  }

  mutating func set(_ name: String, _ bytes: [UInt8]) {
    entries.removeAll { $0.name == name }
    entries.append((name, bytes))
  }

  /// The archive: stored entries with right checksums.
  var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    func put<T: FixedWidthInteger>(_ value: T, _ target: inout [UInt8]) {
      withUnsafeBytes(of: value.littleEndian) { target += Array($0) }
    }
    for (name, bytes) in entries {
      let path = Array(("archive/" + name).utf8)
      let offset = UInt32(file.count)
      var header: [UInt8] = []
      for value: UInt16 in [20, 0, 0, 0, 0] { put(value, &header) }
      for value in [HandmadeArchive.checksum(bytes), UInt32(bytes.count), UInt32(bytes.count)] { put(value, &header) }
      put(UInt16(path.count), &header)
      put(UInt16(0), &header)
      put(0x0403_4B50 as UInt32, &file)
      file += header + path + bytes
      put(0x0201_4B50 as UInt32, &directory)
      put(20 as UInt16, &directory)
      directory += header
      for value: UInt16 in [0, 0, 0] { put(value, &directory) }
      put(0 as UInt32, &directory)
      put(offset, &directory)
      directory += path
    }
    let start = UInt32(file.count)
    file += directory
    put(0x0605_4B50 as UInt32, &file)
    for value: UInt16 in [0, 0, UInt16(entries.count), UInt16(entries.count)] { put(value, &file) }
    put(UInt32(directory.count), &file)
    put(start, &file)
    put(0 as UInt16, &file)
    return file
  }

  /// CRC-32.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 {
        let isOdd = sum & 1 == 1
        sum >>= 1
        if isOdd { sum ^= 0xEDB8_8320 }
      }
    }
    return ~sum
  }
}

@Suite(.serialized) struct HostileArchiveTests {
  private func message(_ archive: HandmadeArchive) -> String { message(archive.bytes) }

  private func message(_ bytes: [UInt8]) -> String {
    do {
      _ = try JIT.load(bytes: bytes)
      return ""
    } catch let error as TorchError {
      return error.message
    } catch {
      return "no TorchError: \(error)"
    }
  }

  @Test func theHandmadeArchiveIsGood() throws {
    let module = try JIT.load(bytes: HandmadeArchive().bytes)
    #expect(try module(Tensor([-1, 2] as [Float])).toArray(Float.self) == [0, 2])
  }

  @Test func otherFilesAreSaidToBeWhatTheyAre() throws {
    #expect(message(Array("hello".utf8)).contains("failed finding central directory"))
    #expect(throws: TorchError.self) { try JIT.load("/nothing/here.pt") }
    var checkpoint = HandmadeArchive(data: HandmadeArchive.pickle("}."))
    checkpoint.entries.removeAll { $0.name == "constants.pkl" || $0.name.hasPrefix("code/") }
    #expect(message(checkpoint).contains("use `torch.load`"))
    var ancient = HandmadeArchive()
    ancient.set("model.json", Array("{}".utf8))
    #expect(message(ancient).contains("before PyTorch 1.4"))
    var future = HandmadeArchive()
    future.set("version", Array("999\n".utf8))
    #expect(message(future).contains("version 999"))
  }

  @Test func picklesNameNothingElse() {
    let system = HandmadeArchive.pickle("cos\nsystem\nX\u{2}\0\0\0ls", [0x85], "R.")
    #expect(message(HandmadeArchive(data: system)).contains("os.system"))
    #expect(message(HandmadeArchive(data: HandmadeArchive.pickle("c__torch__\nNope\n)", [0x81], "}b."))).contains("__torch__.Nope"))
    let quantized = HandmadeArchive.pickle("c__torch__.torch.classes.quantized\nLinearPackedParamsBase\n)", [0x81], "}b.")
    #expect(message(HandmadeArchive(data: quantized)).contains("quantized"))
    // An object without its attributes, a value that is no module, an attribute of another type.
    #expect(message(HandmadeArchive(data: HandmadeArchive.pickle("c__torch__\nM\n)", [0x81], "}b."))).contains("training"))
    #expect(message(HandmadeArchive(data: HandmadeArchive.pickle("K\u{1}."))).contains("not a module"))
    let text = HandmadeArchive.pickle("c__torch__\nM\n)", [0x81], "}(X\u{8}\0\0\0trainingX\u{1}\0\0\0aub.")
    #expect(message(HandmadeArchive(data: text)).contains("'training' of __torch__.M is of type str, but bool was declared"))
  }

  @Test func sizesAreCheckedFirst() {
    // A storage of 2^40 floats in an archive of a kilobyte.
    let pickle = HandmadeArchive.pickle(
      "ctorch._utils\n_rebuild_tensor_v2\n((X\u{7}\0\0\0storagectorch\nFloatStorage\nX\u{1}\0\0\00X\u{3}\0\0\0cpu",
      [0x8A, 6, 0, 0, 0, 0, 0, 1], "tQK\0(K\u{1}t(K\u{1}t", [0x89], "ccollections\nOrderedDict\n)RtR", [0x85], ".")
    var archive = HandmadeArchive()
    archive.set("constants.pkl", pickle)
    archive.set("constants/0", [0, 0, 0, 0])
    #expect(message(archive).contains("has only 4 bytes"))
  }

  @Test func nestingIsBounded() {
    let deep = HandmadeArchive.pickle("\(String(repeating: "]", count: 100_000))\(String(repeating: "a", count: 99_999)).")
    #expect(message(HandmadeArchive(data: deep)).contains("nested"))
    // A tuple of two of the one before: 2^64 values.
    let bomb = HandmadeArchive.pickle(")", .init((0..<64).flatMap { _ in [0x32, 0x86] as [UInt8] }), ".")
    #expect(message(HandmadeArchive(data: bomb)).contains("unfold"))
    for opening in ["(", "[", "-", "not ", "{0: ", "f("] {
      let code = HandmadeArchive.code.replacingOccurrences(of: "torch.relu(x)", with: String(repeating: opening, count: 2_000) + "x")
      #expect(!message(HandmadeArchive(code: code)).isEmpty, "\(opening)")
    }
    for link in ["+x", ".t", "[0]", " < x", " and x", "()"] {
      let body = "torch.relu(x)" + String(repeating: link, count: 3_000)
      let code = HandmadeArchive.code.replacingOccurrences(of: "torch.relu(x)", with: body)
      #expect(!message(HandmadeArchive(code: code)).isEmpty, "\(link)")
    }
    // Chains within brackets: each of them is short, and one is inside of the other.
    for (depth, length) in [(20, 50), (90, 90), (190, 190), (60, 400)] {
      for link in [" + x", ".t()", "[0]", " and True", " if x is None else x"] {
        let opening = String(repeating: "torch.relu(", count: depth)
        let body = opening + "x" + String(repeating: String(repeating: link, count: length) + ")", count: depth)
        let archive = HandmadeArchive(code: HandmadeArchive.code.replacingOccurrences(of: "torch.relu(x)", with: body))
        // Some are good programs; what counts is that none exhausts the stack.
        let refused = !message(archive).isEmpty
        if link == " + x" { #expect(refused == (depth > 20)) }
      }
    }
    var blocks = "class M(Module):\n  training : bool\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n"
    for depth in 0..<300 { blocks += String(repeating: " ", count: 4 + depth) + "if bool(x):\n" }
    #expect(!message(HandmadeArchive(code: blocks + String(repeating: " ", count: 305) + "pass\n    return x\n")).isEmpty)
    let type = String(repeating: "List[", count: 1_000) + "int" + String(repeating: "]", count: 1_000)
    #expect(!message(HandmadeArchive(code: HandmadeArchive.code.replacingOccurrences(of: "x: Tensor", with: "x: \(type)"))).isEmpty)
  }

  @Test func codeThatIsWrongIsSaidToBe() {
    func changed(_ body: String) -> String {
      message(HandmadeArchive(code: HandmadeArchive.code.replacingOccurrences(of: "return torch.relu(x)", with: body)))
    }
    #expect(!changed("return torch.relu(x").isEmpty)
    #expect(!changed("return )").isEmpty)
    #expect(!changed("return y").isEmpty)
    #expect(!changed("return self.nothing").isEmpty)
    #expect(!changed("return CONSTANTS.c7").isEmpty)
    #expect(!changed("return (self).nothing(x, )").isEmpty)
    #expect(!changed("return 1").isEmpty)
    // All that is missing is named at once.
    let missing = changed("return ops.mine.first(torch.no_such_operator(x))")
    #expect(missing.contains("mine::first") && missing.contains("no_such_operator"))
    #expect(!message(HandmadeArchive(code: "class M(Module):\n  training : __torch__.M\n")).isEmpty)
    var binary = HandmadeArchive()
    binary.set("code/__torch__.py", [0xFF, 0xFE, 0x00])
    #expect(message(binary).contains("UTF-8"))
  }

  /// Damage behind right checksums: pickles, source text, and the zip itself.
  @Test(arguments: ["values", "forked", "stateful"]) func damage(_ name: String) throws {
    let original = try HandmadeArchive(ScriptFixtures("programs.zip").bytes(name + ".pt"))
    let rounds = ProcessInfo.processInfo.environment["SWIFT_TORCH_FUZZ"].flatMap { Int($0) } ?? 200
    var generator = SeededGenerator(state: 5)
    let memory = try PeakMemory()
    let started = ContinuousClock.now
    var refused = 0
    for round in 0..<rounds {
      var archive = original
      let targets = archive.entries.indices.filter { i in
        archive.entries[i].name.hasSuffix(".py") || archive.entries[i].name.hasSuffix(".pkl")
      }
      let target = targets[Int.random(in: 0..<targets.count, using: &generator)]
      archive.entries[target].bytes = mutated(archive.entries[target].bytes, &generator)
      do {
        _ = try JIT.load(bytes: archive.bytes)
      } catch is TorchError {
        refused += 1
      } catch {
        Issue.record("round \(round): \(error)")
      }
    }
    let whole = original.bytes
    for round in 0..<rounds {
      let bytes = round.isMultiple(of: 2) ? mutated(whole, &generator) : Array(whole.prefix(whole.count * round / rounds))
      do { _ = try JIT.load(bytes: bytes) } catch is TorchError { refused += 1 } catch { Issue.record("round \(round): \(error)") }
    }
    #expect(refused > rounds / 2)
    #expect(try memory.growth() < 256 << 20)
    #expect(ContinuousClock.now - started < .seconds(120))
  }
}
