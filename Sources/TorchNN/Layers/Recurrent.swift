// Recurrent networks over sequences: RNN, LSTM, GRU.
// Reference: https://pytorch.org/docs/stable/nn.html#recurrent-layers

extension nn {
  /// What recurrent networks share: their weights, and the checks of their inputs.
  ///
  /// For layer l: `weight_ih_l` (gates · hidden, input), `weight_hh_l` (gates · hidden, hidden), `bias_ih_l`, `bias_hh_l`,
  /// with projections `weight_hr_l` (proj, hidden); the second direction's end in `_reverse`. All are uniform in
  /// ±1/√hidden.
  open class RNNBase: Module {
    public let inputSize: Int
    public let hiddenSize: Int
    public let numLayers: Int
    public let bias: Bool
    public let batchFirst: Bool
    public let dropout: Double
    public let bidirectional: Bool
    public let projSize: Int
    let mode: RecurrentMode
    private let names: [String]
    private let slots: [Parameter<Tensor>]

    init(
      _ mode: RecurrentMode, _ inputSize: Int, _ hiddenSize: Int, numLayers: Int, bias: Bool, batchFirst: Bool,
      dropout: Double, bidirectional: Bool, projSize: Int, dtype: DType?
    ) {
      self.mode = mode
      self.inputSize = inputSize
      self.hiddenSize = hiddenSize
      self.numLayers = numLayers
      self.bias = bias
      self.batchFirst = batchFirst
      self.dropout = dropout
      self.bidirectional = bidirectional
      self.projSize = projSize
      let shapes = RNNBase.shapes(mode, inputSize, hiddenSize, numLayers, bias, bidirectional, projSize)
      names = shapes.map(\.name)
      slots = shapes.map { Parameter(wrappedValue: Tensor.empty(Shape($0.sizes), dtype: dtype)) }
      super.init()
      let problem: String? =
        !(0...1).contains(dropout)
        ? "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        : inputSize <= 0 ? "input_size must be greater than zero"
        : hiddenSize <= 0 ? "hidden_size must be greater than zero"
        : numLayers <= 0 ? "num_layers must be greater than zero"
        : projSize < 0 ? "proj_size should be a positive integer or zero to disable projections"
        : projSize >= hiddenSize ? "proj_size has to be smaller than hidden_size" : nil
      if let problem { ErrorScope.report(TorchError(.value, problem)) } else { resetParameters() }
    }

    private static func shapes(
      _ mode: RecurrentMode, _ inputSize: Int, _ hiddenSize: Int, _ layers: Int, _ bias: Bool, _ bidirectional: Bool,
      _ projection: Int
    ) -> [(name: String, sizes: [Int])] {
      let rows = Swift.max(mode.gateCount * hiddenSize, 0)
      let (out, directions) = (projection > 0 ? projection : hiddenSize, bidirectional ? 2 : 1)
      return (0..<Swift.max(layers, 0)).flatMap { layer in
        (0..<directions).flatMap { direction -> [(name: String, sizes: [Int])] in
          let suffix = "_l\(layer)" + (direction == 1 ? "_reverse" : "")
          let width = Swift.max(layer == 0 ? inputSize : out * directions, 0)
          var list = [("weight_ih" + suffix, [rows, width]), ("weight_hh" + suffix, [rows, Swift.max(out, 0)])]
          if bias { list += [("bias_ih" + suffix, [rows]), ("bias_hh" + suffix, [rows])] }
          if projection > 0 { list.append(("weight_hr" + suffix, [projection, hiddenSize])) }
          return list
        }
      }
    }

    public override func listedMembers() -> Members? {
      Members(parameters: zip(names, slots).map { ($0, $1) })
    }

    /// The keys of all weights in order.
    package final var weightNames: [String] { names }

    /// The operator that runs it, without overload: `rnn_tanh`.
    package final var operatorName: String {
      switch mode {
      case .tanh: "rnn_tanh"
      case .relu: "rnn_relu"
      case .gru: "gru"
      case .lstm: "lstm"
      }
    }

    /// All weights in order.
    public var flatWeights: [Tensor] { slots.map(\.wrappedValue) }

    /// The weight of this name: `lstm["weight_ih_l0"]`.
    public subscript(name: String) -> Tensor? {
      get { names.firstIndex(of: name).map { slots[$0].wrappedValue } }
      set { if let i = names.firstIndex(of: name), let newValue { slots[i].wrappedValue = newValue } }
    }

    public func resetParameters() {
      let bound = hiddenSize > 0 ? 1 / Double(hiddenSize).squareRoot() : 0
      for weight in flatWeights { initializers.uniform_(weight, -bound, bound) }
    }

    public override var extraRepr: String {
      var parts = ["\(inputSize)", "\(hiddenSize)"]
      if projSize != 0 { parts.append("proj_size=\(projSize)") }
      if numLayers != 1 { parts.append("num_layers=\(numLayers)") }
      if !bias { parts.append("bias=False") }
      if batchFirst { parts.append("batch_first=True") }
      if dropout != 0 { parts.append("dropout=\(Scalar(dropout))") }
      if bidirectional { parts.append("bidirectional=True") }
      return parts.joined(separator: ", ")
    }

    // MARK: Running

    /// The last layer's outputs, then the last states. Without `state` the states begin with zeros.
    final func run(_ x: Tensor, _ batchSizes: Tensor?, _ state: [Tensor]?, packedOrder: (Tensor?, Tensor?) = (nil, nil)) throws
      -> [Tensor]
    {
      guard batchSizes != nil || x.ndim == 2 || x.ndim == 3 else {
        throw TorchError(
          .value, "\(typeName): Expected input to be 2D or 3D, got \(x.ndim)D \(mode == .lstm ? "" : "tensor ")instead")
      }
      let single = batchSizes == nil && x.ndim == 2
      if let state, batchSizes == nil { try checkRanks(state, single) }
      let input = single ? x.unsqueeze(batchFirst ? 0 : 1) : x
      let first = try check(input, batchSizes)
      var start = state ?? zeros(first, x.dtype)
      if single, state != nil { start = start.map { $0.unsqueeze(1) } }
      if let order = packedOrder.0, state != nil { start = start.map { $0.indexSelect(1, order) } }
      try checkSizes(start, first)
      var results = mode.run(
        input, batchSizes: batchSizes, start, flatWeights, hasBiases: bias, layers: numLayers, dropout: dropout,
        train: training, bidirectional: bidirectional, batchFirst: batchFirst)
      if single {
        results = results.enumerated().map { i, y in y.squeeze(i == 0 && batchFirst ? 0 : 1) }
      }
      if let order = packedOrder.1 {
        for i in results.indices.dropFirst() { results[i] = results[i].indexSelect(1, order) }
      }
      return results
    }

    private var outputSize: Int { projSize > 0 ? projSize : hiddenSize }

    private func stateSizes(_ batch: Int) -> [[Int]] {
      let lead = [numLayers * (bidirectional ? 2 : 1), batch]
      return mode == .lstm ? [lead + [outputSize], lead + [hiddenSize]] : [lead + [hiddenSize]]
    }

    private func zeros(_ batch: Int, _ dtype: DType) -> [Tensor] {
      stateSizes(batch).map { Tensor.zeros(Shape($0), dtype: dtype) }
    }

    /// Checks the input and says how many sequences it has.
    private func check(_ x: Tensor, _ batchSizes: Tensor?) throws -> Int {
      if let weight = slots.first?.wrappedValue, weight.dtype != x.dtype {
        throw TorchError(
          .dtype,
          "RNN input dtype (\(x.dtype)) does not match weight dtype (\(weight.dtype)). Convert input: input.to(\(weight.dtype)), or convert model: model.to(\(x.dtype))")
      }
      let rank = batchSizes == nil ? 3 : 2
      guard x.ndim == rank else {
        throw TorchError(.shape, "input must have \(rank) dimensions, got \(x.ndim)")
      }
      guard x.shape[-1] == inputSize else {
        throw TorchError(
          .shape, "input.size(-1) must be equal to input_size. Expected \(inputSize), got \(x.shape[-1])")
      }
      if let batchSizes { return try batchSizes.select(0, 0).item(Int.self) }
      return x.shape[batchFirst ? 0 : 1]
    }

    private func checkSizes(_ state: [Tensor], _ batch: Int) throws {
      for (i, (h, sizes)) in zip(state, stateSizes(batch)).enumerated() where Array(h.shape) != sizes {
        let what = mode == .lstm ? "hidden[\(i)]" : "hidden"
        let expected = "(" + sizes.map(String.init).joined(separator: ", ") + ")"
        throw TorchError(.shape, "Expected \(what) size \(expected), got \(h.shape.listDescription)")
      }
    }

    private func checkRanks(_ state: [Tensor], _ single: Bool) throws {
      let rank = single ? 2 : 3
      guard state.contains(where: { $0.ndim != rank }) else { return }
      let kind = single ? "unbatched 2-D" : "batched 3-D"
      if mode == .lstm {
        throw TorchError(
          .shape,
          "For \(kind) input, hx and cx should also be \(rank)-D but got (\(state[0].ndim)-D, \(state[1].ndim)-D) tensors")
      }
      throw TorchError(
        .shape, "For \(kind) input, hx should also be \(rank)-D but got \(state[0].ndim)-D tensor")
    }

    /// Runs `body`; an error makes all of `count` results invalid.
    final func guarded(_ count: Int, _ body: () throws -> [Tensor]) -> [Tensor] {
      do { return try body() } catch {
        let invalid = Tensor.invalid(error as? TorchError ?? TorchError(.state, "\(error)"))
        return Array(repeating: invalid, count: count)
      }
    }
  }

  /// What the networks with one state share.
  open class SingleStateRNN: RNNBase {
    /// The outputs of the last layer for all steps, and the last state of every layer and direction.
    ///
    /// x is (T, N, input), (N, T, input) with `batchFirst`, or (T, input); h0, zeros unless given, is
    /// (layers · directions, N, hidden). The output is (T, N, directions · hidden).
    public final func callAsFunction(_ x: Tensor, _ h0: Tensor? = nil) -> (output: Tensor, hidden: Tensor) {
      hooked(x, h0) { x, h0 in
        let results = guarded(2) { try run(x, nil, h0.map { [$0] }) }
        return (output: results[0], hidden: results[1])
      }
    }

    public final func callAsFunction(
      _ x: utils.rnn.PackedSequence, _ h0: Tensor? = nil
    ) -> (output: utils.rnn.PackedSequence, hidden: Tensor) {
      hooked(x, h0) { x, h0 in
        let results = guarded(2) {
          try run(x.data, x.batchSizes, h0.map { [$0] }, packedOrder: (x.sortedIndices, x.unsortedIndices))
        }
        return (output: x.with(data: results[0]), hidden: results[1])
      }
    }
  }

  /// `h′ = tanh(W_ih x + b_ih + W_hh h + b_hh)`, layer over layer, step after step.
  ///
  /// ```swift
  /// let rnn = nn.RNN(10, 20, numLayers: 2)
  /// let (output, h) = rnn(torch.randn(5, 3, 10))
  /// print(output.shape, h.shape)   // torch.Size([5, 3, 20]) torch.Size([2, 3, 20])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
  public final class RNN: SingleStateRNN {
    /// What is applied to the sum.
    public enum Nonlinearity: Sendable { case tanh, relu }

    public init(
      _ inputSize: Int, _ hiddenSize: Int, numLayers: Int = 1, nonlinearity: Nonlinearity = .tanh, bias: Bool = true,
      batchFirst: Bool = false, dropout: Double = 0, bidirectional: Bool = false, dtype: DType? = nil
    ) {
      super.init(
        nonlinearity == .tanh ? .tanh : .relu, inputSize, hiddenSize, numLayers: numLayers, bias: bias,
        batchFirst: batchFirst, dropout: dropout, bidirectional: bidirectional, projSize: 0, dtype: dtype)
    }
  }

  /// A network whose gates decide how much of its state to keep: `h′ = (h - n) · z + n`, n from the input and the reset
  /// state.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
  public final class GRU: SingleStateRNN {
    public init(
      _ inputSize: Int, _ hiddenSize: Int, numLayers: Int = 1, bias: Bool = true, batchFirst: Bool = false,
      dropout: Double = 0, bidirectional: Bool = false, dtype: DType? = nil
    ) {
      super.init(
        .gru, inputSize, hiddenSize, numLayers: numLayers, bias: bias, batchFirst: batchFirst, dropout: dropout,
        bidirectional: bidirectional, projSize: 0, dtype: dtype)
    }
  }

  /// Long short-term memory: `c′ = f · c + i · g`, `h′ = o · tanh(c′)`, with `projSize` times `W_hr`.
  ///
  /// ```swift
  /// let lstm = nn.LSTM(10, 20, bidirectional: true)
  /// let (output, (h, c)) = lstm(torch.randn(5, 3, 10))
  /// print(output.shape)   // torch.Size([5, 3, 40])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
  public final class LSTM: RNNBase {
    public init(
      _ inputSize: Int, _ hiddenSize: Int, numLayers: Int = 1, bias: Bool = true, batchFirst: Bool = false,
      dropout: Double = 0, bidirectional: Bool = false, projSize: Int = 0, dtype: DType? = nil
    ) {
      super.init(
        .lstm, inputSize, hiddenSize, numLayers: numLayers, bias: bias, batchFirst: batchFirst, dropout: dropout,
        bidirectional: bidirectional, projSize: projSize, dtype: dtype)
    }

    /// The outputs of the last layer for all steps, and the last hidden and cell states.
    public func callAsFunction(
      _ x: Tensor, _ state: (Tensor, Tensor)? = nil
    ) -> (output: Tensor, state: (h: Tensor, c: Tensor)) {
      hooked(x, state) { x, state in
        let results = guarded(3) { try run(x, nil, state.map { [$0.0, $0.1] }) }
        return (output: results[0], state: (h: results[1], c: results[2]))
      }
    }

    public func callAsFunction(
      _ x: utils.rnn.PackedSequence, _ state: (Tensor, Tensor)? = nil
    ) -> (output: utils.rnn.PackedSequence, state: (h: Tensor, c: Tensor)) {
      hooked(x, state) { x, state in
        let results = guarded(3) {
          try run(
            x.data, x.batchSizes, state.map { [$0.0, $0.1] }, packedOrder: (x.sortedIndices, x.unsortedIndices))
        }
        return (output: x.with(data: results[0]), state: (h: results[1], c: results[2]))
      }
    }
  }
}

extension RecurrentMode {
  /// How many blocks of rows the weights have.
  var gateCount: Int {
    switch self {
    case .tanh, .relu: 1
    case .gru: 3
    case .lstm: 4
    }
  }
}
