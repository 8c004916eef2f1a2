// The regions that parameters and values of distributions lie in.
// Reference: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.constraints

extension distributions {
  /// A region, and a test whether values lie in it.
  ///
  /// ```swift
  /// print(distributions.Constraint.positive)                          // GreaterThan(lower_bound=0.0)
  /// print(distributions.Constraint.simplex.check(Tensor([0.5, 0.5])))   // tensor(True)
  /// ```
  public struct Constraint: CustomStringConvertible {
    public let description: String
    public let isDiscrete: Bool
    /// How many of the last dimensions make one value.
    public let eventDim: Int
    /// The bounds of a half-line or an interval.
    public let lowerBound, upperBound: (any TensorOrNumber)?
    /// The constraints that this one is made of: one of `independent`, several of `cat` and `stack`.
    public let parts: [Constraint]
    let layout: Layout?
    private let test: (Tensor) -> Tensor

    /// Where the parts of a constraint lie.
    enum Layout {
      case independent(Int)
      case cat(dim: Int, lengths: [Int])
      case stack(dim: Int)
    }

    public init(
      _ description: String, isDiscrete: Bool = false, eventDim: Int = 0, lowerBound: (any TensorOrNumber)? = nil,
      upperBound: (any TensorOrNumber)? = nil, test: @escaping (Tensor) -> Tensor
    ) {
      self.init(
        description, isDiscrete, eventDim, lowerBound, upperBound, parts: [], layout: nil, test: test)
    }

    init(
      _ description: String, _ isDiscrete: Bool, _ eventDim: Int, _ lowerBound: (any TensorOrNumber)? = nil,
      _ upperBound: (any TensorOrNumber)? = nil, parts: [Constraint], layout: Layout?,
      test: @escaping (Tensor) -> Tensor
    ) {
      (self.description, self.isDiscrete, self.eventDim) = (description, isDiscrete, eventDim)
      (self.lowerBound, self.upperBound, self.parts, self.layout) = (lowerBound, upperBound, parts, layout)
      self.test = test
    }

    /// The kind of region, by which a transform is found: the name in front of the parenthesis.
    public var name: String { String(description.prefix { $0 != "(" }) }

    /// For each value whether it lies inside: the sizes of `value` less the last `eventDim`.
    public func check(_ value: Tensor) -> Tensor { torch.noGrad { test(value) } }

    func holds(_ value: Tensor) -> Bool {
      value.numel == 0 || ((try? check(value).all().item(Bool.self)) ?? false)
    }
  }
}

extension distributions.Constraint {
  public typealias Constraint = distributions.Constraint

  public static var real: Constraint { Constraint("Real()") { $0 .== $0 } }
  public static var realVector: Constraint { independent(real, 1) }
  public static var boolean: Constraint {
    Constraint("Boolean()", isDiscrete: true) { ($0 .== 0) .| ($0 .== 1) }
  }
  public static var oneHot: Constraint {
    Constraint("OneHot()", isDiscrete: true, eventDim: 1) {
      (($0 .== 0) .| ($0 .== 1)).all(dim: -1) .& ($0.sum(dim: -1) .== 1)
    }
  }
  public static var positive: Constraint { greaterThan(0.0) }
  public static var nonnegative: Constraint { greaterThanEq(0.0) }
  public static var unitInterval: Constraint { interval(0.0, 1.0) }
  public static var nonnegativeInteger: Constraint { integerGreaterThan(0) }
  public static var positiveInteger: Constraint { integerGreaterThan(1) }

  public static func greaterThan(_ bound: any TensorOrNumber) -> Constraint {
    let low = bound.operand
    return Constraint("GreaterThan(lower_bound=\(distributions.text(bound)))", lowerBound: bound) { $0 > low }
  }
  public static func greaterThanEq(_ bound: any TensorOrNumber) -> Constraint {
    let low = bound.operand
    return Constraint("GreaterThanEq(lower_bound=\(distributions.text(bound)))", lowerBound: bound) { $0 >= low }
  }
  public static func lessThan(_ bound: any TensorOrNumber) -> Constraint {
    let high = bound.operand
    return Constraint("LessThan(upper_bound=\(distributions.text(bound)))", upperBound: bound) { $0 < high }
  }
  public static func interval(_ low: any TensorOrNumber, _ high: any TensorOrNumber) -> Constraint {
    let (a, b) = (low.operand, high.operand)
    let bounds = "lower_bound=\(distributions.text(low)), upper_bound=\(distributions.text(high))"
    return Constraint("Interval(\(bounds))", lowerBound: low, upperBound: high) { ($0 >= a) .& ($0 <= b) }
  }
  /// `low` belongs to it, `high` does not.
  public static func halfOpenInterval(_ low: any TensorOrNumber, _ high: any TensorOrNumber) -> Constraint {
    let (a, b) = (low.operand, high.operand)
    let bounds = "lower_bound=\(distributions.text(low)), upper_bound=\(distributions.text(high))"
    return Constraint("HalfOpenInterval(\(bounds))", lowerBound: low, upperBound: high) { ($0 >= a) .& ($0 < b) }
  }
  public static func integerInterval(_ low: any TensorOrNumber, _ high: any TensorOrNumber) -> Constraint {
    let (a, b) = (low.operand, high.operand)
    let bounds = "lower_bound=\(distributions.text(low)), upper_bound=\(distributions.text(high))"
    return Constraint("IntegerInterval(\(bounds))", isDiscrete: true) {
      isWhole($0) .& ($0 >= a) .& ($0 <= b)
    }
  }
  private static func integerGreaterThan(_ low: Int) -> Constraint {
    Constraint("IntegerGreaterThan(lower_bound=\(low))", isDiscrete: true) { isWhole($0) .& ($0 >= low) }
  }
  private static func isWhole(_ x: Tensor) -> Tensor { x.dtype.isFloatingPoint ? x.remainder(1) .== 0 : x .== x }

  /// Nonnegative, with sum 1 over the last dimension.
  public static var simplex: Constraint {
    Constraint("Simplex()", eventDim: 1) { x in
      let off: Tensor = (x.sum(dim: -1) - 1).abs()
      return (x >= 0).all(dim: -1) .& (off < 1e-6)
    }
  }
  /// Counts with a sum of at most `total`.
  public static func multinomial(_ total: Int) -> Constraint {
    Constraint("Multinomial()", isDiscrete: true, eventDim: 1) { x in
      (x >= 0).all(dim: -1) .& (x.sum(dim: -1) <= total)
    }
  }
}
