// Operators that traced and scripted models call by another overload or an older name than the registry has them under.

extension JIT.Builtins {
  static let modelOverloads = family {
    convolutions
    bitOperators
    forwarding(
      "aten::clip.Tensor(Tensor self, Tensor? min=None, Tensor? max=None) -> Tensor", to: "aten::clamp.Tensor")
    forwarding(
      "aten::clip_.Tensor(Tensor(a!) self, Tensor? min=None, Tensor? max=None) -> Tensor(a!)", to: "aten::clamp_.Tensor"
    )
    forwarding(
      "aten::divide.Scalar_mode(Tensor self, Scalar other, *, str? rounding_mode) -> Tensor",
      to: "aten::div.Scalar_mode")
    forwarding(
      "aten::divide_.Scalar_mode(Tensor(a!) self, Scalar other, *, str? rounding_mode) -> Tensor(a!)",
      to: "aten::div_.Scalar_mode")
    forwarding("aten::subtract.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor", to: "aten::sub.Scalar")
    forwarding(
      "aten::subtract_.Scalar(Tensor(a!) self, Scalar other, Scalar alpha=1) -> Tensor(a!)", to: "aten::sub_.Scalar")
    forwarding("aten::_unsafe_index.Tensor(Tensor self, Tensor?[] indices) -> Tensor", to: "aten::index.Tensor")
    forwarding(
      "aten::_unsafe_index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor",
      to: "aten::index_put")
    forwarding(
      "aten::moveaxis.int(Tensor(a) self, int source, int destination) -> Tensor(a)", to: "aten::movedim.int")
    forwarding("aten::native_channel_shuffle(Tensor self, SymInt groups) -> Tensor", to: "aten::channel_shuffle")
    forwarding(
      "aten::unsafe_split_with_sizes(Tensor self, SymInt[] split_sizes, int dim=0) -> Tensor[]",
      to: "aten::split_with_sizes_copy")
    forwarding("aten::_stack(Tensor[] tensors, int dim=0) -> Tensor", to: "aten::stack")
    for name in ["nll_loss", "nll_loss2d"] {
      forwarding(
        "aten::\(name)(Tensor self, Tensor target, Tensor? weight=None, int reduction=1, SymInt ignore_index=-100) -> Tensor",
        to: "aten::nll_loss_nd")
    }
    forwarding("aten::_local_scalar_dense(Tensor self) -> Scalar", to: "aten::item")
    forwarding("aten::_is_all_true(Tensor self) -> Tensor", to: "aten::all")
    forwarding("aten::_is_any_true(Tensor self) -> Tensor", to: "aten::any")
    JIT.Builtin("aten::_shape_as_tensor(Tensor self) -> Tensor") { (x: Tensor) in Tensor(Array(x.shape)).to(.int64) }
    JIT.Builtin("aten::_dim_arange(Tensor like, int dim) -> Tensor") { (x: Tensor, dim: Int) in
      Tensor.arange(.int(x.shape[try place(dim, x)]))
    }
    JIT.Builtin("aten::repeat_interleave.Tensor(Tensor repeats, *, SymInt? output_size=None) -> Tensor") {
      (repeats: Tensor, _: Int?) in
      let counts = try repeats.scalars().map(\.intValue)
      guard counts.allSatisfy({ $0 >= 0 }) else { throw TorchError(.value, "repeats can not be negative") }
      return Tensor(counts.enumerated().flatMap { Array(repeating: $0, count: $1) }).to(.int64)
    }
    for (name, dtype) in [
      ("Byte", .uint8), ("Char", .int8), ("Double", .float64), ("Float", .float32), ("Half", .float16), ("Int", .int32),
      ("Long", .int64), ("Short", .int16),
    ] as [(String, DType)] {
      JIT.Builtin("aten::_cast_\(name)(Tensor self, bool non_blocking=False) -> Tensor") { (x: Tensor, _: Bool) in
        x.to(dtype)
      }
    }
    sets
    weightNorms
  }

  // MARK: Convolutions

  private static var convolutions: [JIT.Builtin] {
    let convolution = calling("aten::convolution")
    let modes = (1...3).map { calling("aten::conv\($0)d.padding") }
    let plain = (2...3).map { calling("aten::conv\($0)d") }
    let shared =
      "Tensor input, Tensor weight, Tensor? bias, SymInt[] stride, SymInt[] padding, SymInt[] dilation, bool transposed"
    // What follows the groups are switches of cuDNN.
    return [
      JIT.Builtin(
        "aten::_convolution.deprecated(\(shared), int[] output_padding, SymInt groups, bool benchmark, bool deterministic, bool cudnn_enabled) -> Tensor"
      ) { (x: [JIT.IValue]) in try convolution(Array(x.prefix(9))) },
      JIT.Builtin(
        "aten::_convolution(\(shared), SymInt[] output_padding, SymInt groups, bool benchmark, bool deterministic, bool cudnn_enabled, bool allow_tf32) -> Tensor"
      ) { (x: [JIT.IValue]) in try convolution(Array(x.prefix(9))) },
      JIT.Builtin(
        "aten::_convolution_mode(Tensor input, Tensor weight, Tensor? bias, SymInt[] stride, str padding, SymInt[] dilation, SymInt groups) -> Tensor"
      ) { (x: [JIT.IValue]) in
        let rank = try Tensor.read(x[1]).ndim - 2
        guard modes.indices.contains(rank - 1) else {
          throw TorchError(.shape, "weight should have at least three dimensions")
        }
        return try modes[rank - 1](x)
      },
      JIT.Builtin(
        "aten::thnn_conv2d(Tensor self, Tensor weight, SymInt[2] kernel_size, Tensor? bias=None, SymInt[2] stride=[1, 1], SymInt[2] padding=[0, 0]) -> Tensor"
      ) { (x: [JIT.IValue]) in try plain[0]([x[0], x[1], x[3], x[4], x[5]]) },
      JIT.Builtin(
        "aten::slow_conv3d(Tensor self, Tensor weight, SymInt[3] kernel_size, Tensor? bias=None, SymInt[3] stride=[1, 1, 1], SymInt[3] padding=[0, 0, 0]) -> Tensor"
      ) { (x: [JIT.IValue]) in try plain[1]([x[0], x[1], x[3], x[4], x[5]]) },
      JIT.Builtin(
        "aten::slow_conv_dilated2d(Tensor self, Tensor weight, SymInt[2] kernel_size, Tensor? bias=None, SymInt[2] stride=[1, 1], SymInt[2] padding=[0, 0], SymInt[2] dilation=[1, 1]) -> Tensor"
      ) { (x: [JIT.IValue]) in try plain[0]([x[0], x[1], x[3], x[4], x[5], x[6]]) },
    ]
  }

  // MARK: Bits

  /// `x & 1`, `x &= y`, `1 & x`.
  @Family private static var bitOperators: [JIT.Builtin] {
    for (name, full) in [
      ("and", "and"), ("or", "or"), ("xor", "xor"), ("lshift", "left_shift"), ("rshift", "right_shift"),
    ] {
      let number = full.hasSuffix("shift") ? "Tensor_Scalar" : "Scalar"
      forwarding(
        "aten::__\(name)__.Scalar(Tensor self, Scalar other) -> Tensor", to: "aten::bitwise_\(full).\(number)")
      forwarding(
        "aten::__i\(name)__.Tensor(Tensor(a!) self, Tensor other) -> Tensor(a!)", to: "aten::bitwise_\(full)_.Tensor")
      forwarding(
        "aten::__i\(name)__.Scalar(Tensor(a!) self, Scalar other) -> Tensor(a!)", to: "aten::bitwise_\(full)_.\(number)"
      )
      let both = calling("aten::bitwise_\(full).Tensor")
      JIT.Builtin("aten::bitwise_\(full).Scalar_Tensor(Scalar self, Tensor other) -> Tensor") {
        (x: Scalar, y: Tensor) in
        try both([.tensor(Tensor.full([], x, dtype: x.dtype)), .tensor(y)])
      }
    }
  }

  // MARK: Sets

  @Family private static var sets: [JIT.Builtin] {
    let (isin, bucketize) = (calling("aten::isin.Tensor_Tensor"), calling("aten::bucketize.Tensor"))
    let (unique, consecutive) = (calling("aten::_unique2"), calling("aten::unique_consecutive"))
    JIT.Builtin(
      "aten::isin.Tensor_Scalar(Tensor elements, Scalar test_element, *, bool assume_unique=False, bool invert=False) -> Tensor"
    ) { (x: [JIT.IValue]) in try isin([x[0], .tensor(alone(x[1])), x[2], x[3]]) }
    JIT.Builtin(
      "aten::isin.Scalar_Tensor(Scalar element, Tensor test_elements, *, bool assume_unique=False, bool invert=False) -> Tensor"
    ) { (x: [JIT.IValue]) in try isin([.tensor(alone(x[0])), x[1], x[2], x[3]]) }
    JIT.Builtin(
      "aten::bucketize.Scalar(Scalar self, Tensor boundaries, *, bool out_int32=False, bool right=False) -> Tensor"
    ) { (x: [JIT.IValue]) in
      try bucketize([.tensor(alone(x[0]).to(Tensor.read(x[1]).dtype)), x[1], x[2], x[3]])
    }
    JIT.Builtin("aten::_unique(Tensor self, bool sorted=True, bool return_inverse=False) -> (Tensor, Tensor)") {
      (x: [JIT.IValue]) in .tuple(Array(try unique(x).elements!.prefix(2)))
    }
    JIT.Builtin(
      "aten::unique_dim_consecutive(Tensor self, int dim, bool return_inverse=False, bool return_counts=False) -> (Tensor, Tensor, Tensor)"
    ) { (x: [JIT.IValue]) in try consecutive([x[0], x[2], x[3], x[1]]) }
  }

  private static func alone(_ value: JIT.IValue) throws -> Tensor {
    let number = try Scalar.read(value)
    return Tensor.full([], number, dtype: number.dtype)
  }

  // MARK: Weight normalization

  /// `v · g / ‖v‖` and the norm, over all dimensions but one, or over all where `dim` is -1.
  @Family private static var weightNorms: [JIT.Builtin] {
    JIT.Builtin("aten::_weight_norm_interface(Tensor v, Tensor g, int dim=0) -> (Tensor, Tensor)") {
      (v: Tensor, g: Tensor, dim: Int) -> JIT.IValue in
      .tuple([.tensor(torch.weightNorm(v, g, dim: dim)), .tensor(torch.normExceptDim(v, dim: dim))])
    }
  }
}
