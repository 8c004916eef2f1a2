// Indexing by lists without gaps, and other operators under another name.

extension JIT.Builtins {
  static let indexing = family {
    // PyTorch calls them so: the indices of the operators are `Tensor?[]`.
    forwarding("aten::index.Tensor_hacked_twin(Tensor self, Tensor[] indices) -> Tensor", to: "aten::index.Tensor")
    forwarding(
      "aten::_unsafe_index.Tensor_hacked_twin(Tensor self, Tensor[] indices) -> Tensor", to: "aten::index.Tensor")
    forwarding(
      "aten::index_put.hacked_twin(Tensor self, Tensor[] indices, Tensor values, bool accumulate=False) -> Tensor",
      to: "aten::index_put")
    forwarding(
      "aten::_unsafe_index_put.hacked_twin(Tensor self, Tensor[] indices, Tensor values, bool accumulate=False) -> Tensor",
      to: "aten::index_put")
    forwarding(
      "aten::index_put_.hacked_twin(Tensor(a!) self, Tensor[] indices, Tensor values, bool accumulate=False) -> Tensor(a!)",
      to: "aten::index_put_")
    let put = calling("aten::index_put_")
    JIT.Builtin(
      "aten::_index_put_impl_(Tensor(a!) self, Tensor?[] indices, Tensor values, bool accumulate=False, bool unsafe=False) -> Tensor(a!)"
    ) { (x: [JIT.IValue]) in try put(Array(x.prefix(4))) }
    JIT.Builtin(
      "aten::_index_put_impl_.hacked_twin(Tensor(a!) self, Tensor[] indices, Tensor values, bool accumulate=False, bool unsafe=False) -> Tensor(a!)"
    ) { (x: [JIT.IValue]) in try put(Array(x.prefix(4))) }
    forwarding(
      "aten::split.sizes(Tensor(a -> *) self, SymInt[] split_size, int dim=0) -> Tensor(a)[]",
      to: "aten::split_with_sizes")
    forwarding(
      "aten::split(Tensor(a -> *) self, int[] split_sizes, int dim=0) -> Tensor(a)[]", to: "aten::split_with_sizes")
    for name in ["numpy_T", "matrix_H", "mT", "mH"] {
      forwarding("aten::\(name).a(Tensor(a) self) -> Tensor(a)", to: "aten::\(name)")
    }
    for (name, target) in [("T", "numpy_T"), ("H", "matrix_H"), ("mT", "mT"), ("mH", "mH")] {
      forwarding("prim::\(name)(Tensor(a) a) -> Tensor(a)", to: "aten::\(target)")
    }
    let einsum = calling("aten::einsum")
    JIT.Builtin("aten::einsum.sublist(Tensor a, ...) -> Tensor") { (x: [JIT.IValue]) in
      let (equation, operands) = try subscripts(x)
      return try einsum([.string(equation), .tensors(operands)])
    }
    JIT.Builtin("prim::VarConcat(...) -> Tensor") { (x: [JIT.IValue]) -> JIT.IValue in
      .tensor(torch.cat(try x.dropLast().map(Tensor.read), dim: try Int.read(x.last ?? .none)))
    }
    JIT.Builtin("prim::VarStack(...) -> Tensor") { (x: [JIT.IValue]) -> JIT.IValue in
      .tensor(torch.stack(try x.dropLast().map(Tensor.read), dim: try Int.read(x.last ?? .none)))
    }
  }

  /// The equation of operands that each have a list of subscripts, numbers for letters.
  private static func subscripts(_ arguments: [JIT.IValue]) throws -> (String, [Tensor]) {
    guard arguments.count >= 2 else {
      throw TorchError(
        .value,
        "einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list"
      )
    }
    func letters(_ i: Int) throws -> String {
      try String(
        String.UnicodeScalarView(
          [Int].read(arguments[i]).enumerated().map { place, number in
            guard (0..<52).contains(number) else {
              throw TorchError(
                .value,
                "einsum(): expected subscript \(place) in argument \(i) to be within the range [0, 52), but got \(number)"
              )
            }
            return UnicodeScalar(UInt8(number < 26 ? number + 65 : number - 26 + 97))
          }))
    }
    let pairs = arguments.count / 2
    let inputs = try (0..<pairs).map { try letters(2 * $0 + 1) }.joined(separator: ",")
    let output = arguments.count % 2 == 1 ? "->" + (try letters(arguments.count - 1)) : ""
    return (inputs + output, try (0..<pairs).map { try Tensor.read(arguments[2 * $0]) })
  }
}
