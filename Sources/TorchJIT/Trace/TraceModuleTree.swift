// The modules of a program as TorchScript objects: a class for each, with its parameters, buffers and children.

extension JIT {
  /// A module and what it will be in TorchScript.
  final class ModuleTree {
    let module: nn.Module
    let object: ScriptObject
    private(set) var children: [(key: String, tree: ModuleTree)] = []
    /// Parameters and buffers as they were when the tree was made.
    private(set) var tensors: [(key: String, slot: TensorSlot, tensor: Tensor)] = []

    /// The tree of `module`; a module that is in several places is one in each.
    convenience init(_ module: nn.Module) {
      var known: [ObjectIdentifier: ModuleTree] = [:]
      self.init(module, &known)
    }

    private init(_ module: nn.Module, _ known: inout [ObjectIdentifier: ModuleTree]) {
      self.module = module
      let type = ClassType(ModuleNames.qualifiedName(of: module), isModule: true)
      object = ScriptObject(type)
      known[ObjectIdentifier(module)] = self
      let members = module.members
      for (key, slot) in members.parameters { add(key, slot, .parameter) }
      for (key, slot) in members.buffers { add(key, slot, .buffer) }
      set("training", .bool, .bool(module.training))
      set("_is_full_backward_hook", .optional(.bool), .none)
      for (key, child) in members.children {
        let tree = known[ObjectIdentifier(child)] ?? ModuleTree(child, &known)
        children.append((key, tree))
        set(key, .object(tree.object.type), .object(tree.object))
      }
    }

    private func add(_ key: String, _ slot: TensorSlot, _ kind: ClassType.Attribute.Kind) {
      guard let tensor = slot.tensor else { return set(key, .none, .none) }
      let index = object.type.add(.init(key, .tensor, kind))
      object.setTensorSlot(slot, at: index)
      tensors.append((key, slot, tensor))
    }

    private func set(_ key: String, _ type: ScriptType, _ value: IValue) {
      let index = object.type.add(.init(key, type))
      object[index] = value
    }

    /// This tree and all below it, each once.
    var all: [ModuleTree] {
      var seen: Set<ObjectIdentifier> = []
      var list: [ModuleTree] = []
      func walk(_ tree: ModuleTree) {
        guard seen.insert(ObjectIdentifier(tree)).inserted else { return }
        list.append(tree)
        for (_, child) in tree.children { walk(child) }
      }
      walk(self)
      return list
    }

    /// The keys that lead to what `found` gives, the shortest way first.
    private func path<Goal>(_ found: (ModuleTree) -> Goal?) -> (keys: [String], goal: Goal)? {
      var seen: Set<ObjectIdentifier> = [ObjectIdentifier(self)]
      var queue: [(keys: [String], tree: ModuleTree)] = [([], self)]
      while !queue.isEmpty {
        let (keys, tree) = queue.removeFirst()
        if let goal = found(tree) { return (keys, goal) }
        for (key, child) in tree.children where seen.insert(ObjectIdentifier(child)).inserted {
          queue.append((keys + [key], child))
        }
      }
      return nil
    }

    /// The keys from here to `module`.
    func path(to module: nn.Module) -> (keys: [String], tree: ModuleTree)? {
      path { $0.module === module ? $0 : nil }.map { ($0.keys, $0.goal) }
    }

    /// The keys from here to a parameter or buffer, its own last.
    func path(to tensor: Tensor) -> [String]? {
      path { tree in tree.tensors.first { $0.tensor === tensor }?.key }.map { $0.keys + [$0.goal] }
    }
  }

  /// The names of modules' classes, as PyTorch has them.
  enum ModuleNames {
    /// `__torch__.torch.nn.modules.conv.Conv2d`; a class that is not of `nn` is `__torch__.Net`.
    static func qualifiedName(of module: nn.Module) -> String {
      let name = module.typeName
      let isOurs = String(reflecting: type(of: module)).hasPrefix("TorchNN.nn.")
      guard isOurs, let file = files[name] else { return "__torch__." + PythonText.identifier(name) }
      return "__torch__.torch.nn.modules.\(file).\(name)"
    }

    /// The file of `torch/nn/modules` that each class is in.
    private static let files: [String: String] = {
      let lists: [String: String] = [
        "activation": """
          CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish MultiheadAttention \
          PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink \
          Threshold
          """,
        "adaptive": "AdaptiveLogSoftmaxWithLoss",
        "batchnorm": "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm",
        "channelshuffle": "ChannelShuffle",
        "container": "ModuleDict ModuleList ParameterDict ParameterList Sequential",
        "conv": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d",
        "distance": "CosineSimilarity PairwiseDistance",
        "dropout": "AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout",
        "flatten": "Flatten Unflatten",
        "fold": "Fold Unfold",
        "instancenorm": "InstanceNorm1d InstanceNorm2d InstanceNorm3d",
        "linear": "Bilinear Identity Linear NonDynamicallyQuantizableLinear",
        "loss": """
          BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss HingeEmbeddingLoss HuberLoss \
          KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss \
          NLLLoss2d PoissonNLLLoss SmoothL1Loss SoftMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss
          """,
        "normalization": "CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm",
        "padding": """
          CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d ReflectionPad2d \
          ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d
          """,
        "pixelshuffle": "PixelShuffle PixelUnshuffle",
        "pooling": """
          AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d AvgPool1d \
          AvgPool2d AvgPool3d FractionalMaxPool2d FractionalMaxPool3d LPPool1d LPPool2d LPPool3d MaxPool1d MaxPool2d MaxPool3d \
          MaxUnpool1d MaxUnpool2d MaxUnpool3d
          """,
        "rnn": "GRU GRUCell LSTM LSTMCell RNN RNNCell",
        "sparse": "Embedding EmbeddingBag",
        "transformer": """
          Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder TransformerEncoderLayer
          """,
        "upsampling": "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
      ]
      var files: [String: String] = [:]
      for (file, names) in lists { for name in names.split(separator: " ") { files[String(name)] = file } }
      return files
    }()
  }
}
