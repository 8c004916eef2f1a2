// The command-line tool.

import ArgumentParser

@main
struct SwiftTorch: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "swift-torch", abstract: "SwiftTorch on the command line.", subcommands: [ConformanceCommand.self])
}
