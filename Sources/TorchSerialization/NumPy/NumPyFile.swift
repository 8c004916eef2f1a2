// npy and npz: NumPy's files of one array and of several.
//
// Reference: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1 to 3. Arrays of
// objects are refused (loading them would run a pickle), and so are structured and unsigned types wider than a byte.
// Departure: a deflated archive that grows more than a hundredfold needs the caller's consent.

import OrderedCollections
import TorchCore

package enum NumPyFile {
  package static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  // MARK: Reading

  /// The array in `file`; a Fortran-ordered one has Fortran strides.
  package static func read(_ file: ByteRegion) throws -> StoredTensor { try contents(file).stored("") }

  /// The array in `file`, also where its type is none of a tensor's.
  package static func contents(_ file: ByteRegion) throws -> FileTensor {
    guard file.starts(with: magic) else { throw refuse("the magic string is not correct") }
    let major = try file.byte(6)
    guard (1...3).contains(major) else { throw refuse("format version \(major) is not supported") }
    let start = major == 1 ? 10 : 12
    let length = try major == 1 ? Int(file.integer(UInt16.self, at: 8)) : Int(file.integer(UInt32.self, at: 8))
    // NumPy itself refuses headers beyond 10000 bytes unless told to trust the file.
    guard length <= 1 << 20, let text = try file.slice(start, length).text else { throw refuse("bad header") }
    let header = try NumPyHeader(text)
    guard let type = NumPyType(header.descr) else {
      return .foreign(NumPyType.foreign(header.descr, shape: header.shape))
    }
    guard header.shape.allSatisfy({ $0 >= 0 }), let numel = StoredTensor.product(header.shape),
      case let (byteCount, overflow) = numel.multipliedReportingOverflow(by: type.dtype.itemSize), !overflow
    else { throw refuse("impossible shape \(header.shape)") }
    return .tensor(
      try NumPyPickle.tensor(
        file.slice(start + length, byteCount), type, header.shape, isFortran: header.isFortran))
  }

  /// The arrays of an archive, named without their `.npy`.
  package static func readArchive(
    _ file: ByteRegion, inflationLimit: Int? = nil
  ) throws -> OrderedDictionary<String, FileTensor> {
    let zip = try ZipReader(file, inflationLimit: inflationLimit)
    var arrays: OrderedDictionary<String, FileTensor> = [:]
    for entry in zip.entries where entry.name.hasSuffix(".npy") {
      let name = String(entry.name.dropLast(4))
      do {
        arrays[name] = try contents(zip.read(entry))
      } catch let error as TorchError {
        throw TorchError(error.kind, "array '\(name)': \(error.message)")
      }
    }
    return arrays
  }

  // MARK: Writing

  package static func write(_ tensor: StoredTensor, to path: String) throws {
    let (header, elements) = try encode(tensor)
    try AtomicFile.write(to: path) { sink in
      try sink.write(header)
      try sink.write(elements)
    }
  }

  package static func writeArchive(_ arrays: [(name: String, tensor: StoredTensor)], to path: String) throws {
    try AtomicFile.write(to: path) { sink in
      var zip = ZipWriter()
      for (name, tensor) in arrays {
        let (header, elements) = try encode(tensor)
        try zip.add(name + ".npy", [ByteRegion(header), elements], to: &sink)
      }
      try zip.finish(&sink)
    }
  }

  /// The header, padded as NumPy pads it, and the elements; a tensor whose transpose is contiguous stays so.
  private static func encode(_ tensor: StoredTensor) throws -> (header: [UInt8], elements: ByteRegion) {
    guard let descr = NumPyType.name(tensor.dtype) else {
      throw TorchError(.type, "Got unsupported ScalarType BFloat16")
    }
    var source = tensor
    let reversed = try StoredTensor(
      storage: tensor.storage, dtype: tensor.dtype, shape: tensor.shape.reversed(), strides: tensor.strides.reversed(),
      storageOffset: tensor.storageOffset)
    let isFortran = !tensor.isContiguous && reversed.isContiguous
    if isFortran { source = reversed }
    let sizes = tensor.shape.map(String.init).joined(separator: ", ") + (tensor.shape.count == 1 ? "," : "")
    var text = "{'descr': '\(descr)', 'fortran_order': \(isFortran ? "True" : "False"), 'shape': (\(sizes)), }"
    if let growing = isFortran ? tensor.shape.last : tensor.shape.first {
      // Room for the growing dimension to reach 21 digits without moving the elements, as NumPy leaves it.
      text += String(repeating: " ", count: 21 - String(growing).count)
    }
    let start = text.utf8.count + 1 + 10 > 65535 ? 12 : 10
    var header = magic + [start == 10 ? 1 : 2, 0]
    let length = text.utf8.count + 1
    let padding = 64 - (start + length) % 64
    if start == 10 { header.append(UInt16(length + padding)) } else { header.append(UInt32(length + padding)) }
    header += Array(text.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: padding) + [0x0A]
    return (header, try source.contiguousBytes())
  }
}

private func refuse(_ why: String) -> TorchError { TorchError(.serialization, "npy: \(why)") }

/// The dictionary in a header: `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
private struct NumPyHeader {
  private(set) var descr = ""
  private(set) var isFortran = false
  private(set) var shape: [Int] = []

  private var rest: Substring.UTF8View

  init(_ text: String) throws {
    rest = text[...].utf8
    try expect("{")
    var keys: Set<String> = []
    while !accept("}") {
      let key = try string()
      guard keys.insert(key).inserted else { throw refuse("'\(key)' stands twice in the header") }
      try expect(":")
      switch key {
      case "descr":
        descr = peek() == UInt8(ascii: "[") ? try list() : try string()
      case "fortran_order": isFortran = try boolean()
      case "shape": shape = try tuple()
      default: throw refuse("the header has an unknown field '\(key)'")
      }
      if !accept(",") {
        try expect("}")
        break
      }
    }
    guard keys.count == 3, peek() == nil else { throw refuse("bad header") }
  }

  private mutating func peek() -> UInt8? {
    while let byte = rest.first, byte == 0x20 || byte == 0x0A || byte == 0x09 { rest = rest.dropFirst() }
    return rest.first
  }

  private mutating func accept(_ character: Character) -> Bool {
    guard peek() == character.asciiValue else { return false }
    rest = rest.dropFirst()
    return true
  }

  private mutating func expect(_ character: Character) throws {
    guard accept(character) else { throw refuse("bad header: '\(character)' expected") }
  }

  private mutating func string() throws -> String {
    guard let quote = peek(), quote == 0x27 || quote == 0x22 else { throw refuse("bad header: a string expected") }
    rest = rest.dropFirst()
    guard let end = rest.firstIndex(of: quote) else { throw refuse("bad header") }
    let text = String(Substring(rest[..<end]))
    rest = rest[rest.index(after: end)...]
    return text
  }

  /// The text of a list, which describes a structured array.
  private mutating func list() throws -> String {
    var depth = 0
    var quote: UInt8?
    for index in rest.indices {
      let byte = rest[index]
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == 0x27 || byte == 0x22 {
        quote = byte
      } else if byte == UInt8(ascii: "[") {
        depth += 1
      } else if byte == UInt8(ascii: "]") {
        depth -= 1
        if depth == 0 {
          let end = rest.index(after: index)
          defer { rest = rest[end...] }
          return String(Substring(rest[..<end]))
        }
      }
    }
    throw refuse("bad header: a list without an end")
  }

  private mutating func boolean() throws -> Bool {
    _ = peek()
    for (word, value) in [("True", true), ("False", false)] where rest.starts(with: word.utf8) {
      rest = rest.dropFirst(word.utf8.count)
      return value
    }
    throw refuse("bad header: True or False expected")
  }

  private mutating func tuple() throws -> [Int] {
    try expect("(")
    var sizes: [Int] = []
    while !accept(")") {
      _ = peek()
      let digits = rest.prefix { (48...57).contains($0) }
      guard let size = Int(Substring(digits)), sizes.count < 64 else { throw refuse("bad shape") }
      sizes.append(size)
      rest = rest.dropFirst(digits.count)
      _ = accept("L")  // Python 2's long integers
      if !accept(",") {
        try expect(")")
        break
      }
    }
    return sizes
  }
}
