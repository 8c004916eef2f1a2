// Subscripts: `x[1, ..., 2:5]` as one call.

import CTorch
import Torch

extension ValueReader {
  /// A term of a subscript, as the header describes them.
  fileprivate func term(_ value: st_value) throws -> IndexTerm {
    switch value.kind {
    case ST_INT.rawValue: return .integer(Int(value.i))
    case ST_BOOL.rawValue: return .truth(value.i != 0)
    case ST_NONE.rawValue: return .insertion
    case ST_TENSOR.rawValue: return .tensor(try tensor(value.handle))
    case ST_STRING.rawValue where try text(value) == "...": return .remaining
    case ST_TUPLE.rawValue:
      let bounds = try items(value, 0).map { $0.kind == ST_NONE.rawValue ? nil : Int($0.i) }
      guard bounds.count == 3 else { throw FaceError.argument("a slice has three bounds, got \(bounds.count)") }
      return .range(start: bounds[0], end: bounds[1], step: bounds[2] ?? 1)
    default: throw TorchError(.index, "a value of kind \(value.kind) cannot be part of a subscript")
    }
  }

  fileprivate func terms(_ values: UnsafePointer<st_value>, _ count: Int64) throws -> [IndexTerm] {
    guard count >= 0, count <= 4 * Int64(Shape.maxRank) else {
      throw TorchError(.index, "too many indices for tensor (got \(count))")
    }
    return try (0..<Int(count)).map { try term(values[$0]) }
  }
}

@_cdecl("st_tensor_subscript")
public func tensorSubscript(
  _ handle: st_handle, _ terms: UnsafePointer<st_value>?, _ count: Int64, _ blockBytes: Int64
) -> st_handle {
  protected(0) {
    let terms = try required(terms, "terms")
    return try tensor(handle)[terms: ValueReader(terms, blockBytes).terms(terms, count)].handle()
  }
}

@_cdecl("st_tensor_assign")
public func assignTensor(
  _ handle: st_handle, _ terms: UnsafePointer<st_value>?, _ count: Int64, _ blockBytes: Int64,
  _ value: UnsafePointer<st_value>?
) -> st_status {
  protected {
    let target = try tensor(handle)
    let terms = try required(terms, "terms")
    let source: Tensor
    switch try ValueReader(required(value, "value"), 0).boxed(required(value, "value").pointee) {
    case .tensor(let tensor): source = tensor
    case .scalar(let scalar): source = Tensor.full([], scalar, dtype: target.dtype)
    default: throw TorchError(.type, "can't assign a value of this kind to a tensor")
    }
    target[terms: try ValueReader(terms, blockBytes).terms(terms, count)] = source
  }
}
