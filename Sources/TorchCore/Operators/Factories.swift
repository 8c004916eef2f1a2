// Tensors made from nothing or after another one, as operators: zeros, full, arange, …, the `_like` and `new_` forms.
//
// The typed faces are in Tensor/Tensor+Create.swift; these are what boxed calls find.
// Reference: https://pytorch.org/docs/stable/torch.html#creation-ops

enum Factories {
  private static let options = "*, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None"
  private static let likeOptions = options + ", MemoryFormat? memory_format=None"

  private static func checked(_ sizes: [Int], _ device: Device?) throws -> Shape {
    try Conversion.checkDevice(device)
    return try Shape(checking: sizes)
  }

  // MARK: From sizes

  private static func sized(_ name: String, twins: Twins = .out, _ make: @escaping (Shape, DType?) -> Tensor) -> AnyOperator {
    Operator(composite: "\(name)(SymInt[] size, \(options)) -> Tensor", twins: twins) {
      (size: [Int], dtype: DType?, _: Ignored, device: Device?, _: Ignored) in make(try checked(size, device), dtype)
    }
  }

  private static func new(_ name: String, _ make: @escaping (Shape, DType) -> Tensor) -> AnyOperator {
    Operator(composite: "\(name)(Tensor self, SymInt[] size, \(options)) -> Tensor", twins: .out) {
      (x: Tensor, size: [Int], dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      make(try checked(size, device), dtype ?? x.dtype)
    }
  }

  private static func like(_ name: String, _ make: @escaping (Shape, DType) -> Tensor) -> AnyOperator {
    Operator(composite: "\(name)(Tensor self, \(likeOptions)) -> Tensor", twins: .out) {
      (x: Tensor, dtype: DType?, _: Ignored, device: Device?, _: Ignored, format: MemoryFormat?) in
      try Conversion.checkDevice(device)
      return try arranged(make(x.shape, dtype ?? x.dtype), as: x, format)
    }
  }

  /// Drawn in the order of memory, which is that of `x`.
  private static func drawn(_ name: String, _ fill: @escaping (Tensor) -> Tensor) -> AnyOperator {
    Operator(composite: "\(name)(Tensor self, \(likeOptions)) -> Tensor", twins: .out) {
      (x: Tensor, dtype: DType?, _: Ignored, device: Device?, _: Ignored, format: MemoryFormat?) in
      try Conversion.checkDevice(device)
      let keeps = format == nil || format == .preserve
      return fill(keeps ? try Random.emptyInOrder(of: x, dtype) : Tensor.empty(x.shape, dtype: dtype ?? x.dtype))
    }
  }

  /// `fresh` with the strides of `x`, where those are dense and the format is to be preserved.
  private static func arranged(_ fresh: Tensor, as x: Tensor, _ format: MemoryFormat?) throws -> Tensor {
    guard format == nil || format == .preserve, !x.isContiguous, x.isDense, fresh.isContiguous else { return fresh }
    let result = fresh.alias(shape: fresh.shape, strides: x.strides, offset: 0)
    try result.backend.copy(try fresh.packed(), into: result)
    return result
  }

  private static let bySize: [AnyOperator] = [
    sized("zeros") { Tensor.zeros($0, dtype: $1) }, sized("ones") { Tensor.ones($0, dtype: $1) },
    sized("rand") { torch.rand($0, dtype: $1) }, sized("randn") { torch.randn($0, dtype: $1) },
    Operator(
      composite: "empty.memory_format(SymInt[] size, \(likeOptions)) -> Tensor", twins: .out
    ) { (size: [Int], dtype: DType?, _: Ignored, device: Device?, _: Ignored, _: MemoryFormat?) in
      Tensor.empty(try checked(size, device), dtype: dtype)
    },
    Operator(composite: "empty_strided(SymInt[] size, SymInt[] stride, \(options)) -> Tensor", twins: .out) {
      (size: [Int], stride: [Int], dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      try strided(size, stride, dtype ?? .default, device)
    },
    Operator(composite: "new_empty_strided(Tensor self, SymInt[] size, SymInt[] stride, \(options)) -> Tensor", twins: .out) {
      (x: Tensor, size: [Int], stride: [Int], dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      try strided(size, stride, dtype ?? x.dtype, device)
    },
    Operator(composite: "empty_permuted(SymInt[] size, int[] physical_layout, \(options)) -> Tensor", twins: .out) {
      (size: [Int], order: [Int], dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      guard size.count == order.count else {
        throw TorchError(
          .value, "Number of dimensions in size does not match the length of the physical_layout; i.e. len(size) = \(size.count) is not equal to len(physical_layout) = \(order.count)")
      }
      let shape = try checked(size, device)
      guard order.allSatisfy({ shape.indices.contains($0) }) else {
        throw TorchError(.index, "Dimension out of range (expected to be between 0 and \(size.count - 1), but got \(order))")
      }
      guard Set(order).count == order.count else { throw TorchError(.value, "Duplicate dim not allowed") }
      var strides = shape
      for (dim, stride) in zip(order, Shape(order.map { size[$0] }).contiguousStrides) { strides[dim] = stride }
      return try strided(size, Array(strides), dtype ?? .default, device)
    },
    Operator(composite: "full(SymInt[] size, Scalar fill_value, \(options)) -> Tensor", twins: .out) {
      (size: [Int], value: Scalar, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      Tensor.full(try checked(size, device), value, dtype: dtype)
    },
    new("new_zeros") { Tensor.zeros($0, dtype: $1) }, new("new_ones") { Tensor.ones($0, dtype: $1) },
    new("new_empty") { Tensor.empty($0, dtype: $1) },
    Operator(composite: "new_full(Tensor self, SymInt[] size, Scalar fill_value, \(options)) -> Tensor", twins: .out) {
      (x: Tensor, size: [Int], value: Scalar, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      Tensor.full(try checked(size, device), value, dtype: dtype ?? x.dtype)
    },
    like("zeros_like") { Tensor.zeros($0, dtype: $1) }, like("ones_like") { Tensor.ones($0, dtype: $1) },
    like("empty_like") { Tensor.empty($0, dtype: $1) }, drawn("rand_like") { $0.uniform_() },
    drawn("randn_like") { $0.normal_() },
    Operator(composite: "full_like(Tensor self, Scalar fill_value, \(likeOptions)) -> Tensor", twins: .out) {
      (x: Tensor, value: Scalar, dtype: DType?, _: Ignored, device: Device?, _: Ignored, format: MemoryFormat?) in
      try Conversion.checkDevice(device)
      return try arranged(Tensor.full(x.shape, value, dtype: dtype ?? x.dtype), as: x, format)
    },
    Operator(composite: "scalar_tensor(Scalar s, \(options)) -> Tensor", twins: .out) {
      (value: Scalar, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
      Tensor.full([], value, dtype: dtype ?? .default)
    },
  ]

  private static func strided(_ size: [Int], _ stride: [Int], _ dtype: DType, _ device: Device?) throws -> Tensor {
    let (shape, strides) = (try checked(size, device), try Shape(checking: stride))
    guard size.count == stride.count else {
      throw TorchError(
        .value, "dimensionality of sizes (\(size.count)) must match dimensionality of strides (\(stride.count))")
    }
    guard (size + stride).allSatisfy({ $0 >= 0 }) else {
      throw TorchError(.value, "empty_strided: sizes and strides must be non-negative")
    }
    let last = shape.numel == 0 ? 0 : 1 + zip(size, stride).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
    return Tensor.zeros([last], dtype: dtype).alias(shape: shape, strides: strides, offset: 0)
  }

  // MARK: Ranges

  private static let rangeOptions = "\(options)) -> Tensor"

  private static func evenly(_ start: Scalar, _ end: Scalar, _ steps: Int, _ dtype: DType?) -> Tensor {
    let isComplex = start.category == .complex || end.category == .complex
    return Tensor.linspace(start, end, steps: steps, dtype: dtype ?? (isComplex ? DType.default.complexType : .default))
  }

  private static func logarithmically(
    _ start: Scalar, _ last: Scalar, _ steps: Int, _ base: Double, _ dtype: DType?
  ) throws -> Tensor {
    guard steps >= 0 else { throw TorchError(.value, "number of steps must be non-negative") }
    // The ends of integer ranges are cut to integers first, unless one alone is wanted.
    let isWhole = dtype?.isInteger == true && steps > 1
    func end(_ value: Scalar) -> Scalar { .double(isWhole ? Double(value.intValue) : value.doubleValue) }
    let exponents = Tensor.linspace(end(start), end(last), steps: steps, dtype: .float64)
    return (base ** exponents).to(dtype ?? .default)
  }

  private static func ends(_ start: Tensor, _ end: Tensor) throws -> (Scalar, Scalar) {
    guard start.ndim == 0, end.ndim == 0 else {
      throw TorchError(
        .shape,
        "linspace only supports 0-dimensional start and end tensors, but got start with \(start.ndim) dimension(s) and end with \(end.ndim) dimension(s).")
    }
    return (try start.item(), try end.item())
  }

  private static let ranges: [AnyOperator] = [
    Operator(composite: "arange(Scalar end, \(rangeOptions)", twins: .out) {
      (end: Scalar, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in Tensor.arange(0, end, dtype: dtype)
    },
    Operator(composite: "arange.start(Scalar start, Scalar end, \(rangeOptions)") {
      (start: Scalar, end: Scalar, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in
      Tensor.arange(start, end, dtype: dtype)
    },
    Operator(composite: "arange.start_step(Scalar start, Scalar end, Scalar step=1, \(rangeOptions)") {
      (start: Scalar, end: Scalar, step: Scalar, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in
      Tensor.arange(start, end, step: step, dtype: dtype)
    },
    Operator(composite: "arange.start_out(Scalar start, Scalar end, Scalar step=1, *, Tensor(a!) out) -> Tensor(a!)") {
      (start: Scalar, end: Scalar, step: Scalar, out: Tensor) in
      try out.become(Tensor.arange(start, end, step: step, dtype: out.dtype), of: "arange")
      return out
    },
    Operator(composite: "linspace(Scalar start, Scalar end, int steps, \(rangeOptions)", twins: .out) {
      (start: Scalar, end: Scalar, steps: Int, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in
      evenly(start, end, steps, dtype)
    },
    Operator(composite: "linspace.Tensor_Tensor(Tensor start, Tensor end, int steps, \(rangeOptions)", twins: .out("Tensor_Tensor_out")) {
      (start: Tensor, end: Tensor, steps: Int, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in
      let (a, b) = try ends(start, end)
      return evenly(a, b, steps, dtype)
    },
    Operator(composite: "linspace.Tensor_Scalar(Tensor start, Scalar end, int steps, \(rangeOptions)", twins: .out("Tensor_Scalar_out")) {
      (start: Tensor, end: Scalar, steps: Int, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in
      evenly(try ends(start, start).0, end, steps, dtype)
    },
    Operator(composite: "linspace.Scalar_Tensor(Scalar start, Tensor end, int steps, \(rangeOptions)", twins: .out("Scalar_Tensor_out")) {
      (start: Scalar, end: Tensor, steps: Int, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in
      evenly(start, try ends(end, end).1, steps, dtype)
    },
    Operator(composite: "logspace(Scalar start, Scalar end, int steps, float base=10, \(rangeOptions)", twins: .out) {
      (start: Scalar, end: Scalar, steps: Int, base: Double, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in
      try logarithmically(start, end, steps, base, dtype)
    },
    Operator(composite: "logspace.Tensor_Tensor(Tensor start, Tensor end, int steps, float base=10, \(rangeOptions)", twins: .out("Tensor_Tensor_out")) {
      (start: Tensor, end: Tensor, steps: Int, base: Double, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in
      let (a, b) = try ends(start, end)
      return try logarithmically(a, b, steps, base, dtype)
    },
    Operator(composite: "logspace.Tensor_Scalar(Tensor start, Scalar end, int steps, float base=10, \(rangeOptions)", twins: .out("Tensor_Scalar_out")) {
      (start: Tensor, end: Scalar, steps: Int, base: Double, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in
      try logarithmically(try ends(start, start).0, end, steps, base, dtype)
    },
    Operator(composite: "logspace.Scalar_Tensor(Scalar start, Tensor end, int steps, float base=10, \(rangeOptions)", twins: .out("Scalar_Tensor_out")) {
      (start: Scalar, end: Tensor, steps: Int, base: Double, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in
      try logarithmically(start, try ends(end, end).1, steps, base, dtype)
    },
    Operator(composite: "eye(SymInt n, \(rangeOptions)", twins: .out) {
      (n: Int, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in Tensor.eye(n, dtype: dtype)
    },
    Operator(composite: "eye.m(SymInt n, SymInt m, \(rangeOptions)", twins: .out("m_out")) {
      (n: Int, m: Int, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in Tensor.eye(n, m, dtype: dtype)
    },
  ]

  // MARK: Triangles

  /// The rows and the columns of the elements on one side of a diagonal.
  private static func triangle(_ name: String, isLower: Bool) -> AnyOperator {
    let options = options.replacingDefaultDType
    return Operator(composite: "\(name)(int row, int col, int offset=0, \(options)) -> Tensor", twins: .out) {
      (rows: Int, columns: Int, offset: Int, dtype: DType?, _: Ignored, _: Device?, _: Ignored) in
      guard rows >= 0, columns >= 0 else {
        throw TorchError(.value, "\(rows < 0 ? "row" : "col") must be non-negative, got\(Swift.min(rows, columns))")
      }
      let offset = Swift.min(Swift.max(offset, -rows), columns)
      let used =
        columns == 0 ? 0..<0 : isLower ? -Swift.min(offset, 0)..<rows : 0..<Swift.max(0, Swift.min(rows, columns - offset))
      func part(of row: Int) -> Range<Int> {
        isLower ? 0..<Swift.min(columns, row + offset + 1) : Swift.max(0, row + offset)..<columns
      }
      guard let narrow = isLower ? used.first : used.last else { return Tensor.empty([2, 0], dtype: dtype ?? .int64) }
      // From the narrowest row on, each has one element more until they are whole.
      let width = part(of: narrow).count
      let growing = Double(Swift.min(used.count, columns - width + 1))
      let count = growing * (Double(width) + (growing - 1) / 2) + (Double(used.count) - growing) * Double(columns)
      try Storage.checkRoom(for: count < 0x1p58 ? Int(count) : .max, of: 16)
      var places: ([Int], [Int]) = ([], [])
      for row in used {
        for column in part(of: row) {
          places.0.append(row)
          places.1.append(column)
        }
      }
      return try Tensor.from(places.0 + places.1, shape: [2, places.0.count]).to(dtype ?? .int64)
    }
  }

  static let operators: [AnyOperator] =
    bySize + ranges + [
      triangle("tril_indices", isLower: true), triangle("triu_indices", isLower: false),
    ]
}

extension String {
  /// The options of a factory of indices, whose dtype is `int64` unless told otherwise.
  fileprivate var replacingDefaultDType: String {
    "*, ScalarType? dtype=4" + dropFirst("*, ScalarType? dtype=None".count)
  }
}
