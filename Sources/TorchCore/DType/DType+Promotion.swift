// Type promotion.
//
// The rule is PyTorch's (https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc): operands
// fall into three groups by priority (tensors with dimensions, zero-dimensional tensors, wrapped numbers); a
// lower group takes part only where its category (bool < integer < floating < complex) exceeds the higher ones'.

import CTorchKernelHeaders

extension DType {
  /// The default type of floating point results: literals, factories, integer division. `float32` at start.
  public static var `default`: DType { DType(rawValue: tk_default_dtype()) ?? .float32 }

  /// Sets the default floating point type of this process.
  public static func setDefault(_ dtype: DType) { tk_set_default_dtype(dtype.rawValue) }

  /// The smallest type that holds both, as `torch.promote_types` has it.
  public static func promote(_ a: DType, _ b: DType) -> DType {
    if a == b { return a }
    let (low, high) = a.category <= b.category ? (a, b) : (b, a)
    switch (low.category, high.category) {
    case (.bool, _):
      return high
    case (.integer, .integer):
      if low == .uint8 || high == .uint8 {
        let other = low == .uint8 ? high : low
        return other == .int8 ? .int16 : other
      }
      return low.itemSize >= high.itemSize ? low : high
    case (.integer, _):
      return high
    case (.floating, .floating):
      if low.itemSize == high.itemSize { return .float32 }  // float16 with bfloat16
      return low.itemSize > high.itemSize ? low : high
    case (.floating, .complex):
      return low == .float64 ? .complex128 : high
    default:
      return .complex128  // complex64 with complex128
    }
  }

  /// What a wrapped number of category `category` becomes beside tensors of type `dtype`.
  static func ofWrappedNumber(_ category: Category) -> DType {
    switch category {
    case .bool: .bool
    case .integer: .int64
    case .floating: .default
    case .complex: DType.default.complexType
    }
  }
}

/// Collects operands and answers with their common type (PyTorch's `result_type`).
struct TypePromotion {
  private var dimensioned: DType?
  private var zeroDimensional: DType?
  private var wrapped: DType?

  mutating func add(_ tensor: Tensor) {
    if tensor.isWrappedNumber {
      add(number: tensor.dtype.category)
    } else if tensor.shape.count == 0 {
      zeroDimensional = zeroDimensional.map { .promote($0, tensor.dtype) } ?? tensor.dtype
    } else {
      dimensioned = dimensioned.map { .promote($0, tensor.dtype) } ?? tensor.dtype
    }
  }

  mutating func add(_ scalar: Scalar) { add(number: scalar.category) }

  private mutating func add(number category: DType.Category) {
    let dtype = DType.ofWrappedNumber(category)
    wrapped = wrapped.map { .promote($0, dtype) } ?? dtype
  }

  var result: DType {
    combine(dimensioned, combine(zeroDimensional, wrapped)) ?? .default
  }

  private func combine(_ higher: DType?, _ lower: DType?) -> DType? {
    guard let higher else { return lower }
    guard let lower, lower.category > higher.category else { return higher }
    // A complex operand of lower priority takes the precision of the tensor it meets.
    return higher.category == .floating && lower.category == .complex ? higher.complexType : lower
  }
}
