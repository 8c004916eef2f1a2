// Samplers: the order in which a loader takes items. Draws are PyTorch's, and made when PyTorch makes them: at the
// first index asked for, not when the iterator is made.
// Reference: https://pytorch.org/docs/stable/data.html#torch.utils.data.Sampler

/// An order of indices.
public protocol Sampler: Sequence where Element == Int {
  /// How many indices an iteration gives.
  var count: Int { get }
}

/// 0, 1, 2, …
public struct SequentialSampler: Sampler {
  public let count: Int
  public init(count: Int) { self.count = count }
  public func makeIterator() -> Range<Int>.Iterator { (0..<count).makeIterator() }
}

/// All indices in random order, or with replacement any of them `sampleCount` times.
/// Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler
public struct RandomSampler: Sampler {
  private let size: Int
  private let replacement: Bool
  private let sampleCount: Int
  private let generator: Generator?

  /// - Parameters:
  ///   - count: how many items there are.
  ///   - sampleCount: how many indices to draw; `count` if left out.
  public init(count: Int, replacement: Bool = false, sampleCount: Int? = nil, generator: Generator? = nil) {
    size = count
    self.replacement = replacement
    self.sampleCount = sampleCount ?? count
    self.generator = generator
    if self.sampleCount <= 0 {
      ErrorScope.report(
        TorchError(
          .value, "num_samples should be a positive integer value, but got num_samples=\(self.sampleCount)"))
    }
  }

  public var count: Int { Swift.max(sampleCount, 0) }

  public func makeIterator() -> AnyIterator<Int> {
    var generator = generator
    var remaining = count
    var buffer = [Int]()[...]
    var finished = count == 0 || size == 0
    return AnyIterator {
      while buffer.isEmpty {
        if finished { return nil }
        let source = generator ?? TorchCore.Generator(seed: UInt64(randomSeed()))
        generator = source
        // PyTorch draws whole blocks, the last one too (and one more where the blocks come out even).
        let block = replacement ? 32 : size
        let wanted = Swift.min(block, remaining)
        finished = remaining < block
        if replacement {
          buffer = indices(torch.randint(0, size, [wanted], generator: source))
        } else {
          buffer = indices(torch.randperm(size, generator: source)).prefix(wanted)
        }
        remaining -= wanted
      }
      return buffer.removeFirst()
    }
  }
}

/// Given indices in random order.
/// Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.SubsetRandomSampler
public struct SubsetRandomSampler: Sampler {
  public let indices: [Int]
  private let generator: Generator?

  public init(_ indices: [Int], generator: Generator? = nil) {
    self.indices = indices
    self.generator = generator
  }

  public var count: Int { indices.count }

  public func makeIterator() -> AnyIterator<Int> {
    var order: ArraySlice<Int>?
    return AnyIterator {
      if order == nil { order = TorchData.indices(torch.randperm(indices.count, generator: generator)) }
      return order!.popFirst().map { indices[$0] }
    }
  }
}

/// Indices drawn with probabilities in proportion to weights.
/// Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler
public struct WeightedRandomSampler: Sampler {
  private let weights: [Double]
  public let count: Int
  private let replacement: Bool
  private let generator: Generator?

  public init(_ weights: [Double], count: Int, replacement: Bool = true, generator: Generator? = nil) {
    self.weights = weights
    self.count = count
    self.replacement = replacement
    self.generator = generator
    if count <= 0 {
      ErrorScope.report(
        TorchError(.value, "num_samples should be a positive integer value, but got num_samples=\(count)"))
    }
  }

  public func makeIterator() -> AnyIterator<Int> {
    var order: ArraySlice<Int>?
    return AnyIterator {
      if order == nil {
        order = draw()[...]
      }
      return order!.popFirst()
    }
  }

  /// The draws of `torch.multinomial`: with replacement by searching the cumulative distribution, without (and for
  /// one draw) by taking the largest of weights over exponential draws.
  private func draw() -> [Int] {
    let problem: String? =
      weights.contains { !$0.isFinite || $0 < 0 } ? "probability tensor contains either `inf`, `nan` or element < 0"
      : weights.reduce(0, +) <= 0 ? "invalid multinomial distribution (sum of probabilities <= 0)"
      : !replacement && count > weights.count
        ? "cannot sample n_sample > prob_dist.size(-1) samples without replacement" : nil
    if let problem {
      ErrorScope.report(TorchError(.value, problem))
      return []
    }
    if !replacement || count == 1 {
      let noise = Tensor.empty([weights.count], dtype: .float64).exponential_(generator: generator)
      let keys = zip(weights, (try? noise.toArray(Double.self)) ?? []).map { $0 / $1 }
      return Array(keys.indices.sorted { keys[$0] > keys[$1] }.prefix(count))
    }
    var sum = 0.0
    var cumulative = weights.map { weight in
      sum += weight
      return sum
    }
    for i in cumulative.indices { cumulative[i] /= sum }
    cumulative[cumulative.count - 1] = 1
    let draws = (try? torch.rand([count], dtype: .float64, generator: generator).toArray(Double.self)) ?? []
    return draws.map { draw in
      var (low, high) = (0, cumulative.count)
      while low < high {
        let middle = low + (high - low) / 2
        if cumulative[middle] < draw { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }
}

/// Indices in groups of `batchSize`.
/// Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.BatchSampler
public struct BatchSampler<Base: Sampler>: Sequence {
  public let sampler: Base
  public let batchSize: Int
  public let dropLast: Bool

  public init(_ sampler: Base, batchSize: Int, dropLast: Bool = false) {
    self.sampler = sampler
    self.batchSize = Swift.max(batchSize, 1)
    self.dropLast = dropLast
    if batchSize <= 0 {
      ErrorScope.report(
        TorchError(.value, "batch_size should be a positive integer value, but got batch_size=\(batchSize)"))
    }
  }

  /// How many batches an iteration gives.
  public var count: Int { dropLast ? sampler.count / batchSize : (sampler.count + batchSize - 1) / batchSize }

  public func makeIterator() -> AnyIterator<[Int]> {
    var base = sampler.makeIterator()
    var finished = false
    return AnyIterator {
      if finished { return nil }
      var batch: [Int] = []
      while batch.count < batchSize {
        guard let index = base.next() else {
          finished = true
          break
        }
        batch.append(index)
      }
      return batch.isEmpty || dropLast && batch.count < batchSize ? nil : batch
    }
  }
}

/// `int(torch.empty((), dtype=torch.int64).random_().item())`: the seed that PyTorch draws for loaders and samplers.
func randomSeed(_ generator: Generator? = nil) -> Int {
  (try? Tensor.empty([], dtype: .int64).random_(generator: generator).item(Int.self)) ?? 0
}

private func indices(_ tensor: Tensor) -> ArraySlice<Int> { ((try? tensor.toArray(Int.self)) ?? [])[...] }
