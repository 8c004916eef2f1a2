// Margin losses over classes: the true class, or classes, ahead of the others.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html

enum MarginLosses {
  private static func checkInput(_ x: Tensor) throws {
    guard x.ndim <= 2, x.ndim < 1 || x.shape[x.ndim - 1] != 0 else {
      throw TorchError(
        .shape,
        "Expected non-empty vector or matrix with optional 0-dim batch size, but got: \(x.shape.listDescription)")
    }
  }

  private static func checkTypes(_ x: Tensor, _ y: Tensor, _ kernel: String) throws {
    guard y.dtype == .int64 else {
      throw TorchError(.dtype, "expected scalar type Long but found \(y.dtype.scalarTypeName)")
    }
    guard x.dtype == .float32 || x.dtype == .float64 else {
      throw TorchError(.notImplemented, "\"\(kernel)\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
  }

  private static func reduced(_ loss: Tensor, _ reduction: Int) -> Tensor {
    Reduction(rawValue: reduction)?.apply(loss) ?? loss
  }

  /// Σⱼ max(0, margin - x[y] + x[j])ᵖ / C over the classes j other than y.
  static let multiMargin: Operator<Tensor, Tensor, Scalar, Scalar, Tensor?, Int, Tensor> = Operator(
    composite:
      "multi_margin_loss(Tensor self, Tensor target, Scalar p=1, Scalar margin=1, Tensor? weight=None, int reduction=1) -> Tensor",
    twins: .out
  ) { x, y, p, margin, weight, reduction in
    guard p.doubleValue == 1 || p.doubleValue == 2 else {
      throw TorchError(.value, "only p == 1 and p == 2 supported")
    }
    try checkInput(x)
    let rows = x.ndim <= 1 ? x.reshape([1, -1]) : x
    let (n, classes) = (rows.shape[0], rows.shape[1])
    guard y.ndim <= 1, y.numel == n else {
      throw TorchError(
        .shape,
        "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). Expected target size [\(n)], but got \(y.shape.listDescription). Input has shape \(x.shape.listDescription)."
      )
    }
    if let weight {
      guard weight.ndim <= 1, weight.numel == classes else {
        throw TorchError(
          .shape, "inconsistent weight size, expected \(classes) but got \(weight.shape.listDescription)")
      }
    }
    try checkTypes(x, y, "multi_margin_loss_cpu_kernel")
    if n > 0 {
      guard try y.amin().item(Int.self) >= 0, try y.amax().item(Int.self) < classes else {
        throw TorchError(.index, "target out of range")
      }
    }
    let column = y.reshape([n, 1])
    let others = torch.noGrad {
      Tensor.ones([n, classes], dtype: x.dtype).scatter(1, column, Tensor.zeros([n, 1], dtype: x.dtype))
    }
    var parts = (rows - rows.gather(1, column) + Tensor(wrapping: margin)).clamp(min: 0) * others
    if p.doubleValue == 2 { parts = parts * parts }
    if let weight { parts = parts * weight.reshape([-1]).indexSelect(0, column.reshape([-1])).unsqueeze(1) }
    let loss = parts.sum(dim: 1) / classes
    return reduced(reduction == 0 ? loss.reshape(Array(y.shape)) : loss, reduction)
  }

  /// Σ max(0, 1 - (x[y] - x[k])) / C over the targets y, which are the numbers before the first -1, and the classes k that
  /// are no targets; and a mask of the targets.
  static let multilabelForward: Operator<Tensor, Tensor, Int, [Tensor]> = Operator(
    composite:
      "multilabel_margin_loss_forward(Tensor self, Tensor target, int reduction) -> (Tensor output, Tensor is_target)",
    twins: .out("output", names: ["output", "is_target"])
  ) { x, y, reduction in
    try checkInput(x)
    guard x.shape == y.shape || x.ndim == 0 && y.numel == 1 else {
      throw TorchError(
        .shape, "inconsistent target size: \(y.shape.listDescription) for input of size: \(x.shape.listDescription)")
    }
    try checkTypes(x, y, "multilabel_margin_loss_forward_out_frame")
    let rows = x.ndim <= 1 ? x.reshape([1, -1]) : x
    let (n, classes) = (rows.shape[0], rows.shape[1])
    if x.numel > 0 {
      guard try y.amin().item(Int.self) >= -1, try y.amax().item(Int.self) < classes else {
        throw TorchError(.index, "argument #2 'target' is out of range")
      }
    }
    let labels = y.reshape([n, classes])
    let (counts, places, isTarget) = torch.noGrad { () -> (Tensor, Tensor, Tensor) in
      let counts = (labels >= 0).to(x.dtype).cumprod(1)
      let places = labels.clamp(min: 0)
      let marks = Tensor.zeros([n, classes], dtype: x.dtype).scatterAdd(1, places, counts)
      return (counts, places, marks.clamp(max: 1))
    }
    // (n, target, class)
    let ahead = rows.gather(1, places).unsqueeze(2) - rows.unsqueeze(1)
    let parts = (1 - ahead).clamp(min: 0) * counts.unsqueeze(2) * (1 - isTarget).unsqueeze(1)
    let loss = parts.sum(dim: [1, 2]) / classes
    return [
      reduced(reduction == 0 && x.ndim <= 1 ? loss.squeeze(0) : loss, reduction), isTarget.reshape(Array(y.shape)),
    ]
  }

  static let multilabelMargin = Operator(
    composite: "multilabel_margin_loss(Tensor self, Tensor target, int reduction=1) -> Tensor", twins: .out
  ) { (x: Tensor, y: Tensor, reduction: Int) in multilabelForward(x, y, reduction)[0] }

  static let operators: [AnyOperator] = [multiMargin, multilabelForward, multilabelMargin]
}

extension torch {
  /// Σⱼ max(0, margin - x[y] + x[j])ᵖ / C for x (N, C) and classes y (N).
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html
  public static func multiMarginLoss(
    _ x: Tensor, _ target: Tensor, p: Int = 1, margin: Double = 1, weight: Tensor? = nil, reduction: Reduction = .mean
  ) -> Tensor { MarginLosses.multiMargin(x, target, .int(p), .double(margin), weight, reduction.rawValue) }

  /// Hinge losses between the targets of x (N, C), which are the classes in a row of `target` up to the first -1, and the
  /// others.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html
  public static func multilabelMarginLoss(_ x: Tensor, _ target: Tensor, reduction: Reduction = .mean) -> Tensor {
    MarginLosses.multilabelMargin(x, target, reduction.rawValue)
  }
}
