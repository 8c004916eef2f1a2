// The overloads that functions of numbers come in, as PyTorch lists them.
//
// `Scalar` overloads stand last: an int finds the one for ints first.

import ComplexModule
import RealModule

extension JIT.Builtins {
  typealias C = Complex<Double>

  /// Functions of a real number, given for ints and for floats.
  static func unary<I: JIT.BuiltinElement, F: JIT.BuiltinElement>(
    _ name: String, ints: @escaping (Int) throws -> I, floats: @escaping (Double) throws -> F
  ) -> [JIT.Builtin] {
    [
      JIT.Builtin("aten::\(name).int(int a) -> \(I.schemaName)", ints),
      JIT.Builtin("aten::\(name).float(float a) -> \(F.schemaName)", floats),
      JIT.Builtin("aten::\(name).Scalar(Scalar a) -> Scalar") { (a: Scalar) -> JIT.IValue in
        if case .double(let value) = a { return try floats(value).ivalue.inSinglePrecision }
        return try ints(a.intValue).ivalue.inSinglePrecision
      },
    ]
  }

  /// Functions to floats of a real number.
  static func unary(_ name: String, _ floats: @escaping (Double) -> Double) -> [JIT.Builtin] {
    unary(name, ints: { floats(Double($0)) }, floats: floats)
  }

  /// Functions of ints, floats and complex numbers.
  static func unary<I: JIT.BuiltinElement, F: JIT.BuiltinElement, Z: JIT.BuiltinElement>(
    _ qualifiedName: String, ints: @escaping (Int) throws -> I, floats: @escaping (Double) throws -> F,
    complexes: @escaping (C) throws -> Z
  ) -> [JIT.Builtin] {
    [
      JIT.Builtin("\(qualifiedName).int(int a) -> \(I.schemaName)", ints),
      JIT.Builtin("\(qualifiedName).float(float a) -> \(F.schemaName)", floats),
      JIT.Builtin("\(qualifiedName).complex(complex a) -> \(Z.schemaName)", complexes),
      JIT.Builtin("\(qualifiedName).Scalar(Scalar a) -> Scalar") { (a: Scalar) -> JIT.IValue in
        switch a {
        case .double(let value): try floats(value).ivalue.inSinglePrecision
        case .complex(let value): try complexes(value).ivalue
        case .int, .bool: try ints(a.intValue).ivalue.inSinglePrecision
        }
      },
    ]
  }

  static func unary(
    _ name: String, _ floats: @escaping (Double) -> Double, _ complexes: @escaping (C) -> C
  ) -> [JIT.Builtin] {
    unary("aten::" + name, ints: { floats(Double($0)) }, floats: floats, complexes: complexes)
  }

  /// Functions of two real numbers: pairs of ints, of floats, mixed pairs, `Scalar`s.
  /// - Parameter scalar: Overload and result of the one for `Scalar`s; PyTorch names them differently.
  static func realPairs<I: JIT.BuiltinElement, F: JIT.BuiltinElement>(
    _ name: String, scalar: (overload: String, result: String),
    ints: @escaping (Int, Int) throws -> I, floats: @escaping (Double, Double) throws -> F
  ) -> [JIT.Builtin] {
    [
      JIT.Builtin("\(name).int(int a, int b) -> \(I.schemaName)", ints),
      JIT.Builtin("\(name).float(float a, float b) -> \(F.schemaName)", floats),
      JIT.Builtin("\(name).int_float(int a, float b) -> \(F.schemaName)") { (a: Int, b: Double) in
        try floats(Double(a), b)
      },
      JIT.Builtin("\(name).float_int(float a, int b) -> \(F.schemaName)") { (a: Double, b: Int) in
        try floats(a, Double(b))
      },
      JIT.Builtin("\(name)\(scalar.overload)(Scalar a, Scalar b) -> \(scalar.result)") {
        (a: Scalar, b: Scalar) -> JIT.IValue in
        if a.isInteger, b.isInteger { return try ints(a.intValue, b.intValue).ivalue }
        return try floats(a.doubleValue, b.doubleValue).ivalue
      },
    ]
  }

  /// Functions to floats of two real numbers.
  static func realPairs(
    _ name: String, overload: String = "", _ floats: @escaping (Double, Double) throws -> Double
  ) -> [JIT.Builtin] {
    realPairs(
      "aten::" + name, scalar: (overload, "float"), ints: { try floats(Double($0), Double($1)) }, floats: floats)
  }

  /// Functions of two numbers that give one of the wider type.
  static func numberPairs(
    _ name: String, ints: @escaping (Int, Int) -> Int, floats: @escaping (Double, Double) -> Double,
    complexes: @escaping (C, C) -> C
  ) -> [JIT.Builtin] {
    [
      JIT.Builtin("aten::\(name).int(int a, int b) -> int", ints),
      JIT.Builtin("aten::\(name).complex(complex a, complex b) -> complex", complexes),
      JIT.Builtin("aten::\(name).float(float a, float b) -> float", floats),
    ]
      + ["int_complex", "complex_int", "float_complex", "complex_float"].map { overload in
        let types = overload.split(separator: "_")
        return JIT.Builtin("aten::\(name).\(overload)(\(types[0]) a, \(types[1]) b) -> complex", complexes)
      } + [
        JIT.Builtin("aten::\(name).int_float(int a, float b) -> float", floats),
        JIT.Builtin("aten::\(name).float_int(float a, int b) -> float", floats),
        JIT.Builtin("aten::\(name)(Scalar a, Scalar b) -> Scalar") { (a: Scalar, b: Scalar) -> Scalar in
          if a.isComplex || b.isComplex { return .complex(complexes(a.complexValue, b.complexValue)) }
          if a.isInteger, b.isInteger { return .int(ints(a.intValue, b.intValue)) }
          return .double(floats(a.doubleValue, b.doubleValue))
        },
      ]
  }
}

extension JIT.IValue {
  /// PyTorch's functions of a `Scalar` give their floats through a C++ `float`.
  fileprivate var inSinglePrecision: JIT.IValue {
    if case .double(let value) = self { .double(Double(Float(value))) } else { self }
  }
}

extension Scalar {
  var isComplex: Bool { if case .complex = self { true } else { false } }

  /// Whether it counts as an int does.
  var isInteger: Bool {
    switch self {
    case .int, .bool: true
    case .double, .complex: false
    }
  }
}
