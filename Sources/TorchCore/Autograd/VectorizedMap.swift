// The face of vmap (see Batching.swift for how it works).

extension torch.`func` {
  /// What draws inside of a mapped function do.
  public enum Randomness: String, Sendable {
    /// They are refused.
    case error
    /// All samples see the same numbers.
    case same
    /// Each sample sees its own.
    case different
  }

  /// A function of one sample as a function of a batch of them.
  ///
  /// - Parameters:
  ///   - inDim: the dimension of the input that the samples lie along.
  ///   - outDim: where that dimension goes in the output.
  ///   - randomness: what draws in the function do.
  ///   - chunkSize: at most this many samples at once, where memory matters.
  ///
  /// ```swift
  /// let norms = torch.func.vmap { $0.norm() }(torch.rand(8, 3))        // (8)
  /// let perSample = torch.func.vmap(torch.func.grad(loss))(samples)      // a gradient a sample
  /// ```
  /// Reading values (`item()`) inside of the function is an error.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.func.vmap.html
  public static func vmap(
    _ function: @escaping (Tensor) -> Tensor, inDim: Int = 0, outDim: Int = 0, randomness: Randomness = .error,
    chunkSize: Int? = nil
  ) -> (Tensor) -> Tensor {
    { x in
      Tensor.made(false) {
        try chunked({ [function($0[0])] }, [x], [inDim], [outDim], randomness, chunkSize)[0]
      }
    }
  }

  /// A function of two tensors; one whose dimension is nil is shared by all samples.
  public static func vmap(
    _ function: @escaping (Tensor, Tensor) -> Tensor, inDims: (Int?, Int?) = (0, 0), outDim: Int = 0,
    randomness: Randomness = .error, chunkSize: Int? = nil
  ) -> (Tensor, Tensor) -> Tensor {
    { a, b in
      Tensor.made(false) {
        try chunked(
          { [function($0[0], $0[1])] }, [a, b], [inDims.0, inDims.1], [outDim], randomness, chunkSize)[0]
      }
    }
  }

  /// A function of a list of tensors with a list of results. `inDims` has an entry for each input, nil for those that all
  /// samples share; `outDims` one for each result, or one for all.
  public static func vmap(
    _ function: @escaping ([Tensor]) -> [Tensor], inDims: [Int?], outDims: [Int] = [0], randomness: Randomness = .error,
    chunkSize: Int? = nil
  ) -> ([Tensor]) -> [Tensor] {
    { inputs in
      do { return try chunked(function, inputs, inDims, outDims, randomness, chunkSize) } catch {
        return [.invalid(error as? TorchError ?? TorchError(.state, "\(error)"))]
      }
    }
  }

  private static func chunked(
    _ function: ([Tensor]) throws -> [Tensor], _ inputs: [Tensor], _ inDims: [Int?], _ outDims: [Int],
    _ randomness: Randomness, _ chunkSize: Int?
  ) throws -> [Tensor] {
    let (batches, size) = try batches(inputs, inDims)
    guard let chunkSize, chunkSize < size else { return try mapped(function, batches, inDims, size, outDims, randomness) }
    guard chunkSize > 0 else { throw TorchError(.value, "vmap: chunk_size should be None or greater than 0. (got \(chunkSize))") }
    var parts: [[Tensor]] = []
    for start in stride(from: 0, to: size, by: chunkSize) {
      let count = Swift.min(chunkSize, size - start)
      let chunk = zip(batches, inDims).map { $1 == nil ? $0 : $0.narrow(0, start, count) }
      parts.append(try mapped(function, chunk, inDims, count, outDims, randomness))
    }
    return parts[0].indices.map { i in
      torch.cat(parts.map { $0[i] }, dim: outDims.count == 1 ? outDims[0] : outDims[i])
    }
  }

  /// The inputs with the samples' dimension first, and how many samples there are.
  private static func batches(_ inputs: [Tensor], _ inDims: [Int?]) throws -> ([Tensor], Int) {
    guard !inputs.isEmpty else {
      throw TorchError(
        .value,
        "vmap(<lambda>)(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function with no inputs. The latter is unsupported.")
    }
    guard inDims.count == inputs.count else {
      throw TorchError(
        .value,
        "vmap(<lambda>, in_dims=\(list(inDims)), ...)(<inputs>): in_dims is not compatible with the structure of inputs. in_dims has \(inDims.count) entries but inputs has \(inputs.count).")
    }
    var sizes: [Int] = []
    let batches = try zip(inputs, inDims).map { x, dim -> Tensor in
      try x.checkValid()
      guard let dim else { return x }
      guard dim >= -x.ndim, dim < x.ndim else {
        throw TorchError(
          .value,
          "vmap(<lambda>, in_dims=\(list(inDims)), ...)(<inputs>): Got in_dim=\(dim) for some input, but that input is a Tensor of dimensionality \(x.ndim) so expected in_dim to satisfy -\(x.ndim) <= in_dim < \(x.ndim).")
      }
      let front = moved(x, from: dim < 0 ? dim + x.ndim : dim, to: 0)
      sizes.append(front.shape[0])
      return front
    }
    guard let size = sizes.first else {
      throw TorchError(
        .value, "vmap(<lambda>, in_dims=\(list(inDims)), ...): at least one in_dim must not be None")
    }
    guard sizes.allSatisfy({ $0 == size }) else {
      throw TorchError(
        .value,
        "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes \(sizes) for the mapped dimension")
    }
    return (batches, size)
  }

  private static func list(_ dims: [Int?]) -> String {
    let items = dims.map { $0.map(String.init) ?? "None" }
    return items.count == 1 ? "(\(items[0]),)" : "(\(items.joined(separator: ", ")))"
  }

  private static func mapped(
    _ function: ([Tensor]) throws -> [Tensor], _ batches: [Tensor], _ inDims: [Int?], _ size: Int, _ outDims: [Int],
    _ randomness: Randomness
  ) throws -> [Tensor] {
    let level = BatchLevel(size: size, randomness: randomness, parent: Batching.level)
    let samples = zip(batches, inDims).map { $1 == nil ? $0 : Batching.sample(of: $0, level) }
    let outputs = try Batching.with(level) { try function(samples) }
    guard outDims.count == 1 || outDims.count == outputs.count else {
      throw TorchError(
        .value,
        "vmap(<lambda>, ..., out_dims=\(outDims)): out_dims is not compatible with the structure of outputs. out_dims has \(outDims.count) entries but outputs has \(outputs.count).")
    }
    return try outputs.enumerated().map { i, output in
      try output.checkValid()
      let batch = Batching.expanded(output, level)
      let dim = outDims.count == 1 ? outDims[0] : outDims[i]
      guard dim >= -batch.ndim, dim < batch.ndim else {
        throw TorchError(
          .index,
          "Dimension out of range (expected to be in range of [\(-batch.ndim), \(batch.ndim - 1)], but got \(dim))")
      }
      return moved(batch, from: 0, to: dim < 0 ? dim + batch.ndim : dim)
    }
  }

  private static func moved(_ x: Tensor, from: Int, to: Int) -> Tensor {
    if from == to { return x }
    var order = Array(0..<x.ndim)
    order.insert(order.remove(at: from), at: to)
    return x.permute(order)
  }
}
