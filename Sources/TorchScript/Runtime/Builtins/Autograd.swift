// Gradients asked for inside of a script, and writes that autograd does not see.

extension JIT.Builtins {
  static let autograd = family {
    JIT.Builtin("prim::requires_grad(Tensor a) -> bool") { (x: Tensor) in x.requiresGrad }
    JIT.Builtin("prim::grad(Tensor a) -> Tensor(*)", pure: false) { (x: Tensor) in x.grad }
    JIT.Builtin("aten::requires_grad_(Tensor(a!) self, bool requires_grad=True) -> Tensor(a!)") {
      (x: Tensor, value: Bool) in
      x.requiresGrad_(value)
    }
    JIT.Builtin("aten::is_leaf(Tensor self) -> bool") { (x: Tensor) in x.isLeaf }
    JIT.Builtin("aten::is_inference(Tensor self) -> bool") { (x: Tensor) in x.isInference }
    JIT.Builtin(procedure: "aten::retain_grad(Tensor(a!) self) -> ()") { (x: Tensor) in x.retainGrad() }
    JIT.Builtin(
      procedure:
        "aten::backward(Tensor self, Tensor? gradient=None, bool? retain_graph=None, bool create_graph=False) -> ()",
      pure: false
    ) { (x: Tensor, gradient: Tensor?, retain: Bool?, create: Bool) in
      x.backward(gradient, retainGraph: retain, createGraph: create)
    }
    JIT.Builtin(
      procedure:
        "aten::backward.TensorList(Tensor[] tensors, Tensor?[]? grad_tensors=None, bool? retain_graph=None, bool create_graph=False) -> ()",
      pure: false
    ) { (tensors: [Tensor], gradients: [Tensor?]?, retain: Bool?, create: Bool) in
      torch.autograd.backward(tensors, gradients, retainGraph: retain, createGraph: create)
    }
    JIT.Builtin(
      "aten::grad(Tensor[] outputs, Tensor[] inputs, Tensor?[]? grad_outputs=None, bool? retain_graph=None, bool create_graph=False, bool allow_unused=False) -> Tensor?[]",
      pure: false
    ) { (x: [JIT.IValue]) -> JIT.IValue in
      let gradients = try torch.autograd.grad(
        [Tensor].read(x[0]), [Tensor].read(x[1]), gradOutputs: [Tensor?]?.read(x[2]), retainGraph: Bool?.read(x[3]),
        createGraph: Bool.read(x[4]), allowUnused: Bool.read(x[5]))
      return gradients.ivalue
    }
    // Derivatives as the compiler of PyTorch once wrote them: an undefined gradient is `None`.
    JIT.Builtin("prim::AutogradZero() -> Tensor") { () -> JIT.IValue in .none }
    JIT.Builtin("prim::AutogradAdd(Any a, Any b) -> Any") { (a: Tensor?, b: Tensor?) -> Tensor? in
      a.map { a in b.map { a + $0 } ?? a } ?? b
    }
    JIT.Builtin("prim::AutogradAnyNonZero(...) -> bool") { (x: [JIT.IValue]) -> JIT.IValue in
      .bool(x.contains { $0.elements.map { $0.contains { !$0.isNone } } ?? !$0.isNone })
    }
    JIT.Builtin("prim::AutogradAllZero(...) -> bool") { (x: [JIT.IValue]) -> JIT.IValue in .bool(x.allSatisfy(\.isNone))
    }
    JIT.Builtin("prim::AutogradAllNonZero(...) -> bool") { (x: [JIT.IValue]) -> JIT.IValue in
      .bool(!x.contains(where: \.isNone))
    }
    withoutGradients
  }

  private static var withoutGradients: [JIT.Builtin] {
    func unrecorded(_ schema: String, _ name: String, pure: Bool? = nil) -> JIT.Builtin {
      let call = calling(name)
      return JIT.Builtin(schema, pure: pure) { (x: [JIT.IValue]) in try torch.noGrad { try call(x) } }
    }
    let zero = calling("aten::zero_")
    return [
      unrecorded(
        "aten::_no_grad_embedding_renorm_(Tensor weight, Tensor input, float max_norm, float norm_type) -> Tensor",
        "aten::embedding_renorm_", pure: false),
      unrecorded(
        "aten::_no_grad_uniform_(Tensor(a!) tensor, float a, float b, Generator? generator=None) -> Tensor(a!)",
        "aten::uniform_"),
      unrecorded(
        "aten::_no_grad_normal_(Tensor(a!) tensor, float mean, float std, Generator? generator=None) -> Tensor(a!)",
        "aten::normal_"),
      unrecorded("aten::_no_grad_fill_(Tensor(a!) tensor, float val) -> Tensor(a!)", "aten::fill_.Scalar"),
      JIT.Builtin("aten::_no_grad_zero_(Tensor(a!) tensor) -> Tensor(a!)") { (x: [JIT.IValue]) in
        try torch.noGrad { try zero(x) }
      },
    ]
  }
}
