// Ways to choose what to prune, and the functions that apply them.
// Reference: https://pytorch.org/docs/stable/nn.html#module-torch.nn.utils

extension nn.utils.prune {
  /// The elements with the least absolute scores.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.L1Unstructured.html
  public struct L1Unstructured: Method {
    public let amount: Amount
    public init(amount: Amount) { self.amount = amount }
    public var kind: Kind { .unstructured }

    public func mask(_ scores: Tensor, _ mask: Tensor) throws -> Tensor {
      let count = try amount.number(of: scores.numel)
      return cleared(mask, at: count == 0 ? nil : scores.abs().reshape(-1).topk(count, largest: false).indices)
    }
  }

  /// Elements at random.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.RandomUnstructured.html
  public struct RandomUnstructured: Method {
    public let amount: Amount
    public init(amount: Amount) { self.amount = amount }
    public var kind: Kind { .unstructured }

    public func mask(_ scores: Tensor, _ mask: Tensor) throws -> Tensor {
      let count = try amount.number(of: scores.numel)
      return cleared(mask, at: count == 0 ? nil : torch.rand(like: scores).reshape(-1).topk(count).indices)
    }
  }

  /// The channels along `dim` with the least norms.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.LnStructured.html
  public struct LnStructured: Method {
    public let amount: Amount
    /// The order of the norm; infinities are allowed.
    public let n: Double
    public let dim: Int

    public init(amount: Amount, n: Double, dim: Int = -1) {
      self.amount = amount
      self.n = n
      self.dim = dim
    }

    public var kind: Kind { .structured(dim: dim) }

    public func mask(_ scores: Tensor, _ mask: Tensor) throws -> Tensor {
      let (dim, channels) = try channelCount(scores, dim)
      let count = try amount.number(of: channels)
      if count == 0 { return mask }
      let norms = scores.norm(p: .double(n), dim: (0..<scores.ndim).filter { $0 != dim })
      let kept = norms.topk(channels - count).indices
      return Tensor.zeros(scores.shape, dtype: scores.dtype).indexFill(dim, kept, 1) * mask.to(scores.dtype)
    }
  }

  /// Channels along `dim` at random.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.RandomStructured.html
  public struct RandomStructured: Method {
    public let amount: Amount
    public let dim: Int

    public init(amount: Amount, dim: Int = -1) {
      self.amount = amount
      self.dim = dim
    }

    public var kind: Kind { .structured(dim: dim) }

    public func mask(_ scores: Tensor, _ mask: Tensor) throws -> Tensor {
      let (dim, channels) = try channelCount(scores, dim)
      let count = try amount.number(of: channels)
      if count == 0 { return mask }
      let draws = torch.rand(channels)
      let kept = draws > draws.kthvalue(count).values
      let spread = kept.reshape((0..<scores.ndim).map { $0 == dim ? channels : 1 })
      return mask.to(scores.dtype) * spread.to(scores.dtype)
    }
  }

  /// What a given mask says.
  public struct CustomFromMask: Method {
    public let given: Tensor
    public init(mask: Tensor) { given = mask }
    public var kind: Kind { .global }

    public func mask(_ scores: Tensor, _ mask: Tensor) throws -> Tensor {
      guard given.shape == mask.shape else {
        throw TorchError(
          .shape,
          "The size of tensor a \(mask.shape.listDescription) must match the size of the mask \(given.shape.listDescription)")
      }
      return mask * given.to(mask.dtype)
    }
  }

  /// Nothing: the parameter gets a mask of ones.
  public struct Identity: Method {
    public init() {}
    public var kind: Kind { .unstructured }
    public func mask(_ scores: Tensor, _ mask: Tensor) throws -> Tensor { mask }
  }

  private static func cleared(_ mask: Tensor, at places: Tensor?) -> Tensor {
    places.map { mask.reshape(-1).indexFill(0, $0, 0).reshape(like: mask) } ?? mask.clone()
  }

  private static func channelCount(_ scores: Tensor, _ dim: Int) throws -> (dim: Int, count: Int) {
    guard scores.ndim > 1 else {
      throw TorchError(
        .shape,
        "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape \(scores.shape) with \(scores.ndim) dims")
    }
    guard dim < scores.ndim, dim >= -scores.ndim else {
      throw TorchError(.index, "Invalid index \(dim) for tensor of size \(scores.shape)")
    }
    let dim = dim < 0 ? dim + scores.ndim : dim
    return (dim, scores.shape[dim])
  }

  // MARK: Functions

  /// Prunes the elements with the least absolute values.
  ///
  /// ```swift
  /// try nn.utils.prune.l1Unstructured(layer, "weight", amount: 0.3)
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.l1_unstructured.html
  @discardableResult
  public static func l1Unstructured<Model: nn.Module>(
    _ module: Model, _ name: String, amount: Amount, importanceScores: Tensor? = nil
  ) throws -> Model { try apply(L1Unstructured(amount: amount), module, name, importanceScores: importanceScores) }

  /// Prunes elements at random.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.random_unstructured.html
  @discardableResult
  public static func randomUnstructured<Model: nn.Module>(_ module: Model, _ name: String, amount: Amount) throws
    -> Model
  { try apply(RandomUnstructured(amount: amount), module, name) }

  /// Prunes the channels along `dim` with the least norms of order `n`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.ln_structured.html
  @discardableResult
  public static func lnStructured<Model: nn.Module>(
    _ module: Model, _ name: String, amount: Amount, n: Double, dim: Int, importanceScores: Tensor? = nil
  ) throws -> Model {
    try apply(LnStructured(amount: amount, n: n, dim: dim), module, name, importanceScores: importanceScores)
  }

  /// Prunes channels along `dim` at random.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.random_structured.html
  @discardableResult
  public static func randomStructured<Model: nn.Module>(_ module: Model, _ name: String, amount: Amount, dim: Int) throws
    -> Model
  { try apply(RandomStructured(amount: amount, dim: dim), module, name) }

  /// Prunes where `mask` is zero.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.custom_from_mask.html
  @discardableResult
  public static func customFromMask<Model: nn.Module>(_ module: Model, _ name: String, mask: Tensor) throws -> Model {
    try apply(CustomFromMask(mask: mask), module, name)
  }

  /// Gives a parameter a mask of ones.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.identity.html
  @discardableResult
  public static func identity<Model: nn.Module>(_ module: Model, _ name: String) throws -> Model {
    try apply(Identity(), module, name)
  }
}
