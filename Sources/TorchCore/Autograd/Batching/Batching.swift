// Running a function on a batch as if on one sample: the transform behind `torch.func.vmap`.
//
// Inside of the function a sample is a tensor object of the sample's sizes that stands for the whole batch: it knows a
// *physical* tensor with the batch as its first dimension. Operator calls on such objects come here
// (Operator.callBatched), are made on the physical tensors by a rule of the operator's (BatchRules.swift), and their
// results become such objects again. An operator without a rule is called once a sample and its results are stacked: slow,
// and right for every operator. Gradients are recorded on the physical tensors, so a gradient taken inside of the function
// is every sample's own.
//
// Nested transforms are levels: rules of the inner one run with the outer one in force.
// Reference: https://pytorch.org/docs/stable/generated/torch.func.vmap.html
// Departure from PyTorch: in-place draws with randomness `different` make an unbatched tensor a batched one, where
// PyTorch refuses.

/// A vmap in progress.
final class BatchLevel: @unchecked Sendable {
  // Unchecked: immutable.
  let size: Int
  let randomness: torch.`func`.Randomness
  let parent: BatchLevel?
  /// 1 for the outermost.
  var depth: Int { 1 + (parent?.depth ?? 0) }

  init(size: Int, randomness: torch.`func`.Randomness, parent: BatchLevel?) {
    (self.size, self.randomness, self.parent) = (size, randomness, parent)
  }
}

/// What a sample's tensor stands for.
final class BatchedValue {
  let level: BatchLevel
  /// The batch: sizes (size of the level, those of the sample).
  let physical: Tensor

  init(_ level: BatchLevel, _ physical: Tensor) { (self.level, self.physical) = (level, physical) }

  /// What `print` shows of a sample: the batch.
  func description(_ options: PrintOptions) -> String {
    let value = physical.description(options).split(separator: "\n", omittingEmptySubsequences: false)
    return "BatchedTensor(lvl=\(level.depth), bdim=0, value=\n    \(value.joined(separator: "\n    "))\n)"
  }
}

enum Batching {
  @TaskLocal static var level: BatchLevel?

  /// The batch that `x` stands for at `level`; nil where all samples share `x`.
  static func physical(_ x: Tensor, _ level: BatchLevel) -> Tensor? {
    guard let value = x.autograd?.batched, value.level === level else { return nil }
    return value.physical
  }

  /// The sample that stands for `physical`.
  static func sample(of physical: Tensor, _ level: BatchLevel) -> Tensor {
    guard physical.isValid else { return physical }
    let x = physical.alias(
      shape: Shape(Array(physical.shape.dropFirst())), strides: Shape(Array(physical.strides.dropFirst())),
      offset: physical.storageOffset)
    makeSample(x, of: physical, level)
    return x
  }

  static func makeSample(_ x: Tensor, of physical: Tensor, _ level: BatchLevel) {
    x.ensureAutograd().batched = BatchedValue(level, physical)
    if physical.requiresGrad { x.flags.insert(.requiresGrad) } else { x.flags.remove(.requiresGrad) }
  }

  /// Runs `body` with `level` in force.
  static func with<R>(_ level: BatchLevel, _ body: () throws -> R) rethrows -> R {
    try $level.withValue(level) { try Modes.with({ $0.insert(.batched) }, body) }
  }

  /// Runs `body` as if outside of `level`.
  static func outside<R>(_ level: BatchLevel, _ body: () throws -> R) rethrows -> R {
    let parent = level.parent
    return try $level.withValue(parent) {
      try Modes.with({ if parent == nil { $0.remove(.batched) } else { $0.insert(.batched) } }, body)
    }
  }

  /// The batch of `x`, made of copies of one memory where all samples share it.
  static func expanded(_ x: Tensor, _ level: BatchLevel) -> Tensor {
    if let physical = physical(x, level) { return physical }
    return outside(level) { x.unsqueeze(0).expand([level.size] + Array(x.shape)) }
  }

  /// A leaf with the values of `x` that every sample, of every level, has for its own.
  static func leaf(_ x: Tensor) -> Tensor {
    guard let level else { return x.detach().requiresGrad_() }
    let batch = expanded(x, level)
    return sample(of: outside(level) { leaf(batch) }, level)
  }

  /// As `leaf`, inside of a graph that goes on beyond it.
  static func continued(_ x: Tensor) -> Tensor {
    guard let level else { return x.view(as: x) }
    let batch = expanded(x, level)
    return sample(of: outside(level) { continued(batch) }, level)
  }

  /// A sample has no values of its own to read.
  @inline(__always)
  static func checkReadable(_ x: Tensor) throws {
    if x.autograd?.batched != nil { try refuse() }
  }

  private static func refuse() throws {
    throw TorchError(
      .state,
      "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a Tensor, please try to rewrite what you're doing with other operations. If error is occurring somewhere inside PyTorch internals, please file a bug report.")
  }

  // MARK: Gradients

  /// `torch.autograd.grad` of samples: that of the batches.
  static func gradients(
    _ outputs: [Tensor], _ inputs: [Tensor], _ gradOutputs: [Tensor?]?, _ level: BatchLevel,
    _ run: ([Tensor], [Tensor], [Tensor?]?) throws -> [Tensor?]
  ) throws -> [Tensor?]? {
    guard (outputs + inputs).contains(where: { physical($0, level) != nil }) else { return nil }
    let cotangents = outputs.enumerated().map { i, output -> Tensor? in
      let given = gradOutputs.flatMap { $0.indices.contains(i) ? $0[i] : nil }
      guard physical(output, level) != nil else { return given }
      if let given { return expanded(given, level) }
      return output.numel == 1 ? expanded(Tensor.ones(output.shape, dtype: output.dtype), level) : nil
    }
    let found = try outside(level) {
      try run(
        outputs.map { physical($0, level) ?? $0 }, inputs.map { physical($0, level) ?? $0 }, cotangents)
    }
    return zip(found, inputs).map { gradient, input in
      gradient.map { physical(input, level) == nil ? $0 : sample(of: $0, level) }
    }
  }

  // MARK: Writing

  /// The end of an in-place operation on samples; nil where it concerns none.
  static func overwrite(_ target: Tensor, with result: Tensor, _ level: BatchLevel) -> Tensor? {
    let (mine, theirs) = (physical(target, level), physical(result, level))
    if mine == nil && theirs == nil { return nil }
    guard let mine else {
      return .invalid(
        TorchError(
          .state,
          "vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a Tensor `other` in extra_args that has more elements than `self`. This happened due to `other` being vmapped over but `self` not being vmapped over in a vmap. Please try to use out-of-place operators instead of inplace arithmetic. If said operator is being called inside the PyTorch framework, please file a bug report instead."))
    }
    let batch = expanded(result, level)
    let written = outside(level) { mine.overwrite(with: batch) }
    guard written.isValid else { return written }
    makeSample(target, of: mine, level)
    return target
  }
}
