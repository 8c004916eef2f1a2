// Draws in the shape of tensors that are not row-major follow the order of memory (Fixtures/random/like.json).

import TestSupport
import Testing
import TorchCore

private struct Draw: Decodable {
  let strides: [Int]
  let values: [Double]
}

/// Serialized: each case seeds the default generator.
@Test func drawsFollowTheOrderOfMemory() throws {
  let inputs: [String: Tensor] = [
    "transposed": Tensor.zeros(5, 7).t(), "permuted": Tensor.zeros(2, 3, 4).permute(2, 0, 1),
    "gaps": Tensor.zeros(4, 6)[..., .step(2)], "gaps_transposed": Tensor.zeros(4, 6)[..., .step(2)].t(),
  ]
  let draws: [String: (Tensor) -> Tensor] = [
    "rand": { torch.rand(like: $0) }, "randn": { torch.randn(like: $0) }, "randint": { torch.randint(like: $0, 0, 100) },
  ]
  for (name, expected) in try fixture("random/like.json", [String: Draw].self) {
    let parts = name.split(separator: " ").map(String.init)
    let x = try #require(inputs[parts[1]])
    torch.manualSeed(3)
    if parts[0] == "dropout" {
      let y = torch.dropout(Tensor.ones(like: x), p: 0.5, train: true)
      #expect(try y.toArray(Double.self) == expected.values, "\(name)")
      continue
    }
    let draw = try #require(draws[parts[0]])
    let y = draw(x)
    #expect(Array(y.strides) == expected.strides, "\(name)")
    #expect(try y.toArray(Double.self) == expected.values, "\(name)")
    // The boxed operator draws alike.
    torch.manualSeed(3)
    let more: [Value] = parts[0] == "randint" ? [.int(100)] : []
    let boxed = try OperatorRegistry.call("aten::\(parts[0])_like", [.tensor(x)] + more + [.none, .none, .none, .none, .none])
    #expect(try boxed[0].tensor!.toArray(Double.self) == expected.values, "\(name)")
  }
}
