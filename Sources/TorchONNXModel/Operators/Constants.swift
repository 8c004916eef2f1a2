// Tensors made of nothing or of numbers.

import SwiftProtobuf
import TorchCore

extension ONNX {
  enum Constants {
    private static func constant(_ call: Call) throws -> [Value] {
      switch call.step.attributes.first?.value {
      case .value(let value)?: return [value]
      case .int(let value)?: return [Value(Tensor.full([], .int(value), dtype: .int64))]
      case .ints(let values)?: return [Value(Tensor(values, dtype: .int64))]
      case .float(let value)?: return [Value(Tensor.full([], .double(value), dtype: .float32))]
      case .floats(let values)?: return [Value(Tensor(values, dtype: .float32))]
      case .string(let text)?: return [.strings(StringTensor([text], shape: []))]
      case .strings(let texts)?: return [.strings(StringTensor(texts, shape: [texts.count]))]
      default: throw TorchError(.value, "it has no value")
      }
    }

    private static func range(_ call: Call) throws -> Tensor {
      let (start, limit, delta) = (try call[0], try call[1].item(), try call[2].item())
      let first = try start.item()
      let count: Double
      if case .int(let a) = first, case .int(let b) = limit, case .int(let step) = delta {
        try call.check(step != 0, "delta is 0")
        count = (Double(b) - Double(a)) / Double(step)
      } else {
        count = (limit.doubleValue - first.doubleValue) / delta.doubleValue
      }
      try call.check(count.isFinite && count < 0x1p40, "from \(first) to \(limit) by \(delta) are too many numbers")
      let steps = Tensor.arange(.int(max(Int(count.rounded(.up)), 0)))
      if !start.dtype.isFloatingPoint { return (steps * delta.intValue + first.intValue).to(start.dtype) }
      return (steps.to(.float64) * delta.doubleValue + first.doubleValue).to(start.dtype)
    }

    static let operators: [OperatorDeclaration] = [
      .values("Constant", constant),
      .values("ConstantOfShape") { call in
        let shape = try TensorCodec.shape(try call.ints(0), "the result")
        guard case .value(let value)? = call.step.attributes["value"] else {
          return [Value(Tensor.zeros(shape, dtype: .float32))]
        }
        switch value {
        case .tensor(let tensor, let type):
          try call.check(tensor.numel == 1, "the value must be one number")
          return [.tensor(Tensor.full(shape, try tensor.item(), dtype: tensor.dtype), type)]
        default: throw TorchError(.type, "the value must be a number")
        }
      },
      .values("EyeLike") { call in
        let x = try call[0]
        try call.check(x.ndim == 2, "the input must be a matrix, its sizes are \(x.shape)")
        let type = call.has("dtype") ? try call.elementType(call.int("dtype", 1)) : try call.type(0)
        let (rows, columns, k) = (x.shape[0], x.shape[1], call.int("k", 0))
        let difference = Tensor.arange(.int(columns)).unsqueeze(0) - Tensor.arange(.int(rows)).unsqueeze(1)
        return [.tensor((difference .== k).to(type.carrier), type)]
      },
      .tensor("Range", range),
    ]
  }
}
