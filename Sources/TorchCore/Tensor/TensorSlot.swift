// Places that hold a tensor, which may be replaced: a module's parameters and buffers (TorchNN), a script object's tensors.

/// A place for a tensor in a module.
open class TensorSlot {
  /// The key in state dicts; nil takes it from the property's name.
  public let key: String?
  public package(set) var tensor: Tensor?
  /// What gives the property's value in the place of `tensor`: a parametrization, a mask. The slot is then no part of the
  /// module's state.
  package var replacement: TensorReplacement?

  package init(key: String?, tensor: Tensor?) {
    self.key = key
    self.tensor = tensor
  }
}

/// How a property's value comes from other tensors.
package struct TensorReplacement {
  package enum Kind { case parametrization, mask, weightNorm, spectralNorm }

  package let kind: Kind
  package let value: () -> Tensor
  /// Takes a value that is assigned to the property; nil where that is no sensible thing to do.
  package var assign: ((Tensor) -> Void)?
  /// Ends the replacement and gives the value that is left; nil where `value` is all there is to it.
  package var end: (() -> Tensor)?

  package init(
    kind: Kind, value: @escaping () -> Tensor, assign: ((Tensor) -> Void)? = nil, end: (() -> Tensor)? = nil
  ) {
    (self.kind, self.value, self.assign, self.end) = (kind, value, assign, end)
  }
}

extension TensorSlot {
  /// What the property reads.
  package var current: Tensor? { replacement?.value() ?? tensor }

  /// Hands an assigned value to the replacement; false where there is none.
  package func assignReplaced(_ value: Tensor?) -> Bool {
    guard let replacement else { return false }
    guard let assign = replacement.assign, let value else {
      ErrorScope.report(
        TorchError(.state, "the value of '\(key ?? "a parameter")' is computed from other parameters and cannot be set"))
      return true
    }
    assign(value)
    return true
  }
}
