// Convolutions. One operator, `aten::convolution`, does all; its three linear maps (forward, by data, by weight)
// are each other's derivatives, so derivatives of any order come of them.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html

enum Convolution {
  typealias Signature = Operator<Tensor, Tensor, Tensor?, [Int], [Int], [Int], Bool, [Int], Int, Tensor>
  typealias BackwardSignature =
    Operator<Tensor, Tensor, Tensor, [Int]?, [Int], [Int], [Int], Bool, [Int], Int, [Bool], [Tensor]>

  /// y = x ∗ weight + bias. x is (N, C, …), weight (M, C / groups, kernel…), transposed (C, M / groups, kernel…).
  static let convolution: Signature = Operator(
    "convolution(Tensor input, Tensor weight, Tensor? bias, SymInt[] stride, SymInt[] padding, SymInt[] dilation, bool transposed, SymInt[] output_padding, SymInt groups) -> Tensor",
    kernel: { (x, weight, bias, stride, padding, dilation, transposed, outputPadding, groups) in
      let geometry = try ConvolutionGeometry(
        x, weight, stride: stride, padding: padding, dilation: dilation, transposed: transposed,
        outputPadding: outputPadding, groups: groups)
      let channels = transposed ? geometry.inChannels : geometry.outChannels
      if let bias, bias.dtype != x.dtype {
        throw TorchError(
          .dtype, "Input type (\(x.dtype.cName)) and bias type (\(bias.dtype.cName)) should be the same")
      }
      if let bias, bias.shape != [channels] {
        throw TorchError(
          .shape,
          "Given weight of size \(weight.shape.listDescription), expected bias to be 1-dimensional with \(channels) elements, but got bias of size \(bias.shape.listDescription) instead")
      }
      // What oneDNN does not do in 16 bits is done in float32 and rounded once.
      let isWide = x.dtype == .float16 || x.dtype == .bfloat16 && transposed && bias != nil
      func operand(_ t: Tensor) -> Tensor { isWide ? t.to(.float32) : t }
      let (source, kernel) = (operand(x), operand(weight))
      let y: Tensor
      if transposed {
        let product = try x.backend.convolveByData(geometry, source, kernel)
        y = bias.map { product + operand($0).reshape([-1] + geometry.input.map { _ in 1 }) } ?? product
      } else {
        y = try x.backend.convolve(geometry, source, kernel, bias: bias.map(operand))
      }
      return isWide ? y.to(x.dtype) : y
    },
    derivative: { record, _, x, weight, bias, stride, padding, dilation, transposed, outputPadding, groups in
      let (sx, sw) = (record.save(x), record.save(weight))
      let biasSizes = bias.map { Array($0.shape) }
      let mask = [record.needs(0), record.needs(1), bias != nil && record.needs(2)]
      return { g in
        let all = backward(
          g[0], try sx.value.conj(), try sw.value.conj(), biasSizes, stride, padding, dilation, transposed,
          outputPadding, groups, mask)
        return zip(mask, all).map { $0 ? $1 : nil }
      }
    })

  static let backward: BackwardSignature = Operator(
    "convolution_backward(Tensor grad_output, Tensor input, Tensor weight, SymInt[]? bias_sizes, SymInt[] stride, SymInt[] padding, SymInt[] dilation, bool transposed, SymInt[] output_padding, SymInt groups, bool[3] output_mask) -> (Tensor, Tensor, Tensor)",
    twins: .none,
    kernel: { (g, x, weight, _, stride, padding, dilation, transposed, outputPadding, groups, mask) in
      let geometry = try ConvolutionGeometry(
        x, weight, stride: stride, padding: padding, dilation: dilation, transposed: transposed,
        outputPadding: outputPadding, groups: groups)
      let none = try Tensor.uninitialized([0], x.dtype)
      let byData: () throws -> Tensor = {
        transposed ? try g.backend.convolve(geometry, g, weight, bias: nil) : try g.backend.convolveByData(geometry, g, weight)
      }
      let spatial = Array(2..<g.ndim)
      if mask[1], mask[2], !transposed {
        // oneDNN sums the bias's gradient along with the weight's.
        let (byWeight, byBias) = try g.backend.convolveByWeight(geometry, x, g, wantsBias: true)
        return [mask[0] ? try byData() : none, byWeight, byBias ?? g.sum(dim: [0] + spatial)]
      }
      let byWeight =
        mask[1]
        ? try g.backend.convolveByWeight(geometry, transposed ? g : x, transposed ? x : g, wantsBias: false).weight : none
      return [mask[0] ? try byData() : none, byWeight, mask[2] ? g.sum(dim: [0] + spatial) : none]
    },
    derivative: { record, _, g, x, weight, _, stride, padding, dilation, transposed, outputPadding, groups, _ in
      let (sg, sx, sw) = (record.save(g), record.save(x), record.save(weight))
      func apply(_ x: Tensor, _ w: Tensor, _ bias: Tensor? = nil) -> Tensor {
        convolution(x, w, bias, stride, padding, dilation, transposed, outputPadding, groups)
      }
      return { gg in
        let (g, x, weight) = (try sg.value.conj(), try sx.value.conj(), try sw.value.conj())
        var byGradient: Tensor?
        func add(_ term: Tensor) { byGradient = byGradient.map { $0 + term } ?? term }
        func part(_ x: Tensor, _ weight: Tensor, _ index: Int) -> Tensor {
          let mask = (0..<3).map { $0 == index }
          return backward(
            g, x, weight, nil, stride, padding, dilation, transposed, outputPadding, groups, mask)[index]
        }
        if let ggX = gg.ifPresent(0) { add(apply(ggX, weight)) }
        if let ggW = gg.ifPresent(1) { add(apply(x, ggW)) }
        if let ggB = gg.ifPresent(2) { add(ggB.reshape([-1] + (2..<g.ndim).map { _ in 1 }).expand(Array(g.shape))) }
        return [
          byGradient,
          gg.needs(1) ? gg.ifPresent(1).map { part(x, $0, 0) } : nil,
          gg.needs(2) ? gg.ifPresent(0).map { part($0, weight, 1) } : nil,
        ]
      }
    })

  /// `conv1d` to `conv3d`: the same with one padding for all sides; an input without a batch is a batch of one.
  private static func forward(_ rank: Int, _ x: Tensor, _ call: (Tensor) throws -> Tensor) throws -> Tensor {
    if x.ndim == rank + 1 { return try call(x.unsqueeze(0)).squeeze(0) }
    guard x.ndim == rank + 2 else {
      throw TorchError(
        .shape,
        "Expected \(rank + 1)D (unbatched) or \(rank + 2)D (batched) input to conv\(rank)d, but got input of size: \(x.shape.listDescription)")
    }
    return try call(x)
  }

  private static func conv(_ rank: Int) -> Operator<Tensor, Tensor, Tensor?, [Int], [Int], [Int], Int, Tensor> {
    Operator(
      composite:
        "conv\(rank)d(Tensor input, Tensor weight, Tensor? bias=None, SymInt[\(rank)] stride=1, SymInt[\(rank)] padding=0, SymInt[\(rank)] dilation=1, SymInt groups=1) -> Tensor"
    ) { (x: Tensor, weight: Tensor, bias: Tensor?, stride: [Int], padding: [Int], dilation: [Int], groups: Int) in
      try forward(rank, x) { convolution($0, weight, bias, stride, padding, dilation, false, [0], groups) }
    }
  }

  /// Padding by name: `valid` is none, `same` keeps the sizes (the odd element goes after the end).
  private static func convNamed(_ rank: Int) -> Operator<Tensor, Tensor, Tensor?, [Int], String, [Int], Int, Tensor> {
    Operator(
      composite:
        "conv\(rank)d.padding(Tensor input, Tensor weight, Tensor? bias=None, SymInt[\(rank)] stride=1, str padding=\"valid\", SymInt[\(rank)] dilation=1, SymInt groups=1) -> Tensor"
    ) { (x: Tensor, weight: Tensor, bias: Tensor?, stride: [Int], padding: String, dilation: [Int], groups: Int) in
      switch padding {
      case "valid":
        return try forward(rank, x) {
          convolution($0, weight, bias, stride, Array(repeating: 0, count: rank), dilation, false, [0], groups)
        }
      case "same":
        guard stride.allSatisfy({ $0 == 1 }) else {
          throw TorchError(.value, "padding='same' is not supported for strided convolutions")
        }
        let dilations = try ConvolutionGeometry.spread(dilation, rank, "dilation")
        guard weight.ndim == rank + 2 else {
          throw TorchError(
            .shape, "Expected a \(rank + 2)-dimensional weight for conv\(rank)d, but got weight of size \(weight.shape.listDescription)")
        }
        let total = (0..<rank).map { (d: Int) -> Int in dilations[d] * (weight.shape[d + 2] - 1) }
        return try forward(rank, x) { x in
          let odd = total.map { $0 % 2 }
          let padded = odd.allSatisfy { $0 == 0 } ? x : x.constantPad(after: odd)
          return convolution(padded, weight, bias, stride, total.map { $0 / 2 }, dilation, false, [0], groups)
        }
      default:
        throw TorchError(.value, "Invalid padding string: '\(padding)'")
      }
    }
  }

  private static func convTransposed(
    _ rank: Int, _ overload: String
  ) -> Operator<Tensor, Tensor, Tensor?, [Int], [Int], [Int], Int, [Int], Tensor> {
    Operator(
      composite:
        "conv_transpose\(rank)d\(overload)(Tensor input, Tensor weight, Tensor? bias=None, SymInt[\(rank)] stride=1, SymInt[\(rank)] padding=0, SymInt[\(rank)] output_padding=0, SymInt groups=1, SymInt[\(rank)] dilation=1) -> Tensor"
    ) { (x: Tensor, w: Tensor, bias: Tensor?, stride: [Int], padding: [Int], outputPadding: [Int], groups: Int, dilation: [Int]) in
      try forward(rank, x) { convolution($0, w, bias, stride, padding, dilation, true, outputPadding, groups) }
    }
  }

  static let conv1d = conv(1), conv2d = conv(2), conv3d = conv(3)
  static let conv1dNamed = convNamed(1), conv2dNamed = convNamed(2), conv3dNamed = convNamed(3)
  static let convTranspose1d = convTransposed(1, "")
  static let convTranspose2d = convTransposed(2, ".input")
  static let convTranspose3d = convTransposed(3, ".input")

  /// Over one dimension with the steps first: (T, N, C), weight (K, C, M), bias (M) give (T', N, M).
  static let convTBC = Operator(
    composite: "conv_tbc(Tensor self, Tensor weight, Tensor bias, int pad=0) -> Tensor", twins: .out
  ) { (x: Tensor, weight: Tensor, bias: Tensor, pad: Int) in
    guard x.ndim == 3 else { throw TorchError(.shape, "Input must have 3 dims: time, batch, in_channel") }
    guard weight.ndim == 3 else {
      throw TorchError(.shape, "Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.")
    }
    guard bias.ndim == 1 else { throw TorchError(.shape, "Bias must be 1-D") }
    guard x.shape[2] == weight.shape[1] else {
      throw TorchError(.shape, "Input dim 2 (input channels) is not == dim 1 in the weight tensor (input channels)")
    }
    guard weight.shape[2] == bias.shape[0] else {
      throw TorchError(.shape, "Bias size must equal dim 2 in the weight tensor (output channels).")
    }
    return conv1d(x.permute(1, 2, 0), weight.permute(2, 1, 0), bias, [1], [pad], [1], 1).permute(2, 0, 1)
  }

  static let operators: [AnyOperator] = [
    convolution, backward, convTBC, conv1d, conv2d, conv3d, conv1dNamed, conv2dNamed, conv3dNamed, convTranspose1d,
    convTranspose2d, convTranspose3d,
  ]
}

extension torch {
  /// Convolution over one spatial dimension: x (N, C, L), weight (M, C / groups, K) gives (N, M, L').
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
  public static func conv1d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: [Int] = [1], padding: [Int] = [0],
    dilation: [Int] = [1], groups: Int = 1
  ) -> Tensor { Convolution.conv1d(x, weight, bias, stride, padding, dilation, groups) }

  /// Convolution over two spatial dimensions: x (N, C, H, W), weight (M, C / groups, KH, KW) gives (N, M, H', W'),
  /// where H' = ⌊(H + 2·padding − dilation·(KH − 1) − 1) / stride⌋ + 1.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
  public static func conv2d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: [Int] = [1], padding: [Int] = [0],
    dilation: [Int] = [1], groups: Int = 1
  ) -> Tensor { Convolution.conv2d(x, weight, bias, stride, padding, dilation, groups) }

  /// Convolution over three spatial dimensions.
  public static func conv3d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: [Int] = [1], padding: [Int] = [0],
    dilation: [Int] = [1], groups: Int = 1
  ) -> Tensor { Convolution.conv3d(x, weight, bias, stride, padding, dilation, groups) }

  /// Convolution with padding by name, `valid` or `same`.
  public static func conv2d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: [Int] = [1], padding: String, dilation: [Int] = [1],
    groups: Int = 1
  ) -> Tensor { Convolution.conv2dNamed(x, weight, bias, stride, padding, dilation, groups) }
  public static func conv1d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: [Int] = [1], padding: String, dilation: [Int] = [1],
    groups: Int = 1
  ) -> Tensor { Convolution.conv1dNamed(x, weight, bias, stride, padding, dilation, groups) }
  public static func conv3d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: [Int] = [1], padding: String, dilation: [Int] = [1],
    groups: Int = 1
  ) -> Tensor { Convolution.conv3dNamed(x, weight, bias, stride, padding, dilation, groups) }

  /// Transposed convolutions: the gradient of a convolution with respect to its input, as a layer.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
  public static func convTranspose1d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: [Int] = [1], padding: [Int] = [0],
    outputPadding: [Int] = [0], groups: Int = 1, dilation: [Int] = [1]
  ) -> Tensor { Convolution.convTranspose1d(x, weight, bias, stride, padding, outputPadding, groups, dilation) }
  public static func convTranspose2d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: [Int] = [1], padding: [Int] = [0],
    outputPadding: [Int] = [0], groups: Int = 1, dilation: [Int] = [1]
  ) -> Tensor { Convolution.convTranspose2d(x, weight, bias, stride, padding, outputPadding, groups, dilation) }
  public static func convTranspose3d(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: [Int] = [1], padding: [Int] = [0],
    outputPadding: [Int] = [0], groups: Int = 1, dilation: [Int] = [1]
  ) -> Tensor { Convolution.convTranspose3d(x, weight, bias, stride, padding, outputPadding, groups, dilation) }

  /// Convolution over the first dimension of (time, batch, channels).
  ///
  /// `weight` is (kernel, C in, C out), `bias` (C out); `pad` zeros stand before and after.
  /// Source: https://pytorch.org/docs/stable/generated/torch.conv_tbc.html
  public static func convTBC(_ x: Tensor, _ weight: Tensor, _ bias: Tensor, pad: Int = 0) -> Tensor {
    Convolution.convTBC(x, weight, bias, pad)
  }
}
