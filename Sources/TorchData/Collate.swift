// How items become a batch: tensors are stacked, numbers become tensors, tuples, arrays and dictionaries are collated
// part by part.
// Reference: https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate

/// A type of items, or of parts of items, that loaders can collate by themselves.
public protocol Collatable: Sendable {
  associatedtype Batch: Sendable
  static func collate(_ items: [Self]) throws -> Batch
}

extension Tensor: Collatable {
  public static func collate(_ items: [Tensor]) throws -> Tensor {
    let batch = torch.stack(items)
    if let failure = batch.failure { throw failure }
    return batch
  }
}

/// A number; a batch of such is a tensor of its dtype (`Int` int64, `Double` float64 as in PyTorch).
public protocol CollatableNumber: Collatable, TensorElement where Batch == Tensor {}

extension CollatableNumber {
  public static func collate(_ items: [Self]) throws -> Tensor { try Tensor.from(items, shape: [items.count]) }
}

extension Int: CollatableNumber {}
extension Int64: CollatableNumber {}
extension Int32: CollatableNumber {}
extension Int16: CollatableNumber {}
extension Int8: CollatableNumber {}
extension UInt8: CollatableNumber {}
extension Float: CollatableNumber {}
extension Double: CollatableNumber {}
extension Bool: CollatableNumber {}

extension String: Collatable {
  public static func collate(_ items: [String]) throws -> [String] { items }
}

/// Arrays of equal length: position by position.
extension Array: Collatable where Element: Collatable {
  public static func collate(_ items: [[Element]]) throws -> [Element.Batch] {
    let length = items.first?.count ?? 0
    guard items.allSatisfy({ $0.count == length }) else {
      throw TorchError(.value, "each element in list of batch should be of equal size")
    }
    return try (0..<length).map { position in try Element.collate(items.map { $0[position] }) }
  }
}

/// Dictionaries with the same keys: key by key.
extension Dictionary: Collatable where Key == String, Value: Collatable {
  public static func collate(_ items: [[String: Value]]) throws -> [String: Value.Batch] {
    guard let first = items.first else { return [:] }
    var batch: [String: Value.Batch] = [:]
    for key in first.keys {
      batch[key] = try Value.collate(
        items.map {
          guard let value = $0[key] else { throw TorchError(.value, "an item of the batch lacks the key \(key)") }
          return value
        })
    }
    return batch
  }
}

/// Collates tuples: the items' first parts, their second parts, and so on.
func collateTuples<each Part: Collatable>(_ items: [(repeat each Part)]) throws -> (repeat (each Part).Batch) {
  var position = 0
  func column<P: Collatable>(_ type: P.Type) throws -> P.Batch {
    defer { position += 1 }
    return try P.collate(
      items.map { item in
        var index = 0
        var found: P?
        func look<V>(_ value: V) {
          if index == position { found = value as? P }
          index += 1
        }
        repeat look(each item)
        return found!
      })
  }
  return (repeat try column((each Part).self))
}
