// What can be calculated with sparse tensors: as much as sums of gradients and optimizers need (Note [Sparse tensors]).

enum SparseCalculations {
  /// The results of the operator `name` where one of the arguments is sparse; nil where nothing is known of it.
  static func call(_ name: String, _ arguments: [Value]) throws -> [Value]? {
    guard let rule = rules[name] else { return nil }
    return try torch.noGrad { [.tensor(try rule(arguments))] }
  }

  private typealias Rule = @Sendable ([Value]) throws -> Tensor

  private static let rules: [String: Rule] = [
    "aten::add.Tensor": { try sum(tensor($0, 0), tensor($0, 1), scale: scalar($0, 2)) },
    "aten::sub.Tensor": { arguments in
      return try sum(tensor(arguments, 0), tensor(arguments, 1), scale: negated(scalar(arguments, 2)))
    },
    "aten::mul.Tensor": { arguments in
      let (a, b) = (try tensor(arguments, 0), try tensor(arguments, 1))
      return a.isSparse ? try mapped(a, by: b) { $0 * b } : try mapped(b, by: a) { $0 * a }
    },
    "aten::div.Tensor": { arguments in
      let (a, b) = (try tensor(arguments, 0), try tensor(arguments, 1))
      return try mapped(a, by: b) { $0 / b }
    },
    "aten::neg": { arguments in try mapped(tensor(arguments, 0)) { -$0 } },
    "aten::clone": { arguments in try mapped(tensor(arguments, 0)) { $0.clone() } },
    "aten::detach": { arguments in try mapped(tensor(arguments, 0)) { $0 } },
  ]

  private static func tensor(_ arguments: [Value], _ index: Int) throws -> Tensor {
    guard let tensor = arguments[index].tensor else { throw TorchError(.type, "expected a tensor") }
    return tensor
  }

  private static func scalar(_ arguments: [Value], _ index: Int) -> Scalar {
    if case .scalar(let value) = arguments[index] { value } else { 1 }
  }

  private static func negated(_ scale: Scalar) -> Scalar {
    switch scale {
    case .int(let value): .int(-value)
    case .bool(let value): .int(value ? -1 : 0)
    default: .double(-scale.doubleValue)
    }
  }

  private static func mapped(
    _ x: Tensor, by factor: Tensor? = nil, _ body: (Tensor) -> Tensor
  ) throws -> Tensor {
    guard let parts = x.sparseParts, factor.map({ $0.isValid && $0.ndim == 0 }) ?? true else {
      throw TorchError(.notImplemented, "a sparse tensor takes factors without dimensions only")
    }
    let values = body(parts.values)
    try values.checkValid()
    return Tensor(sparse: parts.with(values), size: x.shape)
  }

  /// `a + scale · b`, where `b`, or both, are sparse: a dense result, or all coordinates side by side.
  private static func sum(_ a: Tensor, _ b: Tensor, scale: Scalar) throws -> Tensor {
    guard let added = b.sparseParts else {
      throw TorchError(.notImplemented, "add(sparse, dense) is not supported. Use add(dense, sparse) instead.")
    }
    guard a.shape == b.shape else {
      throw TorchError(
        .shape,
        "add: expected 'self' and 'other' to have same size, but \(a.shape.listDescription) != \(b.shape.listDescription)")
    }
    guard let parts = a.sparseParts else { return try a.adding(added, scale) }
    guard parts.sparseDim == added.sparseDim else {
      throw TorchError(
        .shape,
        "add: expected 'self' and 'other' to have same density, but 'self' has \(parts.sparseDim) sparse dimensions while 'other' has \(added.sparseDim) sparse dimensions")
    }
    let scaled = scale.doubleValue == 1 ? added.values : added.values * Tensor(wrapping: scale)
    return Tensor(
      sparse: SparseParts(
        indices: torch.cat([parts.indices, added.indices], dim: 1), values: torch.cat([parts.values, scaled]),
        isCoalesced: false),
      size: a.shape)
  }
}
