// Sizes that depend on elements: those of `x.nonzero()` and `x[mask]`, and of what is made of them.
//
// What selects elements gets results of other sizes beside that of the example: with one row, and with many more. All
// that follows runs on these too, so that a size is fixed if it is the same for all of them, as it is for the variants
// of the dynamic axes. Where that fails, no size is fixed.

import TorchCore
import TorchJIT

extension ONNX {
  /// How the sizes of a tensor, or the value of a number, depend on elements of tensors.
  enum Dependence<Value> {
    case none
    /// What it is for the example with selections of one row and of many.
    case selections([Value])
    /// In a way that is not known, as a number that is an element.
    case unknown

    var exists: Bool { if case .none = self { false } else { true } }

    func value(_ selection: Int, orElse example: Value?) -> Value? {
      switch self {
      case .none: example
      case .selections(let values): values[selection]
      case .unknown: nil
      }
    }

    func map<Part>(_ transform: (Value) -> Part) -> Dependence<Part> { flatMap(transform) }

    /// Unknown where `transform` gives nil.
    func flatMap<Part>(_ transform: (Value) -> Part?) -> Dependence<Part> {
      switch self {
      case .none: return .none
      case .selections(let values):
        let parts = values.compactMap(transform)
        return parts.count == values.count ? .selections(parts) : .unknown
      case .unknown: return .unknown
      }
    }

    /// None where all selections give the same as the example.
    func unless(_ isSame: (Value) -> Bool) -> Dependence {
      if case .selections(let values) = self, values.allSatisfy(isSame) { .none } else { self }
    }
  }
}

extension ONNX.Exporter {
  private typealias ExportKnowledge = ONNX.ExportKnowledge

  /// How the results of a call depend on elements of tensors.
  func dependence(
    _ schema: Schema, _ arguments: [Exported], _ results: [[JIT.IValue]]?,
    _ body: ([JIT.IValue]) throws -> [JIT.IValue]
  ) -> ONNX.Dependence<[JIT.IValue]> {
    let isSelecting = ExportKnowledge.isSelecting(schema, arguments)
    guard isSelecting || arguments.contains(where: \.isDataDependent) else { return .none }
    guard let example = results?.first else { return .unknown }
    if ExportKnowledge.keepingSizes.contains(schema.baseName),
      arguments[0].sample(0)?.tensor?.shape == example[0].tensor?.shape
    {
      guard case .tensor(let cell) = arguments[0] else { return .none }
      return cell.dependence.map { [.tensor($0)] }
    }
    let dims = isSelecting ? selectedDims(schema, arguments, body) : []
    guard let dims else { return .unknown }
    var values: [[JIT.IValue]] = []
    for selection in 0...1 {
      let samples = arguments.compactMap { $0.sample(selection: selection) }
      func run(_ samples: [JIT.IValue]) -> [JIT.IValue]? { try? withErrors { try torch.noGrad { try body(samples) } } }
      // Only sizes matter, so where rows that are not the example's give invalid indices, others will do.
      guard samples.count == arguments.count,
        let result = run(samples) ?? run(samples.map(ONNX.Exporter.withoutIndices))
      else { return .unknown }
      values.append(
        zip(result, example).map { ONNX.Exporter.resized($0, dims, like: $1, isMany: selection > 0) })
    }
    return .selections(values)
  }

  /// The dimensions of an operator's result whose sizes are how many elements it selects; nil if they are not known.
  private func selectedDims(
    _ schema: Schema, _ arguments: [Exported], _ body: ([JIT.IValue]) throws -> [JIT.IValue]
  ) -> [Int]? {
    if ExportKnowledge.selectingRows.contains(schema.name) { return [0] }
    guard ExportKnowledge.hasMask(schema, arguments) else { return nil }
    // Those that differ between masks that select all and nothing.
    func shape(_ isSelected: Bool) -> Shape? {
      let samples = arguments.compactMap { argument -> JIT.IValue? in
        guard let sample = argument.sample(0), case .list(let list) = sample else { return argument.sample(0) }
        let items = list.items.map { item -> JIT.IValue in
          guard let mask = item.tensor, ExportKnowledge.isMask(mask.dtype) else { return item }
          return .tensor(Tensor.full(mask.shape, .int(isSelected ? 1 : 0), dtype: mask.dtype))
        }
        return .list(JIT.ListObject(list.elementType, items))
      }
      guard samples.count == arguments.count else { return nil }
      return (try? withErrors { try torch.noGrad { try body(samples) } })?.first?.tensor?.shape
    }
    guard let all = shape(true), let none = shape(false), all.count == none.count else { return nil }
    let dims = all.indices.filter { all[$0] != none[$0] }
    return dims.isEmpty ? nil : dims
  }

  /// The value with zeros for integers in tensors.
  private static func withoutIndices(_ value: JIT.IValue) -> JIT.IValue {
    switch value {
    case .tensor(let x) where x.dtype.isInteger: .tensor(Tensor.zeros(x.shape, dtype: x.dtype))
    case .list(let list): .list(JIT.ListObject(list.elementType, list.items.map(withoutIndices)))
    default: value
    }
  }

  /// A result with one row in the dimensions that are selected, or with many more than the example's.
  private static func resized(
    _ value: JIT.IValue, _ dims: [Int], like example: JIT.IValue, isMany: Bool
  ) -> JIT.IValue {
    switch (value, example) {
    case (.tensor(let tensor), .tensor(let example)):
      .tensor(dims.reduce(tensor) { x, dim in resized(x, dim, to: isMany ? example.shape[dim] + 64 : 1) })
    case (.list(let list), .list(let examples)):
      .list(
        JIT.ListObject(
          list.elementType, zip(list.items, examples.items).map { resized($0, dims, like: $1, isMany: isMany) }))
    default: value
    }
  }

  /// `x` with another size in one dimension: its rows over and over.
  private static func resized(_ x: Tensor, _ dim: Int, to size: Int) -> Tensor {
    let old = x.shape[dim]
    if old == 0 {
      var shape = Array(x.shape)
      shape[dim] = size
      return Tensor.zeros(Shape(shape), dtype: x.dtype)
    }
    return torch.noGrad { x.indexSelect(dim, Tensor((0..<size).map { $0 % old }, dtype: .int64)) }
  }
}
