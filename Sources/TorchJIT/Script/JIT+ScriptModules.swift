// `JIT.script` as the modules' users call it.
// Reference: https://pytorch.org/docs/stable/generated/torch.jit.script.html

extension JIT {
  /// Makes a module of TorchScript with the control flow of `module`, and its parameters: training one trains both.
  ///
  /// ```swift
  /// let scripted = try JIT.script(nn.Sequential(nn.Linear(8, 4), nn.Dropout(0.5)))
  /// try scripted.save(to: "model.pt")
  /// ```
  /// - Throws: `TorchError` of kind `.type` for a class that is neither one of `nn` nor `Scriptable`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.jit.script.html
  public static func script(_ module: nn.Module) throws -> ScriptModule {
    if let scripted = module as? ScriptModule { return scripted }
    return ScriptModule(try scriptObject(module))
  }
}
