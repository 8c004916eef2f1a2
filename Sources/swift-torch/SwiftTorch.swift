// The command-line tool.

import ArgumentParser
import Foundation

@main
struct SwiftTorch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swift-torch", abstract: "SwiftTorch on the command line.",
    subcommands: [RunCommand.self, InspectCommand.self, ConvertCommand.self, ConformanceCommand.self])

  /// An error is one line on standard error and exit status 1; the parser's own would add the usage and be 64.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let code as ExitCode {
      exit(withError: code)
    } catch {
      if exitCode(for: error).isSuccess { exit(withError: error) }
      let lines = message(for: error).split(whereSeparator: \.isNewline)
      FileHandle.standardError.write(Data("Error: \(lines.joined(separator: " "))\n".utf8))
      exit(withError: ExitCode.failure)
    }
  }
}
