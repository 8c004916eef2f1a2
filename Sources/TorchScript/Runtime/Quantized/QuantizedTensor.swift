// Quantized tensors of loaded programs: integers with a scale and a zero point.
//
// The core has no such dtype: a quantized tensor is a value of its own here (`IValue.quantized`), whose static type is Tensor.
// What can be done with it stands in `QuantizedOperators.swift`; anything else is an error that names the operator.
// Reference: https://pytorch.org/docs/stable/quantization.html, c10/core/QScheme.h, aten/src/ATen/native/quantized of PyTorch.

extension JIT {
  /// A quantized tensor: `scale · (values − zero point)`.
  public final class QuantizedTensor: Sendable {
    /// How integers stand for numbers.
    public enum Scheme: Sendable {
      case perTensor(scale: Double, zeroPoint: Int)
      /// A scale and a zero point for each index of the dimension `axis`; those of embeddings' weights are no integers.
      case perChannel(scales: [Double], zeroPoints: [Double], axis: Int)
    }

    /// The integers: int8, uint8 or int32.
    public let values: Tensor
    public let scheme: Scheme

    /// - Throws: `TorchError` where the scheme does not fit the values.
    public init(_ values: Tensor, _ scheme: Scheme) throws {
      guard QuantizedTensor.ranges[values.dtype] != nil else {
        throw TorchError(.dtype, "a quantized tensor cannot hold \(values.dtype.scalarTypeName)")
      }
      if case .perChannel(let scales, let zeroPoints, let axis) = scheme {
        guard axis >= 0, axis < values.ndim, scales.count == values.shape[axis], zeroPoints.count == scales.count else {
          throw TorchError(
            .value,
            "\(scales.count) scales and \(zeroPoints.count) zero points for dimension \(axis) of sizes \(values.shape.listDescription)"
          )
        }
      }
      self.values = values
      self.scheme = scheme
    }

    /// The numbers that an element type can hold.
    static let ranges: [DType: ClosedRange<Int>] = [
      .int8: -128...127, .uint8: 0...255, .int32: Int(Int32.min)...Int(Int32.max),
    ]

    /// PyTorch's codes of the dtypes qint8, quint8 and qint32.
    package static let codes: [(code: Int, storage: DType, name: String)] = [
      (12, .int8, "qint8"), (13, .uint8, "quint8"), (14, .int32, "qint32"),
    ]

    var code: Int { QuantizedTensor.codes.first { $0.storage == values.dtype }!.code }

    /// The integers' type for a dtype's code.
    static func storage(_ code: Int) throws -> DType {
      guard let found = codes.first(where: { $0.code == code }) else {
        throw TorchError(.dtype, "a quantized tensor cannot have the dtype with the code \(code)")
      }
      return found.storage
    }

    /// The scale and zero point of the whole tensor.
    func perTensor() throws -> (scale: Double, zeroPoint: Int) {
      guard case .perTensor(let scale, let zeroPoint) = scheme else {
        throw TorchError(.value, "Expected quantizer->qscheme() == kPerTensorAffine to be true, but got false.")
      }
      return (scale, zeroPoint)
    }

    // MARK: To numbers and back

    /// `values − zero point` as floating point numbers of `dtype`.
    func centered(_ dtype: DType) -> Tensor {
      switch scheme {
      case .perTensor(_, let zeroPoint): return values.to(dtype) - Scalar.int(zeroPoint)
      case .perChannel(_, let zeroPoints, let axis):
        if zeroPoints.allSatisfy({ $0 == 0 }) { return values.to(dtype) }
        return values.to(dtype) - alongAxis(Tensor(zeroPoints).to(dtype), axis)
      }
    }

    private func alongAxis(_ numbers: Tensor, _ axis: Int) -> Tensor {
      numbers.view((0..<values.ndim).map { $0 == axis ? -1 : 1 })
    }

    /// The numbers that the integers stand for, float32.
    func dequantized() -> Tensor {
      switch scheme {
      case .perTensor(let scale, _): return centered(.float32) * Scalar.double(Double(Float(scale)))
      case .perChannel(let scales, _, let axis):
        return centered(.float32) * alongAxis(Tensor(scales.map { Float($0) }), axis)
      }
    }

    /// The nearest integers to `x / scale`, even ones of two that are as near.
    static func quantizing(_ x: Tensor, _ scheme: Scheme, _ dtype: DType) throws -> QuantizedTensor {
      let x = x.detach().to(.float32)
      switch scheme {
      case .perTensor(let scale, let zeroPoint):
        return try rounding(x * Scalar.double(Double(1 / Float(scale))), scale, zeroPoint, dtype)
      case .perChannel(let scales, let zeroPoints, let axis):
        guard axis >= 0, axis < x.ndim, scales.count == x.shape[axis], zeroPoints.count == scales.count else {
          throw TorchError(.value, "scales and zero points do not fit dimension \(axis) of \(x.shape.listDescription)")
        }
        let shape = (0..<x.ndim).map { $0 == axis ? -1 : 1 }
        let steps = x * Tensor(scales.map { 1 / Float($0) }).view(shape)
        let range = ranges[dtype]!
        let offsets = Tensor(zeroPoints.map { Float($0) }).view(shape)
        let isWhole = zeroPoints.allSatisfy { $0 == $0.rounded() }
        let values = (isWhole ? steps.round() + offsets : (steps + offsets).round())
          .clamp(min: .int(range.lowerBound), max: .int(range.upperBound))
        return try QuantizedTensor(values.to(dtype), scheme)
      }
    }

    /// Steps of `scale` around the zero point, rounded and kept in the dtype's range.
    static func rounding(
      _ steps: Tensor, _ scale: Double, _ zeroPoint: Int, _ dtype: DType, atLeast least: Int? = nil
    ) throws -> QuantizedTensor {
      let range = ranges[dtype]!
      // float32 has no room for all of int32.
      let wide = dtype == .int32 ? steps.to(.float64) : steps
      let values = (wide.round() + Scalar.int(zeroPoint))
        .clamp(min: .int(max(least ?? range.lowerBound, range.lowerBound)), max: .int(range.upperBound))
      return try QuantizedTensor(values.to(dtype), .perTensor(scale: scale, zeroPoint: zeroPoint))
    }
  }
}

extension JIT.QuantizedTensor: JIT.BuiltinValue {
  static func read(_ value: JIT.IValue) throws -> Self {
    guard case .quantized(let tensor) = value, let tensor = tensor as? Self else {
      throw value.mismatch("quantized Tensor")
    }
    return tensor
  }
  var ivalue: JIT.IValue { .quantized(self) }
}

extension JIT.IValue {
  /// Whether it is a quantized tensor, or a list of some.
  var isQuantized: Bool {
    switch self {
    case .quantized: true
    case .list(let list): list.items.contains { $0.isQuantized }
    default: false
    }
  }
}
