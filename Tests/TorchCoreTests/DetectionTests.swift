// Torchvision's detection operators against torchvision (Fixtures/detection/make.py).

import Foundation
import TestSupport
import Testing
import Torch

@Suite struct DetectionTests {
  struct StoredTensor: Decodable {
    let shape: [Int]
    let dtype: String
    let values: [Double]
    let leaf: Bool?

    func tensor() throws -> Tensor {
      let dtype = try #require(DType(name: dtype))
      let tensor = Tensor(values, dtype: .float64).to(dtype).reshape(shape)
      return leaf == true ? tensor.requiresGrad_() : tensor
    }
  }

  enum Argument: Decodable {
    case tensor(StoredTensor)
    case bool(Bool)
    case int(Int)
    case double(Double)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let value = try? container.decode(StoredTensor.self) {
        self = .tensor(value)
      } else if let value = try? container.decode(Bool.self) {
        self = .bool(value)
      } else if let value = try? container.decode(Int.self) {
        self = .int(value)
      } else {
        self = .double(try container.decode(Double.self))
      }
    }

    func value() throws -> Value {
      switch self {
      case .tensor(let stored): .tensor(try stored.tensor())
      case .bool(let value): .bool(value)
      case .int(let value): .int(value)
      case .double(let value): .double(value)
      }
    }
  }

  struct Case: Decodable {
    let op: String
    let args: [Argument]
    let results: [StoredTensor]
    let gradients: [StoredTensor]
  }

  @Test func resultsAndGradientsAreTorchvisions() throws {
    for (number, stored) in try fixture("detection/cases.json", [Case].self).enumerated() {
      let arguments = try stored.args.map { try $0.value() }
      let results = try OperatorRegistry.call(stored.op, arguments).compactMap(\.tensor)
      #expect(results.count == stored.results.count)
      for (result, expected) in zip(results, stored.results) {
        #expect(Array(result.shape) == expected.shape && result.dtype.name == expected.dtype)
        #expect(try distance(result, expected.values) < 2e-5, "\(stored.op), case \(number)")
      }
      let leaves = arguments.compactMap(\.tensor).filter(\.requiresGrad)
      if leaves.isEmpty { continue }
      let first = results[0]
      let cotangent = (1 + 0.1 * Tensor.arange(.int(first.numel), dtype: first.dtype)).reshape(Array(first.shape))
      let gradients = try torch.autograd.grad([first], leaves, gradOutputs: [cotangent])
      for (gradient, expected) in zip(gradients, stored.gradients) {
        #expect(try distance(try #require(gradient), expected.values) < 1e-4, "gradient of \(stored.op), case \(number)")
      }
    }
  }

  @Test func regionsOfImagesThatAreNotThereAreRefused() {
    let x = Tensor.ones([1, 2, 4, 4])
    for image in [1.0, -1, .nan] {
      let regions = Tensor([[Float(image), 0, 0, 2, 2]])
      #expect(throws: TorchError.self) {
        try OperatorRegistry.call(
          "torchvision::roi_align",
          [.tensor(x), .tensor(regions), .double(1), .int(2), .int(2), .int(2), .bool(false)])
      }
    }
  }
}
