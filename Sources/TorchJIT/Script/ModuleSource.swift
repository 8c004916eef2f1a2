// The TorchScript of modules: for each class of `nn` the source of its methods, with its configuration written in.
//
// Files beside this one hold the families. A configuration that does not change stands in the text as a literal, as it does
// in what PyTorch saves; what may change (`training`, parameters, buffers) is read from the module.
// Reference: torch/nn/modules of PyTorch says what each computes.

extension JIT {
  /// What scripting needs to know of a module beside its members.
  struct ModuleSource {
    /// The methods, `forward` among them, as TorchScript; empty for containers that only hold.
    let methods: String
    /// The configuration, under PyTorch's names.
    let constants: [(name: String, value: IValue)]

    init(_ methods: String, _ constants: KeyValuePairs<String, any ScriptConstant> = [:]) {
      self.methods = methods
      self.constants = constants.map { ($0.key, $0.value.scriptValue) }
    }
  }

  /// The sources of all classes of `nn`, by family.
  enum ModuleSources {
    /// The source of `module`; nil for a class that is not of `nn`.
    static func source(of module: nn.Module) throws -> ModuleSource? {
      if let source = try linear(module) ?? activation(module) ?? convolution(module) ?? pooling(module) { return source }
      if let source = try normalization(module) ?? loss(module) ?? recurrent(module) ?? moving(module) { return source }
      return try attention(module) ?? container(module)
    }
  }
}

/// A value that can stand in TorchScript's source text.
protocol ScriptConstant {
  var scriptValue: JIT.IValue { get }
}

extension Int: ScriptConstant { var scriptValue: JIT.IValue { .int(self) } }
extension Double: ScriptConstant { var scriptValue: JIT.IValue { .double(self) } }
extension Bool: ScriptConstant { var scriptValue: JIT.IValue { .bool(self) } }
extension String: ScriptConstant { var scriptValue: JIT.IValue { .string(self) } }
extension Scalar: ScriptConstant { var scriptValue: JIT.IValue { JIT.IValue(.scalar(self)) } }
extension JIT.IValue: ScriptConstant { var scriptValue: JIT.IValue { self } }

extension Optional: ScriptConstant where Wrapped: ScriptConstant {
  var scriptValue: JIT.IValue { map(\.scriptValue) ?? .none }
}

extension Array: ScriptConstant where Element: ScriptConstant {
  var scriptValue: JIT.IValue {
    let items = map(\.scriptValue)
    return .list(JIT.ListObject(items.first?.type ?? .int, items))
  }
}

extension DefaultStringInterpolation {
  /// The value as TorchScript writes it: `True`, `[1, 2]`, `None`.
  mutating func appendInterpolation(py value: some ScriptConstant) {
    appendLiteral(JIT.PythonPrinter().literal(value.scriptValue) ?? "None")
  }
}
