// Brackets: elements and parts of tensors, lists, strings, tuples, dictionaries and modules.

extension JIT.Emitter {
  func element(
    of base: Meaning, _ indices: [Syntax.Expression], _ position: Syntax.Position
  ) throws -> Meaning {
    switch base {
    case .tuple(let items) where indices.count == 1:
      if case .slice(let start, let stop, let step) = indices[0].kind {
        return .tuple(try slice(items, start, stop, step))
      }
      return items[try constantIndex(indices[0], items.count)]
    case .tuple, .iterable: break
    case .type(let type):
      // A generic type: `List[int]`.
      _ = type
    default: break
    }
    let object = try value(of: base, position)
    switch object.type {
    case .tensor: return .value(try tensorPart(object, indices, position))
    case .tuple, .namedTuple: return try tuplePart(object, indices, position)
    case .object(let type):
      if type.method("__getitem__") != nil {
        let arguments = try indices.count == 1 ? value(indices[0]) : value(.init(.tuple(indices), position))
        return .value(try callMethod(object, "__getitem__", [.init(arguments)], at: position))
      }
      if type.isModule, indices.count == 1 { return try module(of: object, type, indices[0], position) }
    default: if object.type.isUnknown { return .value(unknown([object])) }
    }
    guard indices.count == 1 else { throw position.error("only tensors take several indices") }
    if case .slice(let start, let stop, let step) = indices[0].kind {
      let bounds = try [start, stop, step ?? .init(.int(1), position)].map { bound in
        CallArgument(try bound.map { try value($0) } ?? none)
      }
      return .value(try callOperators("aten::slice", receiver: nil, [.init(object)] + bounds, at: position))
    }
    let index = try value(indices[0])
    return .value(try callOperators("aten::__getitem__", [.init(object), .init(index)], at: position))
  }

  // MARK: Tuples

  private func tuplePart(
    _ tuple: GraphValue, _ indices: [Syntax.Expression], _ position: Syntax.Position
  ) throws -> Meaning {
    guard indices.count == 1 else { throw position.error("tuples take one index") }
    let types: [ScriptType] =
      switch tuple.type {
      case .tuple(let types): types
      case .namedTuple(let named): named.fields.map(\.type)
      default: []
      }
    if case .slice(let start, let stop, let step) = indices[0].kind {
      let part = try slice(unpacked(tuple), start, stop, step)
      self.position = position
      return .value(self.tuple(part))
    }
    let index = try value(indices[0])
    if let number = index.constant?.int {
      guard (-types.count..<types.count).contains(number) else {
        throw position.error(
          "Tuple index out of range. Tuple is length \(types.count) and index is \(number)", .index)
      }
      return .value(try tupleElement(tuple, number))
    }
    // Any element will do, if they are all of one type.
    guard let first = types.first, types.allSatisfy({ $0 == first }) else {
      throw position.error(
        "Cannot index into a tuple with a non-integer literal because we cannot resolve the output type")
    }
    self.position = position
    return .value(add("prim::TupleIndex", [tuple, index], first))
  }

  /// The element at a position that is known.
  func tupleElement(_ tuple: GraphValue, _ number: Int) throws -> GraphValue {
    let types: [ScriptType]
    switch tuple.type {
    case .tuple(let list): types = list
    case .namedTuple(let named): types = named.fields.map(\.type)
    default: return unknown([tuple])
    }
    let place = number < 0 ? number + types.count : number
    if let node = tuple.definition, node.kind == "prim::TupleConstruct" { return node.inputs[place] }
    return add("prim::TupleIndex", [tuple, constant(number)], types[place])
  }

  private func slice<Item>(
    _ items: [Item], _ start: Syntax.Expression?, _ stop: Syntax.Expression?, _ step: Syntax.Expression?
  ) throws -> [Item] {
    func number(_ expression: Syntax.Expression?) throws -> Int? {
      guard let expression else { return nil }
      guard let number = try value(expression).constant?.int else {
        throw expression.position.error("slices of tuples must have constant bounds")
      }
      return number
    }
    let step = try number(step) ?? 1
    guard step != 0 else { throw position.error("slice step cannot be zero") }
    func bound(_ value: Int?, _ standard: Int) -> Int {
      guard var value else { return standard }
      if value < 0 { value += items.count }
      return step > 0 ? min(max(value, 0), items.count) : min(max(value, -1), items.count - 1)
    }
    let first = bound(try number(start), step > 0 ? 0 : items.count - 1)
    let last = bound(try number(stop), step > 0 ? items.count : -1)
    return stride(from: first, to: last, by: step).map { items[$0] }
  }

  private func constantIndex(_ expression: Syntax.Expression, _ count: Int) throws -> Int {
    guard let number = try value(expression).constant?.int else {
      throw expression.position.error("the index must be an integer literal")
    }
    guard (-count..<count).contains(number) else { throw expression.position.error("list index out of range", .index) }
    return number < 0 ? number + count : number
  }

  // MARK: Modules

  private func module(
    of object: GraphValue, _ type: JIT.ClassType, _ index: Syntax.Expression, _ position: Syntax.Position
  ) throws -> Meaning {
    let names = type.moduleNames
    if case .slice(let start, let stop, let step) = index.kind {
      return .tuple(try slice(names, start, stop, step).map { try attribute(of: object, $0, position) })
    }
    let key = try value(index)
    switch key.constant {
    case .string(let name)? where names.contains(name): return try attribute(of: object, name, position)
    case .int?: return try attribute(of: object, names[try constantIndex(index, names.count)], position)
    default:
      throw position.error(
        "Unable to extract string literal index. ModuleDict indexing is only supported with string literals, and "
          + "ModuleList with integer literals. For indices that are not, enumerate over the container or use an interface"
      )
    }
  }

  // MARK: Tensors

  private func tensorPart(
    _ tensor: GraphValue, _ indices: [Syntax.Expression], _ position: Syntax.Position
  ) throws -> GraphValue {
    let (part, chosen) = try sliced(tensor, indices, position)
    guard !chosen.isEmpty else { return part }
    return try callOperators("aten::index", [.init(part), .init(try indexList(chosen))], at: position)
  }

  private func indexList(_ chosen: [GraphValue?]) throws -> GraphValue {
    let values = chosen.map { $0 ?? none }
    return add("prim::ListConstruct", values, .list(.optional(.tensor)))
  }

  /// The view that numbers, slices, `None` and `...` give, and the tensors that choose from it, by dimension.
  private func sliced(
    _ tensor: GraphValue, _ indices: [Syntax.Expression], _ position: Syntax.Position
  ) throws -> (GraphValue, [GraphValue?]) {
    enum Index {
      case slice(Syntax.Expression?, Syntax.Expression?, Syntax.Expression?)
      case ellipsis
      case value(GraphValue)
    }
    // A tuple in brackets is as good as its elements.
    var list = indices
    if list.count == 1, case .tuple(let items) = list[0].kind { list = items }
    var parsed: [Index] = []
    for index in list {
      switch index.kind {
      case .slice(let start, let stop, let step): parsed.append(.slice(start, stop, step))
      case .ellipsis: parsed.append(.ellipsis)
      default:
        let meaning = try meaning(index)
        if case .value(let value) = meaning {
          if case .tuple = value.type, list.count == 1 {
            parsed += unpacked(value).map { .value($0) }
          } else {
            parsed.append(.value(value))
          }
        } else {
          parsed.append(.value(try value(of: meaning, index.position)))
        }
      }
    }
    var result = tensor
    var chosen: [GraphValue?] = []
    var dimension = 0
    let ellipsis = parsed.firstIndex { if case .ellipsis = $0 { true } else { false } } ?? parsed.count
    for index in parsed[..<ellipsis] {
      switch index {
      case .ellipsis: break
      case .slice(let start, let stop, let step):
        result = try slice(result, dimension, start, stop, step, position)
        chosen.append(nil)
        dimension += 1
      case .value(let value):
        switch value.type {
        case .none:
          result = try callOperators("aten::unsqueeze", [.init(result), .init(constant(dimension))], at: position)
          chosen.append(nil)
          dimension += 1
        case .int:
          result = try callOperators(
            "aten::select", [.init(result), .init(constant(dimension)), .init(value)], at: position)
        default:
          chosen.append(try chooser(value, position))
          dimension += 1
        }
      }
    }
    // What follows `...` is at dimensions counted from the end.
    var after = 0
    for index in parsed[min(ellipsis + 1, parsed.count)...].reversed() {
      let here = constant(-after - 1)
      switch index {
      case .ellipsis: throw position.error("An index can only have a single ellipsis ('...')")
      case .slice(let start, let stop, let step):
        result = try slice(result, -after - 1, start, stop, step, position)
        after += 1
      case .value(let value):
        switch value.type {
        case .none:
          result = try callOperators("aten::unsqueeze", [.init(result), .init(here)], at: position)
          after += 1
        case .int:
          result = try callOperators("aten::select", [.init(result), .init(here), .init(value)], at: position)
        default: throw position.error("Ellipses followed by tensor indexing is currently not supported")
        }
      }
    }
    while let last = chosen.last, last == nil { chosen.removeLast() }
    return (result, chosen)
  }

  private func slice(
    _ tensor: GraphValue, _ dimension: Int, _ start: Syntax.Expression?, _ stop: Syntax.Expression?,
    _ step: Syntax.Expression?, _ position: Syntax.Position
  ) throws -> GraphValue {
    let bounds = try [start, stop].map { CallArgument(try $0.map { try value($0) } ?? none) }
    let stride = CallArgument(try step.map { try value($0) } ?? constant(1))
    return try callOperators(
      "aten::slice", [.init(tensor), .init(constant(dimension))] + bounds + [stride], at: position)
  }

  /// The tensor that chooses from a dimension.
  private func chooser(_ value: GraphValue, _ position: Syntax.Position) throws -> GraphValue {
    switch value.type {
    case .tensor, .optional(.tensor), .variable: return value
    case .bool, .list: return try callOperators("aten::tensor", [.init(value)], at: position)
    default:
      throw position.error(
        "Unsupported operation: indexing tensor with unsupported index type '\(value.type)'. Only ints, slices, "
          + "lists and tensors are supported")
    }
  }

  // MARK: Assigning

  /// `base[indices] = value`
  func assign(
    to base: Syntax.Expression, _ indices: [Syntax.Expression], _ value: GraphValue, _ position: Syntax.Position
  ) throws {
    try store(value, in: try self.value(base), indices, position)
  }

  private func store(
    _ value: GraphValue, in object: GraphValue, _ indices: [Syntax.Expression], _ position: Syntax.Position
  ) throws {
    switch object.type {
    case .tensor:
      let (part, chosen) = try sliced(object, indices, position)
      try store(value, inPart: part, chosen, position)
    case .object(let type) where type.method("__setitem__") != nil:
      try callMethod(object, "__setitem__", [.init(try self.value(indices[0])), .init(value)], at: position)
    default:
      guard indices.count == 1 else { throw position.error("only tensors take several indices") }
      if case .slice = indices[0].kind {
        throw position.error("Sliced expression not yet supported for subscripted assignment")
      }
      let arguments = [CallArgument(object), .init(try self.value(indices[0])), .init(value)]
      try callOperators("aten::_set_item", arguments, at: position)
    }
  }

  private func store(
    _ value: GraphValue, inPart part: GraphValue, _ chosen: [GraphValue?], _ position: Syntax.Position
  ) throws {
    var source = value
    if value.type != .tensor, !value.type.isUnknown {
      let dtype = try callOperators("prim::dtype", [.init(part)], at: position)
      let device = try callOperators("prim::device", [.init(part)], at: position)
      source = try callOperators(
        "aten::tensor", [.init(value), .init(dtype, name: "dtype"), .init(device, name: "device")], at: position)
    }
    if chosen.isEmpty {
      try callOperators("aten::copy_", [.init(part), .init(source)], at: position)
    } else {
      let list = try indexList(chosen)
      try callOperators("aten::index_put_", [.init(part), .init(list), .init(source)], at: position)
    }
  }

  /// `base[indices] op= value`
  func augment(
    _ base: Syntax.Expression, _ indices: [Syntax.Expression], _ op: Syntax.BinaryOperator, _ value: Syntax.Expression,
    _ position: Syntax.Position
  ) throws {
    let object = try self.value(base)
    if object.type == .tensor {
      let (part, chosen) = try sliced(object, indices, position)
      if chosen.isEmpty {
        _ = try augmented(part, op, try self.value(value), position)
        return
      }
      let list = try indexList(chosen)
      let old = try callOperators("aten::index", [.init(part), .init(list)], at: position)
      let new = try augmented(old, op, try self.value(value), position)
      try callOperators("aten::index_put_", [.init(part), .init(list), .init(new)], at: position)
      return
    }
    guard indices.count == 1 else { throw position.error("only tensors take several indices") }
    let index = try self.value(indices[0])
    if case .object = object.type {
      let old = try callMethod(object, "__getitem__", [.init(index)], at: position)
      let new = try augmented(old, op, try self.value(value), position)
      try callMethod(object, "__setitem__", [.init(index), .init(new)], at: position)
      return
    }
    let old = try callOperators("aten::__getitem__", [.init(object), .init(index)], at: position)
    let new = try augmented(old, op, try self.value(value), position)
    try callOperators("aten::_set_item", [.init(object), .init(index), .init(new)], at: position)
  }
}
