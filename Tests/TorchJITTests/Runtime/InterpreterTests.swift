// The interpreter on graphs that are written down: control flow, calls, lifetimes, errors, gradients.

import Foundation
import Synchronization
import Testing
import Torch

/// A function with the graph `text` as its body.
func function(_ name: String, _ text: String, classes: [JIT.ClassType] = []) throws -> JIT.Function {
  let graph = try JIT.Graph(parsing: text, classes: classes)
  try graph.check()
  return function(name, graph)
}

func function(_ text: String, classes: [JIT.ClassType] = []) throws -> JIT.Function {
  try function("f", text, classes: classes)
}

func function(_ name: String, _ graph: JIT.Graph) -> JIT.Function {
  let signature = JIT.Signature(
    graph.inputs.enumerated().map { .init($1.name.isEmpty ? "arg\($0)" : $1.name, $1.type) },
    returns: graph.outputs.map(\.type))
  return JIT.Function(name, signature, graph: graph)
}

@Suite struct InterpreterTests {
  @Test func straightCodeRunsOperators() throws {
    let f = try function(
      """
      graph(%x : Tensor, %y : Tensor):
        %1 : int = prim::Constant[value=1]()
        %2 : int = prim::Constant[value=2]()
        %a : Tensor = aten::add(%x, %y, %2)
        %l : Tensor[] = prim::ListConstruct(%a, %x)
        %c : Tensor = aten::cat(%l, %1)
        %d : int[] = prim::ListConstruct(%1)
        %n : NoneType = prim::Constant()
        %no : bool = prim::Constant[value=0]()
        %s : Tensor = aten::sum(%c, %d, %no, %n)
        return (%s)
      """)
    let y = try f(Tensor([[1.0, 2]]), Tensor([[10.0, 20]]))
    #expect(try y.toArray(Double.self) == [66])
  }

  @Test func severalResultsAreATuple() throws {
    let f = try function("graph(%x : Tensor, %y : Tensor):\n return (%y, %x, %x)")
    let (x, y) = (Tensor(1.0), Tensor(2.0))
    let results = try #require(try f.call([.tensor(x), .tensor(y)]).elements)
    #expect(results.map { $0.tensor.map(ObjectIdentifier.init) } == [y, x, x].map(ObjectIdentifier.init))
    #expect(try function("graph():\n return ()").call([]).isNone)
  }

  @Test(arguments: [true, false]) func branchesAreTaken(_ flag: Bool) throws {
    let f = try function(
      """
      graph(%x : Tensor, %flag : bool):
        %neg : Tensor = aten::neg(%x)
        %r : Tensor, %s : Tensor = prim::If(%flag)
          block0():
            %e : Tensor = aten::exp(%neg)
            -> (%e, %x)
          block1():
            -> (%x, %neg)
        %t : Tensor = aten::mul(%r, %s)
        return (%t)
      """)
    let y = try #require(try f.call([.tensor(Tensor(2.0)), .bool(flag)]).tensor)
    #expect(abs(try y.item().doubleValue - (flag ? Foundation.exp(-2.0) * 2 : -4)) < 1e-6)
  }

  /// Carried values change places in every round, and one of them stays.
  @Test(arguments: [0, 1, 2, 7]) func loopsCarryValues(_ rounds: Int) throws {
    let f = try function(
      """
      graph(%n : int, %a0 : Tensor, %b0 : Tensor):
        %yes : bool = prim::Constant[value=1]()
        %1 : int = prim::Constant[value=1]()
        %a : Tensor, %b : Tensor, %k : Tensor = prim::Loop(%n, %yes, %a0, %b0, %b0)
          block0(%i : int, %x : Tensor, %y : Tensor, %z : Tensor):
            %sum : Tensor = aten::add(%x, %y, %1)
            -> (%yes, %y, %sum, %z)
        %s : Tensor = aten::mul(%a, %k)
        return (%s, %b)
      """)
    let results = try #require(try f.call([.int(rounds), .tensor(Tensor(0.0)), .tensor(Tensor(1.0))]).elements)
    let fibonacci = [0, 1, 1, 2, 3, 5, 8, 13, 21]
    #expect(try results.map { try $0.tensor!.item().doubleValue } == [
      Double(fibonacci[rounds]), Double(fibonacci[rounds + 1]),
    ])
  }

  /// `%x` is given twice, once to where it is already.
  @Test func loopsCarryAValueToTwoPlaces() throws {
    let f = try function(
      """
      graph(%n : int, %p : Tensor, %q : Tensor):
        %yes : bool = prim::Constant[value=1]()
        %a : Tensor, %b : Tensor = prim::Loop(%n, %yes, %p, %q)
          block0(%i : int, %x : Tensor, %y : Tensor):
            -> (%yes, %x, %x)
        return (%a, %b)
      """)
    for n in [0, 1, 3] {
      let results = try #require(try f.call([.int(n), .tensor(Tensor(1.0)), .tensor(Tensor(2.0))]).elements)
      #expect(try results.map { try $0.tensor!.item().doubleValue } == [1, n == 0 ? 2 : 1])
    }
  }

  @Test func loopsEndWhenTheirConditionDoes() throws {
    let f = try function(
      """
      graph(%go : bool, %x : Tensor):
        %many : int = prim::Constant[value=9223372036854775807]()
        %no : bool = prim::Constant[value=0]()
        %r : Tensor = prim::Loop(%many, %go, %x)
          block0(%i : int, %v : Tensor):
            %e : Tensor = aten::neg(%v)
            %l : Tensor = prim::Loop(%i, %go, %e)
              block0(%j : int, %w : Tensor):
                %o : Tensor = aten::exp(%w)
                -> (%go, %o)
            -> (%no, %l)
        return (%r)
      """)
    #expect(try f.call([.bool(true), .tensor(Tensor(3.0))]).tensor?.item().doubleValue == -3)
    #expect(try f.call([.bool(false), .tensor(Tensor(3.0))]).tensor?.item().doubleValue == 3)
  }

  // MARK: Lifetimes

  /// Sixty results of 4 MB, of which two are needed at a time.
  @Test func valuesDieAtTheirLastUse() throws {
    var lines = (0..<60).map { "%v\($0 + 1) : Tensor = aten::neg(%v\($0))" }
    lines.append(
      """
      %r : Tensor = prim::If(%flag)
          block0():
            %b : Tensor = aten::neg(%v60)
            %c : Tensor = aten::neg(%b)
            %d : Tensor = aten::neg(%c)
            -> (%d)
          block1():
            -> (%v60)
      """)
    let f = try function(
      "graph(%v0 : Tensor, %flag : bool):\n  \(lines.joined(separator: "\n  "))\n  return (%r)")
    let x = Tensor.ones(1 << 20)
    let size = 4 << 20
    let before = Allocator.statistics.inUse
    let watch = Watch()
    _ = try torch.interposing(watch) { try f.call([.tensor(x), .bool(true)]) }
    // An operator's input and output, and what other tests hold meanwhile.
    #expect(watch.most - before < 8 * size)
    #expect(watch.calls == 63)
  }

  private final class Watch: Interposer {
    var most = 0
    var calls = 0
    func call(_ op: AnyOperator, _ arguments: [Value], _ proceed: ([Value]) throws -> [Value]) throws -> [Value] {
      calls += 1
      defer { most = max(most, Allocator.statistics.inUse) }
      return try proceed(arguments)
    }
  }

  // MARK: Functions, objects

  private func call(_ callee: JIT.Function, _ arguments: [JIT.GraphValue], in graph: JIT.Graph) -> JIT.GraphValue {
    let node = JIT.Node("prim::CallFunction", arguments, target: .function(callee))
    node.source = "code/__torch__.py:7"
    graph.block.append(node)
    return node.addOutput(callee.signature.returns[0])
  }

  @Test func functionsCallFunctions() throws {
    let inner = try function(
      "inner", "graph(%x : Tensor, %y : Tensor):\n %z : Tensor = aten::mm(%x, %y)\n return (%z)")
    let graph = JIT.Graph()
    let x = graph.block.addInput("x", .tensor)
    let first = call(inner, [x, x], in: graph)
    graph.block.addOutput(call(inner, [first, x], in: graph))
    let f = function("outer", graph)
    #expect(try f(Tensor([[1.0, 1], [0, 1]])).toArray(Double.self) == [1, 3, 0, 1])

    let error = #expect(throws: TorchError.self) { try f(Tensor.ones(2, 3)) }
    #expect(error?.op == "aten::mm")
    #expect(error?.shapes == [[2, 3], [2, 3]])
    #expect(error?.message == "mm: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)")
    #expect(error?.scriptCalls.map(\.function) == ["outer", "inner"])
    #expect(
      error?.scriptTraceback == """
        The following operation failed in the TorchScript interpreter.
        Traceback of TorchScript (most recent call last):
          File "code/__torch__.py", line 7, in outer
          in inner
        RuntimeError: mm: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)
        """)
  }

  @Test func endlessRecursionIsAnError() throws {
    let graph = JIT.Graph()
    let x = graph.block.addInput("x", .tensor)
    let f = JIT.Function("f", JIT.Signature([.init("x", .tensor)], returns: [.tensor]), graph: graph)
    graph.block.addOutput(call(f, [x], in: graph))
    let error = #expect(throws: TorchError.self) { try f(Tensor(1.0)) }
    #expect(error?.message == "maximum recursion depth exceeded")
  }

  @Test func objectsKeepTheirAttributes() throws {
    let type = JIT.ClassType("Counter", isModule: false)
    type.add(.init("total", .tensor))
    let add = try function(
      "add",
      """
      graph(%self : Counter, %x : Tensor):
        %one : int = prim::Constant[value=1]()
        %t : Tensor = prim::GetAttr[name="total"](%self)
        %n : Tensor = aten::add(%t, %x, %one)
         = prim::SetAttr[name="total"](%self, %n)
        return (%n)
      """, classes: [type])
    type.add(add, named: "add")
    let f = try function(
      """
      graph(%x : Tensor):
        %c : Counter = prim::CreateObject()
         = prim::SetAttr[name="total"](%c, %x)
        %a : Tensor = prim::CallMethod[name="add"](%c, %x)
        %b : Tensor = prim::CallMethod[name="add"](%c, %a)
        %t : (Counter, Tensor) = prim::TupleConstruct(%c, %b)
        %o : Counter, %r : Tensor = prim::TupleUnpack(%t)
        return (%o, %r)
      """, classes: [type])
    let results = try #require(try f.call([.tensor(Tensor(1.0))]).elements)
    #expect(try results[1].tensor?.item().doubleValue == 4)
    #expect(try results[0].object?["total"]?.tensor?.item().doubleValue == 4)
  }

  @Test func forkedWorkIsWaitedFor() throws {
    let graph = try JIT.Graph(
      parsing: """
        graph(%x : Tensor):
          %r : Tensor = prim::Uninitialized()
          return (%r)
        """)
    let fork = JIT.Node("prim::fork", [graph.inputs[0]])
    fork.attributes["Subgraph"] = .graph(
      try JIT.Graph(parsing: "graph(%x : Tensor):\n %y : Tensor = aten::neg(%x)\n return (%y)"))
    graph.block.append(fork)
    let wait = JIT.Node("aten::wait", [fork.addOutput(.future(.tensor))])
    graph.block.append(wait)
    graph.block.replaceOutput(at: 0, with: wait.addOutput(.tensor))
    #expect(try function("f", graph)(Tensor(2.0)).item().doubleValue == -2)
  }

  // MARK: Errors

  @Test func raisedExceptionsAreErrors() throws {
    let f = try function(
      """
      graph(%bad : bool):
        %m : str = prim::Constant[value="not like this"]()
        %c : str = prim::Constant[value="builtins.ValueError"]()
         = prim::If(%bad)
          block0():
             = prim::RaiseException(%m, %c) # code/__torch__/model.py:12
            -> ()
          block1():
            -> ()
        return ()
      """)
    #expect(try f.call([.bool(false)]).isNone)
    let error = #expect(throws: TorchError.self) { try f.call([.bool(true)]) }
    #expect(error?.kind == .value)
    #expect(error?.message == "builtins.ValueError: not like this")
  }

  @Test func wrongArgumentsAreNamed() throws {
    let f = try function("graph(%x : Tensor, %n : int):\n return (%x)")
    let x = JIT.IValue.tensor(Tensor(1.0))
    func message(_ arguments: [JIT.IValue], _ keywords: [String: JIT.IValue] = [:]) -> String? {
      #expect(throws: TorchError.self) { try f.call(arguments, keywords) }?.message
    }
    #expect(
      message([x]) == "f() is missing value for argument 'n'. Declaration: f(Tensor x, int n) -> Tensor")
    #expect(
      message([x, .int(1), .int(2)])
        == "f() expected at most 2 argument(s) but received 3 argument(s). Declaration: f(Tensor x, int n) -> Tensor")
    #expect(
      message([x, .double(1.5)])
        == """
        f() Expected a value of type 'int' for argument 'n' but instead found type 'float'.
        Position: 1
        Value: 1.5
        Declaration: f(Tensor x, int n) -> Tensor
        """)
    #expect(
      message([x, .int(1)], ["z": .none])?.contains("expected at most 2 argument(s) but received 3 argument(s)") == true)
    #expect(try f.call([], ["n": .int(1), "x": x]).tensor != nil)
  }

  @Test func wrongKeywordsAreNamed() throws {
    let f = try #require(JIT.CompilationUnit("def f(x: Tensor, n: int = 1):\n  return x\n")["f"])
    let x = JIT.IValue.tensor(Tensor(1.0))
    func message(_ arguments: [JIT.IValue], _ keywords: [String: JIT.IValue]) -> String? {
      #expect(throws: TorchError.self) { try f.call(arguments, keywords) }?.message
    }
    let schema = "Schema: f(Tensor x, int n=1) -> Tensor"
    #expect(message([x], ["z": .int(1)]) == "Unknown keyword argument 'z' for operator 'f'. \(schema)")
    #expect(message([x], ["x": x]) == "Argument 'x' specified both as positional and keyword argument. \(schema)")
  }

  // MARK: Gradients, threads

  @Test func gradientsFlowThroughAProgram() throws {
    let f = try function(
      """
      graph(%n : int, %x : Tensor):
        %yes : bool = prim::Constant[value=1]()
        %r : Tensor = prim::Loop(%n, %yes, %x)
          block0(%i : int, %v : Tensor):
            %m : Tensor = aten::mul(%v, %x)
            -> (%yes, %m)
        return (%r)
      """)
    let x = Tensor(2.0).requiresGrad_()
    let y = try #require(try f.call([.int(3), .tensor(x)]).tensor)
    y.backward()
    #expect(try x.grad?.item().doubleValue == 32)
    #expect(try torch.noGrad { try f.call([.int(3), .tensor(x)]).tensor }?.requiresGrad == false)
    #expect(try torch.inferenceMode { try f.call([.int(3), .tensor(x)]).tensor }?.requiresGrad == false)
  }

  @Test func threadsMayShareAFunction() throws {
    let f = try function(
      """
      graph(%n : int, %x : Tensor):
        %yes : bool = prim::Constant[value=1]()
        %r : Tensor = prim::Loop(%n, %yes, %x)
          block0(%i : int, %v : Tensor):
            %m : Tensor = aten::mul(%v, %x)
            -> (%yes, %m)
        return (%r)
      """)
    let right = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 16) { i in
      let x = Tensor(1 + Double(i % 2))
      let y = try? f.call([.int(10), .tensor(x)]).tensor?.item().doubleValue
      if y == (i % 2 == 0 ? 1 : 2048) { right.withLock { $0 += 1 } }
    }
    #expect(right.withLock { $0 } == 16)
  }
}
