// How the elements of one tensor are written: in which notation, and how wide. One choice serves all elements.

/// Writes the elements of a tensor (or their real or imaginary parts) in one notation and width.
///
/// The rule is PyTorch's: floating point numbers that are all integral end in a bare point; scientific notation is
/// chosen where finite nonzero magnitudes span more than three decades, exceed 1e8 or fall below 1e-4. Zeros,
/// infinities and NaN have no say in either, nor in the width.
struct ElementFormatter {
  private enum Notation { case exact, integral, fixed, scientific }

  private let notation: Notation
  private let precision: Int
  let width: Int

  /// For integers and Booleans.
  init(exact values: [Scalar]) {
    notation = .exact
    precision = 0
    width = values.reduce(1) { Swift.max($0, $1.description.utf8.count) }
  }

  /// For floating point numbers.
  init(_ values: [Double], _ options: PrintOptions) {
    precision = options.precision
    let telling = values.filter { $0.isFinite && $0 != 0 }
    guard !telling.isEmpty else {
      notation = .integral
      width = 1
      return
    }
    var (least, greatest, integral) = (Double.infinity, 0.0, true)
    for value in telling {
      least = Swift.min(least, value.magnitude)
      greatest = Swift.max(greatest, value.magnitude)
      if value != value.rounded() { integral = false }
    }
    let scientific = options.sciMode ?? (greatest / least > 1000 || greatest > 1e8 || least < 1e-4)
    let notation: Notation = scientific ? .scientific : integral ? .integral : .fixed
    self.notation = notation
    let precision = precision
    width = telling.reduce(1) { Swift.max($0, ElementFormatter.text($1, notation, precision).utf8.count) }
  }

  func text(_ value: Double) -> String { ElementFormatter.text(value, notation, precision).padded(to: width) }

  func text(_ value: Scalar) -> String {
    notation == .exact ? value.description.padded(to: width) : text(value.doubleValue)
  }

  private static func text(_ value: Double, _ notation: Notation, _ precision: Int) -> String {
    switch notation {
    case .scientific: NumberText.text(value, .scientific, precision: precision)
    case .integral: NumberText.text(value, .fixed, precision: 0) + (value.isFinite ? "." : "")
    case .exact, .fixed: NumberText.text(value, .fixed, precision: precision)
    }
  }
}
