// Where the integers of a program come from: sizes of its tensors, found by comparing runs.
//
// Note [Sizes in traces]: Swift's integers cannot be followed. So the program is run again on inputs of other sizes (the
// last slice of a dimension repeated, for one dimension after the other); an integer that is the same in all runs is a
// constant, and one that differs is looked for among the sizes of the tensors seen before it, and simple calculations with
// them. `x.view(x.size(0), -1)` so becomes `aten::view(x, [aten::size(x, 0), -1])`, whatever the way in which the number got
// there. A dimension in which the program does not run with another size is fixed.
// PyTorch follows the calls of `size` instead, whose results are tensors while it traces.

extension JIT {
  /// A calculation with sizes of tensors; a term has its value in each run.
  indirect enum SizeExpression {
    case size([Int])
    /// The number that the program has read out of the tensor.
    case number(Int)
    case constant(Int)
    case sum(SizeExpression, SizeExpression)
    case product(SizeExpression, SizeExpression)
    case quotient(SizeExpression, Int)
  }

  /// What floating point numbers are made of sizes.
  enum FloatExpression {
    /// `factor * size ** exponent`
    case power(SizeExpression, exponent: Double, factor: Double)
  }

  /// The sizes that a place in the program can use.
  struct TraceSizes {
    private let runs: [TraceRun]
    /// The sizes that are not the same in all runs, with the places where they are, in the order in which they appear.
    private var places: [[Int]: [(value: Int, dim: Int)]] = [:]
    private var order: [[Int]] = []
    private var numbers: [[Int]: Int] = [:]
    private var seen = 0

    init(_ runs: [TraceRun]) { self.runs = runs }

    /// Makes the sizes of the tensors up to `number` known.
    mutating func see(through number: Int) {
      guard runs.count > 1 else { return }
      while seen <= number {
        for dim in runs[0].values[seen].sizes.indices {
          let vector = runs.map { $0.values[seen].sizes[dim] }
          guard vector.contains(where: { $0 != vector[0] }) else { continue }
          if places[vector] == nil { order.append(vector) }
          places[vector, default: []].append((seen, dim))
        }
        seen += 1
      }
    }

    /// Makes the number known that the program has read from tensor `value`.
    mutating func seeNumber(of value: Int) {
      let vector = runs.compactMap { $0.values[value].number }
      if vector.count == runs.count, runs.count > 1 { numbers[vector] = value }
    }

    /// Where sizes `vector` are: in one of `preferred` if they are there, else in the newest tensor.
    func place(of vector: [Int], preferring preferred: [Int]) -> (value: Int, dim: Int) {
      let all = places[vector]!
      for value in preferred {
        if let found = all.first(where: { $0.value == value }) { return found }
      }
      return all.last!
    }

    /// Whether a tensor has a size of this value in each run.
    func isSize(_ vector: [Int]) -> Bool { places[vector] != nil }

    /// What gives the integers in `vector`, one for each run; nil where nothing does.
    func solve(_ vector: [Int]) -> SizeExpression? {
      if let number = numbers[vector] { return .number(number) }
      if places[vector] != nil { return .size(vector) }
      // The simplest first: one size, then two; multiples before sums.
      for size in order {
        if let factor = ratio(vector, size) { return .product(.size(size), .constant(factor)) }
      }
      for size in order {
        if let difference = difference(vector, size) { return .sum(.size(size), .constant(difference)) }
      }
      for size in order {
        if let quotient = quotient(vector, size) { return quotient }
      }
      for (i, a) in order.enumerated() {
        for b in order[i...] {
          let product = zip(a, b).map { $0 &* $1 }
          if vector == product { return .product(.size(a), .size(b)) }
          if let factor = ratio(vector, product) {
            return .product(.product(.size(a), .size(b)), .constant(factor))
          }
          if let constant = difference(vector, zip(a, b).map { $0 &+ $1 }) {
            let sum = SizeExpression.sum(.size(a), .size(b))
            return constant == 0 ? sum : .sum(sum, .constant(constant))
          }
        }
      }
      for a in order {
        for b in order {
          if let constant = difference(vector, zip(a, b).map { $0 &- $1 }) {
            let difference = SizeExpression.sum(.size(a), .product(.size(b), .constant(-1)))
            return constant == 0 ? difference : .sum(difference, .constant(constant))
          }
          if let quotient = quotient(vector, zip(a, b).map { $0 &* $1 }) {
            if case .quotient(_, let divisor) = quotient { return .quotient(.product(.size(a), .size(b)), divisor) }
          }
        }
      }
      for size in order {
        if let affine = affine(vector, size) { return affine }
      }
      for (i, a) in order.enumerated() {
        for b in order[i...] {
          for c in order where vector.indices.allSatisfy({ vector[$0] == a[$0] &* b[$0] &* c[$0] }) {
            return .product(.product(.size(a), .size(b)), .size(c))
          }
        }
      }
      return nil
    }

    /// What gives floating point numbers: a size, its root or its inverse, times a number.
    func solve(_ vector: [Double]) -> FloatExpression? {
      for exponent in [1, -0.5, 0.5, -1] {
        for size in order {
          guard size[0] > 0, vector[0] != 0 else { continue }
          let factor = vector[0] / power(size[0], exponent)
          let fits = zip(vector, size).allSatisfy { $1 > 0 && abs($0 / (factor * power($1, exponent)) - 1) < 1e-9 }
          if fits { return .power(.size(size), exponent: exponent, factor: factor) }
        }
      }
      return nil
    }

    private func power(_ size: Int, _ exponent: Double) -> Double {
      let root = exponent.magnitude == 0.5 ? Double(size).squareRoot() : Double(size)
      return exponent < 0 ? 1 / root : root
    }

    // MARK: One size

    private func ratio(_ vector: [Int], _ size: [Int]) -> Int? {
      guard let i = size.firstIndex(where: { $0 != 0 }), vector[i] % size[i] == 0 else { return nil }
      let factor = vector[i] / size[i]
      return zip(vector, size).allSatisfy { $0 == $1 &* factor } ? factor : nil
    }

    private func difference(_ vector: [Int], _ size: [Int]) -> Int? {
      let constant = vector[0] &- size[0]
      return zip(vector, size).allSatisfy { $0 == $1 &+ constant } ? constant : nil
    }

    /// `size / divisor`, or rounded up.
    private func quotient(_ vector: [Int], _ size: [Int]) -> SizeExpression? {
      guard vector[0] > 0, size[0] > vector[0] else { return nil }
      let about = size[0] / vector[0]
      for divisor in Swift.max(2, about - 1)...(about + 1) {
        if zip(vector, size).allSatisfy({ $0 == $1 / divisor }) { return .quotient(.size(size), divisor) }
        if zip(vector, size).allSatisfy({ $0 == ($1 + divisor - 1) / divisor }) {
          return .quotient(.sum(.size(size), .constant(divisor - 1)), divisor)
        }
      }
      return nil
    }

    /// `factor * size + constant`
    private func affine(_ vector: [Int], _ size: [Int]) -> SizeExpression? {
      // Two runs always agree with some line; a third has to confirm it.
      guard Set(size).count > 2, let other = size.firstIndex(where: { $0 != size[0] }) else { return nil }
      let (rise, width) = (vector[other] - vector[0], size[other] - size[0])
      guard rise % width == 0 else { return nil }
      let factor = rise / width
      let constant = vector[0] - factor * size[0]
      guard zip(vector, size).allSatisfy({ $0 == factor * $1 + constant }) else { return nil }
      return .sum(.product(.size(size), .constant(factor)), .constant(constant))
    }
  }
}
