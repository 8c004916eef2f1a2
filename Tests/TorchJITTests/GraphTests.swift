// Graphs: uses, and the printed form.

import Testing
import Torch

@Suite struct GraphTests {
  @Test func printedFormIsPyTorchs() throws {
    let graph = JIT.Graph()
    let x = graph.block.addInput("x", .tensor)
    let one = JIT.Graph.constant(.int(1))
    graph.block.append(one)
    let op = try #require(OperatorRegistry.find("aten::add.Tensor"))
    let add = JIT.Node("aten::add", [x, x, one.output], target: .operator(op))
    graph.block.append(add)
    graph.block.addOutput(add.addOutput(.tensor))
    #expect(
      graph.description == """
        graph(%x : Tensor):
          %0 : int = prim::Constant[value=1]()
          %1 : Tensor = aten::add(%x, %x, %0)
          return (%1)

        """)
  }
}
