// Whoever wants to see operator calls: tracers, profilers, autocast.

import Synchronization

/// Sees every outermost operator call of the threads it is installed on.
public protocol Interposer: AnyObject {
  /// Carries out the call by `proceed`, with the arguments as they are or changed, and returns its results.
  func call(_ op: AnyOperator, _ arguments: [Value], _ proceed: ([Value]) throws -> [Value]) throws -> [Value]
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
}

extension torch {
  /// Runs `body` with `interposer` seeing its outermost operator calls.
  public static func interposing<R>(_ interposer: any Interposer, _ body: () throws -> R) rethrows -> R {
    try Interposers.$installed.withValue(Interposers.installed + [Interposers.Box(interposer: interposer)]) {
      try Modes.with({ $0.insert(.interposed) }, body)
    }
  }
}
