// Batch norms folded into the layer before them, for inference.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_eval.html

extension nn.utils {
  /// A convolution that does the work of `conv` and `bn`, which are both in evaluation mode.
  ///
  /// ```swift
  /// let fused = try nn.utils.fuseConvBNEval(conv.eval(), bn.eval())
  /// ```
  /// - Parameter transpose: the convolution is a transposed one, whose output channels are its weight's second dimension.
  /// - Throws: `TorchError` of kind `.state` while a module trains or the norm has no running statistics.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_eval.html
  public static func fuseConvBNEval(
    _ conv: nn.Convolution, _ bn: nn.ChannelNorm, transpose: Bool = false
  ) throws -> nn.Convolution {
    let (mean, variance) = try statistics(bn, isEval: !conv.training)
    let fused = skipInit { conv.blank() }
    let (weight, bias) = fuseConvBNWeights(
      conv.weight, conv.bias, mean, variance, eps: bn.eps, bn.weight, bn.bias, transpose: transpose)
    fused.$weight.adopt(weight)
    fused.$bias.adopt(bias)
    return fused.eval()
  }

  /// The weight and bias of a convolution that does a batch norm's work too.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_weights.html
  public static func fuseConvBNWeights(
    _ weight: Tensor, _ bias: Tensor?, _ mean: Tensor, _ variance: Tensor, eps: Double, _ bnWeight: Tensor?,
    _ bnBias: Tensor?, transpose: Bool = false
  ) -> (weight: Tensor, bias: Tensor) {
    let ones = [Int](repeating: 1, count: weight.ndim - 2)
    return fused(weight, bias, mean, variance, eps, bnWeight, bnBias, transpose ? [1, -1] + ones : [-1, 1] + ones)
  }

  /// An affine map that does the work of `linear` and `bn`, which are both in evaluation mode.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_eval.html
  public static func fuseLinearBNEval(_ linear: nn.Linear, _ bn: nn.ChannelNorm) throws -> nn.Linear {
    let (mean, variance) = try statistics(bn, isEval: !linear.training)
    guard linear.outFeatures == bn.numFeatures || bn.numFeatures == 1 else {
      throw TorchError(
        .shape,
        "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got linear.out_features=\(linear.outFeatures) and bn.num_features=\(bn.numFeatures)")
    }
    let fused = skipInit { nn.Linear(linear.inFeatures, linear.outFeatures, dtype: linear.weight.dtype) }
    let (weight, bias) = fuseLinearBNWeights(
      linear.weight, linear.bias, mean, variance, eps: bn.eps, bn.weight, bn.bias)
    fused.$weight.adopt(weight)
    fused.$bias.adopt(bias)
    return fused.eval()
  }

  /// The weight and bias of an affine map that does a batch norm's work too.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_weights.html
  public static func fuseLinearBNWeights(
    _ weight: Tensor, _ bias: Tensor?, _ mean: Tensor, _ variance: Tensor, eps: Double, _ bnWeight: Tensor?,
    _ bnBias: Tensor?
  ) -> (weight: Tensor, bias: Tensor) { fused(weight, bias, mean, variance, eps, bnWeight, bnBias, [-1, 1]) }

  private static func fused(
    _ weight: Tensor, _ bias: Tensor?, _ mean: Tensor, _ variance: Tensor, _ eps: Double, _ bnWeight: Tensor?,
    _ bnBias: Tensor?, _ spread: [Int]
  ) -> (Tensor, Tensor) {
    torch.noGrad {
      let bias = bias ?? Tensor.zeros(like: mean)
      var factor = (variance + eps).rsqrt()
      if let bnWeight { factor = bnWeight * factor }
      let shifted = (bias - mean) * factor
      let (w, b) = ((weight * factor.reshape(spread)).to(weight.dtype), bnBias.map { shifted + $0 } ?? shifted)
      w.requiresGrad_(weight.requiresGrad)
      return (w, b.to(bias.dtype).requiresGrad_(bias.requiresGrad))
    }
  }

  private static func statistics(_ bn: nn.ChannelNorm, isEval: Bool) throws -> (Tensor, Tensor) {
    guard isEval, !bn.training else { throw TorchError(.state, "Fusion only for eval!") }
    guard let mean = bn.runningMean, let variance = bn.runningVar else {
      throw TorchError(.state, "Only support fusing BN layers with tracking running stats")
    }
    return (mean, variance)
  }
}

extension nn.Convolution {
  /// A convolution of the same form with weights of its own.
  fileprivate func blank() -> nn.Convolution {
    let copy = withDefaults()
    (copy.stride, copy.padding, copy.namedPadding) = (stride, padding, namedPadding)
    (copy.dilation, copy.outputPadding) = (dilation, outputPadding)
    return copy
  }

  private func withDefaults() -> nn.Convolution {
    let (i, o, k, g, mode, dtype) = (inChannels, outChannels, kernelSize, groups, paddingMode, weight.dtype)
    switch (self is nn.TransposedConvolution, k.count) {
    case (false, 1): return nn.Conv1d(i, o, k, groups: g, paddingMode: mode, dtype: dtype)
    case (false, 2): return nn.Conv2d(i, o, k, groups: g, paddingMode: mode, dtype: dtype)
    case (false, _): return nn.Conv3d(i, o, k, groups: g, paddingMode: mode, dtype: dtype)
    case (true, 1): return nn.ConvTranspose1d(i, o, k, groups: g, dtype: dtype)
    case (true, 2): return nn.ConvTranspose2d(i, o, k, groups: g, dtype: dtype)
    case (true, _): return nn.ConvTranspose3d(i, o, k, groups: g, dtype: dtype)
    }
  }
}

extension ParameterSlot {
  /// Holds `tensor`, a leaf, as it is.
  fileprivate func adopt(_ tensor: Tensor) { self.tensor = tensor }
}
