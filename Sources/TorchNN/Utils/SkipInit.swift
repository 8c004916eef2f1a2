// Making modules whose parameters are about to be overwritten.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.utils.skip_init.html

extension nn.utils {
  /// Makes a module without initializing its parameters: nothing is drawn, and their values are not set.
  ///
  /// ```swift
  /// let layer = nn.utils.skipInit { nn.Linear(4096, 4096) }
  /// try layer.loadStateDict(weights)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.skip_init.html
  public static func skipInit<Model: nn.Module>(_ make: () throws -> Model) rethrows -> Model {
    try nn.initializers.$isSkipped.withValue(true, operation: make)
  }
}
