// Splitting, joining and rearranging under PyTorch's names, beyond cat, stack and the views.
// Reference: https://pytorch.org/docs/stable/torch.html#indexing-slicing-joining-mutating-ops

/// The operators that have no other Swift name.
private enum Named {
  typealias Joining = Operator<[Tensor], Tensor>
  typealias Spreading = Operator<[Tensor], [Tensor]>
  typealias Splitting<Where: OperatorArgument> = Operator<Tensor, Where, [Tensor]>

  static let atLeast: [Spreading] = (1...3).map { OperatorRegistry.handle("atleast_\($0)d.Sequence") }
  static let blockDiag: Joining = OperatorRegistry.handle("block_diag")
  static let cartesianProd: Joining = OperatorRegistry.handle("cartesian_prod")
  static let columnStack: Joining = OperatorRegistry.handle("column_stack")
  static let broadcastTensors: Spreading = OperatorRegistry.handle("broadcast_tensors")
  static let meshgrid: Operator<[Tensor], String, [Tensor]> = OperatorRegistry.handle("meshgrid.indexing")
  static let combinations: Operator<Tensor, Int, Bool, Tensor> = OperatorRegistry.handle("combinations")
  static let flip: [String: UnaryOperator] = Dictionary(
    uniqueKeysWithValues: ["fliplr", "flipud"].map { ($0, OperatorRegistry.handle($0)) })
  static let ravel: UnaryOperator = OperatorRegistry.handle("ravel")
  static let adjoint: UnaryOperator = OperatorRegistry.handle("adjoint")
  static let matrixH: UnaryOperator = OperatorRegistry.handle("matrix_H")
  static let unflatten: Operator<Tensor, Int, [Int], Tensor> = OperatorRegistry.handle("unflatten.int")
  static let sections: Operator<Tensor, Int, Int, [Tensor]> = OperatorRegistry.handle("tensor_split.sections")
  static let indices: Operator<Tensor, [Int], Int, [Tensor]> = OperatorRegistry.handle("tensor_split.indices")
  static let hsplit: Splitting<Int> = OperatorRegistry.handle("hsplit.int")
  static let vsplit: Splitting<Int> = OperatorRegistry.handle("vsplit.int")
  static let dsplit: Splitting<Int> = OperatorRegistry.handle("dsplit.int")
  static let hsplitAt: Splitting<[Int]> = OperatorRegistry.handle("hsplit.array")
  static let vsplitAt: Splitting<[Int]> = OperatorRegistry.handle("vsplit.array")
  static let dsplitAt: Splitting<[Int]> = OperatorRegistry.handle("dsplit.array")
  static let selectScatter: Operator<Tensor, Tensor, Int, Int, Tensor> = OperatorRegistry.handle("select_scatter")
  static let sliceScatter: Operator<Tensor, Tensor, Int, Int?, Int?, Int, Tensor> = OperatorRegistry.handle("slice_scatter")
  static let diagonalScatter: Operator<Tensor, Tensor, Int, Int, Int, Tensor> = OperatorRegistry.handle("diagonal_scatter")
  static let asStridedScatter: Operator<Tensor, Tensor, [Int], [Int], Int?, Tensor> =
    OperatorRegistry.handle("as_strided_scatter")
}

extension torch {
  // MARK: Joining

  /// Tensors of at least one, two or three dimensions: missing ones are put in with size 1.
  public static func atleast1d(_ tensors: Tensor...) -> [Tensor] { Named.atLeast[0](tensors) }
  public static func atleast2d(_ tensors: Tensor...) -> [Tensor] { Named.atLeast[1](tensors) }
  public static func atleast3d(_ tensors: Tensor...) -> [Tensor] { Named.atLeast[2](tensors) }

  /// The matrices along the diagonal of one that is zero elsewhere.
  ///
  /// ```swift
  /// print(torch.blockDiag(Tensor([[1, 2]]), Tensor([[3], [4]])))
  /// // tensor([[1, 2, 0],
  /// //         [0, 0, 3],
  /// //         [0, 0, 4]])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.block_diag.html
  public static func blockDiag(_ tensors: Tensor...) -> Tensor { Named.blockDiag(tensors) }

  /// The tensors, each expanded to the sizes that all broadcast to.
  public static func broadcastTensors(_ tensors: Tensor...) -> [Tensor] { Named.broadcastTensors(tensors) }

  /// Every combination of an element of each vector, a row each.
  public static func cartesianProd(_ tensors: Tensor...) -> Tensor { Named.cartesianProd(tensors) }
  /// Every choice of `r` elements of a vector, a row each.
  public static func combinations(_ x: Tensor, r: Int = 2, withReplacement: Bool = false) -> Tensor {
    Named.combinations(x, r, withReplacement)
  }

  /// Vectors as the columns of a matrix; tensors of more dimensions side by side.
  public static func columnStack(_ tensors: [Tensor]) -> Tensor { Named.columnStack(tensors) }
  public static func rowStack(_ tensors: [Tensor]) -> Tensor { vstack(tensors) }
  public static func concat(_ tensors: [Tensor], dim: Int = 0) -> Tensor { cat(tensors, dim: dim) }
  public static func concatenate(_ tensors: [Tensor], dim: Int = 0) -> Tensor { cat(tensors, dim: dim) }

  /// Grids of coordinates: of vectors of sizes m, n, … tensors (m, n, …) that vary along one dimension each.
  ///
  /// `indexing` is "ij", or "xy" for NumPy's order, in which the first two dimensions are exchanged.
  /// Source: https://pytorch.org/docs/stable/generated/torch.meshgrid.html
  public static func meshgrid(_ tensors: Tensor..., indexing: String = "ij") -> [Tensor] { Named.meshgrid(tensors, indexing) }
}

extension Tensor {
  // MARK: Splitting

  /// `sections` pieces along `dim`, the first ones greater by one where it does not divide.
  ///
  /// ```swift
  /// print(torch.arange(7).tensorSplit(3).map { $0.shape[0] })   // [3, 2, 2]
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.tensor_split.html
  public func tensorSplit(_ sections: Int, dim: Int = 0) -> [Tensor] { Named.sections(self, sections, dim) }
  /// The pieces between the places `indices` along `dim`.
  public func tensorSplit(at indices: [Int], dim: Int = 0) -> [Tensor] { Named.indices(self, indices, dim) }
  /// Equal pieces of the columns, the rows, the layers; or the pieces between places.
  public func hsplit(_ sections: Int) -> [Tensor] { Named.hsplit(self, sections) }
  public func vsplit(_ sections: Int) -> [Tensor] { Named.vsplit(self, sections) }
  public func dsplit(_ sections: Int) -> [Tensor] { Named.dsplit(self, sections) }
  public func hsplit(at indices: [Int]) -> [Tensor] { Named.hsplitAt(self, indices) }
  public func vsplit(at indices: [Int]) -> [Tensor] { Named.vsplitAt(self, indices) }
  public func dsplit(at indices: [Int]) -> [Tensor] { Named.dsplitAt(self, indices) }
  public func splitWithSizes(_ sizes: [Int], dim: Int = 0) -> [Tensor] { split(sizes, dim: dim) }

  // MARK: Rearranging

  /// The columns, or the rows, in reverse order.
  public func fliplr() -> Tensor { Named.flip["fliplr"]!(self) }
  public func flipud() -> Tensor { Named.flip["flipud"]!(self) }
  /// All elements in one dimension, a view where that can be.
  public func ravel() -> Tensor { Named.ravel(self) }
  /// The conjugate of matrices transposed.
  public func adjoint() -> Tensor { Named.adjoint(self) }
  /// The conjugate transpose of one matrix.
  public var H: Tensor { Named.matrixH(self) }
  public func swapaxes(_ axis0: Int, _ axis1: Int) -> Tensor { transpose(axis0, axis1) }
  public func swapdims(_ dim0: Int, _ dim1: Int) -> Tensor { transpose(dim0, dim1) }
  public func moveaxis(_ source: [Int], _ destination: [Int]) -> Tensor { movedim(source, destination) }
  public func moveaxis(_ source: Int, _ destination: Int) -> Tensor { movedim(source, destination) }
  /// Dimension `dim` as several of the given sizes, of which one may be -1.
  /// Source: https://pytorch.org/docs/stable/generated/torch.unflatten.html
  public func unflatten(_ dim: Int, _ sizes: [Int]) -> Tensor { Named.unflatten(self, dim, sizes) }
  public func broadcastTo(_ sizes: [Int]) -> Tensor { Rearranging.broadcastTo(self, sizes) }
  /// The elements on the diagonal of a new matrix.
  public func diagflat(offset: Int = 0) -> Tensor { Diagonals.diagflat(self, offset) }

  // MARK: Writing into a copy

  /// A copy with `source` in the place of what `select`, `slice`, `diagonal` or `asStrided` would view.
  public func selectScatter(_ source: Tensor, dim: Int, index: Int) -> Tensor { Named.selectScatter(self, source, dim, index) }
  public func sliceScatter(_ source: Tensor, dim: Int = 0, start: Int? = nil, end: Int? = nil, step: Int = 1) -> Tensor {
    Named.sliceScatter(self, source, dim, start, end, step)
  }
  public func diagonalScatter(_ source: Tensor, offset: Int = 0, dim1: Int = 0, dim2: Int = 1) -> Tensor {
    Named.diagonalScatter(self, source, offset, dim1, dim2)
  }
  public func asStridedScatter(_ source: Tensor, _ size: [Int], _ stride: [Int], storageOffset: Int? = nil) -> Tensor {
    Named.asStridedScatter(self, source, size, stride, storageOffset)
  }
}
