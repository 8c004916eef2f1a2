// Every case of PyTorch's operator database that has passed goes on passing.

import Foundation
import TestSupport
import Testing
import TorchConformance

/// `Fixtures/conformance` holds the cases, and in remaining.txt those that do not pass yet. To write that list anew:
/// `REWRITE_CONFORMANCE=1 make test ARGS="--filter ConformanceTests"`.
@Suite(.serialized) struct ConformanceTests {
  private static let list = repository("Fixtures/conformance/remaining.txt")

  private static func remaining() throws -> [String] {
    try String(contentsOf: list, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  @Test func casesThatPassedStillPass() throws {
    var failing: [String: String] = [:]
    var count = 0
    for folder in ["float32", "dtypes"] {
      for report in try Conformance.run(repository("Fixtures/conformance/\(folder).zip").path) {
        count += report.cases.count
        for outcome in report.cases where outcome.status != .passed {
          failing["\(folder)/\(outcome.id)"] = outcome.reason ?? ""
        }
      }
    }
    #expect(count == 15_555)
    if ProcessInfo.processInfo.environment["REWRITE_CONFORMANCE"] != nil {
      try failing.keys.sorted().joined(separator: "\n").appending("\n")
        .write(to: ConformanceTests.list, atomically: true, encoding: .utf8)
    }
    let known = Set(try ConformanceTests.remaining())
    for (id, reason) in failing.sorted(by: { $0.key < $1.key }) where !known.contains(id) {
      Issue.record("\(id) passed before: \(reason)")
    }
    let cured = known.subtracting(failing.keys).sorted()
    #expect(cured.isEmpty, "these pass now; take them off Fixtures/conformance/remaining.txt")
  }

  @Test func whatRemainsIsExplained() throws {
    let page = try String(contentsOf: repository("Docs/Conformance.md"), encoding: .utf8)
    let operators = Set(try ConformanceTests.remaining().map { $0.split(separator: "/")[1] })
    for name in operators.sorted() where !page.contains("`\(name)`") {
      Issue.record("Docs/Conformance.md does not say why cases of \(name) fail")
    }
  }
}
