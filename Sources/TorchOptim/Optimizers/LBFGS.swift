// The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno.
//
// It has one state for all parameters, kept with the first as PyTorch keeps it; numbers that PyTorch holds in
// zero-dimensional tensors are Swift doubles here. PyTorch's scratch list `al` is not written: PyTorch makes one where
// there is none.
// Reference: Nocedal and Wright, Numerical Optimization, chapter 7; https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html

extension optim {
  public struct LBFGSOptions: OptimizerOptions {
    public var lr: Double = 1
    public var maxIter: Int = 20
    public var maxEval: Int = 25
    public var toleranceGrad: Double = 1e-7
    public var toleranceChange: Double = 1e-9
    public var historySize: Int = 100
    public var lineSearch: LineSearch?
    public var maximize: Bool = false

    public static var fields: [StateField<Self>] {
      [
        // The default rate is an integer in PyTorch, and is kept and printed so.
        StateField(
          name: "lr", get: { $0.lr == 1 ? .int(1) : .double($0.lr) }, set: { $0.lr = try $1.asDouble() }),
        .int("max_iter", \.maxIter),
        .int("max_eval", \.maxEval),
        .double("tolerance_grad", \.toleranceGrad),
        .double("tolerance_change", \.toleranceChange),
        .int("history_size", \.historySize),
        StateField(
          name: "line_search_fn", get: { $0.lineSearch.map { .string($0.rawValue) } ?? StateValue.none },
          set: { options, value in
            guard !value.isNone else { return options.lineSearch = nil }
            guard let search = LineSearch(rawValue: try value.asString()) else {
              throw TorchError(.value, "only 'strong_wolfe' is supported")
            }
            options.lineSearch = search
          }),
        .bool("maximize", \.maximize),
      ]
    }

    public func check() throws { try require(lr >= 0, "learning rate", lr) }
  }

  /// How `LBFGS` finds the length of a step.
  public enum LineSearch: String, Sendable { case strongWolfe = "strong_wolfe" }

  public struct LBFGSState: ParameterState {
    public var funcEvals: Int = 0
    public var nIter: Int = 0
    /// The last direction and the length of the step along it.
    var direction: Tensor?
    var length: Double = 0
    /// Changes of the gradient, the steps that made them, and 1 / (change · step), oldest first.
    var changes: [Tensor] = []
    var steps: [Tensor] = []
    var rho: [Double] = []
    var scale: Double = 1
    var previousGradient: Tensor?
    var previousLoss: Double = 0
    public init() {}

    public static var fields: [StateField<Self>] {
      /// What is there only after the first iteration.
      func later(
        _ name: String, _ get: @escaping (Self) -> StateValue, _ set: @escaping (inout Self, StateValue) throws -> Void
      ) -> StateField<Self> {
        StateField(name: name, get: { $0.direction == nil ? nil : get($0) }, set: set)
      }
      func number(_ x: Double, _ state: Self) -> StateValue {
        .tensor(Tensor.full([], Scalar(x), dtype: state.direction!.dtype))
      }
      return [
        .int("func_evals", \.funcEvals), .int("n_iter", \.nIter), .tensor("d", \.direction),
        later("t", { .double($0.length) }) { $0.length = try $1.asDouble() },
        later("old_dirs", { .list($0.changes.map { .tensor($0) }) }) {
          $0.changes = try $1.asList().map { try $0.asTensor().clone() }
        },
        later("old_stps", { .list($0.steps.map { .tensor($0) }) }) {
          $0.steps = try $1.asList().map { try $0.asTensor().clone() }
        },
        later("ro", { state in .list(state.rho.map { number($0, state) }) }) {
          $0.rho = try $1.asList().map { try $0.asDouble() }
        },
        later("H_diag", { number($0.scale, $0) }) { $0.scale = try $1.asDouble() },
        .tensor("prev_flat_grad", \.previousGradient),
        later("prev_loss", { .double($0.previousLoss) }) { $0.previousLoss = try $1.asDouble() },
      ]
    }
  }

  /// Steps along an approximate Newton direction, made of the last gradients; for smooth problems on full batches.
  ///
  /// It evaluates the loss several times a step, so it takes a closure that computes it again:
  ///
  /// ```swift
  /// let optimizer = optim.LBFGS(model.parameters(), lineSearch: .strongWolfe)
  /// optimizer.step {
  ///   optimizer.zeroGrad()
  ///   let loss = nn.functional.mseLoss(model(x), y)
  ///   loss.backward()
  ///   return loss
  /// }
  /// ```
  /// There is one group of parameters.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
  public final class LBFGS: GroupedOptimizer<LBFGSOptions, LBFGSState> {
    public init(
      _ parameters: [Tensor], lr: Double = 1, maxIter: Int = 20, maxEval: Int? = nil, toleranceGrad: Double = 1e-7,
      toleranceChange: Double = 1e-9, historySize: Int = 100, lineSearch: LineSearch? = nil, maximize: Bool = false
    ) {
      super.init(
        [Group(parameters)],
        defaults: LBFGSOptions(
          lr: lr, maxIter: maxIter, maxEval: maxEval ?? maxIter * 5 / 4, toleranceGrad: toleranceGrad,
          toleranceChange: toleranceChange, historySize: historySize, lineSearch: lineSearch, maximize: maximize))
    }

    /// LBFGS cannot step without a closure: this reports PyTorch's error.
    public override func step() {
      ErrorScope.report(TorchError(.type, "LBFGS.step() missing 1 required positional argument: 'closure'"))
    }

    @discardableResult
    public override func step(_ closure: () -> Tensor) -> Tensor {
      guard groups.count == 1, let first = parameters.first else {
        if groups.count > 1 {
          ErrorScope.report(
            TorchError(.value, "LBFGS doesn't support per-parameter options (parameter groups)"))
        }
        return torch.enableGrad { closure() }
      }
      var state = states[ObjectIdentifier(first)] ?? LBFGSState()
      var loss: Tensor?
      do {
        try torch.noGrad { try minimize(&state) { loss = loss ?? $0 } closure: { torch.enableGrad { closure() } } }
        states[ObjectIdentifier(first)] = state
        stepCount += 1
      } catch {
        ErrorScope.report(error as? TorchError ?? TorchError(.state, "\(error)"))
      }
      return loss ?? .invalid(TorchError(.state, "the closure of LBFGS.step made no loss"))
    }

    private func minimize(_ state: inout LBFGSState, seen: (Tensor) -> Void, closure: () -> Tensor) throws {
      let o = groups[0].options
      func evaluate() throws -> Double {
        let loss = closure()
        seen(loss)
        let value = try loss.item(Double.self)
        return o.maximize ? -value : value
      }
      var loss = try evaluate()
      var evaluations = 1
      state.funcEvals += 1
      var gradient = try flatGradient(o)
      func isOptimal() throws -> Bool { try gradient.abs().max().item(Double.self) <= o.toleranceGrad }
      if try isOptimal() { return }

      for iteration in 1...Swift.max(o.maxIter, 1) where o.maxIter > 0 {
        state.nIter += 1
        let direction = try newDirection(&state, gradient, o)
        state.previousGradient = gradient.clone()
        state.previousLoss = loss
        state.direction = direction
        state.length = o.lr
        if state.nIter == 1 { state.length *= Swift.min(1, 1 / (try gradient.abs().sum().item(Double.self))) }
        let slope = try gradient.dot(direction).item(Double.self)
        if slope > -o.toleranceChange { break }

        var optimal = false
        var made = 0
        if o.lineSearch != nil {
          let start = parameters.map { $0.clone() }
          let found = try WolfeSearch.run(
            length: state.length, direction: direction, loss: loss, gradient: gradient, slope: slope,
            toleranceChange: o.toleranceChange, maxEvaluations: o.maxEval - evaluations
          ) { length in
            move(along: direction, by: length)
            let point = (loss: try evaluate(), gradient: try flatGradient(o))
            for (p, data) in zip(parameters, start) { p.copy_(data) }
            return point
          }
          (loss, gradient, state.length, made) = (found.loss, found.gradient, found.length, found.evaluations)
          move(along: direction, by: state.length)
          optimal = try isOptimal()
        } else {
          move(along: direction, by: state.length)
          // After the last iteration nobody needs the value.
          if iteration != o.maxIter {
            loss = try evaluate()
            gradient = try flatGradient(o)
            optimal = try isOptimal()
            made = 1
          }
        }
        evaluations += made
        state.funcEvals += made
        if iteration == o.maxIter || evaluations >= o.maxEval || optimal { break }
        if try (direction * state.length).abs().max().item(Double.self) <= o.toleranceChange { break }
        if Swift.abs(loss - state.previousLoss) < o.toleranceChange { break }
      }
    }

    /// Remembers what the last step taught, and multiplies the gradient by the approximate inverse Hessian.
    private func newDirection(_ state: inout LBFGSState, _ gradient: Tensor, _ o: LBFGSOptions) throws -> Tensor {
      guard state.nIter > 1, let last = state.direction, let previous = state.previousGradient else {
        (state.changes, state.steps, state.rho, state.scale) = ([], [], [], 1)
        return -gradient
      }
      let change = gradient - previous
      let step = last * state.length
      let product = try change.dot(step).item(Double.self)
      if product > 1e-10 {
        if state.changes.count == o.historySize, !state.changes.isEmpty {
          state.changes.removeFirst()
          state.steps.removeFirst()
          state.rho.removeFirst()
        }
        state.changes.append(change)
        state.steps.append(step)
        state.rho.append(1 / product)
        state.scale = product / (try change.dot(change).item(Double.self))
      }
      let q = -gradient
      var weights = [Double](repeating: 0, count: state.changes.count)
      for i in state.changes.indices.reversed() {
        weights[i] = try state.steps[i].dot(q).item(Double.self) * state.rho[i]
        q.add_(state.changes[i], alpha: Scalar(-weights[i]))
      }
      let direction = q * state.scale
      for i in state.changes.indices {
        let back = try state.changes[i].dot(direction).item(Double.self) * state.rho[i]
        direction.add_(state.steps[i], alpha: Scalar(weights[i] - back))
      }
      return direction
    }

    private func flatGradient(_ o: LBFGSOptions) throws -> Tensor {
      let parts = parameters.map { p -> Tensor in
        let gradient = (p.grad ?? Tensor.zeros(like: p)).reshape([-1])
        return gradient.dtype.isComplex ? torch.viewAsReal(gradient).reshape([-1]) : gradient
      }
      let flat = torch.cat(parts)
      if let failure = flat.failure { throw failure }
      return o.maximize ? -flat : flat
    }

    private func move(along direction: Tensor, by length: Double) {
      var offset = 0
      for p in parameters {
        let real = p.dtype.isComplex ? torch.viewAsReal(p) : p
        real.add_(direction.narrow(0, offset, real.numel).reshape(Array(real.shape)), alpha: Scalar(length))
        offset += real.numel
      }
    }
  }
}
