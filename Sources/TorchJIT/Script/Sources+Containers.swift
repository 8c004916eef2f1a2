// Sources of containers.

extension JIT.ModuleSources {
  static func container(_ module: nn.Module) throws -> JIT.ModuleSource? {
    if let m = module as? nn.Sequential {
      let calls = m.members.children.map { "  x = getattr(self, \"\($0.key)\").forward(x)\n" }.joined()
      return JIT.ModuleSource("def forward(self, input: Tensor) -> Tensor:\n  x = input\n\(calls)  return x\n")
    }
    // They hold modules or parameters, and are not called themselves.
    return holders.contains(module.typeName) ? JIT.ModuleSource("") : nil
  }

  private static let holders: Set = ["ModuleList", "ModuleDict", "ParameterList", "ParameterDict"]
}
