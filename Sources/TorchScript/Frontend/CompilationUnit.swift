// Classes and functions by name, read from source text when they are first named.
//
// A file of source text is parsed as a whole; what it defines is declared one by one, when somebody names it, and the
// bodies of functions are compiled after that, so that classes may name each other. Once a call from outside returns,
// everything that it declared is compiled.
// Reference: torch/csrc/jit/serialization/import_source.cpp of PyTorch.

import OrderedCollections

extension JIT {
  /// Functions and classes that belong together.
  ///
  /// ```swift
  /// let unit = try JIT.CompilationUnit("""
  ///   def relu_twice(x):
  ///     return torch.relu(x) * 2
  ///   """)
  /// print(unit["relu_twice"]!.graph!)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.jit.script.html
  public final class CompilationUnit {
    typealias Syntax = JIT.Syntax

    /// What a qualified name stands for.
    enum Item {
      case type(ScriptType)
      case function(Function)
    }

    /// The definitions of one file, by name.
    final class SourceFile {
      /// `__torch__.torch.nn.modules.linear`
      let qualifier: String
      /// Whether names in it are those that archives have, in full.
      let isArchived: Bool
      var definitions: OrderedDictionary<String, Syntax.Statement> = [:]
      /// `Kernel = List[int]` outside of functions.
      var aliases: [String: Syntax.Expression] = [:]

      init(_ qualifier: String, isArchived: Bool) {
        self.qualifier = qualifier
        self.isArchived = isArchived
      }
    }

    /// A body that is not compiled yet, or is being compiled.
    final class Body {
      let definition: Syntax.FunctionDefinition
      let file: SourceFile
      let owner: ClassType?
      var isBeingCompiled = false

      init(_ definition: Syntax.FunctionDefinition, _ file: SourceFile, _ owner: ClassType?) {
        self.definition = definition
        self.file = file
        self.owner = owner
      }
    }

    /// What `CONSTANTS.c0`, … of archives stand for. They may be objects of the unit's own classes, so that they come
    /// after it and before the code that names them.
    package var constants: [IValue]
    /// The version of the operators that the source means; nil is today's.
    let operatorVersion: Int?
    /// Whether names of PyTorch's classes of packed parameters have a meaning that the source need not give.
    private let knowsPackedParameters: Bool
    private let resolve: (String) throws -> String?
    private var items: [String: Item] = [:]
    private var files: [String: SourceFile?] = [:]
    private var userFile: SourceFile?
    private var queue: [Function] = []
    private var bodies: [ObjectIdentifier: Body] = [:]
    private var depth = 0
    /// Defaults of named tuples' fields.
    var fieldDefaults: [NamedTupleType: [String: IValue]] = [:]
    /// Methods that are read as attributes are.
    var properties: [ClassType: [String: String]] = [:]
    /// Operators that nothing knows.
    var missing: OrderedSet<String> = []

    /// Compiles functions and classes of Python source text.
    /// - Throws: `TorchError` in PyTorch's wording with the line of the source, and one that names all operators that
    ///   are missing.
    public convenience init(_ source: String) throws {
      self.init(constants: [], resolve: { _ in nil })
      let file = SourceFile("__torch__", isArchived: false)
      try read(source, name: "<string>", into: file)
      userFile = file
      files["__torch__"] = file
      for name in file.definitions.keys { _ = try item("__torch__." + name) }
      try checkMissing()
    }

    /// The classes and functions of an archive.
    /// - Parameters:
    ///   - constants: What `CONSTANTS.c0`, … stand for.
    ///   - operatorVersion: The version of the archive, whose operators may have changed since.
    ///   - resolve: The text of the file for a qualifier, `__torch__.torch.nn.modules.linear`, if there is one.
    package init(
      constants: [IValue], operatorVersion: Int? = nil, knowsPackedParameters: Bool = true,
      resolve: @escaping (String) throws -> String?
    ) {
      self.constants = constants
      self.operatorVersion = operatorVersion
      self.knowsPackedParameters = knowsPackedParameters
      self.resolve = resolve
    }

    // MARK: Names

    /// The function of this name; names of the source that the unit was made of need no qualifier.
    public subscript(name: String) -> Function? {
      for candidate in [name, "__torch__." + name] {
        if case .function(let function)? = items[candidate] { return function }
      }
      return nil
    }

    /// All functions, by name.
    public var functions: [Function] {
      items.values.compactMap { if case .function(let function) = $0 { function } else { nil } }
        .sorted { $0.qualifiedName < $1.qualifiedName }
    }

    /// The class, module, named tuple, enumeration or interface of this qualified name.
    package func type(named name: String) throws -> ScriptType {
      guard case .type(let type)? = try item(name) else {
        throw TorchError(.serialization, "Unknown type name '\(name)'")
      }
      return type
    }

    package func function(named name: String) throws -> Function {
      guard case .function(let function)? = try item(name) else {
        throw TorchError(.serialization, "there is no function '\(name)'")
      }
      return function
    }

    /// What a qualified name stands for; nil where no source defines it.
    func item(_ name: String) throws -> Item? {
      if let item = items[name] { return item }
      guard let dot = name.lastIndex(of: ".") else { return nil }
      let (qualifier, simple) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
      guard let file = try file(qualifier), let statement = file.definitions[simple] else {
        return knowsPackedParameters ? PackedParameters.type(name).map { .type(.object($0)) } : nil
      }
      return try entered {
        switch statement.kind {
        case .classDefinition(let definition): try declare(definition, name, file)
        case .function(let definition):
          let function = try declare(definition, name, file, owner: nil)
          items[name] = .function(function)
        default: break
        }
        return items[name]
      }
    }

    func register(_ item: Item, _ name: String) { items[name] = item }

    private func file(_ qualifier: String) throws -> SourceFile? {
      if let known = files[qualifier] { return known }
      files[qualifier] = SourceFile?.none
      let archived = try resolve(qualifier)
      guard let text = archived ?? Library.source(qualifier) else { return nil }
      let file = SourceFile(qualifier, isArchived: archived != nil)
      let path = "code/" + qualifier.split(separator: ".").joined(separator: "/") + ".py"
      try read(text, name: path, into: file)
      files[qualifier] = file
      return file
    }

    private func read(_ text: String, name: String, into file: SourceFile) throws {
      for statement in try JIT.Parser.parse(text, file: name) {
        switch statement.kind {
        case .function(let definition): file.definitions[definition.name] = statement
        case .classDefinition(let definition): file.definitions[definition.name] = statement
        case .assign(let targets, annotation: _, let value?):
          if targets.count == 1, case .name(let alias) = targets[0].kind { file.aliases[alias] = value }
        default: break
        }
      }
    }

    // MARK: Compiling

    /// Runs `body`; the outermost call compiles what was declared meanwhile.
    func entered<R>(_ body: () throws -> R) throws -> R {
      depth += 1
      defer { depth -= 1 }
      let result = try body()
      if depth == 1 {
        while let function = queue.popLast() { try compile(function) }
      }
      return result
    }

    /// Declares a function: its body is compiled later.
    func declare(
      _ definition: Syntax.FunctionDefinition, _ name: String, _ file: SourceFile, owner: ClassType?
    ) throws -> Function {
      let function = Function(name, try signature(of: definition, file, owner: owner))
      // A function that Python alone can run fails when it is called.
      let body = Body(definition.isIgnored ? definition.raising : definition, file, owner)
      bodies[ObjectIdentifier(function)] = body
      queue.append(function)
      return function
    }

    /// Compiles the body of `function`, if that has not been done.
    func compile(_ function: Function) throws {
      guard let body = bodies[ObjectIdentifier(function)], !body.isBeingCompiled else { return }
      body.isBeingCompiled = true
      let emitter = Emitter(self, function, body)
      function.graph = try emitter.run()
      bodies[ObjectIdentifier(function)] = nil
    }

    /// What a call of `function` needs: in Python's source a body may have to say what it returns.
    func prepareCall(of function: Function, from file: SourceFile, at position: Syntax.Position) throws {
      guard let body = bodies[ObjectIdentifier(function)] else { return }
      if body.isBeingCompiled {
        guard !body.file.isArchived else { return }
        throw position.error(
          "function '\(function.name)' is called recursively. Recursive calls are not supported")
      }
      if !body.file.isArchived { try compile(function) }
    }

    /// Adds the functions of `source` as methods of `type`, which may use all that its attributes are.
    package func define(_ source: String, in type: ClassType) throws {
      let file = SourceFile(type.qualifiedName, isArchived: false)
      try read(source, name: "<string>", into: file)
      try entered {
        for statement in file.definitions.values {
          guard case .function(let definition) = statement.kind else { continue }
          let method = try declare(definition, type.qualifiedName + "." + definition.name, file, owner: type)
          type.add(method, named: definition.name)
        }
      }
    }

    /// - Throws: `TorchError` of kind `.notImplemented` that names every operator that is called and not there.
    package func checkMissing() throws {
      guard !missing.isEmpty else { return }
      throw TorchError(
        .notImplemented,
        "Unknown builtin ops: \(missing.sorted().joined(separator: ", ")).\n"
          + "The following ops may not exist or may not be currently supported in TorchScript.")
    }
  }
}

extension JIT.Syntax.FunctionDefinition {
  func hasDecorator(_ names: String...) -> Bool {
    decorators.contains { decorator in
      var expression = decorator
      if case .call(let callee, _) = expression.kind { expression = callee }
      switch expression.kind {
      case .name(let name), .attribute(_, let name): return names.contains(name)
      default: return false
      }
    }
  }

  var isIgnored: Bool { hasDecorator("ignore", "unused") }

  /// The same signature over a body that raises.
  var raising: JIT.Syntax.FunctionDefinition {
    let text = "This Python function is annotated to be ignored and cannot be run"
    let message = JIT.Syntax.Expression(.string(text), position)
    let error = JIT.Syntax.Expression(
      .call(.init(.name("NotImplementedError"), position), [.init(name: nil, value: message)]), position)
    return JIT.Syntax.FunctionDefinition(
      name: name, parameters: parameters, returns: returns, body: [.init(.raise(error), position)],
      decorators: decorators, position: position)
  }
}
