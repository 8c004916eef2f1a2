// A module's printed form, which is PyTorch's to the letter.

extension nn.Module: CustomStringConvertible {
  public var description: String {
    let extra = extraRepr.isEmpty ? [] : extraRepr.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let children = childLines
    let name = parametrizationTable == nil ? typeName : "Parametrized" + typeName
    if extra.count == 1, children.isEmpty { return "\(name)(\(extra[0]))" }
    let lines = extra + children
    return lines.isEmpty ? "\(name)()" : "\(name)(\n  " + lines.joined(separator: "\n  ") + "\n)"
  }

  private var childLines: [String] {
    let children = members.children.map { (key: $0.key, text: $0.module.description.indentedTail) }
    guard collapsesEqualChildren else { return children.map { "(\($0.key)): \($0.text)" } }
    // `(0-5): 6 x Linear(…)`
    var groups: [(first: Int, last: Int, text: String)] = []
    for (i, child) in children.enumerated() {
      if let last = groups.indices.last, groups[last].text == child.text {
        groups[last].last = i
      } else {
        groups.append((i, i, child.text))
      }
    }
    return groups.map {
      $0.first == $0.last
        ? "(\($0.first)): \($0.text)" : "(\($0.first)-\($0.last)): \($0.last - $0.first + 1) x \($0.text)"
    }
  }

  private var collapsesEqualChildren: Bool { self is any CollapsingDescription }
}

/// A container that prints a run of equal elements once.
protocol CollapsingDescription: nn.Module {}

extension String {
  /// All lines but the first indented by two.
  var indentedTail: String { split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n  ") }
}

/// How PyTorch shows values in `extra_repr`.
enum Repr {
  static func of(_ value: Bool) -> String { value ? "True" : "False" }
  static func of(_ value: Double) -> String { Scalar(value).description }
  static func of(_ value: Int) -> String { String(value) }
  static func of(_ value: Int?) -> String { value.map(String.init) ?? "None" }
  static func of(_ value: Double?) -> String { value.map { of($0) } ?? "None" }
  /// A Python tuple: `(3, 3)`, `(8,)`.
  static func tuple(_ values: [Int]) -> String {
    values.count == 1 ? "(\(values[0]),)" : "(" + values.map(String.init).joined(separator: ", ") + ")"
  }
}
