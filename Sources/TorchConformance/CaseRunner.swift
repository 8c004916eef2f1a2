// Runs one case through boxed calls, as PyTorch's dispatcher would be called.

import Foundation
import TorchCore

/// Runs the cases of one file.
struct CaseRunner {
  let tensors: CaseTensors
  /// Whether a failing call must also say what PyTorch says.
  let checksWording: Bool

  /// Runs `test`; throws what is wrong.
  func run(_ test: Case) throws {
    torch.manualSeed(0)
    if test.kind == .error { return try runError(test) }
    var state = try State(test, self, grad: test.grad != nil)
    try state.call(test.calls)
    try check(test.outputs ?? [], state, "output", test)
    for mutated in test.mutatedInputs ?? [] {
      try mutated.expect.check(.tensor(state.inputs[mutated.input]), tensors, "mutated input \(mutated.input)")
    }
    if let calls = test.postCalls {
      try state.call(calls)
      try check(test.postOutputs ?? [], state, "post output", test)
    }
    if let grad = test.grad { try checkGradients(grad, test.gradgrad, state) }
    if let name = test.variants?.inplace { try checkInPlace(test, name) }
    if let name = test.variants?.out { try checkOut(test, name) }
  }

  /// A case whose last call must raise an error.
  private func runError(_ test: Case) throws {
    // Some inputs have more dimensions than tensors may have: ours are refused when they are made.
    guard test.inputs.allSatisfy({ $0.shape.count <= Shape.maxRank }) else { return }
    var state = try State(test, self, grad: true)
    try state.call(Array(test.calls.dropLast()))
    do {
      try state.call(Array(test.calls.suffix(1)))
    } catch {
      if checksWording, let expected = test.error { try checkWording("\(error)", expected) }
      return
    }
    throw Mismatch("no error was raised")
  }

  /// As PyTorch's own test: its pattern must be found in the message.
  private func checkWording(_ message: String, _ expected: ExpectedError) throws {
    guard let pattern = expected.regex, !pattern.isEmpty else { return }
    let regex = try NSRegularExpression(pattern: pattern)
    if regex.firstMatch(in: message, range: NSRange(message.startIndex..., in: message)) == nil {
      throw Mismatch("the error is '\(message)', PyTorch's '\(expected.message ?? pattern)'")
    }
  }

  // MARK: Outputs

  /// Whether the output holds indices of elements that may be equal: which of those an index names is not specified.
  private func namesTies(_ output: Output, _ test: Case) -> Bool {
    test.flags?.contains("tie_dependent_indices") == true && output.expect.dtype == "int64" && output.expect.rtol == nil
  }

  private func check(_ outputs: [Output], _ state: State, _ what: String, _ test: Case) throws {
    for (k, output) in outputs.enumerated() {
      let value = try state.value(output.ref)
      if namesTies(output, test) {
        guard let tensor = value.tensor, tensor.dtype == .int64, tensor.shape == output.expect.shape ?? [] else {
          throw Mismatch("\(what) \(k): expected int64\(output.expect.shape ?? [])")
        }
      } else {
        try output.expect.check(value, tensors, "\(what) \(k)", unordered: output.unordered == true)
      }
      if let input = output.aliasOf, value.tensor?.sharesStorage(with: state.inputs[input]) != true {
        throw Mismatch("\(what) \(k) does not share memory with input \(input)")
      }
      if output.checkStrides == true, let tensor = value.tensor { try checkStrides(tensor, output.expect, "\(what) \(k)") }
    }
  }

  private func checkStrides(_ tensor: Tensor, _ expected: Expectation, _ what: String) throws {
    let isRight =
      expected.strides.map { strides in
        tensor.shape.indices.allSatisfy { tensor.shape[$0] <= 1 || tensor.strides[$0] == strides[$0] }
      } ?? tensor.isContiguous
    guard isRight else {
      throw Mismatch("\(what): strides \(tensor.strides.listDescription), expected \(expected.strides.map { "\($0)" } ?? "contiguous")")
    }
  }

  // MARK: Gradients

  private func checkGradients(_ grad: Gradient, _ second: SecondGradient?, _ state: State) throws {
    let outputs = try grad.of.map { try state.tensor($0) }
    let cotangents = try grad.cotangents.map { stored in
      let tensor = try tensors.leaf(stored, grad: false)
      return second == nil ? tensor : tensor.requiresGrad_()
    }
    let leaves = grad.inputs.map { state.inputs[$0] }
    let found = try torch.autograd.grad(
      outputs, leaves, gradOutputs: cotangents, createGraph: second != nil, allowUnused: true)
    for (k, expected) in grad.expect.enumerated() {
      try expected.check(found[k].map { .tensor($0) } ?? .none, tensors, "grad \(grad.inputs[k])")
    }
    guard let second else { return }
    // A gradient that depends on nothing has zero derivatives.
    let roots = zip(second.of, second.cotangents).filter { found[$0.0]?.requiresGrad == true }
    let sources = second.wrtInputs.map { state.inputs[$0] } + cotangents
    let again: [Tensor?] =
      roots.isEmpty
      ? sources.map { _ in nil }
      : try torch.autograd.grad(
        roots.map { found[$0.0]! }, sources, gradOutputs: roots.map { try tensors.leaf($0.1, grad: false) },
        allowUnused: true)
    for (k, expected) in (second.expectInputs + second.expectCotangents).enumerated() {
      try expected.check(again[k].map { .tensor($0) } ?? .none, tensors, "gradgrad \(k)")
    }
  }

  // MARK: Variants

  private func checkInPlace(_ test: Case, _ name: String) throws {
    try torch.noGrad { () throws -> Void in
      var state = try State(test, self, grad: false)
      try state.call(test.calls, renamed: name)
      guard let expected = test.outputs?.first?.expect, let first = test.calls[0].args.first else { return }
      try expected.check(state.results[0][0], tensors, "in-place result")
      try expected.check(state.value(first), tensors, "in-place self")
    }
  }

  private func checkOut(_ test: Case, _ name: String) throws {
    try torch.noGrad { () throws -> Void in
      var state = try State(test, self, grad: false)
      let outs = (test.outputs ?? []).map { output in
        Tensor.empty([0], dtype: output.expect.dtype.flatMap(DType.init(name:)))
      }
      try state.call(test.calls, renamed: name, outs: outs)
      for (out, output) in zip(outs, test.outputs ?? []) where !namesTies(output, test) {
        try output.expect.check(.tensor(out), tensors, "out= result")
      }
    }
  }

  // MARK: State

  /// The inputs of a run and what its calls returned.
  private struct State {
    let inputs: [Tensor]
    var results: [[Value]] = []

    init(_ test: Case, _ runner: CaseRunner, grad: Bool) throws {
      inputs = try test.inputs.map { try runner.tensors.leaf($0, grad: grad) }
    }

    mutating func call(_ calls: [Call], renamed: String? = nil, outs: [Tensor] = []) throws {
      for call in calls {
        let arguments = try call.args.map(value) + outs.map { .tensor($0) }
        results.append(try OperatorRegistry.call(renamed ?? call.op, arguments))
      }
    }

    func value(_ argument: Argument) throws -> Value {
      switch argument {
      case .reference(let reference): try value(reference)
      case .constant(let value): value
      case .list(let list): .list(try list.map(value))
      }
    }

    func value(_ reference: Reference) throws -> Value {
      switch reference {
      case .input(let i): return .tensor(inputs[i])
      case .result(let call, let item, let element):
        let value = results[call][item]
        guard let element else { return value }
        guard case .list(let list) = value, list.indices.contains(element) else {
          throw Mismatch("result \(item) of call \(call) has no element \(element)")
        }
        return list[element]
      }
    }

    func tensor(_ reference: Reference) throws -> Tensor {
      guard let tensor = try value(reference).tensor else { throw Mismatch("a result is not a tensor") }
      return tensor
    }
  }
}
