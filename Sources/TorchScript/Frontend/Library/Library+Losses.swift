// Losses of `torch.nn.functional`, in TorchScript.

extension JIT.Library {
  /// A loss whose operator takes the reduction's code last.
  private static func loss(_ name: String, _ parameters: String, _ call: String) -> String {
    """
    def \(name)(\(parameters), size_average: Optional[bool] = None, reduce: Optional[bool] = None,
        reduction: str = "mean") -> Tensor:
      code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
      return \(call)


    """
  }

  static let losses: String = {
    var text = """
      def _same_shapes(input: Tensor, target: Tensor) -> None:
        if target.size() != input.size():
          warnings.warn(f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.")

      def cross_entropy(input: Tensor, target: Tensor, weight: Optional[Tensor] = None,
          size_average: Optional[bool] = None, ignore_index: int = -100, reduce: Optional[bool] = None,
          reduction: str = "mean", label_smoothing: float = 0.0) -> Tensor:
        code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
        return torch.cross_entropy_loss(input, target, weight, code, ignore_index, label_smoothing)

      def nll_loss(input: Tensor, target: Tensor, weight: Optional[Tensor] = None,
          size_average: Optional[bool] = None, ignore_index: int = -100, reduce: Optional[bool] = None,
          reduction: str = "mean") -> Tensor:
        code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
        return torch.nll_loss_nd(input, target, weight, code, ignore_index)

      def mse_loss(input: Tensor, target: Tensor, size_average: Optional[bool] = None, reduce: Optional[bool] = None,
          reduction: str = "mean", weight: Optional[Tensor] = None) -> Tensor:
        _same_shapes(input, target)
        code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
        expanded = torch.broadcast_tensors([input, target])
        if weight is not None:
          weighted = torch.mse_loss(expanded[0], expanded[1], 0) * weight
          if code == 1:
            return weighted.sum() / weight.sum()
          return weighted.sum() if code == 2 else weighted
        return torch.mse_loss(expanded[0], expanded[1], code)

      def l1_loss(input: Tensor, target: Tensor, size_average: Optional[bool] = None, reduce: Optional[bool] = None,
          reduction: str = "mean", weight: Optional[Tensor] = None) -> Tensor:
        _same_shapes(input, target)
        code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
        expanded = torch.broadcast_tensors([input, target])
        if weight is not None:
          weighted = torch.l1_loss(expanded[0], expanded[1], 0) * weight
          if code == 1:
            return weighted.sum() / weight.sum()
          return weighted.sum() if code == 2 else weighted
        return torch.l1_loss(expanded[0], expanded[1], code)

      def smooth_l1_loss(input: Tensor, target: Tensor, size_average: Optional[bool] = None,
          reduce: Optional[bool] = None, reduction: str = "mean", beta: float = 1.0) -> Tensor:
        _same_shapes(input, target)
        code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
        expanded = torch.broadcast_tensors([input, target])
        if beta == 0.0:
          return torch.l1_loss(expanded[0], expanded[1], code)
        return torch.smooth_l1_loss(expanded[0], expanded[1], code, beta)

      def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0,
          weight: Optional[Tensor] = None) -> Tensor:
        _same_shapes(input, target)
        code = __torch__.torch.nn._reduction.get_enum(reduction)
        expanded = torch.broadcast_tensors([input, target])
        if weight is not None:
          weighted = torch.huber_loss(expanded[0], expanded[1], 0, delta) * weight
          if code == 1:
            return weighted.sum() / weight.sum()
          return weighted.sum() if code == 2 else weighted
        return torch.huber_loss(expanded[0], expanded[1], code, delta)

      def binary_cross_entropy(input: Tensor, target: Tensor, weight: Optional[Tensor] = None,
          size_average: Optional[bool] = None, reduce: Optional[bool] = None, reduction: str = "mean") -> Tensor:
        code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
        if target.size() != input.size():
          raise ValueError(f"Using a target size ({target.size()}) that is different to the input size ({input.size()}) is deprecated. Please ensure they have the same size.")
        return torch.binary_cross_entropy(input, target, weight, code)

      def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, weight: Optional[Tensor] = None,
          size_average: Optional[bool] = None, reduce: Optional[bool] = None, reduction: str = "mean",
          pos_weight: Optional[Tensor] = None) -> Tensor:
        code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
        if target.size() != input.size():
          raise ValueError(f"Target size ({target.size()}) must be the same as input size ({input.size()})")
        return torch.binary_cross_entropy_with_logits(input, target, weight, pos_weight, code)

      def kl_div(input: Tensor, target: Tensor, size_average: Optional[bool] = None, reduce: Optional[bool] = None,
          reduction: str = "mean", log_target: bool = False) -> Tensor:
        kind = __torch__.torch.nn._reduction.legacy_get_string(size_average, reduce) if size_average is not None or reduce is not None else reduction
        code = 2 if kind == "batchmean" else __torch__.torch.nn._reduction.get_enum(kind)
        loss = torch.kl_div(input, target, code, log_target=log_target)
        if kind == "batchmean" and input.dim() != 0:
          loss = loss / input.size(0)
        return loss

      def poisson_nll_loss(input: Tensor, target: Tensor, log_input: bool = True, full: bool = False,
          size_average: Optional[bool] = None, eps: float = 1e-8, reduce: Optional[bool] = None,
          reduction: str = "mean") -> Tensor:
        code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
        return torch.poisson_nll_loss(input, target, log_input, full, eps, code)

      def gaussian_nll_loss(input: Tensor, target: Tensor, var: Tensor, full: bool = False, eps: float = 1e-6,
          reduction: str = "mean") -> Tensor:
        if var.size() != input.size():
          if input.size()[:-1] == var.size():
            var = var.unsqueeze(-1)
          elif not (input.size()[:-1] == var.size()[:-1] and var.size(-1) == 1):
            raise ValueError("var is of incorrect size")
        if bool((var < 0).any()):
          raise ValueError("var has negative entry/entries")
        with torch.no_grad():
          floor = var.clone().clamp_(min=eps)
        spread = var + (floor - var).detach()
        loss = 0.5 * (torch.log(spread) + (input - target) ** 2 / spread)
        if full:
          loss = loss + 0.9189385332046727
        if reduction == "mean":
          return loss.mean()
        if reduction == "sum":
          return loss.sum()
        return loss

      def multi_margin_loss(input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0,
          weight: Optional[Tensor] = None, size_average: Optional[bool] = None, reduce: Optional[bool] = None,
          reduction: str = "mean") -> Tensor:
        code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
        if p != 1 and p != 2:
          raise ValueError("only p == 1 and p == 2 supported")
        return torch.multi_margin_loss(input, target, p, margin, weight, code)

      def triplet_margin_loss(anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2.0,
          eps: float = 1e-6, swap: bool = False, size_average: Optional[bool] = None, reduce: Optional[bool] = None,
          reduction: str = "mean") -> Tensor:
        code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
        if margin <= 0:
          raise ValueError(f"margin must be greater than 0, got {margin}")
        return torch.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, code)

      def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Optional[Tensor] = None,
          size_average: Optional[bool] = None, reduce: Optional[bool] = None, reduction: str = "mean") -> Tensor:
        code = __torch__.torch.nn._reduction.code(size_average, reduce, reduction)
        loss = -(target * torch.log_sigmoid(input) + (1 - target) * torch.log_sigmoid(-input))
        if weight is not None:
          loss = loss * weight
        loss = loss.sum(-1) / input.size(-1)
        if code == 0:
          return loss
        return loss.mean() if code == 1 else loss.sum()

      def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Tensor, target_lengths: Tensor, blank: int = 0,
          reduction: str = "mean", zero_infinity: bool = False) -> Tensor:
        code = __torch__.torch.nn._reduction.get_enum(reduction)
        return torch.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, code, zero_infinity)


      """
    text += loss(
      "hinge_embedding_loss", "input: Tensor, target: Tensor, margin: float = 1.0",
      "torch.hinge_embedding_loss(input, target, margin, code)")
    text += loss(
      "margin_ranking_loss", "input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0",
      "torch.margin_ranking_loss(input1, input2, target, margin, code)")
    text += loss(
      "cosine_embedding_loss", "input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0",
      "torch.cosine_embedding_loss(input1, input2, target, margin, code)")
    text += loss(
      "multilabel_margin_loss", "input: Tensor, target: Tensor", "torch.multilabel_margin_loss(input, target, code)")
    text += loss("soft_margin_loss", "input: Tensor, target: Tensor", "torch.soft_margin_loss(input, target, code)")
    return text
  }()
}
