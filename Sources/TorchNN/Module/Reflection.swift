// What a module is made of, found by one pass over its stored properties.
//
// Values are read afresh on every pass, so a replaced child or tensor is always seen; only the keys that property
// names give are remembered, and those cannot change. No training step passes here: optimizers hold the tensors.

import Synchronization

extension nn {
  /// The parts of a module in the order in which they are declared.
  public struct Members {
    public var parameters: [(key: String, slot: ParameterSlot)]
    public var buffers: [(key: String, slot: BufferSlot)]
    public var children: [(key: String, module: nn.Module)]

    public init(
      parameters: [(key: String, slot: ParameterSlot)] = [], buffers: [(key: String, slot: BufferSlot)] = [],
      children: [(key: String, module: nn.Module)] = []
    ) {
      self.parameters = parameters
      self.buffers = buffers
      self.children = children
    }
  }
}

enum Reflection {
  /// The parameters, buffers and children in the stored properties of `module`'s class and its superclasses.
  static func members(of module: nn.Module) -> nn.Members {
    var levels: [Mirror] = []
    var mirror: Mirror? = Mirror(reflecting: module)
    while let level = mirror, level.subjectType != nn.Module.self {
      levels.append(level)
      mirror = level.superclassMirror
    }
    var members = nn.Members()
    for level in levels.reversed() {
      for property in level.children {
        add(property.value, named: property.label ?? "", of: module, to: &members)
      }
    }
    return members
  }

  private static func add(_ value: Any, named label: String, of module: nn.Module, to members: inout nn.Members) {
    switch value {
    case let slot as ParameterSlot:
      members.parameters.append((slot.key ?? Keys.key(ofProperty: label), slot))
    case let slot as BufferSlot:
      members.buffers.append((slot.key ?? Keys.key(ofProperty: label), slot))
    case let child as nn.Module:
      members.children.append((Keys.key(ofProperty: label), child))
    case let keyed as KeyedChild:
      if let child = keyed.child as? nn.Module { members.children.append((keyed.key, child)) }
    case let tensor as Tensor where tensor.requiresGrad:
      refuse("'\(label)' of \(module.typeName) is a tensor that requires grad but not a parameter: declare it as '@Parameter var \(label)', or store it detached")
    case let list as [nn.Module] where !list.isEmpty:
      refuse("'\(label)' of \(module.typeName) is an array of modules, whose parameters would not be found: use nn.ModuleList")
    case let list as [Tensor] where list.contains(where: \.requiresGrad):
      refuse("'\(label)' of \(module.typeName) is an array with tensors that require grad: use nn.ParameterList")
    case let table as [String: nn.Module] where !table.isEmpty:
      refuse("'\(label)' of \(module.typeName) is a dictionary of modules, whose parameters would not be found: use nn.ModuleDict")
    default:
      break
    }
  }

  private static func refuse(_ message: String) { ErrorScope.report(TorchError(.state, message)) }
}

/// State-dict keys from property names.
package enum Keys {
  private static let known = Mutex<[String: String]>([:])

  static func key(ofProperty label: String) -> String {
    known.withLock { known in
      if let key = known[label] { return key }
      let key = snakeCase(stored(label))
      known[label] = key
      return key
    }
  }

  /// The name in the source: property wrappers and lazy properties store under a decorated one.
  private static func stored(_ label: String) -> Substring {
    let lazyPrefix = "$__lazy_storage_$_"
    if label.hasPrefix(lazyPrefix) { return label.dropFirst(lazyPrefix.count) }
    return label.hasPrefix("_") ? label.dropFirst() : label[...]
  }

  /// `inProjWeight` becomes `in_proj_weight`, `selfAttnQKV` `self_attn_qkv`; digits stay where they are (`conv1`,
  /// `weight_ih_l0` from `weightIhL0`). A name that already has an underscore or begins with a capital is a key as
  /// it is, so that keys such as `LayerNorm` can be written as property names.
  package static func snakeCase(_ name: Substring) -> String {
    guard let first = name.first, !first.isUppercase, !name.contains("_") else { return String(name) }
    let letters = Array(name)
    var key = ""
    for (i, letter) in letters.enumerated() {
      let startsWord =
        letter.isUppercase && i > 0
        && (!letters[i - 1].isUppercase || i + 1 < letters.count && letters[i + 1].isLowercase)
      if startsWord { key += "_" }
      key += letter.lowercased()
    }
    return key
  }
}
