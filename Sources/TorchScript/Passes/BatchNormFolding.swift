// Folding of batch normalization into the convolution or linear layer before it.
//
// Outside of training batch normalization is y = (x - mean) * s + b with s = weight / sqrt(var + eps), for each channel.
// After a layer that is linear in its weights, s goes into those and the rest into its bias:
//     w' = w * s    b' = (b - mean) * s + shift
// Only where all are constants and nothing else uses the layer's result.
// Reference: fuse_conv_bn_eval of torch/nn/utils/fusion.py.

extension JIT.Graph {
  /// Folds each `aten::batch_norm` in evaluation mode into the layer that makes its input. The graph must be frozen:
  /// weights are constants.
  public func foldBatchNorm() {
    for norm in allNodes where norm.kind == "aten::batch_norm" { JIT.BatchNormFolding(norm)?.fold() }
  }
}

extension JIT {
  private struct BatchNormFolding {
    let norm: Node
    let layer: Node
    let scale: Tensor
    let shift: Tensor

    /// Nil where it cannot be folded.
    init?(_ norm: Node) {
      guard norm.argument("training")?.constant?.bool == false, let layer = norm.inputs[0].definition,
        BatchNormFolding.layers.contains(layer.kind), norm.inputs[0].uses.count == 1,
        layer.owningBlock === norm.owningBlock, let weight = layer.argument("weight")?.constant?.tensor,
        layer.argument("bias")?.constant != nil, let mean = norm.argument("running_mean")?.constant?.tensor,
        let variance = norm.argument("running_var")?.constant?.tensor, let eps = norm.argument("eps")?.constant?.double,
        let factor = norm.argument("weight")?.constant, let offset = norm.argument("bias")?.constant,
        weight.dtype.isFloatingPoint
      else { return nil }
      self.norm = norm
      self.layer = layer
      let (s, b) = torch.noGrad { () -> (Tensor, Tensor) in
        let inverse = (variance + eps).rsqrt()
        let scale = factor.tensor.map { $0 * inverse } ?? inverse
        return (scale, (offset.tensor ?? Tensor.zeros(mean.shape, dtype: mean.dtype)) - mean * scale)
      }
      (scale, shift) = (s, b)
      guard channels == scale.numel, s.isValid, b.isValid else { return nil }
    }

    private static let layers: Set = [
      "aten::conv1d", "aten::conv2d", "aten::conv3d", "aten::conv_transpose1d", "aten::conv_transpose2d",
      "aten::conv_transpose3d", "aten::linear", "aten::_convolution", "aten::convolution",
    ]

    private var isTransposed: Bool {
      layer.kind.contains("conv_transpose") || layer.argument("transposed")?.constant?.bool == true
    }
    private var groups: Int? { layer.kind == "aten::linear" ? 1 : layer.argument("groups")?.constant?.int }
    private var weight: Tensor { layer.argument("weight")!.constant!.tensor! }

    /// Output channels of the layer; nil where the groups are not known.
    private var channels: Int? {
      guard let groups, weight.ndim >= 2 else { return nil }
      return isTransposed ? weight.shape[1] * groups : weight.shape[0]
    }

    func fold() {
      let (weight, bias) = torch.noGrad { (folded(self.weight), foldedBias()) }
      guard weight.isValid, bias.isValid else { return }
      replace("weight", weight)
      replace("bias", bias)
      norm.output.replaceAllUses(with: layer.output)
      norm.owningBlock!.remove(norm)
    }

    private func folded(_ weight: Tensor) -> Tensor {
      let rest = Array(repeating: 1, count: weight.ndim - (isTransposed ? 2 : 1))
      guard isTransposed, let groups else {
        return (weight * scale.reshape([-1] + rest)).to(weight.dtype)
      }
      // (groups · in, out, kernel…): the channel of a group's output is its group's part.
      let sizes = Array(weight.shape)
      let split = weight.reshape([groups, sizes[0] / groups] + sizes[1...])
      return (split * scale.reshape([groups, 1, sizes[1]] + rest)).reshape(sizes).to(weight.dtype)
    }

    private func foldedBias() -> Tensor {
      (layer.argument("bias")?.constant?.tensor.map { $0 * scale + shift } ?? shift).to(weight.dtype)
    }

    private func replace(_ parameter: String, _ value: Tensor) {
      let index = layer.signature!.parameters.firstIndex { $0.name == parameter }!
      let old = layer.inputs[index]
      let name = old.name.isEmpty ? "\(parameter)_fused_bn" : old.name + "_fused_bn"
      let constant = Graph.constant(.tensor(value), .tensor, name: name)
      layer.owningBlock!.insert(constant, before: layer)
      layer.replaceInput(at: index, with: constant.output)
    }
  }
}
