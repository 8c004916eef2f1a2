// The tables of Docs/ONNX.md against the rules and declarations: run with REWRITE_DOCS=1 after one has come or gone.

import Foundation
import TestSupport
import Testing
import Torch
import TorchONNX

@Suite struct ONNXDocsTests {
  @Test func tablesAreUpToDate() throws {
    let page = repository("Docs/ONNX.md")
    let text = try String(contentsOf: page, encoding: .utf8)
    let begin = try #require(text.range(of: "<!-- tables: begin -->\n"))
    let end = try #require(text.range(of: "<!-- tables: end -->"))
    let tables = try self.tables()
    if ProcessInfo.processInfo.environment["REWRITE_DOCS"] == "1" {
      try (text[..<begin.upperBound] + tables + text[end.lowerBound...]).write(
        to: page, atomically: true, encoding: .utf8)
    } else {
      let same = text[begin.upperBound..<end.lowerBound] == tables
      #expect(same, "Docs/ONNX.md is out of date: REWRITE_DOCS=1 make test ARGS=\"--filter ONNXDocsTests\"")
    }
  }

  /// A rule for an operator that nobody can call would be a slip of the pen.
  @Test func rulesAreForOperators() {
    let known = Set(OperatorRegistry.all.flatMap { [$0.name, $0.schema.name] })
    // PyTorch's, of programs that are loaded: TorchScript's functions, and spellings that the registry has another name for.
    let ofPrograms: Set = [
      "aten::size", "aten::len", "aten::numel", "aten::Int", "aten::Float", "aten::Bool", "aten::IntImplicit",
      "aten::FloatImplicit", "aten::ScalarImplicit", "aten::_local_scalar_dense", "aten::sym_size", "aten::sym_numel",
      "aten::tensor", "aten::as_tensor", "aten::floordiv", "aten::__not__", "prim::shape", "prim::max", "prim::min",
      "aten::_reshape_alias", "aten::detach_copy", "aten::lift_fresh_copy", "aten::float", "aten::double", "aten::half",
      "aten::int", "aten::long", "aten::bool", "aten::cpu", "aten::cuda", "aten::to", "aten::_convolution",
      "aten::_convolution_mode", "aten::nll_loss", "aten::nll_loss2d", "aten::_unsafe_index", "aten::_unsafe_index_put",
      "aten::unsafe_split_with_sizes", "aten::view.dtype", "aten::type_as", "aten::slice_copy", "aten::select_copy",
    ]
    for rule in ONNX.Coverage.families.flatMap(\.rules) {
      for name in rule.operators where !known.contains(name) && !ofPrograms.contains(name) {
        Issue.record("there is a rule for \(name), which is no operator")
      }
    }
  }

  private func tables() throws -> String {
    let families = ONNX.Coverage.families
    var text =
      "### Export\n\n\(families.flatMap(\.rules).flatMap(\.operators).count) operators have rules, each for all overloads.\n"
    for (name, rules) in families {
      text += "\n#### \(name)\n\n| operators | in ONNX | from opset |\n|---|---|---|\n"
      for rule in rules where !rule.onnx.isEmpty {
        let operators = rule.operators.map { "`\($0.replacing("aten::", with: ""))`" }.joined(separator: ", ")
        text += "| \(operators) | \(rule.onnx.joined(separator: ", ")) | \(rule.since) |\n"
      }
    }
    let (composed, missing) = ONNX.Coverage.withoutRule
    func list(_ names: [String]) -> String {
      let short = names.map { "`\($0.replacing("aten::", with: ""))`" }
      return short.joined(separator: ", ") + "\n"
    }
    text += "\n#### Exported as their reference\n\nWhere that can be expressed:\n\n" + list(composed)
    text +=
      "\n#### Without a rule\n\nA model that calls one of these is refused, with all of them named:\n\n" + list(missing)
    text += "\n### Import\n\n| operator | from opset |\n|---|---|\n"
    for (name, since) in ONNX.Coverage.imported {
      text += "| \(name) | \(since.map(String.init).joined(separator: ", ")) |\n"
    }
    return text + "\n"
  }
}
