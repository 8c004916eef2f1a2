// Functions of dictionaries. Keys are strings, numbers, Booleans or tensors; each type has its own overloads.

extension JIT.Builtins {
  typealias Dict = JIT.DictObject

  static let dictionaries = family {
    JIT.Builtin("aten::dict() -> Dict(str, Tensor)") { () -> Dict in Dict(.string, .tensor) }
    for key in ["str", "int", "bool", "float", "complex", "Tensor"] {
      reading(key)
      writing(key)
      copying(key)
    }
  }

  @Family private static func reading(_ key: String) -> [JIT.Builtin] {
    JIT.Builtin("aten::len.Dict_\(key)(Dict(\(key), t) self) -> int") { (dict: Dict) in dict.count }
    JIT.Builtin("aten::keys.\(key)(Dict(\(key), t) self) -> \(key)[](*)") { (dict: Dict) in
      List(dict.keyType, dict.table.keys.map { JIT.IValue($0) })
    }
    JIT.Builtin("aten::values.\(key)(Dict(\(key), t) self) -> t[](*)") { (dict: Dict) in
      List(dict.valueType, Array(dict.table.values))
    }
    JIT.Builtin("aten::__getitem__.Dict_\(key)(Dict(\(key), t) self, \(key) key) -> t(*)") {
      (dict: Dict, key: JIT.IValue) -> JIT.IValue in
      guard let value = dict[try key.key()] else { throw missing(key) }
      return value
    }
    JIT.Builtin("aten::get.\(key)(Dict(\(key), t) self, \(key) key) -> t(*)?") { (dict: Dict, key: JIT.IValue) in
      dict[try key.key()]
    }
    JIT.Builtin("aten::get.default_\(key)(Dict(\(key), t) self, \(key) key, t default_value) -> t(*)") {
      (dict: Dict, key: JIT.IValue, otherwise: JIT.IValue) in
      dict[try key.key()] ?? otherwise
    }
    JIT.Builtin("aten::items.\(key)(Dict(\(key), t) self) -> ((\(key), t)[])") { (dict: Dict) in
      List(.tuple([dict.keyType, dict.valueType]), dict.table.map { .tuple([JIT.IValue($0), $1]) })
    }
    JIT.Builtin("aten::__contains__.\(key)(Dict(\(key), t) dict, \(key) key) -> bool") {
      (dict: Dict, key: JIT.IValue) in
      dict[try key.key()] != nil
    }
  }

  @Family private static func writing(_ key: String) -> [JIT.Builtin] {
    JIT.Builtin(
      procedure: "aten::_set_item.\(key)(Dict(\(key), t)(a!) l, \(key)(b -> *) idx, t(c -> *) v) -> ()"
    ) { (dict: Dict, key: JIT.IValue, value: JIT.IValue) in
      dict[try key.key()] = value
    }
    JIT.Builtin(
      "aten::setdefault.\(key)(Dict(\(key), t)(a!) self, \(key)(b -> *) key, t(c -> *) default_value) -> t(*)"
    ) { (dict: Dict, key: JIT.IValue, otherwise: JIT.IValue) -> JIT.IValue in
      let key = try key.key()
      if let value = dict[key] { return value }
      dict[key] = otherwise
      return otherwise
    }
    JIT.Builtin(procedure: "aten::Delete.Dict_\(key)(Dict(\(key), t)(a!) self, \(key) key) -> ()") {
      (dict: Dict, key: JIT.IValue) in
      _ = try remove(key, from: dict)
    }
    JIT.Builtin("aten::pop.Dict_\(key)(Dict(\(key), t)(a!) self, \(key) key) -> t(*)") {
      (dict: Dict, key: JIT.IValue) in
      try remove(key, from: dict)
    }
    JIT.Builtin("aten::pop.Dict_default_\(key)(Dict(\(key), t)(a!) self, \(key) key, t default_value) -> t(*)") {
      (dict: Dict, key: JIT.IValue, otherwise: JIT.IValue) -> JIT.IValue in
      let key = try key.key()
      defer { dict[key] = nil }
      return dict[key] ?? otherwise
    }
    JIT.Builtin("aten::popitem.\(key)(Dict(\(key), t)(a!) self) -> ((\(key), t))") { (dict: Dict) -> JIT.IValue in
      // The first one: PyTorch's is not Python's, which takes the last.
      guard let (key, value) = dict.table.elements.first else {
        throw TorchError(.index, "popitem(): dictionary is empty")
      }
      dict[key] = nil
      return .tuple([JIT.IValue(key), value])
    }
    JIT.Builtin(procedure: "aten::clear.\(key)(Dict(\(key), t)(a!) self) -> ()") { (dict: Dict) in dict.removeAll() }
    JIT.Builtin(procedure: "aten::update.\(key)(Dict(\(key), t)(a!) self, Dict(\(key), t)(a!) to_add) -> ()") {
      (dict: Dict, other: Dict) in
      for (key, value) in other.table { dict[key] = value }
    }
  }

  @Family private static func copying(_ key: String) -> [JIT.Builtin] {
    JIT.Builtin("aten::copy.Dict_\(key)(Dict(\(key), t)(a) self) -> Dict(\(key), t)", copy)
    JIT.Builtin("aten::dict.\(key)((\(key), tVal)[] inputs) -> Dict(\(key), tVal)") { (pairs: List) -> Dict in
      let types: (JIT.ScriptType, JIT.ScriptType) =
        if case .tuple(let types) = pairs.elementType, types.count == 2 { (types[0], types[1]) } else { (.any, .any) }
      let dict = Dict(types.0, types.1)
      for pair in pairs.items {
        guard let elements = pair.elements, elements.count == 2 else { throw pair.mismatch("Tuple[\(key), t]") }
        dict[try elements[0].key()] = elements[1]
      }
      return dict
    }
    JIT.Builtin("aten::dict.Dict_\(key)(Dict(\(key), t)(a) self) -> Dict(\(key), t)", copy)
  }

  private static func copy(_ dict: Dict) -> Dict {
    let result = Dict(dict.keyType, dict.valueType)
    for (key, value) in dict.table { result[key] = value }
    return result
  }

  private static func remove(_ key: JIT.IValue, from dict: Dict) throws -> JIT.IValue {
    let place = try key.key()
    guard let value = dict[place] else { throw missing(key) }
    dict[place] = nil
    return value
  }

  private static func missing(_ key: JIT.IValue) -> TorchError { TorchError(.index, "KeyError: \(key.printedText)") }
}
