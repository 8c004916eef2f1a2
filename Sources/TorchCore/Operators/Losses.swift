// Losses that are operators of their own. Those that are plain compositions are in TorchNN's functional.
// Reference: https://pytorch.org/docs/stable/nn.functional.html#loss-functions

/// How a loss of many elements becomes one: PyTorch's `reduction`, with its codes.
public enum Reduction: Int, Sendable {
  case none = 0, mean = 1, sum = 2

  /// Reduces elementwise losses.
  public func apply(_ loss: Tensor) -> Tensor {
    switch self {
    case .none: loss
    case .mean: loss.mean()
    case .sum: loss.sum()
    }
  }
}

enum Losses {
  /// The negative log likelihood of (N, C, …) log-probabilities and (N, …) classes; also the weight it divided by.
  private static func nll(_ name: String) -> Operator<Tensor, Tensor, Tensor?, Int, Int, [Tensor]> {
    Operator(
      "\(name)_forward(Tensor self, Tensor target, Tensor? weight, int reduction, SymInt ignore_index) -> (Tensor output, Tensor total_weight)",
      twins: .none, gradientName: name == "nll_loss" ? "NllLossBackward0" : "NllLoss2DBackward0",
      kernel: { (x: Tensor, target: Tensor, weight: Tensor?, reduction: Int, ignored: Int) in
        try check(x, target, weight, ignored)
        let (picked, weights) = picks(x, target, weight, ignored)
        let losses = -(picked * weights)
        if reduction == Reduction.none.rawValue { return [losses, Tensor.zeros([], dtype: x.dtype)] }
        let total = weight == nil ? weights.sum() : try runningSum(weights)
        let sum = try runningSum(losses)
        return [reduction == Reduction.sum.rawValue ? sum : sum / total, total]
      },
      derivative: { record, y, x, target, weight, reduction, ignored in
        record.attachOnly(1)
        let (sx, sw) = (record.save(x), record.save(weight))
        let total = y[1].detach()
        return { g in
          [
            nllBackward(name)(g[0], try sx.value, target, try sw?.value, reduction, ignored, total), nil, nil,
          ]
        }
      })
  }

  private static func nllBackwardOperator(
    _ name: String
  ) -> Operator<Tensor, Tensor, Tensor, Tensor?, Int, Int, Tensor, Tensor> {
    Operator(
      "\(name)_backward(Tensor grad_output, Tensor self, Tensor target, Tensor? weight, int reduction, SymInt ignore_index, Tensor total_weight) -> Tensor",
      twins: .none,
      kernel: { g, x, target, weight, reduction, ignored, total in
        let classDim = x.ndim == 1 ? 0 : 1
        let weights = picks(x, target, weight, ignored).weights
        var spread = -(weights * g)
        if reduction == Reduction.mean.rawValue { spread = spread / total }
        return Tensor.zeros(x.shape, dtype: x.dtype).scatter(
          classDim, places(target, ignored).unsqueeze(classDim), spread.unsqueeze(classDim))
      },
      derivative: { record, _, _, x, target, weight, reduction, ignored, total in
        let sw = record.save(weight)
        let like = x.detach()
        return { gg in
          // The loss is linear in x: what it gives for gg is the gradient by grad_output.
          let (picked, weights) = picks(gg[0], target, try sw?.value, ignored)
          let losses = -(picked * weights)
          switch Reduction(rawValue: reduction) ?? .mean {
          case .none: return [losses, nil, nil, nil, nil]
          case .sum: return [losses.sum(), nil, nil, nil, nil]
          case .mean: return [losses.sum() / total, Tensor.zeros(like.shape, dtype: like.dtype), nil, nil, nil]
          }
        }
      })
  }

  static let nllForward = nll("nll_loss"), nll2dForward = nll("nll_loss2d")
  static let nllBackward1: Operator<Tensor, Tensor, Tensor, Tensor?, Int, Int, Tensor, Tensor> =
    nllBackwardOperator("nll_loss")
  static let nllBackward2: Operator<Tensor, Tensor, Tensor, Tensor?, Int, Int, Tensor, Tensor> =
    nllBackwardOperator("nll_loss2d")

  private static func nllBackward(_ name: String) -> Operator<Tensor, Tensor, Tensor, Tensor?, Int, Int, Tensor, Tensor> {
    name == "nll_loss" ? nllBackward1 : nllBackward2
  }

  /// The sum; of 16-bit floats as PyTorch takes it here, rounded at every addition, in runs of sixteen.
  private static func runningSum(_ x: Tensor) throws -> Tensor {
    guard x.dtype.itemSize == 2 else { return x.sum() }
    func rounded(_ value: Float) -> Float {
      if x.dtype == .float16 { return Float(Float16(value)) }
      let bits = value.bitPattern
      return value.isFinite ? Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000) : value
    }
    var levels = Array(repeating: Float(0), count: 8)
    for (i, value) in try x.to(.float32).reshape([-1]).toArray(Float.self).enumerated() {
      levels[0] = rounded(levels[0] + value)
      var (level, run) = (0, 16)
      while level + 1 < levels.count, i % run == 0 {
        levels[level + 1] = rounded(levels[level + 1] + levels[level])
        levels[level] = 0
        level += 1
        run *= 16
      }
    }
    return Tensor.full([], .double(Double(levels.reduce(0) { rounded($0 + $1) })), dtype: x.dtype)
  }

  static let nllLoss = Operator(
    composite:
      "nll_loss_nd(Tensor self, Tensor target, Tensor? weight=None, int reduction=Mean, SymInt ignore_index=-100) -> Tensor"
  ) { (x: Tensor, target: Tensor, weight: Tensor?, reduction: Int, ignored: Int) in
    (x.ndim <= 2 ? nllForward : nll2dForward)(x, target, weight, reduction, ignored)[0]
  }

  private static func check(_ x: Tensor, _ target: Tensor, _ weight: Tensor?, _ ignored: Int) throws {
    guard x.ndim >= 1 else { throw TorchError(.shape, "Expected 1 or more dimensions (got \(x.ndim))") }
    let expected = x.ndim == 1 ? Shape() : Shape([x.shape[0]] + x.shape.dropFirst(2))
    guard target.shape == expected else {
      if x.ndim >= 2, target.ndim >= 1, target.shape[0] != x.shape[0] {
        throw TorchError(
          .shape,
          "Expected input batch_size (\(x.shape[0])) to match target batch_size (\(target.shape[0])).")
      }
      throw TorchError(
        .shape, "Expected target size \(expected.listDescription), got \(target.shape.listDescription)")
    }
    guard target.dtype == .int64 || target.dtype == .uint8 else {
      throw TorchError(.dtype, "expected target dtype to be Long or Byte, but got \(target.dtype.scalarTypeName)")
    }
    let classes = x.shape[x.ndim == 1 ? 0 : 1]
    if let weight, weight.shape != [classes] {
      throw TorchError(
        .shape,
        "weight tensor should be defined either for all \(classes) classes or no classes but got weight tensor of shape: \(weight.shape.listDescription)")
    }
    for target in try target.toArray(Int.self) where target != ignored && (target < 0 || target >= classes) {
      throw TorchError(.index, "Target \(target) is out of bounds.")
    }
  }

  /// Classes as indices, those to be ignored replaced by 0.
  private static func places(_ target: Tensor, _ ignored: Int) -> Tensor {
    let target = target.to(.int64)
    return target.maskedFill(target .== ignored, 0)
  }

  /// The log-probability of each target, and the weight it counts with.
  private static func picks(
    _ x: Tensor, _ target: Tensor, _ weight: Tensor?, _ ignored: Int
  ) -> (values: Tensor, weights: Tensor) {
    let classDim = x.ndim == 1 ? 0 : 1
    let places = places(target, ignored)
    let picked = x.gather(classDim, places.unsqueeze(classDim)).squeeze(classDim)
    let counted = (target.to(.int64) .!= ignored).to(x.dtype)
    guard let weight else { return (picked, counted) }
    return (picked, weight.indexSelect(0, places.reshape([-1])).reshape(Array(places.shape)) * counted)
  }

  static let operators: [AnyOperator] = [nllForward, nll2dForward, nllBackward1, nllBackward2, nllLoss]
}

extension torch {
  /// The negative log likelihood: −x[n, target[n]], weighted by class, averaged by weight.
  ///
  /// x is (N, C) or (N, C, …), target (N) or (N, …) of class numbers; `ignoreIndex` marks targets that do not count.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
  public static func nllLoss(
    _ x: Tensor, _ target: Tensor, weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: Reduction = .mean
  ) -> Tensor { Losses.nllLoss(x, target, weight, reduction.rawValue, ignoreIndex) }
}
