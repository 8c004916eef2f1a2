// Interpolation: nearest, linear and cubic, plain or antialiased, over one to three spatial dimensions.
//
// All are linear maps, so the derivative of each operator is its `_backward`, whose derivative is the operator again. The
// weights are those of ResamplingTable.swift.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html

enum Resampling {
  /// One mode of interpolation, for one number of spatial dimensions.
  private struct Mode {
    let name: String
    let rank: Int
    let method: ResamplingMethod
    /// What PyTorch calls the kernel where it refuses a dtype.
    let kernelName: String

    /// Whether the operators take `align_corners`.
    var aligns: Bool { !method.picks }
  }

  /// What the operators take besides tensors and sizes.
  struct Options: Sendable {
    let alignCorners: Bool
    let scales: [Double?]

    init(_ scales: Double?..., alignCorners: Bool = false) {
      self.init(alignCorners: alignCorners, scales: scales)
    }

    init(alignCorners: Bool, scales: [Double?]) {
      self.alignCorners = alignCorners
      self.scales = scales
    }
  }

  /// The operators of a mode, callable whatever their number of arguments.
  private struct Family: Sendable {
    let forward: @Sendable (Tensor, [Int], Options) -> Tensor
    let backward: @Sendable (Tensor, [Int], [Int], Options) -> Tensor
    let operators: [AnyOperator]
  }

  private static let modes: [Mode] =
    [1, 2, 3].flatMap { rank in
      let kernel = rank == 2 ? "upsample_nearest2d_channels_last" : "compute_indices_weights_nearest"
      return [
        Mode(name: "upsample_nearest\(rank)d", rank: rank, method: .nearest, kernelName: kernel),
        Mode(name: "_upsample_nearest_exact\(rank)d", rank: rank, method: .nearestExact, kernelName: kernel),
      ]
    } + [
      Mode(name: "upsample_linear1d", rank: 1, method: .linear, kernelName: "compute_indices_weights_linear"),
      Mode(name: "upsample_bilinear2d", rank: 2, method: .linear, kernelName: "upsample_bilinear2d_channels_last"),
      Mode(name: "upsample_trilinear3d", rank: 3, method: .linear, kernelName: "compute_indices_weights_linear"),
      Mode(name: "upsample_bicubic2d", rank: 2, method: .cubic, kernelName: "compute_indices_weights_cubic"),
      Mode(name: "_upsample_bilinear2d_aa", rank: 2, method: .smoothLinear, kernelName: "compute_index_ranges_weights"),
      Mode(name: "_upsample_bicubic2d_aa", rank: 2, method: .smoothCubic, kernelName: "compute_index_ranges_weights"),
      Mode(name: "_upsample_lanczos2d_aa", rank: 2, method: .smoothLanczos, kernelName: "compute_index_ranges_weights"),
    ]

  /// By name; derivatives find each other here when they run.
  private static let families: [String: Family] = Dictionary(
    uniqueKeysWithValues: modes.map { ($0.name, $0.aligns ? aligned($0) : picking($0)) })

  /// The operators of a mode that picks elements.
  private static func picking(_ mode: Mode) -> Family {
    let schema = schema(mode)
    switch mode.rank {
    case 1:
      let forward = Operator(
        schema.forward, kernel: { (x: Tensor, size: [Int], a: Double?) in try resampled(mode, x, size, Options(a)) },
        derivative: { _, _, x, size, a in pullback(mode, x, size, Options(a)) })
      let backward = Operator(
        schema.backward, twins: gradInput,
        kernel: { (g: Tensor, size: [Int], input: [Int], a: Double?) in
          try transposed(mode, g, size, input, Options(a))
        }, derivative: { _, _, _, size, _, a in secondPullback(mode, size, Options(a)) })
      return Family(
        forward: { x, size, o in forward(x, size, o.scales[0]) },
        backward: { g, size, input, o in backward(g, size, input, o.scales[0]) },
        operators: [forward, backward, vector(mode)])
    case 2:
      let forward = Operator(
        schema.forward,
        kernel: { (x: Tensor, size: [Int], a: Double?, b: Double?) in try resampled(mode, x, size, Options(a, b)) },
        derivative: { _, _, x, size, a, b in pullback(mode, x, size, Options(a, b)) })
      let backward = Operator(
        schema.backward, twins: gradInput,
        kernel: { (g: Tensor, size: [Int], input: [Int], a: Double?, b: Double?) in
          try transposed(mode, g, size, input, Options(a, b))
        }, derivative: { _, _, _, size, _, a, b in secondPullback(mode, size, Options(a, b)) })
      return Family(
        forward: { x, size, o in forward(x, size, o.scales[0], o.scales[1]) },
        backward: { g, size, input, o in backward(g, size, input, o.scales[0], o.scales[1]) },
        operators: [forward, backward, vector(mode)])
    default:
      let forward = Operator(
        schema.forward,
        kernel: { (x: Tensor, size: [Int], a: Double?, b: Double?, c: Double?) in
          try resampled(mode, x, size, Options(a, b, c))
        },
        derivative: { _, _, x, size, a, b, c in pullback(mode, x, size, Options(a, b, c)) })
      let backward = Operator(
        schema.backward, twins: gradInput,
        kernel: { (g: Tensor, size: [Int], input: [Int], a: Double?, b: Double?, c: Double?) in
          try transposed(mode, g, size, input, Options(a, b, c))
        }, derivative: { _, _, _, size, _, a, b, c in secondPullback(mode, size, Options(a, b, c)) })
      return Family(
        forward: { x, size, o in forward(x, size, o.scales[0], o.scales[1], o.scales[2]) },
        backward: { g, size, input, o in backward(g, size, input, o.scales[0], o.scales[1], o.scales[2]) },
        operators: [forward, backward, vector(mode)])
    }
  }

  /// The operators of a mode that takes `align_corners`.
  private static func aligned(_ mode: Mode) -> Family {
    let schema = schema(mode)
    switch mode.rank {
    case 1:
      let forward = Operator(
        schema.forward,
        kernel: { (x: Tensor, size: [Int], align: Bool, a: Double?) in
          try resampled(mode, x, size, Options(a, alignCorners: align))
        },
        derivative: { _, _, x, size, align, a in pullback(mode, x, size, Options(a, alignCorners: align)) })
      let backward = Operator(
        schema.backward, twins: gradInput,
        kernel: { (g: Tensor, size: [Int], input: [Int], align: Bool, a: Double?) in
          try transposed(mode, g, size, input, Options(a, alignCorners: align))
        }, derivative: { _, _, _, size, _, align, a in secondPullback(mode, size, Options(a, alignCorners: align)) })
      return Family(
        forward: { x, size, o in forward(x, size, o.alignCorners, o.scales[0]) },
        backward: { g, size, input, o in backward(g, size, input, o.alignCorners, o.scales[0]) },
        operators: [forward, backward, vector(mode)])
    case 2:
      let forward = Operator(
        schema.forward,
        kernel: { (x: Tensor, size: [Int], align: Bool, a: Double?, b: Double?) in
          try resampled(mode, x, size, Options(a, b, alignCorners: align))
        },
        derivative: { _, _, x, size, align, a, b in pullback(mode, x, size, Options(a, b, alignCorners: align)) })
      let backward = Operator(
        schema.backward, twins: gradInput,
        kernel: { (g: Tensor, size: [Int], input: [Int], align: Bool, a: Double?, b: Double?) in
          try transposed(mode, g, size, input, Options(a, b, alignCorners: align))
        },
        derivative: { _, _, _, size, _, align, a, b in secondPullback(mode, size, Options(a, b, alignCorners: align)) })
      return Family(
        forward: { x, size, o in forward(x, size, o.alignCorners, o.scales[0], o.scales[1]) },
        backward: { g, size, input, o in backward(g, size, input, o.alignCorners, o.scales[0], o.scales[1]) },
        operators: [forward, backward, vector(mode)])
    default:
      let forward = Operator(
        schema.forward,
        kernel: { (x: Tensor, size: [Int], align: Bool, a: Double?, b: Double?, c: Double?) in
          try resampled(mode, x, size, Options(a, b, c, alignCorners: align))
        },
        derivative: { _, _, x, size, align, a, b, c in pullback(mode, x, size, Options(a, b, c, alignCorners: align)) })
      let backward = Operator(
        schema.backward, twins: gradInput,
        kernel: { (g: Tensor, size: [Int], input: [Int], align: Bool, a: Double?, b: Double?, c: Double?) in
          try transposed(mode, g, size, input, Options(a, b, c, alignCorners: align))
        },
        derivative: { _, _, _, size, _, align, a, b, c in
          secondPullback(mode, size, Options(a, b, c, alignCorners: align))
        })
      return Family(
        forward: { x, size, o in forward(x, size, o.alignCorners, o.scales[0], o.scales[1], o.scales[2]) },
        backward: { g, size, input, o in backward(g, size, input, o.alignCorners, o.scales[0], o.scales[1], o.scales[2])
        },
        operators: [forward, backward, vector(mode)])
    }
  }

  private static let gradInput = Twins.out("grad_input", names: ["grad_input"])

  private static func schema(_ mode: Mode) -> (forward: String, backward: String) {
    let scales = mode.rank == 1 ? ["scales"] : ["scales_d", "scales_h", "scales_w"].suffix(mode.rank)
    let aligns = mode.aligns ? ", bool align_corners" : ""
    let tail = aligns + scales.map { ", float? \($0)=None" }.joined() + ") -> Tensor"
    let size = "SymInt[\(mode.rank)] output_size"
    return (
      "\(mode.name)(Tensor self, \(size)\(tail)",
      "\(mode.name)_backward(Tensor grad_output, \(size), SymInt[\(mode.rank + 2)] input_size\(tail)"
    )
  }

  private static func pullback(_ mode: Mode, _ x: Tensor, _ size: [Int], _ options: Options) -> Pullback {
    let inputSize = Array(x.shape)
    return { g in [families[mode.name]!.backward(g[0], size, inputSize, options)] }
  }

  private static func secondPullback(_ mode: Mode, _ size: [Int], _ options: Options) -> Pullback {
    { gg in [families[mode.name]!.forward(gg[0], size, options)] }
  }

  // MARK: Kernels

  private static func resampled(_ mode: Mode, _ x: Tensor, _ size: [Int], _ options: Options) throws -> Tensor {
    try checkSizes(mode, Array(x.shape), size)
    guard x.shape.dropFirst().allSatisfy({ $0 > 0 }) else {
      throw TorchError(
        .shape,
        "Non-empty \(mode.rank + 2)D data tensor expected but got a tensor with sizes \(x.shape.listDescription)")
    }
    let takesBytes = mode.method.picks || mode.rank == 2
    let isFloat = x.dtype.isFloatingPoint && (!mode.method.isSmooth || x.dtype == .float32 || x.dtype == .float64)
    guard isFloat || takesBytes && x.dtype == .uint8 else {
      throw TorchError(.notImplemented, "\"\(mode.kernelName)\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
    if x.numel == 0 { return try Tensor.uninitialized(Shape(Array(x.shape.prefix(2)) + size), x.dtype) }
    return try x.backend.resample(
      try x.rowMajor(), tables(mode, Array(x.shape.dropFirst(2)), size, options, x.dtype))
  }

  private static func transposed(
    _ mode: Mode, _ g: Tensor, _ size: [Int], _ inputSize: [Int], _ options: Options
  ) throws -> Tensor {
    let rank = mode.rank
    try checkSizes(mode, inputSize, size)
    guard g.ndim == rank + 2 else {
      throw TorchError(
        .shape, "Expected grad_output to be a tensor of dimension \(rank + 2) but got: dimension \(g.ndim)")
    }
    let expected = Array(inputSize.prefix(2)) + size
    for (i, (wanted, found)) in zip(expected, g.shape).enumerated() where wanted != found {
      throw TorchError(
        .shape,
        "Expected grad_output to have the same shape as output; output.size(\(i)) = \(wanted) but got grad_output.size(\(i)) = \(found)"
      )
    }
    guard g.dtype.isFloatingPoint, !mode.method.isSmooth || g.dtype == .float32 || g.dtype == .float64 else {
      throw TorchError(.notImplemented, "\"\(mode.name)_backward_cpu\" not implemented for '\(g.dtype.scalarTypeName)'")
    }
    if g.numel == 0 { return Tensor.zeros(Shape(inputSize), dtype: g.dtype) }
    let forward = try tables(mode, Array(inputSize.dropFirst(2)), size, options, g.dtype)
    return try g.backend.resample(try g.rowMajor(), forward.map { $0.transposed() })
  }

  private static func tables(
    _ mode: Mode, _ input: [Int], _ output: [Int], _ options: Options, _ dtype: DType
  ) throws -> [ResamplingTable] {
    try input.indices.map { i in
      try Storage.checkRoom(for: output[i], of: 32)
      return ResamplingTable(
        mode.method, input[i], output[i], alignCorners: options.alignCorners, scale: options.scales[i], dtype)
    }
  }

  private static func checkSizes(_ mode: Mode, _ inputSize: [Int], _ outputSize: [Int]) throws {
    let rank = mode.rank
    guard outputSize.count == rank else {
      throw TorchError(.value, "It is expected output_size equals to \(rank), but got size \(outputSize.count)")
    }
    guard inputSize.count == rank + 2 else {
      throw TorchError(.shape, "It is expected input_size equals to \(rank + 2), but got size \(inputSize.count)")
    }
    guard (inputSize.dropFirst(2) + outputSize).allSatisfy({ $0 > 0 }) else {
      let names = ["D", "H", "W"].suffix(rank)
      func text(_ sizes: some Sequence<Int>) -> String {
        "(" + zip(names, sizes).map { "\($0): \($1)" }.joined(separator: ", ") + ")"
      }
      throw TorchError(
        .shape,
        "Input and output sizes should be greater than 0, but got input \(text(inputSize.dropFirst(2)))\(rank == 1 ? " and" : "") output \(text(outputSize))"
      )
    }
  }

  // MARK: Sizes or scales

  /// The overload that takes either the sizes of the result or how many times greater they are.
  private static func vector(_ mode: Mode) -> AnyOperator {
    let hasOut = mode.name == "upsample_nearest2d" || mode.name == "upsample_bilinear2d"
    let twins = hasOut ? Twins.out("vec_out") : Twins.none
    if mode.aligns {
      return Operator(
        composite:
          "\(mode.name).vec(Tensor input, SymInt[]? output_size, bool align_corners, float[]? scale_factors) -> Tensor",
        twins: twins
      ) { (x: Tensor, size: [Int]?, aligns: Bool, scales: [Double]?) in
        try call(mode.name, x, size, scales, aligns)
      }
    }
    return Operator(
      composite: "\(mode.name).vec(Tensor input, SymInt[]? output_size, float[]? scale_factors) -> Tensor", twins: twins
    ) { (x: Tensor, size: [Int]?, scales: [Double]?) in try call(mode.name, x, size, scales, false) }
  }

  private static func call(
    _ name: String, _ x: Tensor, _ size: [Int]?, _ scales: [Double]?, _ aligns: Bool
  ) throws -> Tensor {
    let rank = x.ndim - 2
    func checkCount(_ matches: Bool, _ what: String) throws {
      guard !matches else { return }
      throw TorchError(
        .value,
        "Expected static_cast<int64_t>(\(what)->size()) == spatial_dimensions to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
      )
    }
    let output: [Int]
    switch (size, scales) {
    case (let size?, nil):
      try checkCount(size.count == rank, "output_size")
      output = size
    case (nil, let scales?):
      try checkCount(scales.count == rank, "scale_factors")
      output = try zip(x.shape.dropFirst(2), scales).map { size, scale in
        guard let product = Int(exactly: (Double(size) * scale).rounded(.towardZero)) else {
          throw TorchError(.value, "value cannot be converted to type int64_t without overflow")
        }
        return product
      }
    default: throw TorchError(.value, "Must specify exactly one of output_size and scale_factors")
    }
    let options = Options(alignCorners: aligns, scales: scales ?? Array(repeating: nil, count: Swift.max(rank, 0)))
    guard let mode = modes.first(where: { $0.name == name }), options.scales.count == mode.rank else {
      throw TorchError(
        .shape,
        "It is expected input_size equals to \((modes.first { $0.name == name }?.rank ?? 0) + 2), but got size \(x.ndim)"
      )
    }
    return families[name]!.forward(x, output, options)
  }

  /// The operator `name` of sizes or scales, for the public functions.
  static func interpolate(_ name: String, _ x: Tensor, _ size: [Int]?, _ scales: [Double]?, _ aligns: Bool) -> Tensor {
    let op = "aten::\(name).vec"
    let lists: [Value] = [size.boxed, scales.boxed]
    let mode = modes.first { $0.name == name }!
    let arguments: [Value] = [.tensor(x), lists[0]] + (mode.aligns ? [.bool(aligns)] : []) + [lists[1]]
    do {
      return try OperatorRegistry.call(op, arguments)[0].tensor!
    } catch {
      return .invalid(error as! TorchError)
    }
  }

  static let operators: [AnyOperator] = modes.flatMap { families[$0.name]!.operators }
}

extension torch {
  /// Interpolation by operator name (`upsample_bilinear2d`), to sizes or by scales.
  package static func upsample(
    _ name: String, _ x: Tensor, size: [Int]?, scales: [Double]?, alignCorners: Bool = false
  ) -> Tensor { Resampling.interpolate(name, x, size, scales, alignCorners) }
}
