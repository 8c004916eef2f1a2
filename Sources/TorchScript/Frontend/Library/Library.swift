// TorchScript source that comes with the library: functions and classes that PyTorch has in Python.
//
// Archives carry their own copies. These are for source text that is compiled here: `F.relu(x)` in it is a call of
// `__torch__.torch.nn.functional.relu`, as in PyTorch, and is saved as such. A function of several signatures has them
// under the names `interpolate`, `interpolate__1`, ….

extension JIT {
  enum Library {
    /// The source of a module of PyTorch, by its qualified name.
    static func source(_ qualifier: String) -> String? {
      switch qualifier {
      case "__torch__.torch.autograd.grad_mode": gradMode
      case "__torch__.torch.nn._reduction": reduction
      case "__torch__.torch.nn.functional": activations + dropout + pooling + normalization + losses + vision
      case "__torch__.torch.functional": functional
      default: nil
      }
    }

    /// Functions that are another one where a flag is set, which has to be known: `return_indices` of pooling.
    static let flagged: [String: (flag: String, position: Int, function: String)] = {
      var table: [String: (flag: String, position: Int, function: String)] = [:]
      for dimension in 1...3 {
        table["max_pool\(dimension)d"] = ("return_indices", 6, "max_pool\(dimension)d_with_indices")
        table["adaptive_max_pool\(dimension)d"] = ("return_indices", 2, "adaptive_max_pool\(dimension)d_with_indices")
      }
      return table
    }()

    private static let gradMode = """
      class no_grad:
        def __init__(self) -> None:
          self.prev = False
        def __enter__(self) -> None:
          self.prev = torch.is_grad_enabled()
          torch.set_grad_enabled(False)
        def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
          torch.set_grad_enabled(self.prev)

      class enable_grad:
        def __init__(self) -> None:
          self.prev = False
        def __enter__(self) -> None:
          self.prev = torch.is_grad_enabled()
          torch.set_grad_enabled(True)
        def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
          torch.set_grad_enabled(self.prev)

      """

    private static let reduction = """
      def get_enum(reduction: str) -> int:
        if reduction == "none":
          return 0
        if reduction == "mean":
          return 1
        if reduction == "sum":
          return 2
        raise ValueError(f"{reduction} is not a valid value for reduction")

      def legacy_get_string(size_average: Optional[bool], reduce: Optional[bool], emit_warning: bool = True) -> str:
        averages = True if size_average is None else size_average
        reduces = True if reduce is None else reduce
        if not reduces:
          return "none"
        return "mean" if averages else "sum"

      def code(size_average: Optional[bool], reduce: Optional[bool], reduction: str) -> int:
        if size_average is not None or reduce is not None:
          return get_enum(legacy_get_string(size_average, reduce))
        return get_enum(reduction)

      """

    private static let functional = """
      def norm(input: Tensor, p: Optional[number] = 2, dim: Optional[List[int]] = None, keepdim: bool = False,
          out: Optional[Tensor] = None, dtype: Optional[int] = None) -> Tensor:
        order = 2 if p is None else p
        if dtype is not None:
          input = input.to(dtype)
        if dim is None:
          return torch.linalg.vector_norm(input, order, None, keepdim)
        return torch.linalg.vector_norm(input, order, dim, keepdim)

      def norm__1(input: Tensor, p: Optional[number] = 2, dim: Optional[int] = None, keepdim: bool = False,
          out: Optional[Tensor] = None, dtype: Optional[int] = None) -> Tensor:
        if dim is None:
          return norm(input, p, None, keepdim, out, dtype)
        return norm(input, p, [dim], keepdim, out, dtype)

      def norm__2(input: Tensor, p: str, dim: Optional[List[int]] = None, keepdim: bool = False,
          out: Optional[Tensor] = None, dtype: Optional[int] = None) -> Tensor:
        if dtype is not None:
          input = input.to(dtype)
        if dim is None:
          if p == "fro":
            return torch.linalg.vector_norm(input, 2, None, keepdim)
          return torch.linalg.matrix_norm(input, p, [-2, -1], keepdim)
        return torch.linalg.matrix_norm(input, p, dim, keepdim)

      def tensordot(a: Tensor, b: Tensor, dims: List[List[int]]) -> Tensor:
        return torch.ops.aten.tensordot(a, b, dims[0], dims[1])

      def tensordot__1(a: Tensor, b: Tensor, dims: int = 2) -> Tensor:
        first = [i - dims for i in range(dims)]
        second = [i for i in range(dims)]
        return torch.ops.aten.tensordot(a, b, first, second)

      """
  }
}
