// The backend node tests of the ONNX package, run through `ONNX.load`.
//
// `Fixtures/onnx/remaining.txt` names what does not pass and says why; everything else has to. With REWRITE_ONNX=1
// in the environment the list is written anew: reasons stay, and a test that is new on it has what went wrong.

import Foundation
import TestSupport
import Testing
import Torch
import TorchONNX
import TorchSerialization

@Suite struct NodeTests {
  struct Manifest: Decodable {
    struct Test: Decodable {
      let name: String
      let opsets: [String: Int]
      let rtol: Double
      let atol: Double
      let model: [Int]
      let sets: [DataSet]

      /// Of the standard operators, in a version that is still written.
      var counts: Bool { opsets.count == 1 && opsets[""] ?? 0 >= 17 }
    }
    struct DataSet: Decodable {
      let inputs: [Item]
      let outputs: [Item]
    }
    let onnx: String
    let tests: [Test]
  }

  /// `["tensor", [offset, length]]`, `["sequence", [item, …]]`, `["optional", null]`.
  indirect enum Item: Decodable {
    case tensor([Int])
    case sequence([Item])
    case none

    init(from decoder: Decoder) throws {
      var list = try decoder.unkeyedContainer()
      switch try list.decode(String.self) {
      case "tensor": self = .tensor(try list.decode([Int].self))
      case "sequence": self = .sequence(try list.decode([Item].self))
      default: self = .none
      }
    }
  }

  struct Archive {
    let manifest: Manifest
    let blobs: ByteRegion

    init() throws {
      let zip = try ZipReader(ByteRegion(mapping: repository("Fixtures/onnx/node_tests.zip").path))
      manifest = try JSONDecoder().decode(Manifest.self, from: Data(zip.read(zip["manifest.json"]!).array))
      blobs = try zip.read(zip["blobs"]!)
    }

    func bytes(_ place: [Int]) throws -> [UInt8] { try blobs.slice(place[0], place[1]).array }

    func value(_ item: Item) throws -> ONNX.Value {
      switch item {
      case .tensor(let place): try ONNX.value(tensorProto: bytes(place))
      case .sequence(let items): .sequence(try items.map(value))
      case .none: .none
      }
    }
  }

  struct Mismatch: Error, CustomStringConvertible { let description: String }

  @Test func everyTestThatPassedStillDoes() throws {
    let archive = try Archive()
    let listURL = repository("Fixtures/onnx/remaining.txt")
    let list = try String(contentsOf: listURL, encoding: .utf8).split(separator: "\n")
    let reasons = Dictionary(
      list.filter { !$0.hasPrefix("#") }.map { line in
        (String(line.prefix { $0 != ":" }), String(line.drop { $0 != ":" }.dropFirst(2)))
      }, uniquingKeysWith: { first, _ in first })
    let remaining = Set(reasons.keys)
    var failures: [(name: String, why: String)] = []
    for test in archive.manifest.tests {
      do { try run(test, archive) } catch { failures.append((test.name, "\(error)")) }
    }
    if ProcessInfo.processInfo.environment["REWRITE_ONNX"] != nil {
      let header = list.filter { $0.hasPrefix("#") }.map { $0 + "\n" }.joined()
      let lines = failures.map { name, why in
        "\(name): \(reasons[name] ?? String(why.replacingOccurrences(of: "\n", with: " ").prefix(300)))\n"
      }
      try (header + lines.joined()).write(to: listURL, atomically: true, encoding: .utf8)
      return
    }
    let failed = Set(failures.map(\.name))
    for failure in failures where !remaining.contains(failure.name) { Issue.record("\(failure.name): \(failure.why)") }
    for name in remaining.subtracting(failed).sorted() { Issue.record("\(name) passes: take it off remaining.txt") }
    let counted = archive.manifest.tests.filter(\.counts)
    let passed = counted.filter { !failed.contains($0.name) }.count
    print("ONNX \(archive.manifest.onnx) node tests: \(passed) of \(counted.count) of the default domain from opset 17 on, \(archive.manifest.tests.count - failed.count) of all \(archive.manifest.tests.count)")
    #expect(Double(passed) >= 0.95 * Double(counted.count))
  }

  private func run(_ test: Manifest.Test, _ archive: Archive) throws {
    let model = try ONNX.load(bytes: archive.bytes(test.model))
    let names = model.inputs.map(\.name)
    for set in test.sets {
      let inputs = try Dictionary(zip(names, set.inputs.map { try archive.value($0) }), uniquingKeysWith: { a, _ in a })
      let results = try model.run(inputs)
      for (port, item) in zip(model.outputs, set.outputs) {
        try compare(results[port.name]!, try archive.value(item), test, port.name)
      }
    }
  }

  private func compare(_ actual: ONNX.Value, _ expected: ONNX.Value, _ test: Manifest.Test, _ name: String) throws {
    switch (actual, expected) {
    case (.none, .none): return
    case (.sequence(let a), .sequence(let b)):
      guard a.count == b.count else { throw Mismatch(description: "\(name): \(a.count) elements, not \(b.count)") }
      for (x, y) in zip(a, b) { try compare(x, y, test, name) }
    case (.strings(let a), .strings(let b)):
      guard a == b else { throw Mismatch(description: "\(name): \(a), not \(b)") }
    case (.tensor(let a, let aType), .tensor(let b, let bType)):
      guard aType == bType else { throw Mismatch(description: "\(name): type \(aType.name), not \(bType.name)") }
      guard a.shape == b.shape else { throw Mismatch(description: "\(name): \(a.shape), not \(b.shape)") }
      // Another implementation's random numbers: only types and sizes can be compared.
      if test.name.contains("bernoulli") || test.name == "test_training_dropout" { return }
      if !b.dtype.isDifferentiable {
        guard try a.to(.int64).toArray(Int.self) == b.to(.int64).toArray(Int.self) else { throw differs(a, b, name) }
        return
      }
      let (x, y) = (try a.toArray(Double.self), try b.toArray(Double.self))
      for (x, y) in zip(x, y) where !(x.isNaN && y.isNaN || x == y || abs(x - y) <= test.atol + test.rtol * abs(y)) {
        throw differs(a, b, name)
      }
    default: throw Mismatch(description: "\(name): a \(actual.type), not a \(expected.type)")
    }
  }

  private func differs(_ a: Tensor, _ b: Tensor, _ name: String) -> Mismatch {
    func first(_ t: Tensor) -> String { ((try? t.reshape([-1]).narrow(0, 0, min(t.numel, 6)).scalars()) ?? []).map(\.description).joined(separator: " ") }
    return Mismatch(description: "\(name): values differ: \(first(a)) …, not \(first(b)) …")
  }
}
