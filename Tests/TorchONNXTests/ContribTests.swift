// Operators of ONNX Runtime's own domain, against what it gets: Fixtures/onnx-runtime/make.py.

import Foundation
import TestSupport
import Testing
import Torch
import TorchONNX
import TorchSerialization

@Suite struct ContribTests {
  private static func archive() throws -> ZipReader {
    try ZipReader(ByteRegion(mapping: repository("Fixtures/onnx-runtime/models.zip").path))
  }

  static let names: [String] =
    (try? archive())?.entries.map(\.name).filter { $0.hasSuffix(".onnx") }.map { String($0.dropLast(5)) } ?? []

  @Test func thereAreModels() { #expect(Self.names.count >= 30) }

  @Test(arguments: names)
  func results(_ name: String) throws {
    try withTemporaryFolder { folder in
      let zip = try Self.archive()
      for file in [name + ".onnx", name + ".npz"] {
        let entry = try #require(zip[file])
        try Data(zip.read(entry).array).write(to: URL(filePath: folder + "/" + file))
      }
      let model = try ONNX.load(folder + "/" + name + ".onnx")
      let arrays = try NumPy.loadArchive(folder + "/" + name + ".npz")
      let inputs = Dictionary(uniqueKeysWithValues: model.inputs.map { ($0.name, ONNX.Value(arrays[$0.name]!)) })
      let results = try model.run(inputs)
      for (i, port) in model.outputs.enumerated() {
        let expected = try #require(arrays["out\(i)"])
        let result = try #require(results[port.name]?.tensor)
        #expect(result.dtype == expected.dtype && result.shape == expected.shape, "\(port.name): \(result.dtype) \(result.shape)")
        #expect(try distance(result.double(), expected.double().toArray(Double.self)) < 1e-5, "\(port.name)")
      }
    }
  }
}
