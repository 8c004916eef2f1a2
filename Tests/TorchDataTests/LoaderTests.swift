// Orders and draws against PyTorch's (Fixtures/data/orders.json), and what worker threads promise.

import Foundation
import TestSupport
import Testing
import TorchCore
import TorchData

private enum Order: Decodable {
  case flat([Int]), batches([[Int]])
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flat = try? container.decode([Int].self) { self = .flat(flat) } else { self = .batches(try container.decode([[Int]].self)) }
  }
  var flat: [Int] { if case .flat(let list) = self { list } else { [] } }
  var batches: [[Int]] { if case .batches(let list) = self { list } else { [] } }
}

private struct Case: Decodable {
  let orders: [Order]
  let after: [Int]?
  let length: Int?
  let first: [Int]?
  let generatorAfter: [Int]?
  enum CodingKeys: String, CodingKey { case orders, after, length, first, generatorAfter = "generator_after" }
}

private struct Numbers: Dataset {
  let count: Int
  subscript(index: Int) -> Int { index }
}

private func next(_ generator: Generator? = nil) throws -> [Int] {
  try torch.randint(0, 1 << 62, [2], generator: generator).toArray(Int.self)
}

/// One after the other: they share the default generator, and count live workers.
@Suite(.serialized) struct LoaderTests {
  private let cases: [String: Case]
  init() throws { cases = try fixture("data/orders.json", [String: Case].self) }

  @Test(arguments: [
    ("plain", 10, 4, false, false, nil as UInt64?, 0), ("plain_drop", 10, 4, false, true, nil, 0),
    ("shuffled", 23, 4, true, false, nil, 0), ("shuffled_even", 20, 5, true, false, nil, 0),
    ("shuffled_drop", 23, 4, true, true, nil, 0), ("shuffled_generator", 23, 4, true, false, 11, 0),
    ("shuffled_generator_even", 20, 5, true, false, 11, 0), ("shuffled_workers", 23, 4, true, false, nil, 2),
  ])
  func ordersArePyTorchs(
    _ name: String, _ count: Int, _ batchSize: Int, _ shuffle: Bool, _ dropLast: Bool, _ seed: UInt64?, _ workers: Int
  ) throws {
    let expected = try #require(cases[name])
    torch.manualSeed(3)
    let generator = seed.map { Generator(seed: $0) }
    let loader = DataLoader(
      Numbers(count: count), batchSize: batchSize, shuffle: shuffle, dropLast: dropLast, numWorkers: workers,
      generator: generator)
    #expect(loader.count == expected.length)
    for order in expected.orders {
      var batches: [[Int]] = []
      for batch in loader { batches.append(try batch.toArray(Int.self)) }
      #expect(batches == order.batches)
    }
    #expect(try next() == expected.after)
    if let generator { #expect(try next(generator) == expected.generatorAfter) }
  }

  @Test func aLookAtOneBatchDrawsWhatPyTorchDraws() throws {
    let expected = try #require(cases["early_break"])
    torch.manualSeed(3)
    let loader = DataLoader(Numbers(count: 23), batchSize: 4, shuffle: true)
    for batch in loader {
      #expect(try batch.toArray(Int.self) == expected.first)
      break
    }
    #expect(try loader.map { try $0.toArray(Int.self) } == expected.orders[0].batches)
    #expect(try next() == expected.after)
  }

  @Test func samplersArePyTorchs() throws {
    let samplers: [(String, () -> any Sampler)] = [
      ("random", { RandomSampler(count: 9) }), ("random_more", { RandomSampler(count: 9, sampleCount: 20) }),
      ("random_replacement", { RandomSampler(count: 9, replacement: true, sampleCount: 40) }),
      ("random_replacement_generator", {
        RandomSampler(count: 9, replacement: true, sampleCount: 64, generator: Generator(seed: 2))
      }),
      ("subset", { SubsetRandomSampler([4, 8, 15, 16, 23, 42]) }),
      ("weighted", { WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], count: 20) }),
      ("weighted_unique", { WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3, 0.1], count: 5, replacement: false) }),
    ]
    for (name, make) in samplers {
      let expected = try #require(cases[name])
      torch.manualSeed(5)
      let sampler = make()
      #expect(sampler.count == expected.length, "\(name)")
      for order in expected.orders { #expect(Array(sampler) as [Int] == order.flat, "\(name)") }
      #expect(try next() == expected.after, "\(name)")
    }
    #expect(Array(BatchSampler(SequentialSampler(count: 10), batchSize: 3)) == cases["batches"]!.orders[0].batches)
  }

  @Test func splitsArePyTorchs() throws {
    torch.manualSeed(9)
    #expect(try randomSplit(Numbers(count: 12), lengths: [5, 7]).map(\.indices) == cases["split"]!.orders.map(\.flat))
    torch.manualSeed(9)
    #expect(
      try randomSplit(Numbers(count: 11), fractions: [0.3, 0.3, 0.4]).map(\.indices)
        == cases["split_fractions"]!.orders.map(\.flat))
    #expect(
      try randomSplit(Numbers(count: 10), lengths: [3, 7], generator: Generator(seed: 42)).map(\.indices)
        == cases["split_generator"]!.orders.map(\.flat))
    #expect(throws: TorchError.self) { try randomSplit(Numbers(count: 10), lengths: [3, 8]) }
  }

  @Test func tuplesCollatePartByPart() throws {
    let items = (0..<5).map { (Tensor([Float($0), 1]), $0, "item \($0)") }
    let loader = DataLoader(ArrayDataset(items), batchSize: 2)
    var names: [String] = []
    for (x, y, name) in loader {
      #expect(x.shape[1] == 2)
      #expect(y.dtype == .int64)
      names += name
    }
    #expect(names == items.map(\.2))
    let pair = try #require(DataLoader(TensorDataset(Tensor.ones(6, 2), Tensor.arange(6)), batchSize: 4).makeIterator().next())
    #expect(pair.0.shape == [4, 2])
    #expect(try pair.1.toArray(Int.self) == [0, 1, 2, 3])
  }

  @Test(arguments: [1, 2, 5]) func workersKeepOrder(_ workers: Int) throws {
    struct Slow: Dataset {
      let count = 40
      subscript(index: Int) -> Int {
        usleep(UInt32((index * 7919) % 5 * 300))
        return index
      }
    }
    let loader = DataLoader(Slow(), batchSize: 3, numWorkers: workers, prefetchFactor: 3)
    #expect(try loader.flatMap { try $0.toArray(Int.self) } == Array(0..<40))
    try waitForWorkersToEnd()
  }

  @Test func anEarlyBreakLeavesNothingRunning() throws {
    struct Slow: Dataset {
      let count = 10_000
      subscript(index: Int) -> Int {
        usleep(500)
        return index
      }
    }
    for _ in 0..<5 {
      for _ in DataLoader(Slow(), batchSize: 8, numWorkers: 3) { break }
      _ = DataLoader(Slow(), batchSize: 8, numWorkers: 2).makeIterator()
    }
    try waitForWorkersToEnd()
  }

  @Test func errorsNameTheItem() throws {
    struct Broken: Dataset {
      let count = 20
      let byTensor: Bool
      subscript(index: Int) -> Tensor {
        get throws {
          if index == 13 {
            if byTensor { return Tensor.ones(2, 3).matmul(Tensor.ones(2, 3)) }
            throw TorchError(.data, "no such picture")
          }
          return Tensor.ones(2)
        }
      }
    }
    for workers in [0, 2] {
      for byTensor in [false, true] {
        var batches = 0
        do {
          try withErrors { for _ in DataLoader(Broken(byTensor: byTensor), batchSize: 4, numWorkers: workers) { batches += 1 } }
          Issue.record("no error")
        } catch {
          #expect("\(error)".contains("item 13 of batch 3"))
          #expect("\(error)".contains(byTensor ? "mat1 and mat2" : "no such picture") || byTensor)
        }
        #expect(batches == 3)
      }
    }
    try waitForWorkersToEnd()
  }

  @Test func aSlowItemTimesOut() throws {
    struct Stuck: Dataset {
      let count = 4
      subscript(index: Int) -> Int {
        usleep(400_000)
        return index
      }
    }
    let iterator = DataLoader(Stuck(), numWorkers: 1, timeout: 0.05).makeIterator()
    #expect(throws: TorchError.self) { try iterator.nextBatch() }
    try waitForWorkersToEnd()
  }

  @Test func aCancelledTaskGetsNoMoreBatches() async throws {
    struct Slow: Dataset {
      let count = 1_000_000
      subscript(index: Int) -> Int {
        usleep(1000)
        return index
      }
    }
    let task = Task.detached { () -> Int in
      var batches = 0
      for _ in DataLoader(Slow(), batchSize: 10, numWorkers: 2) { batches += 1 }
      return batches
    }
    try await Task.sleep(for: .milliseconds(100))
    task.cancel()
    #expect(await task.value < 1000)
    try waitForWorkersToEnd()
  }

  private func waitForWorkersToEnd() throws {
    for _ in 0..<400 where WorkerInfo.liveWorkers > 0 { usleep(5000) }
    #expect(WorkerInfo.liveWorkers == 0)
  }
}
