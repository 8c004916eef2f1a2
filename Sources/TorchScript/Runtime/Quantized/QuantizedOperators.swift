// What operators do with quantized tensors.
//
// Sums of products of integers are exact (float64), and rounded once, as PyTorch's kernels do. An operator that only moves
// elements works on the integers; a linear one on the integers less their zero point; others on the numbers that they stand for.
// Reference: aten/src/ATen/native/quantized/cpu of PyTorch.

extension JIT {
  enum QuantizedOperators {
    typealias Invocation = ([IValue]) throws -> IValue

    /// Calls an operator or builtin, some arguments of which are quantized tensors.
    /// - Parameter invoke: The operator for plain tensors.
    static func call(_ name: String, _ arguments: [IValue], _ invoke: Invocation) throws -> IValue {
      if reading.contains(name) { return try invoke(arguments.map { plain($0) }) }
      if moving.contains(name) { return try move(arguments, invoke) }
      if let body = special[name] { return try body(arguments) }
      guard case .quantized(let x)? = arguments.first else { throw refusal(name) }
      let (scale, zeroPoint) = try x.perTensor()
      let rest = arguments.dropFirst()
      if ordered.contains(name) {
        return try rewrap(invoke([.tensor(x.values.to(.float32))] + rest)) { values in
          try QuantizedTensor(values.to(x.values.dtype), x.scheme)
        }
      }
      if linear.contains(name) {
        // In float64, so that what lies in the middle between two integers does so in float32, whatever the order of sums.
        return try rewrap(invoke([.tensor(x.centered(.float64))] + rest)) { steps in
          try QuantizedTensor.rounding(steps.to(.float32), scale, zeroPoint, x.values.dtype)
        }
      }
      // What writes to its argument has the same name with a line behind it.
      let isInPlace = name.hasSuffix("_")
      let plainName = isInPlace ? String(name.dropLast()) : name
      let result: QuantizedTensor
      if let range = outputRanges[plainName] {
        let y = try Tensor.read(invoke([.tensor(x.dequantized())] + rest))
        let zeroPoint = x.values.dtype == .int8 ? range.zeroPoint - 128 : range.zeroPoint
        result = try .quantizing(y, .perTensor(scale: range.scale, zeroPoint: zeroPoint), x.values.dtype)
      } else if pointwise.contains(plainName) {
        let y = try Tensor.read(invoke([.tensor(x.dequantized())] + rest))
        result = try .quantizing(y, x.scheme, x.values.dtype)
      } else {
        throw refusal(name)
      }
      guard isInPlace else { return .quantized(result) }
      x.values.copy_(result.values)
      return arguments[0]
    }

    /// The body of a builtin, which takes quantized tensors as well.
    static func accepting(_ builtin: Builtin) -> Invocation {
      let (name, body) = (builtin.schema.name, builtin.body)
      if name.hasPrefix("quantized::") { return body }
      return { arguments in
        do { return try body(arguments) } catch where arguments.contains(where: \.isQuantized) {
          return try call(name, arguments, body)
        }
      }
    }

    private static func refusal(_ name: String) -> TorchError {
      TorchError(
        .notImplemented, "Could not run '\(name)' with arguments from the 'QuantizedCPU' backend: it is not supported here")
    }

    // MARK: Kinds of operators

    /// They ask about sizes and places.
    private static let reading: Set<String> = [
      "aten::size", "aten::dim", "aten::numel", "aten::len", "aten::stride", "aten::is_contiguous", "prim::device",
      "aten::sym_size", "aten::storage_offset", "prim::layout", "aten::is_pinned", "prim::shape", "aten::get_device",
      "prim::requires_grad", "aten::requires_grad", "aten::is_floating_point", "prim::is_cuda", "aten::_shape_as_tensor",
    ]

    /// They move elements, or look at some of them.
    private static let moving: Set<String> = Set(
      [
        "view", "reshape", "flatten", "unflatten", "permute", "transpose", "t", "squeeze", "unsqueeze", "slice", "select",
        "contiguous", "clone", "detach", "expand", "index_select", "chunk", "split", "split_with_sizes", "unbind", "narrow",
        "flip", "roll", "repeat", "alias", "dropout", "feature_dropout", "channel_shuffle", "native_channel_shuffle",
        "pixel_shuffle", "pixel_unshuffle", "movedim", "moveaxis", "view_as", "reshape_as", "tensor_split", "unsafe_chunk",
        "unsafe_split",
      ].map { "aten::" + $0 })

    /// They take one of the elements, or the greatest.
    private static let ordered: Set<String> = Set(
      [
        "max_pool1d", "max_pool2d", "max_pool3d", "adaptive_max_pool2d", "upsample_nearest1d", "upsample_nearest2d",
        "upsample_nearest3d", "reflection_pad1d", "reflection_pad2d", "replication_pad1d", "replication_pad2d", "amax", "amin",
      ].map { "aten::" + $0 })

    private static let linear: Set<String> = Set(
      [
        "mean", "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
        "upsample_bilinear2d", "upsample_linear1d", "upsample_trilinear3d", "upsample_bicubic2d", "__interpolate",
        "constant_pad_nd", "pad", "zero_pad2d",
      ].map { "aten::" + $0 })

    private static let pointwise: Set<String> = Set(
      ["relu", "relu6", "hardtanh", "clamp", "clip", "clamp_min", "clamp_max", "leaky_relu", "elu", "hardswish", "threshold"]
        .map { "aten::" + $0 })

    /// Functions whose results lie between known numbers have these scales and zero points (of quint8).
    private static let outputRanges: [String: (scale: Double, zeroPoint: Int)] = [
      "aten::sigmoid": (1.0 / 256, 0), "aten::hardsigmoid": (1.0 / 256, 0), "aten::tanh": (2.0 / 256, 128),
    ]

    // Closures without captures.
    nonisolated(unsafe) private static let special: [String: ([IValue]) throws -> IValue] = [
      "prim::dtype": { try .int(QuantizedTensor.read($0[0]).code) },
      "prim::is_quantized": { _ in .bool(true) },
      // The result has the first one's scale.
      "aten::cat": { x in
        let parts = try parts(x[0])
        let (scale, zeroPoint) = try parts[0].perTensor()
        return try concatenated(parts, Int.read(x[1]), scale, zeroPoint)
      },
      "aten::to": { x in
        // To where it is already: dtypes are for plain tensors.
        guard x.dropFirst().allSatisfy({ if case .int = $0 { false } else { true } }) else { throw refusal("aten::to") }
        return x[0]
      },
    ]

    // MARK: Parts

    private static func plain(_ value: IValue) -> IValue {
      switch value {
      case .quantized(let x): .tensor(x.values)
      case .list(let list) where value.isQuantized: .list(ListObject(.tensor, list.items.map { plain($0) }))
      default: value
      }
    }

    private static func move(_ arguments: [IValue], _ invoke: Invocation) throws -> IValue {
      guard case .quantized(let x)? = arguments.first else { throw refusal("a list of tensors") }
      let result = try invoke(arguments.map { plain($0) })
      return try rewrap(result) { values in
        if case .perChannel = x.scheme, values.shape != x.values.shape {
          throw TorchError(.notImplemented, "a tensor that is quantized per channel cannot get another shape")
        }
        return try QuantizedTensor(values, x.scheme)
      }
    }

    private static func rewrap(_ result: IValue, _ make: (Tensor) throws -> QuantizedTensor) throws -> IValue {
      switch result {
      case .tensor(let tensor): .quantized(try make(tensor))
      case .list(let list): .list(ListObject(list.elementType, try list.items.map { try rewrap($0, make) }))
      default: result
      }
    }

    static func parts(_ list: IValue) throws -> [QuantizedTensor] {
      let parts = try ListObject.read(list).items.map { try QuantizedTensor.read($0) }
      guard !parts.isEmpty else { throw TorchError(.value, "expected a non-empty list of Tensors") }
      return parts
    }

    static func concatenated(
      _ parts: [QuantizedTensor], _ dim: Int, _ scale: Double, _ zeroPoint: Int, least: Int? = nil
    ) throws -> IValue {
      let numbers = torch.cat(parts.map { $0.dequantized() }, dim: dim)
      let steps = numbers * Scalar.double(Double(1 / Float(scale)))
      return .quantized(try .rounding(steps, scale, zeroPoint, parts[0].values.dtype, atLeast: least))
    }
  }
}
