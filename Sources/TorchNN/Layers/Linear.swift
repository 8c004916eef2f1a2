// Affine maps.
// Reference: https://pytorch.org/docs/stable/nn.html#linear-layers

extension nn {
  /// `y = x Wᵀ + b`
  ///
  /// - `weight` (out, in), uniform in ±1/√in; `bias` (out), uniform in ±1/√in.
  /// - Shapes: (…, in) gives (…, out).
  ///
  /// ```swift
  /// print(nn.Linear(20, 30)(torch.randn(128, 20)).shape)   // torch.Size([128, 30])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
  public class Linear: Module, Layer {
    public internal(set) var inFeatures: Int
    public internal(set) var outFeatures: Int
    @Parameter public var weight: Tensor
    @Parameter public var bias: Tensor?

    public init(_ inFeatures: Int, _ outFeatures: Int, bias: Bool = true, dtype: DType? = nil) {
      self.inFeatures = inFeatures
      self.outFeatures = outFeatures
      weight = Tensor.empty([outFeatures, inFeatures], dtype: dtype)
      self.bias = bias ? Tensor.empty([outFeatures], dtype: dtype) : nil
      super.init()
      resetParameters()
    }

    public func resetParameters() {
      // √5 makes the bound 1/√in.
      initializers.kaimingUniform_(weight, nonlinearity: .leakyRelu(5.0.squareRoot()))
      if let bias { initializers.uniformByFan(bias, inFeatures) }
    }

    public func forward(_ x: Tensor) -> Tensor { functional.linear(x, weight, bias) }

    public override var extraRepr: String {
      "in_features=\(inFeatures), out_features=\(outFeatures), bias=\(Repr.of(bias != nil))"
    }
  }

  /// `y = x₁ᵀ A x₂ + b`: a bilinear form for each output.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
  public final class Bilinear: Module, Layer {
    public let in1Features: Int
    public let in2Features: Int
    public let outFeatures: Int
    @Parameter public var weight: Tensor
    @Parameter public var bias: Tensor?

    public init(_ in1Features: Int, _ in2Features: Int, _ outFeatures: Int, bias: Bool = true, dtype: DType? = nil) {
      self.in1Features = in1Features
      self.in2Features = in2Features
      self.outFeatures = outFeatures
      weight = Tensor.empty([outFeatures, in1Features, in2Features], dtype: dtype)
      self.bias = bias ? Tensor.empty([outFeatures], dtype: dtype) : nil
      super.init()
      resetParameters()
    }

    public func resetParameters() {
      let bound = 1 / Double(in1Features).squareRoot()
      initializers.uniform_(weight, -bound, bound)
      if let bias { initializers.uniform_(bias, -bound, bound) }
    }

    public func forward(_ input: (Tensor, Tensor)) -> Tensor { functional.bilinear(input.0, input.1, weight, bias) }

    public override var extraRepr: String {
      "in1_features=\(in1Features), in2_features=\(in2Features), out_features=\(outFeatures), bias=\(Repr.of(bias != nil))"
    }
  }

  /// Passes its input on.
  public final class Identity: Module, Layer {
    public func forward(_ x: Tensor) -> Tensor { x }
  }

  /// Dimensions `startDim` through `endDim` made one.
  public final class Flatten: Module, Layer {
    public let startDim: Int
    public let endDim: Int

    public init(startDim: Int = 1, endDim: Int = -1) {
      self.startDim = startDim
      self.endDim = endDim
    }

    public func forward(_ x: Tensor) -> Tensor { x.flatten(startDim, endDim) }

    public override var extraRepr: String { "start_dim=\(startDim), end_dim=\(endDim)" }
  }

  /// Dimension `dim` made several.
  public final class Unflatten: Module, Layer {
    public let dim: Int
    public let unflattenedSize: [Int]

    public init(_ dim: Int, _ unflattenedSize: [Int]) {
      self.dim = dim
      self.unflattenedSize = unflattenedSize
    }

    public func forward(_ x: Tensor) -> Tensor {
      guard dim >= -x.ndim, dim < x.ndim else {
        return .invalid(
          TorchError(
            .index,
            "Dimension out of range (expected to be in range of [\(-x.ndim), \(x.ndim - 1)], but got \(dim))"))
      }
      let at = dim < 0 ? dim + x.ndim : dim
      return x.reshape(Array(x.shape[0..<at]) + unflattenedSize + Array(x.shape[(at + 1)...]))
    }

    public override var extraRepr: String { "dim=\(dim), unflattened_size=\(Repr.tuple(unflattenedSize))" }
  }
}

extension nn.functional {
  /// `x₁ᵀ A x₂ + b` for the last dimensions of x₁ (…, in1) and x₂ (…, in2), A (out, in1, in2).
  public static func bilinear(_ x1: Tensor, _ x2: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
    torch.bilinear(x1, x2, weight, bias: bias)
  }
}

extension nn.initializers {
  /// What layers do to biases: uniform in ±1/√fan.
  static func uniformByFan(_ tensor: Tensor, _ fan: Int) {
    guard fan > 0 else { return }
    let bound = 1 / Double(fan).squareRoot()
    uniform_(tensor, -bound, bound)
  }
}
