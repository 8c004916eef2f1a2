// Sizes of results: constants where they can be, else computed from the sizes of the arguments.

import TorchCore
import TorchJIT

extension ONNX {
  /// A size in the result of a reshape.
  enum SizePiece {
    case fixed(Int)
    /// The size of this dimension of the argument.
    case same(Int)
    /// Several dimensions of the argument as one.
    case product([Int])
    /// What remains.
    case rest
    case value(Exported)
  }
}

extension ONNX.RuleCall {
  typealias Wire = ONNX.Wire

  /// Gives `x` the sizes that `pieces` say in terms of the argument's.
  /// - Parameter leading: how many of its first dimensions have the argument's sizes; nil if it has all of them.
  func reshape(_ x: Wire, _ pieces: [ONNX.SizePiece], of name: String = "self", leading: Int? = nil) throws -> Wire {
    let sizes = try self.sizes(of: name)
    var pieces = try pieces.enumerated().map { i, piece in try simplified(piece, sizes, name) }
    let hasZero = pieces.contains { if case .fixed(0) = $0 { true } else { false } }
    let hasRest = pieces.contains { if case .rest = $0 { true } else { false } }
    // 0 in ONNX is the size that the dimension has, -1 what remains.
    func isCopied(_ i: Int) -> Bool {
      if case .same(i) = pieces[i] { !hasZero && i < leading ?? .max } else { false }
    }
    let open = pieces.indices.filter { i in
      if case .fixed = pieces[i] { return false }
      if case .rest = pieces[i] { return false }
      return !isCopied(i)
    }
    if open.count == 1, !hasRest, !hasZero { pieces[open[0]] = .rest }
    if open.isEmpty || (open.count == 1 && !hasRest && !hasZero) {
      let list = pieces.enumerated().map { i, piece -> Int in
        switch piece {
        case .fixed(let size): size
        case .rest: -1
        default: 0
        }
      }
      let attributes: [String: ONNX.NodeAttribute] = hasZero ? ["allowzero": 1] : [:]
      return graph.emit("Reshape", [x, graph.ints(list)], attributes)
    }
    var parts: [Wire] = []
    for (i, piece) in pieces.enumerated() {
      switch piece {
      case .fixed(let size): parts.append(graph.ints([size]))
      case .rest: parts.append(graph.ints([-1]))
      case .same(let axis): parts.append(isCopied(i) ? graph.ints([0]) : graph.sizeList(try self[name], axis))
      case .product(let axes):
        let list = graph.gather(graph.shape(try self[name]), graph.ints(axes), axis: 0)
        parts.append(graph.reduce("ReduceProd", list, [0], keep: true))
      case .value(let value): parts.append(graph.unsqueeze(try intWire(value, "size"), [0]))
      }
    }
    return graph.reshape(x, graph.concat(parts, axis: 0))
  }

  /// Sizes that are fixed as numbers, and those that a dimension has anyway named so.
  private func simplified(_ piece: ONNX.SizePiece, _ sizes: [Int?], _ name: String) throws -> ONNX.SizePiece {
    switch piece {
    case .same(let axis): return sizes[axis].map { .fixed($0) } ?? piece
    case .product(let axes):
      let known = axes.compactMap { sizes[$0] }
      return known.count == axes.count ? .fixed(known.reduce(1, *)) : axes.count == 1 ? .same(axes[0]) : piece
    case .value(let value):
      if let size = value.constant?.int { return size == -1 ? .rest : .fixed(size) }
      if case .number(let number) = value, !number.dependence.exists, let numbers = number.samples?.map(\.int),
        case .tensor(let cell) = try argument(name), !cell.dependence.exists, let samples = cell.samples,
        let axis = samples[0].shape.indices.first(where: { i in
          sizes[i] == nil && zip(samples, numbers).allSatisfy { $0.shape[i] == $1 }
        })
      {
        return .same(axis)
      }
      return piece
    case .fixed, .rest: return piece
    }
  }

  /// All sizes of an argument as a list: a constant where they are fixed.
  func sizeList(of name: String) throws -> Wire {
    let fixed = try sizes(of: name).compactMap { $0 }
    return try fixed.count == rank(name) ? graph.ints(fixed) : graph.shape(try self[name])
  }

  /// The sizes that tensors have together once they are broadcast.
  func broadcastSizes(_ wires: [Wire]) -> Wire {
    let one = graph.int(1)
    return graph.shape(wires.reduce(one) { graph.expand($0, graph.shape($1)) })
  }

  /// The result's sizes as a constant list; nil where they are not fixed.
  func resultSizes(_ index: Int = 0) -> [Int]? {
    guard let results, !arguments.contains(where: \.isDataDependent) else { return nil }
    let shapes = results.compactMap { $0[index].tensor.map { Array($0.shape) } }
    guard let first = shapes.first, shapes.count == results.count, shapes.allSatisfy({ $0 == first }) else {
      return nil
    }
    return first
  }
}
