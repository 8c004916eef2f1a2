// Walking over a module and all in it, in PyTorch's order: the module itself, then its children, depth first.

extension nn.Module {
  /// The modules directly in this one, with their keys; one that is there twice is listed once.
  public func namedChildren() -> [(name: String, module: nn.Module)] {
    var seen: Set<ObjectIdentifier> = []
    return members.children.filter { seen.insert(ObjectIdentifier($0.module)).inserted }.map { ($0.key, $0.module) }
  }

  public func children() -> [nn.Module] { namedChildren().map(\.module) }

  /// This module and all in it with their dotted names; this one's name is empty. Shared ones are listed once.
  ///
  /// ```swift
  /// for (name, module) in model.namedModules() { print(name, module.typeName) }
  /// ```
  public func namedModules(prefix: String = "") -> [(name: String, module: nn.Module)] {
    var list: [(name: String, module: nn.Module)] = []
    visit(prefix: prefix) { name, module, _ in list.append((name, module)) }
    return list
  }

  public func modules() -> [nn.Module] { namedModules().map(\.module) }

  /// All parameters with their state-dict keys; one that is shared is listed once, under its first name.
  public func namedParameters(prefix: String = "", recurse: Bool = true) -> [(name: String, tensor: Tensor)] {
    named(prefix, recurse) { $0.parameters.map { ($0.key, $0.slot.tensor) } }
  }

  /// All parameters, each once: what an optimizer takes.
  public func parameters(recurse: Bool = true) -> [Tensor] { namedParameters(recurse: recurse).map(\.tensor) }

  /// All buffers with their keys, each once.
  public func namedBuffers(prefix: String = "", recurse: Bool = true) -> [(name: String, tensor: Tensor)] {
    named(prefix, recurse) { $0.buffers.map { ($0.key, $0.slot.tensor) } }
  }

  public func buffers(recurse: Bool = true) -> [Tensor] { namedBuffers(recurse: recurse).map(\.tensor) }

  /// Runs `body` on all modules in this one, then on itself, as PyTorch's `apply` does; for initialisation.
  @discardableResult
  public func apply(_ body: (nn.Module) -> Void) -> Self {
    for child in children() { child.apply(body) }
    body(self)
    return self
  }

  /// The module with the dotted name `path`; the empty path is this one.
  /// - Throws: `TorchError` of kind `.value` where there is none.
  public func submodule(_ path: String) throws -> nn.Module {
    var module = self
    for key in path.split(separator: ".") {
      guard let next = module.members.children.first(where: { $0.key == key })?.module else {
        throw TorchError(.value, "\(module.typeName) has no attribute `\(key)`")
      }
      module = next
    }
    return module
  }

  private func named(
    _ prefix: String, _ recurse: Bool, _ slots: (nn.Members) -> [(String, Tensor?)]
  ) -> [(name: String, tensor: Tensor)] {
    var seen: Set<ObjectIdentifier> = []
    var list: [(name: String, tensor: Tensor)] = []
    visit(prefix: prefix, recurse: recurse) { path, _, members in
      for case (let key, let tensor?) in slots(members) where seen.insert(ObjectIdentifier(tensor)).inserted {
        list.append((joined(path, key), tensor))
      }
    }
    return list
  }

  /// Calls `body` with every module once, its dotted name and its parts.
  func visit(prefix: String = "", recurse: Bool = true, _ body: (String, nn.Module, nn.Members) -> Void) {
    var seen: Set<ObjectIdentifier> = []
    func walk(_ path: String, _ module: nn.Module) {
      guard seen.insert(ObjectIdentifier(module)).inserted else { return }
      let members = module.members
      body(path, module, members)
      if recurse { for (key, child) in members.children { walk(joined(path, key), child) } }
    }
    walk(prefix, self)
  }
}

/// `features` and `0` make `features.0`.
func joined(_ path: String, _ key: String) -> String { path.isEmpty ? key : path + "." + key }
