// Activations, dropout and pooling of `torch.nn.functional`, in TorchScript.

extension JIT.Library {
  /// Activations that have a form in place.
  static let activations: String = {
    var text = """
      def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
        return torch.threshold_(input, threshold, value) if inplace else torch.threshold(input, threshold, value)

      def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
        return torch.leaky_relu_(input, negative_slope) if inplace else torch.leaky_relu(input, negative_slope)

      def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
        return torch.elu_(input, alpha) if inplace else torch.elu(input, alpha)

      def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
        return torch.celu_(input, alpha) if inplace else torch.celu(input, alpha)

      def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
        if min_val > max_val:
          raise ValueError("min_val cannot be greater than max_val")
        return torch.hardtanh_(input, min_val, max_val) if inplace else torch.hardtanh(input, min_val, max_val)

      def rrelu(input: Tensor, lower: float = 0.125, upper: float = 0.3333333333333333, training: bool = False,
          inplace: bool = False) -> Tensor:
        if inplace:
          return torch.rrelu_(input, lower, upper, training)
        return torch.rrelu(input, lower, upper, training)

      def glu(input: Tensor, dim: int = -1) -> Tensor:
        if input.dim() == 0:
          raise RuntimeError("glu does not support scalars because halving size must be even")
        return torch.glu(input, dim)

      def sigmoid(input: Tensor) -> Tensor:
        return input.sigmoid()

      def tanh(input: Tensor) -> Tensor:
        return input.tanh()

      def tanhshrink(input: Tensor) -> Tensor:
        return input - input.tanh()

      def softsign(input: Tensor) -> Tensor:
        return input / (input.abs() + 1)

      def logsigmoid(input: Tensor) -> Tensor:
        return torch.log_sigmoid(input)

      def _get_softmax_dim(name: str, ndim: int, stacklevel: int) -> int:
        warnings.warn(f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.")
        return 0 if ndim == 0 or ndim == 1 or ndim == 3 else 1

      def gumbel_softmax(logits: Tensor, tau: float = 1.0, hard: bool = False, eps: float = 1e-10,
          dim: int = -1) -> Tensor:
        noise = -torch.empty_like(logits, memory_format=torch.contiguous_format).exponential_().log()
        soft = ((logits + noise) / tau).softmax(dim)
        if hard:
          index = soft.max(dim, keepdim=True)[1]
          one = torch.zeros_like(logits, memory_format=torch.contiguous_format).scatter_(dim, index, 1.0)
          return one - soft.detach() + soft
        return soft


      """
    for name in ["relu", "relu6", "selu", "silu", "mish", "hardswish", "hardsigmoid"] {
      text += """
        def \(name)(input: Tensor, inplace: bool = False) -> Tensor:
          return torch.\(name)_(input) if inplace else torch.\(name)(input)


        """
    }
    for (name, call) in [
      ("softmax", "input.softmax"), ("softmin", "(-input).softmax"), ("log_softmax", "input.log_softmax"),
    ] {
      text += """
        def \(name)(input: Tensor, dim: Optional[int] = None, _stacklevel: int = 3,
            dtype: Optional[int] = None) -> Tensor:
          axis = _get_softmax_dim("\(name)", input.dim(), _stacklevel) if dim is None else dim
          if dtype is None:
            return \(call)(axis)
          return \(call)(axis, dtype=dtype)


        """
    }
    return text
  }()

  static let dropout: String = {
    var text = """
      def _check_probability(p: float) -> None:
        if p < 0.0 or p > 1.0:
          raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


      """
    let functions = [
      ("dropout", "dropout", "True"), ("alpha_dropout", "alpha_dropout", "False"),
      ("dropout1d", "feature_dropout", "True"),
      ("dropout2d", "feature_dropout", "True"), ("dropout3d", "feature_dropout", "True"),
      ("feature_alpha_dropout", "feature_alpha_dropout", "False"),
    ]
    for (name, op, training) in functions {
      // A batch may be missing where one dimension is given.
      let unbatched = name == "dropout1d"
      text += """
        def \(name)(input: Tensor, p: float = 0.5, training: bool = \(training), inplace: bool = False) -> Tensor:
          _check_probability(p)
          \(unbatched ? "if input.dim() == 2:" : "if False:")
            return torch.\(op)(input.unsqueeze(0), p, training).squeeze(0)
          return torch.\(op)_(input, p, training) if inplace else torch.\(op)(input, p, training)


        """
    }
    return text
  }()

  static let pooling: String = {
    var text = ""
    for n in 1...3 {
      let list = "BroadcastingList\(n)[int]"
      text += """
        def max_pool\(n)d(input: Tensor, kernel_size: \(list), stride: Optional[\(list)] = None, padding: \(list) = 0,
            dilation: \(list) = 1, ceil_mode: bool = False, return_indices: bool = False) -> Tensor:
          step = annotate(List[int], []) if stride is None else stride
          return torch.max_pool\(n)d(input, kernel_size, step, padding, dilation, ceil_mode)

        def max_pool\(n)d_with_indices(input: Tensor, kernel_size: \(list), stride: Optional[\(list)] = None,
            padding: \(list) = 0, dilation: \(list) = 1, ceil_mode: bool = False,
            return_indices: bool = False) -> Tuple[Tensor, Tensor]:
          step = annotate(List[int], []) if stride is None else stride
          return torch.max_pool\(n)d_with_indices(input, kernel_size, step, padding, dilation, ceil_mode)

        def adaptive_max_pool\(n)d(input: Tensor, output_size: \(list), return_indices: bool = False) -> Tensor:
          return torch.adaptive_max_pool\(n)d(input, output_size)[0]

        def adaptive_max_pool\(n)d_with_indices(input: Tensor, output_size: \(list),
            return_indices: bool = False) -> Tuple[Tensor, Tensor]:
          return torch.adaptive_max_pool\(n)d(input, output_size)

        def adaptive_avg_pool\(n)d(input: Tensor, output_size: \(list)) -> Tensor:
          return torch.adaptive_avg_pool\(n)d(input, output_size)


        """
    }
    for n in 1...2 {
      let list = "BroadcastingList\(n)[int]"
      let count = n == 1 ? "kernel_size[0]" : "kernel_size[0] * kernel_size[1]"
      text += """
        def lp_pool\(n)d(input: Tensor, norm_type: float, kernel_size: \(list), stride: Optional[\(list)] = None,
            ceil_mode: bool = False) -> Tensor:
          step = kernel_size if stride is None else stride
          out = torch.avg_pool\(n)d(input.pow(norm_type), kernel_size, step, 0, ceil_mode)
          return (torch.sign(out) * torch.relu(torch.abs(out))).mul(\(count)).pow(1.0 / norm_type)


        """
    }
    return text
  }()
}
