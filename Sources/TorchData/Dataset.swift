// Datasets: things with a number of items that can be fetched by index, from any thread.
// Reference: https://pytorch.org/docs/stable/data.html#map-style-datasets

@_exported import TorchCore

/// Items by index.
///
/// ```swift
/// struct Squares: Dataset {
///   let count = 100
///   subscript(index: Int) -> (Tensor, Int) { (Tensor([Float(index)]), index * index) }
/// }
/// ```
/// Items are fetched by worker threads where a loader has some, so a dataset is `Sendable`. The subscript may throw;
/// the loader then says for which index.
/// Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.Dataset
public protocol Dataset<Element>: Sendable {
  associatedtype Element: Sendable
  var count: Int { get }
  subscript(index: Int) -> Element { get throws }
}

/// A dataset that can fetch and collate many items at once, faster than one by one.
public protocol BatchDataset<Element>: Dataset {
  associatedtype Batch: Sendable
  /// The items at `indices`, collated as the loader would collate them.
  func batch(at indices: [Int]) throws -> Batch
}

/// The elements of an array as a dataset. (Swift does not let `Array` be one only where its elements are `Sendable`.)
public struct ArrayDataset<Element: Sendable>: Dataset {
  private let items: [Element]

  public init(_ items: some Sequence<Element>) { self.items = Array(items) }

  public var count: Int { items.count }

  public subscript(index: Int) -> Element {
    get throws {
      guard items.indices.contains(index) else { throw TorchError(.index, "list index out of range") }
      return items[index]
    }
  }
}

/// The rows of tensors: item `i` is row `i` of each.
///
/// ```swift
/// let data = TensorDataset(images, labels)   // items are (Tensor, Tensor)
/// ```
/// A dataset of one tensor has items of type `Tensor`, where PyTorch has tuples of one.
/// Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
public struct TensorDataset<each Column: TensorColumn>: BatchDataset {
  public let tensors: (repeat each Column)
  public let count: Int

  public init(_ tensors: repeat each Column) {
    self.tensors = (repeat each tensors)
    var sizes: [Int] = []
    repeat sizes.append((each tensors).rowCount)
    if Set(sizes).count > 1 {
      ErrorScope.report(TorchError(.shape, "Size mismatch between tensors"))
      count = sizes.min() ?? 0
    } else {
      count = sizes.first ?? 0
    }
  }

  public subscript(index: Int) -> (repeat each Column) {
    get throws {
      guard index >= 0, index < count else {
        throw TorchError(.index, "index \(index) is out of bounds for dimension 0 with size \(count)")
      }
      return (repeat (each tensors).row(index))
    }
  }

  public func batch(at indices: [Int]) throws -> (repeat each Column) {
    if let index = indices.first(where: { $0 < 0 || $0 >= count }) {
      throw TorchError(.index, "index \(index) is out of bounds for dimension 0 with size \(count)")
    }
    return (repeat (each tensors).rows(indices))
  }
}

/// A tensor as a column of a `TensorDataset`; only `Tensor` is one.
public protocol TensorColumn: Sendable {
  var rowCount: Int { get }
  func row(_ index: Int) -> Self
  func rows(_ indices: [Int]) -> Self
}

extension Tensor: TensorColumn {
  public var rowCount: Int { shape.first ?? 0 }
  public func row(_ index: Int) -> Tensor { select(0, index) }
  public func rows(_ indices: [Int]) -> Tensor { torch.stack(indices.map { select(0, $0) }) }
}

/// Some items of a dataset, in a given order.
/// Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.Subset
public struct Subset<Source: Dataset>: Dataset {
  public let dataset: Source
  public let indices: [Int]

  public init(_ dataset: Source, _ indices: [Int]) {
    self.dataset = dataset
    self.indices = indices
  }

  public var count: Int { indices.count }

  public subscript(index: Int) -> Source.Element {
    get throws {
      guard indices.indices.contains(index) else { throw TorchError(.index, "list index out of range") }
      return try dataset[indices[index]]
    }
  }
}

extension Subset: BatchDataset where Source: BatchDataset {
  public func batch(at positions: [Int]) throws -> Source.Batch {
    guard positions.allSatisfy(indices.indices.contains) else { throw TorchError(.index, "list index out of range") }
    return try dataset.batch(at: positions.map { indices[$0] })
  }
}

/// Datasets of one type, one after the other.
/// Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.ConcatDataset
public struct ConcatDataset<Source: Dataset>: Dataset {
  public let datasets: [Source]
  /// Where each dataset ends.
  private let ends: [Int]

  public init(_ datasets: [Source]) {
    self.datasets = datasets
    if datasets.isEmpty { ErrorScope.report(TorchError(.value, "datasets should not be an empty iterable")) }
    var end = 0
    ends = datasets.map {
      end += $0.count
      return end
    }
  }

  public var count: Int { ends.last ?? 0 }

  public subscript(index: Int) -> Source.Element {
    get throws {
      let position = index < 0 ? index + count : index
      guard position >= 0, position < count else {
        throw TorchError(.index, "absolute value of index should not exceed dataset length")
      }
      let which = ends.firstIndex { position < $0 }!
      return try datasets[which][position - (which == 0 ? 0 : ends[which - 1])]
    }
  }
}

/// Each item of a dataset changed by a function, when it is fetched.
public struct MappedDataset<Source: Dataset, Element: Sendable>: Dataset {
  public let dataset: Source
  private let change: @Sendable (Source.Element) throws -> Element

  init(_ dataset: Source, _ change: @escaping @Sendable (Source.Element) throws -> Element) {
    self.dataset = dataset
    self.change = change
  }

  public var count: Int { dataset.count }
  public subscript(index: Int) -> Element { get throws { try change(try dataset[index]) } }
}

extension Dataset {
  /// This dataset with `change` applied to items as they are fetched.
  public func mapItems<R: Sendable>(
    _ change: @escaping @Sendable (Element) throws -> R
  ) -> MappedDataset<Self, R> { MappedDataset(self, change) }
}

// MARK: - Splitting

/// Splits a dataset at random into parts of the given lengths.
///
/// ```swift
/// let parts = try randomSplit(data, lengths: [50_000, 10_000])
/// ```
/// - Throws: `TorchError` where the lengths do not sum to the dataset's.
///
/// Source: https://pytorch.org/docs/stable/data.html#torch.utils.data.random_split
public func randomSplit<Source: Dataset>(
  _ dataset: Source, lengths: [Int], generator: Generator? = nil
) throws -> [Subset<Source>] {
  guard lengths.allSatisfy({ $0 >= 0 }), lengths.reduce(0, +) == dataset.count else {
    throw TorchError(.value, "Sum of input lengths does not equal the length of the input dataset!")
  }
  let order = try torch.randperm(dataset.count, generator: generator).toArray(Int.self)
  var start = 0
  return lengths.map { length in
    defer { start += length }
    return Subset(dataset, Array(order[start..<start + length]))
  }
}

/// Splits a dataset at random by fractions that sum to one; what rounding leaves over goes to the first parts, one each.
public func randomSplit<Source: Dataset>(
  _ dataset: Source, fractions: [Double], generator: Generator? = nil
) throws -> [Subset<Source>] {
  for (i, fraction) in fractions.enumerated() where fraction < 0 || fraction > 1 {
    throw TorchError(.value, "Fraction at index \(i) is not between 0 and 1")
  }
  let sum = fractions.reduce(0, +)
  guard abs(sum - 1) <= 1e-9, sum <= 1, !fractions.isEmpty else {
    throw TorchError(.value, "Sum of input lengths does not equal the length of the input dataset!")
  }
  var lengths = fractions.map { Int((Double(dataset.count) * $0).rounded(.down)) }
  for i in 0..<(dataset.count - lengths.reduce(0, +)) { lengths[i % lengths.count] += 1 }
  return try randomSplit(dataset, lengths: lengths, generator: generator)
}
