// What kind of numbers a tensor holds, its conversions by name, and comparisons within tolerances.
// Reference: https://pytorch.org/docs/stable/tensors.html

extension Tensor {
  // MARK: Kinds

  /// Whether the dtype is a floating point type; complex types are not.
  public var isFloatingPoint: Bool { dtype.isFloatingPoint }
  public var isComplex: Bool { dtype.isComplex }
  /// Whether the dtype has negative numbers.
  public var isSigned: Bool { dtype != .bool && dtype != .uint8 }

  // MARK: Conversions

  public func byte() -> Tensor { to(.uint8) }
  public func char() -> Tensor { to(.int8) }
  public func short() -> Tensor { to(.int16) }
  public func cfloat() -> Tensor { to(.complex64) }
  public func cdouble() -> Tensor { to(.complex128) }
  /// The same values in the dtype of `other`.
  public func type(as other: Tensor) -> Tensor { to(other.dtype) }
  /// The same elements in the sizes of `other`.
  ///
  /// Errors: another number of elements is an error of kind `.shape`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.reshape_as.html
  public func reshape(as other: Tensor) -> Tensor { reshape(Array(other.shape)) }

  // MARK: Comparisons

  /// For each element whether |self − other| ≤ atol + rtol · |other|.
  ///
  /// ```swift
  /// print(Tensor([1.0, 2.0]).isclose(Tensor([1.0, 2.1])))   // tensor([ True, False])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.isclose.html
  public func isclose(_ other: Tensor, rtol: Double = 1e-5, atol: Double = 1e-8, equalNaN: Bool = false) -> Tensor {
    torch.isclose(self, other, rtol: rtol, atol: atol, equalNaN: equalNaN)
  }
  /// Whether all elements are close.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.allclose.html
  public func allclose(
    _ other: Tensor, rtol: Double = 1e-5, atol: Double = 1e-8, equalNaN: Bool = false
  ) throws -> Bool {
    try torch.allclose(self, other, rtol: rtol, atol: atol, equalNaN: equalNaN)
  }
}

extension torch {
  // MARK: dtypes

  /// The dtype of an operation on two operands.
  ///
  /// ```swift
  /// print(torch.resultType(Tensor([1, 2]), Tensor([1.0])))   // torch.float32
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.result_type.html
  public static func resultType(_ a: any TensorOrNumber, _ b: any TensorOrNumber) -> DType {
    var promotion = TypePromotion()
    promotion.add(a.operand)
    promotion.add(b.operand)
    return promotion.result
  }
  /// The smallest dtype that both convert to.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.promote_types.html
  public static func promoteTypes(_ a: DType, _ b: DType) -> DType { .promote(a, b) }
  /// Whether values of `from` may be written into a tensor of `to`: no complex ones into real ones, no floating point
  /// ones into integers, nothing but bools into bools.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.can_cast.html
  public static func canCast(_ from: DType, _ to: DType) -> Bool {
    from.category <= to.category
  }
  public static func isFloatingPoint(_ x: Tensor) -> Bool { x.isFloatingPoint }
  public static func isComplex(_ x: Tensor) -> Bool { x.isComplex }
  /// Whether the one element of `x` is not zero.
  ///
  /// Errors: another number of elements is an error of kind `.value`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.is_nonzero.html
  public static func isNonzero(_ x: Tensor) throws -> Bool { try ScalarOverloads.isNonzero.call(x) }

  // MARK: Sizes and places

  /// The sizes that tensors of the given ones broadcast to.
  ///
  /// ```swift
  /// print(try torch.broadcastShapes([3, 1], [2]))   // torch.Size([3, 2])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.broadcast_shapes.html
  public static func broadcastShapes(_ shapes: Shape...) throws -> Shape {
    try shapes.reduce([]) { try Shape.broadcast($0, $1) }
  }

  /// Flat places in an array of sizes `shape` as one tensor of coordinates for each dimension.
  ///
  /// ```swift
  /// print(torch.unravelIndex(Tensor([5]), [2, 3]))   // [tensor([1]), tensor([2])]
  /// ```
  /// Errors: indices that are not whole numbers are an error of kind `.dtype`, negative sizes one of kind `.value`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.unravel_index.html
  public static func unravelIndex(_ indices: Tensor, _ shape: Shape) -> [Tensor] {
    if indices.isValid, indices.dtype.isDifferentiable || indices.dtype == .bool {
      let name = indices.dtype.description
      return [
        .invalid(TorchError(.dtype, "expected 'indices' to be integer dtype, but got \(name)"))
      ]
    }
    if shape.contains(where: { $0 < 0 }) {
      let sizes = shape.map(String.init).joined(separator: ", ")
      return [
        .invalid(TorchError(.value, "'shape' cannot have negative values, but got (\(sizes))"))
      ]
    }
    var step = 1
    var coordinates: [Tensor] = []
    for size in shape.reversed() {
      coordinates.append(indices.floorDivide(step).remainder(Tensor(wrapping: .int(size))))
      step *= size
    }
    return coordinates.reversed()
  }
}
