// One pass over a loader: with worker threads, a small pipeline that keeps order.
//
// Batch `i` is fetched by worker `i mod n`, as PyTorch assigns them, so that what a worker draws from its own generator is
// reproducible. The consumer hands out indices (samplers run on its thread only) and takes batches in order. Workers
// hold the pipeline, never the iterator: when that is let go of, they see it and end.

import Foundation
import Synchronization

/// What a dataset can ask about the worker that fetches from it.
public struct WorkerInfo: Sendable {
  /// The worker's number, from 0.
  public let id: Int
  public let numWorkers: Int
  /// The loader's seed of this epoch plus the worker's number.
  public let seed: UInt64
  /// Random numbers of this worker's own, for augmentation.
  public let generator: Generator

  /// The calling worker; nil on other threads.
  @TaskLocal public static var current: WorkerInfo?

  /// How many worker threads are alive in this process.
  public static var liveWorkers: Int { liveWorkerCount.load(ordering: .acquiring) }
}

private let liveWorkerCount = Atomic<Int>(0)

/// Ends the work on a batch nobody waits for any more.
struct LoaderCancelled: Error {}

/// Whether the pipeline that the calling worker belongs to still runs.
enum CurrentPipeline {
  // A class, not a closure: optimised builds of Swift 6.3 crash where a task-local value of function type is set.
  @TaskLocal static var cancellation: Cancellation?
}

final class Cancellation: Sendable {
  private let flag = Atomic<Bool>(false)
  var isSet: Bool { flag.load(ordering: .acquiring) }
  func set() { flag.store(true, ordering: .releasing) }
}

func checkCancellation() throws {
  if CurrentPipeline.cancellation?.isSet == true { throw LoaderCancelled() }
}

/// The batches of one epoch.
public final class DataLoaderIterator<Batch: Sendable>: IteratorProtocol {
  private var batches: AnyIterator<[Int]>
  private let fetch: @Sendable ([Int]) throws -> Batch
  private let pipeline: Pipeline<Batch>?
  private let timeout: Double
  private var position = 0
  private var finished = false

  init(
    batches: AnyIterator<[Int]>, fetch: @escaping @Sendable ([Int]) throws -> Batch, workers: Int, prefetch: Int,
    timeout: Double, seed: Int
  ) {
    self.batches = batches
    self.fetch = fetch
    self.timeout = timeout
    pipeline = workers > 0 ? Pipeline(workers: workers, seed: seed, fetch: fetch) : nil
    if workers > 0 { for _ in 0..<workers * prefetch { handOut() } }
  }

  deinit { pipeline?.cancel() }

  /// Stops the workers; `next` gives nil from now on.
  public func cancel() {
    finished = true
    pipeline?.cancel()
  }

  /// The next batch; nil at the end, and after an error, which is reported as tensor expressions report theirs.
  public func next() -> Batch? {
    do {
      return try nextBatch()
    } catch {
      ErrorScope.report(error as? TorchError ?? TorchError(.data, "\(error)"))
      return nil
    }
  }

  /// The next batch; nil at the end, and when the surrounding task is cancelled.
  /// - Throws: `TorchError` that names the batch, and the item where one failed. The iteration is then over.
  public func nextBatch() throws -> Batch? {
    if finished { return nil }
    let result: Result<Batch, any Error>
    if let pipeline {
      guard let done = pipeline.wait(for: position, timeout: timeout) else {
        cancel()
        return nil
      }
      result = done
      if case .success = done { handOut() }
    } else {
      guard let indices = batches.next() else {
        finished = true
        return nil
      }
      result = runFetch(fetch, indices)
    }
    do {
      let batch = try result.get()
      position += 1
      return batch
    } catch {
      cancel()
      throw describe(error)
    }
  }

  private func handOut() {
    if let indices = batches.next() { pipeline?.add(indices) } else { pipeline?.close() }
  }

  private func describe(_ error: any Error) -> TorchError {
    if let error = error as? LoaderTimeout { return error.described }
    let origin = pipeline.map { "worker thread \(position % $0.workerCount)" } ?? "the loading thread"
    var place = "batch \(position)"
    var cause = error
    if let item = error as? ItemError {
      place = "item \(item.index) of batch \(position)"
      cause = item.error
    }
    let kind = (cause as? TorchError)?.kind ?? .data
    return TorchError(kind, "Caught an error in DataLoader \(origin) while fetching \(place): \(cause)")
  }
}

/// Fetches one batch; errors of tensor expressions count as thrown.
private func runFetch<Batch>(_ fetch: ([Int]) throws -> Batch, _ indices: [Int]) -> Result<Batch, any Error> {
  let scope = ErrorScope()
  let result = Result { try ErrorScope.$current.withValue(scope) { try fetch(indices) } }
  if case .success = result, let failure = scope.first { return .failure(failure) }
  return result
}

private struct LoaderTimeout: Error {
  let seconds: Double
  var described: TorchError {
    TorchError(.data, "DataLoader timed out after \(seconds.formatted()) seconds")
  }
}

/// What the consumer and its workers share. All state is under `condition`.
private final class Pipeline<Batch: Sendable>: @unchecked Sendable {
  // Unchecked: every access to the state is between `lock` and `unlock` of the condition.
  let workerCount: Int
  private let condition = NSCondition()
  private var tasks: [Int: [Int]] = [:]
  private var results: [Int: Result<Batch, any Error>] = [:]
  private var added = 0
  private var isClosed = false
  private let cancellation = Cancellation()

  init(workers: Int, seed: Int, fetch: @escaping @Sendable ([Int]) throws -> Batch) {
    workerCount = workers
    for id in 0..<workers {
      let workerSeed = UInt64(truncatingIfNeeded: seed &+ id)
      let thread = Thread { [self] in
        WorkerThread.markSerial()
        let info = WorkerInfo(
          id: id, numWorkers: workers, seed: workerSeed, generator: Generator(seed: workerSeed))
        WorkerInfo.$current.withValue(info) {
          CurrentPipeline.$cancellation.withValue(cancellation) { work(id, fetch) }
        }
        liveWorkerCount.subtract(1, ordering: .acquiringAndReleasing)
      }
      thread.name = "DataLoader \(id)"
      thread.stackSize = 8 << 20
      liveWorkerCount.add(1, ordering: .acquiringAndReleasing)
      thread.start()
    }
  }

  private func work(_ id: Int, _ fetch: @Sendable ([Int]) throws -> Batch) {
    var next = id
    while let indices = take(next) {
      let result = runFetch(fetch, indices)
      condition.withLock {
        results[next] = result
        condition.broadcast()
      }
      next += workerCount
    }
  }

  /// Waits for task `number`; nil when there will be none.
  private func take(_ number: Int) -> [Int]? {
    condition.withLock {
      while true {
        if cancellation.isSet { return nil }
        if let task = tasks.removeValue(forKey: number) { return task }
        if isClosed && number >= added { return nil }
        condition.wait()
      }
    }
  }

  func add(_ indices: [Int]) {
    condition.withLock {
      tasks[added] = indices
      added += 1
      condition.broadcast()
    }
  }

  /// No more tasks will come.
  func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
    }
  }

  func cancel() {
    cancellation.set()
    condition.withLock {
      tasks = [:]
      results = [:]
      condition.broadcast()
    }
  }

  /// Waits for batch `number`; nil where there is none, or the surrounding task was cancelled.
  func wait(for number: Int, timeout: Double) -> Result<Batch, any Error>? {
    let deadline = timeout > 0 ? Date(timeIntervalSinceNow: timeout) : nil
    // A task's cancellation wakes nobody up, so inside one the wait looks now and then.
    let inTask = withUnsafeCurrentTask { $0 != nil }
    return condition.withLock {
      while true {
        if let result = results.removeValue(forKey: number) { return result }
        if cancellation.isSet || isClosed && number >= added { return nil }
        if inTask && Task.isCancelled { return nil }
        if let deadline, deadline.timeIntervalSinceNow <= 0 { return .failure(LoaderTimeout(seconds: timeout)) }
        if inTask || deadline != nil {
          let limit = Date(timeIntervalSinceNow: 0.05)
          _ = condition.wait(until: deadline.map { Swift.min($0, limit) } ?? limit)
        } else {
          condition.wait()
        }
      }
    }
  }
}
