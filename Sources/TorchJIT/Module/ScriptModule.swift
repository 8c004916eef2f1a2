// Modules of TorchScript as modules of `nn`: loaded, traced or scripted ones.
//
// The script's object holds everything: parameters and buffers in slots that `nn.Module` lists and the interpreter reads,
// submodules as objects, for which there is one `ScriptModule` each, however many places they stand in. So optimizers,
// state dicts, `to(_:)`, `train()` and `functionalCall` work on a loaded model as on one written in Swift.
// Reference: torch/jit/_script.py of PyTorch (RecursiveScriptModule).

extension JIT {
  /// A module of TorchScript.
  ///
  /// ```swift
  /// let model = try JIT.load("resnet.pt").eval()
  /// let scores = model(images)                                       // `forward` with tensors, never throws
  /// let boxes = try model.forward([.tensor(image), .double(0.5)])    // with values of any type
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.jit.ScriptModule.html
  public final class ScriptModule: nn.Module, nn.Layer {
    /// The object that methods see as `self`.
    public let object: ScriptObject
    private let modules: ScriptModules
    /// The modules of submodules, which the table below only knows.
    private var kept: [ScriptModule] = []

    /// The module of a script's object.
    public convenience init(_ object: ScriptObject) { self.init(object, ScriptModules()) }

    fileprivate init(_ object: ScriptObject, _ modules: ScriptModules) {
      self.object = object
      self.modules = modules
      super.init()
      modules.table[ObjectIdentifier(object)] = ScriptModules.Entry(module: self)
      for (index, attribute) in object.type.attributes.enumerated() where object.tensorSlot(index) == nil {
        let tensor = object[index].tensor
        switch attribute.kind {
        case .parameter:
          object.setTensorSlot(
            nn.Parameter<Tensor?>(wrappedValue: tensor, requiresGrad: tensor?.requiresGrad ?? true), at: index)
        case .buffer: object.setTensorSlot(nn.Buffer<Tensor?>(wrappedValue: tensor), at: index)
        case .plain: break
        }
      }
      // A frozen module has no mode left: it is in evaluation for good.
      training = object["training"]?.bool ?? false
      kept = listedMembers()?.children.compactMap { $0.module as? ScriptModule } ?? []
    }

    // MARK: What nn.Module asks

    public override var typeName: String { "RecursiveScriptModule" }

    public override var extraRepr: String { "original_name=\(originalName)" }

    /// The name of the class that the module was made of.
    public var originalName: String {
      object.type.qualifiedName.split(separator: ".").last.map(String.init) ?? object.type.qualifiedName
    }

    public override func listedMembers() -> nn.Members? {
      var members = nn.Members()
      for (index, attribute) in object.type.attributes.enumerated() {
        switch object.tensorSlot(index) {
        case let slot as ParameterSlot: members.parameters.append((attribute.name, slot))
        case let slot as BufferSlot: members.buffers.append((attribute.name, slot))
        default:
          guard let child = object[index].object, child.type.isModule else { continue }
          let module = modules.module(of: child)
          if !kept.contains(where: { $0 === module }) { kept.append(module) }
          members.children.append((attribute.name, module))
        }
      }
      return members
    }

    public override func modeDidChange() {
      guard let slot = object.type.slot("training"), object[slot].bool != training else { return }
      object[slot] = .bool(training)
    }

    // MARK: Attributes

    /// An attribute of the module, or a constant of its class; nil where there is neither.
    ///
    /// What is set must have the attribute's type; else the error goes to the error scope, and nothing is set.
    public subscript(attribute: String) -> IValue? {
      get { object[attribute] ?? object.type.constants[attribute] }
      set {
        guard let declared = object.type.attribute(attribute) else {
          ErrorScope.report(
            TorchError(.value, "'RecursiveScriptModule' object has no attribute '\(attribute)'"))
          return
        }
        guard let value = (newValue ?? .none).converted(to: declared.type) else {
          ErrorScope.report(
            TorchError(
              .type,
              "Could not cast attribute '\(attribute)' to type \(declared.type): it was given a value of type "
                + "\((newValue ?? .none).type)"))
          return
        }
        object[attribute] = value
        if attribute == "training", let mode = value.bool { training = mode }
      }
    }

    // MARK: Methods

    /// The names of the module's methods, in the order of its source.
    public var methodNames: [String] { object.type.methodNames }

    /// A method of the module.
    ///
    /// ```swift
    /// try model.method("reset_states")()
    /// ```
    /// - Throws: `TorchError` of kind `.value` where there is none of that name.
    public func method(_ name: String) throws -> ScriptMethod {
      guard let function = object.type.method(name) else {
        throw TorchError(.value, "'RecursiveScriptModule' object has no attribute '\(name)'")
      }
      return ScriptMethod(self, function)
    }

    /// The source text of `forward`, as TorchScript.
    public var code: String { get throws { try method("forward").code } }

    /// The graph of `forward`.
    public var graph: Graph { get throws { try method("forward").graph } }

    // MARK: Files and copies

    /// Writes the module to an archive that `JIT.load` and PyTorch's `torch.jit.load` read.
    ///
    /// The file is replaced as a whole or, when anything fails, not at all.
    /// - Parameter extraFiles: Texts to keep with the module, by name: `JIT.load(_:device:extraFiles:)` gives them back.
    /// - Throws: `TorchError` of kind `.io` or `.serialization`.
    /// Source: https://pytorch.org/docs/stable/generated/torch.jit.save.html
    public func save(to path: String, extraFiles: [String: String] = [:]) throws {
      try save(to: path, extraFiles: extraFiles.mapValues { Array($0.utf8) })
    }

    /// Writes the module to an archive with files of any bytes.
    public func save(to path: String, extraFiles: [String: [UInt8]]) throws {
      try ArchiveWriter(object).write(to: path, extraFiles: extraFiles)
    }

    /// A module of the same code with tensors, containers and submodules of its own. What was shared in it stays shared.
    public func copy() -> ScriptModule {
      var copier = ObjectCopier()
      return ScriptModule(copier.copy(object))
    }
  }

  /// The modules of a tree of objects: one of each.
  fileprivate final class ScriptModules {
    // Weak, because a module keeps this table.
    struct Entry { weak var module: ScriptModule? }
    var table: [ObjectIdentifier: Entry] = [:]

    func module(of object: ScriptObject) -> ScriptModule {
      table[ObjectIdentifier(object)]?.module ?? ScriptModule(object, self)
    }
  }
}
