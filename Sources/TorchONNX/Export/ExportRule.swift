// A rule says how one operator of PyTorch is written in ONNX.
//
// The rules stand in Rules/, a file a family; each family ends in a list, and `RuleTable` lists the families. A rule
// holds for all overloads of its operators and reads arguments by their names in the schema. A fused operator without a
// rule is exported as its reference is (`Exporter+Decomposition.swift`).
// Reference: https://onnx.ai/onnx/operators

import TorchCore
import TorchJIT

extension ONNX {
  struct ExportRule: Sendable {
    /// `relu`, or one overload: `max.dim`. The namespace is `aten` unless it says another.
    let operators: [String]
    /// What it writes in the main.
    let onnx: [String]
    /// The opset from which it can be written.
    let since: Int
    /// Gives the results' wires: one for each return, or for each element where the return is a list.
    let body: @Sendable (RuleCall) throws -> [Wire]

    /// A rule with one result.
    static func one(
      _ operators: String..., as onnx: [String], since: Int = 17, _ body: @escaping @Sendable (RuleCall) throws -> Wire
    ) -> ExportRule {
      ExportRule(operators: operators, onnx: onnx, since: since) { [try body($0)] }
    }

    /// A rule with several results, or a list.
    static func many(
      _ operators: String..., as onnx: [String], since: Int = 17,
      _ body: @escaping @Sendable (RuleCall) throws -> [Wire]
    ) -> ExportRule {
      ExportRule(operators: operators, onnx: onnx, since: since, body: body)
    }

    /// Their qualified names: `aten::relu`.
    var names: [String] { operators.map { $0.contains("::") ? $0 : "aten::" + $0 } }
  }

  /// Finds rules by operator.
  enum RuleTable {
    static let families: [(name: String, rules: [ExportRule])] = [
      ("Pointwise", PointwiseRules.rules),
      ("Arithmetic", ArithmeticRules.rules),
      ("Comparison", ComparisonRules.rules),
      ("Activations", ActivationRules.rules),
      ("Reductions", ReductionRules.rules),
      ("Shapes", ShapeRules.rules),
      ("Joining and splitting", JoiningRules.rules),
      ("Indexing", IndexingRules.rules),
      ("Scatter", ScatterRules.rules),
      ("Sorting", SortingRules.rules),
      ("Factories", FactoryRules.rules),
      ("Products", ProductRules.rules),
      ("Convolution", ConvolutionRules.rules),
      ("Pooling", PoolingRules.rules),
      ("Normalization", NormalizationRules.rules),
      ("Recurrent", RecurrentRules.rules),
      ("Packed sequences", PackedSequenceRules.rules),
      ("Resampling", ResamplingRules.rules),
      ("Attention", AttentionRules.rules),
      ("Losses", LossRules.rules),
      ("Connectionist temporal classification", CTCRules.rules),
      ("Numbers", NumberRules.rules),
      ("Signals", SignalRules.rules),
      ("Vision", VisionRules.rules),
    ]

    private static let table: [String: ExportRule] = {
      var table: [String: ExportRule] = [:]
      for rule in families.flatMap(\.rules) {
        for name in rule.names {
          precondition(table.updateValue(rule, forKey: name) == nil, "\(name) has two rules")
        }
      }
      return table
    }()

    /// The rule for an operator: of the overload, or of all overloads of its name.
    static func find(_ schema: Schema) -> ExportRule? { table[schema.qualifiedName] ?? table[schema.name] }
  }
}
