// Tensors that a file has and this framework does not: float8, uint16 and wider, quantized, sparse.
//
// A reader lists them with the others, so that a file can be shown and its other tensors be read; asking for their
// values is the error that names them.

import OrderedCollections
import TorchCore

/// A tensor of a file.
package enum FileTensor {
  case tensor(StoredTensor)
  case foreign(ForeignTensor)

  package var shape: [Int]? {
    switch self {
    case .tensor(let tensor): tensor.shape
    case .foreign(let tensor): tensor.shape
    }
  }

  /// The element type by name, or the kind of tensor: `float32`, `float8_e4m3fn`, `sparse`.
  package var typeName: String {
    switch self {
    case .tensor(let tensor): tensor.storage.packing?.typeName ?? tensor.dtype.name
    case .foreign(let tensor): tensor.typeName
    }
  }

  /// Bytes of its elements in the file; nil where the file does not say.
  package var byteCount: Int? {
    switch self {
    case .tensor(let tensor): tensor.storage.packing?.byteCount ?? tensor.numel * tensor.dtype.itemSize
    case .foreign(let tensor): tensor.byteCount
    }
  }

  /// - Parameter name: What the file calls it, for the error.
  package func stored(_ name: String) throws -> StoredTensor {
    switch self {
    case .tensor(let tensor): return tensor
    case .foreign(let tensor): throw tensor.refusal(of: [name])
    }
  }
}

/// A tensor that cannot be read here.
package struct ForeignTensor {
  package let typeName: String
  package let shape: [Int]?
  package let byteCount: Int?
  /// What to do in Python.
  let advice: String

  package init(_ typeName: String, shape: [Int]?, byteCount: Int?, advice: String) {
    self.typeName = typeName
    self.shape = shape
    self.byteCount = byteCount
    self.advice = advice
  }

  /// A tensor of a `type` that files have and this framework does not.
  init(_ type: ForeignType, shape: [Int]?) {
    let numel = shape.flatMap { $0.allSatisfy { $0 >= 0 } ? StoredTensor.product($0) : nil }
    let bits = numel.flatMap { (numel: Int) -> Int? in
      let (bits, overflow) = numel.multipliedReportingOverflow(by: type.bits)
      return overflow ? nil : bits
    }
    self.init(type.name, shape: shape, byteCount: bits.map { ($0 + 7) / 8 }, advice: type.advice)
  }

  func refusal(of names: [String]) -> TorchError {
    let first = names.first.map { $0.isEmpty ? "the tensor" : "'\($0)'" } ?? "a tensor"
    let more = names.count > 1 ? " (and \(names.count - 1) more)" : ""
    return TorchError(.serialization, "\(first) is a \(typeName) tensor\(more), which is not supported: \(advice)")
  }
}

/// An element type of PyTorch's or of a file format's that tensors here do not have.
package struct ForeignType: Hashable, Sendable {
  package let name: String
  package let bits: Int
  let advice: String

  private init(_ name: String, bits: Int, advice: String) {
    self.name = name
    self.bits = bits
    self.advice = advice
  }

  /// The type called `name` in PyTorch: `float8_e4m3fn`; nil where there is none, or tensors here have it.
  package init?(name: String) {
    guard let found = ForeignType.table[name] else { return nil }
    self = found
  }

  /// The element type of a storage class: `QUInt8Storage` holds `quint8`.
  init?(storageClass: String) {
    let name = storageClass.dropLast("Storage".count).lowercased()
    self.init(name: name == "complexhalf" ? "complex32" : name)
  }

  private static let table: [String: ForeignType] = {
    let integer = "in Python, save it as `.to(torch.int64)`"
    let float = "in Python, save it as `.to(torch.float32)`"
    let complex = "in Python, save it as `.to(torch.complex64)`"
    let quantized = "in Python, save `tensor.dequantize()`"
    let types: [(String, Int, String)] =
      [
        ("uint16", 16, "in Python, save it as `.to(torch.int32)`"), ("uint32", 32, integer), ("uint64", 64, integer),
        ("complex32", 32, complex), ("float4_e2m1fn_x2", 8, float), ("quint4x2", 8, quantized),
        ("quint2x4", 8, quantized), ("qint8", 8, quantized), ("quint8", 8, quantized), ("qint32", 32, quantized),
        ("bits8", 8, integer), ("bits16", 16, integer), ("bits1x8", 8, integer), ("bits2x4", 8, integer),
        ("bits4x2", 8, integer), ("float6_e2m3fn", 6, float), ("float6_e3m2fn", 6, float),
      ]
      + ["e4m3fn", "e5m2", "e4m3fnuz", "e5m2fnuz", "e8m0fnu"].map { ("float8_" + $0, 8, float) }
      + (1...7).flatMap { [("int\($0)", 8, integer), ("uint\($0)", 8, integer)] }
    return Dictionary(uniqueKeysWithValues: types.map { ($0, ForeignType($0, bits: $1, advice: $2)) })
  }()
}

extension OrderedDictionary<String, FileTensor> {
  /// The tensors, where all can be read.
  /// - Throws: `TorchError` that names those that cannot.
  package func stored() throws -> OrderedDictionary<String, StoredTensor> {
    try ForeignTensor.refuse(self.elements.map { ($0.key, $0.value) })
    return try mapValues { try $0.stored("") }
  }
}

extension ForeignTensor {
  /// Throws where one of `tensors` is foreign, naming the first and counting the others.
  static func refuse(_ tensors: [(name: String, tensor: FileTensor)]) throws {
    var names: [String] = []
    var first: ForeignTensor?
    for case (let name, .foreign(let tensor)) in tensors {
      first = first ?? tensor
      names.append(name)
    }
    if let first { throw first.refusal(of: names) }
  }
}

extension StateTree<FileTensor> {
  /// The tree of tensors, where all can be read.
  package func stored() throws -> StateTree<StoredTensor> {
    try ForeignTensor.refuse(tensors.map { ($0.path, $0.tensor) })
    return try map { try $0.stored("") }
  }
}
