// Normalization, embeddings, resampling and the like of `torch.nn.functional`, in TorchScript.

extension JIT.Library {
  static let normalization = """
    def _verify_batch_size(size: List[int]) -> None:
      count = size[0]
      for i in range(len(size) - 2):
        count *= size[i + 2]
      if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {size}")

    def batch_norm(input: Tensor, running_mean: Optional[Tensor], running_var: Optional[Tensor],
        weight: Optional[Tensor] = None, bias: Optional[Tensor] = None, training: bool = False, momentum: float = 0.1,
        eps: float = 1e-05) -> Tensor:
      if training:
        _verify_batch_size(input.size())
      return torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, True)

    def instance_norm(input: Tensor, running_mean: Optional[Tensor] = None, running_var: Optional[Tensor] = None,
        weight: Optional[Tensor] = None, bias: Optional[Tensor] = None, use_input_stats: bool = True,
        momentum: float = 0.1, eps: float = 1e-05) -> Tensor:
      if use_input_stats:
        size = input.size()
        count = 1
        for i in range(2, len(size)):
          count *= size[i]
        if count == 1:
          raise ValueError(f"Expected more than 1 spatial element when training, got input size {size}")
      return torch.instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, True)

    def layer_norm(input: Tensor, normalized_shape: List[int], weight: Optional[Tensor] = None,
        bias: Optional[Tensor] = None, eps: float = 1e-05) -> Tensor:
      return torch.layer_norm(input, normalized_shape, weight, bias, eps, True)

    def rms_norm(input: Tensor, normalized_shape: List[int], weight: Optional[Tensor] = None,
        eps: Optional[float] = None) -> Tensor:
      return torch.rms_norm(input, normalized_shape, weight, eps)

    def group_norm(input: Tensor, num_groups: int, weight: Optional[Tensor] = None, bias: Optional[Tensor] = None,
        eps: float = 1e-05) -> Tensor:
      if input.dim() < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.dim()}")
      size = input.size()
      _verify_batch_size([size[0] * size[1] // num_groups, num_groups] + size[2:])
      return torch.group_norm(input, num_groups, weight, bias, eps, True)

    def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75,
        k: float = 1.0) -> Tensor:
      dim = input.dim()
      if dim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {dim} dimensions)")
      if input.numel() == 0:
        return input
      squares = input.mul(input)
      if dim == 3:
        squares = squares.unsqueeze(1)
        squares = torch.pad(squares, [0, 0, size // 2, (size - 1) // 2])
        squares = torch.avg_pool2d(squares, [size, 1], 1).squeeze(1)
      else:
        sizes = input.size()
        squares = squares.view([sizes[0], 1, sizes[1], sizes[2], -1])
        squares = torch.pad(squares, [0, 0, 0, 0, size // 2, (size - 1) // 2])
        squares = torch.avg_pool3d(squares, [size, 1, 1], 1).squeeze(1)
        squares = squares.view(sizes)
      return input / squares.mul(alpha).add(k).pow(beta)

    def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12,
        out: Optional[Tensor] = None) -> Tensor:
      length = torch.linalg.vector_norm(input, p, [dim], True).clamp_min(eps).expand_as(input)
      if out is None:
        return input / length
      return torch.div(input, length, out=out)

    def embedding(input: Tensor, weight: Tensor, padding_idx: Optional[int] = None, max_norm: Optional[float] = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
      index = -1
      if padding_idx is not None:
        if padding_idx > 0:
          assert padding_idx < weight.size(0), "Padding_idx must be within num_embeddings"
        elif padding_idx < 0:
          assert padding_idx >= -weight.size(0), "Padding_idx must be within num_embeddings"
        index = padding_idx if padding_idx >= 0 else weight.size(0) + padding_idx
      if max_norm is not None:
        input = input.contiguous()
        with torch.no_grad():
          torch.embedding_renorm_(weight, input, max_norm, norm_type)
      return torch.embedding(weight, input, index, scale_grad_by_freq, sparse)

    def embedding_bag(input: Tensor, weight: Tensor, offsets: Optional[Tensor] = None,
        max_norm: Optional[float] = None, norm_type: float = 2.0, scale_grad_by_freq: bool = False, mode: str = "mean",
        sparse: bool = False, per_sample_weights: Optional[Tensor] = None, include_last_offset: bool = False,
        padding_idx: Optional[int] = None) -> Tensor:
      starts = offsets
      weights = per_sample_weights
      if input.dim() == 2:
        if offsets is not None:
          raise ValueError("if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. However, found offsets")
        starts = torch.arange(0, input.numel(), input.size(1), dtype=input.dtype, device=input.device)
        input = input.reshape(-1)
        if weights is not None:
          weights = weights.reshape(-1)
      elif input.dim() != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}")
      if starts is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
      code = 0
      if mode == "sum":
        code = 0
      elif mode == "mean":
        code = 1
      elif mode == "max":
        code = 2
      else:
        raise ValueError("mode has to be one of sum, mean or max")
      if max_norm is not None:
        with torch.no_grad():
          torch.embedding_renorm_(weight, input, max_norm, norm_type)
      result, _, _, _ = torch.embedding_bag(weight, input, starts, scale_grad_by_freq, code, sparse, weights,
        include_last_offset, padding_idx)
      return result


    """

  static let vision = """
    def pad(input: Tensor, pad: List[int], mode: str = "constant", value: Optional[float] = None) -> Tensor:
      return torch.pad(input, pad, mode, value)

    def unfold(input: Tensor, kernel_size: BroadcastingList2[int], dilation: BroadcastingList2[int] = 1,
        padding: BroadcastingList2[int] = 0, stride: BroadcastingList2[int] = 1) -> Tensor:
      return torch.im2col(input, kernel_size, dilation, padding, stride)

    def fold(input: Tensor, output_size: BroadcastingList2[int], kernel_size: BroadcastingList2[int],
        dilation: BroadcastingList2[int] = 1, padding: BroadcastingList2[int] = 0,
        stride: BroadcastingList2[int] = 1) -> Tensor:
      return torch.col2im(input, output_size, kernel_size, dilation, padding, stride)

    def affine_grid(theta: Tensor, size: List[int], align_corners: Optional[bool] = None) -> Tensor:
      return torch.affine_grid_generator(theta, size, False if align_corners is None else align_corners)

    def grid_sample(input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros",
        align_corners: Optional[bool] = None) -> Tensor:
      method = 0
      if mode == "nearest":
        method = 1
      elif mode == "bicubic":
        method = 2
      elif mode != "bilinear":
        raise ValueError(f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'")
      border = 0
      if padding_mode == "border":
        border = 1
      elif padding_mode == "reflection":
        border = 2
      elif padding_mode != "zeros":
        raise ValueError(f"nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '{padding_mode}'")
      return torch.grid_sampler(input, grid, method, border, False if align_corners is None else align_corners)

    def interpolate(input: Tensor, size: Optional[List[int]] = None, scale_factor: Optional[List[float]] = None,
        mode: str = "nearest", align_corners: Optional[bool] = None, recompute_scale_factor: Optional[bool] = None,
        antialias: bool = False) -> Tensor:
      smooth = mode == "linear" or mode == "bilinear" or mode == "bicubic" or mode == "trilinear"
      if not smooth and align_corners is not None:
        raise ValueError("align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear")
      corners = False if align_corners is None else align_corners
      count = input.dim() - 2
      if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
      if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
      sizes = size
      scales = scale_factor
      if recompute_scale_factor is not None and recompute_scale_factor:
        if scales is not None:
          sizes = [int(math.floor(float(input.size(i + 2)) * scales[i])) for i in range(count)]
          scales = None
      if antialias and not ((mode == "bilinear" or mode == "bicubic") and input.dim() == 4):
        raise ValueError("Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input")
      if mode == "area":
        target = annotate(List[int], [])
        if sizes is not None:
          target = sizes
        elif scales is not None:
          target = [int(math.floor(float(input.size(i + 2)) * scales[i])) for i in range(count)]
        if count == 1:
          return torch.adaptive_avg_pool1d(input, target)
        if count == 2:
          return torch.adaptive_avg_pool2d(input, target)
        return torch.adaptive_avg_pool3d(input, target)
      if count == 1:
        if mode == "nearest":
          return torch.upsample_nearest1d(input, sizes, scales)
        if mode == "nearest-exact":
          return torch._upsample_nearest_exact1d(input, sizes, scales)
        if mode == "linear":
          return torch.upsample_linear1d(input, sizes, corners, scales)
      if count == 2:
        if mode == "nearest":
          return torch.upsample_nearest2d(input, sizes, scales)
        if mode == "nearest-exact":
          return torch._upsample_nearest_exact2d(input, sizes, scales)
        if mode == "bilinear":
          if antialias:
            return torch._upsample_bilinear2d_aa(input, sizes, corners, scales)
          return torch.upsample_bilinear2d(input, sizes, corners, scales)
        if mode == "bicubic":
          if antialias:
            return torch._upsample_bicubic2d_aa(input, sizes, corners, scales)
          return torch.upsample_bicubic2d(input, sizes, corners, scales)
      if count == 3:
        if mode == "nearest":
          return torch.upsample_nearest3d(input, sizes, scales)
        if mode == "nearest-exact":
          return torch._upsample_nearest_exact3d(input, sizes, scales)
        if mode == "trilinear":
          return torch.upsample_trilinear3d(input, sizes, corners, scales)
      raise NotImplementedError(f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {input.dim()}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | nearest-exact (got {mode})")

    def interpolate__1(input: Tensor, size: Optional[int] = None, scale_factor: Optional[List[float]] = None,
        mode: str = "nearest", align_corners: Optional[bool] = None, recompute_scale_factor: Optional[bool] = None,
        antialias: bool = False) -> Tensor:
      if size is None:
        return interpolate(input, None, scale_factor, mode, align_corners, recompute_scale_factor, antialias)
      sizes = [size for i in range(input.dim() - 2)]
      return interpolate(input, sizes, scale_factor, mode, align_corners, recompute_scale_factor, antialias)

    def interpolate__2(input: Tensor, size: Optional[List[int]] = None, scale_factor: Optional[float] = None,
        mode: str = "nearest", align_corners: Optional[bool] = None, recompute_scale_factor: Optional[bool] = None,
        antialias: bool = False) -> Tensor:
      if scale_factor is None:
        return interpolate(input, size, None, mode, align_corners, recompute_scale_factor, antialias)
      scales = [scale_factor for i in range(input.dim() - 2)]
      return interpolate(input, size, scales, mode, align_corners, recompute_scale_factor, antialias)

    def interpolate__3(input: Tensor, size: Optional[int] = None, scale_factor: Optional[float] = None,
        mode: str = "nearest", align_corners: Optional[bool] = None, recompute_scale_factor: Optional[bool] = None,
        antialias: bool = False) -> Tensor:
      sizes = annotate(Optional[List[int]], None)
      if size is not None:
        sizes = [size for i in range(input.dim() - 2)]
      scales = annotate(Optional[List[float]], None)
      if scale_factor is not None:
        scales = [scale_factor for i in range(input.dim() - 2)]
      return interpolate(input, sizes, scales, mode, align_corners, recompute_scale_factor, antialias)

    def upsample(input: Tensor, size: Optional[int] = None, scale_factor: Optional[float] = None,
        mode: str = "nearest", align_corners: Optional[bool] = None) -> Tensor:
      return interpolate__3(input, size, scale_factor, mode, align_corners)


    """
}
