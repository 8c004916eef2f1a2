// From the syntax tree of a function to its graph.
//
// The graph is in single assignment form from the start: a variable is a name in a frame (`Frame`), and where the branches
// of an `if` meet or a loop goes round, values of variables become results of `prim::If` and `prim::Loop`.
//
// Note [Leaving early]: graphs have no jumps. `return`, `break` and `continue` set variables (`$value`, `$stop`, …) and the
// statements that follow go into the branch that has not left; where either branch may have left, they stand in
// a `prim::If` over the variable `$left`. `$stop` ends the loop, `$returned` tells what follows the loop.
// Reference: torch/csrc/jit/frontend/ir_emitter.cpp and exit_transforms.cpp of PyTorch.

extension JIT {
  final class Emitter {
    typealias Syntax = JIT.Syntax

    /// Something to do in order: a statement, or what the compiler puts between statements.
    enum Step {
      case statement(Syntax.Statement)
      /// From here on the statements are those of the frame around.
      case continuation
      /// A round of an unrolled loop begins.
      case assign(Syntax.Expression, Meaning)
      case endOfFunction
      case endOfUnrolled
    }

    let unit: CompilationUnit
    let function: Function
    let body: CompilationUnit.Body
    let graph = Graph()
    var block: Block
    var frame = Frame(nil)
    var loopDepth = 0
    var unrolledDepth = 0
    /// The type of `return`s: declared, or that of the first.
    var returnType: ScriptType?
    var isReturnDeclared: Bool { !function.signature.returns.isEmpty }
    /// Values of the function's type, made before it was known.
    var awaitingReturnType: [GraphValue] = []
    var hasMissing = false
    private var constants: [String: GraphValue] = [:]
    private var constantNodes: [Node] = []
    var untyped: [Node] = []
    /// Where messages and nodes come from.
    var position: Syntax.Position

    init(_ unit: CompilationUnit, _ function: Function, _ body: CompilationUnit.Body) {
      self.unit = unit
      self.function = function
      self.body = body
      block = graph.block
      position = body.definition.position
    }

    var file: CompilationUnit.SourceFile { body.file }

    func run() throws -> Graph {
      for parameter in function.signature.parameters {
        frame[parameter.name] = .value(graph.block.addInput(parameter.name, parameter.type))
      }
      returnType = function.signature.returns.first
      do {
        let flow = try emit((body.definition.body.map { Step.statement($0) } + [.endOfFunction])[...])
        if frame["$value"] == nil {
          // Every path raises.
          frame["$value"] = .value(uninitialized(returnType ?? .none))
        }
        precondition(!flow.falls, "a function ends with a return")
      } catch  where hasMissing {
        // What the results of missing operators are is not known, so that the rest may look wrong.
        collectMissing(body.definition.body)
        block = graph.block
        block.clear()
        frame["$value"] = .value(uninitialized(returnType ?? .any))
      }
      let result = returnType ?? .none
      for value in awaitingReturnType { value.type = result }
      if !isReturnDeclared { function.signature.returns = [result] }
      guard case .value(let value)? = frame["$value"] else { preconditionFailure("a function returns a value") }
      graph.block.addOutput(value)
      graph.block.prepend(contentsOf: constantNodes)
      for node in untyped { node.attributes["untyped"] = nil }
      graph.eliminateDeadCode()
      return graph
    }

    // MARK: Nodes

    /// Adds a node to the current block.
    @discardableResult
    func add(_ node: Node) -> Node {
      node.source = position.description
      block.append(node)
      return node
    }

    func add(_ kind: String, _ inputs: [GraphValue], _ type: ScriptType, target: Node.Target = .none) -> GraphValue {
      add(Node(kind, inputs, target: target)).addOutput(type)
    }

    /// A constant; equal ones are one value, at the start of the graph.
    func constant(_ value: IValue, _ type: ScriptType? = nil) -> GraphValue {
      let key: String? =
        switch value {
        case .none: "n\(type ?? .none)"
        case .int(let number): "i\(number)"
        case .double(let number): "d\(number.bitPattern)"
        case .bool(let flag): "b\(flag)"
        case .string(let text): "s\(text)"
        case .device(let device): "v\(device)"
        default: nil
        }
      if let key, let known = constants[key] { return known }
      let type: ScriptType =
        if case .none = value { type ?? .none } else {
          type.map { $0.withoutOptional == .number || $0.withoutOptional == .any ? value.type : $0.withoutOptional }
            ?? value.type
        }
      let node = Graph.constant(value, type)
      node.source = position.description
      constantNodes.append(node)
      if let key { constants[key] = node.output }
      return node.output
    }

    func constant(_ value: Int) -> GraphValue { constant(.int(value)) }
    func constant(_ value: Bool) -> GraphValue { constant(.bool(value)) }
    var none: GraphValue { constant(.none, ScriptType.none) }

    func uninitialized(_ type: ScriptType) -> GraphValue {
      let node = Node("prim::Uninitialized")
      node.source = position.description
      constantNodes.append(node)
      return node.addOutput(type)
    }

    /// A value that a test has shown to be of a narrower type.
    func cast(_ value: GraphValue, to type: ScriptType) -> GraphValue {
      if value.type == type { return value }
      let result = add("prim::unchecked_cast", [value], type)
      result.name = value.name
      return result
    }

    // MARK: Variables

    func lookUp(_ name: String, at position: Syntax.Position) throws -> Meaning {
      if let meaning = frame.find(name) { return meaning }
      if let failure = frame.failure(name) {
        throw position.error("\(failure)\nand was used here")
      }
      if let meaning = try global(name) { return meaning }
      throw position.error("undefined value \(name)", .value)
    }

    /// Gives a variable a value, which must be what a block of source text around allows it to be.
    func assign(_ name: String, _ meaning: Meaning, annotation: ScriptType? = nil, at position: Syntax.Position) throws
    {
      var meaning = meaning
      if let outside = frame.findOutside(name), !name.hasPrefix("$") {
        if annotation != nil {
          throw position.error(
            "Attempting to declare and annotate the type of variable '\(name)' that is already defined in an outer block"
          )
        }
        guard case .value(let value) = meaning else {
          throw position.error("Cannot re-assign '\(name)' to a value of type \(meaning.name)")
        }
        guard case .value(let old) = outside else {
          throw position.error("Cannot re-assign '\(name)' because it has type \(outside.name)")
        }
        guard let fitting = convert(value, to: old.type) else {
          throw position.error(
            "Variable '\(name)' previously had type \(old.type) but is now being assigned to a value of type \(value.type)"
          )
        }
        meaning = .value(fitting)
      }
      if case .value(let value) = meaning, value.name.isEmpty, value.constant == nil, !name.hasPrefix("$") {
        value.name = name
      }
      frame[name] = meaning
      frame.refined.remove(name)
    }

    /// `value` as a `type`, by the conversions that PyTorch does unasked; nil where there is none.
    func convert(_ value: GraphValue, to type: ScriptType) -> GraphValue? {
      if value.type == type { return value }
      var variables: [String: ScriptType] = [:]
      guard let fit = Fit.of(value, as: type, true, &variables) else { return nil }
      return realize(fit)
    }

    /// Makes what a fit says.
    func realize(_ fit: Fit, _ elements: [GraphValue] = []) -> GraphValue {
      switch fit {
      case .value(let value): return value
      case .constant(let value, let type): return constant(value, value.isNone ? ScriptType.none : type)
      case .element(let index, _): return elements[index]
      case .list(let element, let fits):
        return add("prim::ListConstruct", fits.map { realize($0, elements) }, .list(element))
      case .emptyDict(let type): return add("prim::DictConstruct", [], type)
      case .elements(let tuple, let fits, let type):
        let parts = fits.map { realize($0, unpacked(tuple)) }
        if case .list = type { return add("prim::ListConstruct", parts, type) }
        return add("prim::TupleConstruct", parts, type)
      case .call(let name, let inner, let type):
        let candidate = Candidate.named(name).first { candidate in
          guard candidate.signature.parameters.count == 1 else { return false }
          var variables: [String: ScriptType] = [:]
          return typeOf(inner).matches(candidate.signature.parameters[0].type, &variables)
        }
        return add(name, [realize(inner, elements)], type, target: candidate?.target ?? .none)
      }
    }

    private func typeOf(_ fit: Fit) -> ScriptType {
      switch fit {
      case .value(let value): value.type
      case .element(_, let type), .constant(_, let type), .call(_, _, let type), .elements(_, _, let type),
        .emptyDict(let type):
        type
      case .list(let element, _): .list(element)
      }
    }

    /// The elements of a tuple.
    func unpacked(_ tuple: GraphValue) -> [GraphValue] {
      if let node = tuple.definition, node.kind == "prim::TupleConstruct" { return node.inputs }
      let types: [ScriptType] =
        switch tuple.type {
        case .tuple(let types): types
        case .namedTuple(let named): named.fields.map(\.type)
        default: []
        }
      let node = add(Node("prim::TupleUnpack", [tuple]))
      return types.map { node.addOutput($0) }
    }

    func tuple(_ values: [GraphValue]) -> GraphValue {
      add("prim::TupleConstruct", values, .tuple(values.map(\.type)))
    }

    // MARK: Missing operators

    func missing(_ name: String) {
      unit.missing.append(name)
      hasMissing = true
    }
  }
}

extension JIT.Meaning {
  /// What messages call it.
  var name: String {
    switch self {
    case .value(let value): value.type.description
    case .namespace: "module"
    case .operators, .form, .moduleItems, .cast: "builtin"
    case .type(let type): "class \(type)"
    case .function, .closure, .partial: "function"
    case .method: "method"
    case .tuple: "tuple"
    case .iterable: "iterable"
    case .exception: "exception"
    }
  }
}
