// NumPy's names of element types: `<f4`, `>i8`, `|b1`.

import TorchCore

/// An element type as NumPy files and pickles write it.
struct NumPyType {
  let dtype: DType
  let isBigEndian: Bool

  /// nil for types that tensors do not have.
  init?(_ name: String, order: String? = nil) {
    let (text, order) = NumPyType.split(name, order)
    guard let dtype = NumPyType.names.first(where: { $0.name == text })?.dtype else { return nil }
    self.dtype = dtype
    isBigEndian = order == ">" && dtype.swapWidth > 1
  }

  /// The type's name without its byte order, and that.
  private static func split(_ name: String, _ order: String?) -> (name: Substring, order: String) {
    guard let first = name.first, "<>|=".contains(first) else { return (name[...], order ?? "") }
    return (name.dropFirst(), String(first))
  }

  /// An array of a type that tensors do not have, with what to do about it.
  static func foreign(_ name: String, shape: [Int]?) -> ForeignTensor {
    let text = split(name, nil).name
    if text.first == "u", let bytes = Int(text.dropFirst()), let type = ForeignType(name: "uint\(8 * bytes)") {
      let wider = bytes == 2 ? "int32" : "int64"
      return ForeignTensor(
        type.name, shape: shape, byteCount: nil, advice: "in Python, save it as `.astype(numpy.\(wider))`")
    }
    let advice =
      switch text.first {
      case "O": "arrays of Python objects would have to run code to load"
      case "[": "of a structured array, save its fields as arrays"
      default: "tensors hold numbers only"
      }
    return ForeignTensor("NumPy '\(name)'", shape: shape, byteCount: nil, advice: advice)
  }

  private static let names: [(name: String, dtype: DType)] = [
    ("b1", .bool), ("u1", .uint8), ("i1", .int8), ("i2", .int16), ("i4", .int32), ("i8", .int64), ("f2", .float16),
    ("f4", .float32), ("f8", .float64), ("c8", .complex64), ("c16", .complex128),
  ]

  /// How NumPy writes `dtype` on a little-endian machine; nil for bfloat16, which it does not have.
  static func name(_ dtype: DType) -> String? {
    names.first { $0.dtype == dtype }.map { (dtype.itemSize == 1 ? "|" : "<") + $0.name }
  }
}

/// NumPy's values inside pickles.
enum NumPyPickle {
  /// `numpy.core.multiarray.scalar(dtype, bytes)` as a number.
  static func scalar(_ arguments: [PickleValue]) throws -> PickleValue {
    guard arguments.count == 2, let (name, order) = type(arguments[0]), let bytes = arguments[1].bytes else {
      throw TorchGlobals.badArguments("numpy scalar")
    }
    guard let type = NumPyType(name, order: order) else { return try unsigned(name, order, bytes) }
    guard bytes.count == type.dtype.itemSize else { throw TorchGlobals.badArguments("numpy scalar") }
    let plain = type.isBigEndian ? try bytes.byteSwapped(width: type.dtype.swapWidth) : bytes
    func number<T: FixedWidthInteger>(_ type: T.Type) throws -> PickleValue {
      .int(Int(try plain.integer(type, at: 0)))
    }
    func float(_ offset: Int) throws -> Double { Double(Float(bitPattern: try plain.integer(UInt32.self, at: offset))) }
    func double(_ offset: Int) throws -> Double { Double(bitPattern: try plain.integer(UInt64.self, at: offset)) }
    switch type.dtype {
    case .bool: return .bool(try plain.byte(0) != 0)
    case .uint8: return try number(UInt8.self)
    case .int8: return try number(Int8.self)
    case .int16: return try number(Int16.self)
    case .int32: return try number(Int32.self)
    case .int64: return try number(Int64.self)
    case .float16: return .float(Double(Float16(bitPattern: try plain.integer(UInt16.self, at: 0))))
    case .float32: return .float(try float(0))
    case .float64: return .float(try double(0))
    case .complex64: return .complex(try float(0), try float(4))
    case .complex128: return .complex(try double(0), try double(8))
    case .bfloat16: throw TorchGlobals.badArguments("numpy scalar")
    }
  }

  /// A scalar of an unsigned type that tensors do not have is still a number.
  private static func unsigned(_ name: String, _ order: String?, _ bytes: ByteRegion) throws -> PickleValue {
    guard let size = ["u2": 2, "u4": 4, "u8": 8][name], bytes.count == size else {
      throw TorchError(.serialization, "pickle: a NumPy scalar of type '\(name)' is not supported")
    }
    let plain = order == ">" ? try bytes.byteSwapped(width: size) : bytes
    return try BigDecimal.value(ByteRegion(plain.array + [0]))
  }

  /// The array that an `_reconstruct`ed object's state `(version, shape, dtype, isFortran, bytes)` describes.
  static func array(_ node: PickleNode) throws -> FileTensor {
    guard let state = node.state?.sequence, state.count == 5, let shape = state[1].integers,
      let (name, order) = type(state[2]), let isFortran = state[3].bool
    else { throw TorchError(.serialization, "pickle: a NumPy array that is not understood") }
    guard let type = NumPyType(name, order: order) else { return .foreign(NumPyType.foreign(name, shape: shape)) }
    guard let bytes = state[4].bytes else {
      throw TorchError(.serialization, "pickle: a NumPy array that is not understood")
    }
    return .tensor(try tensor(bytes, type, shape, isFortran: isFortran))
  }

  /// A tensor over `bytes`, which must be exactly as many as the shape needs.
  static func tensor(_ bytes: ByteRegion, _ type: NumPyType, _ shape: [Int], isFortran: Bool) throws -> StoredTensor {
    guard shape.allSatisfy({ $0 >= 0 }), let numel = StoredTensor.product(shape),
      bytes.count / type.dtype.itemSize == numel, bytes.count % type.dtype.itemSize == 0
    else {
      throw TorchError(
        .serialization, "a NumPy array of shape \(shape) and type \(type.dtype.name) has \(bytes.count) bytes")
    }
    let plain = type.isBigEndian ? try bytes.byteSwapped(width: type.dtype.swapWidth) : bytes
    let strides = StoredTensor.rowMajorStrides(isFortran ? shape.reversed() : shape)
    return try StoredTensor(
      storage: StoredStorage(plain, dtype: type.dtype), dtype: type.dtype, shape: shape,
      strides: isFortran ? strides.reversed() : strides, storageOffset: 0)
  }

  /// The name and byte order of a `numpy.dtype`.
  private static func type(_ value: PickleValue) -> (name: String, order: String?)? {
    guard case .node(let node) = value, node.kind == .object("numpy.dtype"), let name = node.items.first?.string else {
      return nil
    }
    let state = node.state?.sequence ?? []
    return (name, state.count > 1 ? state[1].string : nil)
  }
}
