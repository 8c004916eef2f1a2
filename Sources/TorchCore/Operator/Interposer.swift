// Whoever wants to see operator calls: tracers, profilers, autocast.

import Synchronization

/// Sees every outermost operator call of the threads it is installed on.
public protocol Interposer: AnyObject {
  /// Carries out the call by `proceed`, with the arguments as they are or changed, and returns its results.
  func call(_ op: AnyOperator, _ arguments: [Value], _ proceed: ([Value]) throws -> [Value]) throws -> [Value]

  /// An in-place operation has written `result`, which an operator seen before has made, over `target`.
  func overwritten(_ target: Tensor, by result: Tensor)

  /// The program is about to read elements of `tensor`, as the `kind` of value that PyTorch's warnings name.
  func reading(_ tensor: Tensor, as kind: String)
}

extension Interposer {
  public func overwritten(_ target: Tensor, by result: Tensor) {}
  public func reading(_ tensor: Tensor, as kind: String) {}
}

enum Interposers {
  @TaskLocal static var installed: [Box] = []

  /// An interposer belongs to the task that installed it.
  struct Box: @unchecked Sendable { let interposer: any Interposer }

  static func call(_ op: AnyOperator, _ arguments: [Value], _ proceed: ([Value]) throws -> [Value]) throws -> [Value] {
    func run(_ index: Int, _ arguments: [Value]) throws -> [Value] {
      guard index >= 0 else { return try proceed(arguments) }
      return try installed[index].interposer.call(op, arguments) { try run(index - 1, $0) }
    }
    // What the call itself calls is not outermost any more.
    return try Modes.with({ $0.remove(.interposed) }) { try run(installed.count - 1, arguments) }
  }

  static func overwritten(_ target: Tensor, by result: Tensor) {
    for box in installed { box.interposer.overwritten(target, by: result) }
  }

  /// Called where elements are read back.
  @inline(__always)
  static func reading(_ tensor: Tensor, as kind: @autoclosure () -> String) {
    guard Modes.current.contains(.interposed) else { return }
    let kind = kind()
    for box in installed { box.interposer.reading(tensor, as: kind) }
  }

  /// What the factory operator `name` makes; nil where nobody wants to see its call.
  ///
  /// The typed factories make their tensors without an operator, which a tracer would take for constants.
  static func factory(_ name: String, _ arguments: @autoclosure () -> [Value]) throws -> Tensor? {
    guard Modes.current.contains(.interposed) else { return nil }
    return try OperatorRegistry.call(name, arguments())[0].tensor
  }
}

extension torch {
  /// Whether somebody sees the operator calls made here, as a tracer does. What is left out for some inputs would be
  /// missing for others in what it records.
  package static var isInterposed: Bool { Modes.current.contains(.interposed) }

  /// Runs `body` with `interposer` seeing its outermost operator calls.
  public static func interposing<R>(_ interposer: any Interposer, _ body: () throws -> R) rethrows -> R {
    try Interposers.$installed.withValue(Interposers.installed + [Interposers.Box(interposer: interposer)]) {
      try Modes.with({ $0.insert(.interposed) }, body)
    }
  }
}
