// Deep copies of values: tensors, containers and objects anew, each once.
// Reference: `IValue::deepcopy` in aten/src/ATen/core/ivalue.cpp of PyTorch.

extension JIT {
  struct ObjectCopier {
    private var tensors: [ObjectIdentifier: Tensor] = [:]
    private var lists: [ObjectIdentifier: ListObject] = [:]
    private var dicts: [ObjectIdentifier: DictObject] = [:]
    private var objects: [ObjectIdentifier: ScriptObject] = [:]

    mutating func copy(_ object: ScriptObject) -> ScriptObject {
      if let known = objects[ObjectIdentifier(object)] { return known }
      let copy = ScriptObject(object.type)
      objects[ObjectIdentifier(object)] = copy
      for index in object.type.attributes.indices { copy[index] = self.copy(object[index]) }
      return copy
    }

    mutating func copy(_ value: IValue) -> IValue {
      switch value {
      case .tensor(let tensor): return .tensor(copy(tensor))
      case .object(let object): return .object(copy(object))
      case .tuple(let tuple): return .tuple(TupleObject(tuple.items.map { copy($0) }, type: tuple.type))
      case .list(let list):
        if let known = lists[ObjectIdentifier(list)] { return .list(known) }
        let copied = ListObject(list.elementType)
        lists[ObjectIdentifier(list)] = copied
        copied.items = list.items.map { copy($0) }
        return .list(copied)
      case .dict(let dict):
        if let known = dicts[ObjectIdentifier(dict)] { return .dict(known) }
        let copied = DictObject(dict.keyType, dict.valueType)
        dicts[ObjectIdentifier(dict)] = copied
        for (key, value) in dict.table { copied[key] = copy(value) }
        return .dict(copied)
      case .none, .quantized, .int, .double, .bool, .complex, .string, .device, .generator, .enumeration, .function,
        .future:
        return value
      }
    }

    private mutating func copy(_ tensor: Tensor) -> Tensor {
      if let known = tensors[ObjectIdentifier(tensor)] { return known }
      let copied = tensor.detach().clone()
      if tensor.requiresGrad { copied.requiresGrad_() }
      tensors[ObjectIdentifier(tensor)] = copied
      return copied
    }
  }
}
