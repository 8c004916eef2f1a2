// What the exporter knows of operators beside their rules: which only ask for types or sizes, whose results' sizes depend
// on the elements of their arguments, which are random.

import TorchCore
import TorchJIT

extension ONNX {
  enum ExportKnowledge {
    /// Results of constants alone become constants up to so many bytes.
    static let foldingLimit = 1 << 18

    /// Whether the result depends on dtypes, devices and numbers of dimensions alone.
    static func isAboutTypes(_ schema: Schema) -> Bool { aboutTypes.contains(schema.name) }

    /// Whether the result depends on sizes, beside what `isAboutTypes` says.
    static func isAboutSizes(_ schema: Schema) -> Bool {
      if aboutSizes.contains(schema.name) { return true }
      // Arithmetic of numbers that are sizes: equal in all variants means that no dynamic axis takes part.
      return !takesTensors(schema) && !schema.parameters.isEmpty
        && !schema.returns.contains { $0.contains("Tensor") }
    }

    static func takesTensors(_ schema: Schema) -> Bool {
      schema.parameters.contains { $0.type.contains("Tensor") }
    }

    private static let aboutTypes: Set = [
      "aten::dim", "aten::ndimension", "aten::is_floating_point", "aten::is_complex", "aten::dtype", "prim::dtype",
      "prim::device", "aten::device", "aten::is_cuda", "prim::is_cuda", "prim::layout", "prim::requires_grad",
      "aten::requires_grad", "aten::is_sparse", "prim::is_sparse", "prim::is_quantized", "prim::is_mkldnn",
      "aten::get_device", "prim::is_nested", "prim::is_cpu", "prim::type", "aten::is_signed", "aten::is_inference",
      "aten::__is__", "aten::__isnot__", "aten::is_grad_enabled", "aten::is_autocast_enabled",
      "aten::is_autocast_cpu_enabled", "aten::result_type", "aten::promote_types", "aten::can_cast", "prim::itemsize",
      "aten::element_size", "prim::name",
    ]

    private static let aboutSizes: Set = [
      "aten::size", "aten::sym_size", "prim::shape", "aten::len", "aten::numel", "aten::sym_numel", "prim::numel",
      "aten::stride", "aten::is_contiguous", "aten::is_same_size", "aten::storage_offset",
      "aten::is_non_overlapping_and_dense",
    ]

    /// Operators whose results' sizes depend on the elements of their arguments, or which make numbers of them.
    private static let selecting: Set = [
      "aten::nonzero", "aten::nonzero_numpy", "aten::argwhere", "aten::masked_select", "aten::_unique2",
      "aten::unique_dim",
      "aten::unique_consecutive", "aten::bincount", "torchvision::nms", "aten::repeat_interleave.Tensor",
      "aten::repeat_interleave.self_Tensor", "aten::item", "aten::Int", "aten::Float", "aten::Bool",
      "aten::IntImplicit",
      "aten::FloatImplicit", "aten::ScalarImplicit", "aten::_local_scalar_dense", "aten::is_nonzero",
      "aten::_pack_padded_sequence", "aten::_pad_packed_sequence",
    ]

    /// Those of them whose first dimension alone does.
    static let selectingRows: Set = [
      "aten::nonzero", "aten::nonzero_numpy", "aten::argwhere", "aten::masked_select", "aten::bincount",
      "torchvision::nms",
    ]

    /// Operators whose result has the sizes of their first argument, whatever else they are given.
    static let keepingSizes: Set = [
      "index_put", "masked_scatter", "index_copy", "index_fill", "index_add", "index_reduce", "put",
      "scatter", "scatter_add", "scatter_reduce", "slice_scatter", "select_scatter", "diagonal_scatter",
    ]

    static func isSelecting(_ schema: Schema, _ arguments: [Exported]) -> Bool {
      if selecting.contains(schema.qualifiedName) || selecting.contains(schema.name) {
        // A number made of a number is as fixed as that.
        return arguments.contains { $0.cell != nil }
      }
      return hasMask(schema, arguments)
    }

    /// Whether this is `x[mask]`.
    static func hasMask(_ schema: Schema, _ arguments: [Exported]) -> Bool {
      schema.name == "aten::index"
        && arguments.dropFirst().contains { $0.elements?.contains { isMask($0.cell?.dtype) } ?? false }
    }

    static func isMask(_ dtype: DType?) -> Bool { dtype == .bool || dtype == .uint8 }

    static func isRandom(_ op: AnyOperator) -> Bool {
      op.schema.parameters.contains { $0.type.hasPrefix("Generator") } || randomFamilies.contains(op.schema.baseName)
    }

    private static let randomFamilies: Set = [
      "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal", "bernoulli",
      "multinomial", "poisson", "dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout",
      "native_dropout",
    ]

    /// Bytes of the tensors in a value.
    static func size(_ value: JIT.IValue) -> Int {
      if let tensor = value.tensor { return tensor.numel * tensor.dtype.itemSize }
      return value.elements?.map(size).reduce(0, +) ?? 0
    }

    /// Whether two values are the same; tensors are where they are one object.
    static func isEqual(_ a: JIT.IValue, _ b: JIT.IValue) -> Bool {
      switch (a, b) {
      case (.none, .none): true
      case (.int(let a), .int(let b)): a == b
      case (.double(let a), .double(let b)): a == b || (a.isNaN && b.isNaN)
      case (.bool(let a), .bool(let b)): a == b
      case (.complex(let a), .complex(let b)): a == b
      case (.string(let a), .string(let b)): a == b
      case (.device(let a), .device(let b)): a == b
      case (.tensor(let a), .tensor(let b)): a === b || isEqual(a, b)
      case (.list, .list), (.tuple, .tuple):
        {
          let (a, b) = (a.elements ?? [], b.elements ?? [])
          return a.count == b.count && zip(a, b).allSatisfy { isEqual($0, $1) }
        }()
      case (.enumeration(let a, let x), .enumeration(let b, let y)): a == b && x == y
      case (.object(let a), .object(let b)): a === b
      case (.function(let a), .function(let b)): a === b
      default: false
      }
    }

    private static func isEqual(_ a: Tensor, _ b: Tensor) -> Bool {
      guard a.dtype == b.dtype, a.shape == b.shape else { return false }
      return (try? TensorCodec.encode(a, ElementType(a.dtype)) == TensorCodec.encode(b, ElementType(b.dtype))) ?? false
    }
  }
}
