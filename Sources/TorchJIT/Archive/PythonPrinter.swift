// Classes and functions as TorchScript's source text: the files of an archive's `code/` folder.
//
// Every class and function is written once, after those that it needs, into the file of its qualifier:
// `__torch__.torch.nn.modules.linear.Linear` goes to `code/__torch__/torch/nn/modules/linear.py`. Bodies are the work of
// FunctionPrinter.swift. What the text cannot say is a constant beside it: `CONSTANTS.c0`.
// Reference: torch/csrc/jit/serialization/python_print.cpp of PyTorch, whose language this is.

import OrderedCollections

extension JIT {
  final class PythonPrinter {
    /// Text by qualifier, `__torch__.torch.nn.modules.linear`.
    private(set) var files: OrderedDictionary<String, String> = [:]
    /// What `CONSTANTS.c0`, … stand for.
    private(set) var constants: [IValue] = []
    /// Names of the operators that were written.
    private(set) var operatorNames: Set<String> = []
    let names: TypeNames
    private var written: Set<ObjectIdentifier> = []
    /// What the text being made has named so far.
    private var mentioned: [NamedItem] = []

    init(names: TypeNames = TypeNames()) { self.names = names }

    /// The name of `item` in source text, which makes it part of what is written.
    func name(_ item: NamedItem) -> String {
      mentioned.append(item)
      return names.name(item.owner, item.qualifiedName)
    }

    func constant(_ value: IValue) -> String {
      if let tensor = value.tensor,
        let known = constants.firstIndex(where: { $0.tensor.map { $0 === tensor } ?? false })
      {
        return "CONSTANTS.c\(known)"
      }
      constants.append(value)
      return "CONSTANTS.c\(constants.count - 1)"
    }

    func used(operator name: String) { operatorNames.insert(name) }

    // MARK: Files

    /// Writes `item` and all that it needs.
    func add(_ item: NamedItem) throws {
      guard written.insert(ObjectIdentifier(item.owner)).inserted else { return }
      let name = names.name(item.owner, item.qualifiedName)
      let outer = mentioned
      mentioned = []
      let text = try text(of: item, name)
      let needed = mentioned
      mentioned = outer
      for other in needed { try add(other) }
      let qualifier = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? "__torch__"
      files[qualifier, default: ""] += text
    }

    /// Writes what was named outside of source text: the classes of pickled objects.
    func addMentioned() throws {
      let needed = mentioned
      mentioned = []
      for item in needed { try add(item) }
    }

    private func text(of item: NamedItem, _ name: String) throws -> String {
      let simple = name.split(separator: ".").last.map(String.init) ?? name
      switch item {
      case .classType(let type): return try text(of: type, simple)
      case .function(let body): return try function(body, simple, indent: "")
      case .namedTuple(let type):
        return "class \(simple)(NamedTuple):\n" + type.fields.map { "  \($0.name) : \(self.type($0.type))\n" }.joined()
      case .enumeration(let type):
        let members = type.members.map { member in
          "  \(member.name) = \(member.text.map(PythonText.quoted) ?? member.value.map(number) ?? "None")\n"
        }
        return "class \(simple)(Enum):\n" + members.joined()
      case .interface(let type):
        let methods = type.methods.sorted { $0.key < $1.key }.map { name, signature in
          // The first parameter is the object, whatever its type.
          let rest = signature.parameters.filter { $0.name != "self" }.map { ",\n    \($0.name): \(self.type($0.type))" }
          let result = signature.returns.count == 1 ? self.type(signature.returns[0]) : self.type(.tuple(signature.returns))
          return "  def \(name)(self\(rest.joined())) -> \(result):\n    pass\n"
        }
        return "class \(simple)(\(type.isModule ? "ModuleInterface" : "Interface")):\n" + methods.joined()
      }
    }

    private func text(of type: ClassType, _ simple: String) throws -> String {
      func list(_ names: [String]) -> String { "[\(names.map { PythonText.quoted($0) + ", " }.joined())]" }
      func list(_ kind: ClassType.Attribute.Kind) -> String {
        list(type.attributes.filter { $0.kind == kind }.map(\.name))
      }
      var text = "class \(simple)\(type.isModule ? "(Module)" : ""):\n"
      if type.isModule {
        text += "  __parameters__ = \(list(.parameter))\n  __buffers__ = \(list(.buffer))\n"
        if !type.forwardPreHooks.isEmpty { text += "  __forward_pre_hooks__ = \(list(type.forwardPreHooks))\n" }
        if !type.forwardHooks.isEmpty { text += "  __forward_hooks__ = \(list(type.forwardHooks))\n" }
      }
      for attribute in type.attributes {
        let annotation = self.type(attribute.type)
        text +=
          PythonText.isAttribute(attribute.name)
          ? "  \(attribute.name) : \(annotation)\n"
          : "  __annotations__[\(PythonText.quoted(attribute.name))] = \(annotation)\n"
      }
      for (name, value) in type.constants.sorted(by: { $0.key < $1.key }) {
        guard PythonText.isAttribute(name), let literal = literal(value) else { continue }
        text += "  \(name) : Final[\(self.type(value.type))] = \(literal)\n"
      }
      for name in type.methodNames {
        if let method = type.method(name) { text += try function(method, name, indent: "  ") }
      }
      if text.hasSuffix(":\n") { text += "  pass\n" }
      return text
    }

    /// The text of one method or function, without what it needs.
    func function(_ function: Function, _ name: String, indent: String) throws -> String {
      guard let graph = function.graph else {
        throw TorchError(.state, "\(function.qualifiedName) has no body that could be saved")
      }
      var printer = FunctionPrinter(self)
      return try printer.print(graph, name, function.signature, indent: indent)
    }

    // MARK: Types and constants

    /// A type as annotations have it.
    func type(_ type: ScriptType) -> String {
      switch type {
      case .list(let element): "List[\(self.type(element))]"
      case .dict(let key, let value): "Dict[\(self.type(key)), \(self.type(value))]"
      case .optional(let wrapped): "Optional[\(self.type(wrapped))]"
      case .tuple(let elements):
        elements.isEmpty ? "Tuple[()]" : "Tuple[\(elements.map { self.type($0) }.joined(separator: ", "))]"
      case .union(let members): "Union[\(members.map { self.type($0) }.joined(separator: ", "))]"
      case .future(let wrapped): "Future[\(self.type(wrapped))]"
      case .namedTuple(let type): name(.namedTuple(type))
      case .object(let type): name(.classType(type))
      case .interface(let type): name(.interface(type))
      case .enumeration(let type): name(.enumeration(type))
      default: type.description
      }
    }

    /// A constant as source text; nil for what has none.
    func literal(_ value: IValue) -> String? {
      switch value {
      case .none: return "None"
      case .int(let value): return String(value)
      case .double(let value): return PythonText.float(value)
      case .bool(let value): return value ? "True" : "False"
      case .string(let text): return PythonText.quoted(text)
      case .device(let device): return "torch.device(\(PythonText.quoted(device.description)))"
      case .enumeration(let type, let member): return name(.enumeration(type)) + "." + member
      case .function(let function): return name(.function(function))
      case .list(let list):
        guard let items = literals(list.items) else { return nil }
        let text = "[\(items.joined(separator: ", "))]"
        // The parser cannot tell what an empty list holds, and takes None among others for a type of its own.
        let plain = !items.isEmpty && list.items.allSatisfy { $0.type == list.elementType }
        return plain ? text : "annotate(List[\(type(list.elementType))], \(text))"
      case .tuple(let tuple):
        guard let items = literals(tuple.items) else { return nil }
        if let type = tuple.type { return "\(name(.namedTuple(type)))(\(items.joined(separator: ", ")))" }
        return items.count == 1 ? "(\(items[0]),)" : "(\(items.joined(separator: ", ")))"
      case .tensor, .quantized, .complex, .dict, .generator, .object, .future: return nil
      }
    }

    private func literals(_ values: [IValue]) -> [String]? {
      let texts = values.map { literal($0) }
      return texts.contains { $0 == nil } ? nil : texts.map { $0! }
    }

    private func number(_ value: Scalar) -> String { literal(IValue(.scalar(value))) ?? "\(value)" }
  }
}
