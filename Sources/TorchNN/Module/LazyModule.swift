// Modules that learn the sizes of their parameters from their first input.
//
// Departure from PyTorch: an object cannot change its class, so a lazy module stays one; it prints as the class it stands
// for once it has been called.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.modules.lazy.LazyModuleMixin.html

extension nn {
  /// A module whose parameters get their sizes from the first input: `LazyLinear`, `LazyConv2d`, ….
  ///
  /// ```swift
  /// let model = nn.Sequential(nn.LazyLinear(10), nn.ReLU(), nn.LazyLinear(1))
  /// _ = model(torch.randn(2, 5))          // a dry run: now the parameters have sizes
  /// let optimizer = optim.SGD(model.parameters(), lr: 0.1)
  /// ```
  /// Until then its parameters can be converted to other dtypes and loaded, no more.
  public protocol LazyModule: Module {
    /// Gives the parameters sizes that suit `input`, and initial values.
    func initializeParameters(_ input: Tensor) throws
  }

  /// A parameter without sizes, for modules of one's own: `materialize` gives it some.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedParameter.html
  public static func uninitializedParameter(requiresGrad: Bool = true, dtype: DType? = nil) -> Tensor {
    Tensor.uninitialized("UninitializedParameter", dtype ?? .default, requiresGrad: requiresGrad)
  }

  /// A buffer without sizes.
  public static func uninitializedBuffer(dtype: DType? = nil) -> Tensor {
    Tensor.uninitialized("UninitializedBuffer", dtype ?? .default, requiresGrad: false)
  }
}

extension nn.LazyModule {
  /// Whether any parameter or buffer has no sizes yet.
  public func hasUninitializedParams() -> Bool {
    let members = members
    return members.parameters.contains { $0.slot.tensor?.isUninitialized ?? false }
      || members.buffers.contains { $0.slot.tensor?.isUninitialized ?? false }
  }

  /// What `forward` does before its work: initializes the parameters if they are not. Gives an invalid tensor if it fails.
  public func initialized(for input: Tensor) -> Tensor? {
    if !input.isValid { return input }
    do {
      try torch.noGrad { try initializeParameters(input) }
      guard !hasUninitializedParams() else {
        throw TorchError(.state, "module \(typeName) has not been fully initialized")
      }
      return nil
    } catch {
      return .invalid(error as? TorchError ?? TorchError(.state, "\(error)"))
    }
  }
}

extension nn.Module {
  /// `LazyLinear` as it is, or `Linear` where it `isLazy` no more.
  func lazyTypeName(_ isLazy: Bool, _ name: String) -> String {
    isLazy || !name.hasPrefix("Lazy") ? name : String(name.dropFirst("Lazy".count))
  }
}
