// Sources of convolutions.

extension JIT.ModuleSources {
  static func convolution(_ module: nn.Module) throws -> JIT.ModuleSource? {
    guard let m = module as? nn.Convolution else { return nil }
    let rank = m.kernelSize.count
    let constants: KeyValuePairs<String, any ScriptConstant> = [
      "in_channels": m.inChannels, "out_channels": m.outChannels, "kernel_size": m.kernelSize, "stride": m.stride,
      "padding": m.padding, "dilation": m.dilation, "transposed": m.isTransposed, "output_padding": m.outputPadding,
      "groups": m.groups, "padding_mode": m.paddingMode.rawValue,
    ]
    if m.isTransposed { return JIT.ModuleSource(transposed(m, rank), constants) }
    let padding = m.operatorPadding.map { "\(py: $0)" } ?? (m.paddingMode == .zeros ? "\(py: m.padding)" : "\(py: [Int](repeating: 0, count: rank))")
    let input =
      m.paddingMode == .zeros
      ? "input" : "torch.pad(input, \(py: m.borders), \(py: m.paddingMode.rawValue))"
    return JIT.ModuleSource(
      """
      def _conv_forward(self, input: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
        return torch.conv\(rank)d(\(input), weight, bias, \(py: m.stride), \(padding), \(py: m.dilation), \(py: m.groups))
      def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)
      """, constants)
  }

  /// With an output size the padding of the output is worked out, from `output_padding` without.
  private static func transposed(_ m: nn.Convolution, _ rank: Int) -> String {
    """
    def _output_padding(self, input: Tensor, output_size: Optional[List[int]]) -> List[int]:
      if output_size is None:
        return \(py: m.outputPadding)
      sizes = output_size
      has_batch = input.dim() == \(rank + 2)
      if has_batch:
        leading = 2
      else:
        leading = 1
      if len(sizes) == leading + \(rank):
        sizes = sizes[leading:]
      if len(sizes) != \(rank):
        raise ValueError("ConvTranspose\(rank)D: output_size must have \(rank) elements (got {})".format(len(sizes)))
      kernel = \(py: m.kernelSize)
      stride = \(py: m.stride)
      padding = \(py: m.padding)
      dilation = \(py: m.dilation)
      result: List[int] = []
      for d in range(\(rank)):
        least = (input.size(d + leading) - 1) * stride[d] - 2 * padding[d] + dilation[d] * (kernel[d] - 1) + 1
        size = sizes[d]
        if size < least or size > least + stride[d] - 1:
          raise ValueError("requested an output size of {}, but valid sizes range from {} to {}".format(size, least, least + stride[d] - 1))
        result.append(size - least)
      return result
    def forward(self, input: Tensor, output_size: Optional[List[int]]=None) -> Tensor:
      output_padding = self._output_padding(input, output_size)
      return torch.conv_transpose\(rank)d(input, self.weight, self.bias, \(py: m.stride), \(py: m.padding), output_padding, \
    \(py: m.groups), \(py: m.dilation))
    """
  }
}
