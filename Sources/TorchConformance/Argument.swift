// Arguments of calls in case files.

import ComplexModule
import TorchCore

/// An argument of a call as a case file writes it.
enum Argument: Decodable {
  case reference(Reference)
  case constant(Value)
  case list([Argument])

  private enum CodingKeys: String, CodingKey {
    case input, result, scalar, none, list, string, dtype, device, layout
    case memoryFormat  // the decoder turns names into camel case
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard let key = container.allKeys.first else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "an empty argument"))
    }
    func text() throws -> String { try container.decode(String.self, forKey: key) }
    switch key {
    case .input, .result: self = .reference(try Reference(from: decoder))
    case .scalar: self = .constant(.scalar(try Number(from: decoder).scalar))
    case .none, .layout: self = .constant(.none)  // only strided tensors occur
    case .list: self = .list(try container.decode([Argument].self, forKey: .list))
    case .string: self = .constant(.string(try text()))
    case .dtype:
      let name = try text()
      self = .constant(DType(name: name).map { .dtype($0) } ?? .string(name))
    case .device: self = .constant(.device(try Device(try text())))
    case .memoryFormat:
      self = .constant(MemoryFormat(rawValue: try text()).map { .memoryFormat($0) } ?? .none)
    }
  }
}

/// `{"scalar": v, "type": "int" | "float" | "bool" | "complex"}`. The type counts, not the number's spelling.
struct Number: Decodable {
  let scalar: Scalar

  private enum CodingKeys: CodingKey { case scalar, type }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decode(String.self, forKey: .type) {
    case "bool": scalar = .bool(try container.decode(Bool.self, forKey: .scalar))
    case "int":
      // Beyond 2⁵³ a decimal string.
      let text = try? container.decode(String.self, forKey: .scalar)
      scalar = .int(try text.flatMap(Int.init) ?? container.decode(Int.self, forKey: .scalar))
    case "float": scalar = .double(try container.decode(Part.self, forKey: .scalar).value)
    default:
      let parts = try container.decode([Part].self, forKey: .scalar)
      scalar = .complex(Complex(parts[0].value, parts[1].value))
    }
  }

  /// A floating point number: a JSON number, or `inf`, `-inf`, `nan` in quotes.
  private struct Part: Decodable {
    let value: Double

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        value = Double(text) ?? .nan
      } else {
        value = try container.decode(Double.self)
      }
    }
  }
}
