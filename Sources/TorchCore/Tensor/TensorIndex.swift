// What may stand in a tensor's subscript.
//
// | Python | Swift |
// |---|---|
// | `x[1, -1]` | `x[1, -1]` |
// | `x[:, 2]` | `x[..., 2]` (or `.all`) |
// | `x[0:2]`, `x[1:]`, `x[:2]`, `x[-3:]` | `x[0..<2]`, `x[1...]`, `x[..<2]`, `x[(-3)...]` |
// | `x[1:-1]`, `x[::2]`, `x[1:7:2]` | `x[.slice(1, -1)]`, `x[.step(2)]`, `x[.slice(1, 7, step: 2)]` |
// | `x[..., 2]` | `x[.ellipsis, 2]` |
// | `x[:, None]` | `x[..., .newAxis]` |
// | `x[mask]`, `x[rows, cols]`, `x[[0, 2]]` | the same |

/// A part of a subscript: an integer, a range, a tensor of indices, a mask, ….
public protocol TensorIndex {
  var indexTerm: IndexTerm { get }
}

/// A part of a subscript, in the forms that there are.
public enum IndexTerm: TensorIndex, Sendable {
  /// One index, negative ones counted from the end; its dimension goes away.
  case integer(Int)
  /// Every `step`-th index from `start` up to `end`, as Python's slices have it.
  case range(start: Int?, end: Int?, step: Int)
  /// As many whole dimensions as are not spoken of.
  case remaining
  /// A new dimension of size 1.
  case insertion
  /// Indices (integers) or a mask (`bool`).
  case tensor(Tensor)
  /// A mask without dimensions.
  case truth(Bool)

  public var indexTerm: IndexTerm { self }

  var isWhole: Bool {
    if case .range(nil, nil, 1) = self { true } else { false }
  }
}

extension TensorIndex where Self == IndexTerm {
  /// A whole dimension, Python's `:`; `...` in a subscript says the same.
  public static var all: IndexTerm { .range(start: nil, end: nil, step: 1) }
  /// Python's `start:end:step`; negative numbers count from the end.
  public static func slice(_ start: Int? = nil, _ end: Int? = nil, step: Int = 1) -> IndexTerm {
    .range(start: start, end: end, step: step)
  }
  /// Python's `::step`.
  public static func step(_ step: Int) -> IndexTerm { .range(start: nil, end: nil, step: step) }
  /// As many whole dimensions as are not spoken of, Python's `...`.
  public static var ellipsis: IndexTerm { .remaining }
  /// A new dimension of size 1, Python's `None`.
  public static var newAxis: IndexTerm { .insertion }
}

extension Int: TensorIndex { public var indexTerm: IndexTerm { .integer(self) } }
extension Bool: TensorIndex { public var indexTerm: IndexTerm { .truth(self) } }
extension Tensor: TensorIndex { public var indexTerm: IndexTerm { .tensor(self) } }

extension Range<Int>: TensorIndex {
  public var indexTerm: IndexTerm { .range(start: lowerBound, end: upperBound, step: 1) }
}

extension PartialRangeFrom<Int>: TensorIndex {
  public var indexTerm: IndexTerm { .range(start: lowerBound, end: nil, step: 1) }
}

extension PartialRangeUpTo<Int>: TensorIndex {
  public var indexTerm: IndexTerm { .range(start: nil, end: upperBound, step: 1) }
}

extension ClosedRange<Int>: TensorIndex {
  public var indexTerm: IndexTerm { .range(start: lowerBound, end: upperBound == -1 ? nil : upperBound + 1, step: 1) }
}

extension PartialRangeThrough<Int>: TensorIndex {
  public var indexTerm: IndexTerm { .range(start: nil, end: upperBound == -1 ? nil : upperBound + 1, step: 1) }
}

/// `stride(from: 1, to: 7, by: 2)` is Python's `1:7:2`.
extension StrideTo<Int>: TensorIndex { public var indexTerm: IndexTerm { .progression(self) } }
extension StrideThrough<Int>: TensorIndex { public var indexTerm: IndexTerm { .progression(self) } }

extension IndexTerm {
  /// A stride does not tell its bounds, but its first numbers and their count do.
  fileprivate static func progression(_ numbers: some Sequence<Int>) -> IndexTerm {
    var (first, second, last): (Int?, Int?, Int?)
    for number in numbers {
      if first == nil { first = number } else if second == nil { second = number }
      last = number
    }
    guard let first, let last else { return .range(start: 0, end: 0, step: 1) }
    return .range(start: first, end: last == -1 ? nil : last + 1, step: second.map { $0 - first } ?? 1)
  }
}

/// A list of indices, or of Booleans.
extension Array: TensorIndex where Element: TensorElement {
  public var indexTerm: IndexTerm { .tensor(Tensor(self, dtype: isEmpty ? .int64 : nil)) }
}
