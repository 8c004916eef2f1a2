// Softmax and its logarithm.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html

enum Softmax {
  typealias BackwardSignature = Operator<Tensor, Tensor, Int, DType, Tensor>

  private static func forward(logarithm: Bool) -> Operator<Tensor, Int, Bool, Tensor> {
    Operator(
      "_\(logarithm ? "log_softmax" : "softmax")(Tensor self, int dim, bool half_to_float) -> Tensor",
      kernel: { (x: Tensor, dim: Int, _: Bool) in
        let dim = try x.shape.normalized(dim: dim)
        guard x.dtype.isFloatingPoint else {
          let name = "\(logarithm ? "log_" : "")softmax_\(dim >= x.ndim - 1 ? "lastdim_" : "")kernel_impl"
          throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(x.dtype.scalarTypeName)'")
        }
        let source = x.isContiguous ? x : try x.packed()
        let out = try Tensor.uninitialized(x.shape, x.dtype)
        try x.backend.softmax(logarithm: logarithm, source, dim, into: out)
        return out
      },
      derivative: { record, y, x, dim, _ in
        let saved = record.save(result: y)
        let dtype = x.dtype
        return { g in [(logarithm ? logSoftmaxBackward : softmaxBackward)(g[0], try saved.value, dim, dtype)] }
      })
  }

  private static func backward(
    _ schema: String, logarithm: Bool, derivative: @escaping (Tensor, Tensor, Tensor, Int) -> (Tensor, Tensor)
  ) -> BackwardSignature {
    Operator(
      schema,
      kernel: { (g: Tensor, y: Tensor, dim: Int, _: DType) in
        let dim = try y.shape.normalized(dim: dim)
        let out = try Tensor.uninitialized(y.shape, y.dtype)
        try y.backend.softmaxBackward(
          logarithm: logarithm, g.isContiguous ? g : try g.packed(), y.isContiguous ? y : try y.packed(), dim, into: out)
        return out
      },
      derivative: { record, _, g, y, dim, _ in
        let (sg, sy) = (record.save(g), record.save(y))
        return { gg in
          let (byGradient, byOutput) = derivative(gg[0], try sg.value, try sy.value, dim)
          return [byGradient, byOutput]
        }
      })
  }

  static let softmax = forward(logarithm: false)
  static let logSoftmax = forward(logarithm: true)

  static let softmaxBackward: BackwardSignature = backward(
    "_softmax_backward_data(Tensor grad_output, Tensor output, int dim, ScalarType input_dtype) -> Tensor",
    logarithm: false
  ) { gg, g, y, dim in
    let along = (gg * y).sum(dim: dim, keepdim: true)
    return (y * (gg - along), gg * g - gg * (g * y).sum(dim: dim, keepdim: true) - along * g)
  }

  static let logSoftmaxBackward: BackwardSignature = backward(
    "_log_softmax_backward_data(Tensor grad_output, Tensor output, int dim, ScalarType input_dtype) -> Tensor",
    logarithm: true
  ) { gg, g, y, dim in
    let p = y.exp()
    return (
      gg - (gg * p).sum(dim: dim, keepdim: true),
      -(g.sum(dim: dim, keepdim: true) * p) * gg
    )
  }

  private static func named(_ name: String, _ op: @escaping (Tensor, Int) -> Tensor) -> Operator<Tensor, Int, DType?, Tensor> {
    Operator(composite: "\(name).int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor", twins: .out("int_out")) {
      (x: Tensor, dim: Int, dtype: DType?) in
      op(dtype.map { x.to($0) } ?? x, dim)
    }
  }
  static let softmaxInt = named("softmax") { softmax($0, $1, false) }
  static let logSoftmaxInt = named("log_softmax") { logSoftmax($0, $1, false) }

  static let operators: [AnyOperator] = [
    softmax, logSoftmax, softmaxBackward, logSoftmaxBackward, softmaxInt, logSoftmaxInt,
  ]
}

extension Tensor {
  /// eˣ over its sum along `dim`.
  public func softmax(dim: Int, dtype: DType? = nil) -> Tensor { Softmax.softmaxInt(self, dim, dtype) }
  /// The logarithm of `softmax`, computed without overflow.
  public func logSoftmax(dim: Int, dtype: DType? = nil) -> Tensor { Softmax.logSoftmaxInt(self, dim, dtype) }
}
