import TestSupport
import Testing
import TorchCore
import TorchSerialization

@Suite struct GGUFTests {
  private static func path(_ name: String) -> String { repository("Fixtures/gguf/" + name).path }

  /// Values to the bit as llama.cpp's own Python package unpacks them.
  @Test func valuesAreTheReferences() throws {
    let file = try GGUF.open(Self.path("types.gguf"))
    let expected = try NumPy.loadArchive(Self.path("expected.npz"))
    #expect(expected.count == 21)
    for (name, values) in expected {
      let tensor = try file.tensor(name)
      #expect(tensor.shape == values.shape, "\(name)")
      #expect(try tensor.toArray(Double.self) == values.toArray(Double.self), "\(name)")
      #expect(try file.typeName(name) == (tensor.dtype == .float32 && name != "F32" ? name : tensor.dtype.name))
    }
  }

  @Test func halvesAreRounded() throws {
    let single = try GGUF.open(Self.path("types.gguf")).tensor("Q4_K")
    let half = try GGUF.open(Self.path("types.gguf"), dtype: .float16).tensor("Q4_K")
    #expect(half.dtype == .float16)
    #expect(try half.toArray(Double.self) == single.to(.float16).toArray(Double.self))
    #expect(message { _ = try GGUF.open(Self.path("types.gguf"), dtype: .int8) }.contains("float32 or float16"))
  }

  @Test func metadataOfEveryType() throws {
    let metadata = try GGUF.open(Self.path("types.gguf")).metadata
    #expect(metadata["a.u8"]?.int == 200 && metadata["a.i8"]?.int == -100 && metadata["a.u16"]?.int == 60000)
    #expect(metadata["a.i16"]?.int == -30000 && metadata["a.u32"]?.int == 4_000_000_000)
    #expect(metadata["a.i32"]?.int == -2_000_000_000 && metadata["a.i64"]?.int == -(1 << 62))
    guard case .bigInt("18446744073709551615")? = metadata["a.u64"] else {
      Issue.record("\(String(describing: metadata["a.u64"]))")
      return
    }
    #expect(metadata["a.f32"]?.double == 0.5 && metadata["a.f64"]?.double == 1e300)
    #expect(metadata["a.bool"]?.bool == true && metadata["a.string"]?.string == "grüße")
    #expect(metadata["a.texts"]?.array?.map(\.string) == ["x", "", "yz"])
    #expect(metadata["a.numbers"]?.array?.map(\.int) == [1, -2, 3])
    #expect(metadata["a.flags"]?.array?.map(\.bool) == [true, false])
  }

  @Test(arguments: ["small.gguf", "old.gguf"]) func shapesAreReversed(_ name: String) throws {
    let tensors = try GGUF.open(Self.path(name))
    #expect(tensors.metadata["general.architecture"]?.string == "llama")
    #expect(try tensors.tensor("token_embd.weight").shape == [4, 8])
    #expect(try tensors.tensor("token_embd.weight").toArray(Int.self) == Array(0..<32))
    #expect(try tensors.tensor("output.weight").toArray(Float.self).prefix(2) == [-8, -7.5])
    #expect(try tensors.tensor("output.weight").toArray(Float.self).last == 15)
  }

  @Test func otherTypesAreNamed() throws {
    let path = Self.path("types.gguf")
    #expect(message { _ = try GGUF.load(path) }.hasPrefix("'IQ2_XXS' is a IQ2_XXS tensor"))
    #expect(try GGUF.load(Self.path("small.gguf")).count == 2)
  }

  private func refusal(_ change: (inout [UInt8]) -> Void) throws -> String {
    var bytes = try ByteRegion(mapping: Self.path("small.gguf")).array
    change(&bytes)
    return message { _ = try GGUFFile(ByteRegion(bytes)) }
  }

  @Test func hostileFilesAreRefused() throws {
    #expect(try refusal { _ in } == "")
    #expect(try refusal { $0[4] = 1 }.contains("version 1"))
    #expect(try refusal { $0.replaceSubrange(4..<8, with: [0, 0, 0, 3]) }.contains("big-endian"))
    #expect(try refusal { $0[15] = 1 }.contains("no room"))
    #expect(try refusal { $0[8] = 200 }.contains("no room"))
    #expect(try refusal { $0.removeLast() }.contains("cut short"))
    // The first key's length.
    #expect(try refusal { $0[31] = 0x7F }.contains("no room"))
    // The second tensor begins where the first does.
    #expect(
      try refusal { bytes in
        let name = Array("output.weight".utf8)
        let at = bytes.indices.first { bytes[$0...].starts(with: name) }! + name.count + 4 + 16 + 4
        bytes[at] = 64
      }.contains("overlap"))
  }
}
