// An elementwise function by name, with the CPU loops for each dtype looked up once.

import CTorchKernelHeaders

/// A named elementwise function that backends implement.
final class MapFunction: Sendable {
  let name: String
  /// CPU loops by dtype code; nil where the function does not take that dtype.
  private let loops: [tk_loop?]

  init(_ name: String) {
    self.name = name
    loops = (0..<16).map { code in
      DType(rawValue: Int32(code)).flatMap { tk_find_map(name, tk_dtype(UInt32($0.rawValue))) }
    }
  }

  /// The loop for inputs of `dtype`.
  @inline(__always)
  func loop(_ dtype: DType) -> tk_loop? { loops[Int(dtype.rawValue)] }

  func requireLoop(_ dtype: DType) throws -> tk_loop {
    guard let loop = loop(dtype) else {
      throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(dtype.scalarTypeName)'")
    }
    return loop
  }
}

extension DType {
  /// The code in the kernels' spelling.
  @inline(__always)
  var kernel: tk_dtype { tk_dtype(UInt32(rawValue)) }
}
