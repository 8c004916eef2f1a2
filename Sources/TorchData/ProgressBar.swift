// A progress bar on a terminal, in tqdm's form; in a pipe or a log file it writes nothing.
//
//   Epoch 1:  45%|█████████▌           | 422/938 [00:12<00:15, 34.1 batch/s, loss 0.0512]

import Foundation

/// A line on the terminal (standard error) that shows how far a loop is.
///
/// ```swift
/// var bar = ProgressBar(total: loader.count, label: "Epoch 1", unit: "batch")
/// for batch in loader {
///   bar.advance(note: "loss 0.0512")
///   if isTimeToLog { bar.clear(); print(line) }  // the bar comes back with the next advance
/// }
/// bar.clear()
/// ```
public struct ProgressBar: ~Copyable {
  public let total: Int
  /// Steps done.
  public private(set) var count = 0
  private let label, unit: String
  private let isVisible: Bool
  private let start = ContinuousClock.now
  private var lastDrawn: ContinuousClock.Instant?

  /// - Parameter isVisible: Defaults to whether standard error is a terminal that can move its cursor.
  public init(total: Int, label: String = "", unit: String = "it", isVisible: Bool? = nil) {
    (self.total, self.label, self.unit) = (total, label, unit)
    self.isVisible = isVisible ?? ProgressBar.hasTerminal
  }

  deinit { if lastDrawn != nil { ProgressBar.write("\r\u{1B}[K") } }

  /// Counts `steps` more and draws the bar, at most twenty times a second; `note` stands at its end.
  public mutating func advance(by steps: Int = 1, note: @autoclosure () -> String = "") {
    set(count + steps, note: note())
  }

  /// Sets the number of steps done.
  public mutating func set(_ count: Int, note: @autoclosure () -> String = "") {
    self.count = count
    guard isVisible else { return }
    let now = ContinuousClock.now
    if let lastDrawn, count < total, now - lastDrawn < .milliseconds(50) { return }
    lastDrawn = now
    let line = ProgressBar.line(
      count: count, total: total, elapsed: start.duration(to: now), label: label, unit: unit, note: note(),
      columns: ProgressBar.columns)
    ProgressBar.write("\r\(line)\u{1B}[K")
  }

  /// Takes the bar off the terminal, so that something else can be printed.
  public mutating func clear() {
    guard lastDrawn != nil else { return }
    lastDrawn = nil
    ProgressBar.write("\r\u{1B}[K")
  }

  /// The bar as text of at most `columns - 1` characters.
  package static func line(
    count: Int, total: Int, elapsed: Duration, label: String, unit: String, note: String, columns: Int
  ) -> String {
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    let share = total > 0 ? min(1, max(0, Double(count) / Double(total))) : 1
    let rate = seconds > 0 ? Double(count) / seconds : 0
    let left = rate > 0 ? time(Double(max(0, total - count)) / rate) : "?"
    let percent = String(Int(share * 100))
    let head = "\(label.isEmpty ? "" : label + ": ")\(String(repeating: " ", count: 3 - percent.count))\(percent)%"
    let speed = rate >= 1 || rate == 0 ? "\(short(rate)) \(unit)/s" : "\(short(1 / rate)) s/\(unit)"
    let tail = " \(count)/\(total) [\(time(seconds))<\(left), \(speed)\(note.isEmpty ? "" : ", " + note)]"
    // A character in the last column makes some terminals begin a new line.
    let room = columns - 1 - head.count - tail.count - 2
    guard room >= 4 else { return String((head + tail).prefix(max(0, columns - 1))) }
    return "\(head)|\(bar(share, width: min(room, 40)))|\(tail)"
  }

  /// A bar with steps of an eighth of a character.
  private static func bar(_ share: Double, width: Int) -> String {
    let eighths = Int(share * Double(width * 8))
    let (full, rest) = eighths.quotientAndRemainder(dividingBy: 8)
    let partial = rest == 0 ? "" : String(Array("▏▎▍▌▋▊▉")[rest - 1])
    return String(repeating: "█", count: full) + partial
      + String(repeating: " ", count: width - full - (rest == 0 ? 0 : 1))
  }

  /// Seconds as `mm:ss` or `h:mm:ss`.
  private static func time(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e9))
    func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
    let clock = "\(two(whole / 60 % 60)):\(two(whole % 60))"
    return whole < 3600 ? clock : "\(whole / 3600):\(clock)"
  }

  /// A positive number with one decimal below 1000.
  private static func short(_ value: Double) -> String {
    value < 1000 ? "\(Int(value * 10) / 10).\(Int(value * 10) % 10)" : "\(Int(min(value, 1e15)))"
  }

  private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  private static var hasTerminal: Bool {
    isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
  }

  private static var columns: Int {
    var size = winsize()
    return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }
}
