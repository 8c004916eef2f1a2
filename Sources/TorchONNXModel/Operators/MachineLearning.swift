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

    // MARK: Linear models

    /// Scores as probabilities or whatever else `post_transform` asks for.
    private static func transformed(_ call: Call, _ scores: Tensor) throws -> Tensor {
      switch call.string("post_transform", "NONE") {
      case "NONE": return scores
      case "LOGISTIC": return scores.sigmoid()
      case "SOFTMAX": return scores.softmax(dim: 1)
      case "SOFTMAX_ZERO":
        let isZero = scores .== 0
        let powers = torch.where(isZero, Tensor.zeros(like: scores), (scores - scores.amax(dim: [1], keepdim: true)).exp())
        return powers / powers.sum(dim: [1], keepdim: true)
      case let name: throw TorchError(.notImplemented, "post_transform '\(name)'")
      }
    }

    private static func linear(_ call: Call, _ count: Int) throws -> Tensor {
      let x = try call[0].float()
      let rows = x.ndim == 1 ? x.unsqueeze(0) : x
      let weights = Tensor(call.floats("coefficients"), dtype: .float32)
      try call.check(count > 0 && rows.ndim == 2 && weights.numel == count * rows.shape[1], "coefficients do not fit \(x.shape)")
      let scores = rows.matmul(weights.reshape([count, rows.shape[1]]).t())
      let offsets = call.floats("intercepts")
      return offsets.isEmpty ? scores : scores + Tensor(offsets, dtype: .float32)
    }

    /// The class of each row: the place in the list of labels as the label that stands there.
    private static func labelled(_ call: Call, _ places: Tensor) throws -> Value {
      let texts = call.strings("classlabels_strings")
      if !texts.isEmpty {
        let names = try places.toArray(Int.self).map { texts.indices.contains($0) ? texts[$0] : "" }
        return .strings(StringTensor(names, shape: [names.count]))
      }
      let numbers = call.ints(call.has("classlabels_ints") ? "classlabels_ints" : "classlabels_int64s")
      return Value(numbers.isEmpty ? places : Tensor(numbers, dtype: .int64).indexSelect(0, places))
    }

    private static func labelCount(_ call: Call) -> Int {
      max(call.strings("classlabels_strings").count, call.ints("classlabels_ints").count, call.ints("classlabels_int64s").count)
    }

    private static func classify(_ call: Call) throws -> [Value] {
      let columns = max(call.floats("intercepts").count, 1)
      let scores = try linear(call, columns)
      if columns == 1, labelCount(call) == 2 { return try binary(call, scores, isShare: false) }
      return [try labelled(call, scores.argmax(dim: 1)), Value(try transformed(call, scores))]
    }

    /// Two classes of one score: that of the second; `isShare` says that it is a probability.
    private static func binary(_ call: Call, _ score: Tensor, isShare: Bool) throws -> [Value] {
      let places = (score.squeeze(1) > (isShare ? 0.5 : 0)).long()
      let both = isShare ? torch.cat([1 - score, score], dim: 1) : torch.cat([score.neg(), score], dim: 1)
      return [try labelled(call, places), Value(isShare ? both : try transformed(call, both))]
    }

    private static func normalize(_ call: Call) throws -> Tensor {
      let x = try call[0].float()
      let size =
        switch call.string("norm", "MAX") {
        case "L1": x.abs().sum(dim: [-1], keepdim: true)
        case "L2": (x * x).sum(dim: [-1], keepdim: true).sqrt()
        default: x.abs().amax(dim: [-1], keepdim: true)
        }
      return torch.where(size .== 0, x, x / size)
    }

    // MARK: Trees of versions before 5

    /// Trees whose nodes and leaves are listed with the numbers of their tree and node.
    private struct NumberedTrees {
      private struct Node: Hashable {
        let tree, node: Int
      }
      private let places: [Node: Int]
      private let roots: [Int]
      private let features: [Int], values: [Double], modes: [String], yes: [Int], no: [Int], missing: [Int], trees: [Int]
      private let weights: [Node: [(target: Int, weight: Double)]]
      private let numbers: [Int]

      /// - Parameter kind: `class` or `target`, with which the attributes of leaves begin.
      init(_ call: Call, _ kind: String) throws {
        trees = call.ints("nodes_treeids")
        numbers = call.ints("nodes_nodeids")
        features = call.ints("nodes_featureids")
        values = call.floats("nodes_values")
        modes = call.strings("nodes_modes")
        (yes, no) = (call.ints("nodes_truenodeids"), call.ints("nodes_falsenodeids"))
        let n = trees.count
        missing = call.ints("nodes_missing_value_tracks_true", Array(repeating: 0, count: n))
        try call.check(
          [numbers.count, features.count, values.count, modes.count, yes.count, no.count, missing.count].allSatisfy { $0 == n },
          "the nodes' attributes have different lengths")
        var places: [Node: Int] = [:], roots: [Int] = [], seen: Set<Int> = []
        for i in 0..<n {
          places[Node(tree: trees[i], node: numbers[i])] = i
          if seen.insert(trees[i]).inserted { roots.append(i) }
        }
        (self.places, self.roots) = (places, roots)
        let (leafTrees, leafNodes) = (call.ints(kind + "_treeids"), call.ints(kind + "_nodeids"))
        let (ids, sizes) = (call.ints(kind + "_ids"), call.floats(kind + "_weights"))
        try call.check(
          [leafNodes.count, ids.count, sizes.count].allSatisfy { $0 == leafTrees.count }, "the leaves' attributes have different lengths")
        var weights: [Node: [(target: Int, weight: Double)]] = [:]
        for i in leafTrees.indices {
          weights[Node(tree: leafTrees[i], node: leafNodes[i]), default: []].append((ids[i], sizes[i]))
        }
        self.weights = weights
      }

      private func takesTrue(_ i: Int, _ v: Double) -> Bool {
        if v.isNaN, missing[i] != 0 { return true }
        switch modes[i] {
        case "BRANCH_LT": return v < values[i]
        case "BRANCH_GTE": return v >= values[i]
        case "BRANCH_GT": return v > values[i]
        case "BRANCH_EQ": return v == values[i]
        case "BRANCH_NEQ": return v != values[i]
        default: return v <= values[i]
        }
      }

      /// What the leaves that `row` ends in weigh for each target, one list a tree.
      func leaves(_ row: ArraySlice<Double>) throws -> [[(target: Int, weight: Double)]] {
        try roots.map { root in
          var i = root
          for _ in 0...trees.count {
            if modes[i] == "LEAF" { return weights[Node(tree: trees[i], node: numbers[i])] ?? [] }
            guard features[i] >= 0, features[i] < row.count else {
              throw TorchError(.index, "feature \(features[i]) is out of range for \(row.count)")
            }
            let next = takesTrue(i, row[row.startIndex + features[i]]) ? yes[i] : no[i]
            guard let place = places[Node(tree: trees[i], node: next)] else {
              throw TorchError(.index, "node \(next) of tree \(trees[i]) is not there")
            }
            i = place
          }
          throw TorchError(.value, "a tree has a circle")
        }
      }

      /// Whether all leaves speak for one target, and whether none of them speaks against it.
      var isOneTarget: Bool { Set(weights.values.flatMap { $0.map { $0.target } }).count == 1 }
      var isPositive: Bool { weights.values.allSatisfy { $0.allSatisfy { $0.weight >= 0 } } }
    }

    /// Sums of the leaves' weights, (rows, targets), in float32 as the files hold them.
    private static func summed(_ call: Call, _ trees: NumberedTrees, targets: Int, isOne: Bool) throws -> Tensor {
      let x = try call[0]
      try call.check(x.ndim == 2 && targets > 0 && targets < 1 << 20, "the input must be a matrix")
      let values = try x.toArray(Double.self)
      let combine = call.string("aggregate_function", "SUM")
      let base = call.floats("base_values")
      var sums: [Double] = []
      for row in 0..<x.shape[0] {
        var total: [Double?] = Array(repeating: nil, count: targets)
        let leaves = try trees.leaves(values[row * x.shape[1]..<(row + 1) * x.shape[1]])
        for (target, weight) in leaves.joined() {
          let place = isOne ? 0 : target
          try call.check(total.indices.contains(place), "target \(target) is out of range")
          guard let old = total[place] else {
            total[place] = weight
            continue
          }
          total[place] = combine == "MIN" ? min(old, weight) : combine == "MAX" ? max(old, weight) : old + weight
        }
        for (i, sum) in total.enumerated() {
          let mean = combine == "AVERAGE" ? (sum ?? 0) / Double(max(leaves.count, 1)) : sum ?? 0
          sums.append(mean + (i < base.count ? base[base.count == 2 && isOne ? 1 : i] : 0))
        }
      }
      return try Tensor.from(sums, shape: [x.shape[0], targets]).float()
    }

    private static func classifyByTrees(_ call: Call) throws -> [Value] {
      let trees = try NumberedTrees(call, "class")
      let isBinary = labelCount(call) == 2 && trees.isOneTarget
      let scores = try summed(call, trees, targets: isBinary ? 1 : labelCount(call), isOne: isBinary)
      if isBinary {
        return try binary(call, scores, isShare: trees.isPositive && call.string("post_transform", "NONE") == "NONE")
      }
      return [try labelled(call, scores.argmax(dim: 1)), Value(try transformed(call, scores))]
    }

    /// A map of each row's values, as the list of them in the order of the keys.
    private static func zipMap(_ call: Call) throws -> [Value] {
      let x = try call[0]
      try call.check(x.ndim == 2, "the input must be a matrix")
      return [.sequence(x.unbind(0).map { row in .sequence(row.unbind(0).map { Value($0) }) })]
    }

    private static let domain = "ai.onnx.ml"

    static let operators: [OperatorDeclaration] = [
      .values("LabelEncoder", domain: domain, since: 2, encodeLabels),
      .tensor("TreeEnsemble", domain: domain, since: 5, ensemble),
      .values("LinearClassifier", domain: domain, classify),
      .tensor("LinearRegressor", domain: domain, type: nil) { call in
        try transformed(call, linear(call, max(call.int("targets", 1), 1)))
      },
      .tensor("Normalizer", domain: domain, type: nil, normalize),
      .values("TreeEnsembleClassifier", domain: domain, classifyByTrees),
      .tensor("TreeEnsembleRegressor", domain: domain, type: nil) { call in
        try transformed(call, summed(call, NumberedTrees(call, "target"), targets: call.int("n_targets", 1), isOne: false))
      },
      .values("ZipMap", domain: domain, zipMap),
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
