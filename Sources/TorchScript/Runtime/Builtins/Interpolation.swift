// `nn.functional.interpolate` and `upsample`, which scripts of old call as builtins.
//
// Reference: aten::__interpolate in torch/csrc/jit/runtime/register_prim_ops_fulljit.cpp of PyTorch.

extension JIT.Builtins {
  static let interpolation = family {
    let rest = "str mode=\"nearest\", bool? align_corners=None, bool? recompute_scale_factor=None, bool antialias=False"
    for (overload, size, scale) in [
      (".scale_list", "int?", "float[]?"), (".size_list_scale_list", "int[]?", "float[]?"), ("", "int?", "float?"),
      (".size_list", "int[]?", "float?"),
    ] {
      JIT.Builtin(
        "aten::__interpolate\(overload)(Tensor input, \(size) size=None, \(scale) scale_factor=None, \(rest)) -> Tensor"
      ) {
        (x: [JIT.IValue]) -> JIT.IValue in
        .tensor(
          try resized(
            Tensor.read(x[0]), x[1], x[2], String.read(x[3]), Bool?.read(x[4]), Bool?.read(x[5]), Bool.read(x[6])))
      }
    }
    for (overload, size) in [("", "int?"), (".size_list", "int[]?")] {
      JIT.Builtin(
        "aten::__upsample\(overload)(Tensor input, \(size) size=None, int? scale_factor=None, str mode=\"nearest\", bool? align_corners=None) -> Tensor"
      ) { (x: Tensor, size: JIT.IValue, scale: JIT.IValue, mode: String, align: Bool?) in
        try resized(x, size, scale, mode, align)
      }
    }
    for (overload, size, scale) in [
      ("", "int?", "int?"), (".size_list", "int[]?", "int?"), (".scale_list", "int?", "int[]?"),
      (".size_list_scale_list", "int[]?", "int[]?"),
    ] {
      JIT.Builtin(
        "aten::__upsample_bilinear\(overload)(Tensor input, \(size) size=None, \(scale) scale_factor=None) -> Tensor"
      ) { (x: Tensor, size: JIT.IValue, scale: JIT.IValue) in try resized(x, size, scale, "bilinear", true) }
    }
    for (overload, size) in [("", "int?"), (".size_list", "int[]?")] {
      JIT.Builtin(
        "aten::__upsample_nearest\(overload)(Tensor input, \(size) size=None, int? scale_factor=None) -> Tensor"
      ) { (x: Tensor, size: JIT.IValue, scale: JIT.IValue) in try resized(x, size, scale, "nearest", nil) }
    }
  }

  /// One number stands for all dimensions.
  private static func resized(
    _ x: Tensor, _ size: JIT.IValue, _ scale: JIT.IValue, _ mode: String, _ alignCorners: Bool?,
    _ recompute: Bool? = nil, _ antialias: Bool = false
  ) throws -> Tensor {
    func spread<T: JIT.BuiltinElement>(_ value: JIT.IValue, _: T.Type) throws -> [T]? {
      if value.isNone { return nil }
      if case .list = value { return try [T].read(value) }
      return Array(repeating: try T.read(value), count: max(x.ndim - 2, 0))
    }
    guard let mode = torch.InterpolationMode(rawValue: mode) else {
      throw TorchError(
        .notImplemented,
        "Input Error: Only 3D, 4D and 5D input Tensors supported (got \(x.ndim)D) for the modes: nearest | linear | bilinear | bicubic | trilinear (got \(mode))"
      )
    }
    return try torch.interpolate(
      x, sizes: try spread(size, Int.self), factors: try spread(scale, Double.self), mode: mode,
      alignCorners: alignCorners, recompute: recompute ?? false, antialias: antialias)
  }
}
