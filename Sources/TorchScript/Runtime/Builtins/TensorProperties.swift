// What a tensor is: sizes, dtype, device, flags.

extension JIT.Builtins {
  static let tensorProperties = family {
    sizes
    JIT.Builtin("prim::dtype(Tensor a) -> int") { (x: Tensor) in x.dtype }
    JIT.Builtin("prim::device(Tensor a) -> Device") { (x: Tensor) in x.device }
    // Strided is layout 0.
    JIT.Builtin("prim::layout(Tensor a) -> Layout") { (_: Tensor) in 0 }
    JIT.Builtin("prim::itemsize(Tensor a) -> int") { (x: Tensor) in x.dtype.itemSize }
    JIT.Builtin("prim::nbytes(Tensor a) -> int") { (x: Tensor) in x.numel * x.dtype.itemSize }
    JIT.Builtin("aten::element_size(Tensor self) -> int") { (x: Tensor) in x.dtype.itemSize }
    // Named tensors do not exist here.
    JIT.Builtin("prim::name(Tensor a) -> str?") { (_: Tensor) -> String? in nil }
    JIT.Builtin("aten::get_device(Tensor self) -> int") { (x: Tensor) in
      x.device.kind == .cpu ? -1 : x.device.index ?? 0
    }
    for kind in ["cpu", "cuda", "meta"] {
      JIT.Builtin("prim::is_\(kind)(Tensor a) -> bool") { (x: Tensor) in x.device.kind.rawValue == kind }
    }
    // Kinds of tensors that do not exist here.
    for kind in [
      "ipu", "maia", "mkldnn", "mps", "mtia", "nested", "quantized", "sparse", "sparse_csr", "vulkan", "xla", "xpu",
    ] {
      JIT.Builtin("prim::is_\(kind)(Tensor a) -> bool") { (_: Tensor) in false }
    }
    for flag in ["distributed", "coalesced", "conj", "neg"] {
      JIT.Builtin("aten::is_\(flag)(Tensor self) -> bool") { (_: Tensor) in false }
    }
    JIT.Builtin("aten::is_pinned(Tensor self, Device? device=None) -> bool") { (_: Tensor, _: Device?) in false }
    JIT.Builtin("aten::is_floating_point(Tensor self) -> bool") { (x: Tensor) in x.dtype.isFloatingPoint }
    JIT.Builtin("aten::is_complex(Tensor self) -> bool") { (x: Tensor) in x.dtype.isComplex }
    JIT.Builtin("aten::is_signed(Tensor self) -> bool") { (x: Tensor) in x.dtype != .uint8 && x.dtype != .bool }
    JIT.Builtin("aten::is_same_size(Tensor self, Tensor other) -> bool") { (a: Tensor, b: Tensor) in a.shape == b.shape
    }
    JIT.Builtin("aten::is_set_to(Tensor self, Tensor tensor) -> bool") { (a: Tensor, b: Tensor) in
      a.sharesStorage(with: b) && a.storageOffset == b.storageOffset && a.shape == b.shape && a.strides == b.strides
    }
    layout
    promotion
    JIT.Builtin("aten::_version(Tensor self) -> int") { (x: Tensor) in x.version }
  }

  // MARK: Sizes

  @Family private static var sizes: [JIT.Builtin] {
    JIT.Builtin("aten::size.int(Tensor self, int dim) -> int", size)
    JIT.Builtin("aten::size(Tensor self) -> int[]") { (x: Tensor) in Array(x.shape) }
    JIT.Builtin("aten::sym_size.int(Tensor self, int dim) -> SymInt", size)
    JIT.Builtin("aten::sym_size(Tensor self) -> SymInt[]") { (x: Tensor) in Array(x.shape) }
    JIT.Builtin("aten::stride.int(Tensor self, int dim) -> int", stride)
    JIT.Builtin("aten::stride(Tensor self) -> int[]") { (x: Tensor) in Array(x.strides) }
    JIT.Builtin("aten::sym_stride.int(Tensor self, int dim) -> SymInt", stride)
    JIT.Builtin("aten::sym_stride(Tensor self) -> SymInt[]") { (x: Tensor) in Array(x.strides) }
    JIT.Builtin("aten::numel(Tensor self) -> int") { (x: Tensor) in x.numel }
    JIT.Builtin("aten::sym_numel(Tensor self) -> SymInt") { (x: Tensor) in x.numel }
    JIT.Builtin("aten::dim(Tensor self) -> int") { (x: Tensor) in x.ndim }
    JIT.Builtin("prim::ndim(Tensor a) -> int") { (x: Tensor) in x.ndim }
    JIT.Builtin("prim::shape(Tensor a) -> int[]") { (x: Tensor) in Array(x.shape) }
    JIT.Builtin("aten::dense_dim(Tensor self) -> int") { (x: Tensor) in x.ndim }
    JIT.Builtin("aten::storage_offset(Tensor self) -> int") { (x: Tensor) in x.storageOffset }
    JIT.Builtin("aten::sym_storage_offset(Tensor self) -> SymInt") { (x: Tensor) in x.storageOffset }
    JIT.Builtin("aten::len.Tensor(Tensor t) -> int") { (x: Tensor) -> Int in
      guard x.ndim > 0 else { throw TorchError(.shape, "len() of a 0-d tensor") }
      return x.shape[0]
    }
  }

  private static func size(_ x: Tensor, _ dim: Int) throws -> Int { x.shape[try place(dim, x)] }
  private static func stride(_ x: Tensor, _ dim: Int) throws -> Int { x.strides[try place(dim, x)] }

  static func place(_ dim: Int, _ x: Tensor) throws -> Int {
    guard x.ndim > 0 else { throw TorchError(.index, "Dimension specified as \(dim) but tensor has no dimensions") }
    guard (-x.ndim..<x.ndim).contains(dim) else {
      throw TorchError(
        .index, "Dimension out of range (expected to be in range of [\(-x.ndim), \(x.ndim - 1)], but got \(dim))")
    }
    return dim < 0 ? dim + x.ndim : dim
  }

  // MARK: Promotion

  @Family private static var promotion: [JIT.Builtin] {
    JIT.Builtin("aten::can_cast(ScalarType from_, ScalarType to) -> bool") { (from: DType, to: DType) in
      // A value may gain a fraction or an imaginary part, but not lose them; only a bool becomes a bool.
      !(from.isComplex && !to.isComplex) && !(from.isFloatingPoint && !to.isFloatingPoint && !to.isComplex)
        && !(from != .bool && to == .bool)
    }
    JIT.Builtin("aten::promote_types(ScalarType type1, ScalarType type2) -> ScalarType") { (a: DType, b: DType) in
      DType.promote(a, b)
    }
    JIT.Builtin("aten::result_type.Tensor(Tensor tensor, Tensor other) -> ScalarType") { (a: Tensor, b: Tensor) in
      (standIn(a) * standIn(b)).dtype
    }
    JIT.Builtin("aten::result_type.Scalar(Tensor tensor, Scalar other) -> ScalarType") { (a: Tensor, b: Scalar) in
      (standIn(a) * b).dtype
    }
    JIT.Builtin("aten::result_type.Scalar_Tensor(Scalar scalar, Tensor tensor) -> ScalarType") {
      (a: Scalar, b: Tensor) in
      (standIn(b) * a).dtype
    }
    JIT.Builtin("aten::result_type.Scalar_Scalar(Scalar scalar1, Scalar scalar2) -> ScalarType") {
      (a: Scalar, b: Scalar) in
      DType.promote(a.dtype, b.dtype)
    }
  }

  /// A tensor that counts as `x` does in type promotion, and costs nothing to multiply.
  private static func standIn(_ x: Tensor) -> Tensor { Tensor.zeros(x.ndim == 0 ? [] : [0], dtype: x.dtype) }

  // MARK: Order in memory

  @Family private static var layout: [JIT.Builtin] {
    JIT.Builtin("aten::is_contiguous(Tensor self) -> bool") { (x: Tensor) in x.isContiguous }
    JIT.Builtin("aten::is_contiguous.memory_format(Tensor self, MemoryFormat memory_format) -> bool", isContiguous)
    JIT.Builtin("aten::sym_is_contiguous(Tensor self, MemoryFormat memory_format=0) -> SymBool", isContiguous)
    JIT.Builtin("aten::is_strides_like_format(Tensor self, MemoryFormat memory_format) -> bool", isContiguous)
    JIT.Builtin("aten::is_non_overlapping_and_dense(Tensor self) -> bool") { (x: Tensor) -> Bool in
      // Taken from the innermost dimension on, each stride is the size of what lies inside.
      let dims = zip(x.strides, x.shape).filter { $0.1 != 1 }.sorted { $0.0 < $1.0 }
      var expected = 1
      for (stride, size) in dims {
        guard stride == expected else { return x.numel == 0 }
        expected *= size
      }
      return true
    }
  }

  /// - Parameter format: contiguous 0, preserve 1, channels last 2, channels last in three dimensions 3.
  private static func isContiguous(_ x: Tensor, _ format: Int) throws -> Bool {
    let order: [Int]
    switch (format, x.ndim) {
    case (0, _): return x.isContiguous
    case (2, 4): order = [1, 3, 2, 0]
    case (3, 5): order = [1, 4, 3, 2, 0]
    case (2, _), (3, _): return false
    default: throw TorchError(.value, "isContiguous(): unsupported memory format \(format)")
    }
    var expected = 1
    for dim in order where x.shape[dim] != 1 {
      guard x.strides[dim] == expected else { return x.numel == 0 }
      expected *= x.shape[dim]
    }
    return true
  }
}
