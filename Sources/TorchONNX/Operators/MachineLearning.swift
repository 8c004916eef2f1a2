// A few operators of the classical machine learning domain.

import Foundation
import TorchCore

extension ONNX {
  enum MachineLearning {
    /// A key of a label encoder, of any type.
    private enum Label: Hashable {
      case int(Int)
      case float(Double)
      case string(String)
    }

    private static func labels(_ value: Value) throws -> [Label] {
      switch value {
      case .strings(let strings): return strings.elements.map { .string($0) }
      case .tensor(let tensor, _):
        return tensor.dtype.isFloatingPoint
          ? try tensor.toArray(Double.self).map { .float($0.isNaN ? .infinity.nextDown : $0) } : try tensor.toArray(Int.self).map { .int($0) }
      default: throw TorchError(.type, "a \(value.type) holds no labels")
      }
    }

    /// One of the typed attributes `keys_…` or `values_…`.
    private static func list(_ call: Call, _ prefix: String) throws -> Value {
      if case .value(let value)? = call.step.attributes[prefix + "_tensor"] { return value }
      if call.has(prefix + "_strings") {
        let texts = call.strings(prefix + "_strings")
        return .strings(StringTensor(texts, shape: [texts.count]))
      }
      if call.has(prefix + "_int64s") { return Value(Tensor(call.ints(prefix + "_int64s"), dtype: .int64)) }
      return Value(Tensor(call.floats(prefix + "_floats"), dtype: .float32))
    }

    private static func encodeLabels(_ call: Call) throws -> [Value] {
      let keys = try labels(try list(call, "keys")), values = try list(call, "values")
      let x = try call.value(0)
      let places = Dictionary(keys.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      let found = try labels(x).map { places[$0] }
      let shape = try Shape(checking: x.shape ?? [])
      switch values {
      case .strings(let strings):
        let fallback = call.string("default_string", "_Unused")
        return [.strings(StringTensor(found.map { $0.flatMap { strings.elements.indices.contains($0) ? strings.elements[$0] : nil } ?? fallback }, shape: Array(shape)))]
      case .tensor(let tensor, let type):
        var fallback: Scalar = tensor.dtype.isFloatingPoint ? .double(call.float("default_float", 0)) : .int(call.int("default_int64", -1))
        if case .value(let value)? = call.step.attributes["default_tensor"], let tensor = value.tensor { fallback = try tensor.reshape([-1]).select(0, 0).item() }
        let table = try tensor.scalars() + [fallback]
        let numbers = found.map { $0.flatMap { $0 < table.count - 1 ? $0 : nil } ?? table.count - 1 }
        let all = torch.cat([tensor.reshape([-1]), Tensor.full([1], fallback, dtype: tensor.dtype)])
        return [.tensor(all.indexSelect(0, Tensor(numbers, dtype: .int64)).reshape(Array(shape)), type)]
      default: throw TorchError(.type, "the values are no tensor")
      }
    }

    private struct Trees {
      let splits: [Double], features: [Int], modes: [Int], trueIDs: [Int], falseIDs: [Int], trueLeaves: [Int], falseLeaves: [Int]
      let missingTrue: [Int]
      /// The members that a node of mode 6 compares with.
      var members: [Int: Set<Double>] = [:]

      init(_ call: Call) throws {
        func numbers(_ name: String) throws -> [Double] {
          guard case .value(let value)? = call.step.attributes[name], let tensor = value.tensor else { return [] }
          return try tensor.toArray(Double.self)
        }
        splits = try numbers("nodes_splits")
        modes = try numbers("nodes_modes").map { Scalar($0).intValue }
        (features, trueIDs, falseIDs) = (call.ints("nodes_featureids"), call.ints("nodes_truenodeids"), call.ints("nodes_falsenodeids"))
        (trueLeaves, falseLeaves) = (call.ints("nodes_trueleafs"), call.ints("nodes_falseleafs"))
        missingTrue = call.ints("nodes_missing_value_tracks_true", Array(repeating: 0, count: splits.count))
        let n = splits.count
        try call.check(
          [modes.count, features.count, trueIDs.count, falseIDs.count, trueLeaves.count, falseLeaves.count, missingTrue.count].allSatisfy { $0 == n },
          "the nodes' attributes have different lengths")
        // Sets are listed in the order of their nodes, each ended by NaN.
        var sets = try numbers("membership_values").split(omittingEmptySubsequences: false, whereSeparator: \.isNaN).map(Set.init)[...]
        for i in 0..<n where modes[i] == 6 {
          try call.check(!sets.isEmpty, "there are too few membership values")
          members[i] = sets.removeFirst()
        }
      }

      private func takesTrue(_ node: Int, _ v: Double) -> Bool {
        if v.isNaN, missingTrue[node] != 0 { return true }
        switch modes[node] {
        case 0: return v <= splits[node]
        case 1: return v < splits[node]
        case 2: return v >= splits[node]
        case 3: return v > splits[node]
        case 4: return v == splits[node]
        case 5: return v != splits[node]
        default: return members[node]?.contains(v) ?? false
        }
      }

      /// The number of the leaf that `row` ends in.
      func leaf(_ row: ArraySlice<Double>, root: Int) throws -> Int {
        guard splits.indices.contains(root) else { throw TorchError(.index, "tree root \(root) is out of range") }
        if trueLeaves[root] != 0, falseLeaves[root] != 0, trueIDs[root] == falseIDs[root] { return trueIDs[root] }
        var node = root
        // A path that visits more nodes than there are goes in a circle.
        for _ in 0...splits.count {
          guard splits.indices.contains(node), features[node] >= 0, features[node] < row.count else {
            throw TorchError(.index, "node \(node) of a tree is out of range")
          }
          let isTrue = takesTrue(node, row[row.startIndex + features[node]])
          if (isTrue ? trueLeaves : falseLeaves)[node] != 0 { return (isTrue ? trueIDs : falseIDs)[node] }
          node = (isTrue ? trueIDs : falseIDs)[node]
        }
        throw TorchError(.value, "a tree has a circle")
      }
    }

    private static func ensemble(_ call: Call) throws -> Tensor {
      let x = try call[0]
      try call.check(x.ndim == 2, "the input must be a matrix")
      let trees = try Trees(call)
      let roots = call.ints("tree_roots"), targets = call.ints("leaf_targetids"), count = call.int("n_targets", 1)
      guard case .value(let value)? = call.step.attributes["leaf_weights"], let tensor = value.tensor else {
        throw TorchError(.value, "leaf_weights are missing")
      }
      let weights = try tensor.toArray(Double.self)
      try call.check(
        weights.count == targets.count && count > 0 && count < 1 << 24 && targets.allSatisfy { $0 >= 0 && $0 < count }, "leaf_targetids do not fit")
      let combine = call.int("aggregate_function", 1)
      try call.check((0...3).contains(combine) && call.int("post_transform", 0) == 0, "aggregate_function \(combine) or a post_transform")
      let values = try x.toArray(Double.self)
      var sums = [Double](repeating: combine == 2 ? .greatestFiniteMagnitude : combine == 3 ? -.greatestFiniteMagnitude : 0, count: x.shape[0] * count)
      for row in 0..<x.shape[0] {
        for root in roots {
          let leaf = try trees.leaf(values[row * x.shape[1]..<(row + 1) * x.shape[1]], root: root)
          try call.check(weights.indices.contains(leaf), "leaf \(leaf) is out of range")
          let place = row * count + targets[leaf]
          switch combine {
          case 0: sums[place] += weights[leaf] / Double(roots.count)
          case 1: sums[place] += weights[leaf]
          case 2: sums[place] = min(sums[place], weights[leaf])
          default: sums[place] = max(sums[place], weights[leaf])
          }
        }
      }
      return try Tensor.from(sums, shape: [x.shape[0], count]).to(x.dtype)
    }

    private static let domain = "ai.onnx.ml"

    static let operators: [OperatorDeclaration] = [
      .values("LabelEncoder", domain: domain, since: 2, encodeLabels),
      .tensor("TreeEnsemble", domain: domain, since: 5, ensemble),
      .tensor("ArrayFeatureExtractor", domain: domain) { call in
        let (x, index) = (try call[0], try call[1].long().reshape([-1]))
        let picked = x.indexSelect(-1, index)
        return x.ndim == 1 ? picked.unsqueeze(0) : picked
      },
      .tensor("Binarizer", domain: domain) { call in
        let x = try call[0]
        return (x > call.float("threshold", 0)).to(x.dtype)
      },
      .tensor("Scaler", domain: domain, type: nil) { call in
        (try call[0].float() - Tensor(call.floats("offset"), dtype: .float32)) * Tensor(call.floats("scale"), dtype: .float32)
      },
    ]
  }
}
