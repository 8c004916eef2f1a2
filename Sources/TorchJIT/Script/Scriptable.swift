// `JIT.script`: modules become TorchScript with their control flow.
//
// A Swift program cannot be read at run time, as PyTorch reads Python's. Every class of `nn` has its source here
// (ModuleSource.swift); a class of one's own gives its own.
// Reference: https://pytorch.org/docs/stable/generated/torch.jit.script.html

extension JIT {
  /// A module that says what it is in TorchScript.
  ///
  /// ```swift
  /// final class Gate: nn.Module, nn.Layer, JIT.Scriptable {
  ///   let linear = nn.Linear(8, 8)
  ///   func forward(_ x: Tensor) -> Tensor { x.sum().item() > 0 ? linear(x) : x }
  ///
  ///   var scriptSource: String {
  ///     """
  ///     def forward(self, x: Tensor) -> Tensor:
  ///       if float(x.sum()) > 0:
  ///         return self.linear(x)
  ///       return x
  ///     """
  ///   }
  /// }
  /// let scripted = try JIT.script(Gate())
  /// ```
  public protocol Scriptable: nn.Module {
    /// The methods of the module in TorchScript: Python functions whose first parameter is `self`. Parameters, buffers and
    /// submodules are attributes under their state-dict keys, and so are `scriptAttributes`.
    var scriptSource: String { get }
    /// Other attributes that the source reads or writes, with their first values.
    var scriptAttributes: [(name: String, value: IValue)] { get }
  }

  /// The object of TorchScript that `module` becomes.
  package static func scriptObject(_ module: nn.Module) throws -> ScriptObject {
    let tree = ModuleTree(module)
    let unit = try CompilationUnit("")
    // What a module calls has to be there before it.
    for tree in tree.all.reversed() { try define(tree, unit) }
    try unit.checkMissing()
    return tree.object
  }

  private static func define(_ tree: ModuleTree, _ unit: CompilationUnit) throws {
    let type = tree.object.type
    if let own = tree.module as? any Scriptable {
      for (name, value) in own.scriptAttributes {
        let slot = type.add(.init(name, value.type))
        tree.object[slot] = value
      }
      return try unit.define(own.scriptSource, in: type)
    }
    guard let source = try ModuleSources.source(of: tree.module) else {
      throw TorchError(
        .type,
        "\(tree.module.typeName) cannot be scripted: Swift's functions cannot be read at run time. Trace it with JIT.trace, or let it conform to JIT.Scriptable and give its source in TorchScript")
    }
    for (name, value) in source.constants { type.constants[name] = value }
    if !source.methods.isEmpty { try unit.define(source.methods, in: type) }
  }
}

extension JIT.Scriptable {
  public var scriptAttributes: [(name: String, value: JIT.IValue)] { [] }
}
