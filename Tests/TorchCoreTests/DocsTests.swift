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

  private func short(_ op: AnyOperator) -> String { String(op.name.dropFirst("aten::".count)) }

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
  /// By the name that the operator has in Swift's case; those of `torch.linalg`, `fft` and `special` begin with it.
  private var found: [String: (rank: Int, spelling: String)] = [:]

  init() throws {
    for folder in ["Sources/TorchCore", "Sources/TorchNN/Functional"] {
      for file in try swiftFiles(folder) {
        var owner = ""
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
          if let match = line.firstMatch(of: /^extension ([A-Za-z.]+)/) { owner = String(match.1) }
          guard SpellingIndex.owners.contains(owner) else { continue }
          if let match = line.firstMatch(of: /^  (?:@discardableResult )?public (?:static )?(?:func|var) `?(\w+)/) {
            let name = String(match.1)
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
    return found[name]?.spelling
  }
}

private func swiftFiles(_ folder: String) throws -> [URL] {
  let root = repository.appendingPathComponent(folder)
  return try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }.sorted()
    .map { root.appendingPathComponent($0) }
}
