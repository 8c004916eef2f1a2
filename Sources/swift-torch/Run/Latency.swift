// How long a run takes.

struct Latency: CustomStringConvertible {
  /// In milliseconds, from the shortest.
  private let times: [Double]

  /// Runs `body` `count` times.
  init(_ count: Int, _ body: () throws -> Void) rethrows {
    let clock = ContinuousClock()
    var times: [Double] = []
    for _ in 0..<count {
      let duration = try clock.measure(body)
      times.append(Double(duration.components.seconds) * 1e3 + Double(duration.components.attoseconds) * 1e-15)
    }
    self.times = times.sorted()
  }

  private func quantile(_ fraction: Double) -> Double { times[Int((Double(times.count - 1) * fraction).rounded())] }

  var description: String {
    func text(_ milliseconds: Double) -> String {
      let microseconds = Int((milliseconds * 1000).rounded())
      let fraction = String(microseconds % 1000)
      return "\(microseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }
    let mean = times.reduce(0, +) / Double(times.count)
    return "\(times.count) runs: median \(text(quantile(0.5))) ms, mean \(text(mean)) ms, min \(text(times[0])) ms, "
      + "p95 \(text(quantile(0.95))) ms, max \(text(times[times.count - 1])) ms"
  }
}
