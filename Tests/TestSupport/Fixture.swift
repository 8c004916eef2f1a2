// Reads values that scripts in Fixtures/ made with PyTorch.

import Foundation
import TorchCore

package func fixture<T: Decodable>(_ path: String, _ type: T.Type) throws -> T {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let data = try Data(contentsOf: root.appendingPathComponent("Fixtures").appendingPathComponent(path))
  return try JSONDecoder().decode(T.self, from: data)
}

/// The greatest distance relative to max(1, |expected|).
package func distance(_ actual: Tensor, _ expected: [Double]) throws -> Double {
  let values = try actual.toArray(Double.self)
  guard values.count == expected.count else { return .infinity }
  return zip(values, expected).map { abs($0 - $1) / Swift.max(1, abs($1)) }.max() ?? 0
}
