// Sizes of a convolution, worked out and checked once for all its passes.

import COneDNNHeaders

/// A convolution of one to three spatial dimensions. x is (N, C, spatial…), weight (M, C / groups, kernel…),
/// y (N, M, output…). A transposed convolution is one of these with x and y exchanged.
struct ConvolutionGeometry {
  var batch = 0
  var inChannels = 0
  var outChannels = 0
  var groups = 1
  var input: [Int] = []
  var kernel: [Int] = []
  var output: [Int] = []
  var stride: [Int] = []
  var padding: [Int] = []
  var dilation: [Int] = []

  var spatialRank: Int { input.count }
  var inputShape: Shape { Shape([batch, inChannels] + input) }
  var outputShape: Shape { Shape([batch, outChannels] + output) }
  var weightShape: Shape { Shape([outChannels, inChannels / groups] + kernel) }

  /// What padding after the last element makes the sizes come out, besides `padding` before the first.
  var paddingAfter: [Int] {
    (0..<spatialRank).map {
      (output[$0] - 1) * stride[$0] + dilation[$0] * (kernel[$0] - 1) + 1 - input[$0] - padding[$0]
    }
  }

  /// The geometry of `x` convolved with `weight`.
  init(
    _ x: Tensor, _ weight: Tensor, stride: [Int], padding: [Int], dilation: [Int], transposed: Bool,
    outputPadding: [Int], groups: Int
  ) throws {
    let rank = weight.ndim - 2
    guard rank >= 1, rank <= 3, x.ndim == rank + 2 else {
      throw TorchError(
        .shape,
        "Expected \(rank + 1)D (unbatched) or \(rank + 2)D (batched) input to conv\(rank)d, but got input of size: \(x.shape.listDescription)")
    }
    self.stride = try ConvolutionGeometry.spread(stride, rank, "stride")
    self.padding = try ConvolutionGeometry.spread(padding, rank, "padding")
    self.dilation = try ConvolutionGeometry.spread(dilation, rank, "dilation")
    self.groups = groups
    try check(x, weight, transposed)
    batch = x.shape[0]
    kernel = Array(weight.shape[2...])
    let spatial = Array(x.shape[2...])
    if transposed {
      let extra = try ConvolutionGeometry.spread(outputPadding.isEmpty ? [0] : outputPadding, rank, "output_padding")
      for i in 0..<rank where extra[i] >= self.stride[i] && extra[i] >= self.dilation[i] {
        throw TorchError(
          .value,
          "output padding must be smaller than either stride or dilation, but got output_padding_height: \(extra[i]) stride: \(self.stride[i]) dilation: \(self.dilation[i])")
      }
      outChannels = x.shape[1]
      inChannels = weight.shape[1] * groups
      output = spatial
      for i in 0..<rank {
        input.append(
          (spatial[i] - 1) * self.stride[i] - 2 * self.padding[i] + self.dilation[i] * (kernel[i] - 1) + extra[i] + 1)
      }
    } else {
      inChannels = x.shape[1]
      outChannels = weight.shape[0]
      input = spatial
      for i in 0..<rank {
        let reach = self.dilation[i] * (kernel[i] - 1) + 1
        let room = spatial[i] + 2 * self.padding[i]
        guard reach <= room else {
          let padded = (0..<rank).map { "\(spatial[$0] + 2 * self.padding[$0])" }.joined(separator: " x ")
          let reaches = (0..<rank).map { "\(self.dilation[$0] * (kernel[$0] - 1) + 1)" }.joined(separator: " x ")
          throw TorchError(
            .shape,
            "Calculated padded input size per channel: (\(padded)). Kernel size: (\(reaches)). Kernel size can't be greater than actual input size")
        }
        output.append((room - reach) / self.stride[i] + 1)
      }
    }
    guard (transposed ? input : output).allSatisfy({ $0 > 0 }) || x.numel == 0 else {
      throw TorchError(.shape, "Given input size per channel: (\(spatial.map(String.init).joined(separator: " x "))). Calculated output size per channel: (\((transposed ? input : output).map(String.init).joined(separator: " x "))). Output size is too small")
    }
  }

  private func check(_ x: Tensor, _ weight: Tensor, _ transposed: Bool) throws {
    guard x.dtype == weight.dtype else {
      throw TorchError(
        .dtype,
        "Input type (\(x.dtype.cName)) and weight type (\(weight.dtype.cName)) should be the same")
    }
    guard groups > 0 else { throw TorchError(.value, "non-positive groups is not supported") }
    guard stride.allSatisfy({ $0 > 0 }) else { throw TorchError(.value, "non-positive stride is not supported") }
    guard padding.allSatisfy({ $0 >= 0 }) else { throw TorchError(.value, "negative padding is not supported") }
    guard dilation.allSatisfy({ $0 > 0 }) else {
      throw TorchError(.value, "dilation should be greater than zero")
    }
    guard weight.shape[0] >= groups, weight.shape[0] % groups == 0 else {
      throw TorchError(
        .shape,
        "Given groups=\(groups), expected weight to be divisible by \(groups) at dimension 0, but got weight of size \(weight.shape.listDescription) instead")
    }
    let expected = transposed ? weight.shape[0] : weight.shape[1] * groups
    guard x.shape[1] == expected else {
      throw TorchError(
        .shape,
        "Given \(transposed ? "transposed=1" : "groups=\(groups)"), weight of size \(weight.shape.listDescription), expected input\(x.shape.listDescription) to have \(expected) channels, but got \(x.shape[1]) channels instead")
    }
  }

  static func spread(_ values: [Int], _ rank: Int, _ name: String) throws -> [Int] {
    if values.count == rank { return values }
    guard values.count == 1 else {
      throw TorchError(
        .value,
        "expected \(name) to be a single integer value or a list of \(rank) values to match the convolution dimensions, but got \(name)=[\(values.map(String.init).joined(separator: ", "))]")
    }
    return Array(repeating: values[0], count: rank)
  }
}
