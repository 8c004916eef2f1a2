// The list of operators in Docs/PyTorchNames.md against what is registered.
//
// The part of the page between its two marks is written by this test: run it with REWRITE_DOCS=1 after an operator has
// come or gone. An operator's family is the file in Operators/ that declares it, and its Swift spelling is the public
// method of its name in Swift's case; both are found in the sources, so the page cannot promise what is not there.

import Foundation
import Testing
import Torch

@Suite struct DocsTests {
  @Test func operatorsAreListedInTheDocs() throws {
    let page = repository.appendingPathComponent("Docs/PyTorchNames.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let begin = try #require(text.range(of: "<!-- operators: begin -->\n"))
    let end = try #require(text.range(of: "<!-- operators: end -->"))
    let list = try OperatorList().markdown
    if ProcessInfo.processInfo.environment["REWRITE_DOCS"] == "1" {
      let whole = text[..<begin.upperBound] + list + text[end.lowerBound...]
      try whole.write(to: page, atomically: true, encoding: .utf8)
    } else {
      let same = text[begin.upperBound..<end.lowerBound] == list
      #expect(same, "Docs/PyTorchNames.md is out of date: REWRITE_DOCS=1 make test ARGS=\"--filter DocsTests\"")
    }
  }
}

private let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// Every registered operator once: as a row of its family's table, or as a twin in the row of another.
private struct OperatorList {
  private let spellings: SpellingIndex

  init() throws {
    spellings = try SpellingIndex()
  }

  var markdown: String {
    get throws {
      let all = OperatorRegistry.all
      let byName = Dictionary(grouping: all) { $0.schema.name }
      var twins: [String: [AnyOperator]] = [:]
      var rows: [String: [AnyOperator]] = [:]
      for op in all {
        let written = op.schema.name.hasSuffix("_") ? String(op.schema.name.dropLast()) : op.schema.name
        if let base = byName[written]?.first(where: { isTwin(op, of: $0) }) {
          twins[base.name, default: []].append(op)
        } else {
          rows[try #require(OperatorRegistry.familyNames[op.name], "\(op.name) is in no family"), default: []].append(op)
        }
      }
      var text = "\(all.count) operators, in-place and `out=` forms included.\n"
      for (family, operators) in rows.sorted(by: { $0.key < $1.key }) {
        text += "\n### \(family)\n\n| `aten::` | in place, `out=` | Swift |\n|---|---|---|\n"
        for op in operators {
          let forms = twins[op.name, default: []].map { "`\(short($0))`" }.joined(separator: ", ")
          let swift = spellings.spelling(of: op).map { "`\($0)`" } ?? ""
          text += "| `\(short(op))` | \(forms) | \(swift) |\n"
        }
      }
      return text + "\n"
    }
  }

  /// The name as the tables show it: without `aten::`, with any other namespace.
  private func short(_ op: AnyOperator) -> String {
    op.name.hasPrefix("aten::") ? String(op.name.dropFirst("aten::".count)) : op.name
  }

  /// Whether `op` takes the parameters of `base`, and writes to the first (`add_`) or to some more (`add.out`).
  private func isTwin(_ op: AnyOperator, of base: AnyOperator) -> Bool {
    func signature(_ parameters: [Schema.Parameter]) -> [String] { parameters.map { "\($0.type) \($0.name)" } }
    let own = op.schema.parameters
    guard op !== base, own.contains(where: \.isWritten) else { return false }
    let isOut = op.schema.name == base.schema.name
    return signature(own.filter { !isOut || !$0.isWritten }) == signature(base.schema.parameters)
  }
}

/// Public functions and properties by name, with the type or namespace they belong to.
private struct SpellingIndex {
  /// The shortest spelling first.
  private static let owners = ["Tensor", "torch", "torch.linalg", "torch.fft", "torch.special", "nn.functional"]

  /// Where Swift's spelling does not follow from the schema's name: operators of functions with another name, `…_like`
  /// and `…_as`, properties, and what only writes in place.
  private static let irregular = [
    "channel_shuffle": "nn.functional.channelShuffle", "constant_pad_nd": "nn.functional.pad",
    "cross_entropy_loss": "nn.functional.crossEntropy", "expand_as": "Tensor.expand",
    "frobenius_norm": "torch.linalg.norm", "full_like": "Tensor.full",
    "grid_sampler_2d": "nn.functional.gridSample", "grid_sampler_3d": "nn.functional.gridSample",
    "log_sigmoid": "nn.functional.logsigmoid", "matrix_H": "Tensor.H", "native_batch_norm": "nn.functional.batchNorm",
    "native_group_norm": "nn.functional.groupNorm", "native_layer_norm": "nn.functional.layerNorm",
    "nll_loss_nd": "nn.functional.nllLoss", "nuclear_norm": "torch.linalg.norm", "numpy_T": "Tensor.T",
    "ones_like": "Tensor.ones", "poisson_nll_loss": "nn.functional.poissonNLLLoss", "rand_like": "torch.rand",
    "randint_like": "torch.randint", "randn_like": "torch.randn", "reflection_pad1d": "nn.functional.pad",
    "reflection_pad2d": "nn.functional.pad", "reflection_pad3d": "nn.functional.pad",
    "replication_pad1d": "nn.functional.pad", "replication_pad2d": "nn.functional.pad",
    "replication_pad3d": "nn.functional.pad", "reshape_as": "Tensor.reshape", "type_as": "Tensor.type",
    "unique_dim": "Tensor.unique", "upsample_bicubic2d": "nn.functional.interpolate",
    "upsample_bilinear2d": "nn.functional.interpolate", "upsample_linear1d": "nn.functional.interpolate",
    "upsample_nearest1d": "nn.functional.interpolate", "upsample_nearest2d": "nn.functional.interpolate",
    "upsample_nearest3d": "nn.functional.interpolate", "upsample_trilinear3d": "nn.functional.interpolate",
    "view_as": "Tensor.view", "zeros_like": "Tensor.zeros", "empty_like": "Tensor.empty",
  ]
  private var written: Set<String> = []
  /// By the name that the operator has in Swift's case; those of `torch.linalg`, `fft` and `special` begin with it.
  private var found: [String: (rank: Int, spelling: String)] = [:]

  init() throws {
    for folder in ["Sources/TorchCore", "Sources/TorchNN", "Sources/TorchVision"] {
      for file in try swiftFiles(folder) {
        var owner = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
          if let match = line.firstMatch(of: /^extension ([A-Za-z.]+)/) { owner = String(match.1) }
          guard SpellingIndex.owners.contains(owner) else { continue }
          if let match = line.firstMatch(of: /^  (?:@discardableResult )?public (?:static )?(?:func|var) `?(\w+)/) {
            let name = String(match.1)
            written.insert("\(owner).\(name)")
            let namespace = ["torch.linalg", "torch.fft", "torch.special"].contains(owner) ? owner.dropFirst("torch.".count) : ""
            let key = namespace.isEmpty ? name : namespace + name.prefix(1).uppercased() + name.dropFirst()
            let rank = SpellingIndex.owners.firstIndex(of: owner)!
            if rank < found[key]?.rank ?? .max { found[key] = (rank, "\(owner).\(name)") }
          }
        }
      }
    }
  }

  /// `Tensor.indexSelect` for `aten::index_select`; nil where the operator can only be called by its aten name.
  func spelling(of op: AnyOperator) -> String? {
    let base = op.schema.baseName
    let inPlace = base.hasSuffix("_")
    let words = base.split(separator: "_")
    guard let first = words.first, base.first != "_" else { return nil }
    let rest = words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    let name = String(first) + rest + (inPlace ? "_" : "")
    // What PyTorch's users call only in place (`uniform_`) is also an operator without the underscore.
    let spelling = found[name]?.spelling ?? SpellingIndex.irregular[base] ?? found[name + "_"]?.spelling
    return spelling.flatMap { written.contains($0) ? $0 : nil }
  }
}

private func swiftFiles(_ folder: String) throws -> [URL] {
  let root = repository.appendingPathComponent(folder)
  return try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }.sorted()
    .map { root.appendingPathComponent($0) }
}
