// Passes on graphs that are written down: what they take out, and what they must leave.

import Testing
import Torch

@Suite struct PassTests {
  /// The graph after `pass`, which must keep a graph's rules, in its printed form.
  private func text(_ graph: String, _ pass: (JIT.Graph) -> Void) throws -> String {
    let graph = try JIT.Graph(parsing: graph)
    try graph.check()
    pass(graph)
    try graph.check()
    return graph.description
  }

  private func kinds(_ graph: String, _ pass: (JIT.Graph) -> Void) throws -> [String] {
    let lines = try text(graph, pass).split(separator: "\n")
    return lines.compactMap { line in
      guard let kind = line.firstMatch(of: /= ((aten|prim)::\w+)/), !line.contains("prim::Constant") else { return nil }
      return String(kind.1)
    }
  }

  @Test func printedGraphsAreReadBack() throws {
    let printed = """
      graph(%x.1 : Tensor,
            %n : int):
        %one : int = prim::Constant[value=1]()
        %none : NoneType = prim::Constant()
        %yes : bool = prim::Constant[value=1]()
        %size : int[] = prim::Constant[value=[2, 3]]()
        %scale : float = prim::Constant[value=0.5]()
        %name : str = prim::Constant[value="mean"]()
        %y : Tensor = prim::Loop(%n, %yes, %x.1)
          block0(%i : int, %acc : Tensor):
            %next : Tensor = aten::add(%acc, %acc, %one)
             = prim::Print(%next)
            -> (%yes, %next)
        %z : Tensor = aten::reshape(%y, %size)
        return (%z)

      """
    #expect(try text(printed) { _ in } == printed)
  }

  @Test func copiesShareNothing() throws {
    let graph = try JIT.Graph(
      parsing: """
        graph(%x : Tensor):
          %1 : int = prim::Constant[value=1]()
          %2 : Tensor = aten::add(%x, %x, %1)
          return (%2)
        """)
    let copy = graph.copy()
    let before = graph.description
    #expect(copy.description == before)
    copy.block.addOutput(copy.inputs[0])
    try copy.check()
    try graph.check()
    #expect(graph.description == before)
  }

  // MARK: Dead code

  @Test func deadCodeGoes() throws {
    let graph = """
      graph(%x : Tensor):
        %1 : int = prim::Constant[value=1]()
        %2 : Tensor = aten::add(%x, %x, %1)
        %3 : Tensor = aten::exp(%2)
        %4 : Tensor = aten::sin(%x)
        return (%2)
      """
    #expect(try kinds(graph) { $0.eliminateDeadCode() } == ["aten::add"])
  }

  @Test func writesToWhatIsNeededStay() throws {
    // The write goes to a view of what is returned.
    let graph = """
      graph(%x : Tensor):
        %0 : int = prim::Constant[value=0]()
        %y : Tensor = aten::exp(%x)
        %row : Tensor = aten::select(%y, %0, %0)
        %z : Tensor = aten::relu_(%row)
        return (%y)
      """
    #expect(try kinds(graph) { $0.eliminateDeadCode() } == ["aten::exp", "aten::select", "aten::relu_"])
  }

  @Test func writesToWhatIsNotNeededGo() throws {
    let graph = """
      graph(%x : Tensor):
        %y : Tensor = aten::exp(%x)
        %z : Tensor = aten::relu_(%y)
        %w : Tensor = aten::sin(%x)
        return (%w)
      """
    #expect(try kinds(graph) { $0.eliminateDeadCode() } == ["aten::sin"])
  }

  @Test func writesToArgumentsAndRandomDrawsStay() throws {
    let graph = """
      graph(%x : Tensor):
        %p : float = prim::Constant[value=0.5]()
        %yes : bool = prim::Constant[value=1]()
        %no : bool = prim::Constant[value=0]()
        %a : Tensor = aten::relu_(%x)
        %b : Tensor = aten::dropout(%x, %p, %yes)
        %c : Tensor = aten::dropout(%x, %p, %no)
         = prim::Print(%p)
        return (%p)
      """
    #expect(try kinds(graph) { $0.eliminateDeadCode() } == ["aten::relu_", "aten::dropout", "prim::Print"])
  }

  @Test func unusedLoopVariablesGo() throws {
    let graph = """
      graph(%x : Tensor, %n : int):
        %1 : int = prim::Constant[value=1]()
        %yes : bool = prim::Constant[value=1]()
        %a : Tensor, %b : Tensor = prim::Loop(%n, %yes, %x, %x)
          block0(%i : int, %u : Tensor, %v : Tensor):
            %u2 : Tensor = aten::add(%u, %u, %1)
            %v2 : Tensor = aten::exp(%v)
            -> (%yes, %u2, %v2)
        return (%a)
      """
    let left = try text(graph) { $0.eliminateDeadCode() }
    #expect(left.contains("%a : Tensor = prim::Loop(%n, %yes, %x)\n"))
    #expect(!left.contains("aten::exp"))
  }

  // MARK: Common subexpressions

  @Test func commonSubexpressionsAreComputedOnce() throws {
    let graph = """
      graph(%x : Tensor):
        %1 : int = prim::Constant[value=1]()
        %one : int = prim::Constant[value=1]()
        %a : Tensor = aten::add(%x, %x, %1)
        %b : Tensor = aten::add(%x, %x, %one)
        %c : Tensor = aten::mul(%a, %b)
        return (%c)
      """
    #expect(try kinds(graph) { $0.eliminateCommonSubexpressions() } == ["aten::add", "aten::mul"])
  }

  @Test func nothingIsSharedAcrossWrites() throws {
    let graph = """
      graph(%x : Tensor):
        %a : Tensor = aten::exp(%x)
        %b : Tensor = aten::relu_(%x)
        %c : Tensor = aten::exp(%x)
        %d : Tensor = aten::mul(%a, %c)
        return (%d)
      """
    #expect(try kinds(graph) { $0.eliminateCommonSubexpressions() }.filter { $0 == "aten::exp" }.count == 2)
  }

  @Test func twoResultsThatTheCallerGetsStayTwo() throws {
    let graph = """
      graph(%x : Tensor):
        %a : Tensor = aten::exp(%x)
        %b : Tensor = aten::exp(%x)
        return (%a, %b)
      """
    #expect(try kinds(graph) { $0.eliminateCommonSubexpressions() } == ["aten::exp", "aten::exp"])
  }

  @Test func randomDrawsAreNotShared() throws {
    let graph = """
      graph(%x : Tensor):
        %n : NoneType = prim::Constant()
        %a : Tensor = aten::rand_like(%x, %n, %n, %n, %n, %n)
        %b : Tensor = aten::rand_like(%x, %n, %n, %n, %n, %n)
        %c : Tensor = aten::mul(%a, %b)
        return (%c)
      """
    #expect(
      try kinds(graph) { $0.eliminateCommonSubexpressions() } == ["aten::rand_like", "aten::rand_like", "aten::mul"])
  }

  // MARK: Constants

  @Test func constantsAreComputedAndBranchesTaken() throws {
    let graph = """
      graph(%x : Tensor):
        %two : Tensor = prim::Constant[value={2}]()
        %1 : int = prim::Constant[value=1]()
        %yes : bool = prim::Constant[value=1]()
        %four : Tensor = aten::add(%two, %two, %1)
        %y : Tensor = prim::If(%yes)
          block0():
            %a : Tensor = aten::mul(%x, %four)
            -> (%a)
          block1():
            -> (%x)
        %0 : int = prim::Constant[value=0]()
        %z : Tensor = prim::Loop(%0, %yes, %y)
          block0(%i : int, %u : Tensor):
            %v : Tensor = aten::exp(%u)
            -> (%yes, %v)
        return (%z)
      """
    let left = try text(graph) {
      $0.propagateConstants()
      $0.eliminateDeadCode()
    }
    #expect(
      left == """
        graph(%x : Tensor):
          %four : Tensor = prim::Constant[value={4}]()
          %a : Tensor = aten::mul(%x, %four)
          return (%a)

        """)
  }

  @Test func whatTheCallerMayWriteToIsMadeAnew() throws {
    let graph = """
      graph(%x : Tensor):
        %two : Tensor = prim::Constant[value={2}]()
        %y : Tensor = aten::exp(%two)
        return (%y)
      """
    #expect(try kinds(graph) { $0.propagateConstants() } == ["aten::exp"])
  }

  @Test func packedTuplesAndListsAreSeenThrough() throws {
    let graph = """
      graph(%x : Tensor, %y : Tensor):
        %1 : (Tensor, Tensor) = prim::TupleConstruct(%x, %y)
        %a : Tensor, %b : Tensor = prim::TupleUnpack(%1)
        %2 : Tensor[] = prim::ListConstruct(%b, %a)
        %c : Tensor, %d : Tensor = prim::ListUnpack(%2)
        %e : Tensor = aten::mul(%c, %d)
        return (%e)
      """
    #expect(
      try text(graph) {
        $0.propagateConstants()
        $0.eliminateDeadCode()
      } == """
        graph(%x : Tensor,
              %y : Tensor):
          %e : Tensor = aten::mul(%y, %x)
          return (%e)

        """)
  }

  @Test func constantsArePooled() throws {
    let graph = """
      graph(%x : Tensor, %c : bool):
        %1 : int = prim::Constant[value=1]()
        %y : Tensor = prim::If(%c)
          block0():
            %2 : int = prim::Constant[value=1]()
            %a : Tensor = aten::add(%x, %x, %2)
            -> (%a)
          block1():
            %3 : float = prim::Constant[value=1.]()
            %b : Tensor = aten::add(%x, %3, %1)
            -> (%b)
        return (%y)
      """
    #expect(
      try text(graph) { $0.poolConstants() } == """
        graph(%x : Tensor,
              %c : bool):
          %0 : int = prim::Constant[value=1]()
          %1 : float = prim::Constant[value=1.]()
          %y : Tensor = prim::If(%c)
            block0():
              %a : Tensor = aten::add(%x, %x, %0)
              -> (%a)
            block1():
              %b : Tensor = aten::add(%x, %1, %0)
              -> (%b)
          return (%y)

        """)
  }

  // MARK: Peephole and loops

  @Test func callsThatDoNothingGo() throws {
    let graph = """
      graph(%x : Tensor):
        %0 : int = prim::Constant[value=0]()
        %1 : int = prim::Constant[value=1]()
        %p : float = prim::Constant[value=0.5]()
        %no : bool = prim::Constant[value=0]()
        %a : Tensor = aten::transpose(%x, %0, %1)
        %b : Tensor = aten::transpose(%a, %1, %0)
        %c : Tensor = aten::dropout(%b, %p, %no)
        %d : Tensor = aten::exp(%c)
        return (%d)
      """
    #expect(
      try kinds(graph) {
        $0.peephole()
        $0.eliminateDeadCode()
      } == ["aten::exp"])
  }

  @Test func smallLoopsAreUnrolled() throws {
    let graph = """
      graph(%x : Tensor):
        %3 : int = prim::Constant[value=3]()
        %yes : bool = prim::Constant[value=1]()
        %y : Tensor = prim::Loop(%3, %yes, %x)
          block0(%i : int, %u : Tensor):
            %v : Tensor = aten::add(%u, %x, %i)
            -> (%yes, %v)
        return (%y)
      """
    let left = try text(graph) { $0.unrollLoops() }
    #expect(left.matches(of: /aten::add/).count == 3)
    #expect(!left.contains("prim::Loop"))
    #expect(try kinds(graph) { $0.unrollLoops(rounds: 2) } == ["prim::Loop", "aten::add"])
  }

  // MARK: Inlining

  @Test func methodsAreInlinedWithTheirPaths() throws {
    let inner = JIT.ClassType("__torch__.Inner", isModule: true)
    inner.add(.init("weight", .tensor, .parameter))
    let outer = JIT.ClassType("__torch__.Outer", isModule: true)
    outer.add(.init("inner", .object(inner)))
    let body = try JIT.Graph(
      parsing: """
        graph(%self : __torch__.Inner, %x : Tensor):
          %w : Tensor = prim::GetAttr[name="weight"](%self)
          %y : Tensor = aten::mul(%x, %w)
          return (%y)
        """, classes: [inner])
    let signature = JIT.Signature([.init("self", .object(inner)), .init("x", .tensor)], returns: [.tensor])
    inner.add(JIT.Function("__torch__.Inner.forward", signature, graph: body), named: "forward")
    let graph = try JIT.Graph(
      parsing: """
        graph(%self : __torch__.Outer, %x : Tensor):
          %m : __torch__.Inner = prim::GetAttr[name="inner"](%self)
          %a : Tensor = prim::CallMethod[name="forward"](%m, %x)
          %b : Tensor = prim::CallMethod[name="forward"](%m, %a)
          return (%b)
        """, classes: [inner, outer])
    graph.inline()
    try graph.check()
    #expect(
      graph.description == """
        graph(%self : __torch__.Outer,
              %x : Tensor):
          %m : __torch__.Inner = prim::GetAttr[name="inner"](%self)
          %w : Tensor = prim::GetAttr[name="weight"](%m)
          %y : Tensor = aten::mul(%x, %w)
          %w.1 : Tensor = prim::GetAttr[name="weight"](%m)
          %y.1 : Tensor = aten::mul(%y, %w.1)
          return (%y.1)

        """)
    #expect(graph.block.nodes[2].scope == "inner")
    // The callee is as it was.
    #expect(body.block.nodes.count == 2)
  }

  @Test func recursionStaysACall() throws {
    let signature = JIT.Signature([.init("x", .tensor)], returns: [.tensor])
    let function = JIT.Function("__torch__.f", signature)
    let body = JIT.Graph()
    let x = body.block.addInput("x", .tensor)
    let call = JIT.Node("prim::CallFunction", [x], target: .function(function))
    body.block.append(call)
    body.block.addOutput(call.addOutput(.tensor))
    body.inline()
    try body.check()
    #expect(body.description.contains("prim::CallFunction"))
  }
}
