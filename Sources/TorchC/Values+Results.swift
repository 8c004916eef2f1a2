// From the core's values to the header's tagged ones, which own memory and handles.

import CTorch
import ComplexModule
import Foundation
import Torch

extension st_value {
  init(_ kind: st_kind) {
    self.init()
    self.kind = kind.rawValue
  }

  static func int(_ value: Int, _ kind: st_kind = ST_INT) -> st_value {
    var result = st_value(kind)
    result.i = Int64(value)
    return result
  }

  static func double(_ value: Double) -> st_value {
    var result = st_value(ST_DOUBLE)
    result.d = value
    return result
  }

  static func complex(_ real: Double, _ imaginary: Double) -> st_value {
    var result = st_value(ST_COMPLEX)
    result.d = real
    result.im = imaginary
    return result
  }

  /// A copy of `bytes`, with a zero behind it.
  static func text(_ bytes: some Collection<UInt8>, _ kind: st_kind = ST_STRING) -> st_value {
    var result = st_value(kind)
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count + 1)
    _ = memory.initialize(from: bytes)
    memory[bytes.count] = 0
    result.text = UnsafeRawPointer(memory.baseAddress!).assumingMemoryBound(to: CChar.self)
    result.count = Int64(bytes.count)
    return result
  }

  static func text(_ text: String, _ kind: st_kind = ST_STRING) -> st_value { .text(Array(text.utf8), kind) }

  /// Values in memory that this one owns; those made so far are let go of where a later one fails.
  static func list<S: Collection>(_ kind: st_kind, _ elements: S, _ make: (S.Element) throws -> st_value) throws
    -> st_value
  {
    var result = st_value(kind)
    guard !elements.isEmpty else { return result }
    let memory = UnsafeMutablePointer<st_value>.allocate(capacity: elements.count)
    var made = 0
    do {
      for element in elements {
        (memory + made).initialize(to: try make(element))
        made += 1
      }
    } catch {
      for i in 0..<made { memory[i].clear(releasingHandles: true) }
      memory.deallocate()
      throw error
    }
    result.items = memory
    result.count = Int64(made)
    return result
  }

  static func tensor(_ tensor: Tensor) throws -> st_value {
    var result = st_value(ST_TENSOR)
    result.handle = try tensor.handle()
    result.identity = tensor.identity
    return result
  }

  init(_ scalar: Scalar) {
    switch scalar {
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .bool(let value): self = .int(value ? 1 : 0, ST_BOOL)
    case .complex(let value): self = .complex(value.rawStorage.x, value.rawStorage.y)
    }
  }

  /// What an operator has returned.
  init(_ value: Value) throws {
    switch value {
    case .none: self.init(ST_NONE)
    case .tensor(let tensor): self = try .tensor(tensor)
    case .scalar(let scalar): self.init(scalar)
    case .string(let text): self = .text(text)
    case .dtype(let dtype): self = .int(Int(dtype.rawValue), ST_DTYPE)
    case .device(let device): self = .text(device.description, ST_DEVICE)
    case .memoryFormat(let format):
      let order: [MemoryFormat] = [.contiguous, .preserve, .channelsLast, .channelsLast3d]
      self = .int(order.firstIndex(of: format)!, ST_MEMORY_FORMAT)
    case .generator(let generator):
      self.init(ST_GENERATOR)
      handle = HandleTable.shared.add(generator)
    case .list(let values): self = try .list(ST_LIST, values) { try st_value($0) }
    }
  }

  /// Whether `items` is memory with values in it.
  private var hasItems: Bool {
    [ST_LIST, ST_TUPLE, ST_DICT, ST_SIZE, ST_SET, ST_OBJECT].contains { $0.rawValue == kind }
  }

  private var hasText: Bool {
    [ST_STRING, ST_DEVICE, ST_BYTES, ST_BIG_INT].contains { $0.rawValue == kind }
  }

  private var hasHandle: Bool { [ST_TENSOR, ST_GENERATOR, ST_MODULE].contains { $0.rawValue == kind } }

  /// Frees what the value owns.
  mutating func clear(releasingHandles: Bool) {
    if hasHandle {
      if releasingHandles, flags & ST_SAME.rawValue == 0 { _ = HandleTable.shared.remove(handle) }
    } else if hasText {
      UnsafeMutableRawPointer(mutating: text)?.deallocate()
    } else if hasItems, let items {
      for i in 0..<Int(count) { items[i].clear(releasingHandles: releasingHandles) }
      items.deallocate()
    }
    self = st_value(ST_NONE)
  }
}

@_cdecl("st_values_clear")
public func clearValues(_ values: UnsafeMutablePointer<st_value>?, _ count: Int64, _ releaseHandles: Int32) {
  guard let values, count > 0 else { return }
  for i in 0..<Int(count) { values[i].clear(releasingHandles: releaseHandles != 0) }
}
