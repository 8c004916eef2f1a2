// The pickles of TorchScript archives: values and objects of script classes.
//
// A pickle names classes of the archive's own code and a few constructors; any other name is refused, and nothing runs
// but the `__setstate__` of a class, which is TorchScript itself. What stands in several places is one value here: a list,
// an object, and also a tensor, so that tied parameters stay tied.
// Reference: torch/csrc/jit/serialization/unpickler.cpp of PyTorch.

import TorchSerialization

extension JIT {
  struct ObjectUnpickler {
    /// Deep enough for everything that is not made to harm, and far from the end of the smallest thread's stack.
    private static let maximumDepth = 200

    private let unit: CompilationUnit
    private let device: Device?
    private var importer = TensorImporter(mapped: false)
    /// What nodes have become, with the number of values it unfolds to.
    private var done: [Place: (value: IValue, size: Int)] = [:]
    private var open: Set<ObjectIdentifier> = []
    /// A pickle of shared tuples can unfold to far more than it holds, which whoever walks the value would pay for.
    private let limit: Int

    /// A named tuple is pickled as any tuple: it becomes what it is by the type of its place.
    private struct Place: Hashable {
      let node: ObjectIdentifier
      let type: ScriptType?
    }

    /// The value that `pickle` holds.
    /// - Parameters:
    ///   - storages: What its persistent ids stand for.
    ///   - device: Where tensors go; nil is back to where they were.
    ///   - unit: Knows the classes, named tuples and enumerations.
    static func value(
      _ pickle: ByteRegion, _ storages: @escaping (PickleValue) throws -> PickleValue, device: Device?,
      unit: CompilationUnit
    ) throws -> IValue {
      let graph = try Unpickler.read(pickle, PickleRules(global: global, persistent: storages))
      var reader = ObjectUnpickler(unit: unit, device: device, limit: max(1 << 16, 16 * pickle.count))
      return try reader.value(graph.root, .any, depth: 0).value
    }

    private init(unit: CompilationUnit, device: Device?, limit: Int) {
      self.unit = unit
      self.device = device
      self.limit = limit
    }

    // MARK: Names

    /// Objects of this kind are tensors; a node of their own gives them an identity.
    private static let tensorNode = "torch.Tensor"
    private static let quantizedTensor = "torch._utils._rebuild_qtensor"
    private static let listElements: [String: ScriptType] = [
      "torch.jit._pickle.build_intlist": .int, "torch.jit._pickle.build_tensorlist": .tensor,
      "torch.jit._pickle.build_doublelist": .float, "torch.jit._pickle.build_boollist": .bool,
    ]
    private static let restoreTypeTag = "torch.jit._pickle.restore_type_tag"

    /// What the global `name` does when it is called.
    private static func global(_ name: String) throws -> PickleGlobal? {
      if name.hasPrefix(PackedParameters.prefix), PackedParameters.declared(name) == nil {
        throw TorchError(.serialization, "an object of class \(name): custom C++ classes cannot be loaded")
      }
      if name == quantizedTensor { return .opaque(name) }
      if name.hasPrefix("__torch__.") || listElements[name] != nil || name == restoreTypeTag { return .opaque(name) }
      if name.hasPrefix("torch._utils._rebuild_"), let rebuild = try TorchGlobals.global(name) {
        return PickleGlobal(name) { arguments, graph in
          graph.make(.object(tensorNode), [try rebuild.call(arguments, graph)])
        }
      }
      let allowed = [
        "torch.per_tensor_affine", "torch.per_channel_affine", "torch.per_channel_affine_float_qparams", "torch.device",
        "builtins.complex", "collections.OrderedDict",
      ].contains(name)
      return allowed || name.hasSuffix("Storage") ? try TorchGlobals.global(name) : nil
    }

    // MARK: Values

    /// The value of `value`, which stands where `type` is expected.
    private mutating func value(
      _ value: PickleValue, _ type: ScriptType, depth: Int
    ) throws -> (value: IValue, size: Int) {
      switch value {
      case .none: return (.none, 1)
      case .bool(let value): return (.bool(value), 1)
      case .int(let value): return (type.withoutOptional == .float ? .double(Double(value)) : .int(value), 1)
      case .float(let value): return (.double(value), 1)
      case .complex(let real, let imaginary): return (.complex(.init(real, imaginary)), 1)
      case .string(let text): return (.string(text), 1)
      case .device(let name):
        return (.device(try Device(name)), 1)
      case .node(let node): return try self.value(node, type, depth: depth)
      case .bigInt, .bytes, .dtype, .storage, .tensor, .foreign, .global:
        throw refusal("a value of type \(value.kindName) where TorchScript has none")
      }
    }

    private func refusal(_ why: String) -> TorchError { TorchError(.serialization, "pickle: \(why)") }

    private mutating func value(
      _ node: PickleNode, _ type: ScriptType, depth: Int
    ) throws -> (value: IValue, size: Int) {
      let id = ObjectIdentifier(node)
      let place = Place(node: id, type: node.kind == .tuple ? type : nil)
      if let known = done[place] { return known }
      guard depth < ObjectUnpickler.maximumDepth else {
        throw refusal("values nested more than \(ObjectUnpickler.maximumDepth) deep")
      }
      guard open.insert(id).inserted else { throw refusal("a value that contains itself") }
      defer { open.remove(id) }
      var size = 1
      let made = try make(node, type, depth + 1, &size)
      done[place] = (made, size)
      return (made, size)
    }

    /// The value of a part of a container, whose size grows by it.
    private mutating func part(
      _ value: PickleValue, _ type: ScriptType, _ depth: Int, _ size: inout Int
    ) throws -> IValue {
      let part = try self.value(value, type, depth: depth)
      size += part.size
      guard size <= limit else { throw refusal("shared values unfold to more than \(limit) values") }
      return part.value
    }

    private mutating func make(
      _ node: PickleNode, _ type: ScriptType, _ depth: Int, _ size: inout Int
    ) throws -> IValue {
      switch node.kind {
      case .list:
        let element: ScriptType? = if case .list(let element) = type.withoutOptional { element } else { nil }
        return .list(try list(node.items, element, depth, &size))
      case .tuple: return .tuple(try tuple(node.items, type.withoutOptional, depth, &size))
      case .dict, .orderedDict:
        guard case .dict(let key, let value) = type.withoutOptional else {
          return .dict(try dict(node.items, nil, depth, &size))
        }
        return .dict(try dict(node.items, (key, value), depth, &size))
      case .object(ObjectUnpickler.tensorNode): return .tensor(try tensor(node))
      case .object(ObjectUnpickler.quantizedTensor): return .quantized(try quantized(node))
      case .object(ObjectUnpickler.restoreTypeTag): return try tagged(node, depth, &size)
      case .object(let name):
        if let element = ObjectUnpickler.listElements[name] {
          guard node.items.count == 1, let items = node.items[0].sequence else { throw refusal("\(name) without a list") }
          return .list(try list(items, element, depth, &size))
        }
        switch try unit.type(named: name) {
        case .object(let type): return .object(try object(node, type, depth, &size))
        case .enumeration(let type): return try member(node, of: type)
        case .namedTuple(let type): return .tuple(try tuple(node.items, .namedTuple(type), depth, &size))
        default: throw refusal("\(name) has no objects")
        }
      case .set, .size: throw refusal("a value of type \(PickleValue.node(node).kindName) where TorchScript has none")
      }
    }

    private mutating func tensor(_ node: PickleNode) throws -> Tensor {
      switch node.items.first {
      case .tensor(let stored)?:
        try MapLocation.check(device, stored.storage.location, argument: "JIT.load with device: .cpu")
        return try importer.tensor(stored)
      case .foreign(let tensor)?: return try importer.tensor(FileTensor.foreign(tensor).stored(""))
      default: throw refusal("a tensor without a value")
      }
    }

    /// storage, offset, sizes, strides, (scheme, scale, zero point) or (scheme, scales, zero points, axis), …
    private mutating func quantized(_ node: PickleNode) throws -> QuantizedTensor {
      let arguments = node.items
      guard arguments.count >= 5, case .storage(let storage) = arguments[0], let offset = arguments[1].int,
        let shape = arguments[2].integers, let strides = arguments[3].integers, let quantizer = arguments[4].sequence,
        case .global(let scheme)? = quantizer.first
      else { throw refusal("a quantized tensor that is not understood") }
      guard let found = QuantizedTensor.codes.first(where: { $0.name == storage.foreignType?.name }) else {
        throw refusal("a quantized tensor of \(storage.foreignType?.name ?? "plain numbers")")
      }
      let values = try importer.tensor(
        StoredTensor(
          storage: storage, dtype: found.storage, shape: shape, strides: strides, storageOffset: offset,
          requiresGrad: false))
      switch (scheme.name, quantizer.count) {
      case ("torch.per_tensor_affine", 3):
        guard let scale = quantizer[1].double, let zeroPoint = quantizer[2].int else { break }
        return try QuantizedTensor(values, .perTensor(scale: scale, zeroPoint: zeroPoint))
      case ("torch.per_channel_affine", 4), ("torch.per_channel_affine_float_qparams", 4):
        guard case .node(let scales) = quantizer[1], case .node(let zeroPoints) = quantizer[2],
          let axis = quantizer[3].int
        else { break }
        let scheme = QuantizedTensor.Scheme.perChannel(
          scales: try tensor(scales).scalars().map(\.doubleValue),
          zeroPoints: try tensor(zeroPoints).scalars().map(\.doubleValue), axis: axis)
        return try QuantizedTensor(values, scheme)
      default: break
      }
      throw refusal("a quantized tensor with the scheme \(scheme.name)")
    }

    // MARK: Containers

    private mutating func list(
      _ items: [PickleValue], _ type: ScriptType?, _ depth: Int, _ size: inout Int
    ) throws -> ListObject {
      let values = try items.map { try part($0, type ?? .any, depth, &size) }
      let element = type ?? values.first?.type ?? .any
      return ListObject(element, try values.map { try fitting($0, element, "an element of a list") })
    }

    private mutating func tuple(
      _ items: [PickleValue], _ type: ScriptType, _ depth: Int, _ size: inout Int
    ) throws -> TupleObject {
      switch type {
      case .namedTuple(let type):
        guard items.count == type.fields.count else {
          throw refusal("\(type.qualifiedName) has \(type.fields.count) fields, the tuple \(items.count) elements")
        }
        return TupleObject(try zip(items, type.fields).map { try part($0, $1.type, depth, &size) }, type: type)
      case .tuple(let types) where types.count == items.count:
        return TupleObject(try zip(items, types).map { try part($0, $1, depth, &size) })
      default: return TupleObject(try items.map { try part($0, .any, depth, &size) })
      }
    }

    private mutating func dict(
      _ items: [PickleValue], _ types: (key: ScriptType, value: ScriptType)?, _ depth: Int, _ size: inout Int
    ) throws -> DictObject {
      var pairs: [(key: IValue, value: IValue)] = []
      for i in stride(from: 0, to: items.count - 1, by: 2) {
        let key = try part(items[i], types?.key ?? .any, depth, &size)
        pairs.append((key, try part(items[i + 1], types?.value ?? .any, depth, &size)))
      }
      let (key, value) = types ?? (pairs.first?.key.type ?? .any, pairs.first?.value.type ?? .any)
      let dict = DictObject(key, value)
      for pair in pairs {
        dict[try fitting(pair.key, key, "a dictionary's key").key()] = try fitting(pair.value, value, "a dictionary's value")
      }
      return dict
    }

    /// A list or dictionary with its static type as text: `restore_type_tag({…}, "Dict[str, int]")`.
    private mutating func tagged(_ node: PickleNode, _ depth: Int, _ size: inout Int) throws -> IValue {
      guard node.items.count == 2, let text = node.items[1].string, case .node(let inner) = node.items[0] else {
        throw refusal("a type tag that is not understood")
      }
      let type = try unit.type(annotation: text)
      switch (type, inner.kind) {
      case (.list, .list), (.dict, .dict): return try make(inner, type, depth, &size)
      default: throw refusal("the type tag \(type) on a value of type \(node.items[0].kindName)")
      }
    }

    private func fitting(_ value: IValue, _ type: ScriptType, _ what: @autoclosure () -> String) throws -> IValue {
      guard value.fits(type) else { throw refusal("\(what()) is of type \(value.type), but \(type) was declared") }
      return value
    }

    // MARK: Objects

    private mutating func object(
      _ node: PickleNode, _ type: ClassType, _ depth: Int, _ size: inout Int
    ) throws -> ScriptObject {
      let object = ScriptObject(type)
      if let setState = type.method("__setstate__") {
        let parameter = setState.signature.parameters.dropFirst().first?.type ?? .any
        let state = try part(node.state ?? .none, parameter, depth, &size)
        _ = try setState.call([.object(object), fitting(state, parameter, "the state of \(type.qualifiedName)")])
        return object
      }
      guard case .node(let state)? = node.state, state.kind == .dict else {
        throw refusal("an object of class \(type.qualifiedName) without attributes")
      }
      var values: [String: PickleValue] = [:]
      for i in stride(from: 0, to: state.items.count - 1, by: 2) {
        if let name = state.items[i].string { values[name] = state.items[i + 1] }
      }
      for (slot, attribute) in type.attributes.enumerated() {
        guard let value = values[attribute.name] else {
          throw refusal("an object of class \(type.qualifiedName) without the attribute '\(attribute.name)'")
        }
        object[slot] = try fitting(
          part(value, attribute.type, depth, &size), attribute.type, "'\(attribute.name)' of \(type.qualifiedName)")
      }
      return object
    }

    private func member(_ node: PickleNode, of type: EnumType) throws -> IValue {
      let value = node.items.first ?? .none
      let found = type.members.first { member in
        switch value {
        case .string(let text): member.text == text
        case .int(let number): member.value == .int(number)
        case .float(let number): member.value == .double(number)
        default: false
        }
      }
      guard node.items.count == 1, let found else {
        throw refusal("\(type.qualifiedName) has no member of that value")
      }
      return .enumeration(type, found.name)
    }
  }
}
