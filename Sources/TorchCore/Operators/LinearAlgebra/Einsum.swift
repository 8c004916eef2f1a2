// Einstein's summation: sums of products written as subscripts, `ij,jk->ik`.
//
// Every operand is laid out over all subscripts, with size one where it has none; pairs are contracted by batched matrix
// products, in the order given or from left to right, and a subscript is summed as soon as nobody else has it.
// Reference: https://pytorch.org/docs/stable/generated/torch.einsum.html

enum Einsum {
  static let einsum = Operator(composite: "einsum(str equation, Tensor[] tensors, *, int[]? path=None) -> Tensor") {
    (equation: String, tensors: [Tensor], path: [Int]?) in
    guard !tensors.isEmpty else { throw error("must provide at least one operand") }
    if let path, path.count != 2 * (tensors.count - 1) {
      throw error("expected contraction path given in path parameter to have size \(2 * (tensors.count - 1)) but got \(path.count)")
    }
    let plan = try Subscripts(equation, tensors)
    var operands = try tensors.enumerated().map { try plan.aligned($1, operand: $0) }
    var position = 0
    while operands.count > 1 {
      var (i, j) = (0, 1)
      if let path {
        (i, j) = (Swift.min(path[position], path[position + 1]), Swift.max(path[position], path[position + 1]))
        guard i != j, i >= 0, j < operands.count else {
          throw error("invalid contraction (\(path[position]), \(path[position + 1])) operand index is out of bounds")
        }
        position += 2
      }
      let right = operands.remove(at: j), left = operands.remove(at: i)
      let summed = (plan.outputCount..<plan.count).filter { dim in operands.allSatisfy { $0.shape[dim] == 1 } }
      let product = try contracted(left, right, summed)
      if path == nil { operands.insert(product, at: 0) } else { operands.append(product) }
    }
    let rest = Array(plan.outputCount..<plan.count)
    let result = operands[0]
    if rest.isEmpty { return result }
    // Of what has been summed already, the size is one.
    if rest.allSatisfy({ result.shape[$0] == 1 }) { return result.squeeze(rest) }
    // The sum of one operand is `sum`, which promotes; a product keeps its dtype.
    return result.sum(dim: rest, dtype: tensors.count == 1 ? nil : result.dtype)
  }

  static func error(_ text: String) -> TorchError { TorchError(.value, "einsum(): \(text)") }

  /// The product of two operands of equal rank, summed over `dims`, which keep size one.
  private static func contracted(_ a: Tensor, _ b: Tensor, _ dims: [Int]) throws -> Tensor {
    var (a, b) = (a, b)
    var (batch, onlyA, onlyB, both): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
    for dim in 0..<a.ndim {
      let (inA, inB) = (a.shape[dim] != 1, b.shape[dim] != 1)
      if dims.contains(dim) {
        switch (inA, inB) {
        case (true, true): both.append(dim)
        case (true, false): a = a.sum(dim: [dim], keepdim: true, dtype: a.dtype)
        case (false, true): b = b.sum(dim: [dim], keepdim: true, dtype: b.dtype)
        case (false, false): break
        }
      } else if inA, inB {
        batch.append(dim)
      } else if inA {
        onlyA.append(dim)
      } else {
        onlyB.append(dim)
      }
    }
    guard a.dtype == b.dtype else {
      throw TorchError(.dtype, "expected scalar type \(a.dtype.scalarTypeName) but found \(b.dtype.scalarTypeName)")
    }
    func size(_ x: Tensor, _ dims: [Int]) -> Int { dims.reduce(1) { $0 * x.shape[$1] } }
    let summed = dims
    let (n, k) = (size(a, batch), size(a, both))
    let left = a.permute(batch + onlyA + both + onlyB + summed.filter { !both.contains($0) })
      .reshape([n, size(a, onlyA), k])
    let right = b.permute(batch + both + onlyB + onlyA + summed.filter { !both.contains($0) })
      .reshape([n, k, size(b, onlyB)])
    let product = left.bmm(right)
    let order = batch + onlyA + onlyB + summed
    let sizes = (batch + onlyA).map { a.shape[$0] } + onlyB.map { b.shape[$0] } + summed.map { _ in 1 }
    var inverse = Array(repeating: 0, count: order.count)
    for (place, dim) in order.enumerated() { inverse[dim] = place }
    return product.reshape(sizes).permute(inverse)
  }

  static let operators: [AnyOperator] = [einsum]
}

/// What an equation says: where each subscript's dimension goes.
private struct Subscripts {
  /// A letter's code, or the dimensions that an ellipsis stands for.
  private static let ellipsis: UInt8 = 0x2E

  private let operands: [[UInt8]]
  /// The place of each letter among all dimensions; the ellipsis's is that of its first one.
  private var places: [UInt8: Int] = [:]
  private let ellipsisCount: Int
  /// How many dimensions the result has, which come first, and how many there are at all.
  private(set) var outputCount = 0
  private(set) var count = 0
  /// The sizes met so far.
  private let sizes: SizeTable

  private final class SizeTable { var values: [Int] = [] }

  init(_ equation: String, _ tensors: [Tensor]) throws {
    let text = Array(equation.utf8)
    let arrow = text.indices.dropLast().first { text[$0] == 0x2D && text[$0 + 1] == 0x3E }
    operands = try Subscripts.inputs(Array(text[..<(arrow ?? text.count)]), tensors.count)
    ellipsisCount = try Subscripts.ellipsisRank(operands, tensors)
    sizes = SizeTable()
    var appearances: [UInt8: Int] = [:]
    for label in operands.joined() { appearances[label, default: 0] += 1 }
    if let arrow {
      try readOutput(text, from: arrow + 2, appearances)
    } else {
      // The ellipsis, and then what appears once, in the order of the alphabet.
      if appearances[Subscripts.ellipsis] != nil { place(Subscripts.ellipsis) }
      for label in appearances.keys.sorted() where label != Subscripts.ellipsis && appearances[label] == 1 { place(label) }
    }
    outputCount = count
    if appearances[Subscripts.ellipsis] != nil, places[Subscripts.ellipsis] == nil { place(Subscripts.ellipsis) }
    for label in appearances.keys.sorted() where places[label] == nil { place(label) }
    sizes.values = Array(repeating: 1, count: count)
  }

  private mutating func place(_ label: UInt8) {
    places[label] = count
    count += label == Subscripts.ellipsis ? ellipsisCount : 1
  }

  private static func isLetter(_ c: UInt8) -> Bool { (0x41...0x5A).contains(c) || (0x61...0x7A).contains(c) }

  private static func invalid(at index: Int) -> TorchError {
    Einsum.error("invalid subscript given at index \(index) in the equation string, subscripts must be in [a-zA-Z]")
  }

  private static func inputs(_ text: [UInt8], _ count: Int) throws -> [[UInt8]] {
    var operands: [[UInt8]] = [[]]
    var i = 0
    while i < text.count {
      let (c, operand) = (text[i], operands.count - 1)
      switch c {
      case 0x20: break
      case 0x2E:
        guard !operands[operand].contains(ellipsis) else {
          throw Einsum.error("found '.' for operand \(operand) for which an ellipsis was already found")
        }
        guard i + 2 < text.count, text[i + 1] == 0x2E, text[i + 2] == 0x2E else {
          throw Einsum.error("found '.' for operand \(operand) that is not part of any ellipsis")
        }
        operands[operand].append(ellipsis)
        i += 2
      case 0x2C:
        operands.append([])
        guard operands.count <= count else { throw Einsum.error("fewer operands were provided than specified in the equation") }
      default:
        guard isLetter(c) else { throw invalid(at: i) }
        operands[operand].append(c)
      }
      i += 1
    }
    guard operands.count == count else { throw Einsum.error("more operands were provided than specified in the equation") }
    return operands
  }

  /// How many dimensions the ellipses stand for at most.
  private static func ellipsisRank(_ operands: [[UInt8]], _ tensors: [Tensor]) throws -> Int {
    var most = 0
    for (i, (labels, x)) in zip(operands, tensors).enumerated() {
      let hasEllipsis = labels.contains(ellipsis)
      let letters = labels.count - (hasEllipsis ? 1 : 0)
      if hasEllipsis {
        guard letters <= x.ndim else {
          throw Einsum.error(
            "the number of subscripts in the equation (\(letters)) is more than the number of dimensions (\(x.ndim)) for operand \(i)")
        }
        most = max(most, x.ndim - letters)
      } else if letters != x.ndim {
        throw Einsum.error(
          "the number of subscripts in the equation (\(letters)) does not match the number of dimensions (\(x.ndim)) for operand \(i) and no ellipsis was given")
      }
    }
    return most
  }

  private mutating func readOutput(_ text: [UInt8], from start: Int, _ appearances: [UInt8: Int]) throws {
    var i = start
    while i < text.count {
      let c = text[i]
      switch c {
      case 0x20: break
      case 0x2E:
        guard places[Subscripts.ellipsis] == nil else {
          throw Einsum.error("found '.' for output but an ellipsis (...) was already found")
        }
        guard i + 2 < text.count, text[i + 1] == 0x2E, text[i + 2] == 0x2E else {
          throw Einsum.error("found '.' for output that is not part of any ellipsis (...)")
        }
        place(Subscripts.ellipsis)
        i += 2
      default:
        guard Subscripts.isLetter(c) else { throw Subscripts.invalid(at: i) }
        let letter = String(UnicodeScalar(c))
        guard places[c] == nil else {
          throw Einsum.error("output subscript \(letter) appears more than once in the output")
        }
        guard appearances[c] != nil else {
          throw Einsum.error("output subscript \(letter) does not appear in the equation for any input operand")
        }
        place(c)
      }
      i += 1
    }
  }

  /// `x` with a dimension for every place, repeated subscripts as diagonals.
  func aligned(_ x: Tensor, operand: Int) throws -> Tensor {
    var x = x
    var order: [Int] = []  // the place of each dimension of x
    for label in operands[operand] {
      if label == Subscripts.ellipsis {
        let rank = x.ndim - order.count - remaining(operand, after: label, x, order)
        let first = places[label]! + ellipsisCount - rank
        for place in first..<(first + rank) { try meet(x.shape[order.count], at: place, "...", operand); order.append(place) }
        continue
      }
      let (place, letter) = (places[label]!, String(UnicodeScalar(label)))
      if let earlier = order.firstIndex(of: place) {
        guard x.shape[earlier] == x.shape[order.count] else {
          throw Einsum.error(
            "subscript \(letter) is repeated for operand \(operand) but the sizes don't match, \(x.shape[order.count]) != \(x.shape[earlier])")
        }
        x = x.diagonal(offset: 0, dim1: earlier, dim2: order.count).movedim(-1, earlier)
      } else {
        try meet(x.shape[order.count], at: place, letter, operand)
        order.append(place)
      }
    }
    let sorted = order.indices.sorted { order[$0] < order[$1] }
    x = x.permute(sorted)
    for place in 0..<count where !order.contains(place) { x = x.unsqueeze(place) }
    return x
  }

  /// How many dimensions the letters behind the ellipsis take.
  private func remaining(_ operand: Int, after label: UInt8, _ x: Tensor, _ order: [Int]) -> Int {
    let labels = operands[operand]
    return labels.count - labels.firstIndex(of: label)! - 1
  }

  private func meet(_ size: Int, at place: Int, _ name: String, _ operand: Int) throws {
    let seen = sizes.values[place]
    guard seen == 1 || size == 1 || seen == size else {
      throw Einsum.error(
        "subscript \(name) has size \(size) for operand \(operand) which does not broadcast with previously seen size \(seen)")
    }
    if size != 1 { sizes.values[place] = size }
  }
}
