// Errors of tensor expressions: the scopes that collect them, invalid tensors, and PyTorch's words (Fixtures/errors).

import Foundation
import Testing
import TestSupport
@preconcurrency import Torch

/// What `body` throws, or the first error of its tensor expressions.
func failure(_ body: () throws -> Void) -> TorchError? {
  do {
    try withErrors(body)
    return nil
  } catch { return error as? TorchError ?? TorchError(.state, "\(error)") }
}

private func z(_ sizes: Int..., dtype: DType = .float32) -> Tensor { Tensor.zeros(Shape(sizes), dtype: dtype) }
private func i(_ sizes: Int...) -> Tensor { Tensor.zeros(Shape(sizes), dtype: .int64) }
private func leaf(_ sizes: Int...) -> Tensor { Tensor.ones(Shape(sizes), requiresGrad: true) }
private func call(_ name: String, _ arguments: Value...) throws -> Tensor? {
  try OperatorRegistry.call(name, arguments).first?.tensor
}

private enum Wrong: AutogradFunction {
  static func forward(_ context: FunctionContext, _ inputs: [Tensor]) -> [Tensor] { [inputs[0] * 2] }
  static func backward(_ context: FunctionContext, _ gradients: [Tensor]) -> [Tensor?] { [gradients[0], gradients[0]] }
}

private enum WrongShape: AutogradFunction {
  static func forward(_ context: FunctionContext, _ inputs: [Tensor]) -> [Tensor] { [inputs[0] * 2] }
  static func backward(_ context: FunctionContext, _ gradients: [Tensor]) -> [Tensor?] { [Tensor.ones(7)] }
}

/// The calls that Fixtures/errors/make.py makes in PyTorch.
private let wrongCalls: [String: @Sendable () throws -> Void] = {
  var calls: [String: @Sendable () throws -> Void] = [:]
  func add(_ name: String, _ body: @escaping @Sendable () throws -> Any?) { calls[name] = { _ = try body() } }

  // Shapes.
  add("add broadcast") { z(2, 3) + z(4) }
  add("add_ broadcast") { z(3).add_(z(2, 3)) }
  add("mm inner") { z(2, 3).mm(z(4, 5)) }
  add("mm rank") { z(2).mm(z(2, 2)) }
  add("mm dtype") { z(2, 2).mm(i(2, 2)) }
  add("matmul scalar") { z().matmul(z(2)) }
  add("matmul vectors") { z(2).matmul(z(3)) }
  add("matmul batch") { z(2, 3, 4).matmul(z(3, 4, 5)) }
  add("bmm") { z(2, 3, 4).bmm(z(2, 5, 6)) }
  add("addmm") { z(3).addmm(z(2, 3), z(3, 4)) }
  add("linear") { nn.functional.linear(z(2, 3), z(4, 5)) }
  add("view size") { z(2, 3).view(4) }
  add("view stride") { z(2, 3).t().view(6) }
  add("view two") { z(2, 3).view(-1, -1) }
  add("reshape") { z(2, 3).reshape(5, -1) }
  add("expand") { z(2, 3).expand(2, 4) }
  add("expand few") { z(2, 3).expand(3) }
  add("permute") { z(2, 3).permute(0) }
  add("permute twice") { z(2, 3).permute(0, 0) }
  add("transpose") { z(2, 3).transpose(0, 2) }
  add("t") { z(2, 3, 4).t() }
  add("cat sizes") { torch.cat([z(2, 3), z(2, 4)]) }
  add("cat ranks") { torch.cat([z(2, 3), z(2)]) }
  add("cat empty") { torch.cat([]) }
  add("cat zero") { torch.cat([z(), z()]) }
  add("stack") { torch.stack([z(2), z(3)]) }
  add("conv channels") { torch.conv2d(z(1, 3, 8, 8), z(4, 2, 3, 3)) }
  add("conv rank") { torch.conv2d(z(8, 8), z(4, 2, 3, 3)) }
  add("conv small") { torch.conv2d(z(1, 1, 2, 2), z(1, 1, 3, 3)) }
  add("pool small") { torch.maxPool2d(z(1, 1, 2, 2), 3) }
  add("pool pad") { torch.maxPool2d(z(1, 1, 4, 4), 2, padding: 2) }
  add("where") { torch.where(z(2, dtype: .bool), z(3), z(2)) }
  add("copy_") { z(2, 3).copy_(z(4)) }
  add("unfold") { z(3).unfold(0, size: 4, step: 1) }
  add("narrow") { z(3).narrow(0, 2, 2) }
  add("split") { z(3).split(-1) }
  add("layer_norm") { try call("layer_norm", .tensor(z(2, 3)), .ints([4]), .none, .none, .double(1e-5), .bool(false)) }
  add("embedding") { try call("embedding", .tensor(z(3, 2)), .tensor(Tensor([5])), .int(-1), .bool(false), .bool(false)) }
  add("negative size") { z(-1, 2) }
  add("overlap") { z(1).expand(3).add_(Tensor(1.0)) }

  // Indices and dimensions.
  add("sum dim") { z(2, 3).sum(dim: 2) }
  add("sum dim twice") { z(2, 3).sum(dim: [0, 0]) }
  add("softmax dim") { z(2, 3).softmax(dim: -3) }
  add("select") { z(2, 3).select(1, 3) }
  add("subscript") { z(2, 3)[2] }
  add("subscript many") { z(2, 3)[0, 0, 0] }
  add("subscript of zero") { z()[0] }
  add("index_select") { z(3).indexSelect(0, Tensor([3])) }
  add("index_select dtype") { z(3).indexSelect(0, Tensor([1.0])) }
  add("index tensor") { z(3)[Tensor([3])] }
  add("index dtype") { z(3)[Tensor([1.0])] }
  add("mask") { z(3)[Tensor([true, false])] }
  add("gather dtype") { z(3).gather(0, Tensor([0.0])) }
  add("gather bounds") { z(3).gather(0, Tensor([3])) }
  add("gather rank") { z(3).gather(0, i(1, 1)) }
  add("scatter bounds") { z(3).scatter(0, Tensor([-1]), z(1)) }
  add("squeeze") { z(1, 2).squeeze(2) }
  add("unsqueeze") { z(2).unsqueeze(3) }
  add("max empty") { z(0).max() }
  add("max dim empty") { z(0, 2).max(dim: 0) }
  add("argmax empty") { z(0).argmax() }
  add("nll target") { torch.nllLoss(z(2, 3), Tensor([0, 3])) }
  add("nll batch") { torch.nllLoss(z(2, 3), Tensor([0])) }
  add("nll dtype") { torch.nllLoss(z(2, 3), Tensor([0.0, 1.0])) }
  add("randperm") { torch.randperm(-1) }

  // Dtypes and values.
  add("mean int") { i(3).mean() }
  add("softmax int") { i(3).softmax(dim: 0) }
  add("add_ float to int") { i(3).add_(Tensor([1.5, 1.5, 1.5])) }
  add("div_ int") { i(3).div_(Tensor(2)) }
  add("bool minus") { z(2, dtype: .bool) - z(2, dtype: .bool) }
  add("bool neg") { -z(2, dtype: .bool) }
  add("pow negative") { Tensor([2]).pow(-1) }
  add("int division by zero") { Tensor([2]).floorDivide(0) }
  add("remainder by zero") { Tensor([2]) % 0 }
  add("add alpha") { i(2).add(i(2), alpha: 1.5) }
  add("item") { try z(2).item() }
  add("complex order") { z(1, dtype: .complex64) < z(1, dtype: .complex64) }
  add("complex max") { z(1, dtype: .complex64).maximum(z(1, dtype: .complex64)) }
  add("masked_fill dtype") { z(2).maskedFill(i(2), 1) }
  add("where dtype") { torch.where(z(2), z(2), z(2)) }
  add("arange") { Tensor.arange(0, 5, step: -1) }
  add("arange step") { Tensor.arange(0, 5, step: 0) }
  add("linspace") { Tensor.linspace(0, 1, steps: -1) }
  add("requires_grad int") { i(2).requiresGrad_() }
  add("cross entropy") { nn.functional.crossEntropy(z(2, 3), Tensor([1])) }
  add("mse") { nn.functional.l1Loss(z(2, 3), z(4)) }

  // Autograd.
  add("backward twice") {
    let y = leaf(3).pow(2).sum()
    y.backward()
    y.backward()
    return nil
  }
  add("backward of a vector") { (leaf(3) * 2).backward() }
  add("backward of a complex") { (Tensor.ones([], dtype: .complex64, requiresGrad: true) * 2).backward() }
  add("backward of a constant") { z().backward() }
  add("backward shape") { (leaf(3) * 2).backward(z(2)) }
  add("grad of an unused") { try torch.autograd.grad([(leaf(3) * 2).sum()], [leaf(3)]) }
  add("grad of a constant") { try torch.autograd.grad([(leaf(3) * 2).sum()], [z(3)]) }
  add("grad of a constant, unused allowed") {
    try torch.autograd.grad([(leaf(3) * 2).sum()], [z(3)], allowUnused: true)
  }
  add("in-place on a leaf") { leaf(3).add_(Tensor(1.0)) }
  add("in-place on a view of a leaf") { leaf(3)[0].mul_(Tensor(2.0)) }
  add("fill of a leaf") { leaf(3).zero_() }
  add("in-place on a view made without grad") {
    let y = leaf(3) * 2
    return torch.noGrad { y[0] }.mul_(Tensor(2.0))
  }
  add("in-place with a gradient on a view made without grad") {
    let base = z(3)
    return torch.noGrad { base[0] }.mul_(leaf())
  }
  add("modified input") {
    let y = leaf(3) * 2
    let s = (y * y).sum()
    y.add_(Tensor(1.0))
    return s.backward()
  }
  add("modified result") {
    let y = leaf(2, 3).exp()
    y.mul_(Tensor(2.0))
    return y.sum().backward()
  }
  add("modified through a view") {
    let w = z(3)
    let y = (leaf(3) * w).sum()
    w[0] = 1
    return y.backward()
  }
  add("requires_grad of a result") { (leaf(3) * 2).requiresGrad_(false) }
  add("grad size") { leaf(3).grad = z(2) }
  add("grad type") { leaf(3).grad = z(3, dtype: .float64) }
  add("hook on a constant") { z(3).registerHook { $0 } }
  add("retain_grad of a constant") { z(3).retainGrad() }
  add("post hook of a result") { (leaf(3) * 2).registerPostAccumulateGradHook { _ in } }
  add("detach_ of a view") { (leaf(3) * 2)[0].detach_() }
  add("inference tensor saved") { leaf(3) * torch.inferenceMode { Tensor.ones(3) } }
  add("inference tensor written") { torch.inferenceMode { Tensor.ones(3) }.add_(Tensor(1.0)) }
  add("out with grad") {
    try call("add.out", .tensor(leaf(3)), .tensor(z(3)), .int(1), .tensor(z(3)))
  }
  add("function with too many gradients") { Wrong.apply(leaf(3))[0].sum().backward() }
  add("function with a wrong gradient") { WrongShape.apply(leaf(3))[0].sum().backward() }
  add("anomaly") {
    torch.autograd.detectAnomaly { (Tensor.zeros(3, requiresGrad: true).sqrt() * 0).sum().backward() }
  }
  add("hook that changes the size") {
    let y = leaf(3) * 2
    y.registerHook { _ in Tensor.ones(2) }
    return y.sum().backward()
  }
  return calls
}()

/// Where we say something else, or nothing, and why.
private let departures: [String: String] = [
  // Dtypes by their names here.
  "grad type": "attempting to assign a gradient with dtype 'float64' to a tensor of dtype 'float32'",
  // Closures have no names.
  "hook that changes the size": "hook has changed the size of value",
  // PyTorch has this wording for `zeros` alone; `ones`, `empty`, `full` and `rand` say what we say.
  "negative size": "Trying to create tensor with negative dimension -1: [-1, 2]",
  // Kernels are called by the operator's name.
  "complex order": "\"lt\" not implemented for 'ComplexFloat'",
  "complex max": "\"maximum\" not implemented for 'ComplexFloat'",
  // A view of a constant made while recording was off is a tensor like others; its base does not hear of the write.
  "in-place with a gradient on a view made without grad": "",
]

@Suite struct ErrorTests {
  @Test func messagesAreThoseOfPyTorch() throws {
    let expected = try fixture("errors/messages.json", [String: String].self)
    #expect(Set(expected.keys) == Set(wrongCalls.keys))
    for (name, message) in expected.sorted(by: { $0.key < $1.key }) {
      guard let body = wrongCalls[name] else { continue }
      let found = failure(body)?.message.split(separator: "\n").first.map(String.init)
      #expect(found ?? "" == departures[name, default: message], "\(name)")
    }
  }

  // MARK: Scopes

  @Test func theFirstErrorOfAScopeIsThrownAtItsEnd() {
    var reached = false
    let error = failure {
      _ = z(2) + z(3)
      _ = z(4).mm(z(5))
      reached = true
    }
    #expect(reached)
    #expect(error?.kind == .shape)
    #expect(error?.message.hasPrefix("The size of tensor a (2)") == true)
  }

  @Test func readingBackThrowsAtOnce() {
    var reached = false
    let error = failure {
      let y = (z(2) + z(3)).relu().sum()
      #expect(!y.isValid)
      _ = try y.item()
      reached = true
    }
    #expect(!reached && error?.message.hasPrefix("The size of tensor a (2)") == true)
    #expect(failure { _ = try (z(2) + z(3)).toArray(Float.self) }?.kind == .shape)
    #expect(failure { _ = try (z(2) + z(3)).scalars() }?.kind == .shape)
  }

  @Test func anErrorOfOnesOwnDoesNotHideTheFirst() {
    struct Mine: Error {}
    #expect(throws: TorchError.self) {
      try withErrors {
        _ = z(2) + z(3)
        throw Mine()
      }
    }
    #expect(throws: Mine.self) { try withErrors { throw Mine() } }
  }

  @Test func scopesNest() throws {
    let value = try withErrors {
      let inner = failure { _ = z(2) + z(3) }
      #expect(inner != nil)
      return try (z(2) + 1).sum().item(Float.self)
    }
    #expect(value == 2)
    // What an inner scope does not catch, the outer one gets.
    #expect(failure { try withErrors { _ = z(2) + z(3) } } != nil)
    // An invalid tensor that leaves a scope spoils the scope that uses it.
    let broken = invalid()
    #expect(failure { _ = broken + 1 }?.message == broken.failure?.message)
  }

  @Test func asynchronousScopesCollectFromTheirTasks() async throws {
    await #expect(throws: TorchError.self) {
      try await withErrors {
        await Task.yield()
        await withTaskGroup(of: Void.self) { group in
          for n in 0..<4 { group.addTask { _ = z(n + 1) + z(n + 2, 7) } }
        }
      }
    }
    let sum = try await withErrors {
      await Task.yield()
      return try z(3).sum().item(Float.self)
    }
    #expect(sum == 0)
  }

  @Test func scopesOfDifferentTasksDoNotMix() async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for n in 0..<32 {
        group.addTask {
          do {
            return try await withErrors {
              let y = n % 2 == 0 ? z(2) + z(2) : z(2) + z(3)
              await Task.yield()
              return y.isValid
            } && n % 2 == 0
          } catch { return n % 2 == 1 }
        }
      }
      for try await right in group { #expect(right) }
    }
  }

  @Test func threadsReportToTheScopeThatQueuedTheirWork() {
    let error = failure {
      let scope = ErrorScope.current
      let done = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        ErrorScope.$current.withValue(scope) { _ = z(2) + z(3) }
        done.signal()
      }
      done.wait()
    }
    #expect(error?.kind == .shape)
  }

  // MARK: Invalid tensors

  private func invalid() -> Tensor {
    var tensor: Tensor?
    _ = failure { tensor = z(2, 3) + z(4) }
    return tensor!
  }

  @Test func operatorsPassInvalidTensorsOn() {
    let broken = invalid()
    let operations: [(Tensor) -> Tensor] = [
      { $0 + 1 }, { 1 - $0 }, { $0 * $0 }, { z(2) / $0 }, { $0.relu() }, { $0.sum() }, { $0.reshape(-1) }, { $0[0] },
      { $0.t() }, { $0.to(.float64) }, { $0.clone() }, { $0.detach() }, { $0.contiguous() }, { $0.matmul($0) },
      { torch.cat([z(2), $0]) }, { torch.where($0 > 0, $0, $0) }, { $0.add_($0) }, { z(2).add_($0) }, { $0.zero_() },
      { z(2).copy_($0) }, { $0.copy_(z(2)) }, { $0.uniform_() }, { $0.max(dim: 0).indices }, { $0.split(1)[0] },
      { torch.utils.checkpoint($0) { $0 * 2 } }, { $0.requiresGrad_() + 1 }, { Tensor.zeros(like: $0) + $0 }, { $0[0...] }, { $0[$0 > 0] },
    ]
    for (n, operation) in operations.enumerated() {
      var result: Tensor?
      let error = failure { result = operation(broken) }
      #expect(result?.isValid == false, "operation \(n)")
      #expect(result?.failure?.description == broken.failure?.description, "operation \(n)")
      // One that has nothing to do returns the tensor itself.
      #expect(result === broken || error?.description == broken.failure?.description, "operation \(n)")
    }
  }

  @Test func backwardStepSaveAndPrintRefuseInvalidTensors() throws {
    let broken = invalid()
    #expect(failure { broken.backward() }?.kind == .shape)
    #expect(failure { Tensor.ones(1, requiresGrad: true).sum().backward(broken) }?.kind == .shape)
    #expect(throws: TorchError.self) { try torch.autograd.grad([broken], [leaf(1)]) }
    #expect("\(broken)".contains("The size of tensor a (3)"), "\(broken)")
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("invalid-\(UUID()).pt")
    #expect(failure { try torch.save(broken, to: path.path) }?.kind == .shape)
    #expect(!FileManager.default.fileExists(atPath: path.path))
    let parameter = leaf(2)
    #expect(failure { parameter.grad = broken } != nil)
    #expect(failure { parameter[0] = broken } != nil)
    let x = leaf(2)
    #expect(failure { (x * z(3)).sum().backward() }?.kind == .shape)
    #expect(x.grad == nil)
  }

  @Test func messagesNameOperatorAndShapes() {
    let error = failure { _ = z(2, 3) + Tensor.zeros(4, dtype: .int64) }
    #expect(error?.op == "aten::add.Tensor")
    #expect(error?.shapes == [[2, 3], [4]])
    #expect(error?.dtypes == [.float32, .int64])
    #expect(
      error?.description
        == "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1 (aten::add.Tensor of float32[2, 3], int64[4])"
    )
    #expect(failure { _ = z(2, 3).matmul(z(4, 5)) }?.op == "aten::mm")
  }

  @Test func aFailedInPlaceOperationChangesNothing() throws {
    let x = Tensor([1.0, 2.0])
    let version = x.version
    #expect(failure { x.add_(z(3)) } != nil)
    #expect(failure { x[5] = 1 } != nil)
    #expect(failure { x.scatter_(0, Tensor([0, 9]), Tensor([7.0, 7.0])) } != nil)
    #expect(try x.toArray(Double.self) == [1, 2])
    #expect(x.version == version)
  }

  @Test func boxedCallsCheckTheirArguments() {
    #expect(failure { _ = try OperatorRegistry.call("no_such", []) }?.kind == .notImplemented)
    #expect(failure { _ = try OperatorRegistry.call("mm", [.tensor(z(2, 2))]) }?.kind == .type)
    #expect(failure { _ = try OperatorRegistry.call("mm", [.tensor(z(2, 2)), .string("x")]) }?.kind == .type)
    #expect(failure { _ = try OperatorRegistry.call("add_.Tensor", [.int(1), .tensor(z(1)), .int(1)]) } != nil)
    #expect(failure { _ = try OperatorRegistry.call("sum.dim_IntList", [.tensor(z(2)), .string("a"), .bool(false), .none]) }?.kind == .type)
  }
}
