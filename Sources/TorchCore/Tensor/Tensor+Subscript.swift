// Subscripts: reading and writing parts of a tensor.
//
// Integers, ranges and new axes make views; index tensors and masks then select from that view. What was read as a
// view shares memory; assignment writes into this tensor's memory in either case.
// Reference: https://pytorch.org/docs/stable/tensor_view.html, https://numpy.org/doc/stable/user/basics.indexing.html

extension Tensor {
  /// The part of this tensor that `terms` speak of; see `TensorIndex` for what they may be.
  ///
  /// ```swift
  /// let x = Tensor.arange(12).reshape(3, 4)
  /// print(x[1, 2], x[..., 2], x[0..<2, 1..<3], x[x > 5])
  /// x[0, 0] = 99
  /// x[x > 10] = 0
  /// ```
  public subscript(_ terms: any TensorIndex...) -> Tensor {
    get { part(terms.map(\.indexTerm)) }
    set { assign(terms.map(\.indexTerm), newValue) }
  }

  /// Assignment of a number; a number is not what comes out again, so this cannot be read.
  public subscript<S: ScalarConvertible>(_ terms: any TensorIndex...) -> S {
    @available(*, unavailable, message: "use item() to read a number")
    get { fatalError() }
    set { assign(terms.map(\.indexTerm), number(newValue.scalar)) }
  }

  /// A subscript whose terms come from a list.
  public subscript(terms terms: [IndexTerm]) -> Tensor {
    get { part(terms) }
    set { assign(terms, newValue) }
  }

  /// The number as an element of this tensor.
  private func number(_ scalar: Scalar) -> Tensor { Tensor.full([], scalar, dtype: dtype) }

  private func part(_ terms: [IndexTerm]) -> Tensor {
    do {
      // A subscript of one view is that view; among others, whole dimensions make none.
      if terms.count == 1 {
        switch terms[0] {
        case .remaining: return Views.alias(self)
        case .range(let start, let end, let step) where ndim > 0:
          try checkStep(step)
          return slice(dim: 0, start: start, end: end, step: step)
        default: break
        }
      }
      let (view, indices) = try resolved(terms)
      if !indices.isEmpty { return Indexing.index(view, indices) }
      return view === self ? Views.alias(self) : view
    } catch {
      return .invalid(error as! TorchError)
    }
  }

  private func assign(_ terms: [IndexTerm], _ value: Tensor) {
    do {
      try checkValid()
      try value.checkValid()
      let (view, indices) = try resolved(terms)
      try view.checkValid()
      // Leading dimensions of size 1 that the part does not have are dropped.
      let sizes = Array(value.shape.drop { $0 == 1 })
      let source = sizes.count == value.ndim ? value : value.reshape(sizes)
      if indices.isEmpty {
        // What `x[0] += 1` writes back is the view it has just changed.
        if value.isSameView(as: view) { return }
        if source.shape != view.shape { _ = try Views.expandedShape(source, Array(view.shape)) }
        view.copy_(source)
      } else if source.dtype == dtype, source.numel == 1, let mask = Tensor.mask(indices, view) {
        view.maskedFill_(mask, source.ndim == 0 ? source : source.reshape([]))
      } else {
        view.indexPut_(indices, source)
      }
    } catch {
      ErrorScope.report(error as! TorchError)
    }
  }

  private func isSameView(as other: Tensor) -> Bool {
    storage === other.storage && dtype == other.dtype && shape == other.shape && strides == other.strides
      && storageOffset == other.storageOffset
  }

  /// The one mask that `indices` consist of, with a dimension for each of the view's.
  private static func mask(_ indices: [Tensor?], _ view: Tensor) -> Tensor? {
    guard indices.compactMap({ $0 }).count == 1, let mask = indices.last!, mask.dtype == .bool, mask.ndim > 0 else {
      return nil
    }
    let lead = indices.count - 1
    guard lead + mask.ndim <= view.ndim, mask.shape.elementsEqual(view.shape[lead..<(lead + mask.ndim)]) else {
      return nil
    }
    return mask.reshape(Array(mask.shape) + Array(repeating: 1, count: view.ndim - lead - mask.ndim))
  }

  /// The view that integers, ranges and new axes make, and the index tensors into it, in the order of its dimensions.
  private func resolved(_ terms: [IndexTerm]) throws -> (Tensor, [Tensor?]) {
    try checkValid()
    let spokenOf = terms.reduce(0) { count, term in
      switch term {
      case .integer, .range: count + 1
      case .tensor(let index): count + (index.dtype == .bool || index.dtype == .uint8 ? index.ndim : 1)
      case .remaining, .insertion, .truth: count
      }
    }
    guard spokenOf <= ndim else {
      if ndim == 0, case .integer = terms.first {
        throw TorchError(
          .index,
          "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim tensor to a number")
      }
      throw TorchError(.index, "too many indices for tensor of dimension \(ndim)")
    }
    var view = self
    var dim = 0
    var indices: [Tensor?] = []
    /// Dimensions of the view that `indices` have words for.
    var covered = 0
    func select(by index: Tensor, over dims: Int) {
      indices += Array(repeating: nil, count: dim - covered) + [index]
      dim += dims
      covered = dim
    }
    for (position, term) in terms.enumerated() {
      switch term {
      case .integer(let index): view = try view.selected(dim, index, position)
      case .range(let start, let end, let step):
        try checkStep(step)
        if !term.isWhole { view = view.slice(dim: dim, start: start, end: end, step: step) }
        dim += 1
      case .remaining: dim += ndim - spokenOf
      case .insertion:
        view = view.unsqueeze(dim)
        dim += 1
      case .truth(let value):
        view = view.unsqueeze(dim)
        select(by: Tensor.zeros([value ? 1 : 0], dtype: .int64), over: 1)
      case .tensor(let index):
        try index.checkValid()
        let isMask = index.dtype == .bool || index.dtype == .uint8
        if index.ndim == 0 && isMask {
          view = view.unsqueeze(dim)
          select(by: Tensor.zeros([try index.item().boolValue ? 1 : 0], dtype: .int64), over: 1)
        } else if index.ndim == 0 && index.dtype.isInteger {
          view = try view.selected(dim, try index.item().intValue, position)
        } else {
          select(by: index, over: isMask ? index.ndim : 1)
        }
      }
    }
    return (view, indices)
  }

  /// The error of a bad index counts the terms of the subscript, as PyTorch's does.
  private func selected(_ dim: Int, _ index: Int, _ position: Int) throws -> Tensor {
    let size = shape[dim]
    guard index >= -size && index < size else {
      throw TorchError(.index, "index \(index) is out of bounds for dimension \(position) with size \(size)")
    }
    return select(dim, index)
  }

  private func checkStep(_ step: Int) throws {
    guard step != 0 else { throw TorchError(.value, "slice step cannot be zero") }
    guard step > 0 else { throw TorchError(.value, "step must be greater than zero") }
  }
}

// MARK: - The bare `...`

// `...` alone is a function to Swift, no value of a type that could conform to `TensorIndex`, so places for it are
// spelled out: up to three in the first three positions. Further on, `.all` says the same.
extension Tensor {
  public subscript(_ a: UnboundedRange, _ rest: any TensorIndex...) -> Tensor {
    get { self[at: [.all], rest] }
    set { self[at: [.all], rest] = newValue }
  }
  public subscript(_ a: any TensorIndex, _ b: UnboundedRange, _ rest: any TensorIndex...) -> Tensor {
    get { self[at: [a.indexTerm, .all], rest] }
    set { self[at: [a.indexTerm, .all], rest] = newValue }
  }
  public subscript(_ a: UnboundedRange, _ b: UnboundedRange, _ rest: any TensorIndex...) -> Tensor {
    get { self[at: [.all, .all], rest] }
    set { self[at: [.all, .all], rest] = newValue }
  }
  public subscript(
    _ a: any TensorIndex, _ b: any TensorIndex, _ c: UnboundedRange, _ rest: any TensorIndex...
  ) -> Tensor {
    get { self[at: [a.indexTerm, b.indexTerm, .all], rest] }
    set { self[at: [a.indexTerm, b.indexTerm, .all], rest] = newValue }
  }
  public subscript(
    _ a: UnboundedRange, _ b: any TensorIndex, _ c: UnboundedRange, _ rest: any TensorIndex...
  ) -> Tensor {
    get { self[at: [.all, b.indexTerm, .all], rest] }
    set { self[at: [.all, b.indexTerm, .all], rest] = newValue }
  }
  public subscript(
    _ a: any TensorIndex, _ b: UnboundedRange, _ c: UnboundedRange, _ rest: any TensorIndex...
  ) -> Tensor {
    get { self[at: [a.indexTerm, .all, .all], rest] }
    set { self[at: [a.indexTerm, .all, .all], rest] = newValue }
  }
  public subscript(
    _ a: UnboundedRange, _ b: UnboundedRange, _ c: UnboundedRange, _ rest: any TensorIndex...
  ) -> Tensor {
    get { self[at: [.all, .all, .all], rest] }
    set { self[at: [.all, .all, .all], rest] = newValue }
  }

  /// Assignment of a number.
  public subscript<S: ScalarConvertible>(_ a: UnboundedRange, _ rest: any TensorIndex...) -> S {
    @available(*, unavailable, message: "use item() to read a number")
    get { fatalError() }
    set { self[at: [.all], rest] = number(newValue.scalar) }
  }
  public subscript<S: ScalarConvertible>(_ a: any TensorIndex, _ b: UnboundedRange, _ rest: any TensorIndex...) -> S {
    @available(*, unavailable, message: "use item() to read a number")
    get { fatalError() }
    set { self[at: [a.indexTerm, .all], rest] = number(newValue.scalar) }
  }
  public subscript<S: ScalarConvertible>(_ a: UnboundedRange, _ b: UnboundedRange, _ rest: any TensorIndex...) -> S {
    @available(*, unavailable, message: "use item() to read a number")
    get { fatalError() }
    set { self[at: [.all, .all], rest] = number(newValue.scalar) }
  }

  private subscript(at first: [IndexTerm], _ rest: [any TensorIndex]) -> Tensor {
    get { part(first + rest.map(\.indexTerm)) }
    set { assign(first + rest.map(\.indexTerm), newValue) }
  }
}
