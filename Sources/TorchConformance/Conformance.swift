// Runs a folder of operator cases against the registry.

import Foundation
import TorchCore

/// Runs folders of operator cases.
public enum Conformance {
  public enum Status: String, Sendable, Encodable { case passed, failed, skipped }

  /// What became of one case.
  public struct Outcome: Sendable, Encodable {
    public let id: String
    public let status: Status
    /// Why it failed, or which operators are missing.
    public let reason: String?
  }

  /// The outcomes of one operator's cases.
  public struct Report: Sendable, Encodable {
    public let op: String
    public let cases: [Outcome]

    public func count(_ status: Status) -> Int { cases.count { $0.status == status } }
  }

  /// Runs the cases in the folder, or zip archive, `path`.
  /// - Parameters:
  ///   - pattern: a regular expression that an operator's name must contain a match of.
  ///   - wording: whether errors must say what PyTorch says; the cases ask for an error alone.
  ///   - progress: called before each operator with its place and the number of operators.
  /// - Throws: where the files cannot be read; failing cases are outcomes.
  public static func run(
    _ path: String, pattern: String? = nil, wording: Bool = false,
    progress: (_ done: Int, _ total: Int, _ op: String) -> Void = { _, _, _ in }
  ) throws -> [Report] {
    let filter = try pattern.map { try Regex($0) }
    let folder = try CaseFolder(path)
    let files = try folder.decode(CaseIndex.self, "_index.json").files.filter { file in
      filter.map { file.op.firstMatch(of: $0) != nil } ?? true
    }
    return try files.enumerated().map { i, file in
      progress(i, files.count, file.op)
      let cases = try folder.decode(CaseFile.self, file.json)
      guard cases.format == "opinfo-cases/1" else {
        throw TorchError(.data, "\(file.json) has the format '\(cases.format)', not 'opinfo-cases/1'")
      }
      // A file with a dtype that we do not have fails its own cases only.
      let runner = Result { CaseRunner(tensors: try CaseTensors(folder.bytes(file.tensors)), checksWording: wording) }
      return Report(op: file.op, cases: cases.cases.map { outcome(of: $0, runner) })
    }
  }

  private static func outcome(of test: Case, _ runner: Result<CaseRunner, any Error>) -> Outcome {
    let missing = Set(test.operators.filter { OperatorRegistry.find($0) == nil }).sorted()
    guard missing.isEmpty else {
      return Outcome(id: test.id, status: .skipped, reason: missing.joined(separator: " "))
    }
    do {
      try withErrors { try runner.get().run(test) }
      return Outcome(id: test.id, status: .passed, reason: nil)
    } catch {
      return Outcome(id: test.id, status: .failed, reason: "\(error)")
    }
  }
}
