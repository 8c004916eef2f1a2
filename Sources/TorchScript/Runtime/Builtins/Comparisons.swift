// Comparisons of numbers, strings, devices and members of enumerations; logic of Booleans.

import ComplexModule
import RealModule

extension JIT.Builtins {
  static let comparisons = family {
    equality("eq") { $0 }
    equality("ne") { !$0 }
    order("lt", <, <, <)
    order("gt", >, >, >)
    order("le", <=, <=, <=)
    order("ge", >=, >=, >=)
    JIT.Builtin("aten::__not__(bool self) -> bool") { (a: Bool) in !a }
    JIT.Builtin("aten::__and__.bool(bool a, bool b) -> bool") { (a: Bool, b: Bool) in a && b }
    JIT.Builtin("aten::__or__.bool(bool a, bool b) -> bool") { (a: Bool, b: Bool) in a || b }
    JIT.Builtin("aten::__xor__.bool(bool a, bool b) -> bool") { (a: Bool, b: Bool) in a != b }
  }

  static let bits = family {
    JIT.Builtin("aten::__and__.int(int a, int b) -> int") { (a: Int, b: Int) in a & b }
    JIT.Builtin("aten::__or__.int(int a, int b) -> int") { (a: Int, b: Int) in a | b }
    JIT.Builtin("aten::__xor__.int(int a, int b) -> int") { (a: Int, b: Int) in a ^ b }
    // The count is taken modulo 64, as the processor's instructions do.
    JIT.Builtin("aten::__lshift__.int(int a, int b) -> int") { (a: Int, b: Int) in a &<< b }
    JIT.Builtin("aten::__rshift__.int(int a, int b) -> int") { (a: Int, b: Int) in a &>> b }
  }

  /// `eq`, or `ne` where `result` negates.
  private static func equality(_ name: String, _ result: @escaping (Bool) -> Bool) -> [JIT.Builtin] {
    let complexPairs = ["float_complex", "complex_float"].map { overload in
      let types = overload.split(separator: "_")
      return JIT.Builtin("aten::\(name).\(overload)(\(types[0]) a, \(types[1]) b) -> bool") { (a: C, b: C) in
        result(same(a, b))
      }
    }
    return [
      JIT.Builtin("aten::\(name).device(Device a, Device b) -> bool") { (a: Device, b: Device) in result(a == b) },
      JIT.Builtin("aten::\(name).bool(bool a, bool b) -> bool") { (a: Bool, b: Bool) in result(a == b) },
      JIT.Builtin("aten::\(name).enum(AnyEnumType a, AnyEnumType b) -> bool") { (a: JIT.IValue, b: JIT.IValue) in
        result(a.isSameMember(b))
      },
      JIT.Builtin("aten::\(name).int(int a, int b) -> bool") { (a: Int, b: Int) in result(a == b) },
      JIT.Builtin("aten::\(name).complex(complex a, complex b) -> bool") { (a: C, b: C) in result(same(a, b)) },
      JIT.Builtin("aten::\(name).float(float a, float b) -> bool") { (a: Double, b: Double) in result(a == b) },
      JIT.Builtin("aten::\(name).int_float(int a, float b) -> bool") { (a: Double, b: Double) in result(a == b) },
      JIT.Builtin("aten::\(name).float_int(float a, int b) -> bool") { (a: Double, b: Double) in result(a == b) },
    ] + complexPairs + [
      JIT.Builtin("aten::\(name)(Scalar a, Scalar b) -> bool") { (a: Scalar, b: Scalar) -> Bool in
        if a.isInteger, b.isInteger { return result(a.intValue == b.intValue) }
        return result(same(a.complexValue, b.complexValue))
      },
      JIT.Builtin("aten::\(name).str(str a, str b) -> bool") { (a: String, b: String) in
        result(a.utf8.elementsEqual(b.utf8))
      },
    ]
  }

  private static func order(
    _ name: String, _ ints: @escaping (Int, Int) -> Bool, _ floats: @escaping (Double, Double) -> Bool,
    _ strings: @escaping (Int, Int) -> Bool
  ) -> [JIT.Builtin] {
    realPairs("aten::" + name, scalar: ("", "bool"), ints: ints, floats: floats) + [
      JIT.Builtin("aten::\(name).str(str a, str b) -> bool") { (a: String, b: String) in strings(order(a, b), 0) }
    ]
  }

  /// -1, 0 or 1: the order of the bytes, not of Unicode.
  static func order(_ a: String, _ b: String) -> Int {
    if a.utf8.lexicographicallyPrecedes(b.utf8) { return -1 }
    return b.utf8.lexicographicallyPrecedes(a.utf8) ? 1 : 0
  }

  /// Equality part by part. `Complex` holds all numbers with an infinite part for equal.
  static func same(_ a: C, _ b: C) -> Bool {
    let ((ax, ay), (bx, by)) = (a.rawStorage, b.rawStorage)
    return ax == bx && ay == by
  }
}

extension JIT.IValue {
  fileprivate func isSameMember(_ other: JIT.IValue) -> Bool {
    guard case .enumeration(let a, let name) = self, case .enumeration(let b, let otherName) = other else {
      return false
    }
    return a == b && name == otherName
  }
}
