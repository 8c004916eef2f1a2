// Transforms of gray byte images that look at one pixel at a time, as a table of 256 results.

import TorchCore

/// The float32 results of a transform for the 256 values of a byte.
struct PixelTable: Sendable {
  private let results: [Float]

  /// The table of `ToTensor`, alone or followed by pixelwise transforms of one channel; nil for anything else, and for
  /// what the tensor form refuses.
  init?(_ transform: (any Transform)?) {
    var chain = transform.map(PixelTable.flatten) ?? []
    guard let first = chain.first as? transforms.ToTensor else { return nil }
    chain.removeFirst()
    let isOneChannel = chain.allSatisfy { step in
      guard let normalize = step as? transforms.Normalize else { return step is any PixelwiseTransform }
      return normalize.mean.count == 1 && normalize.std.count == 1 && Float(normalize.std[0]) != 0
    }
    guard isOneChannel else { return nil }
    var results = (0...255).map { first.value(byte: UInt8($0)) }
    for case let step as any PixelwiseTransform in chain {
      for i in results.indices { results[i] = step.value(results[i], channel: 0) }
    }
    self.results = results
  }

  private static func flatten(_ transform: any Transform) -> [any Transform] {
    guard let chain = transform as? transforms.Compose else { return [transform] }
    return chain.transforms.flatMap(flatten)
  }

  /// Writes the results for the images with these numbers one after the other.
  ///
  /// - Parameters:
  ///   - images: All images, `size` bytes each; the numbers in `indices` are inside.
  ///   - target: Room for `indices.count * size` values.
  func gather(_ indices: [Int], from images: UnsafePointer<UInt8>, size: Int, into target: UnsafeMutablePointer<Float>)
  {
    results.withUnsafeBufferPointer { results in
      let table = results.baseAddress!
      var out = target
      for index in indices {
        let image = images + index * size
        for i in 0..<size { out[i] = table[Int(image[i])] }
        out += size
      }
    }
  }
}
