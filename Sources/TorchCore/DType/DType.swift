// The element types of tensors.
//
// Raw values are PyTorch's ScalarType codes, so that archives, boxed calls and kernels need no translation.
// Reference: https://pytorch.org/docs/stable/tensor_attributes.html#torch.dtype

/// The type of a tensor's elements.
///
/// ```swift
/// print(Tensor([1, 2]).dtype)   // torch.int64
/// ```
public enum DType: Int32, Sendable, Hashable, CaseIterable {
  case uint8 = 0
  case int8 = 1
  case int16 = 2
  case int32 = 3
  case int64 = 4
  case float16 = 5
  case float32 = 6
  case float64 = 7
  case complex64 = 9
  case complex128 = 10
  case bool = 11
  case bfloat16 = 15

  /// Bytes an element takes.
  public var itemSize: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .int16, .float16, .bfloat16: 2
    case .int32, .float32: 4
    case .int64, .float64, .complex64: 8
    case .complex128: 16
    }
  }

  /// PyTorch's name without the `torch.` prefix: `float32`.
  public var name: String {
    switch self {
    case .uint8: "uint8"
    case .int8: "int8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .float16: "float16"
    case .float32: "float32"
    case .float64: "float64"
    case .complex64: "complex64"
    case .complex128: "complex128"
    case .bool: "bool"
    case .bfloat16: "bfloat16"
    }
  }

  /// The dtype of this `name` (`float32`, also `float`, `double`, `long`, … as PyTorch's aliases have it).
  public init?(name: String) {
    let aliases: [String: DType] = [
      "float": .float32, "double": .float64, "half": .float16, "int": .int32, "long": .int64, "short": .int16,
      "cfloat": .complex64, "cdouble": .complex128,
    ]
    guard let found = aliases[name] ?? DType.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  /// The C++ type name that PyTorch's messages use: `Float`, `Long`, …
  public var scalarTypeName: String {
    switch self {
    case .uint8: "Byte"
    case .int8: "Char"
    case .int16: "Short"
    case .int32: "Int"
    case .int64: "Long"
    case .float16: "Half"
    case .float32: "Float"
    case .float64: "Double"
    case .complex64: "ComplexFloat"
    case .complex128: "ComplexDouble"
    case .bool: "Bool"
    case .bfloat16: "BFloat16"
    }
  }

  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    default: false
    }
  }

  public var isComplex: Bool { self == .complex64 || self == .complex128 }

  /// Integers, `bool` not among them.
  public var isInteger: Bool { category == .integer }

  public var isSigned: Bool { self != .uint8 && self != .bool }

  /// Whether tensors of this type can have gradients.
  public var isDifferentiable: Bool { isFloatingPoint || isComplex }

  /// The type of the real and imaginary parts; a real type itself.
  public var realType: DType {
    switch self {
    case .complex64: .float32
    case .complex128: .float64
    default: self
    }
  }

  /// The complex type whose parts have this type.
  public var complexType: DType {
    switch self {
    case .float64, .complex128: .complex128
    default: .complex64
    }
  }

  enum Category: Int, Comparable {
    case bool, integer, floating, complex
    static func < (a: Category, b: Category) -> Bool { a.rawValue < b.rawValue }
  }

  var category: Category {
    switch self {
    case .bool: .bool
    case .uint8, .int8, .int16, .int32, .int64: .integer
    case .float16, .bfloat16, .float32, .float64: .floating
    case .complex64, .complex128: .complex
    }
  }
}

extension DType: CustomStringConvertible {
  public var description: String { "torch." + name }
}
