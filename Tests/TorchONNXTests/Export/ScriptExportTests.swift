// Programs of TorchScript: branches, loops, lists and dictionaries, decided while exporting or at run time.

import Foundation
import TestSupport
import Testing
import Torch
import TorchONNX

@Suite struct ScriptExportTests {
  private static let source = """
    def branch(x):
      if bool(x.sum() > 0):
        y = x * 2
      else:
        y = x - 1
      return y

    def collecting(x):
      parts = []
      for i in range(x.size(1)):
        parts.append(x[:, i] * i)
      return torch.stack(parts, 1)

    def running(x):
      total = torch.zeros_like(x[0])
      parts = []
      for i in range(x.size(0)):
        total = total + x[i]
        parts.append(total)
      return torch.stack(parts)

    def table(x):
      d = {"a": x + 1, "b": x * 2}
      out = []
      for key, value in d.items():
        if key == "b":
          value = value.relu()
        out.append(value)
      return out[0] + out[1] + len(d)

    def ranks(x):
      if x.dim() == 2:
        return x.sum(1)
      else:
        return x

    def rows(x):
      rows = (x[:, 0] > 0).nonzero().squeeze(1)
      heads = x.index_select(0, rows).view(rows.size(0), 2, 3)
      return heads.sum(2, keepdim=True).squeeze(2)

    def none(x):
      kept = x[x.sum(1) > 0]
      if kept.size(0) == 0:
        return x.mean(0, keepdim=True)
      return kept.max(0, keepdim=True)[0]

    def written(x):
      mask = x > 0
      x = x.clone()
      x[mask] = x[mask] * 2 + 1
      left, right = x.chunk(2, 1)
      return left * right.unsqueeze(-1).squeeze(-1)

    def spread(x):
      first = x[:, :1][x[:, 0] > 0]
      return torch.zeros(1, 1).masked_fill(first > 2, 5.0)

    def located(x):
      row, column = torch.where(x > 0)
      return torch.stack([row, column, column - row], 1).unsqueeze(0).flatten(1)

    def checked(x):
      if x.size(1) != 3:
        raise ValueError("three columns")
      if bool(x.max() > 1e9):
        raise ValueError("too large")
      return x.softmax(1)
    """

  private func run(_ name: String, _ inputs: [JIT.IValue], axes: [Int: String] = [:], _ others: [Tensor]) throws {
    let unit = try JIT.CompilationUnit(ScriptExportTests.source)
    let function = try #require(unit[name])
    let file = TemporaryFile()
    try ONNX.export(
      function, inputs.filter { $0.tensor != nil }, to: file.path, inputNames: ["x"], outputNames: ["y"],
      dynamicAxes: axes.isEmpty ? [:] : ["x": ONNX.DynamicAxes(axes)])
    try keep(name, file.path, others.last!, function)
    let model = try ONNX.load(file.path)
    for x in [inputs[0].tensor!] + others {
      let expected = try #require(try function.call([.tensor(x)] + inputs.dropFirst()).tensor)
      let actual = try withErrors { model(x)[0] }
      #expect(actual.shape == expected.shape)
      #expect(try distance(actual, expected.toArray(Double.self)) < 1e-5, "\(name)")
    }
  }

  /// Leaves the file for Fixtures/onnx-export/verify.py where that is asked for.
  private func keep(_ name: String, _ path: String, _ x: Tensor, _ function: JIT.Function) throws {
    guard let folder = ProcessInfo.processInfo.environment["ONNX_EXPORT_DIR"] else { return }
    let kept = folder + "/script-\(name).20.onnx"
    try? FileManager.default.removeItem(atPath: kept)
    try FileManager.default.copyItem(atPath: path, toPath: kept)
    let y = try function.call([.tensor(x)]).tensor
    try NumPy.saveArchive(["x": x, "y0": try #require(y)], to: kept + ".npz")
  }

  @Test func branchOnDataIsAnIf() throws {
    try run("branch", [.tensor(Tensor([1.0, 2]))], [Tensor([-1.0, -2])])
  }

  @Test func loopOverAFixedSizeIsUnrolled() throws {
    try run("collecting", [.tensor(torch.randn(2, 3))], axes: [0: "batch"], [torch.randn(5, 3)])
  }

  @Test func loopOverADynamicSizeIsALoop() throws {
    try run("running", [.tensor(torch.randn(3, 2))], axes: [0: "steps"], [torch.randn(5, 2), torch.randn(1, 2)])
  }

  @Test func dictionariesAreTakenApart() throws {
    try run("table", [.tensor(torch.randn(2, 2))], axes: [0: "batch"], [torch.randn(4, 2)])
  }

  @Test func whatTypesDecideIsDecided() throws {
    try run("ranks", [.tensor(torch.randn(2, 3))], axes: [0: "batch"], [torch.randn(4, 3)])
  }

  /// How many rows are selected is open, the other sizes are not.
  @Test(arguments: ["rows", "none", "written", "spread", "located"])
  func selectedRowsAreAnyNumber(_ name: String) throws {
    let x = Tensor([[1.0, 2, 3, 4, 5, 6], [-1, -2, -3, -4, -5, -6], [3, 1, 4, 1, 5, 9]])
    // Three examples: all, some and none of the rows are selected.
    for example in [x[0..<1], x, x[1..<2]] {
      try run(name, [.tensor(example)], axes: [0: "batch"], [x, x[1..<2], x[0..<1], torch.cat([x, -x, x], dim: 0)])
    }
  }

  @Test func assertionsAreLeftOut() throws {
    try run("checked", [.tensor(torch.randn(2, 3))], axes: [0: "batch"], [torch.randn(4, 3)])
  }
}
