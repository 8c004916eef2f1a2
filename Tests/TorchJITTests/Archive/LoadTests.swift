// Archives that PyTorch wrote run as they do in PyTorch.

import Foundation
import TestSupport
import Testing
import Torch

@Suite(.serialized) struct LoadTests {
  static let modules = (try? ScriptFixtures("modules.zip")) .map { $0.names(".script.pt") } ?? []
  static let traces = (try? ScriptFixtures("modules.zip")) .map { $0.names(".trace.pt") } ?? []
  static let programs = (try? ScriptFixtures("programs.zip")) .map { $0.names(".pt") } ?? []

  static let quantized = (try? ScriptFixtures("quantized.zip")).map { $0.names(".pt") } ?? []
  static let versions = (try? ScriptFixtures("versions.zip")).map { $0.names(".pt") } ?? []

  @Test func fixturesAreThere() {
    #expect(Self.modules.count == 153 && Self.traces.count == 156 && Self.programs.count > 15)
  }

  @Test(arguments: modules) func scripted(_ name: String) throws { try checkModule(name, "script") }

  @Test(arguments: traces) func traced(_ name: String) throws { try checkModule(name, "trace") }

  private func checkModule(_ name: String, _ kind: String) throws {
    let fixtures = try ScriptFixtures("modules.zip")
    let module = try JIT.load(bytes: fixtures.bytes("\(name).\(kind).pt"))
    for call in try fixtures.calls(name) { try call.check(module, name) }
  }

  @Test(arguments: programs) func program(_ name: String) throws {
    let fixtures = try ScriptFixtures("programs.zip")
    let module = try JIT.load(bytes: fixtures.bytes(name + ".pt"))
    for call in try fixtures.calls(name) { try call.check(module, name) }
  }

  @Test func moreFixturesAreThere() { #expect(Self.versions.count == 11 && Self.quantized.count == 15) }

  /// Integers make jumps of what rounding makes in others: the fixture's values keep away from them.
  @Test(arguments: quantized) func quantizedModel(_ name: String) throws {
    let fixtures = try ScriptFixtures("quantized.zip")
    let module = try JIT.load(bytes: fixtures.bytes(name + ".pt"))
    for call in try fixtures.calls(name) { try call.check(module, name) }
  }

  /// Operators mean what they meant in the version of the archive.
  @Test(arguments: versions) func version(_ name: String) throws {
    let fixtures = try ScriptFixtures("versions.zip")
    let module = try JIT.load(bytes: fixtures.bytes(name + ".pt"))
    for call in try fixtures.calls(name) { try call.check(module, name) }
    // Saved in today's version it still does what it did.
    try withTemporaryFolder { folder in
      try module.save(to: folder + "/again.pt")
      let again = try JIT.load(folder + "/again.pt")
      for call in try fixtures.calls(name) { try call.check(again, name + " again") }
    }
  }

  /// Saved again and loaded, everything does the same. SWIFT_TORCH_SAVED names a folder to keep the archives in, for
  /// Fixtures/torchscript/check_saved.py, which has PyTorch load them.
  @Test(arguments: programs) func savedAgain(_ name: String) throws {
    let fixtures = try ScriptFixtures("programs.zip")
    try withTemporaryFolder { folder in
      let kept = ProcessInfo.processInfo.environment["SWIFT_TORCH_SAVED"]
      let path = "\(kept ?? folder)/\(name).pt"
      try JIT.load(bytes: fixtures.bytes(name + ".pt")).save(to: path)
      let module = try JIT.load(path)
      for call in try fixtures.calls(name) { try call.check(module, name) }
    }
  }

  /// A copy does the same, and leaves the original's state alone.
  @Test(arguments: ["values", "tagger", "resnet"]) func copied(_ name: String) throws {
    let fixtures = try ScriptFixtures("programs.zip")
    let module = try JIT.load(bytes: fixtures.bytes(name + ".pt"))
    let copy = module.copy()
    for call in try fixtures.calls(name) { try call.check(copy, "copy of " + name) }
    for call in try fixtures.calls(name) { try call.check(module, name) }
  }
}
