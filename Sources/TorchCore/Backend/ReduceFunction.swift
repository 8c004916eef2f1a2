// A reduction by name.

/// A named reduction that backends implement.
final class ReduceFunction: Sendable {
  let name: String
  init(_ name: String) { self.name = name }
}
