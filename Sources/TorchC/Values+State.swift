// Values of checkpoints.

import CTorch
import OrderedCollections
import Torch

extension st_value {
  init(_ value: StateValue) throws {
    switch value {
    case .none: self.init(ST_NONE)
    case .bool(let value): self = .int(value ? 1 : 0, ST_BOOL)
    case .int(let value): self = .int(value)
    case .bigInt(let digits): self = .text(digits, ST_BIG_INT)
    case .double(let value): self = .double(value)
    case .complex(let real, let imaginary): self = .complex(real, imaginary)
    case .string(let text): self = .text(text)
    case .bytes(let bytes): self = .text(bytes, ST_BYTES)
    case .list(let items): self = try .list(ST_LIST, items) { try st_value($0) }
    case .tuple(let items): self = try .list(ST_TUPLE, items) { try st_value($0) }
    case .set(let items): self = try .list(ST_SET, items) { try st_value($0) }
    case .size(let sizes): self = try .list(ST_SIZE, sizes) { .int($0) }
    case .dtype(let dtype): self = .int(Int(dtype.rawValue), ST_DTYPE)
    case .device(let name): self = .text(name, ST_DEVICE)
    case .tensor(let tensor): self = try .tensor(tensor)
    case .dict(let dictionary):
      self = try .dictionary(dictionary.entries.map { ($0.key, $0.value) }, isOrdered: dictionary.isOrdered)
    case .object(let name, let arguments, let state):
      self = try .list(ST_OBJECT, [.string(name), .tuple(arguments), state]) { (part: StateValue) in try st_value(part)
      }
    }
  }

  private static func dictionary(_ entries: [(StateKey, StateValue)], isOrdered: Bool) throws -> st_value {
    var result = try list(ST_DICT, 0..<(2 * entries.count)) { i in
      try i % 2 == 0 ? st_value(entries[i / 2].0) : st_value(entries[i / 2].1)
    }
    if isOrdered { result.flags |= ST_ORDERED.rawValue }
    return result
  }

  private init(_ key: StateKey) throws {
    switch key {
    case .none: self.init(ST_NONE)
    case .bool(let value): self = .int(value ? 1 : 0, ST_BOOL)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let text): self = .text(text)
    case .bytes(let bytes): self = .text(bytes, ST_BYTES)
    case .tuple(let keys): self = try .list(ST_TUPLE, keys) { try st_value($0) }
    }
  }
}

extension ValueReader {
  /// The value as part of a checkpoint.
  func state(_ value: st_value, depth: Int = 0) throws -> StateValue {
    func parts() throws -> [StateValue] { try items(value, depth).map { try state($0, depth: depth + 1) } }
    switch value.kind {
    case ST_NONE.rawValue: return .none
    case ST_TENSOR.rawValue: return .tensor(try tensor(value.handle))
    case ST_INT.rawValue: return .int(Int(value.i))
    case ST_DOUBLE.rawValue: return .double(value.d)
    case ST_BOOL.rawValue: return .bool(value.i != 0)
    case ST_COMPLEX.rawValue: return .complex(real: value.d, imaginary: value.im)
    case ST_STRING.rawValue: return .string(try text(value))
    case ST_BIG_INT.rawValue:
      let digits = try text(value)
      guard digits.drop(while: { $0 == "-" }).allSatisfy(\.isNumber), digits.utf8.count > 1 else {
        throw FaceError.argument("'\(digits)' is no big integer")
      }
      return .bigInt(digits)
    case ST_BYTES.rawValue: return .bytes(Array(try bytes(value, stride: 1)))
    case ST_DTYPE.rawValue: return .dtype(try dtype(value.i))
    case ST_DEVICE.rawValue: return .device(try text(value))
    case ST_LIST.rawValue: return .list(try parts())
    case ST_TUPLE.rawValue: return .tuple(try parts())
    case ST_SET.rawValue: return .set(try parts())
    case ST_SIZE.rawValue: return .size(try items(value, depth).map { Int($0.i) })
    case ST_DICT.rawValue:
      let parts = try items(value, depth)
      guard parts.count % 2 == 0 else { throw FaceError.argument("a dictionary needs a value for each key") }
      var dictionary = StateDictionary<Tensor>(isOrdered: value.flags & ST_ORDERED.rawValue != 0)
      for i in stride(from: 0, to: parts.count, by: 2) {
        dictionary.entries[try key(parts[i], depth: depth + 1)] = try state(parts[i + 1], depth: depth + 1)
      }
      return .dict(dictionary)
    default: throw FaceError.argument("a checkpoint cannot hold a value of kind \(value.kind)")
    }
  }

  private func key(_ value: st_value, depth: Int) throws -> StateKey {
    switch value.kind {
    case ST_NONE.rawValue: return .none
    case ST_INT.rawValue: return .int(Int(value.i))
    case ST_DOUBLE.rawValue: return .double(value.d)
    case ST_BOOL.rawValue: return .bool(value.i != 0)
    case ST_STRING.rawValue: return .string(try text(value))
    case ST_BYTES.rawValue: return .bytes(Array(try bytes(value, stride: 1)))
    case ST_TUPLE.rawValue: return .tuple(try items(value, depth).map { try key($0, depth: depth + 1) })
    default: throw FaceError.argument("a value of kind \(value.kind) cannot be a dictionary's key")
    }
  }

  /// A dictionary of tensors by name.
  func named(_ value: st_value) throws -> OrderedDictionary<String, Tensor> { try state(value).stateDict() }

  /// A dictionary of texts by name.
  func texts(_ value: st_value) throws -> [String: String] {
    guard let dictionary = try state(value).dictionary else {
      throw FaceError.argument("expected a dictionary of texts")
    }
    var texts: [String: String] = [:]
    for (key, value) in dictionary.entries {
      guard let name = key.string, let text = value.string else {
        throw FaceError.argument("expected texts by name, got \(key)")
      }
      texts[name] = text
    }
    return texts
  }
}
