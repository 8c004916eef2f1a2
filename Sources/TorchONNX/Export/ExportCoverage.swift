// What can be exported and imported, as Docs/ONNX.md lists it.

import TorchCore

extension ONNX {
  /// The tables of the exporter and the importer, for the page that lists them.
  package enum Coverage {
    package struct Rule: Sendable {
      /// `aten::relu`
      package let operators: [String]
      package let onnx: [String]
      package let since: Int
    }

    /// The export rules by family.
    package static var families: [(name: String, rules: [Rule])] {
      RuleTable.families.map { family in
        (family.name, family.rules.map { Rule(operators: $0.names, onnx: $0.onnx, since: $0.since) })
      }
    }

    /// Registered operators without a rule, by whether they are exported as their reference is. Operators that write, which
    /// are exported as the ones that do not, and those that only derivatives call are left out.
    package static var withoutRule: (composed: [String], missing: [String]) {
      var (composed, missing) = ([String](), [String]())
      for op in OperatorRegistry.all {
        let base = op.schema.baseName
        guard !op.schema.parameters.contains(where: \.isWritten), !base.contains("backward"),
          RuleTable.find(op.schema) == nil
        else { continue }
        if op.tier == .fused { composed.append(op.name) } else { missing.append(op.name) }
      }
      return (composed, missing)
    }

    /// The operators of ONNX that models may have when they are read, with the opsets from which each meaning holds.
    package static var imported: [(name: String, since: [Int])] { OperatorTable.versions }
  }
}
