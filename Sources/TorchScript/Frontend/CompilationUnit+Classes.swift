// What a class of the source text becomes: a class, a module, a named tuple, an enumeration or an interface.
//
// Archives write modules as
//
//   class Linear(Module):
//     __parameters__ = ["weight", "bias", ]
//     __buffers__ = []
//     weight : Tensor
//     __annotations__["0"] = __torch__.Part     (names that Python could not write)
//     in_features : Final[int] = 16
//     def forward(self: __torch__.Linear, input: Tensor) -> Tensor:

extension JIT.CompilationUnit {
  /// Declares a class under its qualified name.
  func declare(_ definition: Syntax.ClassDefinition, _ name: String, _ file: SourceFile) throws {
    let bases = definition.bases.map(\.lastName)
    if bases.contains("NamedTuple") { return try declareNamedTuple(definition, name, file) }
    if bases.contains(where: { ["Enum", "IntEnum", "StrEnum"].contains($0) }) {
      return try declareEnumeration(definition, name, file)
    }
    let isDecorated = definition.decorators.contains { $0.lastName == "interface" }
    if isDecorated || bases.contains("Interface") || bases.contains("ModuleInterface") {
      return try declareInterface(
        definition, name, file, isModule: bases.contains { $0 == "ModuleInterface" || $0 == "Module" })
    }
    let type = JIT.ClassType(name, isModule: bases.contains("Module"))
    register(.type(.object(type)), name)
    try fill(type, definition, file)
  }

  private func fill(_ type: JIT.ClassType, _ definition: Syntax.ClassDefinition, _ file: SourceFile) throws {
    var kinds: [String: JIT.ClassType.Attribute.Kind] = [:]
    func names(_ value: Syntax.Expression) -> [String] {
      guard case .list(let items) = value.kind else { return [] }
      return items.compactMap { if case .string(let text) = $0.kind { text } else { nil } }
    }
    func addAttribute(_ name: String, _ annotation: Syntax.Expression) throws {
      type.add(.init(name, try self.type(annotation, file), kinds[name] ?? .plain))
    }
    for statement in definition.body {
      switch statement.kind {
      case .assign(let targets, let annotation, let value):
        guard targets.count == 1 else { continue }
        switch (targets[0].kind, annotation, value) {
        case (.name("__parameters__"), nil, let value?): for name in names(value) { kinds[name] = .parameter }
        case (.name("__buffers__"), nil, let value?): for name in names(value) { kinds[name] = .buffer }
        case (.name("__forward_pre_hooks__"), nil, let value?): type.forwardPreHooks = names(value)
        case (.name("__forward_hooks__"), nil, let value?): type.forwardHooks = names(value)
        case (.subscript(let table, let keys), nil, let value?):
          guard table.lastName == "__annotations__", keys.count == 1, case .string(let name) = keys[0].kind else {
            continue
          }
          try addAttribute(name, value)
        case (.name(let name), let annotation?, let value):
          if annotation.lastName == "Final" || value != nil {
            guard let value else { continue }
            type.constants[name] = try constant(value, as: finalType(annotation, file), file)
          } else {
            try addAttribute(name, annotation)
          }
        default: continue
        }
      case .function(let method):
        let owner = method.hasDecorator("staticmethod") ? nil : type
        let function = try declare(method, type.qualifiedName + "." + method.name, file, owner: owner)
        if method.hasDecorator("property") {
          properties[type, default: [:]][method.name] = method.name
        }
        // A property's setter has the name of its getter.
        if method.hasDecorator("setter", "deleter") { continue }
        type.add(function, named: method.name)
      default: continue
      }
    }
    // What objects of the class have is what its constructor assigns.
    if !file.isArchived, let constructor = type.method("__init__") { try compile(constructor) }
  }

  /// `T` of `Final[T]`; nil for a bare `Final`.
  private func finalType(_ annotation: Syntax.Expression, _ file: SourceFile) throws -> JIT.ScriptType? {
    guard annotation.lastName == "Final" else { return try type(annotation, file) }
    guard case .subscript(_, let inner) = annotation.kind, inner.count == 1 else { return nil }
    return try type(inner[0], file)
  }

  private func declareNamedTuple(_ definition: Syntax.ClassDefinition, _ name: String, _ file: SourceFile) throws {
    var fields: [(name: String, type: JIT.ScriptType)] = []
    var defaults: [String: JIT.IValue] = [:]
    for statement in definition.body {
      guard case .assign(let targets, let annotation?, let value) = statement.kind,
        case .name(let field) = targets[0].kind
      else { continue }
      let type = try type(annotation, file)
      fields.append((field, type))
      if let value { defaults[field] = try constant(value, as: type, file) }
    }
    let type = JIT.NamedTupleType(name, fields)
    fieldDefaults[type] = defaults
    register(.type(.namedTuple(type)), name)
  }

  private func declareEnumeration(_ definition: Syntax.ClassDefinition, _ name: String, _ file: SourceFile) throws {
    var members: [(name: String, value: Scalar?, text: String?)] = []
    var valueType = JIT.ScriptType.int
    for statement in definition.body {
      guard case .assign(let targets, _, let value?) = statement.kind, case .name(let member) = targets[0].kind else {
        continue
      }
      let constant = try constant(value, as: nil, file)
      valueType = constant.type
      switch constant {
      case .int(let number): members.append((member, .int(number), nil))
      case .double(let number): members.append((member, .double(number), nil))
      case .string(let text): members.append((member, nil, text))
      default: throw value.position.error("Enum values must be ints, floats or strings")
      }
    }
    register(.type(.enumeration(JIT.EnumType(name, valueType, members))), name)
  }

  private func declareInterface(
    _ definition: Syntax.ClassDefinition, _ name: String, _ file: SourceFile, isModule: Bool
  ) throws {
    var methods: [String: JIT.Signature] = [:]
    for statement in definition.body {
      guard case .function(let method) = statement.kind else { continue }
      var signature = try signature(of: method, file, owner: nil, skippingFirst: true)
      if method.returns == nil { signature.returns = [.tensor] }
      methods[method.name] = signature
    }
    register(.type(.interface(JIT.InterfaceType(name, methods, isModule: isModule))), name)
  }

  // MARK: Signatures

  /// What a function takes and returns, as far as it is annotated: `returns` is empty where it is not.
  func signature(
    of definition: Syntax.FunctionDefinition, _ file: SourceFile, owner: JIT.ClassType?, skippingFirst: Bool = false
  ) throws -> JIT.Signature {
    var parameters: [JIT.Signature.Parameter] = []
    for (i, parameter) in definition.parameters.enumerated() {
      if i == 0, skippingFirst { continue }
      if i == 0, let owner {
        parameters.append(.init(parameter.name, .object(owner)))
        continue
      }
      let type = try parameter.annotation.map { try self.type($0, file) } ?? .tensor
      var standard = try parameter.defaultValue.map { try constant($0, as: type, file) }
      // One number stands for as many as the list is long.
      if let length = parameter.annotation?.broadcastLength, let list = standard?.list, list.items.count == 1 {
        standard = .list(JIT.ListObject(list.elementType, Array(repeating: list.items[0], count: length)))
      }
      parameters.append(
        .init(
          parameter.name, type, default: standard, isKeywordOnly: parameter.isKeywordOnly,
          broadcastLength: parameter.annotation?.broadcastLength))
    }
    let result = try definition.returns.map { try type($0, file) }
    return JIT.Signature(parameters, returns: result.map { [$0] } ?? [])
  }
}

extension JIT.Syntax.Expression {
  /// `Module` of `torch.nn.Module` and of `Module[int]`.
  var lastName: String {
    switch kind {
    case .name(let name), .attribute(_, let name): name
    case .subscript(let value, _), .call(let value, _): value.lastName
    default: ""
    }
  }

  /// `__torch__.a.b`; nil where it is not names and dots alone.
  var dottedName: String? {
    switch kind {
    case .name(let name): name
    case .attribute(let value, let name): value.dottedName.map { $0 + "." + name }
    default: nil
    }
  }

  /// 2 of `BroadcastingList2[int]`.
  var broadcastLength: Int? {
    guard case .subscript(let base, let items) = kind else { return nil }
    if base.lastName == "Optional", items.count == 1 { return items[0].broadcastLength }
    guard base.lastName.hasPrefix("BroadcastingList") else { return nil }
    return Int(base.lastName.dropFirst("BroadcastingList".count))
  }
}
