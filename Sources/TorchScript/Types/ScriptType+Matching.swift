// Whether an argument fits a parameter of a schema, type variables included.

import Synchronization

extension JIT.ScriptType {
  /// Whether a value of this type can be an argument for a parameter of type `pattern`. Type variables in the pattern
  /// are looked up in `variables`; those that are not there are bound.
  func matches(_ pattern: JIT.ScriptType, _ variables: inout [String: JIT.ScriptType]) -> Bool {
    switch (self, pattern) {
    case (_, .variable(let name)):
      if let bound = variables[name] {
        guard let common = unified(with: bound) else { return false }
        variables[name] = common
      } else {
        variables[name] = self
      }
      return true
    case (.list(let a), .list(let b)): return a.matches(b, &variables)
    case (.dict(let key, let value), .dict(let patternKey, let patternValue)):
      return key.matches(patternKey, &variables) && value.matches(patternValue, &variables)
    case (.future(let a), .future(let b)): return a.matches(b, &variables)
    case (.tuple(let a), .tuple(let b)) where a.count == b.count:
      return zip(a, b).allSatisfy { $0.matches($1, &variables) }
    case (.none, .optional): return true
    case (.optional(let a), .optional(let b)): return a.matches(b, &variables)
    case (_, .optional(let b)): return matches(b, &variables)
    default: return isSubtype(of: pattern)
    }
  }

  /// The type with its variables replaced by what they are bound to.
  func substituting(_ variables: [String: JIT.ScriptType]) -> JIT.ScriptType {
    switch self {
    case .variable(let name): variables[name] ?? self
    case .list(let element): .list(element.substituting(variables))
    case .optional(let wrapped): .optional(wrapped.substituting(variables))
    case .future(let wrapped): .future(wrapped.substituting(variables))
    case .dict(let key, let value): .dict(key.substituting(variables), value.substituting(variables))
    case .tuple(let elements): .tuple(elements.map { $0.substituting(variables) })
    default: self
    }
  }
}

extension JIT.Signature {
  private static let signatures = Mutex<[ObjectIdentifier: JIT.Signature]>([:])

  /// The signature of a registered operator, made once.
  package static func cached(_ op: AnyOperator) -> JIT.Signature {
    let key = ObjectIdentifier(op)
    if let known = signatures.withLock({ $0[key] }) { return known }
    let made = JIT.Signature(op.schema)
    signatures.withLock { $0[key] = made }
    return made
  }
}
