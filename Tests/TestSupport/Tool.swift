// The tool as it is built, run on files.

import Foundation

package enum Tool {
  package struct Outcome {
    package let status: Int32
    package let output: String
    package let errors: String

    package var lines: [String] { output.split(separator: "\n").map(String.init) }
    /// Whether it is how the tool fails: status 1 and one line on standard error.
    package var isOneLineError: Bool {
      status == 1 && errors.hasPrefix("Error: ") && errors.hasSuffix("\n") && errors.split(separator: "\n").count == 1
    }
  }

  /// It lies beside the program that the tests are.
  private static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "swift-torch")

  package static func run(_ arguments: [String], in folder: String? = nil) throws -> Outcome {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = try output.fileHandleForReading.readToEnd() ?? Data()
    let complaints = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Outcome(
      status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
      errors: String(decoding: complaints, as: UTF8.self))
  }

  package static func run(_ arguments: String...) throws -> Outcome { try run(arguments) }
}
