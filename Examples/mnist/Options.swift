// What the program can be told on its command line.

import ArgumentParser

struct Options: ParsableArguments {
  @Option(help: ArgumentHelp("Rounds over the training images.", valueName: "n"))
  var epochs = 3

  @Option(
    help: ArgumentHelp(
      "Folder with the four files of MNIST. Without it: a downloaded copy, a download, or the bundled subset.",
      valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("Seed of the random numbers; 0 gives the guide's run.", valueName: "n"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("Threads to compute with; all cores without it.", valueName: "n"))
  var threads: Int?

  @Option(help: ArgumentHelp("Images of one training step.", valueName: "n"))
  var batchSize = 64

  @Option(help: ArgumentHelp("Folder for the model and the pictures.", valueName: "dir"))
  var out = "."

  @Option(help: ArgumentHelp("File for the course of the training, one JSON object a line.", valueName: "file"))
  var json: String?

  func validate() throws {
    guard epochs >= 1 else { throw ValidationError("--epochs must be at least 1") }
    guard batchSize >= 1 else { throw ValidationError("--batch-size must be at least 1") }
    guard threads.map({ $0 >= 1 }) ?? true else { throw ValidationError("--threads must be at least 1") }
  }
}
