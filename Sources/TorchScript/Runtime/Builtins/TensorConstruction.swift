// Tensors made of numbers and lists, and lists made of tensors.

import ComplexModule

extension JIT.Builtins {
  private static let options = "*, ScalarType? dtype=None, Device? device=None"

  static let tensorConstruction = family {
    for type in ["bool", "float", "int", "complex"] {
      JIT.Builtin("aten::tensor.\(type)(\(type) t, \(options), bool requires_grad=False) -> Tensor") {
        (value: Scalar, dtype: DType?, device: Device?, requiresGrad: Bool) in
        try finished(scalar(value), dtype, device, requiresGrad)
      }
      JIT.Builtin("aten::as_tensor.\(type)(\(type) t, \(options)) -> Tensor") {
        (value: Scalar, dtype: DType?, device: Device?) in
        try finished(scalar(value), dtype, device)
      }
    }
    JIT.Builtin("aten::tensor(t[] data, \(options), bool requires_grad=False) -> Tensor") {
      (data: List, dtype: DType?, device: Device?, requiresGrad: Bool) in
      try finished(tensor(of: data), dtype, device, requiresGrad)
    }
    JIT.Builtin("aten::as_tensor(Tensor(a) data, \(options)) -> Tensor(b|a)") {
      (data: Tensor, dtype: DType?, device: Device?) in
      try finished(data, dtype, device)
    }
    JIT.Builtin("aten::as_tensor.list(t[] data, \(options)) -> Tensor") {
      (data: List, dtype: DType?, device: Device?) in
      try finished(tensor(of: data), dtype, device)
    }
    JIT.Builtin("prim::NumToTensor.Scalar(Scalar a) -> Tensor") { (value: Scalar) -> Tensor in
      // As a number in arithmetic with tensors: a float is of 64 bits.
      if case .double = value { return Tensor.full([], value, dtype: .float64) }
      return Tensor.full([], value, dtype: value.dtype)
    }
    JIT.Builtin("prim::NumToTensor.bool(bool a) -> Tensor") { (value: Bool) in
      Tensor.full([], .bool(value), dtype: .bool)
    }
    JIT.Builtin("aten::_list_to_tensor(int[] self) -> Tensor") { (list: [Int]) in
      Tensor.make(list.map { .int($0) }, [list.count], .int64).to(.int32)
    }
    JIT.Builtin("aten::_tensor_to_list(Tensor self) -> int[]") { (x: Tensor) -> [Int] in
      guard x.dtype == .int32 else {
        throw TorchError(.dtype, "expected scalar type Int but found \(x.dtype.scalarTypeName)")
      }
      return try x.scalars().map(\.intValue)
    }
  }

  private static func scalar(_ value: Scalar) -> Tensor { Tensor.full([], value, dtype: value.dtype) }

  /// With the dtype, device and flag that the call asks for.
  private static func finished(
    _ tensor: Tensor, _ dtype: DType?, _ device: Device?, _ requiresGrad: Bool = false
  ) throws -> Tensor {
    var result = tensor
    if let device, device != tensor.device { result = result.to(device, dtype: dtype ?? tensor.dtype) }
    if let dtype, dtype != result.dtype { result = result.to(dtype) }
    if requiresGrad { result = result.requiresGrad_() }
    return result
  }

  /// A tensor of a list's numbers; inner lists are further dimensions.
  private static func tensor(of data: List) throws -> Tensor {
    var element = JIT.ScriptType.list(data.elementType)
    while case .list(let inner) = element { element = inner }
    var sizes = [data.items.count]
    var first = data.items.first
    while case .list(let inner)? = first {
      sizes.append(inner.items.count)
      first = inner.items.first
    }
    let dtype: DType
    switch element {
    case .int: dtype = .int64
    case .float: dtype = .default
    case .bool: dtype = .bool
    case .complex: dtype = Scalar.complex(0).dtype
    default:
      // `torch.tensor([])`
      let hint =
        element == .tensor && sizes == [0]
        ? "\nEmpty lists default to List[Tensor]. Add a variable annotation to the assignment to create an empty list of another type (torch.jit.annotate(List[T, []]) where T is the type of elements in the list for Python 2)"
        : ""
      throw TorchError(.type, "Input must be of ints, floats, or bools, got \(element)\(hint)")
    }
    var numbers: [Scalar] = []
    try collect(data, sizes[...], 0, into: &numbers)
    return Tensor.make(numbers, sizes, dtype)
  }

  private static func collect(_ list: List, _ sizes: ArraySlice<Int>, _ dim: Int, into numbers: inout [Scalar]) throws {
    guard list.items.count == sizes.first else {
      throw TorchError(
        .shape, "Expected sequence of length \(sizes.first ?? 0) at dim \(dim) (got \(list.items.count))")
    }
    for item in list.items {
      if case .list(let inner) = item {
        try collect(inner, sizes.dropFirst(), dim + 1, into: &numbers)
      } else {
        numbers.append(try Scalar.read(item))
      }
    }
  }
}

extension Tensor {
  /// A tensor of numbers in row-major order.
  fileprivate static func make(_ numbers: [Scalar], _ sizes: [Int], _ dtype: DType) -> Tensor {
    switch dtype {
    case .complex64, .complex128: Tensor(numbers.map(\.complexValue)).to(dtype).reshape(sizes)
    case .int64: Tensor(numbers.map(\.intValue)).to(dtype).reshape(sizes)
    case .bool: Tensor(numbers.map(\.boolValue)).to(dtype).reshape(sizes)
    default: Tensor(numbers.map(\.doubleValue)).to(dtype).reshape(sizes)
    }
  }
}
