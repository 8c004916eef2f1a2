// Every random draw against PyTorch's, to the last bit (Fixtures/random).

import Foundation
import Testing
import TestSupport
import Torch

private struct Draw: Decodable {
  let op: String
  let args: [Double]
  let dtype: String
  let shape: [Int]
  let layout: String
  let seed: UInt64
  let head: [String]
  let hash: String
  let next: String
}

private struct SavedState: Decodable {
  let seed: String
  let held: Bool
  let state: Data
  let randn: [String]
  let hash: String
  let after: Data
}

private struct Draws: Decodable {
  let cases: [Draw]
  let states: [SavedState]
}

extension Draw {
  var type: DType { DType.allCases.first { $0.name == dtype }! }

  /// Zeros in the memory layout that the case is about.
  func target() -> Tensor {
    switch layout {
    case "transposed": return Tensor.zeros(Shape(shape.reversed()), dtype: type).permute(shape.indices.reversed())
    case "stepped":
      return Tensor.zeros(Shape(shape.dropLast() + [2 * shape.last!]), dtype: type).slice(dim: -1, step: 2)
    default: return Tensor.zeros(Shape(shape), dtype: type)
    }
  }

  func draw(_ generator: Generator) -> Tensor {
    let x = target()
    switch op {
    case "uniform_": return x.uniform_(args[0], args[1], generator: generator)
    case "normal_": return x.normal_(mean: args[0], std: args[1], generator: generator)
    case "exponential_": return x.exponential_(args[0], generator: generator)
    case "rand": return torch.rand(x.shape, dtype: type, generator: generator)
    case "randn": return torch.randn(x.shape, dtype: type, generator: generator)
    case "bernoulli_": return x.bernoulli_(args[0], generator: generator)
    case "bernoulli": return (x + args[0]).bernoulli(generator: generator)
    case "random_": return x.random_(generator: generator)
    case "random_full": return x.random_(.min, nil, generator: generator)
    case "random_from_to": return x.random_(Int(args[0]), Int(args[1]), generator: generator)
    case "randperm": return torch.randperm(Int(args[0]), dtype: type, generator: generator)
    default: preconditionFailure("no draw \(op)")
    }
  }

  /// Draws that take no generator use the default one.
  func drawWithDefault() -> Tensor {
    let x = target() + 1
    return op == "dropout"
      ? torch.dropout(x, p: args[0], train: true) : torch.featureDropout(x, p: args[0], train: true)
  }

  var usesDefault: Bool { op == "dropout" || op == "feature_dropout" }
}

/// The first values, and the FNV-1a hash of all as float64 or int64.
private func summary(_ x: Tensor) throws -> (head: [String], hash: String) {
  let words: [UInt64]
  let head: [String]
  if x.dtype.isFloatingPoint {
    let values = try x.toArray(Double.self)
    words = values.map(\.bitPattern)
    head = values.prefix(6).map { "\($0)" }
  } else {
    let values = try x.to(.int64).toArray(Int.self)
    words = values.map { UInt64(bitPattern: Int64($0)) }
    head = values.prefix(6).map { "\($0)" }
  }
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for word in words {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { hash = (hash ^ (word >> shift & 0xff)) &* 0x100_0000_01b3 }
  }
  return (head, String(hash))
}

/// Hexadecimal floating point as Swift prints numbers; integers as they are.
private func decimal(_ text: String) -> String { text.contains("x") ? "\(Double(text)!)" : text }

// Serialized, and the only user of the default generator in this target's exact comparisons.
@Suite(.serialized) struct RandomTests {
  private static let draws = Result { try fixture("random/cases.json", Draws.self) }

  @Test func drawsAreThoseOfPyTorch() throws {
    for draw in try Self.draws.get().cases where !draw.usesDefault {
      let generator = Generator(seed: draw.seed)
      let label = "\(draw.op)\(draw.args) \(draw.dtype) \(draw.shape) \(draw.layout) seed \(draw.seed)"
      let (head, hash) = try summary(try withErrors { draw.draw(generator) })
      #expect(head == draw.head.map(decimal), "\(label)")
      #expect(hash == draw.hash, "\(label): a later value differs")
      let next = try Tensor.empty([1], dtype: .int64).random_(generator: generator).item()
      #expect("\(next.intValue)" == draw.next, "\(label): takes another number of words")
    }
  }

  @Test func masksOfDropoutAreThoseOfPyTorch() throws {
    for draw in try Self.draws.get().cases where draw.usesDefault {
      let label = "\(draw.op)\(draw.args) \(draw.dtype) \(draw.shape) seed \(draw.seed)"
      torch.manualSeed(draw.seed)
      let (head, hash) = try summary(draw.drawWithDefault())
      #expect(head == draw.head.map(decimal), "\(label)")
      #expect(hash == draw.hash, "\(label): a later value differs")
    }
  }

  @Test func statesAreExchangedWithPyTorch() throws {
    for saved in try Self.draws.get().states {
      let restored = Generator(seed: 1)
      try restored.setState([UInt8](saved.state))
      #expect(restored.state == [UInt8](saved.state))
      #expect(String(restored.initialSeed) == saved.seed)
      let first = try summary(torch.randn(5, dtype: .float64, generator: restored)).head
      #expect(first == saved.randn.map(decimal), "seed \(saved.seed)")
      let more = try summary(torch.rand(700, dtype: .float64, generator: restored)).hash
      #expect(more == saved.hash)
      #expect(restored.state == [UInt8](saved.after))

      // The same state made here.
      let own = Generator(seed: UInt64(saved.seed)!)
      _ = torch.rand(7, generator: own)
      if saved.held { _ = torch.randn(3, generator: own) }
      #expect(own.state == [UInt8](saved.state))
    }
  }

  @Test func badStatesAreRefusedAndChangeNothing() throws {
    let generator = Generator(seed: 5)
    _ = torch.rand(3, generator: generator)
    let state = generator.state
    #expect(throws: TorchError.self) { try generator.setState([]) }
    #expect(throws: TorchError.self) { try generator.setState(Array(state.dropLast())) }
    #expect(throws: TorchError.self) { try generator.setState([UInt8](repeating: 0xff, count: state.count)) }
    #expect(generator.state == state)
  }

  @Test func seedsRepeatAndGeneratorsAreIndependent() throws {
    let (a, b) = (Generator(seed: 3), Generator(seed: 3))
    let first = try torch.rand(4, generator: a).toArray(Float.self)
    _ = torch.rand(100, generator: Generator(seed: 9))
    #expect(try torch.rand(4, generator: b).toArray(Float.self) == first)
    #expect(try torch.rand(4, generator: a.manualSeed(3)).toArray(Float.self) == first)
    #expect(a.initialSeed == 3)
  }

  @Test func drawsRefuseBadArguments() throws {
    func message(_ body: () -> Tensor) -> String {
      do {
        try withErrors { _ = body() }
        return "no error"
      } catch { return (error as! TorchError).message }
    }
    let x = Tensor.zeros(3)
    #expect(message { x.uniform_(2, 1) } == "uniform_ expects to return a [from, to) range, but found from=2 > to=1")
    #expect(message { x.normal_(std: -1) } == "normal expects std >= 0.0, but found std -1")
    #expect(message { x.bernoulli_(1.5) } == "bernoulli_ expects p to be in [0, 1], but got p=1.5")
    #expect(message { x.exponential_(0) } == "exponential_ expects lambda > 0.0, but found lambda=0")
    #expect(message { x.random_(5, 5) } == "random_ expects 'from' to be less than 'to', but got from=5 >= to=5")
    #expect(message { torch.dropout(x, p: 2, train: true) } == "dropout probability has to be between 0 and 1, but got 2")
    #expect(message { Tensor.zeros(3, dtype: .uint8).random_(0, 300) } == "to - 1 is out of bounds for unsigned char")
    #expect(message { Tensor.zeros(3, dtype: .int8).random_(-200, 3) } == "from is out of bounds for signed char")
    #expect(message { Tensor([0.5, 1.5]).bernoulli() } == "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)")
  }

  /// In-place draws leave the graph as PyTorch's do: the old value has a gradient still, zero.
  @Test func inPlaceDrawsHaveAZeroGradient() throws {
    let x = Tensor.ones(3, requiresGrad: true)
    let y = x * 2
    y.uniform_(generator: Generator(seed: 0))
    #expect(y.requiresGrad)
    y.sum().backward()
    #expect(try x.grad!.toArray(Float.self) == [0, 0, 0])
  }
}
