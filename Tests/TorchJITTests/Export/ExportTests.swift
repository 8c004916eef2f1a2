// Every class of `nn`, traced and scripted: equal results here, after being written and read again, and (by
// Fixtures/torchscript-export/verify.py, which runs what `TORCHSCRIPT_EXPORT` names a folder for) in PyTorch.

import Foundation
import OrderedCollections
import Testing
import Torch

@Suite(.serialized) struct ExportTests {
  @Test(arguments: ModuleCase.all())
  func tracedModuleRunsAsTheModuleDoes(_ test: ModuleCase) throws {
    test.module.eval()
    let traced = try test.traced()
    try compare(test, traced, "trace_\(test.name)", [test.inputs] + test.otherBatches)
  }

  @Test(arguments: ModuleCase.all().filter(\.isScriptable))
  func scriptedModuleRunsAsTheModuleDoes(_ test: ModuleCase) throws {
    test.module.eval()
    let scripted = try JIT.script(test.module)
    try compare(test, scripted, "script_\(test.name)", [test.inputs] + test.otherBatches)
  }

  @Test(arguments: ModuleCase.all().filter(\.isScriptable))
  func scriptedModuleTrainsAsTheModuleDoes(_ test: ModuleCase) throws {
    test.module.train()
    let scripted = try JIT.script(test.module)
    #expect(scripted.training)
    let state = test.module.buffers().map { $0.clone() }
    torch.manualSeed(3)
    let expected = try withErrors { torch.noGrad { test.call(test.inputs) } }
    let moved = test.module.buffers().map { $0.clone() }
    torch.noGrad { for (buffer, old) in zip(test.module.buffers(), state) { buffer.copy_(old) } }
    torch.manualSeed(3)
    let actual = try torch.noGrad { try test.run(scripted, test.inputs) }
    try test.expectEqual(actual, expected)
    // Running statistics move as the module's do: they are the same tensors.
    for (buffer, expected) in zip(test.module.buffers(), moved) {
      #expect(try torch.allclose(buffer.to(.float64), expected.to(.float64), rtol: 1e-5, atol: 1e-6))
    }
    test.module.eval()
  }

  @Test(arguments: ModuleCase.all())
  func optimizedModuleRunsAsTheModuleDoes(_ test: ModuleCase) throws {
    test.module.eval()
    let optimized = try JIT.optimizeForInference(test.traced())
    try compare(test, optimized, "optimized_trace_\(test.name)", [test.inputs] + test.otherBatches)
    guard test.isScriptable else { return }
    let scripted = try JIT.optimizeForInference(JIT.script(test.module))
    try compare(test, scripted, "optimized_script_\(test.name)", [test.inputs] + test.otherBatches)
  }

  private func compare(_ test: ModuleCase, _ module: JIT.ScriptModule, _ name: String, _ batches: [[Tensor]]) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("swift-torch-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("\(name).pt").path
    // What is frozen has no parameters left.
    let keys = name.hasPrefix("optimized") ? module.stateDict().keys : test.module.stateDict().keys
    #expect(module.stateDict().keys == keys)
    try module.save(to: path)
    let reread = try JIT.load(path)
    #expect(!reread.training)
    #expect(reread.stateDict().keys == keys)
    var runs: [StateValue] = []
    for inputs in batches {
      torch.manualSeed(5)
      let expected = try withErrors { torch.noGrad { test.call(inputs) } }
      for other in [module, reread] {
        torch.manualSeed(5)
        try test.expectEqual(torch.noGrad { try test.run(other, inputs) }, expected)
        torch.manualSeed(5)
        try test.expectEqual(test.run(other, inputs), expected)
      }
      runs.append(.dict(StateDictionary(["inputs": .list(inputs.map { .tensor($0) }), "outputs": .list(expected.map { .tensor($0.detach()) })])))
    }
    guard let target = ProcessInfo.processInfo.environment["TORCHSCRIPT_EXPORT"] else { return }
    try module.save(to: "\(target)/\(name).pt")
    let state = StateDictionary(
      OrderedDictionary(uniqueKeysWithValues: module.stateDict().map { (StateKey.string($0), StateValue.tensor($1.detach())) }))
    try torch.save(
      .dict(StateDictionary(["runs": .list(runs), "random": .bool(test.isRandom), "state": .dict(state)])),
      to: "\(target)/\(name).data.pt")
  }
}

extension ModuleCase {
  /// The inputs with one example more.
  var otherBatches: [[Tensor]] {
    hasBatch ? [inputs.map { torch.cat([$0, $0.narrow(0, 0, 1)]) }] : []
  }

  /// The module's trace; outputs are a list.
  func traced() throws -> JIT.ScriptModule {
    switch inputs.count {
    case 1: try JIT.trace(module, inputs[0], strict: false) { [call] _, a in call([a]) }
    case 2: try JIT.trace(module, inputs[0], inputs[1], strict: false) { [call] _, a, b in call([a, b]) }
    default:
      try JIT.trace(module, inputs[0], inputs[1], inputs[2], strict: false) { [call] _, a, b, c in call([a, b, c]) }
    }
  }

  func run(_ module: JIT.ScriptModule, _ inputs: [Tensor]) throws -> [Tensor] {
    try module.forward(inputs.map { .tensor($0) }).allTensors
  }

  func expectEqual(_ actual: [Tensor], _ expected: [Tensor]) throws {
    #expect(actual.count == expected.count)
    for (a, b) in zip(actual, expected) {
      #expect(a.shape == b.shape)
      #expect(a.dtype == b.dtype)
      #expect(try torch.allclose(a, b, rtol: 1e-5, atol: 1e-6, equalNaN: true), "\(name): \(a) is not \(b)")
    }
  }
}

extension JIT.IValue {
  /// The tensors in it, from left to right.
  var allTensors: [Tensor] {
    if let tensor { return [tensor] }
    return elements?.flatMap(\.allTensors) ?? []
  }
}
