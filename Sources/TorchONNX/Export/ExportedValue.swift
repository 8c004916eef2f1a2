// What the values of a graph are while it is written as ONNX.
//
// The exporter runs the graph as it goes, on the example and on variants of it that differ in the sizes of the dynamic
// axes. So a rule knows dtypes and ranks, which ONNX's operators depend on more than PyTorch's do, and sees which sizes
// are fixed: those that are the same in all variants, and for whatever number of elements is selected.

import TorchCore
import TorchJIT

extension ONNX {
  /// The name of a value in the graph that is written.
  typealias Wire = String

  /// A value of the graph that is read.
  indirect enum Exported {
    /// Known while exporting.
    case constant(JIT.IValue)
    case tensor(Cell)
    /// A number that each run computes: a tensor without dimensions in ONNX.
    case number(Number)
    case list(ListBox)
    case tuple([Exported])
    case dict(DictBox)
    /// Tensors whose number each run decides: a sequence in ONNX.
    case sequence(Sequence)
    /// A module and its path from the model: `layer1.0`.
    case object(JIT.ScriptObject, path: String)
    /// A result that ONNX does not have; using it is an error.
    case missing(String)
  }

  /// A tensor. In-place operators give the cell another wire, which everybody who holds it sees.
  final class Cell {
    private(set) var wire: Wire
    /// What it is for the example and its variants; nil where they do not get here (a branch that is not taken).
    private(set) var samples: [Tensor]?
    private(set) var dependence: Dependence<Tensor>
    /// The graph in which it may be written in place.
    unowned let writer: GraphWriter
    /// The view that it is of another tensor.
    let view: ViewOrigin?
    private(set) var version = 0

    init(
      _ wire: Wire, samples: [Tensor]?, dependence: Dependence<Tensor> = .none, in writer: GraphWriter,
      view: ViewOrigin? = nil
    ) {
      self.wire = wire
      self.samples = samples
      self.dependence = dependence
      self.writer = writer
      self.view = view
    }

    var dtype: DType? { samples?.first?.dtype }
    var rank: Int? { samples?.first?.ndim }

    /// The sizes, nil where they differ between runs.
    var sizes: [Int?]? {
      guard let samples, let first = samples.first else { return nil }
      let all: [Tensor]
      switch dependence {
      case .none: all = samples
      case .selections(let others): all = samples + others
      case .unknown: return first.shape.map { _ in nil }
      }
      return first.shape.indices.map { i in
        all.allSatisfy { i < $0.ndim && $0.shape[i] == first.shape[i] } ? first.shape[i] : nil
      }
    }

    func overwrite(_ other: Cell) {
      (wire, samples, dependence) = (other.wire, other.samples, other.dependence)
      version += 1
    }
  }

  /// Where a view comes from: what it was made of, when, and how to make it again or write through it.
  final class ViewOrigin {
    let base: Cell
    var version: Int
    /// The operator and its arguments, of which the first is the base.
    let op: AnyOperator
    let arguments: [Exported]

    init(base: Cell, op: AnyOperator, arguments: [Exported]) {
      (self.base, self.op, self.arguments) = (base, op, arguments)
      version = base.version
    }
  }

  struct Number {
    enum Kind { case int, float, bool }
    let kind: Kind
    let wire: Wire
    let samples: [JIT.IValue]?
    let dependence: Dependence<JIT.IValue>

    /// The dtype of its tensor.
    var dtype: DType { kind == .int ? .int64 : kind == .float ? .float64 : .bool }
  }

  final class ListBox {
    let elementType: JIT.ScriptType
    var items: [Exported]
    /// The graph in which it may be changed.
    unowned let writer: GraphWriter

    init(_ elementType: JIT.ScriptType, _ items: [Exported], in writer: GraphWriter) {
      (self.elementType, self.items, self.writer) = (elementType, items, writer)
    }
  }

  final class DictBox {
    let keyType: JIT.ScriptType
    let valueType: JIT.ScriptType
    var items: [(key: JIT.IValue, value: Exported)] = []
    unowned let writer: GraphWriter

    init(_ keyType: JIT.ScriptType, _ valueType: JIT.ScriptType, in writer: GraphWriter) {
      (self.keyType, self.valueType, self.writer) = (keyType, valueType, writer)
    }
  }

  /// A sequence of tensors.
  final class Sequence {
    var wire: Wire
    /// A tensor like its elements.
    var element: [Tensor]?
    unowned let writer: GraphWriter

    init(_ wire: Wire, element: [Tensor]?, in writer: GraphWriter) {
      (self.wire, self.element, self.writer) = (wire, element, writer)
    }
  }
}

extension ONNX.Exported {
  /// The value while exporting, where it is known without running.
  var constant: JIT.IValue? {
    switch self {
    case .constant(let value): return value
    case .list(let box):
      let items = box.items.compactMap(\.constant)
      return items.count == box.items.count ? .list(JIT.ListObject(box.elementType, items)) : nil
    case .tuple(let items):
      let values = items.compactMap(\.constant)
      return values.count == items.count ? .tuple(values) : nil
    default: return nil
    }
  }

  var isNone: Bool { if case .constant(.none) = self { true } else { false } }
  var cell: ONNX.Cell? { if case .tensor(let cell) = self { cell } else { nil } }

  /// The elements of a list or tuple of known length.
  var elements: [ONNX.Exported]? {
    switch self {
    case .constant(let value): value.elements?.map { .constant($0) }
    case .list(let box): box.items
    case .tuple(let items): items
    default: nil
    }
  }

  /// What it is for a variant of the example; nil where that is not known.
  func sample(_ variant: Int) -> JIT.IValue? {
    // Of a sequence, which has any length, one element shows what they are.
    assembled({ $0.samples?[variant] }, { $0.samples?[variant] }) { $0.element.map { .tensors([$0[variant]]) } }
  }

  /// What it is for the example with selections of other sizes; nil where that is not known.
  func sample(selection: Int) -> JIT.IValue? {
    assembled(
      { $0.dependence.value(selection, orElse: $0.samples?.first) },
      { $0.dependence.value(selection, orElse: $0.samples?.first) }, { _ in nil })
  }

  /// The value with what stands for each tensor, number and sequence in it.
  private func assembled(
    _ tensor: (ONNX.Cell) -> Tensor?, _ number: (ONNX.Number) -> JIT.IValue?, _ sequence: (ONNX.Sequence) -> JIT.IValue?
  ) -> JIT.IValue? {
    func all(_ parts: [ONNX.Exported]) -> [JIT.IValue]? {
      let items = parts.compactMap { $0.assembled(tensor, number, sequence) }
      return items.count == parts.count ? items : nil
    }
    switch self {
    case .constant(let value): return value
    case .tensor(let cell): return tensor(cell).map { .tensor($0) }
    case .number(let value): return number(value)
    case .list(let box): return all(box.items).map { .list(JIT.ListObject(box.elementType, $0)) }
    case .tuple(let parts): return all(parts).map { .tuple($0) }
    case .dict(let box):
      let dict = JIT.DictObject(box.keyType, box.valueType)
      for (key, value) in box.items {
        guard let key = try? key.key(), let value = value.assembled(tensor, number, sequence) else { return nil }
        dict[key] = value
      }
      return .dict(dict)
    case .object(let object, _): return .object(object)
    case .sequence(let value): return sequence(value)
    case .missing: return nil
    }
  }

  /// Whether its sizes, or as a number its value, depend on elements of tensors.
  var isDataDependent: Bool {
    switch self {
    case .tensor(let cell): cell.dependence.exists
    case .number(let number): number.dependence.exists
    case .list(let box): box.items.contains(where: \.isDataDependent)
    case .tuple(let items): items.contains(where: \.isDataDependent)
    case .dict(let box): box.items.contains { $0.value.isDataDependent }
    case .sequence: true
    case .constant, .object, .missing: false
    }
  }
}
