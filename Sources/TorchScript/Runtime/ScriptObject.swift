// Objects of script classes and modules.

extension JIT {
  /// An object: a value for each attribute of its class.
  public final class ScriptObject {
    public let type: ClassType
    private var slots: [Slot]

    /// Parameters and buffers of modules live in the slots that `nn.Module` knows, so that optimizers, `stateDict` and
    /// `functionalCall` see what the interpreter sees.
    public enum Slot {
      case value(IValue)
      case tensor(TensorSlot)
    }

    /// An object whose attributes are all unset (`none`).
    public init(_ type: ClassType) {
      self.type = type
      slots = Array(repeating: .value(.none), count: type.attributes.count)
    }

    /// The value in slot `index` of the class.
    public subscript(index: Int) -> IValue {
      get {
        guard index < slots.count else { return .none }
        return switch slots[index] {
        case .value(let value): value
        case .tensor(let slot): slot.tensor.map { .tensor($0) } ?? .none
        }
      }
      set {
        grow()
        switch (slots[index], newValue) {
        case (.tensor(let slot), .tensor(let tensor)): slot.tensor = tensor
        case (.tensor(let slot), .none): slot.tensor = nil
        default: slots[index] = .value(newValue)
        }
      }
    }

    public subscript(name: String) -> IValue? {
      get { type.slot(name).map { self[$0] } }
      set { if let slot = type.slot(name) { self[slot] = newValue ?? .none } }
    }

    /// The place of a module's parameter or buffer.
    public func tensorSlot(_ index: Int) -> TensorSlot? {
      if index < slots.count, case .tensor(let slot) = slots[index] { slot } else { nil }
    }

    public func setTensorSlot(_ slot: TensorSlot, at index: Int) {
      grow()
      slots[index] = .tensor(slot)
    }

    /// A class may have got attributes after the object was made.
    private func grow() {
      while slots.count < type.attributes.count { slots.append(.value(.none)) }
    }
  }
}
