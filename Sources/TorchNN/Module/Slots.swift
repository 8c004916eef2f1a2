// Where modules keep their tensors: `@Parameter`, `@Buffer`, and `@Child` for a submodule under another key.
//
// A wrapper is a reference, so whoever found it once (an optimizer's group, a cache) sees the tensor that is in
// it now, and replacing the tensor stales nothing.

/// What a slot can hold: `Tensor`, or `Tensor?` where a layer may go without (a bias).
public protocol SlotValue {
  var slotTensor: Tensor? { get }
  static func fromSlot(_ tensor: Tensor?) -> Self
}

extension Tensor: SlotValue {
  public var slotTensor: Tensor? { self }
  public static func fromSlot(_ tensor: Tensor?) -> Tensor { tensor! }
}

extension Optional: SlotValue where Wrapped == Tensor {
  public var slotTensor: Tensor? { self }
  public static func fromSlot(_ tensor: Tensor?) -> Tensor? { tensor }
}

/// A slot that is trained: collected by `parameters()`.
public class ParameterSlot: TensorSlot {
  /// Makes `tensor` a leaf that collects gradients, as `torch.nn.Parameter` does; a leaf keeps its identity, so
  /// that layers can share one.
  static func leaf(_ tensor: Tensor?, requiresGrad: Bool) -> Tensor? {
    guard let tensor, tensor.isValid else { return tensor }
    let leaf = tensor.isLeaf ? tensor : tensor.detach()
    if leaf.requiresGrad != requiresGrad { leaf.requiresGrad_(requiresGrad) }
    return leaf
  }
}

/// A buffer: saved and moved with the module, not trained.
public class BufferSlot: TensorSlot {
  /// Whether state dicts hold it.
  public let isPersistent: Bool

  init(key: String?, tensor: Tensor?, persistent: Bool) {
    isPersistent = persistent
    super.init(key: key, tensor: tensor)
  }
}

/// A parameter of a module.
///
/// ```swift
/// final class Scale: nn.Module, nn.Layer {
///   @Parameter var factor = Tensor.ones(1)
///   @Parameter var shift: Tensor?            // nil: not there, no key in the state dict
///
///   func forward(_ x: Tensor) -> Tensor { x * factor }
/// }
/// ```
/// The key is the property's name in snake case (`inProjWeight` is `in_proj_weight`); `@Parameter("name")` gives another.
/// Source: https://pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
@propertyWrapper
public final class Parameter<Value: SlotValue>: ParameterSlot {
  public init(wrappedValue: Value, _ key: String? = nil, requiresGrad: Bool = true) {
    super.init(key: key, tensor: ParameterSlot.leaf(wrappedValue.slotTensor, requiresGrad: requiresGrad))
  }

  public var wrappedValue: Value {
    get { Value.fromSlot(current) }
    set {
      if assignReplaced(newValue.slotTensor) { return }
      tensor = ParameterSlot.leaf(newValue.slotTensor, requiresGrad: tensor?.requiresGrad ?? true)
    }
  }

  public var projectedValue: Parameter { self }
}

/// A tensor that belongs to a module's state but is not trained: running statistics, masks, tables.
///
/// ```swift
/// @Buffer var runningMean = Tensor.zeros(8)              // key: running_mean
/// @Buffer(persistent: false) var mask = Tensor.ones(8)   // moves with the module, no key
/// ```
/// Source: https://pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html
@propertyWrapper
public final class Buffer<Value: SlotValue>: BufferSlot {
  public init(wrappedValue: Value, _ key: String? = nil, persistent: Bool = true) {
    super.init(key: key, tensor: wrappedValue.slotTensor, persistent: persistent)
  }

  public var wrappedValue: Value {
    get { Value.fromSlot(current) }
    set { if !assignReplaced(newValue.slotTensor) { tensor = newValue.slotTensor } }
  }

  public var projectedValue: Buffer { self }
}

/// A submodule whose key is not its property's name: `@Child("LayerNorm") var norm = nn.LayerNorm(8)`.
@propertyWrapper
public struct Child<Value> {
  let key: String
  public var wrappedValue: Value

  public init(wrappedValue: Value, _ key: String) {
    self.key = key
    self.wrappedValue = wrappedValue
  }
}

protocol KeyedChild {
  var key: String { get }
  var child: Any { get }
}

extension Child: KeyedChild {
  var child: Any { wrappedValue }
}

extension nn {
  public typealias Parameter = TorchNN.Parameter
  public typealias Buffer = TorchNN.Buffer
}
