// Conversions between element types.
// Reference: https://onnx.ai/onnx/operators/onnx__Cast.html

import Foundation
import TorchCore

extension ONNX {
  enum Casting {
    /// What is asked of a conversion to a small floating point type.
    struct Rounding {
      var saturate = true
      /// For powers of two: `up`, `down` or `nearest`.
      var mode = "up"
    }

    static func cast(_ value: Value, to target: ElementType, _ rounding: Rounding = Rounding()) throws -> Value {
      switch value {
      case .tensor(let tensor, let source):
        if source == target { return value }
        if target == .string { return .strings(try text(of: tensor, source)) }
        return .tensor(try convert(tensor, from: source, to: target, rounding), target)
      case .strings(let strings):
        if target == .string { return value }
        return .tensor(try parse(strings, as: target, rounding), target)
      case .sequence, .none: throw TorchError(.type, "a \(value.type) cannot be cast")
      }
    }

    private static func convert(
      _ tensor: Tensor, from source: ElementType, to target: ElementType, _ rounding: Rounding
    ) throws -> Tensor {
      // Unsigned numbers past the signed range are negative in their carrier.
      var tensor = tensor
      if source == .uint64, target.smallFloat != nil || target.carrier.isFloatingPoint {
        let wide = tensor.to(.float64)
        tensor = torch.where(wide < 0, wide + 0x1p64, wide)
      }
      if let format = target.smallFloat {
        let numbers = try tensor.to(.float32).toArray(Float.self).map { format.round($0, saturate: rounding.saturate) }
        return try Tensor.from(numbers, shape: tensor.shape)
      }
      if target == .float8e8m0 {
        return try Tensor.from(try tensor.toArray(Float.self).map { powerOfTwo($0, rounding) }, shape: tensor.shape)
      }
      if target.isNative { return tensor.to(target.carrier) }
      if target == .uint64, tensor.dtype.isFloatingPoint {
        let numbers = try tensor.toArray(Double.self).map { $0 >= 0x1p63 ? Int(bitPattern: UInt($0 < 0x1p64 ? $0 : 0)) : Int($0.isFinite ? $0 : 0) }
        return try Tensor.from(numbers, shape: tensor.shape)
      }
      let whole = tensor.to(.int64)
      return Call.wrapped(target.bitWidth! < 8 ? (whole .& Tensor.full([], 0xFF, dtype: .int64)).to(.uint8).to(target.carrier) : whole.to(target.carrier), target)
    }

    /// The nearest power of two that has an exponent of 8 bits.
    private static func powerOfTwo(_ value: Float, _ rounding: Rounding) -> Float {
      if value.isNaN || value.sign == .minus && value != 0 { return .nan }
      let top = Float(sign: .plus, exponent: 127, significand: 1)
      let bottom = Float(sign: .plus, exponent: -127, significand: 1)
      if value.isInfinite { return rounding.saturate ? top : .nan }
      if value < bottom { return bottom }
      var exponent = Int(value.exponent)
      let significand = value.significand
      switch rounding.mode {
      case "down": break
      case "nearest": exponent += significand >= 1.5 ? 1 : 0
      default: exponent += significand > 1 ? 1 : 0
      }
      if exponent > 127 { return rounding.saturate ? top : .nan }
      return Float(sign: .plus, exponent: exponent, significand: 1)
    }

    /// Numbers as NumPy writes them.
    private static func text(of tensor: Tensor, _ source: ElementType) throws -> StringTensor {
      let elements: [String] =
        switch source.carrier {
        case .float32: try tensor.toArray(Float.self).map { "\($0)" }
        case .float16, .bfloat16: try tensor.toArray(Float.self).map { "\(Float16($0))" }
        case .float64: try tensor.toArray(Double.self).map { "\($0)" }
        default: try tensor.scalars().map(\.description)
        }
      return StringTensor(elements, shape: Array(tensor.shape))
    }

    private static func parse(_ strings: StringTensor, as target: ElementType, _ rounding: Rounding) throws -> Tensor {
      let shape = try Shape(checking: strings.shape)
      func refuse(_ text: String) -> TorchError { TorchError(.value, "'\(text)' is not a number") }
      if target.integerRange != nil {
        let numbers = try strings.elements.map { text -> Int in
          let trimmed = text.trimmingCharacters(in: .whitespaces)
          if let number = Int(trimmed) { return number }
          guard let number = Double(trimmed), number.isFinite else { throw refuse(text) }
          return Scalar(number).intValue
        }
        return try convert(Tensor.from(numbers, shape: shape), from: .int64, to: target, rounding)
      }
      let numbers = try strings.elements.map { text -> Double in
        guard let number = Double(text.trimmingCharacters(in: .whitespaces).lowercased()) else { throw refuse(text) }
        return number
      }
      return try convert(Tensor.from(numbers, shape: shape).to(.float64), from: .float64, to: target, rounding)
    }

    private static func rounding(_ call: Call) -> Rounding {
      Rounding(saturate: call.bool("saturate", true), mode: call.string("round_mode", "up"))
    }

    static let operators: [OperatorDeclaration] = [
      .values("Cast", since: 6) { call in
        let target = try call.elementType(try call.requiredInt("to"))
        return [try cast(try call.value(0), to: target, rounding(call))]
      },
      .values("CastLike") { call in [try cast(try call.value(0), to: try call.type(1), rounding(call))] },
      .values("BitCast") { call in
        let (x, source) = (try call[0], try call.type(0))
        let target = try call.elementType(try call.requiredInt("to"))
        try call.check(
          source.bitWidth == target.bitWidth, "\(source.name) and \(target.name) have different numbers of bits")
        let bytes = try TensorCodec.encode(x, source)
        return [try bytes.withUnsafeBytes { try TensorCodec.decode($0, target, Array(x.shape), "") }]
      },
    ]
  }
}
