// The data loader: batches of a dataset, in some order, fetched ahead by worker threads.
//
// Order of draws: PyTorch's. Each iteration first draws a seed from the default generator (for the workers, even
// where there are none), then, at the first batch, the sampler draws.
// Departures from PyTorch: workers are threads; `for` ends at an error, which is reported as tensor expressions report
// theirs (use `withErrors`, or the iterator's throwing `nextBatch()`).
// Reference: https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader

/// Batches of a dataset.
///
/// ```swift
/// let loader = DataLoader(TensorDataset(images, labels), batchSize: 64, shuffle: true, numWorkers: 2)
/// for (x, y) in loader { … }      // x: (64, …), y: (64)
/// ```
/// Each `for` is one epoch; with `shuffle` each has its own order. Items that are tensors, numbers, strings, tuples,
/// arrays or dictionaries of such are collated as PyTorch does; for others give `collate`. Leaving a loop early, or
/// letting go of an iterator, stops its workers.
/// Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
public final class DataLoader<Source: Dataset, Batch: Sendable>: Sequence {
  public let dataset: Source
  public let batchSize: Int
  public let numWorkers: Int
  /// How many batches each worker fetches ahead.
  public let prefetchFactor: Int
  /// Seconds to wait for a batch before giving up; 0 waits for ever.
  public let timeout: Double
  private let generator: Generator?
  private let order: LoadingOrder
  private let fetch: @Sendable ([Int]) throws -> Batch

  /// A loader with a collation of its own.
  public convenience init(
    _ dataset: Source, batchSize: Int = 1, shuffle: Bool = false, dropLast: Bool = false,
    sampler: (any Sampler)? = nil, batchSampler: (any Sequence<[Int]>)? = nil, numWorkers: Int = 0,
    prefetchFactor: Int? = nil, timeout: Double = 0, generator: Generator? = nil,
    collate: @escaping @Sendable ([Source.Element]) throws -> Batch
  ) {
    self.init(
      dataset, batchSize, shuffle, dropLast, sampler, batchSampler, numWorkers, prefetchFactor, timeout, generator
    ) { indices in try collate(try fetchItems(dataset, indices)) }
  }

  /// A loader of items that collate by themselves.
  @_disfavoredOverload
  public convenience init(
    _ dataset: Source, batchSize: Int = 1, shuffle: Bool = false, dropLast: Bool = false,
    sampler: (any Sampler)? = nil, batchSampler: (any Sequence<[Int]>)? = nil, numWorkers: Int = 0,
    prefetchFactor: Int? = nil, timeout: Double = 0, generator: Generator? = nil
  ) where Source.Element: Collatable, Batch == Source.Element.Batch {
    self.init(
      dataset, batchSize, shuffle, dropLast, sampler, batchSampler, numWorkers, prefetchFactor, timeout, generator
    ) { indices in try Source.Element.collate(try fetchItems(dataset, indices)) }
  }

  /// A loader of tuples whose parts collate by themselves.
  @_disfavoredOverload
  public convenience init<each Part: Collatable>(
    _ dataset: Source, batchSize: Int = 1, shuffle: Bool = false, dropLast: Bool = false,
    sampler: (any Sampler)? = nil, batchSampler: (any Sequence<[Int]>)? = nil, numWorkers: Int = 0,
    prefetchFactor: Int? = nil, timeout: Double = 0, generator: Generator? = nil
  ) where Source.Element == (repeat each Part), Batch == (repeat (each Part).Batch) {
    self.init(
      dataset, batchSize, shuffle, dropLast, sampler, batchSampler, numWorkers, prefetchFactor, timeout, generator
    ) { indices in try collateTuples(try fetchItems(dataset, indices)) }
  }

  /// A loader of a dataset that fetches whole batches.
  public convenience init(
    _ dataset: Source, batchSize: Int = 1, shuffle: Bool = false, dropLast: Bool = false,
    sampler: (any Sampler)? = nil, batchSampler: (any Sequence<[Int]>)? = nil, numWorkers: Int = 0,
    prefetchFactor: Int? = nil, timeout: Double = 0, generator: Generator? = nil
  ) where Source: BatchDataset, Batch == Source.Batch {
    self.init(
      dataset, batchSize, shuffle, dropLast, sampler, batchSampler, numWorkers, prefetchFactor, timeout, generator
    ) { indices in try dataset.batch(at: indices) }
  }

  private init(
    _ dataset: Source, _ batchSize: Int, _ shuffle: Bool, _ dropLast: Bool, _ sampler: (any Sampler)?,
    _ batchSampler: (any Sequence<[Int]>)?, _ numWorkers: Int, _ prefetchFactor: Int?, _ timeout: Double,
    _ generator: Generator?, _ fetch: @escaping @Sendable ([Int]) throws -> Batch
  ) {
    let problem: String? =
      numWorkers < 0
      ? "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing."
      : timeout < 0 ? "timeout option should be non-negative"
      : batchSize <= 0 ? "batch_size should be a positive integer value, but got batch_size=\(batchSize)"
      : sampler != nil && shuffle ? "sampler option is mutually exclusive with shuffle"
      : batchSampler != nil && (batchSize != 1 || shuffle || sampler != nil || dropLast)
        ? "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
      : (prefetchFactor ?? 0) < 0 ? "prefetch_factor option should be non-negative" : nil
    if let problem { ErrorScope.report(TorchError(.value, problem)) }
    self.dataset = dataset
    self.batchSize = Swift.max(batchSize, 1)
    self.numWorkers = Swift.max(numWorkers, 0)
    self.prefetchFactor = Swift.max(prefetchFactor ?? 2, 1)
    self.timeout = Swift.max(timeout, 0)
    self.generator = generator
    self.fetch = fetch
    if let batchSampler {
      order = LoadingOrder(batchSampler)
    } else if let sampler {
      order = LoadingOrder(sampler, self.batchSize, dropLast)
    } else if shuffle && dataset.count > 0 {
      order = LoadingOrder(RandomSampler(count: dataset.count, generator: generator), self.batchSize, dropLast)
    } else {
      order = LoadingOrder(SequentialSampler(count: dataset.count), self.batchSize, dropLast)
    }
  }

  /// How many batches an epoch has.
  public var count: Int { order.count }

  public var underestimatedCount: Int { 0 }

  public func makeIterator() -> DataLoaderIterator<Batch> {
    let seed = randomSeed(generator)
    return DataLoaderIterator(
      batches: order.makeIterator(), fetch: fetch, workers: numWorkers, prefetch: prefetchFactor, timeout: timeout,
      seed: seed)
  }
}

/// The order of batches, whatever sampler it comes from.
private struct LoadingOrder {
  let count: Int
  let makeIterator: () -> AnyIterator<[Int]>

  init(_ batches: any Sequence<[Int]>) {
    func open<S: Sequence<[Int]>>(_ sequence: S) -> (Int, () -> AnyIterator<[Int]>) {
      (Array(sequence).count, { AnyIterator(sequence.makeIterator()) })
    }
    (count, makeIterator) = open(batches)
  }

  init(_ sampler: any Sampler, _ batchSize: Int, _ dropLast: Bool) {
    func open<S: Sampler>(_ sampler: S) -> (Int, () -> AnyIterator<[Int]>) {
      let batches = BatchSampler(sampler, batchSize: batchSize, dropLast: dropLast)
      return (batches.count, { batches.makeIterator() })
    }
    (count, makeIterator) = open(sampler)
  }
}

/// The items at `indices`; an error says at which index.
private func fetchItems<Source: Dataset>(_ dataset: Source, _ indices: [Int]) throws -> [Source.Element] {
  try indices.map { index in
    try checkCancellation()
    let scope = ErrorScope()
    do {
      let item = try ErrorScope.$current.withValue(scope) { try dataset[index] }
      if let failure = scope.first { throw failure }
      return item
    } catch let error where !(error is LoaderCancelled) {
      throw ItemError(index: index, error: scope.first ?? error)
    }
  }
}

/// An error of one item.
struct ItemError: Error {
  let index: Int
  let error: any Error
}
