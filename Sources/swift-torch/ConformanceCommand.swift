// `swift-torch conformance`: operator cases run against the registry, with a table and an exit status.

import ArgumentParser
import Foundation
import TorchConformance
import TorchData

struct ConformanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conformance", abstract: "Run a folder of operator cases.",
    discussion: "Exits with status 0 only if no case failed. Skipped cases call operators that are not registered.")

  @Argument(help: "The folder of cases, with its _index.json; or a zip archive of it.")
  var folder: String

  @Option(help: "Only operators whose name matches this regular expression.")
  var ops: String?

  @Option(help: "Write the outcome of every case to this file.")
  var json: String?

  @Flag(help: "List the failed cases and why they failed.")
  var failures = false

  @Flag(help: "Hold the words of errors against PyTorch's too.")
  var wording = false

  func run() throws {
    var bar = ProgressBar(total: 1, label: "conformance", unit: "op")
    var isSized = false
    let reports = try Conformance.run(folder, pattern: ops, wording: wording) { done, total, op in
      if !isSized {
        bar = ProgressBar(total: total, label: "conformance", unit: "op")
        isSized = true
      }
      bar.set(done, note: op)
    }
    bar.clear()
    printTable(reports)
    if failures { printFailures(reports) }
    if let json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(reports).write(to: URL(fileURLWithPath: json), options: .atomic)
    }
    func total(_ status: Conformance.Status) -> Int { reports.reduce(0) { $0 + $1.count(status) } }
    print("\(total(.passed)) passed, \(total(.failed)) failed, \(total(.skipped)) skipped")
    if total(.failed) > 0 { throw ExitCode.failure }
  }

  private func printTable(_ reports: [Conformance.Report]) {
    let width = max(8, reports.map(\.op.count).max() ?? 0)
    func row(_ name: String, _ cells: [String]) -> String {
      name.padding(toLength: width, withPad: " ", startingAt: 0)
        + cells.map { String(repeating: " ", count: max(1, 9 - $0.count)) + $0 }.joined()
    }
    print(row("operator", ["passed", "failed", "skipped"]))
    for report in reports {
      print(row(report.op, [Conformance.Status.passed, .failed, .skipped].map { String(report.count($0)) }))
    }
  }

  private func printFailures(_ reports: [Conformance.Report]) {
    for outcome in reports.flatMap(\.cases) where outcome.status == .failed {
      print("\(outcome.id): \(outcome.reason ?? "")")
    }
  }
}
