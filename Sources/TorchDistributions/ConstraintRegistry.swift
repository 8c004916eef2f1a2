// Transforms from unconstrained numbers to the regions of constraints.
//
// Two registries: `bijectTo` gives bijections, `transformTo` also transforms that have no inverse but suit optimization
// better. The table of PyTorch's own constraints is one switch; what a user registers is looked at first.
// Reference: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.constraint_registry

import Synchronization

extension distributions {
  /// Finds the transform that maps all real numbers to the region of a constraint.
  ///
  /// ```swift
  /// let scale = try distributions.transformTo(.positive)(Tensor([0.0, 1.0]))   // tensor([1.0000, 2.7183])
  /// ```
  /// Errors: a constraint without a transform is an error of kind `.notImplemented`.
  /// Source: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.constraint_registry
  public final class ConstraintRegistry: Sendable {
    public typealias Factory = @Sendable (Constraint) throws -> Transform

    private let wantsBijection: Bool
    /// By the constraint's name. Registration is meant to be done once, at the start of a program.
    private let registered = Mutex<[String: Factory]>([:])

    fileprivate init(wantsBijection: Bool) { self.wantsBijection = wantsBijection }

    /// Uses `factory` for every constraint with the name of `constraint`, whatever its bounds are.
    public func register(_ constraint: Constraint, _ factory: @escaping Factory) {
      registered.withLock { $0[constraint.name] = factory }
    }

    public func callAsFunction(_ constraint: Constraint) throws -> Transform {
      if let factory = registered.withLock({ $0[constraint.name] }) { return try factory(constraint) }
      if let known = try known(constraint) { return known }
      let name = constraint.name == "MixtureSameFamilyConstraint" ? constraint.name : "_\(constraint.name)"
      throw TorchError(.notImplemented, "Cannot transform \(name) constraints")
    }

    private func known(_ constraint: Constraint) throws -> Transform? {
      switch constraint.layout {
      case .independent(let count): return IndependentTransform(try self(constraint.parts[0]), count)
      case .cat(let dim, let lengths):
        return CatTransform(try constraint.parts.map(callAsFunction), dim: dim, lengths: lengths)
      case .stack(let dim): return StackTransform(try constraint.parts.map(callAsFunction), dim: dim)
      case nil: break
      }
      switch (constraint.name, constraint.lowerBound, constraint.upperBound) {
      case ("Real", _, _): return identityTransform
      case ("GreaterThan", let low?, _), ("GreaterThanEq", let low?, _):
        // The class of the bound 0.0 and of any other bound is one and the same in PyTorch, too.
        return ComposeTransform([ExpTransform(), AffineTransform(low, 1)])
      case ("LessThan", _, let high?): return ComposeTransform([ExpTransform(), AffineTransform(high, -1)])
      case ("Interval", let low?, let high?), ("HalfOpenInterval", let low?, let high?):
        if isNumber(low, 0), isNumber(high, 1) { return SigmoidTransform() }
        return ComposeTransform([SigmoidTransform(), AffineTransform(low, difference(high, low))])
      case ("Simplex", _, _): return wantsBijection ? StickBreakingTransform() : SoftmaxTransform()
      case ("CorrCholesky", _, _): return CorrCholeskyTransform()
      case ("LowerCholesky", _, _): return wantsBijection ? nil : LowerCholeskyTransform()
      case ("PositiveDefinite", _, _), ("PositiveSemidefinite", _, _):
        return wantsBijection ? nil : PositiveDefiniteTransform()
      default: return nil
      }
    }

    private func isNumber(_ bound: any TensorOrNumber, _ value: Double) -> Bool {
      guard !(bound is Tensor) else { return false }
      return (try? bound.operand.item().doubleValue) == value
    }

    private func difference(_ high: any TensorOrNumber, _ low: any TensorOrNumber) -> any TensorOrNumber {
      if let high = high as? Int, let low = low as? Int { return high - low }
      if high is Tensor || low is Tensor { return high.operand - low.operand }
      return ((try? high.operand.item().doubleValue) ?? .nan) - ((try? low.operand.item().doubleValue) ?? .nan)
    }
  }

  /// Bijections onto the regions of constraints.
  public static let bijectTo = ConstraintRegistry(wantsBijection: true)
  /// Transforms, not all of them with an inverse, onto the regions of constraints.
  public static let transformTo = ConstraintRegistry(wantsBijection: false)
}
