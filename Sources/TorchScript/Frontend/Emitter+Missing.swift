// Names of operators in code that cannot be compiled, because the results of others before them are not known.

extension JIT.Emitter {
  func collectMissing(_ statements: [Syntax.Statement]) {
    for statement in statements {
      switch statement.kind {
      case .expression(let value): collect(value)
      case .assign(let targets, _, let value):
        targets.forEach(collect)
        value.map(collect)
      case .augmentedAssign(let target, _, let value):
        collect(target)
        collect(value)
      case .if(let test, let then, let otherwise):
        collect(test)
        collectMissing(then + otherwise)
      case .while(let test, let body):
        collect(test)
        collectMissing(body)
      case .for(_, let iterable, let body):
        collect(iterable)
        collectMissing(body)
      case .with(let contexts, let body):
        for context in contexts { collect(context.context) }
        collectMissing(body)
      case .return(let value), .raise(let value): value.map(collect)
      case .assert(let test, let message):
        collect(test)
        message.map(collect)
      case .function(let definition): collectMissing(definition.body)
      case .delete, .break, .continue, .pass, .classDefinition, .import: break
      }
    }
  }

  private func collect(_ expression: Syntax.Expression) {
    switch expression.kind {
    case .call(let callee, let arguments):
      if let name = callee.dottedName, let kind = operatorName(name) {
        if !JIT.Candidate.isKnown(kind), kind != "aten::format" { unit.missing.append(kind) }
      } else {
        collect(callee)
      }
      for argument in arguments { collect(argument.value) }
    case .attribute(let base, _), .starred(let base), .unary(_, let base): collect(base)
    case .subscript(let base, let indices):
      collect(base)
      indices.forEach(collect)
    case .slice(let a, let b, let c): [a, b, c].compactMap { $0 }.forEach(collect)
    case .tuple(let items), .list(let items): items.forEach(collect)
    case .dict(let pairs):
      for pair in pairs {
        collect(pair.key)
        collect(pair.value)
      }
    case .listComprehension(let item, let comprehension):
      collect(item)
      collect(comprehension.iterable)
    case .dictComprehension(let key, let value, let comprehension):
      collect(key)
      collect(value)
      collect(comprehension.iterable)
    case .binary(_, let a, let b), .comparison(_, let a, let b), .and(let a, let b), .or(let a, let b):
      collect(a)
      collect(b)
    case .conditional(let test, let then, let otherwise): [test, then, otherwise].forEach(collect)
    case .formatted(let pieces):
      for case .value(let value, _) in pieces { collect(value) }
    default: break
    }
  }

  /// `aten::relu` of `torch.relu` in archives, `prim::min` of `ops.prim.min`.
  private func operatorName(_ dotted: String) -> String? {
    let parts = dotted.split(separator: ".")
    if parts.count == 2, parts[0] == "torch" { return file.isArchived ? "aten::\(parts[1])" : nil }
    if parts.count == 3, parts[0] == "ops" { return "\(parts[1])::\(parts[2])" }
    return nil
  }
}
