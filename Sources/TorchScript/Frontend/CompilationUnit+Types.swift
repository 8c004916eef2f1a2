// Annotations become types, and the expressions of defaults become values.
//
// Reference: torch/csrc/jit/frontend/script_type_parser.cpp of PyTorch.

import ComplexModule

extension JIT.CompilationUnit {
  /// Types that need no qualifier, by their names in Python and in archives.
  static let basicTypes: [String: JIT.ScriptType] = [
    "Tensor": .tensor, "int": .int, "float": .float, "complex": .complex, "bool": .bool, "str": .string,
    "NoneType": .none, "None": .none, "Device": .device, "device": .device, "Generator": .generator,
    "Storage": .storage,
    "number": .number, "Number": .number, "Scalar": .number, "Any": .any, "AnyEnumType": .any, "AnyClassType": .any,
    "AnyListType": .any, "AnyTupleType": .any, "Layout": .int, "MemoryFormat": .int, "ScalarType": .int, "dtype": .int,
    "layout": .int, "memory_format": .int, "QScheme": .int, "Size": .list(.int), "Stream": .any, "Function": .function,
    "LongTensor": .tensor, "FloatTensor": .tensor, "IntTensor": .tensor, "DoubleTensor": .tensor, "BoolTensor": .tensor,
    "Parameter": .tensor,
  ]

  /// The type that an annotation names.
  func type(_ expression: Syntax.Expression, _ file: SourceFile) throws -> JIT.ScriptType {
    guard let type = try typeIfKnown(expression, file) else {
      let name = expression.dottedName ?? expression.lastName
      throw expression.position.error("Unknown type name '\(name)'", .type)
    }
    return type
  }

  /// The type that a text in an archive names: `Dict[str, List[__torch__.Point]]`.
  package func type(annotation text: String) throws -> JIT.ScriptType {
    guard let statement = try JIT.Parser.parse(text, file: "<type>").first, case .expression(let expression) = statement.kind
    else { throw TorchError(.serialization, "'\(text)' is no type") }
    return try type(expression, SourceFile("__torch__", isArchived: true))
  }

  /// The type that an expression names, if it names one.
  func typeIfKnown(_ expression: Syntax.Expression, _ file: SourceFile) throws -> JIT.ScriptType? {
    switch expression.kind {
    case .none: return JIT.ScriptType.none
    case .string(let text):
      // A forward reference.
      guard let statement = try JIT.Parser.parse(text, file: expression.position.source.file).first,
        case .expression(let inner) = statement.kind
      else { return nil }
      return try typeIfKnown(inner, file)
    case .name, .attribute:
      guard let name = expression.dottedName else { return nil }
      return try namedType(name, file)
    case .binary(.or, let a, let b):
      guard let a = try typeIfKnown(a, file), let b = try typeIfKnown(b, file) else { return nil }
      return JIT.ScriptType.union(of: [a, b])
    case .subscript(let base, let items): return try genericType(base, items, file)
    default: return nil
    }
  }

  private func namedType(_ name: String, _ file: SourceFile) throws -> JIT.ScriptType? {
    if !name.contains(".") {
      if !file.isArchived {
        if case .type(let type)? = try item(file.qualifier + "." + name) { return type }
        if case .type(let type)? = try item("__torch__." + name) { return type }
        if let alias = file.aliases[name], let type = try? typeIfKnown(alias, file) { return type }
      }
      return JIT.CompilationUnit.basicTypes[name] ?? JIT.CompilationUnit.bareGenerics[name]
    }
    if name.hasPrefix("__torch__.") {
      if case .type(let type)? = try item(name) { return type }
      return nil
    }
    let last = name.split(separator: ".").last.map(String.init) ?? name
    guard name.hasPrefix("torch.") || name.hasPrefix("typing.") else { return nil }
    let isPlain =
      name == "torch." + last || name == "typing." + last || name == "torch.nn.Parameter"
      || name == "torch.nn.parameter.Parameter"
    if isPlain, last != "int", last != "float", last != "bool", last != "complex",
      let type = JIT.CompilationUnit.basicTypes[last]
    {
      return type
    }
    if isPlain, name.hasPrefix("typing."), let type = JIT.CompilationUnit.bareGenerics[last] { return type }
    if case .type(let type)? = try item("__torch__." + name) { return type }
    return nil
  }

  /// Without parameters their elements are tensors.
  private static let bareGenerics: [String: JIT.ScriptType] = [
    "List": .list(.tensor), "list": .list(.tensor), "Dict": .dict(.string, .tensor), "dict": .dict(.string, .tensor),
    "Tuple": .tuple([]), "tuple": .tuple([]), "Optional": .optional(.tensor), "Future": .future(.tensor),
  ]

  private func genericType(
    _ base: Syntax.Expression, _ items: [Syntax.Expression], _ file: SourceFile
  ) throws -> JIT.ScriptType? {
    // `Tuple[()]`
    if base.lastName.lowercased() == "tuple", items.count == 1, case .tuple(let none) = items[0].kind, none.isEmpty {
      return .tuple([])
    }
    let parts = try items.map { try typeIfKnown($0, file) }
    let types = parts.compactMap { $0 }
    guard types.count == parts.count else {
      if let unknown = zip(items, parts).first(where: { $0.1 == nil })?.0 { return try type(unknown, file) }
      return nil
    }
    let name = base.lastName
    switch name {
    case "Optional" where types.count == 1: return JIT.ScriptType.union(of: [types[0], .none])
    case "Union": return JIT.ScriptType.union(of: types)
    case "List" where types.count == 1, "list" where types.count == 1: return .list(types[0])
    case "Dict" where types.count == 2, "dict" where types.count == 2: return .dict(types[0], types[1])
    case "Tuple", "tuple": return .tuple(types)
    case "Future" where types.count == 1, "Await" where types.count == 1: return .future(types[0])
    case "Final" where types.count == 1, "Annotated": return types[0]
    default:
      if name.hasPrefix("BroadcastingList"), types.count == 1 { return .list(types[0]) }
      throw base.position.error("Unknown type constructor \(name)", .type)
    }
  }

  // MARK: Constants

  /// The value of an expression that is known without running anything: a default, a class's constant.
  func constant(_ expression: Syntax.Expression, as type: JIT.ScriptType?, _ file: SourceFile) throws -> JIT.IValue {
    let wanted = type?.withoutOptional
    switch expression.kind {
    case .int(let value):
      switch wanted {
      case .float: return .double(Double(value))
      case .complex: return .complex(.init(Double(value), 0))
      case .list(let element):
        return .list(JIT.ListObject(element, [element == .float ? .double(Double(value)) : .int(value)]))
      default: return .int(value)
      }
    case .float(let value):
      if case .list(let element)? = wanted { return .list(JIT.ListObject(element, [.double(value)])) }
      return .double(value)
    case .imaginary(let value): return .complex(.init(0, value))
    case .bool(let value): return .bool(value)
    case .string(let text):
      if wanted == .device { return .device(try Device(text)) }
      return .string(text)
    case .none: return .none
    case .unary(.negate, let operand):
      switch try constant(operand, as: type, file) {
      case .int(let value): return .int(-value)
      case .double(let value): return .double(-value)
      case .complex(let value): return .complex(-value)
      default: break
      }
    case .unary(.not, let operand):
      if case .bool(let value) = try constant(operand, as: type, file) { return .bool(!value) }
    case .binary(let op, let a, let b):
      if let value = try arithmetic(op, constant(a, as: type, file), constant(b, as: type, file)) { return value }
    case .list(let items):
      let element: JIT.ScriptType? = if case .list(let element)? = wanted { element } else { nil }
      let values = try items.map { try constant($0, as: element, file) }
      return .list(JIT.ListObject(element ?? values.first?.type ?? .tensor, values))
    case .tuple(let items):
      // A list's default may be written as a tuple.
      if case .list(let element)? = wanted {
        return .list(JIT.ListObject(element, try items.map { try constant($0, as: element, file) }))
      }
      var elements: [JIT.ScriptType?] = items.map { _ in nil }
      if case .tuple(let types)? = wanted, types.count == items.count { elements = types }
      return .tuple(try zip(items, elements).map { try constant($0, as: $1, file) })
    case .dict(let pairs):
      var (key, value): (JIT.ScriptType?, JIT.ScriptType?) = (nil, nil)
      if case .dict(let k, let v)? = wanted { (key, value) = (k, v) }
      let entries = try pairs.map { (try constant($0.key, as: key, file), try constant($0.value, as: value, file)) }
      let dict = JIT.DictObject(key ?? entries.first?.0.type ?? .string, value ?? entries.first?.1.type ?? .tensor)
      for (key, value) in entries { dict[try key.key()] = value }
      return .dict(dict)
    case .call(let callee, let arguments):
      switch (callee.lastName, arguments.count) {
      case ("annotate", 2): return try constant(arguments[1].value, as: self.type(arguments[0].value, file), file)
      case ("float", 1):
        if case .string(let text) = arguments[0].value.kind, let value = Double(text) { return .double(value) }
        if let value = try constant(arguments[0].value, as: .float, file).double { return .double(value) }
      case ("device", 1):
        if case .string(let text) = arguments[0].value.kind { return .device(try Device(text)) }
      case ("int", 1):
        if let value = try constant(arguments[0].value, as: .int, file).double { return .int(Int(value)) }
      default:
        // A named tuple as a default.
        if let name = callee.dottedName, case .namedTuple(let named)? = try namedType(name, file),
          named.fields.count == arguments.count
        {
          let items = try zip(arguments, named.fields).map { try constant($0.value, as: $1.type, file) }
          return .tuple(JIT.TupleObject(items, type: named))
        }
      }
    case .name, .attribute:
      if let name = expression.dottedName, let value = try namedConstant(name, file) { return value }
    default: break
    }
    throw expression.position.error("Expected a constant, such as the default of a parameter")
  }

  private func arithmetic(
    _ op: Syntax.BinaryOperator, _ a: JIT.IValue, _ b: JIT.IValue
  ) -> JIT.IValue? {
    if case .int(let a) = a, case .int(let b) = b {
      switch op {
      case .add: return .int(a &+ b)
      case .sub: return .int(a &- b)
      case .mul: return .int(a &* b)
      case .floordiv where b != 0: return .int(Int((Double(a) / Double(b)).rounded(.down)))
      default: break
      }
    }
    guard let x = a.double, let y = b.double else { return nil }
    switch op {
    case .add: return .double(x + y)
    case .sub: return .double(x - y)
    case .mul: return .double(x * y)
    case .divide: return .double(x / y)
    default: return nil
    }
  }

  /// The value of a name that stands for a constant everywhere.
  func namedConstant(_ name: String, _ file: SourceFile) throws -> JIT.IValue? {
    switch name {
    case "inf", "math.inf", "torch.inf", "infinity": return .double(.infinity)
    case "nan", "math.nan", "torch.nan": return .double(.nan)
    case "math.pi", "torch.pi": return .double(.pi)
    case "math.e", "torch.e": return .double(2.718281828459045)
    case "math.tau": return .double(2 * .pi)
    case "infj": return .complex(.init(0, .infinity))
    case "nanj": return .complex(.init(0, .nan))
    case "torch.strided", "torch.contiguous_format": return .int(0)
    case "torch.preserve_format": return .int(1)
    case "torch.sparse_coo": return .int(1)
    case "torch.channels_last": return .int(2)
    case "torch.channels_last_3d": return .int(3)
    default: break
    }
    if name.hasPrefix("CONSTANTS.c"), let index = Int(name.dropFirst("CONSTANTS.c".count)) {
      guard constants.indices.contains(index) else {
        throw TorchError(.serialization, "the archive has no constant \(name)")
      }
      return constants[index]
    }
    if name.hasPrefix("torch."), let dtype = DType(name: String(name.dropFirst(6))) { return .int(Int(dtype.rawValue)) }
    // A member of an enumeration.
    if let dot = name.lastIndex(of: "."), case .enumeration(let type)? = try namedType(String(name[..<dot]), file) {
      let member = String(name[name.index(after: dot)...])
      if type.members.contains(where: { $0.name == member }) { return .enumeration(type, member) }
    }
    if !name.contains("."), !file.isArchived, let alias = file.aliases[name] {
      return try? constant(alias, as: nil, file)
    }
    return nil
  }
}

extension JIT.ScriptType {
  /// The union of types, as simple as it can be said: `Optional[T]` for one type and None.
  static func union(of types: [JIT.ScriptType]) -> JIT.ScriptType {
    var members: [JIT.ScriptType] = []
    func add(_ type: JIT.ScriptType) {
      switch type {
      case .union(let inner): inner.forEach(add)
      case .optional(let inner):
        add(inner)
        add(.none)
      default: if !members.contains(type) { members.append(type) }
      }
    }
    types.forEach(add)
    if members.count == 1 { return members[0] }
    let others = members.filter { $0 != .none }
    if members.count == 2, others.count == 1 { return .optional(others[0]) }
    return .union(members)
  }
}
