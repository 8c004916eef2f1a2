// Finds operators by schema name. Every family file lists its operators; this file lists the families.

/// All operators, by qualified name (`aten::add.Tensor`).
public enum OperatorRegistry {
  private static let (table, names) = {
    var table: [String: AnyOperator] = [:]
    var names: [String: String] = [:]
    for family in families {
      for op in family.operators.flatMap({ [$0] + $0.twinOperators }) {
        let previous = table.updateValue(op, forKey: op.name)
        precondition(previous == nil, "\(op.name) is declared twice")
        names[op.name] = family.name
      }
    }
    return (table, names)
  }()

  /// The operator of this qualified name, with or without the `aten::` prefix.
  public static func find(_ name: String) -> AnyOperator? { table[name] ?? table["aten::" + name] }

  /// Everything registered, twins included, by name.
  public static let all: [AnyOperator] = table.sorted { $0.key < $1.key }.map(\.value)

  /// The families, each with the list at the end of its file.
  private static let families: [(name: String, operators: [AnyOperator])] = [
    ("Activations", Activations.operators),
    ("Arithmetic", Arithmetic.operators),
    ("AdaptivePooling", AdaptivePooling.operators),
    ("AveragePooling", AveragePooling.operators),
    ("Comparison", Comparison.operators),
    ("ComplexNumbers", ComplexNumbers.operators),
    ("Convolution", Convolution.operators),
    ("Conversion", Conversion.operators),
    ("Division", Division.operators),
    ("Filling", Filling.operators),
    ("GatherScatter", GatherScatter.operators),
    ("Indexing", Indexing.operators),
    ("Losses", Losses.operators),
    ("Matmul", Matmul.operators),
    ("BatchNorm", BatchNorm.operators),
    ("Normalization", Normalization.operators),
    ("RowNorm", RowNorm.operators),
    ("Padding", Padding.operators),
    ("Pointwise", Pointwise.operators),
    ("FractionalPooling", FractionalPooling.operators),
    ("Pooling", Pooling.operators),
    ("Unpooling", Unpooling.operators),
    ("Power", Power.operators),
    ("Random", Random.operators),
    ("GammaSampling", GammaSampling.operators),
    ("Rearranging", Rearranging.operators),
    ("Reductions", Reductions.operators),
    ("Shapes", Shapes.operators),
    ("Softmax", Softmax.operators),
    ("WeightNorms", WeightNorms.operators),
    ("Views", Views.operators),
    ("Attention", Attention.operators),
    ("CTCLoss", CTCLoss.operators),
    ("Dropouts", Dropouts.operators),
    ("MarginLosses", MarginLosses.operators),
    ("EmbeddingBag", EmbeddingBag.operators),
    ("EmbeddingRenorm", EmbeddingRenorm.operators),
    ("OneHot", OneHot.operators),
    ("Unfolding", Unfolding.operators),
    ("Resampling", Resampling.operators),
    ("GridSampling", GridSampling.operators),
    ("ActivationFunctions", ActivationFunctions.operators),
    ("BinaryFunctions", BinaryFunctions.operators),
    ("Diagonals", Diagonals.operators),
    ("Factories", Factories.operators),
    ("LossFunctions", LossFunctions.operators),
    ("MoreReductions", MoreReductions.operators),
    ("PaddingModes", PaddingModes.operators),
    ("Products", Products.operators),
    ("Scans", Scans.operators),
    ("Searching", Searching.operators),
    ("ShapeComposites", ShapeComposites.operators),
    ("Sorting", Sorting.operators),
    ("ScalarOverloads", ScalarOverloads.operators),
    ("SpecialFunctions", SpecialFunctions.operators),
    ("UnaryFunctions", UnaryFunctions.operators),
    ("Cholesky", Cholesky.operators),
    ("Covariance", Covariance.operators),
    ("Determinants", Determinants.operators),
    ("Distances", Distances.operators),
    ("Eigenvalues", Eigenvalues.operators),
    ("Einsum", Einsum.operators),
    ("LDL", LDL.operators),
    ("LeastSquares", LeastSquares.operators),
    ("LU", LU.operators),
    ("LinearSystems", LinearSystems.operators),
    ("MatrixChains", MatrixChains.operators),
    ("MatrixFunctions", MatrixFunctions.operators),
    ("MatrixNorms", MatrixNorms.operators),
    ("PseudoInverse", PseudoInverse.operators),
    ("QR", QR.operators),
    ("Ranks", Ranks.operators),
    ("SingularValues", SingularValues.operators),
    ("TensorSystems", TensorSystems.operators),
    ("TriangularSolve", TriangularSolve.operators),
    ("Fourier", Fourier.operators),
    ("FourierTransforms", FourierTransforms.operators),
    ("ShortTimeFourier", ShortTimeFourier.operators),
    ("WindowFunctions", WindowFunctions.operators),
    ("RandomDistributions", RandomDistributions.operators),
    ("RandomFactories", RandomFactories.operators),
    ("FiniteDifferences", FiniteDifferences.operators),
    ("Quantiles", Quantiles.operators),
    ("Histograms", Histograms.operators),
    ("FloatingPointParts", FloatingPointParts.operators),
    ("SegmentReduction", SegmentReduction.operators),
    ("Resizing", Resizing.operators),
    ("InPlaceViews", InPlaceViews.operators),
    ("StaticIndexing", StaticIndexing.operators),
    ("RecurrentCells", RecurrentCells.operators),
    ("Recurrent", Recurrent.operators),
    ("RecurrentScan", RecurrentScan.operators),
    ("PackedSequences", PackedSequences.operators),
    ("DynamicInt8", DynamicInt8.operators),
    ("Detection", Detection.operators),
  ]

  /// Everything declared, without the derived twins.
  static var declared: [AnyOperator] { families.flatMap(\.operators) }

  /// The family that each registered operator belongs to, by qualified name.
  package static var familyNames: [String: String] { names }

  /// The operator `name`, without `aten::`, as the type its declaration has. For faces of operators whose declarations have no
  /// name in Swift: a wrong name or type stops the program at the first call.
  static func handle<O: AnyOperator>(_ name: String, as type: O.Type = O.self) -> O {
    guard let op = find("aten::" + name) as? O else { preconditionFailure("there is no operator \(name) of type \(O.self)") }
    return op
  }

  /// Calls an operator by name, with one argument for each parameter of its schema.
  public static func call(_ name: String, _ arguments: [Value]) throws -> [Value] {
    guard let op = find(name) else { throw TorchError(.notImplemented, "there is no operator '\(name)'") }
    return try op.callBoxed(arguments)
  }
}
