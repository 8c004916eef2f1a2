// Advanced indexing by tensors, and masks: index, index_put, masked_*, nonzero, take, where.
//
// Subscripts (Tensor+Subscript.swift) are made of these and of views.
// Reference: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

enum Indexing {
  /// `self[indices]`; nil stands for a whole dimension, a mask for as many dimensions as it has.
  static let index: Operator<Tensor, [Tensor?], Tensor> = Operator(
    "index.Tensor(Tensor self, Tensor?[] indices) -> Tensor", twins: .out("Tensor_out"),
    kernel: { (x: Tensor, indices: [Tensor?]) in
      if indices.count == 1, let mask = indices[0], mask.dtype == .bool, mask.shape == x.shape, x.ndim > 0 {
        return try x.backend.maskedSelect(x.rowMajor(), mask.rowMajor())
      }
      let plan = try AdvancedIndex(x, indices)
      let out = try Tensor.uninitialized(plan.shape, x.dtype)
      try plan.checked { try x.backend.indexGet(x, plan, into: out) }
      return out
    },
    derivative: { recorder, _, x, indices in
      let (shape, saved) = (x.shape, indices.map { recorder.save($0) })
      return { g in
        let indices = try saved.map { try $0?.value }
        return [indexPut(Tensor.zeros(shape, dtype: g[0].dtype), indices, g[0], true)]
      }
    })

  /// `self[indices] = values`, or `+=` with `accumulate`.
  static let indexPut: WritingOperator<Tensor, [Tensor?], Tensor, Bool> = WritingOperator(
    "index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor",
    write: { (x: Tensor, indices: [Tensor?], values: Tensor, accumulate: Bool) in
      guard values.dtype == x.dtype else {
        throw TorchError(
          .dtype,
          "Index put requires the source and destination dtypes match, got \(x.dtype.scalarTypeName) for the destination and \(values.dtype.scalarTypeName) for the source.")
      }
      let plan = try AdvancedIndex(x, indices)
      guard values.shape.canExpand(to: plan.shape) else {
        throw TorchError(
          .shape,
          "shape mismatch: value tensor of shape \(values.shape.listDescription) cannot be broadcast to indexing result of shape \(plan.shape.listDescription)")
      }
      let source = values.storage === x.storage ? try values.packed() : values
      try plan.checked { try x.backend.indexPut(into: x, plan, source, accumulate: accumulate) }
    },
    derivative: { recorder, _, _, indices, _, accumulate in
      let saved = indices.map { recorder.save($0) }
      return { g in
        let indices = try saved.map { try $0?.value }
        let kept = accumulate ? g[0] : indexPut(g[0], indices, Tensor.zeros([], dtype: g[0].dtype), false)
        return [kept] + indices.map { _ in nil } + [index(g[0], indices)]
      }
    })

  // MARK: Masks

  static let maskedFill = WritingOperator(
    "masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor", out: "Scalar_out",
    shape: { x, mask, _ in try Shape.broadcast(x.shape, mask.shape) },
    write: { (x: Tensor, mask: Tensor, value: Scalar) in
      try fill(x, mask, Tensor.full([], value, dtype: try filling(value, x)))
    },
    derivative: { recorder, _, _, mask, _ in
      let mask = recorder.save(mask)
      return { g in [g[0].maskedFill(try mask.value, 0)] }
    })

  static let maskedFillTensor = WritingOperator(
    "masked_fill.Tensor(Tensor self, Tensor mask, Tensor value) -> Tensor", out: "Tensor_out",
    gradientName: "MaskedFillBackward1", shape: { x, mask, _ in try Shape.broadcast(x.shape, mask.shape) },
    write: { (x: Tensor, mask: Tensor, value: Tensor) in
      guard value.ndim == 0 else {
        throw TorchError(
          .shape,
          "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with \(value.ndim) dimension(s).")
      }
      guard value.dtype.category <= x.dtype.category else {
        throw TorchError(
          .dtype,
          "value cannot be converted to type \(x.dtype.valueTypeName) without overflow")
      }
      try fill(x, mask, try Elementwise.cast(value, x.dtype))
    },
    derivative: { recorder, _, _, mask, _ in
      let mask = recorder.save(mask)
      return { g in
        let mask = try mask.value
        return [g[0].maskedFill(mask, 0), nil, g.needs(2) ? `where`(mask, g[0], Tensor.zeros([], dtype: g[0].dtype)).sum() : nil]
      }
    })

  private static func fill(_ x: Tensor, _ mask: Tensor, _ value: Tensor) throws {
    try checkMask(mask, "masked_fill_")
    guard mask.shape.canExpand(to: x.shape) else {
      _ = try Shape.broadcast(x.shape, mask.shape)
      throw TorchError(
        .shape,
        "output with shape \(x.shape.listDescription) doesn't match the broadcast shape \(try Shape.broadcast(x.shape, mask.shape).listDescription)")
    }
    x.backend.select(mask, value, x, into: x)
  }

  /// Integers take no fractions and nothing real takes complex numbers.
  private static func filling(_ value: Scalar, _ x: Tensor) throws -> DType {
    guard value.category <= x.dtype.category || x.dtype.category == .bool && value.category != .complex
      || x.dtype.isInteger && value.category == .floating
    else {
      throw TorchError(.dtype, "value cannot be converted to type \(x.dtype.valueTypeName) without overflow")
    }
    return x.dtype
  }

  private static func checkMask(_ mask: Tensor, _ name: String) throws {
    guard mask.dtype == .bool else {
      throw TorchError(.dtype, "\(name) only supports boolean masks, but got mask with dtype \(mask.dtype.cName)")
    }
  }

  static let maskedSelect: Operator<Tensor, Tensor, Tensor> = Operator(
    "masked_select(Tensor self, Tensor mask) -> Tensor", twins: .out.disjoint,
    kernel: { (x: Tensor, mask: Tensor) in
      guard mask.dtype == .bool else {
        throw TorchError(.dtype, "masked_select: expected BoolTensor for mask")
      }
      let shape = try Shape.broadcast(x.shape, mask.shape)
      return try x.backend.maskedSelect(x.spread(to: shape).rowMajor(), mask.spread(to: shape).rowMajor())
    },
    derivative: { recorder, _, x, mask in
      let shape = try Shape.broadcast(x.shape, mask.shape)
      let mask = recorder.save(mask)
      return { g in [maskedScatter(Tensor.zeros(shape, dtype: g[0].dtype), try mask.value, g[0])] }
    })

  static let maskedScatter: WritingOperator<Tensor, Tensor, Tensor> = WritingOperator(
    "masked_scatter(Tensor self, Tensor mask, Tensor source) -> Tensor",
    shape: { (x: Tensor, mask: Tensor, _: Tensor) in try Shape.broadcast(x.shape, mask.shape) },
    write: { (x: Tensor, mask: Tensor, source: Tensor) in
      guard mask.dtype == .bool else {
        throw TorchError(.dtype, "masked_scatter_ only supports boolean masks, but got mask with dtype \(mask.dtype.cName)")
      }
      guard source.dtype == x.dtype else {
        throw TorchError(
          .dtype,
          "masked_scatter: expected self and source to have same dtypes but got \(x.dtype.scalarTypeName) and \(source.dtype.scalarTypeName)")
      }
      let whole = x.isContiguous ? x : try x.packed()
      guard x.backend.maskedScatter(into: whole, try mask.spread(to: x.shape).rowMajor(), try source.rowMajor()) else {
        throw TorchError(.value, "Number of elements of source < number of ones in mask")
      }
      if whole !== x { try x.backend.copy(whole, into: x) }
    },
    derivative: { recorder, y, _, mask, source in
      let (shape, sizes) = (y.shape, source.shape)
      let mask = recorder.save(mask)
      return { g in
        let mask = try mask.value
        var part: Tensor?
        if g.needs(2) {
          let taken = maskedSelect(g[0], mask.expand(Array(shape)))
          let missing = sizes.numel - taken.numel
          part = (missing > 0 ? torch.cat([taken, Tensor.zeros([missing], dtype: taken.dtype)]) : taken).reshape(Array(sizes))
        }
        return [g[0].maskedFill(mask, 0), nil, part]
      }
    })

  static let nonzero = Operator(
    "nonzero(Tensor self) -> Tensor", kernel: { (x: Tensor) in try x.backend.nonzero(x) })

  static let argwhere = Operator(composite: "argwhere(Tensor self) -> Tensor") { (x: Tensor) in nonzero(x) }

  static let nonzeroColumns = Operator(composite: "nonzero_numpy(Tensor self) -> Tensor[]") { (x: Tensor) -> [Tensor] in
    nonzero(x.ndim == 0 ? x.unsqueeze(0) : x).unbind(1)
  }

  // MARK: Flat positions

  static let take: Operator<Tensor, Tensor, Tensor> = Operator(
    "take(Tensor self, Tensor index) -> Tensor", twins: .out.disjoint,
    kernel: { (x: Tensor, index: Tensor) in
      try checkLong(index, "take(): Expected a long tensor for index, but got \(index.dtype.scalarTypeName)")
      let out = try Tensor.uninitialized(index.shape, x.dtype)
      do {
        try x.backend.take(x, index.rowMajor(), into: out)
      } catch let bad as BadIndex {
        throw TorchError(.index, "out of range: tried to access index \(bad.value) on a tensor of \(x.numel) elements.")
      }
      return out
    },
    derivative: { recorder, _, x, index in
      let shape = x.shape
      let index = recorder.save(index)
      return { g in [put(Tensor.zeros(shape, dtype: g[0].dtype), try index.value, g[0], true)] }
    })

  static let put: WritingOperator<Tensor, Tensor, Tensor, Bool> = WritingOperator(
    "put(Tensor self, Tensor index, Tensor source, bool accumulate=False) -> Tensor",
    write: { (x: Tensor, index: Tensor, source: Tensor, accumulate: Bool) in
      try checkLong(index, "put_(): Expected a long tensor for index, but got \(index.dtype.scalarTypeName)")
      guard source.dtype == x.dtype else {
        throw TorchError(
          .dtype,
          "put_(): self and source expected to have the same dtype, but got self.dtype = \(x.dtype.scalarTypeName) and source.dtype = \(source.dtype.scalarTypeName)")
      }
      guard source.numel == index.numel else {
        throw TorchError(
          .shape,
          "put_(): Expected source and index to have the same number of elements, but got source.numel() = \(source.numel), index.numel() = \(index.numel)")
      }
      do {
        try x.backend.put(into: x, index.rowMajor(), source.rowMajor(), accumulate: accumulate)
      } catch let bad as BadIndex {
        throw TorchError(.index, "out of range: tried to access index \(bad.value) on a tensor of \(x.numel) elements.")
      }
    },
    derivative: { recorder, _, _, index, source, accumulate in
      let (sizes, index) = (Array(source.shape), recorder.save(index))
      return { g in
        let index = try index.value
        let kept = accumulate ? g[0] : put(g[0], index, Tensor.zeros(index.shape, dtype: g[0].dtype), false)
        return [kept, nil, take(g[0], index).reshape(sizes)]
      }
    })

  static func checkLong(_ index: Tensor, _ message: @autoclosure () -> String) throws {
    guard index.dtype == .int64 else { throw TorchError(.dtype, message()) }
  }

  // MARK: where

  static let `where`: Operator<Tensor, Tensor, Tensor, Tensor> = Operator(
    "where.self(Tensor condition, Tensor self, Tensor other) -> Tensor", twins: .out("self_out"),
    kernel: { (condition: Tensor, a: Tensor, b: Tensor) in
      guard condition.dtype == .bool || condition.dtype == .uint8 else {
        throw TorchError(
          .dtype, "where expected condition to be a boolean tensor, but got a tensor with dtype \(condition.dtype.scalarTypeName)")
      }
      var promotion = TypePromotion()
      promotion.add(a)
      promotion.add(b)
      let dtype = promotion.result
      let out = try Tensor.uninitialized(
        Shape.broadcast(Shape.broadcast(condition.shape, a.shape), b.shape), dtype)
      let chosen = try Elementwise.cast(condition, .bool)
      out.backend.select(chosen, try Elementwise.cast(a, dtype), try Elementwise.cast(b, dtype), into: out)
      return out
    },
    derivative: { recorder, _, condition, _, _ in
      let condition = recorder.save(condition)
      return { g in
        let condition = try condition.value
        let zero = Tensor.zeros([], dtype: g[0].dtype)
        return [
          nil, g.needs(1) ? `where`(condition, g[0], zero) : nil, g.needs(2) ? `where`(condition, zero, g[0]) : nil,
        ]
      }
    })

  static let whereScalarSelf = Operator(
    composite: "where.ScalarSelf(Tensor condition, Scalar self, Tensor other) -> Tensor"
  ) { (condition: Tensor, a: Scalar, b: Tensor) in `where`(condition, Tensor(wrapping: a), b) }

  static let whereScalarOther = Operator(
    composite: "where.ScalarOther(Tensor condition, Tensor self, Scalar other) -> Tensor"
  ) { (condition: Tensor, a: Tensor, b: Scalar) in `where`(condition, a, Tensor(wrapping: b)) }

  static let whereScalar = Operator(
    composite: "where.Scalar(Tensor condition, Scalar self, Scalar other) -> Tensor"
  ) { (condition: Tensor, a: Scalar, b: Scalar) in `where`(condition, Tensor(wrapping: a), Tensor(wrapping: b)) }

  static let whereColumns = Operator(composite: "where(Tensor condition) -> Tensor[]") {
    (condition: Tensor) -> [Tensor] in nonzeroColumns(condition)
  }

  static let operators: [AnyOperator] =
    [
      index, maskedSelect, nonzero, argwhere, nonzeroColumns, take, `where`, whereScalarSelf, whereScalarOther,
      whereScalar, whereColumns,
    ] + indexPut.operators + maskedFill.operators + maskedFillTensor.operators + maskedScatter.operators + put.operators
}

extension Tensor {
  /// Itself, or a row-major copy outside the graph.
  func rowMajor() throws -> Tensor { isContiguous ? self : try packed() }

  /// This tensor seen with sizes `shape`, outside the graph.
  func spread(to target: Shape) throws -> Tensor {
    if shape == target { return self }
    guard shape.canExpand(to: target) else { return try Views.expand.call(self, Array(target), false) }
    return alias(shape: target, strides: shape.broadcastStrides(strides, to: target), offset: storageOffset)
  }
}

extension DType {
  /// The C++ type that messages about values name.
  fileprivate var valueTypeName: String {
    switch self {
    case .uint8: "uint8_t"
    case .int8: "int8_t"
    case .int16: "int16_t"
    case .int32: "int"
    case .int64: "int64_t"
    case .float16: "at::Half"
    case .bfloat16: "at::BFloat16"
    case .float32: "float"
    case .float64: "double"
    case .complex64: "c10::complex<float>"
    case .complex128: "c10::complex<double>"
    case .bool: "bool"
    }
  }
}

extension torch {
  /// `a` where `condition` is true, else `b`.
  ///
  /// ```swift
  /// print(torch.where(Tensor([true, false]), Tensor([1, 2]), Tensor([10, 20])))   // tensor([ 1, 20])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.where.html
  public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor { Indexing.where(condition, a, b) }
  public static func `where`(_ condition: Tensor, _ a: Scalar, _ b: Tensor) -> Tensor {
    Indexing.whereScalarSelf(condition, a, b)
  }
  public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Scalar) -> Tensor {
    Indexing.whereScalarOther(condition, a, b)
  }
  public static func `where`(_ condition: Tensor, _ a: Scalar, _ b: Scalar) -> Tensor {
    Indexing.whereScalar(condition, a, b)
  }
  /// The coordinates at which `condition` is not zero, one tensor a dimension.
  public static func `where`(_ condition: Tensor) -> [Tensor] { Indexing.whereColumns(condition) }
}

extension Tensor {
  /// The elements at `indices`; nil keeps a whole dimension. Subscripts are the usual way to say this.
  public func index(_ indices: [Tensor?]) -> Tensor { Indexing.index(self, indices) }

  /// A copy with `values` at `indices`.
  public func indexPut(_ indices: [Tensor?], _ values: Tensor, accumulate: Bool = false) -> Tensor {
    Indexing.indexPut(self, indices, values, accumulate)
  }
  @discardableResult
  public func indexPut_(_ indices: [Tensor?], _ values: Tensor, accumulate: Bool = false) -> Tensor {
    Indexing.indexPut.inPlace(self, indices, values, accumulate)
  }

  /// A copy with `value` where `mask` is true.
  /// Source: https://pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html
  public func maskedFill(_ mask: Tensor, _ value: Scalar) -> Tensor { Indexing.maskedFill(self, mask, value) }
  public func maskedFill(_ mask: Tensor, _ value: Tensor) -> Tensor { Indexing.maskedFillTensor(self, mask, value) }
  @discardableResult
  public func maskedFill_(_ mask: Tensor, _ value: Scalar) -> Tensor { Indexing.maskedFill.inPlace(self, mask, value) }
  @discardableResult
  public func maskedFill_(_ mask: Tensor, _ value: Tensor) -> Tensor {
    Indexing.maskedFillTensor.inPlace(self, mask, value)
  }

  /// The elements where `mask` is true, in a row.
  public func maskedSelect(_ mask: Tensor) -> Tensor { Indexing.maskedSelect(self, mask) }

  /// A copy in which the elements where `mask` is true are those of `source`, in order.
  public func maskedScatter(_ mask: Tensor, _ source: Tensor) -> Tensor { Indexing.maskedScatter(self, mask, source) }
  @discardableResult
  public func maskedScatter_(_ mask: Tensor, _ source: Tensor) -> Tensor {
    Indexing.maskedScatter.inPlace(self, mask, source)
  }

  /// The coordinates of the elements that are not zero, one row each.
  public func nonzero() -> Tensor { Indexing.nonzero(self) }
  public func argwhere() -> Tensor { Indexing.argwhere(self) }

  /// The elements at flat positions `index`, in its shape.
  public func take(_ index: Tensor) -> Tensor { Indexing.take(self, index) }
  /// Writes `source` to flat positions `index`.
  @discardableResult
  public func put_(_ index: Tensor, _ source: Tensor, accumulate: Bool = false) -> Tensor {
    Indexing.put.inPlace(self, index, source, accumulate)
  }

  /// This tensor where `condition` is true, else `other`.
  public func `where`(_ condition: Tensor, _ other: Tensor) -> Tensor { Indexing.where(condition, self, other) }
}
