// The archives of Fixtures/torchscript, and the results that PyTorch gets from them.

import Foundation
import TestSupport
import Testing
import Torch
import TorchSerialization

/// An outer zip of archives and recorded calls.
struct ScriptFixtures {
  private let zip: ZipReader

  init(_ name: String) throws {
    zip = try ZipReader(ByteRegion(mapping: repository("Fixtures/torchscript/" + name).path))
  }

  /// The names of the entries that end so, without the ending.
  func names(_ ending: String) -> [String] {
    zip.entries.map(\.name).filter { $0.hasSuffix(ending) }.map { String($0.dropLast(ending.count)) }
  }

  func bytes(_ name: String) throws -> [UInt8] {
    try zip.read(#require(zip[name], "no entry \(name)")).array
  }

  func calls(_ name: String) throws -> [RecordedCall] {
    try #require(torch.load(bytes: bytes(name + ".io")).array).map { try RecordedCall($0) }
  }
}

/// A call of a method and what PyTorch gave, or the error that it raised.
struct RecordedCall {
  let method: String
  let arguments: [JIT.IValue]
  let outputs: StateValue
  let raises: String?

  init(_ value: StateValue) throws {
    method = try #require(value["method"].string)
    arguments = try #require(value["arguments"].array).map { JIT.IValue($0) }
    outputs = value["outputs"]
    raises = value["raises"].string
  }

  /// Makes the call and compares.
  func check(_ module: JIT.ScriptModule, _ comment: String) throws {
    torch.manualSeed(0)
    let result: JIT.IValue
    do {
      result = try torch.noGrad {
        try method == "__call__" ? module.call(arguments) : module.method(method)(arguments)
      }
    } catch let error as TorchError {
      guard let raises else {
        Issue.record("\(comment) \(method): \(error)\n\(error.scriptTraceback ?? "")")
        return
      }
      let expected = raises.hasPrefix("RuntimeError: ") ? String(raises.dropFirst(14)) : raises
      #expect(error.message == expected, "\(comment) \(method)")
      return
    }
    guard raises == nil else {
      Issue.record("\(comment) \(method): no error, PyTorch raises \(raises!)")
      return
    }
    if let difference = try result.difference(from: outputs) {
      Issue.record("\(comment) \(method): \(difference)")
    }
  }
}

extension JIT.IValue {
  init(_ value: StateValue) {
    switch value {
    case .none: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .complex(let real, let imaginary): self = .complex(.init(real, imaginary))
    case .string(let text): self = .string(text)
    case .tensor(let tensor): self = .tensor(tensor)
    case .list(let items):
      let values = items.map { JIT.IValue($0) }
      self = .list(JIT.ListObject(values.first?.type ?? .any, values))
    case .tuple(let items): self = .tuple(items.map { JIT.IValue($0) })
    case .device(let name): self = .device(try! Device(name))
    default: fatalError("an argument that the fixtures do not use: \(value)")
    }
  }

  /// Where the value is not `expected`; nil where it is.
  func difference(from expected: StateValue, _ path: String = "result") throws -> String? {
    func other() -> String { "\(path) is a \(type), expected \(expected)" }
    switch (self, expected) {
    case (.none, .none): return nil
    case (.bool(let a), .bool(let b)): return a == b ? nil : "\(path): \(a), expected \(b)"
    case (.int(let a), .int(let b)): return a == b ? nil : "\(path): \(a), expected \(b)"
    case (.double(let a), .double(let b)): return close(a, b) ? nil : "\(path): \(a), expected \(b)"
    case (.complex(let a), .complex(let re, let im)):
      return a.real == re && a.imaginary == im ? nil : "\(path): \(a), expected \(re) \(im)"
    case (.string(let a), .string(let b)): return a == b ? nil : "\(path): \(a.debugDescription), expected \(b.debugDescription)"
    case (.tensor(let a), .tensor(let b)): return try a.difference(from: b, path)
    case (.enumeration(let type, let name), _):
      let member = type.members.first { $0.name == name }
      let value: JIT.IValue? = member?.text.map { .string($0) } ?? member?.value.map { JIT.IValue(.scalar($0)) }
      return try value?.difference(from: expected, path) ?? other()
    case (.list(let list), .list(let items)): return try JIT.IValue.difference(list.items, items, path)
    case (.tuple(let tuple), .tuple(let items)): return try JIT.IValue.difference(tuple.items, items, path)
    case (.dict(let dict), .dict(let entries)):
      guard dict.count == entries.entries.count else { return "\(path) has \(dict.count) entries, expected \(entries.entries.count)" }
      for (pair, entry) in zip(dict.table, entries.entries) {
        switch (pair.key, entry.key) {
        case (.int(let a), .int(let b)) where a == b: break
        case (.string(let a), .string(let b)) where a == b: break
        default: return "\(path): key \(pair.key), expected \(entry.key)"
        }
        if let found = try pair.value.difference(from: entry.value, "\(path)[\(entry.key)]") { return found }
      }
      return nil
    default: return other()
    }
  }

  private static func difference(_ values: [JIT.IValue], _ expected: [StateValue], _ path: String) throws -> String? {
    guard values.count == expected.count else { return "\(path) has \(values.count) elements, expected \(expected.count)" }
    for (i, (value, item)) in zip(values, expected).enumerated() {
      if let found = try value.difference(from: item, "\(path)[\(i)]") { return found }
    }
    return nil
  }
}

/// As torch.testing.assert_close compares float32: 1.3e-6 of the value and 1e-5.
private func close(_ a: Double, _ b: Double) -> Bool {
  a == b || a.isNaN && b.isNaN || (a - b).magnitude <= 1e-5 + 1.3e-6 * b.magnitude
}

extension Tensor {
  func difference(from expected: Tensor, _ path: String) throws -> String? {
    guard dtype == expected.dtype, shape == expected.shape else {
      return "\(path) is \(dtype) \(shape), expected \(expected.dtype) \(expected.shape)"
    }
    let (a, b) = (try detach().to(.float64).toArray(Double.self), try expected.to(.float64).toArray(Double.self))
    guard let at = a.indices.first(where: { !close(a[$0], b[$0]) }) else { return nil }
    let most = zip(a, b).map { ($0 - $1).magnitude }.max() ?? 0
    return "\(path) at \(at): \(a[at]), expected \(b[at]) (at most \(most) away)"
  }
}
