// Calculations with sizes.

extension JIT.Builtins {
  static let shapes = family {
    JIT.Builtin("aten::Size(int[] sizes) -> int[]") { (sizes: List) in sizes }
    // Their messages call the second one a.
    for name in ["_infer_size", "broadcast_shapes"] {
      JIT.Builtin("aten::\(name)(int[] a, int[] b) -> int[]") { (a: [Int], b: [Int]) in try broadcast(b, a) }
    }
    JIT.Builtin("aten::_size_if_not_equal(int[] self_size, int[] other_size) -> int[]?") {
      (a: [Int], b: [Int]) -> [Int]? in
      a == b ? nil : a
    }
    JIT.Builtin("prim::BroadcastSizes(...) -> int[]") { (x: [JIT.IValue]) -> JIT.IValue in
      .ints(try x.map([Int].read).reduce([], broadcast))
    }
    JIT.Builtin("prim::ReductionSizes(int[] size, int[] red_axes, bool keepdim=False) -> int[]") {
      (size: [Int], axes: [Int], keep: Bool) -> [Int] in
      guard axes.allSatisfy(size.indices.contains) else { throw TorchError(.index, "list index out of range") }
      return size.indices.compactMap { axes.contains($0) ? (keep ? 1 : nil) : size[$0] }
    }
    // `BroadcastingList2[int]`: one number stands for a list.
    for (name, length) in [("single", 1), ("pair", 2), ("triple", 3), ("quadruple", 4)] {
      for type in ["float", "int"] {
        JIT.Builtin("aten::_\(name).\(type)(\(type)[\(length)] x) -> \(type)[]") { (x: List) in x }
      }
    }
    JIT.Builtin("aten::list_with_default(int[] out_size, int[] defaults) -> int[]") {
      (size: List, defaults: List) -> List in
      guard defaults.items.count > size.items.count else { throw TorchError(.value, "AssertionError: ") }
      return size
    }
    // A packed sequence is a tuple here.
    JIT.Builtin(
      "aten::_pack_sequence(Tensor output, Tensor batch_sizes, Tensor? sorted_indices, Tensor? unsorted_indices) -> (Tensor, Tensor, Tensor?, Tensor?)"
    ) { (x: [JIT.IValue]) -> JIT.IValue in .tuple(x) }
    let gradientSum = calling("aten::sum_to_size")
    JIT.Builtin("aten::_grad_sum_to_size(Tensor(a) self, int[]? size) -> Tensor(a)") { (x: [JIT.IValue]) in
      x[1].isNone ? x[0] : try gradientSum(x)
    }
    // What normalization over channels is fused from.
    JIT.Builtin("aten::_ncf_unsqueeze(Tensor(a) self, int ndim) -> Tensor(a)") { (x: Tensor, ndim: Int) -> Tensor in
      x.reshape([1, x.shape[0]] + Array(repeating: 1, count: max(ndim - 2, 0)))
    }
    JIT.Builtin("aten::_ncf_view(Tensor(a) self, int[] input_shape, int normalized_ndim) -> Tensor(a)") {
      (x: Tensor, shape: [Int], normalized: Int) -> Tensor in
      let kept = max(shape.count - normalized, 0)
      return x.reshape(Array(shape.prefix(kept)) + Array(repeating: 1, count: normalized))
    }
  }

  private static func broadcast(_ a: [Int], _ b: [Int]) throws -> [Int] {
    let rank = max(a.count, b.count)
    // From the last dimension on: the first that does not fit is the one to name.
    return try (0..<rank).reversed().map { i in
      let (ai, bi) = (i - rank + a.count, i - rank + b.count)
      let (x, y) = (ai < 0 ? 1 : a[ai], bi < 0 ? 1 : b[bi])
      guard x == y || x == 1 || y == 1 else {
        throw TorchError(
          .shape,
          "The size of tensor a (\(x)) must match the size of tensor b (\(y)) at non-singleton dimension \(i)")
      }
      return x == 1 ? y : x
    }.reversed()
  }
}
