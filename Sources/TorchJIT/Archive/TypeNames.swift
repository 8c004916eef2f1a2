// The names under which classes and functions are saved, each one's own.
//
// Two classes may have one qualified name: modules of one Swift type whose traces differ, or programs put together from
// several archives. Every further one gets a part that says so, as in PyTorch:
// `__torch__.torch.nn.modules.linear.___torch_mangle_0.Linear`.

extension JIT {
  final class TypeNames {
    private var names: [ObjectIdentifier: String] = [:]
    private var taken: Set<String> = []
    private var mangled = 0

    /// The saved name of a class, named tuple, enumeration, interface or function.
    func name(_ owner: AnyObject, _ qualifiedName: String) -> String {
      if let name = names[ObjectIdentifier(owner)] { return name }
      let base = qualifiedName.hasPrefix("__torch__.") ? qualifiedName : "__torch__." + qualifiedName
      var name = base
      if taken.contains(name) {
        // A name that is mangled already gets another number, not a second mangling.
        var parts = base.split(separator: ".").map(String.init)
        let last = parts.removeLast()
        if parts.last?.hasPrefix("___torch_mangle_") == true { parts.removeLast() }
        repeat {
          name = (parts + ["___torch_mangle_\(mangled)", last]).joined(separator: ".")
          mangled += 1
        } while taken.contains(name)
      }
      taken.insert(name)
      names[ObjectIdentifier(owner)] = name
      return name
    }
  }

  /// What source text is about: something with a qualified name.
  enum NamedItem {
    case classType(ClassType)
    case namedTuple(NamedTupleType)
    case enumeration(EnumType)
    case interface(InterfaceType)
    case function(Function)

    var owner: AnyObject {
      switch self {
      case .classType(let type): type
      case .namedTuple(let type): type
      case .enumeration(let type): type
      case .interface(let type): type
      case .function(let function): function
      }
    }

    var qualifiedName: String {
      switch self {
      case .classType(let type): type.qualifiedName
      case .namedTuple(let type): type.qualifiedName
      case .enumeration(let type): type.qualifiedName
      case .interface(let type): type.qualifiedName
      case .function(let function): function.qualifiedName
      }
    }
  }
}
