// What a name means by itself, and behind the dot of something else.

extension JIT.Emitter {
  /// The meaning of a name that is no variable.
  func global(_ name: String) throws -> Meaning? {
    if !file.isArchived {
      for qualifier in [file.qualifier, "__torch__"] {
        switch try unit.item(qualifier + "." + name) {
        case .function(let function)?: return .function(function)
        case .type(let type)?: return .type(type)
        case nil: break
        }
      }
    }
    if let meaning = JIT.Emitter.globals[name] { return meaning }
    if let value = try unit.namedConstant(name, file) { return .value(constant(value)) }
    if let type = try unit.typeIfKnown(.init(.name(name), position), file) { return .type(type) }
    if name.hasSuffix("Error") || name.hasSuffix("Exception") || name == "Warning" || name == "StopIteration" {
      return .exception(name)
    }
    return nil
  }

  // Unsafe in name only: what is in the table never changes.
  private nonisolated(unsafe) static let globals: [String: Meaning] = {
    var table: [String: Meaning] = [
      "torch": .namespace("torch"), "ops": .namespace("ops"), "math": .namespace("math"), "nn": .namespace("torch.nn"),
      "F": .namespace("torch.nn.functional"), "CONSTANTS": .namespace("CONSTANTS"),
      "__torch__": .namespace("__torch__"),
      "warnings": .namespace("warnings"), "typing": .namespace("typing"), "builtins": .namespace("builtins"),
      "min": .operators("prim::min", receiver: nil), "max": .operators("prim::max", receiver: nil),
      "abs": .operators("prim::abs", receiver: nil), "id": .operators("prim::id", receiver: nil),
      "int": .type(.int), "float": .type(.float), "bool": .type(.bool), "str": .type(.string),
      "complex": .type(.complex),
    ]
    for name in ["all", "any", "sum", "round", "divmod", "sorted", "ord", "chr", "bin", "hex", "oct", "hash", "pow"] {
      table[name] = .operators("aten::" + name, receiver: nil)
    }
    for name in [
      "print", "len", "range", "enumerate", "zip", "isinstance", "hasattr", "getattr", "annotate", "unchecked_cast",
      "uninitialized", "tuple", "list", "dict", "fork", "super", "reversed", "static_assert", "is_scripting", "iter",
    ] {
      table[name] = .form(name)
    }
    return table
  }()

  // MARK: Behind a dot

  func attribute(_ base: Meaning, _ name: String, _ position: Syntax.Position) throws -> Meaning {
    switch base {
    case .namespace(let space): return try member(name, of: space, position)
    case .value(let value): return try attribute(of: value, name, position)
    case .type(let type): return try attribute(of: type, name, position)
    case .tuple(let items):
      return try attribute(of: try value(of: .tuple(items), position), name, position)
    default: throw position.error("\(base.name) has no attribute '\(name)'", .type)
    }
  }

  /// Names below `torch` that only lead further.
  private static let spaces: Set = [
    "torch.nn", "torch.nn.functional", "torch.jit", "torch.ops", "torch.linalg", "torch.fft", "torch.special",
    "torch.functional", "torch.autograd", "torch.autograd.grad_mode", "torch.classes", "torch.utils", "torch.cuda",
    "torch.jit.annotations", "torch.nn.modules", "torch.nn.init", "torch._C", "torch._C._nn", "torch.testing",
    "torch.overrides", "torch.compiler", "torch.onnx", "torch.backends", "torch.distributed", "torch.nn.utils",
    "torch.nn.utils.rnn", "torch._VF", "torch.sparse", "torch._jit_internal", "torch.nn.parameter",
  ]

  private func member(_ name: String, of space: String, _ position: Syntax.Position) throws -> Meaning {
    let whole = space + "." + name
    if let value = try unit.namedConstant(whole, file) {
      // In archives `torch.bool` and the like do not occur, but operators of these names may.
      return .value(constant(value))
    }
    switch space {
    case "CONSTANTS": break
    case "math", "builtins": return .operators("aten::" + name, receiver: nil)
    case "warnings":
      if name == "warn" { return .operators("aten::warn", receiver: nil) }
    case "torch.autograd" where name == "grad" || name == "backward": return .operators("aten::" + name, receiver: nil)
    case "ops", "torch.ops": return .namespace("ops." + name)
    case "typing":
      if let type = try unit.typeIfKnown(.init(.name(name), position), file) { return .type(type) }
    case _ where space == "__torch__" || space.hasPrefix("__torch__."):
      switch try unit.item(whole) {
      case .function(let function)?: return .function(function)
      case .type(let type)?: return .type(type)
      case nil: return .namespace(whole)
      }
    case _ where space.hasPrefix("ops."):
      return .operators("\(space.dropFirst(4))::\(name)", receiver: nil)
    case "torch.linalg", "torch.fft", "torch.special", "torch.sparse":
      return .operators("aten::\(space.dropFirst(6))_\(name)", receiver: nil)
    case "torch.jit", "torch._jit_internal", "torch.compiler", "torch.onnx", "torch.overrides":
      if let form = JIT.Emitter.jitForms[name] { return form }
    case _ where JIT.Emitter.spaces.contains(whole): return .namespace(whole)
    default: break
    }
    if JIT.Emitter.spaces.contains(whole) { return .namespace(whole) }
    if !file.isArchived || space != "torch" {
      switch try unit.item("__torch__." + (space == "torch" ? "torch.functional." + name : whole)) {
      case .function(let function)?: return .function(function)
      case .type(let type)?: return .type(type)
      case nil: break
      }
    }
    switch whole {
    case "torch.Tensor": return .type(.tensor)
    case "torch.device": return .type(.device)
    case "torch.Size": return .form("list")
    case "torch.no_grad", "torch.autograd.no_grad":
      return .type(try unit.type(named: "__torch__.torch.autograd.grad_mode.no_grad"))
    case "torch.enable_grad", "torch.autograd.enable_grad":
      return .type(try unit.type(named: "__torch__.torch.autograd.grad_mode.enable_grad"))
    default: break
    }
    switch space {
    case "torch", "torch.functional", "torch.nn.functional", "torch._C._nn", "torch._VF", "torch._C":
      let kind = "aten::" + name
      if file.isArchived || JIT.Candidate.isKnown(kind) { return .operators(kind, receiver: nil) }
      // What no PyTorch has may be a mistake, but an operator that is not here must be named with the others.
      return .operators(kind, receiver: nil)
    default: break
    }
    throw position.error("module '\(space)' has no attribute '\(name)'", .type)
  }

  // As above.
  private nonisolated(unsafe) static let jitForms: [String: Meaning] = [
    "annotate": .form("annotate"), "fork": .form("fork"), "_fork": .form("fork"),
    "wait": .operators("aten::wait", receiver: nil),
    "_wait": .operators("aten::wait", receiver: nil), "isinstance": .form("isinstance"),
    "_unwrap_optional": .operators("aten::_unwrap_optional", receiver: nil), "is_scripting": .form("is_scripting"),
    "is_tracing": .form("is_tracing"), "is_compiling": .form("is_compiling"), "is_exporting": .form("is_exporting"),
    "is_dynamo_compiling": .form("is_compiling"), "has_torch_function": .form("is_tracing"),
    "has_torch_function_unary": .form("is_tracing"), "has_torch_function_variadic": .form("is_tracing"),
    "is_in_onnx_export": .form("is_tracing"), "Attribute": .form("annotate"),
  ]

  // MARK: Values

  /// Attributes of tensors that are calls, and the operators that they call.
  static let tensorProperties: [String: String] = [
    "shape": "aten::size", "dtype": "prim::dtype", "device": "prim::device", "layout": "prim::layout",
    "data": "prim::data",
    "grad": "prim::grad", "requires_grad": "prim::requires_grad", "is_cuda": "prim::is_cuda", "is_cpu": "prim::is_cpu",
    "is_sparse": "prim::is_sparse", "is_sparse_csr": "prim::is_sparse_csr", "is_quantized": "prim::is_quantized",
    "is_mkldnn": "prim::is_mkldnn", "is_meta": "prim::is_meta", "is_mps": "prim::is_mps", "is_xpu": "prim::is_xpu",
    "is_vulkan": "prim::is_vulkan", "is_xla": "prim::is_xla", "is_maia": "prim::is_maia", "is_mtia": "prim::is_mtia",
    "is_nested": "prim::is_nested", "is_leaf": "aten::is_leaf", "ndim": "aten::dim", "T": "aten::numpy_T",
    "H": "aten::matrix_H", "mT": "aten::mT", "mH": "aten::mH", "real": "aten::real", "imag": "aten::imag",
    "name": "prim::name", "retains_grad": "aten::retains_grad", "itemsize": "prim::itemsize", "nbytes": "prim::nbytes",
    "output_nr": "aten::output_nr", "_version": "aten::_version", "grad_fn": "prim::grad_fn",
  ]

  private static let casts: [String: DType] = [
    "byte": .uint8, "char": .int8, "short": .int16, "int": .int32, "long": .int64, "half": .float16, "float": .float32,
    "double": .float64, "bool": .bool, "bfloat16": .bfloat16, "cfloat": .complex64, "cdouble": .complex128,
  ]

  func attribute(of value: GraphValue, _ name: String, _ position: Syntax.Position) throws -> Meaning {
    switch value.type {
    case .tensor:
      if let property = JIT.Emitter.tensorProperties[name] {
        return .value(try callOperators(property, [.init(value)], at: position))
      }
      if let dtype = JIT.Emitter.casts[name] { return .cast(value, dtype) }
      // Methods that Python has as functions.
      if !file.isArchived, case .function(let function)? = try unit.item("__torch__.torch.functional." + name) {
        return .partial(function, value)
      }
      return .operators("aten::" + name, receiver: value)
    case .object(let type): return try attribute(of: value, type, name, position)
    case .interface: return .method(value, name)
    case .namedTuple(let named):
      guard let index = named.fields.firstIndex(where: { $0.name == name }) else { break }
      return .value(try tupleElement(value, index))
    case .enumeration(let type):
      if name == "name" { return .value(add("prim::EnumName", [value], .string)) }
      if name == "value" { return .value(add("prim::EnumValue", [value], type.valueType)) }
    case .device:
      if name == "type" || name == "index" {
        return .value(try callOperators("prim::" + name, [.init(value)], at: position))
      }
    case .future:
      if name == "wait" { return .operators("aten::wait", receiver: value) }
      return .operators("aten::" + name, receiver: value)
    case .list, .dict, .string, .int, .float, .complex, .number, .generator, .bool:
      if value.type == .complex, name == "real" || name == "imag" {
        return .value(try callOperators("aten::" + name, [.init(value)], at: position))
      }
      guard JIT.Candidate.isKnown("aten::" + name) else { break }
      return .operators("aten::" + name, receiver: value)
    default:
      if value.type.isUnknown { return .value(unknown([value])) }
    }
    throw position.error("'\(value.type)' object has no attribute or method '\(name)'.", .type)
  }

  private func attribute(
    of object: GraphValue, _ type: JIT.ClassType, _ name: String, _ position: Syntax.Position
  ) throws -> Meaning {
    if let attribute = type.attribute(name) {
      self.position = position
      let node = add(Node("prim::GetAttr", [object]))
      node.attributes["name"] = .string(name)
      return .value(node.addOutput(attribute.type, name: name))
    }
    if let value = type.constants[name] { return .value(constant(value)) }
    if let getter = unit.properties[type]?[name] {
      return .value(try callMethod(object, getter, [], at: position))
    }
    if let method = type.method(name) {
      // A static method has no `self`.
      return method.signature.parameters.first?.type == .object(type) ? .method(object, name) : .function(method)
    }
    if type.isModule {
      if name == "__call__" || name == "forward" { return .method(object, name) }
      if ["items", "keys", "values", "children", "named_children", "modules"].contains(name) {
        return .moduleItems(object, name)
      }
    }
    throw position.error(
      type.isModule
        ? "Module '\(type.simpleName)' has no attribute '\(name)'"
        : "'\(type.qualifiedName)' object has no attribute or method '\(name)'. Did you forget to initialize an attribute in __init__()?",
      .type)
  }

  private func attribute(of type: ScriptType, _ name: String, _ position: Syntax.Position) throws -> Meaning {
    switch type {
    case .enumeration(let enumeration):
      guard enumeration.members.contains(where: { $0.name == name }) else { break }
      return .value(constant(.enumeration(enumeration, name)))
    case .tensor: return .operators("aten::" + name, receiver: nil)
    case .object(let classType):
      if name == "__new__" { return .form("__new__ " + classType.qualifiedName) }
      if let value = classType.constants[name] { return .value(constant(value)) }
      // A static method.
      if let method = classType.method(name) { return .function(method) }
    case .string where name == "join": return .operators("aten::join", receiver: nil)
    default: break
    }
    throw position.error("class \(type) has no attribute '\(name)'", .type)
  }
}

extension JIT.ClassType {
  /// `Linear` of `__torch__.torch.nn.modules.linear.Linear`
  var simpleName: String { qualifiedName.split(separator: ".").last.map(String.init) ?? qualifiedName }
}
