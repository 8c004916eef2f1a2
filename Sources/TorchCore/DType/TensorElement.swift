// Swift types that tensor elements can be read as and made from.

import ComplexModule
import RealModule

/// A Swift number that can stand beside a tensor in an expression: `x * 2`, `1.0 - x`.
public protocol ScalarConvertible: Sendable {
  var scalar: Scalar { get }
}

extension Scalar: ScalarConvertible {
  public var scalar: Scalar { self }
}

/// A Swift type with a tensor dtype of its own.
public protocol TensorElement: ScalarConvertible, TensorLiteral {
  /// The dtype whose elements have this type's memory layout.
  static var dtype: DType { get }
  /// The dtype that a tensor literal of these values has: `Double` literals make the default floating type.
  static var literalDType: DType { get }
  init(_ scalar: Scalar)
}

extension TensorElement {
  public static var literalDType: DType { dtype }
}

extension Float: TensorElement {
  public static var dtype: DType { .float32 }
  public init(_ scalar: Scalar) { self = Float(scalar.doubleValue) }
  public var scalar: Scalar { .double(Double(self)) }
}

extension Double: TensorElement {
  public static var dtype: DType { .float64 }
  public static var literalDType: DType { .default }
  public init(_ scalar: Scalar) { self = scalar.doubleValue }
  public var scalar: Scalar { .double(self) }
}

extension Float16: TensorElement {
  public static var dtype: DType { .float16 }
  public init(_ scalar: Scalar) { self = Float16(scalar.doubleValue) }
  public var scalar: Scalar { .double(Double(self)) }
}

extension Bool: TensorElement {
  public static var dtype: DType { .bool }
  public init(_ scalar: Scalar) { self = scalar.boolValue }
  public var scalar: Scalar { .bool(self) }
}

extension Int: TensorElement {
  public static var dtype: DType { .int64 }
  public init(_ scalar: Scalar) { self = scalar.intValue }
  public var scalar: Scalar { .int(self) }
}

extension TensorElement where Self: FixedWidthInteger {
  public init(_ scalar: Scalar) { self = Self(truncatingIfNeeded: scalar.intValue) }
  public var scalar: Scalar { .int(Int(self)) }
}

extension Int64: TensorElement { public static var dtype: DType { .int64 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension Int16: TensorElement { public static var dtype: DType { .int16 } }
extension Int8: TensorElement { public static var dtype: DType { .int8 } }
extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }

extension Complex: ScalarConvertible where RealType: TensorElement {
  public var scalar: Scalar { .complex(Complex<Double>(real.scalar.doubleValue, imaginary.scalar.doubleValue)) }
}

extension Complex: TensorLiteral where RealType: TensorElement {}

extension Complex: TensorElement where RealType: TensorElement {
  public static var dtype: DType { RealType.dtype.complexType }
  public static var literalDType: DType { DType.default.complexType }
  public init(_ scalar: Scalar) {
    let z = scalar.complexValue
    self.init(RealType(Scalar.double(z.real)), RealType(Scalar.double(z.imaginary)))
  }
}

// MARK: - Literals

/// A number, or an array of such: what `Tensor([[1, 2], [3, 4]])` takes.
public protocol TensorLiteral {
  associatedtype Leaf: TensorElement
  /// Appends the numbers to `values`, and checks the sizes against those met first at each depth.
  func collect(into values: inout [Leaf], _ sizes: inout [Int?], depth: Int) throws
}

extension TensorElement {
  public func collect(into values: inout [Self], _ sizes: inout [Int?], depth: Int) throws { values.append(self) }
}

extension Array: TensorLiteral where Element: TensorLiteral {
  public func collect(into values: inout [Element.Leaf], _ sizes: inout [Int?], depth: Int) throws {
    if sizes.count <= depth { sizes.append(nil) }
    if let size = sizes[depth], size != count {
      throw TorchError(.value, "expected sequence of length \(size) at dim \(depth) (got \(count))")
    }
    sizes[depth] = count
    for element in self { try element.collect(into: &values, &sizes, depth: depth + 1) }
  }
}
