// What a name or an expression stands for while a body is compiled: a value of the graph, or something that only the
// compiler knows, such as a function, a type or `torch.nn`.
//
// Reference: torch/csrc/jit/frontend/sugared_value.h of PyTorch.

extension JIT {
  indirect enum Meaning {
    case value(GraphValue)
    /// `torch`, `ops.prim`, `__torch__.torchvision`: what has a meaning with the next name.
    case namespace(String)
    /// `aten::add`, or a method of a value by that name.
    case operators(String, receiver: GraphValue?)
    /// A function that the compiler carries out itself: `len`, `isinstance`.
    case form(String)
    case type(ScriptType)
    case function(Function)
    /// A function whose first argument is known.
    case partial(Function, GraphValue)
    case method(GraphValue, String)
    /// A method of a module's values that the compiler carries out: `items` of a `ModuleDict`.
    case moduleItems(GraphValue, String)
    /// `x.float()`: a conversion to a dtype.
    case cast(GraphValue, DType)
    /// A function inside a function.
    case closure(Syntax.FunctionDefinition)
    case tuple([Meaning])
    case iterable(Iterable)
    /// `ValueError`
    case exception(String)
  }

  /// What a `for` goes through.
  indirect enum Iterable {
    /// A list, a string, a tensor: it has a length and elements by number.
    case indexed(GraphValue)
    case range(start: GraphValue?, stop: GraphValue, step: GraphValue?)
    case enumerate(Iterable, start: GraphValue?)
    case zip([Iterable])
    /// Known one by one: a tuple, the modules of a container. The loop is unrolled.
    case fixed([Meaning])
  }

  /// The variables of a block of source text.
  final class Frame {
    let parent: Frame?
    private(set) var values: [String: Meaning] = [:]
    /// Names that were assigned, in order.
    private(set) var order: [String] = []
    /// Names that only got a narrower type, by a test.
    var refined: Set<String> = []
    /// Why a name that some branches define cannot be used.
    var failures: [String: String] = [:]
    /// It goes on with the statements of its parent: what follows an `if` one branch of which has left.
    var isContinuation = false

    init(_ parent: Frame?) { self.parent = parent }

    subscript(name: String) -> Meaning? {
      get { values[name] }
      set {
        if values.updateValue(newValue!, forKey: name) == nil { order.append(name) }
      }
    }

    func remove(_ name: String) {
      values[name] = nil
      order.removeAll { $0 == name }
    }

    func find(_ name: String) -> Meaning? {
      var frame: Frame? = self
      while let current = frame {
        if let meaning = current.values[name] { return meaning }
        frame = current.parent
      }
      return nil
    }

    func failure(_ name: String) -> String? {
      var frame: Frame? = self
      while let current = frame {
        if let text = current.failures[name] { return text }
        frame = current.parent
      }
      return nil
    }

    /// The value of `name` in a block of source text around this one.
    func findOutside(_ name: String) -> Meaning? {
      var frame = self
      while frame.isContinuation, let parent = frame.parent { frame = parent }
      return frame.parent?.find(name)
    }
  }

  /// Where control goes after some statements.
  struct Flow {
    /// To the next statement, on some path.
    var falls: Bool
    /// Out of the loop or the function, on some path.
    var leaves: Bool

    static let next = Flow(falls: true, leaves: false)
    static let left = Flow(falls: false, leaves: true)
    /// An exception: nowhere in this function.
    static let raised = Flow(falls: false, leaves: false)

    func joined(_ other: Flow) -> Flow { Flow(falls: falls || other.falls, leaves: leaves || other.leaves) }
  }
}

extension JIT.Syntax.Statement {
  /// Where control may go, by the looks of it: tests are taken to go either way.
  var flow: JIT.Flow {
    switch kind {
    case .return, .break, .continue: return .left
    case .raise: return .raised
    case .if(_, let then, let otherwise): return then.flow.joined(otherwise.flow)
    case .with(_, let body): return body.flow
    case .while(_, let body), .for(_, _, let body): return JIT.Flow(falls: true, leaves: body.contains { $0.returns })
    default: return .next
    }
  }

  /// Whether a `return` is in it.
  var returns: Bool {
    switch kind {
    case .return: true
    case .if(_, let then, let otherwise): (then + otherwise).contains { $0.returns }
    case .with(_, let body), .while(_, let body), .for(_, _, let body): body.contains { $0.returns }
    default: false
    }
  }

  /// The names that it assigns to.
  func collectAssigned(_ names: inout [String]) {
    func add(_ target: JIT.Syntax.Expression) {
      switch target.kind {
      case .name(let name): if !names.contains(name) { names.append(name) }
      case .tuple(let items), .list(let items): items.forEach(add)
      case .starred(let item): add(item)
      default: break
      }
    }
    switch kind {
    case .assign(let targets, _, _): targets.forEach(add)
    case .augmentedAssign(let target, _, _): add(target)
    case .for(let target, _, let body):
      add(target)
      body.forEach { $0.collectAssigned(&names) }
    case .while(_, let body): body.forEach { $0.collectAssigned(&names) }
    case .if(_, let then, let otherwise): (then + otherwise).forEach { $0.collectAssigned(&names) }
    case .with(let contexts, let body):
      contexts.compactMap(\.target).forEach(add)
      body.forEach { $0.collectAssigned(&names) }
    default: break
    }
  }
}

extension [JIT.Syntax.Statement] {
  var flow: JIT.Flow {
    var result = JIT.Flow.next
    for statement in self where result.falls {
      let flow = statement.flow
      result = JIT.Flow(falls: flow.falls, leaves: result.leaves || flow.leaves)
    }
    return result
  }
}
