// Every schema that PyTorch has in the namespaces of programs is an operator here, or a builtin, or a known gap.

import Foundation
import TestSupport
import Testing
import Torch

@Suite struct BuiltinCoverageTests {
  /// PyTorch's schemas, one a line; overloads of a name in the order in which a call tries them.
  static let schemas: [String] = try! String(
    contentsOf: repository("Fixtures/torchscript-builtins/schemas.txt"), encoding: .utf8
  ).split(separator: "\n").map(String.init)

  static func name(_ schema: String) -> String { String(schema.prefix { $0 != "(" }) }

  @Test func everySchemaIsKnown() throws {
    let gaps = try KnownGaps.read()
    var (missing, stale): ([String], Set<String>) = ([], Set(gaps.names))
    for schema in BuiltinCoverageTests.schemas {
      let name = BuiltinCoverageTests.name(schema)
      let isHere = OperatorRegistry.find(name) != nil || JIT.Builtins.find(name) != nil
      if !isHere {
        stale.remove(name)
        if !gaps.contain(name) { missing.append(schema) }
      }
    }
    #expect(missing.isEmpty, "\(missing.count) without a reason:\n\(missing.joined(separator: "\n"))")
    #expect(stale.isEmpty, "listed as gaps, but here: \(stale.sorted())")
  }

  /// What PyTorch has as builtins has its very schema here.
  @Test func schemasAreTheSame() {
    let theirs = Dictionary(grouping: BuiltinCoverageTests.schemas, by: BuiltinCoverageTests.name).mapValues { $0[0] }
    for builtin in JIT.Builtins.all {
      guard let schema = theirs[builtin.name] else { continue }
      #expect(builtin.schema.text == schema)
    }
  }

  /// A builtin that PyTorch does not have under this name is one of its script functions, or what its compiler emits.
  @Test func othersAreScriptFunctions() {
    let theirs = Set(BuiltinCoverageTests.schemas.map(BuiltinCoverageTests.name))
    let functions: Set = [
      "aten::mul", "aten::add", "aten::sub", "aten::div", "aten::eq", "aten::ne", "aten::lt", "aten::le", "aten::gt",
      "aten::ge", "aten::floordiv", "aten::_single", "aten::_pair", "aten::_triple", "aten::_quadruple",
      "aten::list_with_default", "aten::_assert", "aten::_assert_int_or_pair", "aten::__contains__", "aten::type",
      "prim::ndim", "prim::shape", "prim::T", "prim::H", "prim::mT", "prim::mH",
      // Torchvision's.
      "torchvision::box_iou_rotated",
    ]
    for builtin in JIT.Builtins.all where !theirs.contains(builtin.name) {
      #expect(functions.contains(builtin.schema.name), "\(builtin.name)")
    }
  }

  @Test func namesAreUnique() {
    var seen: Set<String> = []
    for builtin in JIT.Builtins.all { #expect(seen.insert(builtin.name).inserted, "\(builtin.name) is declared twice") }
  }

  /// Overloads of one family stand in PyTorch's order, because a call takes the first that fits.
  @Test func overloadsStandInOrder() {
    let places = Dictionary(
      BuiltinCoverageTests.schemas.enumerated().map { (BuiltinCoverageTests.name($1), $0) }, uniquingKeysWith: min)
    /// What kind of first argument a call must have: lists, strings and dictionaries fit no numbers.
    func kind(_ builtin: JIT.Builtin) -> String {
      switch builtin.signature.parameters.first?.type {
      case .list(let element)?: "list of \(element)"
      case .dict?: "dict"
      case .string?: "string"
      default: "value"
      }
    }
    for (name, overloads) in Dictionary(grouping: JIT.Builtins.all, by: { "\($0.schema.name) of a \(kind($0))" }) {
      let order = overloads.compactMap { places[$0.name] }
      #expect(order == order.sorted(), "\(name): \(overloads.map(\.schema.overload))")
    }
  }
}

/// `gaps.txt`: a line `# reason` above the names that it holds for, or above `/regular expression/`s for names, which end
/// in a bracket.
struct KnownGaps {
  var names: [String] = []
  var patterns: [String] = []

  static func read() throws -> KnownGaps {
    var gaps = KnownGaps()
    let text = try String(contentsOf: repository("Fixtures/torchscript-builtins/gaps.txt"), encoding: .utf8)
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      if line.hasPrefix("/") {
        gaps.patterns.append(String(line.dropFirst().dropLast()))
      } else {
        gaps.names.append(String(line))
      }
    }
    return gaps
  }

  func contain(_ name: String) -> Bool {
    names.contains(name) || patterns.contains { "\(name)(".range(of: $0, options: .regularExpression) != nil }
  }
}
