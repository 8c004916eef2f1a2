// torch.func's transforms against PyTorch's (Fixtures/func/cases.json).

import TestSupport
import Testing
import TorchCore
import TorchNN

private struct Cases: Decodable {
  struct Value: Decodable {
    let shape: [Int]
    let values: [Double]
  }
  let `func`, vmap: [String: Value]
  let errors: [String: String]
}

private typealias fn = torch.`func`
private typealias F = nn.functional

private func data(_ sizes: Int..., start: Int = 0) -> Tensor {
  let n = sizes.reduce(1, *)
  return ((Tensor.arange(.int(n), dtype: .float64) + start) * 0.7).sin().reshape(sizes)
}

/// An operator that has no method, its other arguments as they are by default.
private func op(_ name: String, _ x: Tensor, place: Int = 0) -> Tensor {
  let rest: [Value] = name == "linalg_qr" ? [.string("reduced")] : []
  do { return try OperatorRegistry.find(name)!.callBoxed([.tensor(x)] + rest)[place].tensor! } catch {
    return .invalid(error as! TorchError)
  }
}

private func g(_ x: Tensor) -> Tensor { x.sin() * x.flip(0) }
private func f(_ x: Tensor) -> Tensor { (x.sin() * x).sum() }

private func transforms() -> [String: Tensor] {
  let (x, m, v) = (data(3), data(2, 3), data(3, start: 5))
  return [
    "grad": fn.grad(f)(x),
    "grad_grad": fn.grad(fn.grad { $0 * $0 * $0 })(Tensor.full([], 1.5, dtype: .float64)),
    "value": fn.gradAndValue(f)(x).value,
    "grad_second": fn.grad({ (a: Tensor, b: Tensor) in (a * b * b).sum() }, argnum: 1)(x, v),
    "vjp": fn.vjp(g, x).pull(v),
    "jvp": fn.jvp(g, x, v).tangent,
    "jvp_linear": fn.jvp({ (x: Tensor) in x * 2 }, x, v).tangent,
    "jacrev": fn.jacrev(g)(x),
    "jacrev_matrix": fn.jacrev { $0.matmul($0.t()) }(m),
    "jacfwd": fn.jacfwd(g)(x),
    "jacfwd_matrix": fn.jacfwd { $0.matmul($0.t()).tanh() }(m),
    "hessian": fn.hessian(f)(x),
    "jvp_of_grad": fn.jvp(fn.grad(f), x, v).tangent,
    "grad_of_jvp": fn.grad { x in fn.jvp(g, x, v).tangent.sum() }(x),
  ]
}

private func elementwiseMaps() -> [String: Tensor] {
  let (batch, other, v) = (data(4, 2, 3), data(4, 3, 2, start: 3), data(3, start: 5))
  return [
    "chain": fn.vmap { a in (a.sin() * 2 + a).exp().sum(dim: -1) }(batch),
    "sum": fn.vmap { $0.sum() }(batch),
    "mean_dims": fn.vmap { $0.mean(dim: 0) + $0.mean(dim: [0, 1]) }(batch),
    "max": fn.vmap { $0.max() }(batch),
    "max_dim": fn.vmap { $0.max(dim: 1).values }(batch),
    "argmax": fn.vmap { $0.argmax(dim: -1) }(batch),
    "softmax": fn.vmap { $0.softmax(dim: 0) }(batch),
    "log_softmax": fn.vmap { $0.logSoftmax(dim: -1) }(batch),
    "cumsum": fn.vmap { $0.cumsum(0) }(batch),
    "var": fn.vmap { $0.`var`(dim: [0]) }(batch),
    "view": fn.vmap { $0.reshape(3, 2).t() }(batch),
    "permute": fn.vmap { $0.permute(1, 0).unsqueeze(0).squeeze(0) }(batch),
    "select": fn.vmap { a in a.select(0, 1) * a.narrow(1, 0, 1) }(batch),
    "expand": fn.vmap { $0.sum().expand(2, 2) }(batch),
    "flatten": fn.vmap { $0.flatten() }(batch),
    "cat": fn.vmap { a, b in torch.cat([a, b.t()], dim: 1) }(batch, other),
    "stack": fn.vmap { a in torch.stack([a, a * 2], dim: -1) }(batch),
    "shared": fn.vmap({ a, b in a * b + b }, inDims: (0, nil))(batch, v),
    "ranks": fn.vmap { a, b in a + b }(batch, data(4)),
    "in_place": fn.vmap { a in (a * 1).add_(a).mul_(3) }(batch),
    "where": fn.vmap { a in torch.where(a > 0, a, a * 0.1) }(batch),
    "in_dim": fn.vmap({ $0.sum(dim: 0) }, inDim: 2)(batch),
    "in_dim_negative": fn.vmap({ $0 * 2 }, inDim: -1)(batch),
    "out_dim": fn.vmap({ $0 * 2 }, outDim: 2)(batch),
    "constant": fn.vmap { _ in v * 2 }(batch),
    "sort": fn.vmap { $0.sort(dim: 0).values }(batch),
    "index": fn.vmap { $0.indexSelect(1, Tensor([2, 0])) }(batch),
  ]
}

private func productMaps() -> [String: Tensor] {
  let (batch, other, m) = (data(4, 2, 3), data(4, 3, 2, start: 3), data(2, 3))
  let (weight, bias, square) = (data(2, 3, start: 2), data(2, start: 4), data(4, 3, 3, start: 9))
  let (images, kernel, labels) = (data(4, 2, 3, 5, 5), data(3, 3, 3, 3, start: 1), Tensor([2, 0, 1, 2]))
  let shifted = Tensor.eye(3, dtype: .float64) * 3
  return [
    "matmul": fn.vmap { $0.matmul($1) }(batch, other),
    "matmul_left": fn.vmap({ $0.matmul($1) }, inDims: (0, nil))(batch, data(3, 2)),
    "matmul_right": fn.vmap({ $0.matmul($1) }, inDims: (nil, 0))(data(5, 2), batch),
    "matvec": fn.vmap { $0.matmul($1) }(batch, data(4, 3)),
    "dot": fn.vmap { $0.dot($1) }(data(4, 3), data(4, 3, start: 2)),
    "bmm": fn.vmap { a in a.unsqueeze(0).expand(2, 2, 3).bmm(a.t().unsqueeze(0).expand(2, 3, 2)) }(batch),
    "linear": fn.vmap { F.linear($0, weight, bias) }(batch),
    "linear_weights": fn.vmap { F.linear(m, $0) }(batch),
    "gather": fn.vmap { a, i in a.gather(0, i) }(data(4, 3), labels.unsqueeze(1)),
    "conv": fn.vmap { F.conv2d($0, kernel, padding: 1) }(images),
    "conv_single": fn.vmap { F.conv2d($0.select(0, 0), kernel) }(images),
    "conv_weights": fn.vmap { F.conv2d(images.select(0, 0), $0) }(data(2, 4, 3, 2, 2)),
    "pool": fn.vmap { F.maxPool2d($0, 2) }(images),
    "inverse": fn.vmap { op("linalg_inv", $0 + shifted) }(square),
    "fallback": fn.vmap { op("linalg_qr", $0, place: 1).abs() }(square),
    "cross_entropy": fn.vmap { F.crossEntropy($0, $1) }(data(4, 3), labels),
  ]
}

private func composedMaps() -> [String: Tensor] {
  let (batch, other) = (data(4, 2, 3), data(4, 3, 2, start: 3))
  let (weight, square) = (data(2, 3, start: 2), data(4, 3, 3, start: 9))
  let rows = other.select(0, 0).t().contiguous()
  let shifted = Tensor.eye(3, dtype: .float64) * 3
  let perSample = fn.vmap(
    { all in
      fn.grad({ w in F.mseLoss(all[1].matmul(w[0].t()), all[2]) }, argnums: [0])([all[0]])
    }, inDims: [nil, 0, 0])
  let oneRow = fn.vmap { a in a.softmax(dim: 0).sum() + a.select(0, 0) }
  return [
    "nested": fn.vmap(oneRow)(batch),
    "nested_shared": fn.vmap { a in fn.vmap { b in a.matmul(b) }(rows) }(batch),
    "grad": fn.vmap(fn.grad(f))(batch),
    "grad_weights": perSample([weight, data(4, 3), data(4, 2, start: 7)])[0],
    "grad_fallback": fn.vmap(fn.grad { op("linalg_inv", $0 + shifted).sum() })(square),
    "jacrev": fn.vmap(fn.jacrev { $0 * $0.sum() })(data(4, 3)),
    "jacfwd": fn.vmap(fn.jacfwd { $0 * $0.sum() })(data(4, 3)),
    "hessian": fn.vmap(fn.hessian { $0.pow(3).sum() * $0.sum() })(data(4, 3)),
    "grad_of_vmap": fn.grad { w in fn.vmap { a in a.matmul(w.t()).tanh().sum() }(batch).sum() }(weight),
    "vjp": fn.vmap { a, b in fn.vjp({ (y: Tensor) in y.tanh() * y }, a).pull(b) }(data(4, 3), data(4, 3, start: 1)),
    "jvp": fn.vmap { a, b in fn.jvp({ (y: Tensor) in y.tanh() * y }, a, b).tangent }(
      data(4, 3), data(4, 3, start: 1)),
  ]
}

@Suite struct FunctionTransformTests {
  private static func compare(_ actual: [String: Tensor], _ expected: [String: Cases.Value]) throws {
    for (name, tensor) in actual {
      let wanted = try #require(expected[name], "\(name)")
      #expect(tensor.failure == nil, "\(name) \(tensor.failure as Any)")
      guard tensor.isValid else { continue }
      #expect(Array(tensor.shape) == wanted.shape, "\(name)")
      #expect(!tensor.requiresGrad, "\(name)")
      #expect(try distance(tensor.to(.float64), wanted.values) < 1e-9, "\(name)")
    }
  }

  private static func inScope(_ body: () -> [String: Tensor]) throws -> [String: Tensor] {
    var found: [String: Tensor] = [:]
    do { try withErrors { found = body() } } catch { Issue.record(error) }
    return found
  }

  @Test func derivativesArePyTorchs() throws {
    try Self.compare(try Self.inScope(transforms), try fixture("func/cases.json", Cases.self).func)
  }
  @Test func mappedOperatorsArePyTorchs() throws {
    try Self.compare(try Self.inScope(elementwiseMaps), try fixture("func/cases.json", Cases.self).vmap)
  }
  @Test func mappedProductsArePyTorchs() throws {
    try Self.compare(try Self.inScope(productMaps), try fixture("func/cases.json", Cases.self).vmap)
  }
  @Test func mappedTransformsArePyTorchs() throws {
    try Self.compare(try Self.inScope(composedMaps), try fixture("func/cases.json", Cases.self).vmap)
  }

  @Test func everyCaseOfTheFixtureIsRun() throws {
    let cases = try fixture("func/cases.json", Cases.self)
    let run = Set(elementwiseMaps().keys).union(productMaps().keys).union(composedMaps().keys)
    #expect(Set(cases.vmap.keys).subtracting(run) == [])
    #expect(Set(cases.func.keys).subtracting(transforms().keys) == [])
  }

  @Test func errorsArePyTorchs() throws {
    let expected = try fixture("func/cases.json", Cases.self).errors
    func check(_ name: String, _ body: () throws -> Tensor) {
      let error = #expect(throws: TorchError.self) { try withErrors { _ = try body() } }
      #expect(error?.message == expected[name], "\(name)")
    }
    check("scalar") { fn.grad { $0 * 2 }(data(3)) }
    check("sizes") { fn.vmap { a, _ in a }(data(2), data(3)) }
    check("random") { fn.vmap { _ in torch.randn(2) }(data(3)) }
    check("item") { fn.vmap { a in Tensor.full([], (try? a.sum().item()) ?? 0) + a.sum().checkedItem() }(data(4, 2, 3)) }
  }

  @Test func randomnessIsAsAsked() throws {
    let x = data(3, 2)
    let different = fn.vmap({ $0 + torch.rand(2, dtype: .float64) }, randomness: .different)(x) - x
    let same = fn.vmap({ $0 + torch.rand(2, dtype: .float64) }, randomness: .same)(x) - x
    let (a, b) = (try different.toArray(Double.self), try same.toArray(Double.self))
    #expect(Set(a).count == 6)
    #expect(abs(b[0] - b[2]) < 1e-12 && abs(b[1] - b[5]) < 1e-12)
    let dropped = fn.vmap({ F.dropout($0, p: 0.5) }, randomness: .different)(torch.ones(64, 8))
    let rows = try dropped.sum(dim: 1).toArray(Float.self)
    #expect(Set(rows).count > 1)
  }

  @Test func chunksGiveTheSame() throws {
    let x = data(7, 3)
    let whole = fn.vmap { $0.softmax(dim: 0) }(x)
    let chunked = fn.vmap({ $0.softmax(dim: 0) }, chunkSize: 3)(x)
    #expect(try distance(chunked, whole.toArray(Double.self)) < 1e-15)
  }

  @Test func modulesAreCalledWithOtherParameters() throws {
    let model = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    let x = data(4, 3).to(.float32)
    var parameters = model.stateDict()
    let before = model(x)
    #expect(try distance(torch.func.functionalCall(model, parameters, x), before.detach().toArray(Double.self)) < 1e-6)
    parameters["0.weight"] = Tensor.zeros([2, 3])
    parameters["0.bias"] = Tensor.zeros([2])
    #expect(try torch.func.functionalCall(model, parameters, x).toArray(Float.self).allSatisfy { $0 == 0 })
    #expect(try distance(model(x), before.detach().toArray(Double.self)) < 1e-6)
    parameters["other"] = Tensor.zeros([2])
    #expect(throws: TorchError.self) {
      try withErrors { _ = torch.func.functionalCall(model, parameters, x, strict: true) }
    }
  }

  /// Gradients of each sample's own loss, against those of samples taken one by one.
  @Test func perSampleGradientsOfAModel() throws {
    let model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    let (x, labels) = (data(5, 3).to(.float32), Tensor([0, 1, 1, 0, 1]))
    let parameters = model.stateDict()
    let keys = Array(parameters.keys)
    let perSample = fn.vmap(
      { all in
        fn.grad({ values in
          let dict = StateDict(uniqueKeysWithValues: zip(keys, values))
          let y = torch.func.functionalCall(model, dict, all[keys.count].unsqueeze(0))
          return F.crossEntropy(y, all[keys.count + 1].unsqueeze(0))
        }, argnums: Array(keys.indices))(Array(all.prefix(keys.count)))
      }, inDims: keys.map { _ in nil } + [0, 0])
    let gradients = try withErrors { perSample(Array(parameters.values) + [x, labels]) }
    for i in 0..<5 {
      model.zeroGrad()
      F.crossEntropy(model(x.narrow(0, i, 1)), labels.narrow(0, i, 1)).backward()
      for (gradient, parameter) in zip(gradients, model.parameters()) {
        #expect(try distance(gradient.select(0, i).contiguous(), parameter.grad!.toArray(Double.self)) < 1e-6)
      }
    }
  }

  @Test func anEnsembleRunsAtOnce() throws {
    let models = (0..<3).map { _ in nn.Linear(3, 2) }
    let (parameters, _) = torch.func.stackModuleState(models)
    let x = data(4, 3).to(.float32)
    let outputs = fn.vmap(
      { all in
        [torch.func.functionalCall(models[0], StateDict(uniqueKeysWithValues: zip(parameters.keys, all)), x)]
      }, inDims: parameters.map { _ in 0 })(Array(parameters.values))[0]
    #expect(Array(outputs.shape) == [3, 4, 2])
    for (i, model) in models.enumerated() {
      #expect(try distance(outputs.detach().select(0, i).contiguous(), model(x).detach().toArray(Double.self)) < 1e-6)
    }
  }
}

extension Tensor {
  /// Its number as a tensor; the error of reading it where there is none.
  fileprivate func checkedItem() -> Tensor {
    do { return Tensor.full([], try item()) } catch { return .invalid(error as! TorchError) }
  }
}
