// The Python package's own tests, in a Python that has NumPy.

import Foundation
import TestSupport
import Testing

@Suite struct PythonTests {
  /// The library beside the tests: a build with `--build-tests` makes it too.
  private static let library: URL? = {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    for _ in 0..<4 {
      let candidate = folder.appendingPathComponent("libTorchC.so")
      if FileManager.default.fileExists(atPath: candidate.path) { return candidate }
      folder.deleteLastPathComponent()
    }
    let built = repository(".build/release/libTorchC.so")
    return FileManager.default.fileExists(atPath: built.path) ? built : nil
  }()

  @Test func pythonPackage() throws {
    guard try python(["-c", "import numpy"], library: nil).status == 0 else {
      return print("skipped the tests of the Python package: there is no python3 with NumPy here")
    }
    let library = try #require(PythonTests.library, "libTorchC.so is not built")
    let result = try python(["-m", "unittest", "discover", "-s", "tests", "-t", "."], library: library)
    #expect(result.status == 0, "\(result.output)")
  }

  private func python(_ arguments: [String], library: URL?) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3"] + arguments
    process.currentDirectoryURL = repository("Python")
    var environment = ProcessInfo.processInfo.environment
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    if let library { environment["SWIFT_TORCH_LIBRARY"] = library.path }
    process.environment = environment
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
