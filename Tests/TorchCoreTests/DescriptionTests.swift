// The printed form of tensors against PyTorch's (Fixtures/printing), format specifications, and interpolation.

import ComplexModule
import Foundation
import Testing
import TorchCore

@Suite struct DescriptionTests {
  @Test func printsAsPyTorch() throws {
    let cases = try JSONDecoder().decode([PrintingCase].self, from: fixture("printing/cases.json"))
    #expect(cases.count > 800)
    for (number, example) in cases.enumerated() {
      let text = try withErrors { try example.tensor().description(example.printOptions) }
      #expect(text == example.text, "case \(number): \(example.dtype) \(example.shape) \(example.options ?? .init())")
    }
  }

  @Test func gradientFunctionsAreNamed() throws {
    let x = Tensor([2.0], requiresGrad: true)
    #expect("\(x * x)" == "tensor([4.], grad_fn=<MulBackward0>)")
    #expect((x * x).sum().description == "tensor(4., grad_fn=<SumBackward0>)")
    #expect(Tensor([Double](repeating: 1, count: 10), requiresGrad: true).reshape(2, 5).description == """
      tensor([[1., 1., 1., 1., 1.],
              [1., 1., 1., 1., 1.]], grad_fn=<ViewBackward0>)
      """)
  }

  @Test func interpolationShowsTheNumberOfATensorWithoutDimensions() throws {
    let total = Tensor([1.5, 2.5, 17]).sum()
    #expect("\(total)" == "21.0")
    #expect(total.description == "tensor(21.)")
    #expect("\(Tensor([true, false]).sum()) \(Tensor(true)) \(Tensor([1.0]))" == "1 True tensor([1.])")
    #expect("\(Tensor([1.0], requiresGrad: true).grad)" == "None")
    #expect("\(total, format: ".3f")" == "21.000")
  }

  @Test func formatSpecificationsAreThoseOfPython() {
    #expect("\(3.14159, format: ".2f")|\(0.98765, format: ".2%")|\(12345.678, format: ",.1f")" == "3.14|98.77%|12,345.7")
    #expect("\(3.14159, format: "8.3f")|\(3.14159, format: "<8.3f")|\(3.14159, format: "^9.3f")|\(-3.5, format: "08.2f")"
      == "   3.142|3.142   |  3.142  |-0003.50")
    #expect("\(1e-7, format: ".3e")|\(1e20, format: "g")|\(0.0001234, format: ".2g")|\(2.0, format: "+.1f")"
      == "1.000e-07|1e+20|0.00012|+2.0")
    #expect("\(42, format: "5d")|\(42, format: "x")|\(-42, format: "06d")|\(1234567, format: ",")|\(255, format: "#>8b")"
      == "   42|2a|-00042|1,234,567|11111111")
    #expect("\(100.0, format: ".3")|\(123.0, format: ".3")|\(1.0, format: ".3")|\(0.5, format: "")"
      == "1e+02|1.23e+02|1.0|0.5")
    #expect("\(Double.nan, format: ".2f")|\(-Double.infinity, format: "6.1f")|\(2, format: ".1f")" == "nan|  -inf|2.0")
  }

  @Test func invalidTensorsSayWhy() throws {
    var text = ""
    #expect(throws: TorchError.self) {
      try withErrors { text = (Tensor.ones(2, 3) + Tensor.ones(4)).description }
    }
    #expect(text == "<invalid tensor: The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1>")
  }

  /// Of a large tensor only the elements that are shown are read.
  @Test func summariesAreFast() throws {
    let x = Tensor.zeros(4000, 4000)
    let time = ContinuousClock().measure { _ = x.description }
    #expect(time < .milliseconds(20))
  }
}

/// A file under Fixtures.
func fixture(_ path: String) throws -> Data {
  try Data(
    contentsOf: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures/" + path))
}

/// A tensor and its text, as Fixtures/printing/make.py writes them.
private struct PrintingCase: Decodable {
  struct Options: Decodable {
    var precision: Int?
    var threshold: Int?
    var edgeitems: Int?
    var linewidth: Int?
    var sci_mode: Bool?
  }

  enum Values: Decodable {
    case integers([Int])
    /// Bits of doubles, in hexadecimal.
    case reals([UInt64])
    case complexes([[UInt64]])
    case arange(Int)
    case linspace(Double, Double, Int)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      func bits(_ text: String) -> UInt64 { UInt64(text, radix: 16)! }
      if let values = try? container.decode([Int].self) {
        self = .integers(values)
      } else if let texts = try? container.decode([String].self) {
        self = .reals(texts.map(bits))
      } else if let pairs = try? container.decode([[String]].self) {
        self = .complexes(pairs.map { $0.map(bits) })
      } else if let range = try? container.decode([String: Int].self) {
        self = .arange(range["arange"]!)
      } else {
        let line = try container.decode([String: [Double]].self)["linspace"]!
        self = .linspace(line[0], line[1], Int(line[2]))
      }
    }
  }

  let dtype: String
  let shape: [Int]
  let values: Values
  let text: String
  let options: Options?
  let requires_grad: Bool?

  var printOptions: PrintOptions {
    var result = PrintOptions.standard
    if let options {
      result.precision = options.precision ?? result.precision
      result.threshold = options.threshold ?? result.threshold
      result.edgeItems = options.edgeitems ?? result.edgeItems
      result.lineWidth = options.linewidth ?? result.lineWidth
      result.sciMode = options.sci_mode
    }
    return result
  }

  func tensor() throws -> Tensor {
    let dtype = try #require(DType(name: dtype))
    let flat: Tensor
    switch values {
    case .integers(let values): flat = try Tensor.from(values, shape: [values.count]).to(dtype)
    case .reals(let values):
      flat = try Tensor.from(values.map(Double.init(bitPattern:)), shape: [values.count]).to(dtype)
    case .complexes(let values):
      let numbers = values.map { Complex(Double(bitPattern: $0[0]), Double(bitPattern: $0[1])) }
      flat = try Tensor.from(numbers, shape: [numbers.count]).to(dtype)
    case .arange(let n): flat = Tensor.arange(.int(0), .int(n)).to(dtype)
    case .linspace(let a, let b, let n): flat = Tensor.linspace(.double(a), .double(b), steps: n, dtype: dtype)
    }
    let result = flat.reshape(shape)
    return requires_grad == true ? result.detach().clone().requiresGrad_() : result
  }
}
