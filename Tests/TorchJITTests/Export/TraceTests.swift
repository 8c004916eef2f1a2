// What traces hold: the graph, the module tree, sizes, and what they cannot follow.

import Synchronization
import Testing
import Torch

/// Warnings that were given.
final class WarningLog: Sendable {
  private let list = Mutex<[TorchWarning]>([])
  var messages: [String] { list.withLock { $0.map(\.description) } }

  func run<R>(_ body: () throws -> R) rethrows -> R {
    try torch.catchingWarnings({ warning in self.list.withLock { $0.append(warning) } }, body)
  }
}

private final class Block: nn.Module, nn.Layer {
  let lin = nn.Linear(3, 3)
  let drop = nn.Dropout(0.5)
  func forward(_ x: Tensor) -> Tensor { drop(lin(x)).relu() }
}

private final class Net: nn.Module, nn.Layer {
  let sub = Block()
  let bn = nn.BatchNorm1d(3)
  let seq = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
  func forward(_ x: Tensor) -> Tensor {
    let b = sub(sub(x)) + 1.5
    let c = bn(b).view(x.shape[0], -1)
    c[0] = 2
    c.add_(1)
    return seq(c)
  }
}

@Suite struct TraceTests {
  @Test func codeOfATraceCallsItsModules() throws {
    let net = Net().eval()
    let traced = try JIT.trace(net, torch.randn(2, 3), inputNames: ["x"])
    let code = try traced.method("forward").code
    for line in ["(sub).forward(x, )", "(sub).forward1(", "torch.add(", "torch.size(", "torch.view(", "torch.add_(", "(seq).forward("] {
      #expect(code.contains(line), "\(line) is not in\n\(code)")
    }
    #expect(!code.contains("CONSTANTS"))
    // Each module has its class, and a module that is called twice two methods.
    #expect(traced.object.type.attribute("sub")?.type.description == "__torch__.Block")
    #expect((traced["sub"]?.object?.type.methodNames ?? []) == ["forward", "forward1"])
    #expect(
      traced["seq"]?.object?.type.attribute("0")?.type.description == "__torch__.torch.nn.modules.linear.Linear")
    #expect(Array(traced.stateDict().keys) == Array(net.stateDict().keys))
  }

  @Test func batchSizeStaysOpen() throws {
    final class Reshaping: nn.Module, nn.Layer {
      func forward(_ x: Tensor) -> Tensor {
        let (n, t) = (x.shape[0], x.shape[1])
        let flat = x.reshape(n * t, -1)
        let mask = Tensor.ones([t, t]).tril()
        let mixed = mask.matmul(flat.view(n, t, x.shape[2]))
        return mixed.view(n, t * 2, x.shape[2] / 2) / Double(x.shape[2]).squareRoot()
      }
    }
    let model = Reshaping()
    let traced = try JIT.trace(model, torch.randn(2, 3, 4), dynamicSizes: .all)
    for sizes in [[2, 3, 4], [5, 3, 4], [2, 7, 4], [1, 1, 4], [1, 1, 6], [3, 2, 10]] {
      let x = torch.randn(Shape(sizes))
      #expect(try torch.allclose(traced(x), model(x)))
    }
    // Without dynamic sizes they are the example's.
    let fixed = try JIT.trace(model, torch.randn(2, 3, 4), dynamicSizes: .none)
    #expect(throws: TorchError.self) { try withErrors { _ = fixed(torch.randn(5, 3, 4)) } }
  }

  @Test func everySizeStaysOpenWithoutAsking() throws {
    final class Attention: nn.Module, nn.Layer {
      let embed = nn.Embedding(20, 12)
      let qkv = nn.Linear(12, 36)
      func forward(_ tokens: Tensor) -> Tensor {
        let x = embed(tokens)
        let (b, t, c) = (x.shape[0], x.shape[1], x.shape[2])
        let heads = qkv(x).view(b, t, 3, 3, c / 3).permute(2, 0, 3, 1, 4)
        let mask = torch.ones(t, t).tril().view(1, 1, t, t)
        let scores = heads[0].matmul(heads[1].transpose(-2, -1)) / Double(c / 3).squareRoot()
        let weights = scores.maskedFill(mask < 0.5, .double(-.infinity)).softmax(dim: -1)
        return weights.matmul(heads[2]).transpose(1, 2).reshape(b, t, c)
      }
    }
    let model = Attention()
    let log = WarningLog()
    let traced = try log.run { try JIT.trace(model, torch.randint(0, 20, [2, 5])) }
    #expect(log.messages.isEmpty)
    for sizes in [[2, 5], [1, 1], [3, 9]] {
      let tokens = torch.randint(0, 20, Shape(sizes))
      #expect(try torch.allclose(traced(tokens), model(tokens), rtol: 1e-5, atol: 1e-6))
    }
  }

  @Test func sizesThatTheProgramDoesNotBearAreFixed() throws {
    final class Fixed: nn.Module, nn.Layer {
      let conv = nn.Conv2d(3, 4, 3)
      let linear = nn.Linear(4 * 36, 2)
      func forward(_ x: Tensor) -> Tensor {
        let y = conv(x)
        // With another number of channels there is no such shape.
        return linear(y.view(y.shape[0], y.shape[1] * y.shape[2] * y.shape[3]))
      }
    }
    let model = Fixed()
    let log = WarningLog()
    let traced = try log.run { try JIT.trace(model, torch.randn(2, 3, 8, 8)) }
    #expect(log.messages.isEmpty)
    let x = torch.randn(5, 3, 8, 8)
    #expect(try torch.allclose(traced(x), model(x), rtol: 1e-5, atol: 1e-6))
    // The module is as it was, and so are the inputs of the example.
    #expect(throws: TorchError.self) { _ = try withErrors { traced(torch.randn(5, 4, 8, 8)) } }
  }

  @Test func tuplesComeInAndGoOut() throws {
    func both(_ x: Tensor, _ pair: (Tensor, Tensor)) -> (Tensor, (Tensor, Tensor)) {
      (x + pair.0, (x * pair.1, pair.0 - pair.1))
    }
    let (x, a, b) = (torch.randn(2, 3), torch.randn(2, 3), torch.randn(2, 3))
    // In a closure: Swift 6.3 stops compiling where a function with a tuple among its parameters is given by name.
    let traced = try JIT.trace({ both($0, $1) }, x, (a, b))
    #expect(traced.signature.parameters.map(\.type.description) == ["Tensor", "Tuple[Tensor, Tensor]"])
    #expect(traced.signature.returns.map(\.description) == ["Tuple[Tensor, Tuple[Tensor, Tensor]]"])
    let (y, c, d) = (torch.randn(4, 3), torch.randn(4, 3), torch.randn(4, 3))
    let result = try traced.call([.tensor(y), .tuple([.tensor(c), .tensor(d)])])
    let parts = try #require(result.elements)
    let inner = try #require(parts[1].elements)
    let expected = both(y, (c, d))
    #expect(try #require(parts[0].tensor).equal(expected.0))
    #expect(try #require(inner[0].tensor).equal(expected.1.0))
    #expect(try #require(inner[1].tensor).equal(expected.1.1))
  }

  @Test func modulesTakeAndGiveTuples() throws {
    let lstm = nn.LSTM(3, 4)
    let (x, h, c) = (torch.randn(5, 2, 3), torch.randn(1, 2, 4), torch.randn(1, 2, 4))
    let traced = try JIT.trace(lstm, x, (h, c)) { lstm, x, state in lstm(x, state) }
    #expect(
      try traced.method("forward").function.signature.returns.map(\.description)
        == ["Tuple[Tensor, Tuple[Tensor, Tensor]]"])
    let (y, state) = lstm(x, (h * 2, c))
    let result = try traced.forward([.tensor(x), .tuple([.tensor(h * 2), .tensor(c)])])
    let parts = try #require(result.elements)
    #expect(try torch.allclose(#require(parts[0].tensor), y))
    #expect(try torch.allclose(#require(parts[1].elements?[1].tensor), state.1))
  }

  @Test func whatIsNoTensorIsRefusedAsAResult() throws {
    func message(_ body: () throws -> Void) -> String? {
      do { try body() } catch { return (error as? TorchError)?.message }
      return nil
    }
    let x = torch.ones(2)
    let noOutput = "The traced function didn't return any values! Side-effects are not captured in traces, so it would be a no-op."
    let wrong = "Only tensors, lists, tuples of tensors, or dictionary of tensors can be output from traced functions"
    #expect(message { _ = try JIT.trace({ (x: Tensor) -> Tensor? in nil }, x) } == noOutput)
    #expect(message { _ = try JIT.trace({ (x: Tensor) in x.ndim }, x) } == wrong)
    #expect(message { _ = try JIT.trace({ (x: Tensor) in [x.description] }, x) } == wrong)
    #expect(
      message { _ = try JIT.trace({ (x: Tensor) in ["a": x] }, x) }?.hasPrefix(
        "Encountering a dict at the output of the tracer might cause the trace to be incorrect") == true)
    let log = WarningLog()
    let traced = try log.run { try JIT.trace({ (x: Tensor) in [x, x * 2] }, x) }
    #expect(log.messages.count == 1)
    #expect(log.messages.first?.hasPrefix("TracerWarning: Encountering a list at the output of the tracer") == true)
    #expect(traced.signature.returns.map(\.description) == ["List[Tensor]"])
  }

  @Test func onlyTheFirstDimensionWhereAsked() throws {
    let graph = try JIT.trace(
      { (x: Tensor) in x.view(x.shape[0], x.shape[1]) }, torch.randn(2, 3), dynamicSizes: .batch).graph!
    #expect(graph.description.contains("aten::size"))
    #expect(graph.description.contains("prim::Constant[value=3]"))
  }

  @Test func valuesThatAreReadAreWarnedOf() throws {
    let log = WarningLog()
    let f = { (x: Tensor) throws -> Tensor in try x.sum().item(Double.self) > 0 ? x * 2 : x * 3 }
    let traced = try log.run { try JIT.trace(f, Tensor([1.0, 2.0])) }
    #expect(
      log.messages.first
        == "TracerWarning: Converting a tensor to a Python number might cause the trace to be incorrect. We can't record the data flow of Python values, so this value will be treated as a constant in the future. This means that the trace might not generalize to other inputs!"
    )
    #expect(try traced.call([.tensor(Tensor([-1.0, -2.0]))]).tensor?.toArray(Double.self) == [-2, -4])
  }

  @Test func otherWaysForOtherSizesAreWarnedOf() throws {
    let log = WarningLog()
    _ = try log.run {
      try JIT.trace({ (x: Tensor) in (0..<x.shape[0]).reduce(Tensor.zeros([2])) { $0 + x[$1] } }, torch.randn(3, 2))
    }
    #expect(log.messages.contains { $0.contains("another size in dimension 0 of input 0") })
  }

  @Test func randomTracesAreWarnedOf() throws {
    let log = WarningLog()
    _ = try log.run { try JIT.trace(nn.Dropout(0.5), torch.randn(4)) }
    #expect(log.messages.contains { $0.hasPrefix("TracerWarning: Trace had nondeterministic nodes.") })
  }

  @Test func aTraceThatDiffersIsWarnedOf() throws {
    final class Counting: nn.Module, nn.Layer {
      var calls = 0
      func forward(_ x: Tensor) -> Tensor {
        calls += 1
        return x * Double(calls)
      }
    }
    let log = WarningLog()
    _ = try log.run { try JIT.trace(Counting(), torch.ones(4), dynamicSizes: .none) }
    #expect(log.messages.contains { $0.contains("Output nr 1. of the traced function does not match") })
  }

  @Test func structuresComeInAndGoOut() throws {
    let f = { (table: [String: Tensor], list: [Tensor]) in
      ["sum": table["a"]! + list[0], "b": table["b"]! * list[1]]
    }
    let (a, b) = (torch.ones(2), torch.ones(2) * 3)
    #expect(throws: TorchError.self) { _ = try JIT.trace(f, ["a": a, "b": b], [b, a]) }
    let traced = try JIT.trace(f, ["a": a, "b": b], [b, a], strict: false)
    #expect(traced.signature.parameters.map(\.type.description) == ["Dict[str, Tensor]", "List[Tensor]"])
    let table = JIT.DictObject(.string, .tensor)
    table[.string("a")] = .tensor(b)
    table[.string("b")] = .tensor(b)
    let result = try traced.call([.dict(table), .tensors([b, b])])
    #expect(try result.dict?[.string("sum")]?.tensor?.toArray(Int.self) == [6, 6])
    #expect(try result.dict?[.string("b")]?.tensor?.toArray(Int.self) == [9, 9])
  }

  @Test func tiedParametersStayTied() throws {
    final class Tied: nn.Module, nn.Layer {
      let embed = nn.Embedding(5, 4)
      let out = nn.Linear(4, 5, bias: false)
      override init() {
        super.init()
        out.weight = embed.weight
      }
      func forward(_ x: Tensor) -> Tensor { out(embed(x)) }
    }
    let model = Tied()
    let traced = try JIT.trace(model, Tensor([1, 2, 3]))
    let weight = try #require(traced["embed"]?.object?["weight"]?.tensor)
    #expect(weight === traced["out"]?.object?["weight"]?.tensor)
    #expect(weight === model.embed.weight)
    #expect(traced.parameters().count == 1)
  }

  @Test func runningStatisticsMoveInATracedModule() throws {
    let model = nn.BatchNorm1d(3)
    let traced = try JIT.trace(model, torch.randn(4, 3))
    let before = try #require(model.runningMean).clone()
    let count = try #require(model.numBatchesTracked).item(Int.self)
    _ = traced(torch.randn(4, 3) + 5)
    #expect(try !torch.allclose(model.runningMean!, before))
    #expect(try model.numBatchesTracked!.item(Int.self) == count + 1)
  }

  @Test func constantsThatNeedGradientsAreRefused() throws {
    let w = torch.randn(2, requiresGrad: true)
    #expect {
      _ = try JIT.trace({ (x: Tensor) in x * w }, torch.ones(2))
    } throws: {
      ($0 as? TorchError)?.message.hasPrefix("Cannot insert a Tensor that requires grad as a constant.") == true
    }
    let constant = torch.tensor([2.0, 3.0])
    let traced = try JIT.trace({ (x: Tensor) in x * constant }, torch.ones(2))
    #expect(try traced.call([.tensor(torch.ones(2))]).tensor?.toArray(Double.self) == [2, 3])
  }

  @Test func errorsOfTheProgramComeOut() throws {
    #expect(throws: TorchError.self) { _ = try JIT.trace(nn.Linear(3, 4), torch.ones(2, 5)) }
    #expect(throws: TorchError.self) { _ = try JIT.trace({ (x: Tensor) in x }, torch.ones(2), inputNames: ["a", "b"]) }
  }

  @Test func gradientsFlowThroughATrace() throws {
    let model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    let traced = try JIT.trace(model, torch.randn(2, 3))
    let x = torch.randn(5, 3)
    traced(x).sum().backward()
    let gradients = model.parameters().map { $0.grad!.clone() }
    model.zeroGrad()
    model(x).sum().backward()
    for (a, b) in zip(gradients, model.parameters()) { #expect(try torch.allclose(a, b.grad!)) }
  }

  @Test func recordingIsOneGraphOfOperators() throws {
    let model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    let recording = try JIT.record(model, torch.randn(2, 3)) { $0($1) }
    #expect(recording.graph.block.nodes.map(\.kind).filter { $0.hasPrefix("aten::") } == ["aten::linear", "aten::relu"])
    #expect(recording.parameters.map(\.name) == ["0.weight", "0.bias"])
    #expect(recording.graph.block.nodes.first { $0.kind == "aten::linear" }?.scope == "0")
  }
}
