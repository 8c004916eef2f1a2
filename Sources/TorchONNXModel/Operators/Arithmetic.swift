// Arithmetic of several tensors, with broadcasting.
//
// 64-bit unsigned numbers are carried by signed ones: sums and products are the same bits, order and division are not,
// which is why both go by way of `UnsignedOrder`.

import TorchCore

extension ONNX {
  /// Unsigned 64-bit numbers in signed tensors.
  enum UnsignedOrder {
    /// A tensor that compares as the unsigned numbers do: the sign bit is flipped. Its own inverse.
    static func flipped(_ tensor: Tensor, _ type: ElementType) -> Tensor {
      type == .uint64 ? tensor .^ Tensor.full([], .int(.min), dtype: .int64) : tensor
    }

    /// `operation` on unsigned numbers, element by element.
    static func apply(_ a: Tensor, _ b: Tensor, _ operation: (UInt64, UInt64) -> UInt64) throws -> Tensor {
      let both = [a.broadcast(with: b), b.broadcast(with: a)]
      let (x, y) = (try both[0].toArray(Int.self), try both[1].toArray(Int.self))
      return try Tensor.from(
        zip(x, y).map { Int(bitPattern: UInt(operation(UInt64(bitPattern: Int64($0)), UInt64(bitPattern: Int64($1))))) },
        shape: both[0].shape)
    }
  }

  enum Arithmetic {
    private static func binary(
      _ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
    ) -> OperatorDeclaration {
      .tensor(name, since: 7) { call in function(try call[0], try call[1]) }
    }

    /// Up to opset 6 the second operand broadcasts from dimension `axis` of the first on.
    static func aligned(_ call: Call) throws -> Tensor {
      let (a, b) = (try call[0], try call[1])
      guard call.bool("broadcast"), call.has("axis"), b.ndim < a.ndim else { return b }
      let axis = try call.axis(call.int("axis", 0), a.ndim)
      try call.check(axis + b.ndim <= a.ndim, "\(b.shape) does not fit \(a.shape) from dimension \(axis) on")
      return b.reshape(Array(b.shape) + Array(repeating: 1, count: a.ndim - axis - b.ndim))
    }

    private static func old(_ name: String, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> OperatorDeclaration {
      .tensor(name) { call in function(try call[0], try aligned(call)) }
    }

    /// An operator of any number of tensors.
    private static func folding(
      _ name: String, ordered: Bool, _ function: @escaping @Sendable (Tensor, Tensor) -> Tensor
    ) -> OperatorDeclaration {
      .tensor(name, since: 6) { call in
        let type = ordered ? try call.type(0) : .int64
        let tensors = try call.tensors.map { UnsignedOrder.flipped($0, type) }
        try call.check(!tensors.isEmpty, "there are no inputs")
        return UnsignedOrder.flipped(tensors.dropFirst().reduce(tensors[0], function), type)
      }
    }

    static let operators: [OperatorDeclaration] = [
      old("Add") { $0 + $1 }, old("Sub") { $0 - $1 }, old("Mul") { $0 * $1 }, old("Pow") { $0.pow($1) },
      old("Div") { $0.dtype.isDifferentiable ? $0 / $1 : $0.div($1, rounding: .trunc) },
      binary("Add") { $0 + $1 },
      binary("Sub") { $0 - $1 },
      binary("Mul") { $0 * $1 },
      .tensor("Div", since: 7) { call in
        let (a, b) = (try call[0], try call[1])
        if a.dtype.isDifferentiable { return a / b }
        if try call.type(0) == .uint64, try ((a < 0).any().item(Bool.self) || (b < 0).any().item(Bool.self)) {
          try call.check(!(b .== 0).any().item(Bool.self), "division by zero")
          return try UnsignedOrder.apply(a, b, /)
        }
        return a.div(b, rounding: .trunc)
      },
      .tensor("Mod", since: 10) { call in
        let (a, b) = (try call[0], try call[1])
        if try call.type(0) == .uint64, try ((a < 0).any().item(Bool.self) || (b < 0).any().item(Bool.self)) {
          try call.check(!(b .== 0).any().item(Bool.self), "division by zero")
          return try UnsignedOrder.apply(a, b, %)
        }
        return call.bool("fmod") ? a.fmod(b) : a.remainder(b)
      },
      .tensor("Pow", since: 7) { call in
        let (a, b) = (try call[0], try call[1])
        return a.pow(b).to(a.dtype)
      },
      folding("Sum", ordered: false) { $0 + $1 },
      folding("Max", ordered: true) { $0.maximum($1) },
      folding("Min", ordered: true) { $0.minimum($1) },
      .tensor("Mean", since: 6) { call in
        let tensors = try call.tensors
        return tensors.dropFirst().reduce(tensors[0]) { $0 + $1 } / tensors.count
      },
      .tensor("Clip") { call in
        let x = try call[0]
        return x.clamp(
          min: call.has("min") ? .double(call.float("min", 0)) : nil,
          max: call.has("max") ? .double(call.float("max", 0)) : nil)
      },
      .tensor("Clip", since: 11, settings: [1, 2]) { call in
        let type = try call.type(0)
        let x = UnsignedOrder.flipped(try call[0], type)
        let low = try call.optional(1).map { UnsignedOrder.flipped($0, type) }
        let high = try call.optional(2).map { UnsignedOrder.flipped($0, type) }
        if low == nil, high == nil { return try call[0] }
        return UnsignedOrder.flipped(x.clamp(min: low, max: high), type)
      },
      binary("BitwiseAnd") { $0 .& $1 },
      binary("BitwiseOr") { $0 .| $1 },
      binary("BitwiseXor") { $0 .^ $1 },
      .tensor("BitShift", since: 11) { call in
        let (x, by) = (try call[0].to(.int64), try call[1].to(.int64))
        let left = call.string("direction", "LEFT") == "LEFT"
        let type = try call.type(0)
        let width = UInt64(type.bitWidth ?? 64)
        let shifted = try UnsignedOrder.apply(x, by) { bits, distance in
          // A negative distance is a large one, which shifts everything out.
          if left { return distance < width ? bits << distance : 0 }
          if type.isUnsigned { return distance < width ? bits >> distance : 0 }
          return UInt64(bitPattern: Int64(bitPattern: bits) >> Int64(min(distance, 63)))
        }
        return shifted.to(try call[0].dtype)
      },
    ]
  }
}

extension Tensor {
  /// This tensor expanded to the sizes that it and `other` have together.
  func broadcast(with other: Tensor) -> Tensor {
    let rank = Swift.max(ndim, other.ndim)
    let sizes = (0..<rank).map { i -> Int in
      let a = i + ndim - rank >= 0 ? shape[i + ndim - rank] : 1
      let b = i + other.ndim - rank >= 0 ? other.shape[i + other.ndim - rank] : 1
      return a == 1 ? b : a
    }
    return expand(sizes)
  }
}
