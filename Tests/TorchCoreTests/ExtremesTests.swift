// Who gets the gradient where operands are equal, NaN or at a bound, against PyTorch (Fixtures/extremes/cases.json).

import TestSupport
import Testing
import Torch

/// A number of a fixture, where JSON has no infinities.
private struct Number: Decodable {
  let value: Double
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      value = text == "nan" ? .nan : text == "inf" ? .infinity : -.infinity
    } else {
      value = try container.decode(Double.self)
    }
  }
}

private struct Fixtures: Decodable {
  struct Case: Decodable {
    let op: String
    let operands: [[Number]?]
    let value: [Number]
    let grads: [[Number]]
  }
  struct Bounds: Decodable {
    let low, high: Double?
    let value, grad: [Number]
  }
  let values: [Number]
  let tensors: [Case]
  let numbers: [Bounds]
}

private func tensor(_ numbers: [Number]) -> Tensor { Tensor(numbers.map(\.value), dtype: .float64) }

private func isSame(_ x: Tensor, _ expected: [Number]) throws -> Bool {
  let values = try x.detach().toArray(Double.self)
  return values.count == expected.count
    && zip(values, expected.map(\.value)).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
}

@Suite struct ExtremesTests {
  @Test func gradientsOfTensorsAreShared() throws {
    for expected in try fixture("extremes/cases.json", Fixtures.self).tensors {
      let operands = expected.operands.map { $0.map { tensor($0).requiresGrad_() } }
      let arguments = operands.map { x -> Value in x.map(Value.tensor) ?? Value.none }
      let y = try #require(try OperatorRegistry.call(expected.op, arguments).first?.tensor)
      #expect(try isSame(y, expected.value), "\(expected.op)")
      let weight = Tensor.arange(1, .int(y.numel + 1), dtype: .float64)
      let grads = try torch.autograd.grad([y], operands.compactMap { $0 }, gradOutputs: [weight])
      for (grad, expected) in zip(grads, expected.grads) { #expect(try isSame(grad!, expected), "\(grad!)") }
    }
  }

  @Test func boundsThemselvesAreOutside() throws {
    let fixtures = try fixture("extremes/cases.json", Fixtures.self)
    for expected in fixtures.numbers {
      let x = tensor(fixtures.values).requiresGrad_()
      let (low, high) = (expected.low.map { Scalar.double($0) }, expected.high.map { Scalar.double($0) })
      let y = x.clamp(min: low, max: high)
      #expect(try isSame(y, expected.value))
      let grad = try torch.autograd.grad([y.sum()], [x])[0]
      #expect(try isSame(grad!, expected.grad), "\(grad!)")
    }
  }
}
