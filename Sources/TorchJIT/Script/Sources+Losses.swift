// Sources of losses.

extension JIT.ModuleSources {
  static func loss(_ module: nn.Module) throws -> JIT.ModuleSource? {
    switch module {
    case let m as nn.MSELoss: return pair("torch.mse_loss(input, target, \(r(m)))", m)
    case let m as nn.L1Loss: return pair("torch.l1_loss(input, target, \(r(m)))", m)
    case let m as nn.SmoothL1Loss:
      return pair("torch.smooth_l1_loss(input, target, \(r(m)), \(py: m.beta))", m, ["beta": m.beta])
    case let m as nn.HuberLoss:
      return pair("torch.huber_loss(input, target, \(r(m)), \(py: m.delta))", m, ["delta": m.delta])
    case let m as nn.PoissonNLLLoss:
      return pair(
        "torch.poisson_nll_loss(input, target, \(py: m.logInput), \(py: m.full), \(py: m.eps), \(r(m)))", m,
        ["log_input": m.logInput, "full": m.full, "eps": m.eps])
    case let m as nn.HingeEmbeddingLoss:
      return pair(
        "torch.hinge_embedding_loss(input, target, \(py: m.margin), \(r(m)))", m, ["margin": m.margin])
    case let m as nn.SoftMarginLoss: return pair("torch.soft_margin_loss(input, target, \(r(m)))", m)
    case let m as nn.KLDivLoss:
      let reduction = m.batchMean ? nn.Reduction.sum : m.reduction
      let sum = "torch.kl_div(input, target, \(reduction.rawValue), log_target=\(py: m.logTarget))"
      return pair(m.batchMean ? "torch.div(\(sum), input.size(0))" : sum, m, ["log_target": m.logTarget])
    case let m as nn.CrossEntropyLoss:
      return pair(
        "torch.cross_entropy_loss(input, target, self.weight, \(r(m)), \(py: m.ignoreIndex), \(py: m.labelSmoothing))", m,
        ["ignore_index": m.ignoreIndex, "label_smoothing": m.labelSmoothing])
    case let m as nn.NLLLoss:
      return pair(
        "torch.nll_loss_nd(input, target, self.weight, \(r(m)), \(py: m.ignoreIndex))", m,
        ["ignore_index": m.ignoreIndex])
    case let m as nn.BCELoss:
      return JIT.ModuleSource(
        """
        def forward(self, input: Tensor, target: Tensor) -> Tensor:
          if input.size() != target.size():
            raise ValueError("Using a target size ({}) that is different to the input size ({}) is deprecated. Please ensure they have the same size.".format(target.size(), input.size()))
          return torch.binary_cross_entropy(input, target, self.weight, \(r(m)))
        """, ["reduction": name(m.reduction)])
    case let m as nn.BCEWithLogitsLoss:
      return JIT.ModuleSource(
        """
        def forward(self, input: Tensor, target: Tensor) -> Tensor:
          if input.size() != target.size():
            raise ValueError("Target size ({}) must be the same as input size ({})".format(target.size(), input.size()))
          return torch.binary_cross_entropy_with_logits(input, target, self.weight, self.pos_weight, \(r(m)))
        """, ["reduction": name(m.reduction)])
    case let m as nn.MultiLabelSoftMarginLoss: return multiLabelSoftMargin(m)
    case let m as nn.MultiMarginLoss:
      return pair(
        "torch.multi_margin_loss(input, target, \(py: m.p), \(py: m.margin), self.weight, \(r(m)))", m,
        ["p": m.p, "margin": m.margin])
    case let m as nn.MultiLabelMarginLoss: return pair("torch.multilabel_margin_loss(input, target, \(r(m)))", m)
    case let m as nn.GaussianNLLLoss: return gaussian(m)
    case let m as nn.MarginRankingLoss:
      return triple(
        "input1", "input2", "target",
        "torch.margin_ranking_loss(input1, input2, target, \(py: m.margin), \(m.reduction.rawValue))", m.reduction,
        ["margin": m.margin])
    case let m as nn.CosineEmbeddingLoss:
      return triple(
        "input1", "input2", "target",
        "torch.cosine_embedding_loss(input1, input2, target, \(py: m.margin), \(m.reduction.rawValue))", m.reduction,
        ["margin": m.margin])
    case let m as nn.TripletMarginLoss:
      return triple(
        "anchor", "positive", "negative",
        "torch.triplet_margin_loss(anchor, positive, negative, \(py: m.margin), \(py: m.p), \(py: m.eps), \(py: m.swap), \(m.reduction.rawValue))",
        m.reduction, ["margin": m.margin, "p": m.p, "eps": m.eps, "swap": m.swap])
    case let m as nn.TripletMarginWithDistanceLoss: return try tripletWithDistance(m)
    case let m as nn.CTCLoss:
      return JIT.ModuleSource(
        """
        def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor) -> Tensor:
          return torch.ctc_loss(log_probs, targets, input_lengths, target_lengths, \(py: m.blank), \(m.reduction.rawValue), \(py: m.zeroInfinity))
        """, ["blank": m.blank, "reduction": name(m.reduction), "zero_infinity": m.zeroInfinity])
    case let m as nn.AdaptiveLogSoftmaxWithLoss: return adaptiveSoftmax(m)
    default: return nil
    }
  }

  /// The number of a reduction.
  private static func r(_ m: nn.Loss) -> Int { m.reduction.rawValue }

  private static func name(_ reduction: nn.Reduction) -> String {
    switch reduction {
    case .none: "none"
    case .mean: "mean"
    case .sum: "sum"
    }
  }

  private static func pair(
    _ expression: String, _ m: nn.Loss, _ constants: KeyValuePairs<String, any ScriptConstant> = [:]
  ) -> JIT.ModuleSource {
    let source = JIT.ModuleSource(
      "def forward(self, input: Tensor, target: Tensor) -> Tensor:\n  return \(expression)\n", constants)
    return source.adding("reduction", name(m.reduction))
  }

  private static func triple(
    _ a: String, _ b: String, _ c: String, _ expression: String, _ reduction: nn.Reduction,
    _ constants: KeyValuePairs<String, any ScriptConstant>
  ) -> JIT.ModuleSource {
    let source = JIT.ModuleSource(
      "def forward(self, \(a): Tensor, \(b): Tensor, \(c): Tensor) -> Tensor:\n  return \(expression)\n", constants)
    return source.adding("reduction", name(reduction))
  }

  /// What reduces `loss`.
  private static func reduced(_ reduction: nn.Reduction) -> String {
    switch reduction {
    case .none: "loss"
    case .mean: "torch.mean(loss)"
    case .sum: "torch.sum(loss)"
    }
  }

  private static func multiLabelSoftMargin(_ m: nn.MultiLabelSoftMarginLoss) -> JIT.ModuleSource {
    let weighted = m.weight == nil ? "loss" : "torch.mul(loss, self.weight)"
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor, target: Tensor) -> Tensor:
        loss = torch.neg(torch.add(torch.mul(target, torch.log_sigmoid(input)), torch.mul(torch.rsub(target, 1), torch.log_sigmoid(torch.neg(input)))))
        loss = \(weighted)
        loss = torch.div(torch.sum(loss, [-1]), input.size(-1))
        return \(reduced(m.reduction))
      """, ["reduction": name(m.reduction)])
  }

  private static func gaussian(_ m: nn.GaussianNLLLoss) -> JIT.ModuleSource {
    let full = m.full ? "torch.add(half, 0.91893853320467267)" : "half"
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor, target: Tensor, var: Tensor) -> Tensor:
        variance = var
        if variance.size() != input.size():
          sizes = input.size()
          if sizes[:len(sizes) - 1] == variance.size():
            variance = torch.unsqueeze(variance, -1)
          else:
            if variance.size() != sizes[:len(sizes) - 1] + [1]:
              raise ValueError("var is of incorrect size")
        bounded = torch.add(variance, torch.sub(torch.clamp(variance.detach(), \(py: m.eps)), variance.detach()))
        difference = torch.sub(input, target)
        half = torch.mul(torch.add(torch.log(bounded), torch.div(torch.mul(difference, difference), bounded)), 0.5)
        loss = \(full)
        return \(reduced(m.reduction))
      """, ["full": m.full, "eps": m.eps, "reduction": name(m.reduction)])
  }

  private static func tripletWithDistance(_ m: nn.TripletMarginWithDistanceLoss) throws -> JIT.ModuleSource {
    guard m.distanceFunction != nil else {
      throw TorchError(
        .type, "TripletMarginWithDistanceLoss with a distance in Swift cannot be scripted; trace it, or use the default distance")
    }
    let swap =
      m.swap
      ? "far = torch.minimum(far, self.distance_function.forward(positive, negative))" : "pass"
    return triple(
      "anchor", "positive", "negative",
      """
      self._reduced(anchor, positive, negative)
      def _reduced(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        near = self.distance_function.forward(anchor, positive)
        far = self.distance_function.forward(anchor, negative)
        \(swap)
        loss = torch.clamp_min(torch.add(torch.sub(near, far), \(py: m.margin)), 0)
        return \(reduced(m.reduction))
      """, m.reduction, ["margin": m.margin, "swap": m.swap])
  }

  private static func adaptiveSoftmax(_ m: nn.AdaptiveLogSoftmaxWithLoss) -> JIT.ModuleSource {
    let (shortlist, bounds) = (m.cutoffs[0], m.cutoffs)
    var clusters = ""
    var all = ""
    for (i, (low, high)) in zip(bounds, bounds.dropFirst()).enumerated() {
      clusters += """
          rows\(i) = torch.squeeze(torch.nonzero(torch.logical_and(torch.ge(classes, \(low)), torch.lt(classes, \(high)))), 1)
          if rows\(i).numel() > 0:
            relative = torch.unsqueeze(torch.sub(torch.index_select(classes, 0, rows\(i)), \(low)), 1)
            local = torch.log_softmax(getattr(self.tail, "\(i)").forward(torch.index_select(x, 0, rows\(i))), 1)
            output = torch.index_copy(output, 0, rows\(i), torch.squeeze(torch.gather(local, 1, relative), 1))
            in_head = torch.index_fill(in_head, 0, rows\(i), \(shortlist + i))

        """
      all += """
          parts.append(torch.add(torch.log_softmax(getattr(self.tail, "\(i)").forward(input), 1), torch.narrow(shared, 1, \(shortlist + i), 1)))

        """
    }
    return JIT.ModuleSource(
      """
      def forward(self, input: Tensor, target: Tensor) -> Tuple[Tensor, Tensor]:
        if target.dim() > 1:
          raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        single = target.dim() == 0
        x = input
        classes = target
        if single:
          x = torch.unsqueeze(input, 0)
          classes = torch.unsqueeze(target, 0)
        if x.dim() != 2:
          raise RuntimeError("1D target tensor expects 2D input tensors, but found inputs with size {}".format(input.size()))
        if x.size(0) != classes.size(0):
          raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if int(torch.min(classes)) < 0 or int(torch.max(classes)) >= \(m.nClasses):
          raise RuntimeError("Target values should be in [0, \(m.nClasses - 1)], but values in range [{}, {}] were found. ".format(int(torch.min(classes)), int(torch.max(classes))))
        in_head = classes
        output = torch.zeros([x.size(0)], dtype=x.dtype, device=x.device)
      \(clusters.dropLast())
        head = torch.log_softmax(self.head.forward(x), 1)
        output = torch.add(output, torch.squeeze(torch.gather(head, 1, torch.unsqueeze(in_head, 1)), 1))
        loss = torch.mean(torch.neg(output))
        if single:
          output = torch.squeeze(output, 0)
        return output, loss
      def log_prob(self, input: Tensor) -> Tensor:
        shared = torch.log_softmax(self.head.forward(input), 1)
        parts = [torch.narrow(shared, 1, 0, \(shortlist))]
      \(all.dropLast())
        return torch.cat(parts, 1)
      def predict(self, input: Tensor) -> Tensor:
        return torch.argmax(self.log_prob(input), 1)
      """,
      [
        "in_features": m.inFeatures, "n_classes": m.nClasses, "cutoffs": m.cutoffs, "div_value": m.divValue,
        "head_bias": m.headBias,
      ])
  }
}

extension JIT.ModuleSource {
  /// The same with another constant.
  fileprivate func adding(_ name: String, _ value: String) -> JIT.ModuleSource {
    JIT.ModuleSource(methods, constants + [(name, .string(value))])
  }

  fileprivate init(_ methods: String, _ constants: [(name: String, value: JIT.IValue)]) {
    self.methods = methods
    self.constants = constants
  }
}
