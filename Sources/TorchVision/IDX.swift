// IDX files, the format of MNIST: a magic number (0, 0, element type, rank), the sizes as big-endian 32-bit integers,
// then the elements, big-endian, last index fastest.
//
// Goals, in order: safe on hostile files (everything is checked before memory is taken), fast.
// Reference: http://yann.lecun.com/exdb/mnist/, "the IDX file format"; torchvision's `read_sn3_pascalvincent_tensor`.

import TorchCore

/// The contents of an IDX file.
public struct IDX: Sendable {
  /// The type of the elements; the raw value is the third byte of the file.
  public enum Element: UInt8, Sendable {
    case uint8 = 0x08, int8 = 0x09, int16 = 0x0b, int32 = 0x0c, float32 = 0x0d, float64 = 0x0e

    /// Bytes of one element.
    public var size: Int {
      switch self {
      case .uint8, .int8: 1
      case .int16: 2
      case .int32, .float32: 4
      case .float64: 8
      }
    }
  }

  public let element: Element
  public let shape: [Int]
  /// The elements as in the file: big-endian.
  public let bytes: ArraySlice<UInt8>

  /// The most bytes an IDX file may inflate to.
  public static let sizeLimit = 1 << 31

  /// Reads the contents of an IDX file, gzipped or not.
  ///
  /// - Parameter name: How messages call the file.
  /// - Throws: `TorchError` of kind `.data` where the file is damaged, too long or too short.
  public init(_ contents: [UInt8], name: String = "IDX data") throws {
    let data = Gzip.isGzip(contents) ? try Gzip.inflate(contents, limit: IDX.sizeLimit, name: name) : contents
    guard data.count >= 4 else { throw TorchError(.data, "\(name): \(data.count) bytes are too few for an IDX file") }
    guard data[0] == 0, data[1] == 0, let element = Element(rawValue: data[2]), (1...8).contains(data[3]) else {
      let magic = data[..<4].map { Hexadecimal.string([$0]) }.joined(separator: " ")
      throw TorchError(.data, "\(name): not an IDX file (it begins with \(magic))")
    }
    let header = 4 + 4 * Int(data[3])
    guard data.count >= header else { throw TorchError(.data, "\(name): IDX header is truncated") }
    var shape: [Int] = []
    var size = element.size
    for start in stride(from: 4, to: header, by: 4) {
      let extent = data[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      shape.append(extent)
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw TorchError(.data, "\(name): IDX sizes are too large") }
      size = product
    }
    guard data.count - header == size else {
      let state = data.count - header < size ? "truncated" : "too long"
      throw TorchError(
        .data, "\(name): IDX file is \(state): \(data.count - header) bytes of elements, sizes \(shape) need \(size)")
    }
    (self.element, self.shape) = (element, shape)
    bytes = data[header...]
  }

  /// Reads the IDX file at `path`, gzipped or not.
  /// - Throws: `TorchError` of kind `.io` where it cannot be read, `.data` where it is damaged.
  public init(path: String) throws { try self.init(File.read(path), name: path) }
}
