// Subscripts against PyTorch's (Fixtures/indexing): reading, assigning, gradients of both, and errors.

import Foundation
import Testing
import TorchCore

@Suite struct IndexingTests {
  private static let cases = Result { try JSONDecoder().decode([IndexingCase].self, from: fixture("indexing/cases.json")) }

  @Test func readsAsPyTorch() throws {
    for (number, example) in try Self.cases.get().enumerated() {
      #expect(outcome { example.tensor()[terms: example.terms] } == example.read, "case \(number): \(example)")
    }
  }

  @Test func assignsAsPyTorch() throws {
    for (number, example) in try Self.cases.get().enumerated() {
      guard let written = example.written, let value = example.value else { continue }
      let found = outcome {
        let x = example.tensor()
        switch value {
        case .number(let number): x[terms: example.terms] = Tensor.full([], .double(number), dtype: .int64)
        case .tensor(let tensor): x[terms: example.terms] = tensor.tensor(.int64)
        }
        return x
      }
      #expect(found == written, "case \(number): \(example)")
    }
  }

  @Test func readingIsDifferentiable() throws {
    for (number, example) in try Self.cases.get().enumerated() {
      guard let gradient = example.gradient else { continue }
      let found = outcome {
        let x = example.leaf()
        let part = x[terms: example.terms]
        (part * weights(part)).sum().backward()
        return x.grad ?? Tensor([-99])
      }
      #expect(found == gradient, "case \(number): \(example)")
    }
  }

  @Test func assignmentIsDifferentiable() throws {
    for (number, example) in try Self.cases.get().enumerated() {
      guard let assigned = example.assigned, let value = example.value else { continue }
      var source: Tensor?
      let found = outcome {
        let x = example.leaf()
        let y = x.clone()
        switch value {
        case .number(let number): y[terms: example.terms] = Tensor.full([], .double(number), dtype: .float64)
        case .tensor(let tensor):
          source = tensor.tensor(.float64).requiresGrad_()
          y[terms: example.terms] = source!
        }
        (y * weights(y)).sum().backward()
        return x.grad ?? Tensor([-99])
      }
      #expect(found == assigned.x, "case \(number): \(example)")
      if let expected = assigned.value {
        #expect(outcome { source!.grad! } == expected, "case \(number), value: \(example)")
      }
    }
  }

  @Test func sugarSaysWhatItShould() throws {
    let x = Tensor.arange(24).reshape(2, 3, 4)
    func same(_ a: Tensor, _ b: Tensor) throws { #expect(outcome { a } == outcome { b }) }
    try same(x[..., 1], x.select(1, 1))
    try same(x[0, ..., 1], x.select(0, 0).select(1, 1))
    try same(x[..., ..., 2], x.select(2, 2))
    try same(x[.ellipsis, 2], x.select(2, 2))
    try same(x[.all, 0..<2, 1...], x.slice(dim: 1, start: 0, end: 2).slice(dim: 2, start: 1))
    try same(x[..., ..<2, ...2], x.slice(dim: 1, end: 2).slice(dim: 2, end: 3))
    try same(x[..., ..., (-3)...(-1)], x.slice(dim: 2, start: -3))
    try same(x[.slice(-1)], x.slice(dim: 0, start: -1))
    try same(x[..., .step(2), .slice(1, -1)], x.slice(dim: 1, step: 2).slice(dim: 2, start: 1, end: -1))
    try same(x[..., ..., stride(from: 0, to: 4, by: 3)], x.slice(dim: 2, step: 3))
    try same(x[.newAxis, 1, .newAxis], x.select(0, 1).unsqueeze(0).unsqueeze(0))
    try same(x[[1, 0]], x.flip([0]))
    try same(x[1, [true, false, true]], x.select(0, 1).indexSelect(0, Tensor([0, 2])))

    let y = x.clone()
    y[..., 0] = 7
    y[1, ..., 3] = Tensor([-1, -2, -3])
    y[.ellipsis, 1] = 0.9
    y[0, 0].add_(Tensor(1))
    y[y .== 7] = 6
    #expect(try y[0].toArray(Int.self) == [8, 1, 8, 8, 4, 0, 6, 6, 8, 0, 10, 11])
    #expect(try y[1, ..., 3].toArray(Int.self) == [-1, -2, -3])
  }

  @Test func viewsShareMemoryAndCopiesDoNot() throws {
    let x = Tensor.zeros(2, 3)
    let row = x[1]
    row[0] = 5
    #expect(try x[1, 0].item(Float.self) == 5)
    let chosen = x[Tensor([1])]
    chosen[0, 0] = 9
    #expect(try x[1, 0].item(Float.self) == 5)
    #expect(row.sharesStorage(with: x) && !chosen.sharesStorage(with: x))
  }
}

/// Sizes and elements, or the message of an error.
private enum Outcome: Equatable, Decodable {
  case value(shape: [Int], values: [Double])
  case error(String)

  enum CodingKeys: CodingKey { case shape, values, error }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let message = try container.decodeIfPresent(String.self, forKey: .error) {
      self = .error(message)
    } else {
      self = .value(
        shape: try container.decode([Int].self, forKey: .shape), values: try container.decode([Double].self, forKey: .values))
    }
  }

  func tensor(_ dtype: DType) -> Tensor {
    guard case .value(let shape, let values) = self else { return Tensor([0]) }
    return (try! Tensor.from(values, shape: Shape(shape))).to(dtype)
  }
}

private func outcome(_ body: () throws -> Tensor) -> Outcome {
  do {
    return try withErrors {
      let tensor = try body()
      return .value(shape: Array(tensor.shape), values: try tensor.detach().toArray(Double.self))
    }
  } catch let error as TorchError {
    return .error(error.message)
  } catch {
    return .error("\(error)")
  }
}

/// 1, 2, 3, … in the shape of `tensor`.
private func weights(_ tensor: Tensor) -> Tensor {
  Tensor.arange(1, .int(tensor.numel + 1), dtype: .float64).reshape(Array(tensor.shape))
}

/// A subscript as Fixtures/indexing/make.py writes it.
private struct IndexingCase: Decodable, CustomStringConvertible {
  enum Value: Decodable {
    case number(Double)
    case tensor(Outcome)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else {
        self = .tensor(try container.decode(Outcome.self))
      }
    }
  }

  struct Assigned: Decodable {
    let x: Outcome
    let value: Outcome?
  }

  struct Term: Decodable {
    let term: IndexTerm

    enum CodingKeys: CodingKey { case slice, index, mask, shape }

    init(from decoder: any Decoder) throws {
      if let container = try? decoder.container(keyedBy: CodingKeys.self) {
        if let slice = try container.decodeIfPresent([Int?].self, forKey: .slice) {
          term = .range(start: slice[0], end: slice[1], step: slice[2] ?? 1)
          return
        }
        let shape = Shape(try container.decode([Int].self, forKey: .shape))
        if let mask = try container.decodeIfPresent([Int].self, forKey: .mask) {
          term = .tensor(try Tensor.from(mask, shape: shape).to(.bool))
        } else {
          term = .tensor(try Tensor.from(try container.decode([Int].self, forKey: .index), shape: shape))
        }
        return
      }
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        term = .insertion
      } else if let truth = try? container.decode(Bool.self) {
        term = .truth(truth)
      } else if let number = try? container.decode(Int.self) {
        term = .integer(number)
      } else {
        term = .remaining
      }
    }
  }

  let shape: [Int]
  let transposed: Bool
  let read: Outcome
  let written: Outcome?
  let value: Value?
  let gradient: Outcome?
  let assigned: Assigned?
  let terms: [IndexTerm]
  let description: String

  enum CodingKeys: CodingKey { case shape, transposed, read, written, value, gradient, assigned, terms }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    shape = try container.decode([Int].self, forKey: .shape)
    transposed = try container.decode(Bool.self, forKey: .transposed)
    read = try container.decode(Outcome.self, forKey: .read)
    written = try container.decodeIfPresent(Outcome.self, forKey: .written)
    value = try container.decodeIfPresent(Value.self, forKey: .value)
    gradient = try container.decodeIfPresent(Outcome.self, forKey: .gradient)
    assigned = try container.decodeIfPresent(Assigned.self, forKey: .assigned)
    terms = try container.decode([Term].self, forKey: .terms).map(\.term)
    description = "\(shape)\(transposed ? " transposed" : "") at \(terms)"
  }

  func tensor(_ dtype: DType = .int64) -> Tensor {
    let n = shape.reduce(1, *)
    let x = Tensor.arange(.int(0), .int(n), dtype: dtype).reshape(shape)
    return transposed ? x.transpose(0, -1) : x
  }

  func leaf() -> Tensor { tensor(.float64).clone().requiresGrad_() }
}
