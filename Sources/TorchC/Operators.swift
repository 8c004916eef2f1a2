// Operators by schema.

import CTorch
import Foundation
import Torch

/// The registry in an order of its own, by which other languages number operators.
private enum Numbered {
  static let operators = OperatorRegistry.all
  static let numbers = Dictionary(uniqueKeysWithValues: operators.enumerated().map { ($1.name, $0) })
  nonisolated(unsafe) static let schemas: UnsafePointer<CChar> = UnsafePointer(
    strdup(operators.map(\.schema.text).joined(separator: "\n")))
}

@_cdecl("st_schemas")
public func schemas() -> UnsafePointer<CChar>? { Numbered.schemas }

@_cdecl("st_operator_count")
public func operatorCount() -> Int64 { Int64(Numbered.operators.count) }

@_cdecl("st_operator_find")
public func findOperator(_ name: UnsafePointer<CChar>?) -> Int64 {
  guard let name, let number = Numbered.numbers[String(cString: name)] else { return -1 }
  return Int64(number)
}

@_cdecl("st_call")
public func callOperator(
  _ number: Int64, _ arguments: UnsafePointer<st_value>?, _ count: Int64, _ blockBytes: Int64,
  _ results: UnsafeMutablePointer<st_value>?, _ capacity: Int64
) -> Int64 {
  protected(-1) {
    guard number >= 0, number < Numbered.operators.count else {
      throw TorchError(.notImplemented, "there is no operator of number \(number)")
    }
    guard count >= 0, count == 0 || arguments != nil, capacity <= 0 || results != nil else {
      throw FaceError.argument("\(count) arguments at NULL, or \(capacity) results")
    }
    var values: [Value] = []
    if let arguments {
      let reader = try ValueReader(arguments, blockBytes)
      values = try (0..<Int(count)).map { try reader.boxed(arguments[$0]) }
    }
    let outputs = try Numbered.operators[Int(number)].callBoxed(values)
    var stored = 0
    do {
      for output in outputs.prefix(max(Int(capacity), 0)) {
        (results! + stored).initialize(to: try result(output, of: values))
        stored += 1
      }
    } catch {
      for i in 0..<stored { results![i].clear(releasingHandles: true) }
      throw error
    }
    return Int64(outputs.count)
  }
}

/// `output` as a result: an argument that came back is said to be that, so that callers can keep it the same object.
private func result(_ output: Value, of arguments: [Value]) throws -> st_value {
  guard case .tensor(let tensor) = output else { return try st_value(output) }
  guard let same = arguments.firstIndex(where: { $0.tensor === tensor }) else { return try .tensor(tensor) }
  var value = st_value.int(same, ST_TENSOR)
  value.flags = ST_SAME.rawValue
  return value
}
