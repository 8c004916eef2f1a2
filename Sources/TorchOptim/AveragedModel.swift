// Averages of a model's weights along its training: stochastic weight averaging and exponential moving averages.
// Departure from PyTorch: a Swift object cannot be copied from outside, so the copy is made by a closure.
// Reference: Izmailov et al., https://arxiv.org/abs/1803.05407; https://pytorch.org/docs/stable/optim.html#weight-averaging-swa-and-ema

extension optim {
  /// What belongs to weight averaging under PyTorch's name: `optim.swa_utils.AveragedModel`.
  public typealias swa_utils = optim

  /// How an average takes in the next value.
  public enum WeightAverage: Sendable {
    /// All values count alike.
    case equal
    /// `decay · average + (1 - decay) · value`
    case exponential(decay: Double = 0.999)
    /// A function of average, value, and how many values went into the average.
    case custom(@Sendable (Tensor, Tensor, Int) -> Tensor)
  }

  /// A model whose parameters are the average of another's along its training.
  ///
  /// ```swift
  /// let averaged = optim.swa_utils.AveragedModel(model, average: .exponential(decay: 0.99)) { Net() }
  /// for batch in loader {
  ///   train(batch)
  ///   averaged.updateParameters(model)
  /// }
  /// let y = averaged(x)
  /// ```
  /// State-dict keys: `n_averaged` and those of the model under `module.`.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html
  public final class AveragedModel<Model: nn.Layer>: nn.Module, nn.Layer {
    @nn.Buffer public var nAveraged = Tensor.zeros([], dtype: .int64)
    public let module: Model
    private let average: WeightAverage
    private let useBuffers: Bool

    /// - Parameters:
    ///   - useBuffers: average buffers too; otherwise they are those of the model at the last update.
    ///   - copy: makes a model of the same architecture; it gets the weights of `model`.
    public init(
      _ model: Model, average: WeightAverage = .equal, useBuffers: Bool = false, copy: () -> Model
    ) {
      module = copy()
      self.average = average
      self.useBuffers = useBuffers
      super.init()
      if case .exponential(let decay) = average, !(0...1).contains(decay) {
        ErrorScope.report(
          TorchError(.value, "Invalid decay value \(Scalar(decay)) provided. Please provide a value in [0,1] range."))
      }
      if module === model {
        ErrorScope.report(TorchError(.value, "the copy of an AveragedModel is the model itself"))
      }
      do { try module.loadStateDict(model.stateDict()) } catch {
        ErrorScope.report(error as? TorchError ?? TorchError(.state, "\(error)"))
      }
    }

    public func forward(_ input: Model.Input) -> Model.Output { module(input) }

    /// Takes the parameters that `model` has now into the average; the first ones are copied.
    public func updateParameters(_ model: Model) {
      torch.noGrad {
        let count = (try? nAveraged.item(Int.self)) ?? 0
        var pairs = Array(zip(module.parameters(), model.parameters()))
        let buffers = Array(zip(module.buffers(), model.buffers()))
        if useBuffers { pairs += buffers }
        for (mean, value) in pairs { mean.copy_(count == 0 ? value : averaged(mean, value, count)) }
        if !useBuffers { for (mine, theirs) in buffers { mine.copy_(theirs) } }
        nAveraged.add_(Tensor.ones([], dtype: .int64))
      }
    }

    private func averaged(_ mean: Tensor, _ value: Tensor, _ count: Int) -> Tensor {
      switch average {
      case .custom(let function): return function(mean, value, count)
      case .equal:
        let weight = 1 / Double(count + 1)
        if mean.dtype.isDifferentiable { return mean.lerp(value, Scalar(weight)) }
        return mean + ((value - mean) / Double(count + 1)).to(mean.dtype)
      case .exponential(let decay):
        if mean.dtype.isDifferentiable { return mean.lerp(value, Scalar(1 - decay)) }
        return (mean * decay + value * (1 - decay)).to(mean.dtype)
      }
    }
  }

  /// Computes the running statistics of all batch norms of `model` anew from the batches of `loader`: an average model's
  /// activations are not those that its parts were trained with.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.swa_utils.update_bn.html
  public static func updateBN<Batches: Sequence, Model: nn.Layer>(_ loader: Batches, _ model: Model)
  where Batches.Element == Model.Input {
    let norms = model.modules().compactMap { $0 as? nn.ChannelNorm }.filter { $0.averagesBatches }
    guard !norms.isEmpty else { return }
    let momenta = norms.map(\.momentum)
    let wasTraining = model.training
    model.train()
    for norm in norms {
      norm.resetRunningStats()
      norm.momentum = nil
    }
    torch.noGrad { for batch in loader { _ = model(batch) } }
    for (norm, momentum) in zip(norms, momenta) { norm.momentum = momentum }
    model.train(wasTraining)
  }
}

extension nn.ChannelNorm {
  /// Whether it is a batch norm: instance norms keep statistics of their own kind.
  fileprivate var averagesBatches: Bool {
    self is nn.BatchNorm1d || self is nn.BatchNorm2d || self is nn.BatchNorm3d
  }
}
