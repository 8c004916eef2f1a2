// The Transformer: encoder and decoder layers, stacks of them, and both together.
//
// Layers compute as PyTorch's do in training; its fused path of evaluation mode, which sets padded positions to zero, is
// not imitated.
// Reference: https://pytorch.org/docs/stable/nn.html#transformer-layers

extension nn {
  /// The function between the two linear maps of a Transformer layer.
  public enum TransformerActivation: Sendable {
    case relu, gelu
    case custom(@Sendable (Tensor) -> Tensor)

    func callAsFunction(_ x: Tensor) -> Tensor {
      switch self {
      case .relu: x.relu()
      case .gelu: x.gelu()
      case .custom(let function): function(x)
      }
    }
  }

  /// How a Transformer layer is made: what its stacks repeat.
  package struct TransformerOptions {
    let dModel: Int
    let nhead: Int
    let dimFeedforward: Int
    let dropout: Double
    package let activation: TransformerActivation
    let layerNormEps: Double
    let batchFirst: Bool
    package let normFirst: Bool
    let bias: Bool
    let dtype: DType?

    func attention() -> MultiheadAttention {
      MultiheadAttention(dModel, nhead, dropout: dropout, bias: bias, batchFirst: batchFirst, dtype: dtype)
    }
    func norm() -> LayerNorm { LayerNorm(dModel, eps: layerNormEps, bias: bias, dtype: dtype) }
  }

  /// Self-attention and a network of two linear maps, each with dropout, a shortcut around it, and layer normalization
  /// after it (`normFirst`: before it).
  ///
  /// ```swift
  /// let layer = nn.TransformerEncoderLayer(512, 8)
  /// let y = layer(torch.rand(10, 32, 512))
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
  public final class TransformerEncoderLayer: Module {
    package let options: TransformerOptions
    public let selfAttn: MultiheadAttention
    public let linear1: Linear
    public let dropout: Dropout
    public let linear2: Linear
    public let norm1: LayerNorm
    public let norm2: LayerNorm
    public let dropout1: Dropout
    public let dropout2: Dropout

    public convenience init(
      _ dModel: Int, _ nhead: Int, dimFeedforward: Int = 2048, dropout: Double = 0.1,
      activation: TransformerActivation = .relu, layerNormEps: Double = 1e-5, batchFirst: Bool = false,
      normFirst: Bool = false, bias: Bool = true, dtype: DType? = nil
    ) {
      self.init(
        TransformerOptions(
          dModel: dModel, nhead: nhead, dimFeedforward: dimFeedforward, dropout: dropout, activation: activation,
          layerNormEps: layerNormEps, batchFirst: batchFirst, normFirst: normFirst, bias: bias, dtype: dtype))
    }

    init(_ options: TransformerOptions) {
      self.options = options
      selfAttn = options.attention()
      linear1 = Linear(options.dModel, options.dimFeedforward, bias: options.bias, dtype: options.dtype)
      dropout = Dropout(options.dropout)
      linear2 = Linear(options.dimFeedforward, options.dModel, bias: options.bias, dtype: options.dtype)
      norm1 = options.norm()
      norm2 = options.norm()
      dropout1 = Dropout(options.dropout)
      dropout2 = Dropout(options.dropout)
    }

    /// - Parameters:
    ///   - srcMask: (S, S) or (N · heads, S, S), as `MultiheadAttention`'s `attnMask`.
    ///   - srcKeyPaddingMask: (N, S).
    public func callAsFunction(
      _ src: Tensor, srcMask: Tensor? = nil, srcKeyPaddingMask: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
      hooked(src, srcMask, srcKeyPaddingMask) { src, srcMask, srcKeyPaddingMask -> Tensor in
        func attend(_ x: Tensor) -> Tensor {
          dropout1(
            selfAttn(
              x, x, x, keyPaddingMask: srcKeyPaddingMask, needWeights: false, attnMask: srcMask, isCausal: isCausal
            ).output)
        }
        func feed(_ x: Tensor) -> Tensor { dropout2(linear2(dropout(options.activation(linear1(x))))) }
        if options.normFirst {
          let x = src + attend(norm1(src))
          return x + feed(norm2(x))
        }
        let x = norm1(src + attend(src))
        return norm2(x + feed(x))
      }
    }
  }

  /// Self-attention, attention to the encoder's memory, and a network of two linear maps.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
  public final class TransformerDecoderLayer: Module {
    package let options: TransformerOptions
    public let selfAttn: MultiheadAttention
    public let multiheadAttn: MultiheadAttention
    public let linear1: Linear
    public let dropout: Dropout
    public let linear2: Linear
    public let norm1: LayerNorm
    public let norm2: LayerNorm
    public let norm3: LayerNorm
    public let dropout1: Dropout
    public let dropout2: Dropout
    public let dropout3: Dropout

    public convenience init(
      _ dModel: Int, _ nhead: Int, dimFeedforward: Int = 2048, dropout: Double = 0.1,
      activation: TransformerActivation = .relu, layerNormEps: Double = 1e-5, batchFirst: Bool = false,
      normFirst: Bool = false, bias: Bool = true, dtype: DType? = nil
    ) {
      self.init(
        TransformerOptions(
          dModel: dModel, nhead: nhead, dimFeedforward: dimFeedforward, dropout: dropout, activation: activation,
          layerNormEps: layerNormEps, batchFirst: batchFirst, normFirst: normFirst, bias: bias, dtype: dtype))
    }

    init(_ options: TransformerOptions) {
      self.options = options
      selfAttn = options.attention()
      multiheadAttn = options.attention()
      linear1 = Linear(options.dModel, options.dimFeedforward, bias: options.bias, dtype: options.dtype)
      dropout = Dropout(options.dropout)
      linear2 = Linear(options.dimFeedforward, options.dModel, bias: options.bias, dtype: options.dtype)
      norm1 = options.norm()
      norm2 = options.norm()
      norm3 = options.norm()
      dropout1 = Dropout(options.dropout)
      dropout2 = Dropout(options.dropout)
      dropout3 = Dropout(options.dropout)
    }

    /// - Parameters:
    ///   - memory: what the encoder made, (S, N, d).
    ///   - tgtMask, memoryMask: (T, T) and (T, S), or with N · heads before.
    public func callAsFunction(
      _ tgt: Tensor, _ memory: Tensor, tgtMask: Tensor? = nil, memoryMask: Tensor? = nil,
      tgtKeyPaddingMask: Tensor? = nil, memoryKeyPaddingMask: Tensor? = nil, tgtIsCausal: Bool = false,
      memoryIsCausal: Bool = false
    ) -> Tensor {
      hooked(tgt, memory) { tgt, memory -> Tensor in
        func attend(_ x: Tensor) -> Tensor {
          dropout1(
            selfAttn(
              x, x, x, keyPaddingMask: tgtKeyPaddingMask, needWeights: false, attnMask: tgtMask, isCausal: tgtIsCausal
            ).output)
        }
        func recall(_ x: Tensor) -> Tensor {
          dropout2(
            multiheadAttn(
              x, memory, memory, keyPaddingMask: memoryKeyPaddingMask, needWeights: false, attnMask: memoryMask,
              isCausal: memoryIsCausal
            ).output)
        }
        func feed(_ x: Tensor) -> Tensor { dropout3(linear2(dropout(options.activation(linear1(x))))) }
        if options.normFirst {
          var x = tgt + attend(norm1(tgt))
          x = x + recall(norm2(x))
          return x + feed(norm3(x))
        }
        var x = norm1(tgt + attend(tgt))
        x = norm2(x + recall(x))
        return norm3(x + feed(x))
      }
    }
  }

  /// A stack of encoder layers, which begin as copies of one.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
  public final class TransformerEncoder: Module {
    public let layers: ModuleList<TransformerEncoderLayer>
    public let norm: LayerNorm?

    public init(_ encoderLayer: TransformerEncoderLayer, _ numLayers: Int, norm: LayerNorm? = nil) {
      layers = ModuleList(nn.copies(of: encoderLayer, numLayers) { TransformerEncoderLayer(encoderLayer.options) })
      self.norm = norm
    }

    public func callAsFunction(
      _ src: Tensor, mask: Tensor? = nil, srcKeyPaddingMask: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
      hooked(src, mask, srcKeyPaddingMask) { src, mask, srcKeyPaddingMask -> Tensor in
        let x = layers.reduce(src) {
          $1($0, srcMask: mask, srcKeyPaddingMask: srcKeyPaddingMask, isCausal: isCausal)
        }
        return norm.map { $0(x) } ?? x
      }
    }
  }

  /// A stack of decoder layers, which begin as copies of one.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
  public final class TransformerDecoder: Module {
    public let layers: ModuleList<TransformerDecoderLayer>
    public let norm: LayerNorm?

    public init(_ decoderLayer: TransformerDecoderLayer, _ numLayers: Int, norm: LayerNorm? = nil) {
      layers = ModuleList(nn.copies(of: decoderLayer, numLayers) { TransformerDecoderLayer(decoderLayer.options) })
      self.norm = norm
    }

    public func callAsFunction(
      _ tgt: Tensor, _ memory: Tensor, tgtMask: Tensor? = nil, memoryMask: Tensor? = nil,
      tgtKeyPaddingMask: Tensor? = nil, memoryKeyPaddingMask: Tensor? = nil, tgtIsCausal: Bool = false,
      memoryIsCausal: Bool = false
    ) -> Tensor {
      hooked(tgt, memory) { tgt, memory -> Tensor in
        let x = layers.reduce(tgt) {
          $1(
            $0, memory, tgtMask: tgtMask, memoryMask: memoryMask, tgtKeyPaddingMask: tgtKeyPaddingMask,
            memoryKeyPaddingMask: memoryKeyPaddingMask, tgtIsCausal: tgtIsCausal, memoryIsCausal: memoryIsCausal)
        }
        return norm.map { $0(x) } ?? x
      }
    }
  }

  /// Modules with the values of `model`, made by `make` without taking draws from the generator.
  fileprivate static func copies<M: Module>(of model: M, _ count: Int, _ make: () -> M) -> [M] {
    let generator = Generator.default
    let before = generator.state
    let copies = (0..<Swift.max(count, 0)).map { _ in make() }
    try? generator.setState(before)
    let values = model.parameters()
    torch.noGrad {
      for copy in copies {
        copy.train(model.training)
        for (to, from) in zip(copy.parameters(), values) {
          to.copy_(from)
          to.requiresGrad_(from.requiresGrad)
        }
      }
    }
    return copies
  }

  /// An encoder of the source and a decoder that continues the target (Vaswani et al. 2017).
  ///
  /// src is (S, N, d), tgt (T, N, d), the result (T, N, d); with `batchFirst` the batch comes first. Weights are Xavier
  /// uniform.
  ///
  /// ```swift
  /// let model = nn.Transformer(nhead: 16, numEncoderLayers: 12)
  /// let y = model(torch.rand(10, 32, 512), torch.rand(20, 32, 512))
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html
  public final class Transformer: Module {
    public let dModel: Int
    public let nhead: Int
    public let batchFirst: Bool
    public let encoder: TransformerEncoder
    public let decoder: TransformerDecoder

    public init(
      _ dModel: Int = 512, nhead: Int = 8, numEncoderLayers: Int = 6, numDecoderLayers: Int = 6,
      dimFeedforward: Int = 2048, dropout: Double = 0.1, activation: TransformerActivation = .relu,
      layerNormEps: Double = 1e-5, batchFirst: Bool = false, normFirst: Bool = false, bias: Bool = true,
      dtype: DType? = nil
    ) {
      self.dModel = dModel
      self.nhead = nhead
      self.batchFirst = batchFirst
      let options = TransformerOptions(
        dModel: dModel, nhead: nhead, dimFeedforward: dimFeedforward, dropout: dropout, activation: activation,
        layerNormEps: layerNormEps, batchFirst: batchFirst, normFirst: normFirst, bias: bias, dtype: dtype)
      encoder = TransformerEncoder(TransformerEncoderLayer(options), numEncoderLayers, norm: options.norm())
      decoder = TransformerDecoder(TransformerDecoderLayer(options), numDecoderLayers, norm: options.norm())
      super.init()
      for weight in parameters() where weight.ndim > 1 { initializers.xavierUniform_(weight) }
    }

    public func callAsFunction(
      _ src: Tensor, _ tgt: Tensor, srcMask: Tensor? = nil, tgtMask: Tensor? = nil, memoryMask: Tensor? = nil,
      srcKeyPaddingMask: Tensor? = nil, tgtKeyPaddingMask: Tensor? = nil, memoryKeyPaddingMask: Tensor? = nil,
      srcIsCausal: Bool = false, tgtIsCausal: Bool = false, memoryIsCausal: Bool = false
    ) -> Tensor {
      hooked(src, tgt) { src, tgt -> Tensor in
        let batch = batchFirst ? 0 : 1
        if src.ndim == 3, tgt.ndim == 3, src.shape[batch] != tgt.shape[batch] {
          return .invalid(TorchError(.shape, "the batch number of src and tgt must be equal"))
        }
        if src.shape.last != dModel || tgt.shape.last != dModel {
          return .invalid(TorchError(.shape, "the feature number of src and tgt must be equal to d_model"))
        }
        let memory = encoder(src, mask: srcMask, srcKeyPaddingMask: srcKeyPaddingMask, isCausal: srcIsCausal)
        return decoder(
          tgt, memory, tgtMask: tgtMask, memoryMask: memoryMask, tgtKeyPaddingMask: tgtKeyPaddingMask,
          memoryKeyPaddingMask: memoryKeyPaddingMask, tgtIsCausal: tgtIsCausal, memoryIsCausal: memoryIsCausal)
      }
    }

    /// (n, n) with -∞ above the diagonal: step i attends to no later one.
    public static func generateSquareSubsequentMask(_ n: Int, dtype: DType? = nil) -> Tensor {
      Tensor.full([n, n], .double(-.infinity), dtype: dtype ?? .default).triu(1)
    }
  }
}
