// Python's format specifications for numbers: the `.4f` of `f"{loss:.4f}"`.
//
// Reference: https://docs.python.org/3/library/string.html#format-specification-mini-language
// Departures: no locale (`n`), no alternate form (`#`), no characters by code (`c`).

/// `[[fill]align][sign][0][width][grouping][.precision][type]`
struct FormatSpecification {
  private enum Alignment: Character { case left = "<", right = ">", center = "^", afterSign = "=" }

  private var fill: Character = " "
  private var alignment: Alignment?
  private var sign: Character = "-"
  private var width = 0
  private var grouping: Character?
  private var precision: Int?
  private var type: Character?
  private let isEmpty: Bool

  /// Parses `text`; nil where it is none. A text of the program's own, so callers stop on nil.
  init?(_ text: String) {
    isEmpty = text.isEmpty
    var rest = Substring(text)
    if let second = rest.dropFirst().first, let found = Alignment(rawValue: second) {
      fill = rest.removeFirst()
      alignment = found
      rest.removeFirst()
    } else if let first = rest.first, let found = Alignment(rawValue: first) {
      alignment = found
      rest.removeFirst()
    }
    if let first = rest.first, "+- ".contains(first) { sign = rest.removeFirst() }
    if rest.first == "0" {
      rest.removeFirst()
      if alignment == nil { (fill, alignment) = ("0", .afterSign) }
    }
    width = FormatSpecification.number(&rest) ?? 0
    if let first = rest.first, ",_".contains(first) { grouping = rest.removeFirst() }
    if rest.first == "." {
      rest.removeFirst()
      guard let digits = FormatSpecification.number(&rest) else { return nil }
      precision = digits
    }
    if let first = rest.first, "fFeEgG%dxXob".contains(first) { type = rest.removeFirst() }
    guard rest.isEmpty else { return nil }
  }

  private static func number(_ text: inout Substring) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    text = text[digits.endIndex...]
    return Int(digits)
  }

  func text(_ value: Scalar) -> String {
    switch value {
    case .double(let number): return aligned(number.sign == .minus && !number.isNaN, unsigned(number))
    case .bool where isEmpty: return value.description
    case .int, .bool:
      let number = value.intValue
      guard type == nil || "dxXob".contains(type!) else {
        return aligned(number < 0, unsigned(Double(number)))
      }
      return aligned(number < 0, grouped(digits(number.magnitude)))
    case .complex(let z):
      // Parts are written one by one; width and alignment hold for the whole.
      var part = self
      (part.width, part.fill, part.alignment) = (0, " ", nil)
      let real = part.text(.double(z.real))
      part.sign = "+"
      return padded(real + part.text(.double(z.imaginary)) + "j")
    }
  }

  private func digits(_ magnitude: UInt) -> String {
    switch type {
    case "x": String(magnitude, radix: 16)
    case "X": String(magnitude, radix: 16, uppercase: true)
    case "o": String(magnitude, radix: 8)
    case "b": String(magnitude, radix: 2)
    default: String(magnitude)
    }
  }

  private func unsigned(_ value: Double) -> String {
    let magnitude = value.magnitude
    switch type {
    case "f", "F": return cased(grouped(NumberText.text(magnitude, .fixed, precision: precision ?? 6)))
    case "e", "E": return cased(NumberText.text(magnitude, .scientific, precision: precision ?? 6))
    case "g", "G": return cased(grouped(NumberText.text(magnitude, .general, precision: precision ?? 6)))
    case "%": return grouped(NumberText.text(magnitude * 100, .fixed, precision: precision ?? 6)) + "%"
    default:
      guard let precision else { return grouped(Scalar.double(magnitude).description) }
      // Without a type: the general notation, with a digit after the point.
      let text = NumberText.text(magnitude, .general, precision: precision)
      guard magnitude.isFinite, !text.contains("e"), !text.contains(".") else { return grouped(text) }
      if text.utf8.count < Swift.max(precision, 1) { return grouped(text) + ".0" }
      let exponent = NumberText.text(magnitude, .scientific, precision: Swift.max(precision - 1, 0))
      return FormatSpecification.withoutTrailingZeros(exponent)
    }
  }

  /// `1.200e+02` without the zeros before its exponent.
  private static func withoutTrailingZeros(_ text: String) -> String {
    let parts = text.split(separator: "e")
    var mantissa = parts[0]
    if mantissa.contains(".") {
      while mantissa.last == "0" { mantissa.removeLast() }
      if mantissa.last == "." { mantissa.removeLast() }
    }
    return mantissa + "e" + parts[1]
  }

  private func cased(_ text: String) -> String { type!.isUppercase ? text.uppercased() : text }

  /// `text` with a separator between every three digits before the point.
  private func grouped(_ text: String) -> String {
    guard let grouping else { return text }
    let whole = text.prefix { $0.isHexDigit }
    var result = ""
    for (i, digit) in whole.enumerated() {
      if i > 0 && (whole.count - i) % 3 == 0 { result.append(grouping) }
      result.append(digit)
    }
    return result + text[whole.endIndex...]
  }

  private func aligned(_ isNegative: Bool, _ unsigned: String) -> String {
    let mark = isNegative ? "-" : sign == "-" ? "" : String(sign)
    if alignment == .afterSign {
      return mark + String(repeating: fill, count: Swift.max(0, width - mark.count - unsigned.count)) + unsigned
    }
    return padded(mark + unsigned)
  }

  private func padded(_ text: String) -> String {
    let missing = Swift.max(0, width - text.count)
    let left: Int
    switch alignment ?? .right {
    case .left: left = 0
    case .center: left = missing / 2
    case .right, .afterSign: left = missing
    }
    return String(repeating: fill, count: left) + text + String(repeating: fill, count: missing - left)
  }
}

extension DefaultStringInterpolation {
  /// A number as Python's format specification has it: `"\(0.98765, format: ".2%")"` is `98.77%`.
  public mutating func appendInterpolation<S: ScalarConvertible>(_ value: S, format: String) {
    guard let specification = FormatSpecification(format) else {
      preconditionFailure("'\(format)' is no format specification for numbers")
    }
    appendLiteral(specification.text(value.scalar))
  }

  /// The one element of a zero-dimensional tensor, formatted; other tensors have no format.
  public mutating func appendInterpolation(_ tensor: Tensor, format: String) {
    guard tensor.ndim == 0, let value = try? tensor.item() else {
      preconditionFailure("unsupported format string '\(format)' for a tensor of sizes \(tensor.shape.listDescription)")
    }
    appendInterpolation(value, format: format)
  }

  /// A tensor inside a text. As in Python's f-strings, one without dimensions shows its number (`21.0`), where
  /// `print` shows `tensor(21.)`.
  public mutating func appendInterpolation(_ tensor: Tensor) {
    if tensor.ndim == 0, let value = try? tensor.item() {
      appendLiteral(value.description)
    } else {
      appendLiteral(tensor.description)
    }
  }

  /// A tensor that may be absent, such as `grad`: Python's `None` where it is.
  public mutating func appendInterpolation(_ tensor: Tensor?) {
    if let tensor { appendInterpolation(tensor) } else { appendLiteral("None") }
  }
}
