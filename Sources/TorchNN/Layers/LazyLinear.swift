// An affine map that takes the size of its input from the first one.

extension nn {
  /// `Linear` whose `inFeatures` is the first input's last size.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html
  public final class LazyLinear: Linear, LazyModule {
    private var isLazy = true

    public init(_ outFeatures: Int, bias: Bool = true, dtype: DType? = nil) {
      super.init(0, 0, bias: false, dtype: dtype)
      self.outFeatures = outFeatures
      weight = nn.uninitializedParameter(dtype: dtype)
      if bias { self.bias = nn.uninitializedParameter(dtype: dtype) }
    }

    public override func resetParameters() {
      if inFeatures != 0, !hasUninitializedParams() { super.resetParameters() }
    }

    public func initializeParameters(_ input: Tensor) throws {
      if hasUninitializedParams() {
        inFeatures = input.shape.last ?? 0
        weight.materialize([outFeatures, inFeatures])
        bias?.materialize([outFeatures])
        resetParameters()
      } else if inFeatures == 0 {
        guard input.shape.last == weight.shape.last else {
          throw TorchError(
            .shape,
            "The in_features inferred from input: \(input.shape.last ?? 0) is not equal to in_features from self.weight: \(weight.shape.last ?? 0)")
        }
        inFeatures = weight.shape[-1]
      }
    }

    public override func forward(_ x: Tensor) -> Tensor {
      if isLazy {
        if let failed = initialized(for: x) { return failed }
        isLazy = false
      }
      return super.forward(x)
    }

    public override var typeName: String { lazyTypeName(isLazy, super.typeName) }
  }
}
