// The classes and functions that PyTorch's checkpoints name, and what they make here.
//
// The list is `torch.load(weights_only=True)`'s, plus NumPy scalars and arrays and `collections.defaultdict`, which
// older checkpoints are full of and which are plain data. Tensors that are no strided ones (sparse, quantized,
// nested, subclasses) are refused by name.

import TorchCore

package enum TorchGlobals {
  /// The tables of a checkpoint's pickle.
  /// - Parameters:
  ///   - safe: Further classes (`argparse.Namespace`) to keep as plain data.
  ///   - nesting: How many files deep this one is (`_load_from_bytes`).
  ///   - refused: Takes the names of other classes, whose objects then are data too; nil makes them an error at once.
  package static func rules(
    safe: Set<String> = [], nesting: Int = 0, refused: RefusedClasses? = nil,
    persistent: @escaping (PickleValue) throws -> PickleValue
  ) -> PickleRules {
    PickleRules(
      global: { name in
        if let known = try global(name, nesting: nesting) { return known }
        if safe.contains(name) { return .opaque(name) }
        guard let refused else { throw RefusedClasses.refusal(of: name) }
        refused.add(name)
        return .opaque(name)
      },
      persistent: persistent)
  }

  /// What `name` stands for; nil for a name that a checkpoint may not use.
  package static func global(_ name: String, nesting: Int = 0) throws -> PickleGlobal? {
    if let fixed = table[name] { return PickleGlobal(name, call: fixed) }
    if inert.contains(name) { return PickleGlobal(name) }
    if let foreign = ForeignRebuild(name) { return PickleGlobal(name) { arguments, _ in foreign.tensor(arguments) } }
    if name == "torch.storage._load_from_bytes" {
      return PickleGlobal(name) { arguments, _ in
        guard arguments.count == 1, let bytes = arguments[0].bytes else { throw badArguments(name) }
        guard nesting < 4 else { throw TorchError(.serialization, "pickle: storages nested too deeply") }
        return try LegacyCheckpoint.read(bytes, nesting: nesting + 1).root
      }
    }
    if name.hasPrefix("torch."), name.hasSuffix("Storage") { return PickleGlobal(name) }
    if name.hasPrefix("torch.") {
      let type = String(name.dropFirst(6))
      if DType(name: type) != nil || ForeignType(name: type) != nil { return PickleGlobal(name) }
    }
    return nil
  }

  static func badArguments(_ name: String) -> TorchError {
    TorchError(.serialization, "pickle: \(name) cannot take these arguments")
  }

  /// Names that appear as values: types of containers and layouts.
  private static let inert: Set<String> = [
    "torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer", "builtins.int", "builtins.float",
    "builtins.str",
    "builtins.bool", "builtins.tuple", "numpy.ndarray", "torch.strided", "torch.per_tensor_affine",
    "torch.per_channel_affine", "torch.per_tensor_symmetric", "torch.per_channel_symmetric",
    "torch.per_channel_affine_float_qparams",
  ]

  // MARK: - What calling them makes

  // Closures without captures; the compiler cannot know them to be Sendable through the call type.
  nonisolated(unsafe) private static let table: [String: PickleGlobal.Call] = {
    var table: [String: PickleGlobal.Call] = [
      "collections.OrderedDict": { try dictionary(.orderedDict, $0, $1) },
      "collections.Counter": { try dictionary(.dict, $0, $1) },
      "collections.defaultdict": { try dictionary(.dict, Array($0.dropFirst()), $1) },
      "builtins.dict": { try dictionary(.dict, $0, $1) },
      "builtins.list": { try sequence(.list, $0, $1) },
      "builtins.set": { try sequence(.set, $0, $1) },
      "builtins.frozenset": { try sequence(.set, $0, $1) },
      "torch.Size": { try sequence(.size, $0, $1) },
      "torch.device": { arguments, _ in
        guard let kind = arguments.first?.string, arguments.count <= 2 else { throw badArguments("torch.device") }
        return .device(arguments.count == 2 ? "\(kind):\(arguments[1].int ?? 0)" : kind)
      },
      "builtins.complex": { arguments, _ in
        guard arguments.count == 2, let re = arguments[0].double, let im = arguments[1].double else {
          throw badArguments("complex")
        }
        return .complex(re, im)
      },
      "builtins.bytes": { arguments, _ in
        guard arguments.isEmpty else { throw badArguments("bytes") }
        return .bytes(.empty)
      },
      "builtins.bytearray": { arguments, graph in
        guard let first = arguments.first else { return .bytes(.empty) }
        if let text = first.string { return .bytes(try latin1(text, graph)) }
        guard let bytes = first.bytes else { throw badArguments("bytearray") }
        return .bytes(bytes)
      },
      "_codecs.encode": { arguments, graph in
        guard let text = arguments.first?.string, arguments.count == 1 || arguments[1].string == "latin1" else {
          throw badArguments("_codecs.encode")
        }
        return .bytes(try latin1(text, graph))
      },
      "torch.serialization._get_layout": { arguments, _ in
        guard let name = arguments.first?.string else { throw badArguments("_get_layout") }
        return .string(name)
      },
      "torch._utils._rebuild_tensor": { arguments, _ in try tensor(arguments, count: 4...4) },
      "torch._utils._rebuild_tensor_v2": { arguments, _ in try tensor(arguments, count: 6...7) },
      "torch._utils._rebuild_tensor_v3": { arguments, _ in
        guard arguments.count == 7 || arguments.count == 8 else { throw badArguments("_rebuild_tensor_v3") }
        guard let dtype = arguments[6].elementType else {
          guard let type = arguments[6].foreignType else { throw badArguments("_rebuild_tensor_v3") }
          return .foreign(ForeignTensor(type, shape: arguments[2].integers))
        }
        return try tensor(Array(arguments[..<6] + arguments[7...]), count: 6...7, dtype: dtype)
      },
      "torch._utils._rebuild_parameter": { arguments, _ in try parameter(arguments) },
      "torch._utils._rebuild_parameter_with_state": { arguments, _ in try parameter(arguments) },
      "torch._tensor._rebuild_from_type_v2": { arguments, graph in
        guard arguments.count == 4, case .global(let function) = arguments[0], case .global(let type) = arguments[1],
          ["torch.Tensor", "torch.nn.parameter.Parameter"].contains(type.name), let inner = arguments[2].sequence,
          function.name.hasPrefix("torch._utils._rebuild_")
        else { throw badArguments("_rebuild_from_type_v2") }
        return try function.call(inner, graph)
      },
    ]
    for module in ["numpy.core.multiarray", "numpy._core.multiarray"] {
      table[module + "._reconstruct"] = { _, graph in graph.make(.object("numpy.ndarray")) }
      table[module + ".scalar"] = { arguments, _ in try NumPyPickle.scalar(arguments) }
    }
    table["numpy.dtype"] = { arguments, graph in graph.make(.object("numpy.dtype"), arguments) }
    return table
  }()

  private static func dictionary(
    _ kind: PickleNode.Kind, _ arguments: [PickleValue], _ graph: PickleGraph
  ) throws -> PickleValue {
    var items: [PickleValue] = []
    if case .node(let node)? = arguments.first, node.kind == .dict || node.kind == .orderedDict {
      items = node.items
    } else if let pairs = arguments.first?.sequence {
      // Python 2 wrote an OrderedDict as a list of pairs.
      try graph.charge(pairs.count)
      for pair in pairs {
        guard let pair = pair.sequence, pair.count == 2 else { throw badArguments("dict") }
        items += pair
      }
    } else if !arguments.isEmpty {
      throw badArguments("dict")
    }
    return graph.make(kind, items)
  }

  private static func sequence(
    _ kind: PickleNode.Kind, _ arguments: [PickleValue], _ graph: PickleGraph
  ) throws -> PickleValue {
    guard let first = arguments.first else { return graph.make(kind) }
    guard arguments.count == 1, let items = first.sequence ?? first.node.flatMap({ $0.kind == .set ? $0.items : nil })
    else {
      throw badArguments("\(kind)")
    }
    return graph.make(kind, items)
  }

  private static func latin1(_ text: String, _ graph: PickleGraph) throws -> ByteRegion {
    try graph.charge(text.utf8.count)
    let bytes = text.unicodeScalars.compactMap { UInt8(exactly: $0.value) }
    guard bytes.count == text.unicodeScalars.count else { throw badArguments("_codecs.encode") }
    return ByteRegion(bytes)
  }

  /// storage, offset, sizes, strides, requires_grad, hooks, metadata.
  private static func tensor(
    _ arguments: [PickleValue], count: ClosedRange<Int>, dtype: DType? = nil
  ) throws -> PickleValue {
    guard count.contains(arguments.count), case .storage(let storage) = arguments[0], let offset = arguments[1].int,
      let shape = arguments[2].integers, let strides = arguments[3].integers
    else { throw badArguments("_rebuild_tensor") }
    if dtype == nil, let type = storage.foreignType { return .foreign(ForeignTensor(type, shape: shape)) }
    guard let dtype = dtype ?? storage.dtype else {
      throw TorchError(.serialization, "a tensor over a storage without an element type")
    }
    var tensor = try StoredTensor(
      storage: storage, dtype: dtype, shape: shape, strides: strides, storageOffset: offset,
      requiresGrad: arguments.count > 4 ? arguments[4].bool ?? false : false)
    if arguments.count == 7, let metadata = arguments[6].pairs {
      // Lazy conjugation and negation: the bits say what still has to be done to the elements.
      for (key, value) in metadata where value.bool == true {
        switch key.string {
        case "conj": tensor = try tensor.resolving(.conjugation)
        case "neg": tensor = try tensor.resolving(.negation)
        default: throw TorchError(.serialization, "a tensor with the unknown mark '\(key.string ?? key.kindName)'")
        }
      }
    }
    return .tensor(tensor)
  }

  private static func parameter(_ arguments: [PickleValue]) throws -> PickleValue {
    if case .foreign? = arguments.first { return arguments[0] }
    guard arguments.count >= 2, case .tensor(var tensor) = arguments[0], let requiresGrad = arguments[1].bool else {
      throw badArguments("_rebuild_parameter")
    }
    tensor.isParameter = true
    tensor.requiresGrad = requiresGrad
    return .tensor(tensor)
  }
}

extension PickleValue {
  /// The dtype a value stands for: `torch.float32` is a global in a pickle.
  package var elementType: DType? {
    switch self {
    case .dtype(let dtype): dtype
    case .global(let global) where global.name.hasPrefix("torch."): DType(name: String(global.name.dropFirst(6)))
    default: nil
    }
  }

  /// The element type a value stands for that tensors here do not have.
  var foreignType: ForeignType? {
    guard case .global(let global) = self, global.name.hasPrefix("torch.") else { return nil }
    return ForeignType(name: String(global.name.dropFirst(6)))
  }
}

/// Functions that rebuild tensors of other kinds than strided ones.
private struct ForeignRebuild {
  private let kind: String
  private let advice: String
  /// Where its arguments have the sizes: an index, or an index into the tuple at an index.
  private let shape: [Int]

  init?(_ name: String) {
    guard name.hasPrefix("torch._utils._rebuild_") else { return nil }
    switch name.dropFirst("torch._utils._rebuild_".count) {
    case "qtensor": (kind, advice, shape) = ("quantized", "in Python, save `tensor.dequantize()`", [2])
    case "sparse_tensor": (kind, advice, shape) = ("sparse", "in Python, save `tensor.to_dense()`", [1, 2])
    case "sparse_csr_tensor": (kind, advice, shape) = ("sparse CSR", "in Python, save `tensor.to_dense()`", [1, 3])
    case "nested_tensor": (kind, advice, shape) = ("nested", "in Python, save `tensor.to_padded_tensor(0)`", [])
    case "meta_tensor_no_storage": (kind, advice, shape) = ("meta", "it has no values", [1])
    case "wrapper_subclass": (kind, advice, shape) = ("subclassed", "in Python, save it as a plain tensor", [])
    default: return nil
    }
  }

  func tensor(_ arguments: [PickleValue]) -> PickleValue {
    var (name, shape) = (kind, shape)
    // Compressed layouts (`torch.sparse_csr`) come through the same function, with one more array before the sizes.
    if kind == "sparse", let layout = arguments.first?.string, layout != "torch.sparse_coo" {
      name += " " + layout.drop { $0 != "_" }.dropFirst().uppercased()
      shape = [1, 3]
    }
    if case .storage(let storage)? = arguments.first, let type = storage.foreignType { name += " \(type.name)" }
    var items: [PickleValue]? = arguments
    var sizes: [Int]?
    for index in shape {
      let item = items.flatMap { $0.indices.contains(index) ? $0[index] : nil }
      (items, sizes) = (item?.sequence, item?.integers)
    }
    return .foreign(ForeignTensor(name, shape: sizes, byteCount: nil, advice: advice))
  }
}

/// The storage classes of PyTorch: `torch.FloatStorage`, `torch.cuda.HalfStorage`, `torch.storage.UntypedStorage`.
package enum StorageClass {
  case typed(DType)
  case foreign(ForeignType)
  case untyped

  package init(_ value: PickleValue) throws {
    guard case .global(let global) = value else { throw TorchError(.serialization, "a storage without a class") }
    if let dtype = value.elementType {
      self = .typed(dtype)
      return
    }
    guard global.name.hasPrefix("torch."), global.name.hasSuffix("Storage") else {
      throw TorchError(.serialization, "\(global.name) is no storage class")
    }
    let name = global.name.dropLast("Storage".count).split(separator: ".").last.map(String.init) ?? ""
    if name == "Untyped" {
      self = .untyped
    } else if let dtype = DType.allCases.first(where: { $0.scalarTypeName == name }) {
      self = .typed(dtype)
    } else if let type = ForeignType(storageClass: name + "Storage") {
      self = .foreign(type)
    } else {
      throw TorchError(.serialization, "storages of class \(global.name) are not supported")
    }
  }

  package static func name(_ dtype: DType) -> String { dtype.scalarTypeName + "Storage" }

  var dtype: DType? { if case .typed(let dtype) = self { dtype } else { nil } }
  var foreignType: ForeignType? { if case .foreign(let type) = self { type } else { nil } }
  var itemSize: Int { dtype?.itemSize ?? foreignType.map { max(1, $0.bits / 8) } ?? 1 }
}
