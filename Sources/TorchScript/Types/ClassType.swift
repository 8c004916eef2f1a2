// Classes and modules of TorchScript: what attributes their objects have, and their methods.

import Synchronization

extension JIT {
  /// A class of TorchScript; modules are classes too.
  public final class ClassType: @unchecked Sendable {
    // Unchecked: filled while an archive or a source is read, by one thread, and only read afterwards.

    public struct Attribute: Sendable {
      public enum Kind: Sendable { case plain, parameter, buffer }
      public let name: String
      public let type: ScriptType
      public let kind: Kind

      public init(_ name: String, _ type: ScriptType, _ kind: Kind = .plain) {
        self.name = name
        self.type = type
        self.kind = kind
      }
    }

    /// `__torch__.torch.nn.modules.linear.Linear`
    public let qualifiedName: String
    public let isModule: Bool
    public private(set) var attributes: [Attribute] = []
    private var slots: [String: Int] = [:]
    /// Values that belong to the class and not to its objects: `__constants__`.
    public package(set) var constants: [String: IValue] = [:]
    /// Methods that run before and after `forward`, where the object is called as a whole.
    public internal(set) var forwardPreHooks: [String] = []
    public internal(set) var forwardHooks: [String] = []
    /// In the order of the source.
    public private(set) var methodNames: [String] = []
    private var methods: [String: Function] = [:]

    public init(_ qualifiedName: String, isModule: Bool) {
      self.qualifiedName = qualifiedName
      self.isModule = isModule
    }

    /// Adds an attribute and returns its slot.
    @discardableResult
    public func add(_ attribute: Attribute) -> Int {
      if let slot = slots[attribute.name] {
        attributes[slot] = attribute
        return slot
      }
      slots[attribute.name] = attributes.count
      attributes.append(attribute)
      return attributes.count - 1
    }

    public func slot(_ name: String) -> Int? { slots[name] }
    public func attribute(_ name: String) -> Attribute? { slots[name].map { attributes[$0] } }

    public func add(_ method: Function, named name: String) {
      if methods.updateValue(method, forKey: name) == nil { methodNames.append(name) }
    }

    public func method(_ name: String) -> Function? { methods[name] }

    /// Whether objects of this class can stand where `interface` is expected.
    func conforms(to interface: InterfaceType) -> Bool {
      interface.methods.keys.allSatisfy { method($0) != nil }
    }
  }
}

extension JIT.ClassType: Hashable {
  public static func == (a: JIT.ClassType, b: JIT.ClassType) -> Bool { a === b }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension JIT {
  /// A function of TorchScript, or a method, whose first parameter is `self`.
  public final class Function: @unchecked Sendable {
    // Unchecked: the graph is set once, when the function is compiled; passes make new functions.

    public let qualifiedName: String
    public var name: String { qualifiedName.split(separator: ".").last.map(String.init) ?? qualifiedName }
    public internal(set) var signature: Signature
    /// The body. Set once the function is compiled: a method may be called before it is.
    public internal(set) var graph: Graph!
    /// What the graph runs as, made at the first call.
    let compiled = AtomicLazyReference<Code>()

    public init(_ qualifiedName: String, _ signature: Signature, graph: Graph? = nil) {
      self.qualifiedName = qualifiedName
      self.signature = signature
      self.graph = graph
    }
  }
}
