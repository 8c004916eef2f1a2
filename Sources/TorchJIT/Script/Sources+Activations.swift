// Sources of activations and dropout.

extension JIT.ModuleSources {
  static func activation(_ module: nn.Module) throws -> JIT.ModuleSource? {
    switch module {
    case let m as nn.ReLU: return pointwise("torch.relu", m.inplace)
    case let m as nn.SiLU: return pointwise("torch.silu", m.inplace)
    case let m as nn.Mish: return pointwise("torch.mish", m.inplace)
    case let m as nn.SELU: return pointwise("torch.selu", m.inplace)
    case let m as nn.ReLU6: return pointwise("torch.hardtanh", ["0.", "6."], m.inplace)
    case let m as nn.Hardsigmoid: return pointwise("torch.hardsigmoid", m.inplace)
    case let m as nn.Hardswish: return pointwise("torch.hardswish", m.inplace)
    case let m as nn.ELU: return pointwise("torch.elu", ["\(py: m.alpha)"], m.inplace, ["alpha": m.alpha])
    case let m as nn.CELU: return pointwise("torch.celu", ["\(py: m.alpha)"], m.inplace, ["alpha": m.alpha])
    case let m as nn.LeakyReLU:
      return pointwise("torch.leaky_relu", ["\(py: m.negativeSlope)"], m.inplace, ["negative_slope": m.negativeSlope])
    case let m as nn.RReLU:
      return pointwise(
        "torch.rrelu", ["\(py: m.lower)", "\(py: m.upper)", "self.training"], m.inplace,
        ["lower": m.lower, "upper": m.upper])
    case let m as nn.Hardtanh:
      return pointwise(
        "torch.hardtanh", ["\(py: m.minVal)", "\(py: m.maxVal)"], m.inplace, ["min_val": m.minVal, "max_val": m.maxVal])
    case let m as nn.Threshold:
      return pointwise(
        "torch.threshold", ["\(py: m.threshold)", "\(py: m.value)"], m.inplace,
        ["threshold": m.threshold, "value": m.value])
    case is nn.Sigmoid: return expression("torch.sigmoid(input)")
    case is nn.Tanh: return expression("torch.tanh(input)")
    case is nn.LogSigmoid: return expression("torch.log_sigmoid(input)")
    case is nn.Softsign: return expression("torch.div(input, torch.add(torch.abs(input), 1))")
    case is nn.Tanhshrink: return expression("torch.sub(input, torch.tanh(input))")
    case let m as nn.GELU:
      return expression("torch.gelu(input, approximate=\(py: m.approximate))", ["approximate": m.approximate])
    case let m as nn.Softplus:
      return expression(
        "torch.softplus(input, \(py: m.beta), \(py: m.threshold))", ["beta": m.beta, "threshold": m.threshold])
    case let m as nn.Hardshrink: return expression("torch.hardshrink(input, \(py: m.lambda))", ["lambd": m.lambda])
    case let m as nn.Softshrink: return expression("torch.softshrink(input, \(py: m.lambda))", ["lambd": m.lambda])
    case let m as nn.PReLU:
      return expression("torch.prelu(input, self.weight)", ["num_parameters": m.numParameters])
    case let m as nn.GLU: return expression("torch.glu(input, \(py: m.dim))", ["dim": m.dim])
    case let m as nn.Softmax: return expression("torch.softmax(input, \(py: m.dim))", ["dim": m.dim])
    case let m as nn.LogSoftmax: return expression("torch.log_softmax(input, \(py: m.dim))", ["dim": m.dim])
    case let m as nn.Softmin: return expression("torch.softmax(torch.neg(input), \(py: m.dim))", ["dim": m.dim])
    case is nn.Softmax2d:
      return JIT.ModuleSource(
        """
        def forward(self, input: Tensor) -> Tensor:
          if input.dim() != 3 and input.dim() != 4:
            raise ValueError("Softmax2d: expected input to be 3D or 4D, got {}D instead".format(input.dim()))
          return torch.softmax(input, -3)
        """)
    case let m as nn.DropoutBase: return dropout(m)
    default: return nil
    }
  }

  /// A function of the input alone.
  static func expression(
    _ text: String, _ constants: KeyValuePairs<String, any ScriptConstant> = [:]
  ) -> JIT.ModuleSource {
    JIT.ModuleSource("def forward(self, input: Tensor) -> Tensor:\n  return \(text)\n", constants)
  }

  private static func pointwise(_ function: String, _ inplace: Bool) -> JIT.ModuleSource {
    pointwise(function, [], inplace)
  }

  /// An activation, in place if the module says so.
  private static func pointwise(
    _ function: String, _ parameters: [String], _ inplace: Bool,
    _ constants: KeyValuePairs<String, any ScriptConstant> = [:]
  ) -> JIT.ModuleSource {
    let arguments = (["input"] + parameters).joined(separator: ", ")
    return expression("\(function)\(inplace ? "_" : "")(\(arguments))", constants)
  }

  private static func dropout(_ m: nn.DropoutBase) -> JIT.ModuleSource? {
    let suffix = m.inplace ? "_" : ""
    let function: String
    switch m {
    case is nn.Dropout: function = "dropout"
    case is nn.AlphaDropout: function = "alpha_dropout"
    case is nn.FeatureAlphaDropout: function = "feature_alpha_dropout"
    case is nn.Dropout1d, is nn.Dropout2d, is nn.Dropout3d: function = "feature_dropout"
    default: return nil
    }
    let constants: KeyValuePairs<String, any ScriptConstant> = ["p": m.p, "inplace": m.inplace]
    let call = { (x: String) in "torch.\(function)\(suffix)(\(x), \(py: m.p), self.training)" }
    // Without a batch, channels are the first dimension.
    guard let single = m is nn.Dropout1d ? 2 : m is nn.Dropout3d ? 4 : nil else { return expression(call("input"), constants) }
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor) -> Tensor:
        if input.dim() != \(single) and input.dim() != \(single + 1):
          raise RuntimeError("dropout\(single - 1)d: Expected \(single)D or \(single + 1)D input, but received a {}D input.".format(input.dim()))
        if input.dim() == \(single):
          return torch.squeeze(\(call("torch.unsqueeze(input, 0)")), 0)
        return \(call("input"))
      """, constants)
  }
}
