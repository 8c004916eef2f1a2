// The command-line tool.

import ArgumentParser
import Foundation
import TorchCore

@main
struct SwiftTorch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swift-torch", abstract: "SwiftTorch on the command line.", version: "1.0",
    subcommands: [RunCommand.self, InspectCommand.self, ConvertCommand.self, ConformanceCommand.self])

  /// An error is one line on standard error and exit status 1; the parser's own would add the usage and be 64.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
      // What could not be printed is an error too.
      guard fflush(nil) == 0 else {
        throw TorchError(.io, "cannot write to standard output: \(String(cString: strerror(errno)))")
      }
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
