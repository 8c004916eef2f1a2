// Warnings: remarks about a program that goes on all the same.
//
// They go to standard error, or to whoever catches them.
// Reference: https://docs.python.org/3/library/warnings.html

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A remark about a program that goes on.
public struct TorchWarning: Hashable, Sendable, CustomStringConvertible {
  /// The class of the warning in PyTorch.
  public enum Category: String, Sendable {
    case user = "UserWarning"
    case tracer = "TracerWarning"
  }

  public let category: Category
  public let message: String

  public init(_ category: Category, _ message: String) {
    self.category = category
    self.message = message
  }

  /// `TracerWarning: Converting a tensor to a Python boolean might …`
  public var description: String { "\(category.rawValue): \(message)" }

  @TaskLocal fileprivate static var handler: (@Sendable (TorchWarning) -> Void)?
}

extension torch {
  /// Shows a warning: on standard error, unless somebody catches it.
  public static func warn(_ message: String, _ category: TorchWarning.Category = .user) {
    let warning = TorchWarning(category, message)
    if let handler = TorchWarning.handler { return handler(warning) }
    let line = Array("\(warning)\n".utf8)
    line.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// Runs `body` with `handler` getting the warnings of this task and its child tasks.
  ///
  /// ```swift
  /// torch.catchingWarnings({ print("caught", $0) }) { torch.warn("take care") }   // caught UserWarning: take care
  /// ```
  public static func catchingWarnings<R>(
    _ handler: @escaping @Sendable (TorchWarning) -> Void, _ body: () throws -> R
  ) rethrows -> R {
    try TorchWarning.$handler.withValue(handler, operation: body)
  }
}
