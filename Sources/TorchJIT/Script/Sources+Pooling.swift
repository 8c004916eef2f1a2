// Sources of pooling layers.

extension JIT.ModuleSources {
  static func pooling(_ module: nn.Module) throws -> JIT.ModuleSource? {
    switch module {
    case let m as nn.MaxPooling:
      return expression(
        "torch.max_pool\(m.kernelSize.count)d(input, \(py: m.kernelSize), \(py: m.stride), \(py: m.padding), \(py: m.dilation), \(py: m.ceilMode))",
        [
          "kernel_size": m.kernelSize, "stride": m.stride, "padding": m.padding, "dilation": m.dilation,
          "return_indices": false, "ceil_mode": m.ceilMode,
        ])
    case let m as nn.AveragePooling:
      let rank = m.kernelSize.count
      let divisor = rank == 1 ? "" : ", \(py: m.divisorOverride.scriptValue)"
      return expression(
        "torch.avg_pool\(rank)d(input, \(py: m.kernelSize), \(py: m.stride), \(py: m.padding), \(py: m.ceilMode), \(py: m.countIncludePad)\(divisor))",
        [
          "kernel_size": m.kernelSize, "stride": m.stride, "padding": m.padding, "ceil_mode": m.ceilMode,
          "count_include_pad": m.countIncludePad,
        ])
    case let m as nn.AdaptivePooling:
      let rank = m.outputSize.count
      let sizes = m.outputSize.enumerated().map { $1.map(String.init) ?? "input.size(\($0 - rank))" }
      let call = "adaptive_\(m is nn.AdaptiveAvgPool1d || m is nn.AdaptiveAvgPool2d || m is nn.AdaptiveAvgPool3d ? "avg" : "max")_pool\(rank)d"
      let list = "[\(sizes.joined(separator: ", "))]"
      if call.contains("avg") { return expression("torch.\(call)(input, \(list))") }
      return JIT.ModuleSource(
        """
        def forward(self, input: Tensor) -> Tensor:
          values, _ = torch.\(call)(input, \(list))
          return values
        """, ["return_indices": false])
    case let m as nn.MaxUnpooling: return unpooling(m)
    case let m as nn.FractionalPooling: return fractional(m)
    case let m as nn.PowerPooling: return power(m)
    default: return nil
    }
  }

  private static func unpooling(_ m: nn.MaxUnpooling) -> JIT.ModuleSource {
    let rank = m.kernelSize.count
    // One dimension is pooled as two, of which the second is 1.
    let call =
      rank == 1
      ? "torch.squeeze(torch.max_unpool2d(torch.unsqueeze(input, -1), torch.unsqueeze(indices, -1), sizes + [1]), -1)"
      : rank == 2
        ? "torch.max_unpool2d(input, indices, sizes)"
        : "torch.max_unpool3d(input, indices, sizes, \(py: m.stride), \(py: m.padding))"
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor, indices: Tensor, output_size: Optional[List[int]]=None) -> Tensor:
        kernel = \(py: m.kernelSize)
        stride = \(py: m.stride)
        padding = \(py: m.padding)
        standard: List[int] = []
        for d in range(\(rank)):
          standard.append((input.size(d - \(rank)) - 1) * stride[d] + kernel[d] - 2 * padding[d])
        sizes = standard
        if output_size is not None:
          sizes = output_size
          if len(sizes) > \(rank):
            sizes = sizes[len(sizes) - \(rank):]
          if len(sizes) != \(rank):
            raise ValueError("output_size should be a sequence containing \(rank) or \(rank + 2) elements, but it has a length of '{}'".format(len(sizes)))
          for d in range(\(rank)):
            if sizes[d] <= standard[d] - stride[d] or sizes[d] >= standard[d] + stride[d]:
              raise ValueError("invalid output_size {} (dim {} must be between {} and {})".format(sizes[d], d, standard[d] - stride[d], standard[d] + stride[d]))
        return \(call)
      """, ["kernel_size": m.kernelSize, "stride": m.stride, "padding": m.padding])
  }

  private static func fractional(_ m: nn.FractionalPooling) -> JIT.ModuleSource {
    let rank = m.kernelSize.count
    let sizes =
      m.outputSize.map { "\(py: $0)" }
      ?? "[" + m.outputRatio!.enumerated().map { "int(input.size(\($0 - rank)) * \(py: $1))" }.joined(separator: ", ") + "]"
    let draw =
      m.buffers().isEmpty
      ? "torch.rand([batch, input.size(-\(rank + 1)), \(rank)], dtype=input.dtype, device=input.device)"
      : "self._random_samples"
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor) -> Tensor:
        if input.dim() == \(rank + 2):
          batch = input.size(0)
        else:
          batch = 1
        values, _ = torch.fractional_max_pool\(rank)d(input, \(py: m.kernelSize), \(sizes), \(draw))
        return values
      """, ["kernel_size": m.kernelSize, "return_indices": false])
  }

  /// `(sum of x^p in the window) ^ (1/p)` by way of the mean, as PyTorch computes it.
  private static func power(_ m: nn.PowerPooling) -> JIT.ModuleSource? {
    let rank = m is nn.LPPool1d ? 1 : m is nn.LPPool2d ? 2 : 3
    let kernel = m.kernelSize.extents(rank)
    let stride = m.stride.map { "\(py: $0.extents(rank))" } ?? "\(py: kernel)"
    let padding = [Int](repeating: 0, count: rank)
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor) -> Tensor:
        mean = torch.avg_pool\(rank)d(torch.pow(input, \(py: m.normType)), \(py: kernel), \(stride), \(py: padding), \(py: m.ceilMode))
        return torch.pow(torch.mul(torch.mul(torch.sign(mean), torch.relu(torch.abs(mean))), \(py: Double(kernel.reduce(1, *)))), \(py: 1 / m.normType))
      """, ["norm_type": m.normType, "ceil_mode": m.ceilMode])
  }
}
