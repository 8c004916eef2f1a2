// Text.

import Foundation
import TorchCore

extension ONNX {
  enum Text {
    private static func concatenated(_ call: Call) throws -> [Value] {
      let (a, b) = (try call.strings(0), try call.strings(1))
      // Broadcasting is that of the positions of the texts.
      func positions(_ s: StringTensor) throws -> Tensor {
        try Tensor.from(Array(0..<s.elements.count), shape: Shape(checking: s.shape))
      }
      let (i, j) = (try positions(a), try positions(b))
      let (left, right) = (i.broadcast(with: j), j.broadcast(with: i))
      let texts = zip(try left.toArray(Int.self), try right.toArray(Int.self)).map { a.elements[$0] + b.elements[$1] }
      return [.strings(StringTensor(texts, shape: Array(left.shape)))]
    }

    /// Pieces between delimiters, at most `maxsplit` cuts; without a delimiter between runs of white space.
    private static func pieces(_ text: String, _ delimiter: String, _ limit: Int?) -> [String] {
      if delimiter.isEmpty {
        return text.split(maxSplits: limit ?? .max, omittingEmptySubsequences: true, whereSeparator: \.isWhitespace)
          .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
      }
      let all = text.components(separatedBy: delimiter)
      guard let limit, all.count > limit + 1 else { return all }
      return Array(all.prefix(limit)) + [all.dropFirst(limit).joined(separator: delimiter)]
    }

    private static func split(_ call: Call) throws -> [Value] {
      let x = try call.strings(0)
      let limit = call.has("maxsplit") ? max(call.int("maxsplit", 0), 0) : nil
      let rows = x.elements.map { pieces($0, call.string("delimiter", ""), limit) }
      let width = rows.map(\.count).max() ?? 0
      let padded = rows.flatMap { $0 + Array(repeating: "", count: width - $0.count) }
      return [
        .strings(StringTensor(padded, shape: x.shape + [width])),
        Value(try Tensor.from(rows.map(\.count), shape: Shape(checking: x.shape))),
      ]
    }

    private static func normalized(_ call: Call) throws -> [Value] {
      let x = try call.strings(0)
      let change = call.string("case_change_action", "NONE")
      func changed(_ text: String) throws -> String {
        switch change {
        case "LOWER": return text.lowercased()
        case "UPPER": return text.uppercased()
        case "NONE": return text
        default: throw TorchError(.value, "unknown case_change_action '\(change)'")
        }
      }
      let sensitive = call.bool("is_case_sensitive")
      let stops = Set(call.strings("stopwords").map { sensitive ? $0 : $0.lowercased() })
      let kept = try x.elements.filter { !stops.contains(sensitive ? $0 : $0.lowercased()) }.map(changed)
      let texts = kept.isEmpty ? [""] : kept
      return [.strings(StringTensor(texts, shape: x.shape.count == 2 ? [1, texts.count] : [texts.count]))]
    }

    private static func matches(_ call: Call) throws -> [Value] {
      let x = try call.strings(0)
      let pattern = call.string("pattern", "")
      guard let regex = try? NSRegularExpression(pattern: "\\A(?:\(pattern))\\z") else {
        throw TorchError(.value, "'\(pattern)' is not a regular expression")
      }
      let hits = x.elements.map { regex.firstMatch(in: $0, range: NSRange($0.startIndex..., in: $0)) != nil }
      return [Value(try Tensor.from(hits, shape: Shape(checking: x.shape)))]
    }

    /// How often each n-gram of a pool occurs, with gaps of up to `max_skip_count` items.
    private static func ngrams(_ call: Call) throws -> Tensor {
      let value = try call.value(0)
      let items: [String]
      let pool: [String]
      if let text = value.strings {
        (items, pool) = (text.elements, call.strings("pool_strings"))
      } else {
        (items, pool) = (try call[0].toArray(Int.self).map(String.init), call.ints("pool_int64s").map(String.init))
      }
      let shape = value.shape ?? []
      try call.check(shape.count <= 2, "the input must have 1 or 2 dimensions")
      let (shortest, longest, skips) = (try call.requiredInt("min_gram_length"), try call.requiredInt("max_gram_length"), try call.requiredInt("max_skip_count"))
      let starts = call.ints("ngram_counts"), columns = call.ints("ngram_indexes"), weights = call.floats("weights")
      try call.check(
        shortest > 0 && longest >= shortest && longest <= starts.count && skips >= 0 && columns.allSatisfy { $0 >= 0 && $0 < 1 << 28 },
        "bad lengths of n-grams")
      var known: [[String]: Int] = [:]
      var number = 0
      for (k, start) in starts.enumerated() {
        let end = k + 1 < starts.count ? starts[k + 1] : pool.count
        try call.check(start >= 0 && start <= end && end <= pool.count, "ngram_counts leave the pool")
        for gram in stride(from: start, to: end - k, by: k + 1) {
          if (shortest...longest).contains(k + 1) { known[Array(pool[gram...gram + k])] = number }
          number += 1
        }
      }
      try call.check(number <= columns.count, "\(number) n-grams, \(columns.count) columns")
      let width = (columns.max() ?? -1) + 1
      let length = shape.last ?? 1
      let rows = shape.count == 2 ? shape[0] : 1
      var counts = [Double](repeating: 0, count: rows * width)
      for row in 0..<rows {
        for skip in 1...skips + 1 {
          // Single items have no gaps: they are counted once.
          for n in shortest...longest where n > 1 || skip == 1 {
            for start in 0..<max(length - skip * (n - 1), 0) {
              let gram = (0..<n).map { items[row * length + start + $0 * skip] }
              if let found = known[gram] { counts[row * width + columns[found]] += 1 }
            }
          }
        }
      }
      let mode = call.string("mode", "TF")
      if mode != "TF" {
        try call.check(weights.isEmpty || weights.count >= width, "\(weights.count) weights for \(width) columns")
        for i in counts.indices {
          let weight = weights.isEmpty ? 1 : weights[i % width]
          counts[i] = mode == "IDF" ? (counts[i] > 0 ? weight : 0) : counts[i] * weight
        }
      }
      return try Tensor.from(counts, shape: shape.count == 2 ? [rows, width] : [width]).float()
    }

    static let operators: [OperatorDeclaration] = [
      .values("StringConcat", concatenated),
      .values("StringSplit", split),
      .values("StringNormalizer", normalized),
      .values("RegexFullMatch", matches),
      .tensor("TfIdfVectorizer", type: nil, ngrams),
    ]
  }
}
