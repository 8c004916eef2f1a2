// How modules are called.
//
// A module that turns one value into another conforms to `nn.Layer` with a typed `forward`; calling the module then runs
// its hooks around `forward`. Several inputs are a tuple: `forward(_ input: (Tensor, Tensor))` is called as
// `layer(a, b)`, several outputs a tuple as well. So Swift's type checker sees every signature, `Sequential` can say
// what it holds (`any nn.Layer<Tensor, Tensor>`), and no `Any` is needed.
//
// Not every signature is worth a tuple: labels, defaults and generics do not survive it. Such a module declares its own
// `callAsFunction` and wraps its work in `hooked`, and hooks see it as they see any other.
//
// The alternative, an `open func forward(_ x: Tensor) -> Tensor` in the base class, would make every module callable
// with one tensor at compile time, and fail at run time.

extension nn {
  /// A module that computes an `Output` from an `Input`.
  ///
  /// ```swift
  /// final class Attend: nn.Module, nn.Layer {
  ///   func forward(_ input: (query: Tensor, key: Tensor)) -> Tensor { input.query.matmul(input.key.mT) }
  /// }
  /// ```
  public protocol Layer<Input, Output>: Module {
    associatedtype Input
    associatedtype Output
    func forward(_ input: Input) -> Output
  }
}

extension nn.Layer {
  /// Runs the module with its hooks.
  @inlinable
  public func callAsFunction(_ input: Input) -> Output {
    hasHooks ? hooked(input) { self.forward($0) } : forward(input)
  }

  /// Runs a module of several inputs: `bilinear(a, b)`.
  @inlinable
  public func callAsFunction<each Argument>(_ input: repeat each Argument) -> Output
  where Input == (repeat each Argument) {
    hasHooks
      ? hooked(repeat each input) { (arguments: repeat each Argument) in self.forward((repeat each arguments)) }
      : forward((repeat each input))
  }
}

extension nn.Module {
  /// Whether calls must go through `hooked`.
  public var hasHooks: Bool { hooks != nil }
}

extension nn {
  /// A module in evaluation mode that many threads may call at once.
  public struct Shared<Model: Layer>: @unchecked Sendable {
    // Unchecked: the model is in evaluation mode and has no hooks, so calls only read it; changing it afterwards
    // through another reference is the caller's to order, as with tensors.
    private let model: Model

    fileprivate init(_ model: Model) { self.model = model }

    /// Runs the model without recording gradients.
    public func callAsFunction(_ input: Model.Input) -> Model.Output {
      torch.noGrad { model.forward(input) }
    }
  }
}

extension nn.Layer {
  /// Sets evaluation mode, and gives the model in a form that threads can share.
  public func sharedForInference() -> nn.Shared<Self> { nn.Shared(eval()) }
}
