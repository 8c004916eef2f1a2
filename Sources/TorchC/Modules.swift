// Modules that were read from files: TorchScript archives and ONNX models.

import CTorch
import OrderedCollections
import Torch
import TorchONNX

private func text(_ pointer: UnsafePointer<CChar>?, _ name: String) throws -> String {
  String(cString: try required(pointer, name))
}

private func script(_ handle: st_handle) throws -> JIT.ScriptModule { try object(handle, JIT.ScriptModule.self) }

// MARK: TorchScript

@_cdecl("st_module_load")
public func loadModule(
  _ path: UnsafePointer<CChar>?, _ extraNames: UnsafePointer<st_value>?, _ blockBytes: Int64,
  _ extraFiles: UnsafeMutablePointer<st_value>?
) -> st_handle {
  protected(0) {
    var extra: [String: String] = [:]
    if let extraNames {
      let reader = try ValueReader(extraNames, blockBytes)
      for name in try reader.items(extraNames.pointee, 0) { extra[try reader.text(name)] = "" }
    }
    let module = try JIT.load(text(path, "path"), extraFiles: &extra)
    if let extraFiles {
      var found = StateDictionary<Tensor>()
      for (name, content) in extra.sorted(by: { $0.key < $1.key }) { found.entries[.string(name)] = .string(content) }
      extraFiles.initialize(to: try st_value(.dict(found)))
    }
    return HandleTable.shared.add(module)
  }
}

@_cdecl("st_module_save")
public func saveModule(
  _ module: st_handle, _ path: UnsafePointer<CChar>?, _ extraFiles: UnsafePointer<st_value>?, _ blockBytes: Int64
) -> st_status {
  protected {
    let extra = try extraFiles.map { try ValueReader($0, blockBytes).texts($0.pointee) } ?? [:]
    try script(module).save(to: text(path, "path"), extraFiles: extra)
  }
}

@_cdecl("st_module_call")
public func callModule(
  _ module: st_handle, _ method: UnsafePointer<CChar>?, _ arguments: UnsafePointer<st_value>?, _ blockBytes: Int64,
  _ result: UnsafeMutablePointer<st_value>?
) -> st_status {
  protected {
    let arguments = try required(arguments, "arguments"), result = try required(result, "result")
    let reader = try ValueReader(arguments, blockBytes)
    let parts = try reader.items(arguments.pointee, 0)
    guard parts.count == 2 else { throw FaceError.argument("expected a list and a dictionary of arguments") }
    let positional = try reader.items(parts[0], 1).map { try reader.scriptValue($0) }
    var keywords: [String: JIT.IValue] = [:]
    let named = try reader.items(parts[1], 1)
    for i in stride(from: 0, to: named.count - 1, by: 2) {
      keywords[try reader.text(named[i])] = try reader.scriptValue(named[i + 1])
    }
    let module = try script(module)
    result.initialize(to: try st_value(module.method(text(method, "method"))(positional, keywords: keywords)))
  }
}

@_cdecl("st_module_get")
public func moduleAttribute(
  _ module: st_handle, _ name: UnsafePointer<CChar>?, _ result: UnsafeMutablePointer<st_value>?
) -> st_status {
  protected {
    let module = try script(module), name = try text(name, "name")
    let result = try required(result, "result")
    if let child = module.listedMembers()?.children.first(where: { $0.key == name })?.module {
      return result.initialize(to: st_value(module: child))
    }
    guard let value = module[name] else {
      throw TorchError(.value, "'RecursiveScriptModule' object has no attribute '\(name)'")
    }
    result.initialize(to: try st_value(value))
  }
}

@_cdecl("st_module_set")
public func setModuleAttribute(
  _ module: st_handle, _ name: UnsafePointer<CChar>?, _ value: UnsafePointer<st_value>?, _ blockBytes: Int64
) -> st_status {
  protected {
    let value = try required(value, "value")
    try script(module)[text(name, "name")] = ValueReader(value, blockBytes).scriptValue(value.pointee)
  }
}

@_cdecl("st_module_train")
public func trainModule(_ module: st_handle, _ mode: Int32) -> st_status {
  protected { try object(module, nn.Module.self).train(mode != 0) }
}

/// What `st_module_list` gives.
private enum Listing: Int32 { case methods, parameters, buffers, state, children }

@_cdecl("st_module_list")
public func listModule(_ module: st_handle, _ what: Int32, _ result: UnsafeMutablePointer<st_value>?) -> st_status {
  protected {
    let module = try object(module, nn.Module.self), result = try required(result, "result")
    func named(_ tensors: some Sequence<(String, Tensor)>) throws -> st_value {
      var found = StateDictionary<Tensor>(isOrdered: true)
      for (name, tensor) in tensors { found.entries[.string(name)] = .tensor(tensor) }
      return try st_value(.dict(found))
    }
    switch Listing(rawValue: what) {
    case .methods?:
      result.initialize(to: try .list(ST_LIST, (module as? JIT.ScriptModule)?.methodNames ?? []) { .text($0) })
    case .parameters?: result.initialize(to: try named(module.namedParameters().map { ($0.name, $0.tensor) }))
    case .buffers?: result.initialize(to: try named(module.namedBuffers().map { ($0.name, $0.tensor) }))
    case .state?: result.initialize(to: try named(module.stateDict().map { ($0.key, $0.value) }))
    case .children?:
      let children = module.namedChildren()
      var value = try st_value.list(ST_DICT, 0..<(2 * children.count)) { i in
        i % 2 == 0 ? .text(children[i / 2].name) : st_value(module: children[i / 2].module)
      }
      value.flags |= ST_ORDERED.rawValue
      result.initialize(to: value)
    case nil: throw FaceError.argument("there is no list \(what) of a module")
    }
  }
}

@_cdecl("st_module_load_state")
public func loadModuleState(
  _ module: st_handle, _ state: UnsafePointer<st_value>?, _ blockBytes: Int64, _ strict: Int32
) -> st_status {
  protected {
    let state = try required(state, "state")
    try object(module, nn.Module.self).loadStateDict(
      ValueReader(state, blockBytes).named(state.pointee), strict: strict != 0)
  }
}

@_cdecl("st_module_describe")
public func describeModule(
  _ module: st_handle, _ method: UnsafePointer<CChar>?, _ form: Int32, _ result: UnsafeMutablePointer<st_value>?
) -> st_status {
  protected {
    let result = try required(result, "result")
    switch form {
    case 0: result.initialize(to: .text("\(try object(module, nn.Module.self))"))
    case 1: result.initialize(to: .text(try script(module).method(text(method, "method")).code))
    case 2: result.initialize(to: .text("\(try script(module).method(text(method, "method")).graph)"))
    default: throw FaceError.argument("there is no form \(form) of a module's text")
    }
  }
}

// MARK: ONNX

@_cdecl("st_onnx_load")
public func loadONNX(_ path: UnsafePointer<CChar>?) -> st_handle {
  protected(0) { HandleTable.shared.add(try ONNX.load(text(path, "path"))) }
}

@_cdecl("st_onnx_ports")
public func portsONNX(_ module: st_handle, _ result: UnsafeMutablePointer<st_value>?) -> st_status {
  protected {
    let model = try object(module, ONNX.Model.self)
    try required(result, "result").initialize(
      to: try .list(ST_TUPLE, [model.inputs, model.outputs]) { ports in try .list(ST_LIST, ports) { .text($0.name) } })
  }
}

@_cdecl("st_onnx_run")
public func runONNX(
  _ module: st_handle, _ inputs: UnsafePointer<st_value>?, _ blockBytes: Int64, _ result: UnsafeMutablePointer<st_value>?
) -> st_status {
  protected {
    let inputs = try required(inputs, "inputs"), result = try required(result, "result")
    let model = try object(module, ONNX.Model.self)
    let reader = try ValueReader(inputs, blockBytes)
    let named = try reader.items(inputs.pointee, 0)
    var arguments: [String: ONNX.Value] = [:]
    for i in stride(from: 0, to: named.count - 1, by: 2) {
      arguments[try reader.text(named[i])] = try reader.modelValue(named[i + 1])
    }
    let outputs = try model.run(arguments)
    result.initialize(to: try .list(ST_LIST, model.outputs) { try st_value(outputs[$0.name] ?? .none) })
  }
}

extension ValueReader {
  /// The value as an input of an ONNX model.
  fileprivate func modelValue(_ value: st_value, depth: Int = 0) throws -> ONNX.Value {
    switch value.kind {
    case ST_NONE.rawValue: .none
    case ST_TENSOR.rawValue: ONNX.Value(try tensor(value.handle))
    case ST_LIST.rawValue, ST_TUPLE.rawValue:
      .sequence(try items(value, depth).map { try modelValue($0, depth: depth + 1) })
    default: throw FaceError.argument("a model takes tensors and lists of them, not a value of kind \(value.kind)")
    }
  }

  /// The value as an argument of a script's method. Lists are of the type of their elements; what an empty one holds is for
  /// the parameter's type to say.
  fileprivate func scriptValue(_ value: st_value, depth: Int = 0) throws -> JIT.IValue {
    func parts() throws -> [JIT.IValue] { try items(value, depth).map { try scriptValue($0, depth: depth + 1) } }
    switch value.kind {
    case ST_LIST.rawValue, ST_SIZE.rawValue:
      let parts = try parts()
      return .list(JIT.ListObject(parts.commonType, parts))
    case ST_TUPLE.rawValue: return .tuple(try parts())
    case ST_DICT.rawValue:
      let parts = try parts()
      guard parts.count % 2 == 0 else { throw FaceError.argument("a dictionary needs a value for each key") }
      let indices = stride(from: 0, to: parts.count, by: 2)
      let dict = JIT.DictObject(indices.map { parts[$0] }.commonType, indices.map { parts[$0 + 1] }.commonType)
      for i in indices { dict[try parts[i].key()] = parts[i + 1] }
      return .dict(dict)
    case ST_MODULE.rawValue: return .object(try object(value.handle, JIT.ScriptModule.self).object)
    default: return JIT.IValue(try boxed(value))
    }
  }
}

extension [JIT.IValue] {
  /// The type that all have; `Any` where they have none in common.
  fileprivate var commonType: JIT.ScriptType {
    guard let first else { return .any }
    return dropFirst().reduce(Optional(first.type)) { $0?.unified(with: $1.type) } ?? .any
  }
}

extension st_value {
  fileprivate init(module: nn.Module) {
    self.init(ST_MODULE)
    handle = HandleTable.shared.add(module)
    identity = address(module)
  }

  /// What a method has returned.
  fileprivate init(_ value: JIT.IValue) throws {
    switch value {
    case .list(let list): self = try .list(ST_LIST, list.items) { try st_value($0) }
    case .tuple(let tuple): self = try .list(ST_TUPLE, tuple.items) { try st_value($0) }
    case .dict(let dict):
      let parts = dict.table.flatMap { [JIT.IValue($0.key), $0.value] }
      self = try .list(ST_DICT, parts) { try st_value($0) }
    case .object(let object) where object.type.isModule: self.init(module: JIT.ScriptModule(object))
    case .object, .enumeration, .function, .future:
      throw TorchError(.type, "a value of type \(value.type) cannot leave the library")
    default: self = try st_value(value.boxed())
    }
  }

  fileprivate init(_ value: ONNX.Value) throws {
    switch value {
    case .none: self.init(ST_NONE)
    case .tensor(let tensor, _): self = try .tensor(tensor)
    case .strings(let strings): self = try .list(ST_LIST, strings.elements) { .text($0) }
    case .sequence(let values): self = try .list(ST_LIST, values) { try st_value($0) }
    }
  }
}
