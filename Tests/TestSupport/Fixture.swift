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
  let values = try actual.toArray(Double.self)
  guard values.count == expected.count else { return .infinity }
  return zip(values, expected).map { abs($0 - $1) / Swift.max(1, abs($1)) }.max() ?? 0
}

/// A new empty folder, deleted after `body`.
package func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
  let folder = FileManager.default.temporaryDirectory.appending(path: "torch-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder.path(percentEncoded: false))
}
