// Whether two values are the same one; what a value is without its optional; hashes.

import ComplexModule

extension JIT.Builtins {
  static let identities = family {
    JIT.Builtin("aten::__is__(t1 self, t2 obj) -> bool") { (a: JIT.IValue, b: JIT.IValue) in a.isIdentical(to: b) }
    JIT.Builtin("aten::__isnot__(t1 self, t2 obj) -> bool") { (a: JIT.IValue, b: JIT.IValue) in !a.isIdentical(to: b) }
    JIT.Builtin("aten::_unwrap_optional(t(a)? optional) -> t(a)") { (value: JIT.IValue) -> JIT.IValue in
      if value.isNone { throw TorchError(.value, "Unwrapping null optional") }
      return value
    }
    JIT.Builtin("prim::unchecked_unwrap_optional(t(a)? optional) -> t(a)") { (value: JIT.IValue) in value }
    JIT.Builtin("prim::IfThenElse(bool cond, Any(a) x, Any(b) y) -> Any(b|a)") {
      (condition: Bool, x: JIT.IValue, y: JIT.IValue) in
      condition ? x : y
    }
    JIT.Builtin("prim::id(AnyClassType? x) -> int") { (value: JIT.IValue) in
      value.reference.map { Int(bitPattern: Unmanaged.passUnretained($0).toOpaque()) } ?? 0
    }
    JIT.Builtin("aten::hash.generic(t value) -> int") { (value: JIT.IValue) in try value.hashCode() }
  }
}

extension JIT.IValue {
  /// Whether both are the same object, or equal where values have no identity.
  public func isIdentical(to other: JIT.IValue) -> Bool {
    if let a = reference, let b = other.reference { return a === b }
    return switch (self, other) {
    case (.none, .none): true
    case (.int(let a), .int(let b)): a == b
    case (.double(let a), .double(let b)): a == b
    case (.bool(let a), .bool(let b)): a == b
    case (.complex(let a), .complex(let b)): a == b
    case (.string(let a), .string(let b)): a == b
    case (.device(let a), .device(let b)): a == b
    case (.enumeration(let a, let x), .enumeration(let b, let y)): a == b && x == y
    default: false
    }
  }

  fileprivate var reference: AnyObject? {
    switch self {
    case .tensor(let value): value
    case .quantized(let value): value
    case .list(let value): value
    case .tuple(let value): value
    case .dict(let value): value
    case .object(let value): value
    case .function(let value): value
    case .future(let value): value
    case .generator(let value): value
    case .none, .int, .double, .bool, .complex, .string, .device, .enumeration: nil
    }
  }

  /// A number that equal values share. It is the same in every run, and PyTorch's for ints, Booleans and `None`.
  fileprivate func hashCode() throws -> Int {
    func mixed(_ parts: some Sequence<Int>) -> Int {
      // As boost::hash_combine does.
      parts.reduce(0) { seed, part in seed ^ (part &+ 0x9E37_79B9 &+ (seed &<< 6) &+ (seed &>> 2)) }
    }
    switch self {
    case .none: return 0
    case .int(let value): return value
    case .bool(let value): return value ? 1 : 0
    case .double(let value): return mixed([Int(bitPattern: UInt(value == 0 ? 0 : value.bitPattern))])
    case .complex(let value):
      return mixed([value.rawStorage.x, value.rawStorage.y].map { Int(bitPattern: UInt($0 == 0 ? 0 : $0.bitPattern)) })
    case .string(let value): return mixed(value.utf8.map(Int.init))
    case .device(let value): return mixed(value.description.utf8.map(Int.init))
    case .enumeration(_, let name): return mixed(name.utf8.map(Int.init))
    case .tuple(let tuple): return mixed(try tuple.items.map { try $0.hashCode() })
    case .tensor, .quantized, .object, .function, .future, .generator:
      return reference.map { Int(bitPattern: Unmanaged.passUnretained($0).toOpaque()) } ?? 0
    case .list, .dict: throw TorchError(.type, "Can't hash \(tagKind)")
    }
  }
}
