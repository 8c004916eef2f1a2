import Foundation
import TestSupport
import Testing
import TorchCore
import TorchSerialization

@Suite struct FileFormatTests {
  @Test(arguments: [
    ("serialization/checkpoint.pt", FileFormat.checkpoint), ("serialization/state-renamed.pt", .checkpoint),
    ("serialization/state-deflated.pt", .checkpoint), ("serialization/checkpoint-legacy.pt", .legacyCheckpoint),
    ("serialization/script.pt", .torchScript), ("serialization/every.safetensors", .safetensors),
    ("serialization/model.safetensors.index.json", .safetensorsIndex), ("serialization/v3.npy", .numpyArray),
    ("serialization/every-compressed.npz", .numpyArchive), ("gguf/old.gguf", .gguf),
  ])
  func isFoundByContent(_ path: String, _ format: FileFormat) throws {
    try withTemporaryFolder { folder in
      let copy = folder + "/renamed.txt"
      try FileManager.default.copyItem(atPath: repository("Fixtures/" + path).path, toPath: copy)
      #expect(try FileFormat(contentsOf: copy) == format)
    }
  }

  @Test func onnxIsAMessageWithAGraph() throws {
    // ir_version 8, producer_name "x", graph { name: "g" }, opset_import { version: 17 }
    let model: [UInt8] = [8, 8, 0x12, 1, 0x78, 0x3A, 3, 0x12, 1, 0x67, 0x42, 2, 0x10, 17]
    #expect(try FileFormat(ByteRegion(model)) == .onnx)
    for damaged in [
      Array(model.dropLast()), model + [0xFF], [8, 8], [8, 8, 0x12, 1, 0x78], Array("text, no model".utf8),
    ] {
      #expect(message { _ = try FileFormat(ByteRegion(damaged)) }.contains("format is not known"))
    }
  }

  @Test(arguments: [
    ("", "empty"), ("version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
    ("\u{80}\u{4}N.", "bare pickle"),
    ("\u{1F}\u{8B}\u{8}", "gzip"), ("hello", "damaged"),
  ])
  func whatElseAFileMayBe(_ content: String, _ said: String) {
    let file = ByteRegion(content.unicodeScalars.map { UInt8($0.value) })
    #expect(message { _ = try FileFormat(file) }.contains(said))
    #expect(message { _ = try CheckpointFile.read(file, verifyingChecksums: true) }.contains(said))
  }

  @Test func torchLoadSaysWhatReadsOtherFiles() {
    for (name, loader) in [
      ("every.safetensors", "Safetensors.load"), ("c.npy", "NumPy.load"), ("every.npz", "NumPy.loadArchive"),
      ("model.safetensors.index.json", "Safetensors.load"), ("script.pt", "JIT.load"),
      ("../gguf/small.gguf", "GGUF.load"),
    ] {
      let said = message { _ = try torch.load(Fixture.path(name)) }
      #expect(said.contains("`\(loader)`"), "\(said)")
    }
  }
}
