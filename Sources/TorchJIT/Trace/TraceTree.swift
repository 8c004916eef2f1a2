// Tensors in tuples, arrays and dictionaries: what programs that are traced take and return.

import OrderedCollections

extension JIT {
  /// The structure of a value of any type, down to its tensors.
  indirect enum TraceTree {
    case none
    case tensor(Tensor)
    case number(Scalar)
    case string(String)
    case tuple([TraceTree])
    case list([TraceTree])
    case dict([(key: String, value: TraceTree)])
    /// Something that a trace cannot return, by the name of its type.
    case other(String)

    init(_ value: Any) {
      if let tensor = value as? Tensor { self = .tensor(tensor); return }
      switch value {
      case let value as Bool: self = .number(.bool(value)); return
      case let value as Int: self = .number(.int(value)); return
      case let value as Double: self = .number(.double(value)); return
      case let value as Float: self = .number(.double(Double(value))); return
      case let value as String: self = .string(value); return
      case let value as OrderedDictionary<String, Tensor>:
        self = .dict(value.map { ($0.key, .tensor($0.value)) })
        return
      default: break
      }
      let mirror = Mirror(reflecting: value)
      switch mirror.displayStyle {
      case .optional: self = mirror.children.first.map { TraceTree($0.value) } ?? .none
      case .tuple: self = .tuple(mirror.children.map { TraceTree($0.value) })
      case .collection: self = .list(mirror.children.map { TraceTree($0.value) })
      case .dictionary:
        // Swift's dictionaries have no order of their own.
        let pairs = mirror.children.compactMap { child -> (key: String, value: TraceTree)? in
          guard let pair = child.value as? (key: String, value: Any) else { return nil }
          return (pair.key, TraceTree(pair.value))
        }
        self = pairs.count == mirror.children.count ? .dict(pairs.sorted { $0.key < $1.key }) : .other("\(type(of: value))")
      default: self = .other("\(type(of: value))")
      }
    }

    /// All tensors, from left to right.
    var tensors: [Tensor] {
      switch self {
      case .none, .number, .string, .other: []
      case .tensor(let tensor): [tensor]
      case .tuple(let items), .list(let items): items.flatMap(\.tensors)
      case .dict(let pairs): pairs.flatMap(\.value.tensors)
      }
    }

    /// Refuses outputs that no trace can have.
    /// - Parameter strict: Refuse dictionaries and warn of lists, too, whose structure a trace cannot follow.
    func checkOutput(strict: Bool) throws {
      if case .none = self {
        throw TorchError(
          .type, "The traced function didn't return any values! Side-effects are not captured in traces, so it would be a no-op.")
      }
      try checkOutputTypes()
      guard strict else { return }
      if contains({ if case .dict = $0 { true } else { false } }) {
        throw TorchError(.type, TraceTree.warning(of: "dict"))
      }
      if contains({ if case .list = $0 { true } else { false } }) { torch.warn(TraceTree.warning(of: "list"), .tracer) }
    }

    private func checkOutputTypes() throws {
      switch self {
      case .tensor: return
      case .tuple(let items), .list(let items): for item in items { try item.checkOutputTypes() }
      case .dict(let pairs): for pair in pairs { try pair.value.checkOutputTypes() }
      case .none, .number, .string, .other:
        throw TorchError(
          .type,
          "Only tensors, lists, tuples of tensors, or dictionary of tensors can be output from traced functions")
      }
    }

    private func contains(_ isSought: (TraceTree) -> Bool) -> Bool {
      if isSought(self) { return true }
      return switch self {
      case .tuple(let items), .list(let items): items.contains { $0.contains(isSought) }
      case .dict(let pairs): pairs.contains { $0.value.contains(isSought) }
      case .none, .tensor, .number, .string, .other: false
      }
    }

    private static func warning(of container: String) -> String {
      "Encountering a \(container) at the output of the tracer might cause the trace to be incorrect, this is only valid if the container structure does not change based on the module's inputs. Consider using a constant container instead (e.g. for `list`, use a `tuple` instead. for `dict`, use a `NamedTuple` instead). If you absolutely need this and know the side effects, pass strict: false to trace() to allow this behavior."
    }

    /// Whether it is a tensor or has some in it.
    var holdsTensors: Bool { !tensors.isEmpty }
  }

  /// Replaces the tensors in values of any type, from left to right as `TraceTree` names them.
  enum TensorReplacement {
    /// `value` with every tensor changed; tensors in types that are not known stay.
    static func apply<T>(_ value: T, _ change: (Tensor) -> Tensor) -> T { any(value, change) as? T ?? value }

    private static func any(_ value: Any, _ change: (Tensor) -> Tensor) -> Any {
      switch value {
      case let tensor as Tensor: return change(tensor)
      case let container as any TensorContainer: return container.mapTensors { any($0, change) }
      case let pair as (Any, Any): return (any(pair.0, change), any(pair.1, change))
      case let triple as (Any, Any, Any): return (any(triple.0, change), any(triple.1, change), any(triple.2, change))
      case let four as (Any, Any, Any, Any):
        return (any(four.0, change), any(four.1, change), any(four.2, change), any(four.3, change))
      default: return value
      }
    }
  }
}

/// A generic type whose elements may be tensors.
private protocol TensorContainer {
  func mapTensors(_ change: (Any) -> Any) -> Any
}

extension Optional: TensorContainer {
  fileprivate func mapTensors(_ change: (Any) -> Any) -> Any { map { change($0) as! Wrapped } as Any }
}

extension Array: TensorContainer {
  fileprivate func mapTensors(_ change: (Any) -> Any) -> Any { map { change($0) as! Element } }
}

extension Dictionary: TensorContainer {
  fileprivate func mapTensors(_ change: (Any) -> Any) -> Any {
    // In the order in which a tree lists them.
    guard let table = self as? [String: Value] else { return self }
    var changed = table
    for key in table.keys.sorted() { changed[key] = (change(table[key]!) as! Value) }
    return changed
  }
}

extension OrderedDictionary: TensorContainer {
  fileprivate func mapTensors(_ change: (Any) -> Any) -> Any { mapValues { change($0) as! Value } }
}
