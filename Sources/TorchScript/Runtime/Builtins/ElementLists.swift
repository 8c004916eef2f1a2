// Functions of lists that compare, order or add up their elements.

import ComplexModule
import RealModule

extension JIT.Builtins {
  static let elementLists = family {
    finding(Int.self, ==)
    finding(Double.self, ==)
    finding(Bool.self, ==)
    finding(Tensor.self, tensorsEqual)
    finding(String.self, ==)
    contains(Int.self)
    contains(String.self)
    contains(Double.self)
    equality(Int.self, "int_list", ==)
    equality(Double.self, "float_list", ==)
    equality(Tensor.self, "Tensor_list", tensorsEqual)
    equality(Bool.self, "bool_list", ==)
    equality(String.self, "str_list", ==)
    sorting(Int.self, <)
    sorting(Double.self, <)
    sorting(Tensor.self) { try truth(of: $0.lt($1)) }
    sorting(Bool.self) { !$0 && $1 }
    sorting(String.self) { order($0, $1) < 0 }
    sortingObjects
    extremes(Int.self, <)
    extremes(Double.self, <)
    extremes(Bool.self) { !$0 && $1 }
    JIT.Builtin("aten::sum.int(int[] self) -> int") { (x: [Int]) in x.reduce(0, &+) }
    JIT.Builtin("aten::sum.float(float[] self) -> float") { (x: [Double]) in x.reduce(0, +) }
    JIT.Builtin("aten::sum.complex(complex[] self) -> complex") { (x: [C]) in x.reduce(0, +) }
    JIT.Builtin("aten::sum.bool(bool[] self) -> int") { (x: [Bool]) in x.count { $0 } }
    JIT.Builtin("aten::any.str(str[] self) -> bool") { (x: [String]) in x.contains { !$0.isEmpty } }
    JIT.Builtin("aten::any.int(int[] self) -> bool") { (x: [Int]) in x.contains { $0 != 0 } }
    JIT.Builtin("aten::any.float(float[] self) -> bool") { (x: [Double]) in x.contains { $0 != 0 } }
    JIT.Builtin("aten::any.bool(bool[] self) -> bool") { (x: [Bool]) in x.contains(true) }
    JIT.Builtin("aten::all.int(int[] self) -> bool") { (x: [Int]) in !x.contains(0) }
    JIT.Builtin("aten::all.float(float[] self) -> bool") { (x: [Double]) in !x.contains(0) }
    JIT.Builtin("aten::all.bool(bool[] self) -> bool") { (x: [Bool]) in !x.contains(false) }
    JIT.Builtin("prim::rangelist(int n) -> int[]") { (n: Int) in Array(0..<max(n, 0)) }
    JIT.Builtin("aten::__range_length(int lo, int hi, int step) -> int") { (low: Int, high: Int, step: Int) in
      guard step != 0 else { throw TorchError(.value, "range() arg 3 must not be zero") }
      if step > 0, low < high { return 1 + (high - 1 - low) / step }
      return step < 0 && low > high ? 1 + (low - 1 - high) / (0 - step) : 0
    }
    JIT.Builtin("aten::__derive_index(int index, int start, int step) -> int") { (index: Int, start: Int, step: Int) in
      start &+ index &* step
    }
  }

  private typealias Element = JIT.BuiltinElement

  /// As Python has it: `bool(a == b)`, which needs a comparison with one element.
  private static func tensorsEqual(_ a: Tensor, _ b: Tensor) throws -> Bool { try truth(of: a.eq(b)) }

  private static func truth(of x: Tensor) throws -> Bool {
    try Bool.read(JIT.IValue(OperatorRegistry.call("aten::is_nonzero", [.tensor(x)])[0]))
  }

  private static func finding<T: Element>(_: T.Type, _ equal: @escaping (T, T) throws -> Bool) -> [JIT.Builtin] {
    let name = T.schemaName
    func first(_ list: List, _ element: T) throws -> Int? {
      try list.items.firstIndex { try equal(element, T.read($0)) }
    }
    return [
      JIT.Builtin(procedure: "aten::remove.\(name)(\(name)[](a!) self, \(name) el) -> ()") { (list: List, element: T) in
        guard let place = try first(list, element) else { throw TorchError(.value, "list.remove(x): x not in list") }
        list.items.remove(at: place)
      },
      JIT.Builtin("aten::index.list_\(name)(\(name)[] self, \(name) el) -> int") { (list: List, element: T) in
        guard let place = try first(list, element) else {
          throw TorchError(.value, "'\(element.ivalue.elementText)' is not in list")
        }
        return place
      },
      JIT.Builtin("aten::count.\(name)(\(name)[] self, \(name) el) -> int") { (list: List, element: T) in
        try list.items.count { try equal(element, T.read($0)) }
      },
    ]
  }

  private static func contains<T: Element & Equatable>(_: T.Type) -> JIT.Builtin {
    let name = T.schemaName
    return JIT.Builtin("aten::__contains__.\(name)_list(\(name)[] l, \(name) item) -> bool") { (list: [T], item: T) in
      list.contains(item)
    }
  }

  private static func equality<T: Element>(
    _: T.Type, _ overload: String, _ equal: @escaping (T, T) throws -> Bool
  ) -> [JIT.Builtin] {
    func same(_ a: [T], _ b: [T]) throws -> Bool {
      try a.count == b.count && zip(a, b).allSatisfy { try equal($0, $1) }
    }
    let name = T.schemaName
    return [
      JIT.Builtin("aten::eq.\(overload)(\(name)[] a, \(name)[] b) -> bool") { (a: [T], b: [T]) in try same(a, b) },
      JIT.Builtin("aten::ne.\(overload)(\(name)[] a, \(name)[] b) -> bool") { (a: [T], b: [T]) in try !same(a, b) },
    ]
  }

  private static func sorting<T: Element>(_: T.Type, _ less: @escaping (T, T) throws -> Bool) -> [JIT.Builtin] {
    let name = T.schemaName
    func ordered(_ list: List, reverse: Bool) throws -> [JIT.IValue] {
      try list.items.map(T.read).sorted { try reverse ? less($1, $0) : less($0, $1) }.map(\.ivalue)
    }
    return [
      JIT.Builtin(procedure: "aten::sort.\(name)(\(name)[](a!) self, bool reverse=False) -> ()") {
        (list: List, reverse: Bool) in
        list.items = try ordered(list, reverse: reverse)
      },
      JIT.Builtin("aten::sorted.\(name)(\(name)[](a) input) -> \(name)[]") { (list: List) in
        list.with(try ordered(list, reverse: false))
      },
    ]
  }

  /// Objects are ordered by their method `__lt__`, tuples by their elements.
  @Family private static var sortingObjects: [JIT.Builtin] {
    JIT.Builtin(procedure: "aten::sort.any(t[](a!) self, bool reverse=False) -> ()") { (list: List, reverse: Bool) in
      list.items = try list.items.sorted { try reverse ? $1.precedes($0) : $0.precedes($1) }
    }
    JIT.Builtin("aten::sorted.any(t[](a) self) -> t[]") { (list: List) in
      list.with(try list.items.sorted { try $0.precedes($1) })
    }
  }

  private static func extremes<T: Element>(_: T.Type, _ less: @escaping (T, T) -> Bool) -> [JIT.Builtin] {
    let name = T.schemaName
    /// Whether `a` comes before `b`, element by element.
    func precedes(_ a: List, _ b: List) throws -> Bool {
      for (x, y) in zip(a.items, b.items) {
        let (x, y) = (try T.read(x), try T.read(y))
        if less(x, y) { return true }
        if less(y, x) { return false }
      }
      return a.items.count < b.items.count
    }
    func extreme(_ list: [T], _ function: String, _ better: (T, T) -> Bool) throws -> T {
      guard let first = list.first else { throw TorchError(.value, "\(function)() arg is an empty sequence") }
      return list.dropFirst().reduce(first) { better($1, $0) ? $1 : $0 }
    }
    return [
      JIT.Builtin("prim::min.\(name)_list(\(name)[] l, \(name)[] r) -> \(name)[]") { (a: List, b: List) in
        try precedes(b, a) ? b : a
      },
      JIT.Builtin("prim::max.\(name)_list(\(name)[] l, \(name)[] r) -> \(name)[]") { (a: List, b: List) in
        try precedes(a, b) ? b : a
      },
      JIT.Builtin("prim::min.self_\(name)(\(name)[] self) -> \(name)") { (list: [T]) in try extreme(list, "min", less)
      },
      JIT.Builtin("prim::max.self_\(name)(\(name)[] self) -> \(name)") { (list: [T]) in
        try extreme(list, "max") { less($1, $0) }
      },
    ]
  }
}

extension JIT.IValue {
  /// As C++ streams write the element itself.
  fileprivate var elementText: String {
    switch self {
    case .bool(let value): value ? "1" : "0"
    case .double(let value): "\(value, format: ".6g")"
    default: printedText
    }
  }

  /// Whether it comes before `other` in a sorted list.
  fileprivate func precedes(_ other: JIT.IValue) throws -> Bool {
    switch (self, other) {
    case (.object(let object), .object):
      guard let method = object.type.method("__lt__") else {
        throw TorchError(
          .type,
          "Only list of Tensors, ints, floats, bools, strs, a User Defined Class that defines the __lt__ compare method or Tuples of aforementioned types can be sorted, got list of \(type) instead"
        )
      }
      return try Bool.read(method.call([self, other]))
    case (.tuple(let a), .tuple(let b)):
      for (x, y) in zip(a.items, b.items) {
        if try x.precedes(y) { return true }
        if try y.precedes(x) { return false }
      }
      return a.items.count < b.items.count
    case (.string(let a), .string(let b)): return JIT.Builtins.order(a, b) < 0
    case (.tensor(let a), .tensor(let b)): return try a.lt(b).item().boolValue
    default:
      guard let a = double, let b = other.double else {
        throw TorchError(.type, "values of type \(type) have no order")
      }
      return a < b
    }
  }
}
