// Where the ticks of an axis go and how they are labelled.
//
// Reference: matplotlib's `MaxNLocator(steps: 1, 2, 2.5, 5, 10)` and `ScalarFormatter`. Departure: no common offset is
// taken out of the labels (matplotlib's `+9.8e1`); very large and very small numbers are written in scientific notation.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

package enum Ticks {
  /// Round places inside `range`, at most `count + 1` of them, evenly spaced.
  package static func places(in range: ClosedRange<Double>, count: Int) -> [Double] {
    let span = range.upperBound - range.lowerBound
    guard span > 0, span.isFinite, count > 0 else { return [range.lowerBound] }
    let scale = pow(10, (log10(span / Double(count))).rounded(.down))
    for step in [1, 2, 2.5, 5, 10, 20].map({ $0 * scale }) {
      let first = (range.lowerBound / step - 1e-9).rounded(.up)
      let last = (range.upperBound / step + 1e-9).rounded(.down)
      let number = last - first + 1
      if number <= Double(count + 1) && span / step <= Double(count) {
        return number < 1 ? [] : (0..<Int(number)).map { (first + Double($0)) * step }
      }
    }
    return [range.lowerBound, range.upperBound]
  }

  /// Labels with as many decimals as tell the places apart, the same number for all; U+2212 is the minus sign.
  package static func labels(_ places: [Double]) -> [String] {
    let largest = places.map(abs).max() ?? 0
    guard largest < 1e7, largest >= 1e-4 || largest == 0 else { return places.map { withMinusSign(scientific($0)) } }
    var decimals = 0
    while decimals < 10 && places.contains(where: { !isDecimal($0, decimals, of: largest) }) { decimals += 1 }
    return places.map { withMinusSign(fixed($0, decimals)) }
  }

  private static func isDecimal(_ value: Double, _ decimals: Int, of largest: Double) -> Bool {
    let scaled = value * pow(10, Double(decimals))
    return abs(scaled - scaled.rounded()) <= 1e-9 * max(1, largest * pow(10, Double(decimals)))
  }

  private static func fixed(_ value: Double, _ decimals: Int) -> String {
    let scaled = (abs(value) * pow(10, Double(decimals))).rounded()
    var digits = String(Int(scaled))
    if decimals > 0 {
      digits = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
      digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -decimals))
    }
    return value < 0 && scaled != 0 ? "-" + digits : digits
  }

  private static func scientific(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    let exponent = Int(log10(abs(value)).rounded(.down))
    let mantissa = (value / pow(10, Double(exponent)) * 1e4).rounded() / 1e4
    return "\(mantissa)e\(exponent)"
  }

  private static func withMinusSign(_ label: String) -> String {
    String(label.map { $0 == "-" ? "\u{2212}" : $0 })
  }
}
