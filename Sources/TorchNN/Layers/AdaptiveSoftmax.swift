// Softmax over very many classes: frequent ones in a head, rare ones in clusters of ever smaller width.
// Reference: Grave et al., Efficient softmax approximation for GPUs (2017)

extension nn {
  /// Log-probabilities and loss of classes sorted by frequency, of which those up to the first cutoff are in the head.
  ///
  /// Called with x (N, in) and classes (N): the log-probability of each class (N), and the mean of their negatives.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveLogSoftmaxWithLoss.html
  public final class AdaptiveLogSoftmaxWithLoss: Module, Layer {
    public let inFeatures: Int
    public let nClasses: Int
    /// Where clusters begin, and the number of classes.
    public let cutoffs: [Int]
    public let divValue: Double
    public let headBias: Bool
    public let head: Linear
    public let tail: ModuleList<Sequential>

    public init(
      _ inFeatures: Int, _ nClasses: Int, cutoffs: [Int], divValue: Double = 4, headBias: Bool = false,
      dtype: DType? = nil
    ) {
      let problem: String? =
        cutoffs.isEmpty
        ? "cutoffs should be a sequence of length larger than 0"
        : cutoffs != Array(Set(cutoffs)).sorted() || cutoffs[0] <= 0 || cutoffs[cutoffs.count - 1] > nClasses - 1
          ? "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each value is between 1 and n_classes-1"
          : nil
      if let problem { ErrorScope.report(TorchError(.value, problem)) }
      self.inFeatures = inFeatures
      self.nClasses = nClasses
      self.cutoffs = problem == nil ? cutoffs + [nClasses] : [nClasses]
      self.divValue = divValue
      self.headBias = headBias
      let bounds = self.cutoffs
      head = Linear(inFeatures, bounds[0] + bounds.count - 1, bias: headBias, dtype: dtype)
      var width = Double(inFeatures)
      tail = ModuleList(
        zip(bounds, bounds.dropFirst()).map { low, high in
          width /= divValue
          let hidden = Int(width.rounded(.down))
          return Sequential(
            Linear(inFeatures, hidden, bias: false, dtype: dtype), Linear(hidden, high - low, bias: false, dtype: dtype)
          )
        })
    }

    public func resetParameters() {
      head.resetParameters()
      for cluster in tail {
        for layer in cluster { (layer as? Linear)?.resetParameters() }
      }
    }

    public func forward(_ input: (Tensor, Tensor)) -> (output: Tensor, loss: Tensor) {
      do {
        return try logProbabilities(input.0, input.1)
      } catch {
        let invalid = Tensor.invalid(error as? TorchError ?? TorchError(.state, "\(error)"))
        return (invalid, invalid)
      }
    }

    private func logProbabilities(_ x: Tensor, _ target: Tensor) throws -> (output: Tensor, loss: Tensor) {
      switch target.ndim {
      case 1:
        guard x.ndim == 2 else {
          throw TorchError(
            .shape, "1D target tensor expects 2D input tensors, but found inputs with size \(x.shape)")
        }
        guard x.shape[0] == target.shape[0] else {
          throw TorchError(.shape, "Input and target should have the same size in the batch dimension.")
        }
      case 0:
        guard x.ndim == 1 else {
          throw TorchError(
            .shape, "0D target tensor expects 1D input tensors, but found inputs with size \(x.shape)")
        }
        let (output, loss) = try logProbabilities(x.unsqueeze(0), target.unsqueeze(0))
        return (output.squeeze(0), loss)
      default: throw TorchError(.shape, "0D or 1D target tensor expected, multi-target not supported")
      }
      if try ((target < 0) .| (target >= nClasses)).any().item(Bool.self) {
        let (least, greatest) = (try target.amin().item(Int.self), try target.amax().item(Int.self))
        throw TorchError(
          .index,
          "Target values should be in [0, \(nClasses - 1)], but values in range [\(least), \(greatest)] were found. ")
      }
      // The class in the head: the target itself, or that of its cluster.
      var inHead = target
      var output = Tensor.zeros([x.shape[0]], dtype: x.dtype)
      for (i, (low, high)) in zip(cutoffs, cutoffs.dropFirst()).enumerated() {
        let rows = torch.noGrad { ((target >= low) .& (target < high)).nonzero().reshape(-1) }
        // The cluster gets no gradients then; a trace must have its calls all the same.
        if rows.numel == 0, !torch.isInterposed { continue }
        let relative = (target.indexSelect(0, rows) - low).unsqueeze(1)
        let local = tail[i](x.indexSelect(0, rows)).logSoftmax(dim: 1).gather(1, relative)
        output = output.indexCopy(0, rows, local.squeeze(1))
        inHead = inHead.indexFill(0, rows, .int(cutoffs[0] + i))
      }
      output = output + head(x).logSoftmax(dim: 1).gather(1, inHead.unsqueeze(1)).squeeze(1)
      return (output, (-output).mean())
    }

    /// The log-probabilities of all classes: x (N, in) gives (N, classes).
    public func logProb(_ x: Tensor) -> Tensor {
      let shared = head(x).logSoftmax(dim: 1)
      var parts = [shared.narrow(1, 0, cutoffs[0])]
      for (i, cluster) in tail.enumerated() {
        parts.append(cluster(x).logSoftmax(dim: 1) + shared.narrow(1, cutoffs[0] + i, 1))
      }
      return torch.cat(parts, dim: 1)
    }

    /// The most probable class of each example: x (N, in) gives (N).
    public func predict(_ x: Tensor) -> Tensor { logProb(x).argmax(dim: 1) }
  }
}
