// Sources of normalization layers.

extension JIT.ModuleSources {
  static func normalization(_ module: nn.Module) throws -> JIT.ModuleSource? {
    switch module {
    case is nn.BatchNorm1d: return batchNorm(module as! nn.ChannelNorm, [2, 3])
    case is nn.BatchNorm2d: return batchNorm(module as! nn.ChannelNorm, [4])
    case is nn.BatchNorm3d: return batchNorm(module as! nn.ChannelNorm, [5])
    case is nn.InstanceNorm1d: return instanceNorm(module as! nn.ChannelNorm, [2, 3])
    case is nn.InstanceNorm2d: return instanceNorm(module as! nn.ChannelNorm, [3, 4])
    case is nn.InstanceNorm3d: return instanceNorm(module as! nn.ChannelNorm, [4, 5])
    case let m as nn.LayerNorm:
      return expression(
        "torch.layer_norm(input, \(py: m.normalizedShape), self.weight, self.bias, \(py: m.eps))",
        ["normalized_shape": m.normalizedShape, "eps": m.eps, "elementwise_affine": m.elementwiseAffine])
    case let m as nn.RMSNorm:
      return expression(
        "torch.rms_norm(input, \(py: m.normalizedShape), self.weight, \(py: m.eps.scriptValue))",
        ["normalized_shape": m.normalizedShape, "eps": m.eps, "elementwise_affine": m.elementwiseAffine])
    case let m as nn.GroupNorm:
      return expression(
        "torch.group_norm(input, \(py: m.numGroups), self.weight, self.bias, \(py: m.eps))",
        ["num_groups": m.numGroups, "num_channels": m.numChannels, "eps": m.eps, "affine": m.affine])
    case let m as nn.LocalResponseNorm: return localResponseNorm(m)
    default: return nil
    }
  }

  private static func constants(_ m: nn.ChannelNorm) -> KeyValuePairs<String, any ScriptConstant> {
    [
      "track_running_stats": m.trackRunningStats, "momentum": m.momentum, "eps": m.eps, "num_features": m.numFeatures,
      "affine": m.affine,
    ]
  }

  /// Refuses inputs of other ranks.
  private static func check(_ ranks: [Int]) -> String {
    let condition = ranks.map { "input.dim() != \($0)" }.joined(separator: " and ")
    let names = ranks.map { "\($0)D" }.joined(separator: " or ")
    return """
      def _check_input_dim(self, input: Tensor) -> None:
        if \(condition):
          raise ValueError("expected \(names) input (got {}D input)".format(input.dim()))
      """
  }

  private static func batchNorm(_ m: nn.ChannelNorm, _ ranks: [Int]) -> JIT.ModuleSource {
    let factor = m.momentum ?? 0
    var body = "    factor = \(py: factor)\n"
    if m.trackRunningStats {
      body += "    if self.training:\n      self.num_batches_tracked.add_(1)\n"
      // Without a momentum the statistics are those of all batches together.
      if m.momentum == nil { body += "      factor = 1. / float(self.num_batches_tracked.item())\n" }
      body += "    training = self.training\n"
    } else {
      body += "    training = True\n"
    }
    return JIT.ModuleSource(
      """
      \(check(ranks))
      def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
      \(body.split(separator: "\n").map { $0.dropFirst(2) }.joined(separator: "\n"))
        if training:
          count = input.numel() // max(input.size(1), 1)
          if count == 1:
            raise ValueError("Expected more than 1 value per channel when training, got input size {}".format(input.size()))
        return torch.batch_norm(input, self.weight, self.bias, self.running_mean, self.running_var, training, factor, \(py: m.eps), True)
      """, constants(m))
  }

  private static func instanceNorm(_ m: nn.ChannelNorm, _ ranks: [Int]) -> JIT.ModuleSource {
    let statistics = m.trackRunningStats ? "self.training" : "True"
    func call(_ x: String) -> String {
      "torch.instance_norm(\(x), self.weight, self.bias, self.running_mean, self.running_var, \(statistics), \(py: m.momentum ?? 0), \(py: m.eps), True)"
    }
    return JIT.ModuleSource(
      """
      \(check(ranks))
      def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        if input.dim() == \(ranks[0]):
          return torch.squeeze(\(call("torch.unsqueeze(input, 0)")), 0)
        return \(call("input"))
      """, constants(m))
  }

  private static func localResponseNorm(_ m: nn.LocalResponseNorm) -> JIT.ModuleSource {
    let (before, after) = (m.size / 2, (m.size - 1) / 2)
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor) -> Tensor:
        if input.dim() < 3:
          raise ValueError("Expected 3D or higher dimensionality input (got {} dimensions)".format(input.dim()))
        if input.numel() == 0:
          return input
        squares = torch.unsqueeze(torch.mul(input, input), 1)
        if input.dim() == 3:
          padded = torch.constant_pad_nd(squares, [0, 0, \(before), \(after)], 0)
          mean = torch.squeeze(torch.avg_pool2d(padded, [\(m.size), 1], [1, 1]), 1)
        else:
          sizes = input.size()
          planes = torch.view(squares, [sizes[0], 1, sizes[1], sizes[2], -1])
          padded = torch.constant_pad_nd(planes, [0, 0, 0, 0, \(before), \(after)], 0)
          mean = torch.view(torch.squeeze(torch.avg_pool3d(padded, [\(m.size), 1, 1], [1, 1, 1]), 1), sizes)
        return torch.div(input, torch.pow(torch.add(torch.mul(mean, \(py: m.alpha)), \(py: m.k)), \(py: m.beta)))
      """, ["size": m.size, "alpha": m.alpha, "beta": m.beta, "k": m.k])
  }
}
