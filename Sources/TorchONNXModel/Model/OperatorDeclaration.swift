// An operator of ONNX is one declaration: name, domain, the opset it holds from, and what it does in terms of our operators.
//
// The declarations stand in Operators/, a file a family; each family ends in a list, and `OperatorTable` lists the
// families. Where later opsets changed an operator's meaning there is a declaration for each, or `Call.opset` is asked.
// Reference: https://onnx.ai/onnx/operators

import TorchCore

extension ONNX {
  struct OperatorDeclaration: Sendable {
    let domain: String
    let name: String
    /// The first opset of the domain that it holds for.
    let since: Int
    /// Whether equal inputs give equal outputs, so that it may be run while loading.
    let isPure: Bool
    /// Inputs that are settings or statistics: a stored tensor used there only is a buffer, not a parameter.
    let settings: Set<Int>
    let body: @Sendable (Call) throws -> [Value]

    /// An operator of one tensor.
    ///
    /// - Parameter type: the input whose element type the result has where the dtypes agree; nil says that the dtype
    ///   alone tells the type.
    static func tensor(
      _ name: String, domain: String = "", since: Int = 1, type: Int? = 0, isPure: Bool = true, settings: Set<Int> = [],
      _ body: @escaping @Sendable (Call) throws -> Tensor
    ) -> OperatorDeclaration {
      OperatorDeclaration(domain: domain, name: name, since: since, isPure: isPure, settings: settings) { call in
        [call.typed(try body(call), like: type)]
      }
    }

    /// An operator of several results, or of values that are no tensors.
    static func values(
      _ name: String, domain: String = "", since: Int = 1, isPure: Bool = true, settings: Set<Int> = [],
      _ body: @escaping @Sendable (Call) throws -> [Value]
    ) -> OperatorDeclaration {
      OperatorDeclaration(domain: domain, name: name, since: since, isPure: isPure, settings: settings, body: body)
    }
  }

  /// Finds declarations by name.
  package enum OperatorTable {
    private static let families: [[OperatorDeclaration]] = [
      Pointwise.operators, Arithmetic.operators, Comparison.operators, Activations.operators, Reductions.operators,
      Casting.operators, Shapes.operators, Slicing.operators, Gathering.operators, Constants.operators,
      Products.operators, Convolutions.operators, Pooling.operators, Normalization.operators, Recurrent.operators,
      Resizing.operators, Sampling.operators, Detection.operators, Sorting.operators, Signals.operators,
      AttentionOperators.operators, LinearAttention.operators, Quantization.operators, ControlFlow.operators,
      Sequences.operators, Text.operators, Losses.operators, Randomness.operators, Optimizers.operators,
      MachineLearning.operators, ContribOperators.operators, ContribQuantization.operators,
    ]

    private static let table: [String: [OperatorDeclaration]] =
      Dictionary(grouping: families.joined()) { key($0.domain, $0.name) }
      .mapValues { $0.sorted { $0.since < $1.since } }

    private static func key(_ domain: String, _ name: String) -> String { domain + "::" + name }

    /// The declaration that holds at `opset`, if there is one.
    static func find(_ domain: String, _ name: String, opset: Int) -> OperatorDeclaration? {
      table[key(domain, name)]?.last { $0.since <= opset }
    }

    /// Every operator's name with its domain, and the opsets from which its declarations hold.
    package static var versions: [(name: String, since: [Int])] {
      table.map { key, declarations in
        (key.hasPrefix("::") ? String(key.dropFirst(2)) : key.replacing("::", with: "."), declarations.map(\.since))
      }
      .sorted { $0.name < $1.name }
    }
  }
}
