// Programs in TorchScript do what PyTorch does with them (Fixtures/torchscript-language).

import Foundation
import TestSupport
import Testing
import Torch

struct LanguageFixture: Decodable, Sendable {
  struct Program: Decodable, Sendable, CustomTestStringConvertible {
    struct Call: Decodable, Sendable {
      let arguments: [ProgramValue]
      let result: ProgramValue?
      /// Tensors after the call.
      let after: [ProgramValue?]?
      /// The message of what the call raises.
      let raised: String?
    }

    let name: String
    let source: String
    let calls: [Call]

    var testDescription: String { name }
  }

  struct Refused: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let source: String
    /// The lines of PyTorch's message before the place in the source.
    let message: [String]

    var testDescription: String { name }
  }

  let programs: [Program]
  let errors: [Refused]

  static let shared: LanguageFixture = try! fixture("torchscript-language/cases.json", LanguageFixture.self)
}

/// A value as the fixture has it.
indirect enum ProgramValue: Decodable, Sendable {
  case none, int(Int), float(Double), bool(Bool), string(String), complex([Double])
  case list([ProgramValue]), tuple([ProgramValue]), dict([[ProgramValue]])
  case tensor([Double], [Int], String)

  private enum Key: String, CodingKey {
    case none, int, float, bool, str, complex, list, tuple, dict, tensor, shape, dtype
  }

  init(from decoder: any Decoder) throws {
    let box = try decoder.container(keyedBy: Key.self)
    if box.contains(.none) {
      self = .none
    } else if let value = try box.decodeIfPresent(Int.self, forKey: .int) {
      self = .int(value)
    } else if let value = try box.decodeIfPresent(String.self, forKey: .float) {
      self = .float(Double(value)!)
    } else if let value = try box.decodeIfPresent(Bool.self, forKey: .bool) {
      self = .bool(value)
    } else if let value = try box.decodeIfPresent(String.self, forKey: .str) {
      self = .string(value)
    } else if let value = try box.decodeIfPresent([Double].self, forKey: .complex) {
      self = .complex(value)
    } else if let value = try box.decodeIfPresent([ProgramValue].self, forKey: .list) {
      self = .list(value)
    } else if let value = try box.decodeIfPresent([ProgramValue].self, forKey: .tuple) {
      self = .tuple(value)
    } else if let value = try box.decodeIfPresent([[ProgramValue]].self, forKey: .dict) {
      self = .dict(value)
    } else {
      self = .tensor(
        try box.decode([Double].self, forKey: .tensor), try box.decode([Int].self, forKey: .shape),
        try box.decode(String.self, forKey: .dtype))
    }
  }

  var value: JIT.IValue {
    get throws {
      switch self {
      case .none: return .none
      case .int(let value): return .int(value)
      case .float(let value): return .double(value)
      case .bool(let value): return .bool(value)
      case .string(let value): return .string(value)
      case .complex(let parts): return .complex(.init(parts[0], parts[1]))
      case .list(let items):
        let values = try items.map { try $0.value }
        let types = values.map(\.type)
        let element = types.dropFirst().reduce(types.first ?? .tensor) { $0.unified(with: $1) ?? .any }
        return .list(JIT.ListObject(element, values))
      case .tuple(let items): return .tuple(try items.map { try $0.value })
      case .dict(let pairs):
        let entries = try pairs.map { (try $0[0].value, try $0[1].value) }
        let dict = JIT.DictObject(entries.first?.0.type ?? .string, entries.first?.1.type ?? .tensor)
        for (key, value) in entries { dict[try key.key()] = value }
        return .dict(dict)
      case .tensor(let elements, let shape, let dtype):
        return .tensor(Tensor(elements).reshape(shape).to(DType(name: dtype)!))
      }
    }
  }

  /// What is different in `other`; nil where it is the same.
  func difference(_ other: JIT.IValue) -> String? {
    switch (self, other) {
    case (.none, .none): return nil
    case (.int(let a), .int(let b)) where a == b: return nil
    case (.float(let a), .double(let b)) where ProgramValue.isClose(a, b): return nil
    case (.bool(let a), .bool(let b)) where a == b: return nil
    case (.string(let a), .string(let b)) where a == b: return nil
    case (.complex(let a), .complex(let b)) where ProgramValue.isClose(a[0], b.real) && ProgramValue.isClose(a[1], b.imaginary):
      return nil
    case (.list(let a), .list(let b)) where a.count == b.items.count:
      return zip(a, b.items).lazy.compactMap { $0.difference($1) }.first
    case (.tuple(let a), .tuple(let b)) where a.count == b.items.count:
      return zip(a, b.items).enumerated().lazy.compactMap { i, pair in
        pair.0.difference(pair.1).map { "\(i): \($0)" }
      }.first
    case (.dict(let pairs), .dict(let dict)) where pairs.count == dict.count:
      return zip(pairs, dict.table).lazy.compactMap { pair, entry in
        pair[0].difference(JIT.IValue(entry.key)) ?? pair[1].difference(entry.value)
      }.first
    case (.tensor(let elements, let shape, let dtype), .tensor(let tensor)):
      guard tensor.shape == Shape(shape), tensor.dtype.name == dtype else { break }
      let actual = (try? tensor.detach().to(.float64).toArray(Double.self)) ?? []
      if actual.count == elements.count, zip(elements, actual).allSatisfy({ ProgramValue.isClose($0, $1) }) { return nil }
    default: break
    }
    return "expected \(self), got \(other)"
  }

  private static func isClose(_ a: Double, _ b: Double) -> Bool {
    a == b || (a.isNaN && b.isNaN) || abs(a - b) <= 1e-5 + 1.3e-6 * abs(a)
  }
}

@Suite struct LanguageTests {
  @Test(arguments: LanguageFixture.shared.programs)
  func program(_ program: LanguageFixture.Program) throws {
    let unit = try JIT.CompilationUnit(program.source)
    let function = try #require(unit["f"])
    try function.graph.check()
    try check(program) { try function.call($0) }
  }

  /// The text that PyTorch writes for a program does the same.
  @Test(arguments: LanguageFixture.shared.programs)
  func archived(_ program: LanguageFixture.Program) throws {
    let archives = try ScriptFixtures("../torchscript-language/archives.zip")
    let module = try JIT.load(bytes: archives.bytes(program.name + ".pt"))
    // Archives have no defaults of functions.
    let count = try module.method("forward").function.signature.parameters.count - 1
    try check(program, count: count) { try module.method("forward")($0) }
  }

  /// - Parameter count: Only calls with as many arguments; nil is all.
  private func check(
    _ program: LanguageFixture.Program, count: Int? = nil, _ run: ([JIT.IValue]) throws -> JIT.IValue
  ) throws {
    for call in program.calls where call.arguments.count == count ?? call.arguments.count {
      torch.manualSeed(0)
      let arguments = try call.arguments.map { try $0.value }
      if let raised = call.raised {
        let error = #expect(throws: TorchError.self) { _ = try run(arguments) }
        let message = error?.message ?? ""
        #expect(message.contains(raised), "\(program.name): \(message)")
        continue
      }
      let result = try run(arguments)
      if let difference = call.result?.difference(result) { Issue.record("\(program.name): \(difference)") }
      for (recorded, argument) in zip(call.after ?? [], arguments) {
        if let difference = recorded?.difference(argument) { Issue.record("\(program.name), argument: \(difference)") }
      }
    }
  }

  @Test(arguments: LanguageFixture.shared.errors)
  func refused(_ program: LanguageFixture.Refused) throws {
    let error = #expect(throws: TorchError.self) { _ = try JIT.CompilationUnit(program.source) }
    let message = error?.message ?? ""
    let first = try #require(program.message.first)
    #expect(message.contains(first.trimmingCharacters(in: [":"])), "\(message)")
  }
}
