// A reduction by name, looked up once for each pair of dtypes.

import CTorchKernelHeaders
import Synchronization

/// A named reduction that backends implement.
final class ReduceFunction: Sendable {
  let name: String
  private let found = Mutex<[Int: OpaquePointer?]>([:])

  init(_ name: String) { self.name = name }

  /// The CPU kernel from `input` to `output`.
  func kernel(_ input: DType, _ output: DType) throws -> OpaquePointer {
    let key = Int(input.rawValue) << 8 | Int(output.rawValue)
    let kernel = found.withLock { table -> OpaquePointer? in
      if let known = table[key] { return known }
      let kernel = tk_find_reduction(name, input.kernel, output.kernel)
      table[key] = kernel
      return kernel
    }
    guard let kernel else {
      throw TorchError(.notImplemented, "\"\(name)\" not implemented for '\(input.scalarTypeName)'")
    }
    return kernel
  }
}
