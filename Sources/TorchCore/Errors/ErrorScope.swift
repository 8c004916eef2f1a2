// Errors of tensor expressions.
//
// Tensor expressions do not throw: `(x.matmul(w) + b).relu()` needs no `try`. A failed operator returns an
// invalid tensor that carries the error; operators on an invalid tensor return it; reading values refuses it.
// Inside `try withErrors { … }` the first error is thrown at the scope's end, or at the first read-back; outside
// a scope the program stops with the message, as Swift's own arrays do.

import Synchronization

/// Where the errors of tensor expressions are collected.
///
/// Work handed to another thread reports to the scope that queued it: capture `ErrorScope.current` and run the
/// work inside `ErrorScope.$current.withValue(scope)`.
package final class ErrorScope: Sendable {
  @TaskLocal package static var current: ErrorScope?

  private let state = Mutex<TorchError?>(nil)
  /// Set once there is an error, so that looking for one costs a load.
  private let failed = Atomic<Bool>(false)

  package init() {}

  package var first: TorchError? { failed.load(ordering: .acquiring) ? state.withLock { $0 } : nil }

  package func record(_ error: TorchError) {
    state.withLock { if $0 == nil { $0 = error } }
    failed.store(true, ordering: .releasing)
  }

  /// Throws the first error, if there is one.
  package func check() throws {
    if let first { throw first }
  }

  /// Records `error` in the current scope; without a scope the program ends here.
  package static func report(_ error: TorchError) {
    guard let scope = current else { fatalError(error.description) }
    scope.record(error)
  }
}

/// Runs `body` and throws the first error that a tensor expression in it made.
///
/// ```swift
/// do {
///   try withErrors { print(Tensor.ones(2, 3) + Tensor.ones(4)) }
/// } catch { print(error) }
/// // The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1 (aten::add.Tensor of float32[2, 3], float32[4])
/// ```
public func withErrors<R>(_ body: () throws -> R) throws -> R {
  let scope = ErrorScope()
  return try scope.finish(Result { try ErrorScope.$current.withValue(scope, operation: body) })
}

/// The same for asynchronous code; child tasks report to this scope too.
public func withErrors<R>(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> R
) async throws -> R {
  let scope = ErrorScope()
  do {
    let value = try await ErrorScope.$current.withValue(scope, operation: body)
    return try scope.finish(.success(value))
  } catch {
    return try scope.finish(.failure(error))
  }
}

extension ErrorScope {
  fileprivate func finish<R>(_ result: Result<R, any Error>) throws -> R {
    try check()
    return try result.get()
  }
}
