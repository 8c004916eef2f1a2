// Arguments that a TorchScript module runs on, where nobody gave any: for `convert MODEL.pt MODEL.onnx`.
//
// A program says little about the sizes of its arguments, its weights say more. The graph is followed from each argument to
// the first weights that meet it (a convolution's channels, a linear layer's features, an embedding's rows), which give a
// list of likely tensors; the module is run on them until one works. Then each axis is tried with other sizes: those
// that the module runs with are left free.

import Torch
import TorchONNX

struct ExampleSearch {
  /// An example, and the axes that may have other sizes.
  struct Found {
    let names: [String]
    let arguments: [JIT.IValue]
    var dynamic: [String: [Int: String]] = [:]

    /// The tensors by name.
    var tensors: [(name: String, tensor: Tensor)] {
      zip(names, arguments).compactMap { name, value in value.tensor.map { (name, $0) } }
    }

    var description: String {
      tensors.map { name, tensor in
        let sizes = tensor.shape.enumerated().map { dynamic[name]?[$0.offset] ?? String($0.element) }
        return "\(name): \(tensor.dtype.name)[\(sizes.joined(separator: ", "))]"
      }.joined(separator: ", ")
    }
  }

  /// The most runs that are tried.
  private static let limit = 300

  private let path: String
  private let parameters: [JIT.Signature.Parameter]
  private let graph: JIT.Graph

  init(_ path: String) throws {
    self.path = path
    let module = try JIT.load(path, device: .cpu).eval()
    parameters = Array(try module.method("forward").function.signature.parameters.dropFirst())
    graph = try JIT.freeze(module).method("forward").function.graph.copy()
    graph.inline()
    graph.propagateConstants()
  }

  func run() throws -> Found {
    let choices = try parameters.enumerated().map { index, parameter in
      try values(of: parameter, graph.inputs[index + 1])
    }
    var found: Found?
    var last: Error?
    for picks in ExampleSearch.combinations(choices.map(\.count)) {
      let arguments = zip(choices, picks).map { $0[$1] }
      do {
        try attempt(arguments)
        found = Found(names: parameters.map(\.name), arguments: arguments)
        break
      } catch { last = error }
    }
    guard var found else {
      throw TorchError(
        .value,
        "no example of the model's arguments was found (\(last.map { "\($0)" } ?? "none was tried")): name a file of them with "
          + "--example")
    }
    try openAxes(&found)
    return found
  }

  /// Runs a fresh module, because a run may change what the module holds.
  private func attempt(_ arguments: [JIT.IValue]) throws {
    let method = try JIT.load(path, device: .cpu).eval().method("forward")
    _ = try torch.noGrad { try withErrors { try method(arguments) } }
  }

  // MARK: Likely arguments

  private func values(of parameter: JIT.Signature.Parameter, _ input: JIT.GraphValue) throws -> [JIT.IValue] {
    if let standard = parameter.defaultValue { return [standard] }
    switch parameter.type {
    case .tensor: return tensors(for: input).map { .tensor($0) }
    case .optional: return [.none]
    case .int: return [.int(1)]
    case .float: return [.double(1)]
    case .bool: return [.bool(false)]
    case .list(.tensor):
      return [[3, 320, 320], [1, 3, 224, 224], [1, 16]].map {
        .list(JIT.ListObject(.tensor, [.tensor(ExampleSearch.floats($0))]))
      }
    default:
      throw TorchError(
        .value,
        "the argument '\(parameter.name)' is of type \(parameter.type), for which there is no likely example: name a file of "
          + "arguments with --example")
    }
  }

  private static func floats(_ shape: [Int]) -> Tensor { torch.rand(Shape(shape)) }
  private static func integers(_ shape: [Int], below limit: Int) -> Tensor { torch.randint(0, max(limit, 1), Shape(shape)) }

  /// From the likeliest on.
  private func tensors(for input: JIT.GraphValue) -> [Tensor] {
    var shapes: [[Int]] = []
    var hints: [Tensor] = []
    for meeting in WeightMeeting.first(of: input) {
      switch meeting {
      case .channels(let channels, let spatial):
        let sizes = spatial == 1 ? [1024, 16000, 128, 100, 64] : spatial == 2 ? [224, 32, 28, 64, 128, 256, 299, 512, 96] : [16, 32, 64]
        hints += sizes.map { size in
          ExampleSearch.floats([1, channels] + Array(repeating: size, count: spatial))
        }
        if spatial == 3 { hints.append(ExampleSearch.floats([1, channels, 8, 112, 112])) }
      case .features(let count):
        shapes += [[1, count], [1, 16, count], [1, 4, 4, count]]
        for channels in [1, 3] where count % channels == 0 {
          let side = Int(Double(count / channels).squareRoot().rounded())
          if side * side * channels == count { shapes.append([1, channels, side, side]) }
        }
        shapes.append([count])
      case .rows(let count): hints += [[1, 16], [16, 1], [16], [1]].map { ExampleSearch.integers($0, below: count) }
      }
    }
    hints += shapes.map(ExampleSearch.floats)
    let common = [[1, 3, 224, 224], [1, 1, 28, 28], [1, 3, 32, 32], [1, 16], [1, 10], [1, 16, 64], [1, 16000], [1, 3, 16, 112, 112], [4], []]
    return hints + common.map(ExampleSearch.floats) + [[1, 16], [16], []].map { ExampleSearch.integers($0, below: 2) }
  }

  /// Ways to pick one of each, those with small numbers first.
  private static func combinations(_ counts: [Int]) -> [[Int]] {
    guard counts.allSatisfy({ $0 > 0 }) else { return [] }
    var all: [[Int]] = []
    // All at the same place first: arguments of one kind have one shape.
    for place in 0..<(counts.max() ?? 1) { all.append(counts.map { min(place, $0 - 1) }) }
    var picks = Array(repeating: 0, count: counts.count)
    while all.count < limit {
      all.append(picks)
      var digit = counts.count - 1
      while digit >= 0 {
        picks[digit] += 1
        if picks[digit] < counts[digit] { break }
        picks[digit] = 0
        digit -= 1
      }
      if digit < 0 { break }
    }
    var seen: Set<[Int]> = []
    return all.filter { seen.insert($0).inserted }
  }

  // MARK: Axes

  /// Leaves free the axes that the module runs with in other sizes: the first axis of all tensors together, then each.
  private func openAxes(_ found: inout Found) throws {
    let tensors = found.tensors
    let batched = tensors.filter { $0.tensor.ndim > 0 }.map(\.name)
    let axis = Set(batched.map { name in found.tensors.first { $0.name == name }!.tensor.shape[0] })
    if !batched.isEmpty, axis.count == 1, runs(found, batched.map { ($0, 0) }) {
      for name in batched { found.dynamic[name, default: [:]][0] = "batch" }
    }
    for (name, tensor) in tensors {
      for dim in tensor.shape.indices where found.dynamic[name]?[dim] == nil && runs(found, [(name, dim)]) {
        found.dynamic[name, default: [:]][dim] = "\(name)_\(dim)"
      }
    }
  }

  /// Whether it runs with both twice the size of an axis and a larger odd one.
  private func runs(_ found: Found, _ axes: [(name: String, dim: Int)]) -> Bool {
    [{ $0 * 2 }, { $0 + 33 }].allSatisfy { (change: (Int) -> Int) in
      let arguments = zip(found.names, found.arguments).map { name, value -> JIT.IValue in
        guard var tensor = value.tensor else { return value }
        for axis in axes where axis.name == name {
          let (old, new) = (tensor.shape[axis.dim], change(tensor.shape[axis.dim]))
          guard old > 0 else { continue }
          tensor = tensor.indexSelect(axis.dim, Tensor((0..<new).map { $0 % old }, dtype: .int64))
        }
        return .tensor(tensor)
      }
      return (try? attempt(arguments)) != nil
    }
  }
}

/// What the first weights that meet a value say of its sizes.
enum WeightMeeting {
  /// A convolution's input channels, and its spatial dimensions.
  case channels(Int, spatial: Int)
  /// The size of the last dimension.
  case features(Int)
  /// A table's rows: the value holds indices.
  case rows(Int)

  static func first(of value: JIT.GraphValue) -> [WeightMeeting] {
    var open = [value]
    var seen: Set<JIT.GraphValue> = [value]
    var found: [WeightMeeting] = []
    // The nearest first.
    while !open.isEmpty, seen.count < 200, found.count < 3 {
      let value = open.removeFirst()
      for use in value.uses {
        guard case .node(let node) = use.user else { continue }
        if let meeting = meeting(node, use.index) {
          found.append(meeting)
        } else {
          for output in node.outputs where seen.insert(output).inserted { open.append(output) }
        }
      }
    }
    return found
  }

  private static func meeting(_ node: JIT.Node, _ index: Int) -> WeightMeeting? {
    func tensor(_ i: Int) -> Tensor? { i < node.inputs.count ? node.inputs[i].constant?.tensor : nil }
    func int(_ i: Int) -> Int? { i < node.inputs.count ? node.inputs[i].constant?.int : nil }
    func bool(_ i: Int) -> Bool? { i < node.inputs.count ? node.inputs[i].constant?.bool : nil }
    switch node.kind {
    case "aten::conv1d", "aten::conv2d", "aten::conv3d":
      guard index == 0, let weight = tensor(1) else { return nil }
      return .channels(weight.shape[1] * (int(6) ?? 1), spatial: weight.ndim - 2)
    case "aten::_convolution", "aten::convolution":
      guard index == 0, let weight = tensor(1), weight.ndim > 2 else { return nil }
      return .channels(bool(6) == true ? weight.shape[0] : weight.shape[1] * (int(8) ?? 1), spatial: weight.ndim - 2)
    case "aten::conv_transpose1d", "aten::conv_transpose2d", "aten::conv_transpose3d":
      guard index == 0, let weight = tensor(1) else { return nil }
      return .channels(weight.shape[0], spatial: weight.ndim - 2)
    case "aten::linear":
      guard index == 0, let weight = tensor(1) else { return nil }
      return weight.shape.last.map { .features($0) }
    case "aten::matmul", "aten::mm":
      guard index == 0, let weight = tensor(1) else { return nil }
      return weight.shape.first.map { .features($0) }
    case "aten::addmm":
      guard index == 1, let weight = tensor(2) else { return nil }
      return weight.shape.first.map { .features($0) }
    case "aten::embedding":
      guard index == 1, let weight = tensor(0) else { return nil }
      return weight.shape.first.map { .rows($0) }
    case "aten::layer_norm":
      guard index == 0, let weight = tensor(2) else { return nil }
      return weight.shape.last.map { .features($0) }
    case "aten::lstm", "aten::gru", "aten::rnn_tanh", "aten::rnn_relu":
      guard index == 0, node.inputs.count > 2 else { return nil }
      let weights = node.inputs[2]
      let first = weights.constant?.elements?.first?.tensor ?? weights.definition?.inputs.first?.constant?.tensor
      return first?.shape.last.map { .features($0) }
    default: return nil
    }
  }
}
