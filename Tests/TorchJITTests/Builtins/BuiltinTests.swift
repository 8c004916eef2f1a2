// Builtin functions against what PyTorch's give: Fixtures/torchscript-builtins/make.py.

import ComplexModule
import RealModule
import TestSupport
import Testing
import Torch

/// One call: the result, or the first argument afterwards, or the error's message.
struct BuiltinCase: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let arguments: [Recorded]
  let result: Recorded?
  let changed: Recorded?
  let error: String?

  var testDescription: String { name }

  /// A result of `None` is a result.
  init(from decoder: any Decoder) throws {
    let keyed = try decoder.container(keyedBy: Key.self)
    name = try keyed.decode(String.self, forKey: .name)
    arguments = try keyed.decode([Recorded].self, forKey: .arguments)
    result = keyed.contains(.result) ? try keyed.decode(Recorded.self, forKey: .result) : nil
    changed = keyed.contains(.changed) ? try keyed.decode(Recorded.self, forKey: .changed) : nil
    error = try keyed.decodeIfPresent(String.self, forKey: .error)
  }

  private enum Key: CodingKey { case name, arguments, result, changed, error }
}

/// A value of a fixture.
struct Recorded: Decodable, @unchecked Sendable {
  // Unchecked: only read.
  let value: JIT.IValue

  init(from decoder: any Decoder) throws {
    let single = try decoder.singleValueContainer()
    if single.decodeNil() {
      value = .none
    } else if let flag = try? single.decode(Bool.self) {
      value = .bool(flag)
    } else if let text = try? single.decode(String.self) {
      value = .string(text)
    } else {
      value = try Recorded.tagged(decoder.container(keyedBy: Key.self))
    }
  }

  private enum Key: CodingKey {
    case int, float, complex, device, tensor, shape, values, tuple, list, of, dict
  }

  private static func tagged(_ keyed: KeyedDecodingContainer<Key>) throws -> JIT.IValue {
    func number(_ text: String) -> Double { Double(text)! }
    if keyed.contains(.int) { return .int(Int(try keyed.decode(String.self, forKey: .int))!) }
    if keyed.contains(.float) { return .double(number(try keyed.decode(String.self, forKey: .float))) }
    if keyed.contains(.device) { return .device(try Device(keyed.decode(String.self, forKey: .device))) }
    if keyed.contains(.complex) {
      let parts = try keyed.decode([String].self, forKey: .complex).map(number)
      return .complex(Complex(parts[0], parts[1]))
    }
    if keyed.contains(.tuple) { return .tuple(try keyed.decode([Recorded].self, forKey: .tuple).map(\.value)) }
    if keyed.contains(.list) {
      let element = JIT.ScriptType(schemaType: try keyed.decode(String.self, forKey: .of))
      return .list(JIT.ListObject(element, try keyed.decode([Recorded].self, forKey: .list).map(\.value)))
    }
    if keyed.contains(.dict) {
      let types = try keyed.decode(String.self, forKey: .of).split(separator: ",").map {
        JIT.ScriptType(schemaType: String($0))
      }
      let dict = JIT.DictObject(types[0], types[1])
      for pair in try keyed.decode([[Recorded]].self, forKey: .dict) { dict[try pair[0].value.key()] = pair[1].value }
      return .dict(dict)
    }
    let dtype = DType(name: try keyed.decode(String.self, forKey: .tensor))!
    let values = try keyed.decode([Recorded].self, forKey: .values).map(\.value)
    let shape = try keyed.decode([Int].self, forKey: .shape)
    let flat: Tensor =
      if dtype.isComplex {
        Tensor(values.map { value in if case .complex(let z) = value { z } else { Complex<Double>(0) } })
      } else if dtype.isFloatingPoint { Tensor(values.map { $0.double! }, dtype: .float64) } else {
        Tensor(values.map { $0.int! })
      }
    return .tensor(flat.to(dtype).reshape(shape))
  }
}

extension JIT.IValue {
  /// Equality to the last bits that C libraries differ in.
  func matches(_ other: JIT.IValue) -> Bool {
    func close(_ a: Double, _ b: Double) -> Bool {
      a == b && (a.sign == b.sign || a != 0) || a.isNaN && b.isNaN || abs(a - b) <= 4e-15 * max(abs(a), abs(b))
    }
    switch (self, other) {
    case (.none, .none): return true
    case (.int(let a), .int(let b)): return a == b
    case (.bool(let a), .bool(let b)): return a == b
    case (.double(let a), .double(let b)): return close(a, b)
    case (.complex(let a), .complex(let b)):
      let (x, y) = (a.rawStorage, b.rawStorage)
      let tolerance = a.isFinite ? 1e-14 * max(a.length, b.length) : 0
      return (close(x.x, y.x) || abs(x.x - y.x) <= tolerance) && (close(x.y, y.y) || abs(x.y - y.y) <= tolerance)
    case (.string(let a), .string(let b)): return a == b
    case (.device(let a), .device(let b)): return a == b
    case (.list(let a), .list(let b)):
      return a.items.count == b.items.count && zip(a.items, b.items).allSatisfy { $0.matches($1) }
        && (a.items.isEmpty || a.elementType == b.elementType)
    case (.tuple(let a), .tuple(let b)):
      return a.items.count == b.items.count && zip(a.items, b.items).allSatisfy { $0.matches($1) }
    case (.dict(let a), .dict(let b)):
      return Array(a.table.keys) == Array(b.table.keys)
        && zip(a.table.values, b.table.values).allSatisfy { $0.matches($1) }
    case (.tensor(let a), .tensor(let b)):
      guard a.dtype == b.dtype, a.shape == b.shape, let x = try? a.scalars(), let y = try? b.scalars() else {
        return false
      }
      return zip(x, y).allSatisfy { JIT.IValue.close($0, $1) }
    default: return false
    }
  }

  private static func close(_ a: Scalar, _ b: Scalar) -> Bool {
    if case .complex(let x) = a, case .complex(let y) = b { return (x - y).length <= 1e-6 * max(x.length, 1) }
    // PyTorch's tolerances for float32.
    return a == b || abs(a.doubleValue - b.doubleValue) <= 1e-5 + 1.3e-6 * abs(a.doubleValue)
  }
}

@Suite struct BuiltinTests {
  static let cases: [BuiltinCase] = try! fixture("torchscript-builtins/cases.json", [BuiltinCase].self)
  /// The cases, one list a builtin.
  static let byName = Dictionary(grouping: cases, by: \.name).sorted { $0.key < $1.key }.map(\.value)

  @Test(arguments: byName) func givesWhatPyTorchGives(_ cases: [BuiltinCase]) throws {
    let builtin = try #require(JIT.Builtins.find(cases[0].name), "there is no builtin \(cases[0].name)")
    for c in cases {
      let arguments = c.arguments.map(\.value)
      let shown = "\(c.name)(\(arguments.map(\.printedText).joined(separator: ", ")))"
      do {
        let result = try withErrors { try builtin.body(arguments) }
        if let expected = c.result?.value {
          #expect(result.matches(expected), "\(shown) gives \(result.printedText) and not \(expected.printedText)")
        } else if let expected = c.changed?.value {
          let changed = arguments[0]
          #expect(changed.matches(expected), "\(shown) makes it \(changed.printedText) and not \(expected.printedText)")
        } else {
          Issue.record("\(shown) gives \(result.printedText) and not the error: \(c.error ?? "")")
        }
      } catch let error as TorchError {
        let expected = try #require(c.error, "\(shown) fails: \(error.message)")
        #expect(BuiltinTests.message(expected) == BuiltinTests.message(error.message), "\(shown)")
      }
    }
  }

  /// The first line, without what PyTorch adds in C++: `(Triggered internally …)`, backtraces.
  static func message(_ text: String) -> String { String(text.prefix { $0 != "\n" }) }

  /// Torchvision's values for a box, the same box turned back, one without area, and itself.
  @Test func rotatedBoxesOverlap() throws {
    let boxes = Tensor([[5.0, 5, 4, 2, 30], [6.0, 5, 4, 2, 0], [5, 5, 0, 2, 30], [5, 5, 4, 2, 30]])
    let overlaps = try #require(JIT.Builtins.find("torchvision::box_iou_rotated"))
      .body([.tensor(boxes), .tensor(boxes)])
    let expected = [1, 0.4518, 0, 1, 0.4518, 1, 0, 0.4518, 0, 0, 0, 0, 1, 0.4518, 0, 1]
    for (value, wanted) in zip(try #require(overlaps.tensor).toArray(Double.self), expected) {
      #expect(abs(value - wanted) < 1e-4)
    }
  }
}
