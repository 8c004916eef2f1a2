// Reads values that scripts in Fixtures/ made with PyTorch.

import Foundation
import TorchCore

package func fixture<T: Decodable>(_ path: String, _ type: T.Type) throws -> T {
  try JSONDecoder().decode(T.self, from: Data(contentsOf: repository("Fixtures/" + path)))
}

/// A file of this repository.
package func repository(_ path: String) -> URL {
  URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent(path)
}

/// The greatest distance relative to max(1, |expected|).
package func distance(_ actual: Tensor, _ expected: [Double]) throws -> Double {
  distance(try actual.toArray(Double.self), expected)
}

package func distance(_ values: [Double], _ expected: [Double]) -> Double {
  guard values.count == expected.count else { return .infinity }
  return zip(values, expected).map { abs($0 - $1) / Swift.max(1, abs($1)) }.max() ?? 0
}

/// How far `x` is from a course that PyTorch took in both dtypes, as a part of what is allowed: `tolerance` from its own.
/// Where steps amplify rounding, PyTorch's float32 leaves its float64, and `x` in float32 may be as far from that, times
/// four.
package func strayed(_ x: Tensor, float32: [Double], float64: [Double], tolerance: Double) throws -> Double {
  let room = x.dtype == .float32 ? 4 * distance(float32, float64) : 0
  if room > tolerance { return try distance(x, float64) / room }
  return try distance(x, x.dtype == .float32 ? float32 : float64) / tolerance
}

/// A new empty folder, deleted after `body`.
package func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
  let folder = FileManager.default.temporaryDirectory.appending(path: "torch-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path(percentEncoded: false))
}
