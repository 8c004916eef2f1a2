// The Scan operator: a graph that runs for each element along the first dimension.
// Reference: https://onnx.ai/onnx/operators/onnx__Scan.html

import SwiftProtobuf
import TorchCore

extension ONNX.GraphWriter {
  /// Runs `body` for each element of `inputs` along their first dimension, backwards with `reversed`.
  ///
  /// - Parameters:
  ///   - states: what the first run gets; each run gets those that the one before it gave.
  ///   - body: gets a writer for its nodes, the states and the elements; gives the next states, and what is stacked up.
  /// - Returns: the last states, and what was stacked up, in the order of the inputs.
  func scan(
    _ states: [(wire: Wire, dtype: DType)], _ inputs: [(wire: Wire, dtype: DType)], reversed: Bool = false,
    _ body: (ONNX.GraphWriter, _ states: [Wire], _ elements: [Wire]) throws -> (states: [Wire], outputs: [Wire])
  ) rethrows -> (states: [Wire], outputs: [Wire]) {
    let inner = inner()
    func ports(_ values: [(wire: Wire, dtype: DType)], _ name: String) -> [Onnx_ValueInfoProto] {
      values.map { value in
        var info = Onnx_ValueInfoProto()
        info.name = names.unique(name)
        info.type.tensorType.elemType = ONNX.ElementType(value.dtype).rawValue
        return info
      }
    }
    let (before, elements) = (ports(states, "state"), ports(inputs, "element"))
    let results = try body(inner, before.map(\.name), elements.map(\.name))
    var graph = Onnx_GraphProto()
    graph.name = names.unique("scan_body")
    graph.input = before + elements
    // A graph's output must be made in it, and only once.
    let outputs = (results.states + results.outputs).map { inner.emit("Identity", [$0], [:], outputs: 1, isPure: false)[0] }
    graph.output = outputs.map { name in
      var info = Onnx_ValueInfoProto()
      info.name = name
      return info
    }
    for i in states.indices { graph.output[i].type = before[i].type }
    for i in results.outputs.indices {
      graph.output[states.count + i].type.tensorType.elemType = ONNX.ElementType(states[0].dtype).rawValue
    }
    graph.node = ONNX.ModelWriter.live(inner.nodes, outputs: outputs)
    var attributes: [String: ONNX.NodeAttribute] = ["body": .graph(graph), "num_scan_inputs": .int(inputs.count)]
    if reversed {
      attributes["scan_input_directions"] = .ints(inputs.map { _ in 1 })
      attributes["scan_output_directions"] = .ints(results.outputs.map { _ in 1 })
    }
    let wires = emit("Scan", states.map(\.wire) + inputs.map(\.wire), attributes, outputs: outputs.count, isPure: false)
    return (Array(wires[..<states.count]), Array(wires[states.count...]))
  }
}
