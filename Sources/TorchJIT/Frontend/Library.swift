// TorchScript source that comes with the library: functions and classes that PyTorch has in Python.
//
// Archives carry their own copies. These are for source text that is compiled here.

extension JIT {
  enum Library {
    /// The source of a module of PyTorch, by its qualified name.
    static func source(_ qualifier: String) -> String? { sources[qualifier] }

    private static let sources: [String: String] = [
      "__torch__.torch.autograd.grad_mode": gradMode
    ]

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
  }
}
