// Hooks: functions run before a module's forward, after it, and when its gradients are known.
//
// On a `nn.Layer` forward hooks are typed by its input and output and may replace them. On any module, whatever its
// signature, they observe the tensors among its inputs and outputs. Backward hooks see the gradients of those.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook
// Departure: a full backward hook can replace the gradient of a module's only tensor input; where there are
// several, it sees them all but replaces none.

/// The hooks of one module.
final class ModuleHooks {
  // A replaced value is passed back as `Any` between the typed registration and the typed call; both are in this file.
  var forwardPre: [(id: Int, body: (Any) -> Any?)] = []
  var forward: [(id: Int, body: (Any, Any) -> Any?)] = []
  var observersPre: [(id: Int, body: ([Tensor]) -> Void)] = []
  var observers: [(id: Int, body: ([Tensor], [Tensor]) -> Void)] = []
  var backwardPre: [(id: Int, body: ([Tensor?]) -> Tensor?)] = []
  var backward: [(id: Int, body: ([Tensor?], [Tensor?]) -> Tensor?)] = []
  /// Who records the module's calls, if anybody does.
  weak var tracer: (any ModuleTracer)?
  private var next = 0

  func newID() -> Int {
    next += 1
    return next
  }

  var isEmpty: Bool {
    forwardPre.isEmpty && forward.isEmpty && observersPre.isEmpty && observers.isEmpty && backwardPre.isEmpty
      && backward.isEmpty && tracer == nil
  }
}

/// What records a program call by call (`JIT.trace`) and wants to know which module each belongs to.
package protocol ModuleTracer: AnyObject {
  /// Carries out a call of `module` by `body`, which runs its hooks and its forward.
  func call<Result>(_ module: nn.Module, _ inputs: [Any], _ body: () -> Result) -> Result
}

extension nn.Module {
  /// Shows this module's calls to `tracer` from now on; nil ends that.
  package func setTracer(_ tracer: (any ModuleTracer)?) {
    let hooks = self.hooks ?? ModuleHooks()
    hooks.tracer = tracer
    self.hooks = hooks.isEmpty ? nil : hooks
  }
}

// MARK: - Registration

extension nn.Layer {
  /// Calls `body` with each input before `forward`; what it returns replaces the input.
  @discardableResult
  public func registerForwardPreHook(_ body: @escaping (Self, Input) -> Input?) -> HookHandle {
    add(\.forwardPre) { [unowned self] input in body(self, input as! Input) }
  }

  /// Calls `body` with each input and output of `forward`; what it returns replaces the output.
  ///
  /// ```swift
  /// let handle = layer.registerForwardHook { module, input, output in output * 2 }
  /// handle.remove()
  /// ```
  @discardableResult
  public func registerForwardHook(_ body: @escaping (Self, Input, Output) -> Output?) -> HookHandle {
    add(\.forward) { [unowned self] input, output in body(self, input as! Input, output as! Output) }
  }
}

extension nn.Module {
  /// Calls `body` with the tensors among each call's inputs.
  @discardableResult
  public func observeInputs(_ body: @escaping (nn.Module, [Tensor]) -> Void) -> HookHandle {
    add(\.observersPre) { [unowned self] inputs in body(self, inputs) }
  }

  /// Calls `body` with the tensors among each call's inputs and outputs; for modules of any signature.
  ///
  /// ```swift
  /// for (name, module) in model.namedModules() {
  ///   module.observeOutputs { _, _, outputs in print(name, outputs[0].shape) }
  /// }
  /// ```
  @discardableResult
  public func observeOutputs(_ body: @escaping (nn.Module, [Tensor], [Tensor]) -> Void) -> HookHandle {
    add(\.observers) { [unowned self] inputs, outputs in body(self, inputs, outputs) }
  }

  /// Calls `body` with the gradients of the module's outputs before its backward; what it returns replaces the
  /// gradient of the only output.
  @discardableResult
  public func registerFullBackwardPreHook(_ body: @escaping (nn.Module, [Tensor?]) -> Tensor?) -> HookHandle {
    add(\.backwardPre) { [unowned self] gradients in body(self, gradients) }
  }

  /// Calls `body` with the gradients of the module's inputs and outputs after its backward; what it returns
  /// replaces the gradient of the only input.
  @discardableResult
  public func registerFullBackwardHook(
    _ body: @escaping (nn.Module, _ gradInput: [Tensor?], _ gradOutput: [Tensor?]) -> Tensor?
  ) -> HookHandle {
    add(\.backward) { [unowned self] inputs, outputs in body(self, inputs, outputs) }
  }

  fileprivate func add<Body>(
    _ list: ReferenceWritableKeyPath<ModuleHooks, [(id: Int, body: Body)]>, _ body: Body
  ) -> HookHandle {
    let hooks = self.hooks ?? ModuleHooks()
    self.hooks = hooks
    let id = hooks.newID()
    hooks[keyPath: list].append((id, body))
    return HookHandle { [weak self, weak hooks] in
      hooks?[keyPath: list].removeAll { $0.id == id }
      if hooks?.isEmpty == true { self?.hooks = nil }
    }
  }
}

// MARK: - Calls

extension nn.Module {
  /// Runs `body` on `inputs` with this module's hooks around it: what a module with its own `callAsFunction` wraps
  /// its work in.
  ///
  /// ```swift
  /// func callAsFunction(_ query: Tensor, _ key: Tensor, causal: Bool = false) -> Tensor {
  ///   hooked(query, key) { query, key in attend(query, key, causal) }
  /// }
  /// ```
  public func hooked<each Argument, Result>(
    _ inputs: repeat each Argument, body: (repeat each Argument) -> Result
  ) -> Result {
    guard let hooks else { return body(repeat each inputs) }
    guard let tracer = hooks.tracer else { return run(hooks, repeat each inputs, body: body) }
    var list: [Any] = []
    repeat list.append(each inputs)
    return tracer.call(self, list) { run(hooks, repeat each inputs, body: body) }
  }

  private func run<each Argument, Result>(
    _ hooks: ModuleHooks, _ inputs: repeat each Argument, body: (repeat each Argument) -> Result
  ) -> Result {
    var arguments = (repeat each inputs)
    for hook in hooks.forwardPre {
      if let replaced = hook.body(arguments) { arguments = replaced as! (repeat each Argument) }
    }
    if !hooks.observersPre.isEmpty {
      let tensors = TensorsIn.all(repeat each arguments)
      for hook in hooks.observersPre { hook.body(tensors) }
    }
    var backward: BackwardObserver?
    if !hooks.backward.isEmpty || !hooks.backwardPre.isEmpty {
      let observer = BackwardObserver(hooks)
      arguments = (repeat observer.watch(input: each arguments))
      backward = observer
    }
    var result = body(repeat each arguments)
    for hook in hooks.forward {
      if let replaced = hook.body(arguments, result) { result = replaced as! Result }
    }
    if !hooks.observers.isEmpty {
      let (inputs, outputs) = (TensorsIn.all(repeat each arguments), TensorsIn.list(result))
      for hook in hooks.observers { hook.body(inputs, outputs) }
    }
    backward?.watch(outputs: TensorsIn.list(result))
    return result
  }
}

/// The tensors in arguments of any type: tensors, optional ones, arrays, dictionaries' values, tuples of such.
enum TensorsIn {
  static func all<each Argument>(_ arguments: repeat each Argument) -> [Tensor] {
    var tensors: [Tensor] = []
    repeat collect(each arguments, &tensors)
    return tensors
  }

  static func list(_ value: Any) -> [Tensor] {
    var tensors: [Tensor] = []
    collect(value, &tensors)
    return tensors
  }

  private static func collect(_ value: Any, _ tensors: inout [Tensor]) {
    if let tensor = value as? Tensor {
      tensors.append(tensor)
      return
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .tuple, .collection, .optional: for child in mirror.children { collect(child.value, &tensors) }
    case .dictionary:
      for child in mirror.children { if let pair = child.value as? (key: AnyHashable, value: Any) { collect(pair.value, &tensors) } }
    default: break
    }
  }
}

/// Gathers the gradients of one call's inputs and outputs, and runs the backward hooks when they are there.
private final class BackwardObserver {
  private let hooks: ModuleHooks
  private var inputs = 0
  private var watchedInputs: [Int] = []
  private var gradInputs: [Tensor?] = []
  private var gradOutputs: [Tensor?] = []
  private var waitingInputs = 0
  private var waitingOutputs = 0

  init(_ hooks: ModuleHooks) { self.hooks = hooks }

  /// A tensor input goes in through a view of its own, so that only gradients from this module are seen.
  func watch<Argument>(input: Argument) -> Argument {
    guard let tensor = input as? Tensor else { return input }
    let slot = inputs
    inputs += 1
    gradInputs.append(nil)
    guard tensor.requiresGrad, torch.isGradEnabled else { return input }
    watchedInputs.append(slot)
    waitingInputs += 1
    let view = tensor.view(as: tensor)
    view.registerHook { gradient in
      self.gradInputs[slot] = gradient
      self.waitingInputs -= 1
      return self.waitingInputs == 0 ? self.finish() : nil
    }
    return view as! Argument
  }

  func watch(outputs: [Tensor]) {
    gradOutputs = Array(repeating: nil, count: outputs.count)
    for (slot, output) in outputs.enumerated() where output.requiresGrad {
      waitingOutputs += 1
      output.registerHook { gradient in
        self.gradOutputs[slot] = gradient
        self.waitingOutputs -= 1
        guard self.waitingOutputs == 0 else { return nil }
        var replacement: Tensor?
        for hook in self.hooks.backwardPre {
          if let replaced = hook.body(self.gradOutputs), outputs.count == 1 {
            replacement = replaced
            self.gradOutputs[0] = replaced
          }
        }
        if self.watchedInputs.isEmpty { _ = self.finish() }
        return replacement
      }
    }
  }

  private func finish() -> Tensor? {
    var replacement: Tensor?
    for hook in hooks.backward {
      if let replaced = hook.body(gradInputs, gradOutputs), watchedInputs.count == 1 {
        replacement = replaced
        gradInputs[watchedInputs[0]] = replaced
      }
    }
    return replacement
  }
}
