extension JIT {

  package static func tmpTrace<Module: nn.Module, each Input, Output>(
    _ module: Module, _ example: repeat each Input, inputNames: [String] = [], dynamicSizes: DynamicSizes = .all,
    _ call: @escaping (Module, repeat each Input) throws -> Output
  ) throws -> ScriptObject {
    let tree = ModuleTree(module)
    let tracer = try tracer(
      tree, repeat each example, inputNames: inputNames, dynamicSizes: dynamicSizes
    ) { (input: repeat each Input) in try call(module, repeat each input) }
    _ = try tracer.trace().function(named: "forward")
    return tree.object
  }

  package static func tmpSave(_ object: ScriptObject, _ path: String) throws {
    try ArchiveWriter(object).write(to: path, extraFiles: [:])
  }
  package static func tmpCode(_ object: ScriptObject, _ method: String) throws -> String {
    try PythonPrinter().function(object.type.method(method)!, method, indent: "")
  }
}
