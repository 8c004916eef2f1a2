// Finds operators by schema name. Every family file lists its operators; this file lists the families.

/// All operators, by qualified name (`aten::add.Tensor`).
public enum OperatorRegistry {
  private static let table: [String: AnyOperator] = {
    var table: [String: AnyOperator] = [:]
    for op in declared.flatMap({ [$0] + $0.twinOperators }) {
      let previous = table.updateValue(op, forKey: op.name)
      precondition(previous == nil, "\(op.name) is declared twice")
    }
    return table
  }()

  /// The operator of this qualified name, with or without the `aten::` prefix.
  public static func find(_ name: String) -> AnyOperator? { table[name] ?? table["aten::" + name] }

  /// Everything registered, twins included, by name.
  public static var all: [AnyOperator] { table.values.sorted { $0.name < $1.name } }

  /// The families, each with the list at the end of its file.
  private static let families: [[AnyOperator]] = [
    Activations.operators, Arithmetic.operators, AveragePooling.operators, Comparison.operators, ComplexNumbers.operators,
    Convolution.operators, Conversion.operators, Division.operators, Filling.operators, GatherScatter.operators,
    Indexing.operators, Losses.operators,
    Matmul.operators, Normalization.operators, Padding.operators, Pointwise.operators, Pooling.operators,
    Power.operators, Random.operators, Rearranging.operators, Reductions.operators, Shapes.operators,
    Softmax.operators, Views.operators,
    ActivationFunctions.operators, BinaryFunctions.operators, Diagonals.operators, Factories.operators, LossFunctions.operators, MoreReductions.operators, PaddingModes.operators, Products.operators, Scans.operators, Searching.operators, ShapeComposites.operators, Sorting.operators, ScalarOverloads.operators, SpecialFunctions.operators, UnaryFunctions.operators,
  ]

  /// Everything declared, without the derived twins.
  static var declared: [AnyOperator] { families.flatMap { $0 } }

  /// Calls an operator by name, with one argument for each parameter of its schema.
  public static func call(_ name: String, _ arguments: [Value]) throws -> [Value] {
    guard let op = find(name) else { throw TorchError(.notImplemented, "there is no operator '\(name)'") }
    return try op.callBoxed(arguments)
  }
}
