// Attention with caches, masks and windows, rotary embeddings, and attention with functions of the user's.
// Reference: https://onnx.ai/onnx/operators/onnx__Attention.html

import TorchCore

extension ONNX {
  enum AttentionOperators {
    /// (batch, time, heads · size) to (batch, heads, time, size); tensors of 4 dimensions are that already.
    private static func split(_ call: Call, _ x: Tensor, heads: Int) throws -> Tensor {
      if x.ndim == 4 { return x }
      try call.check(x.ndim == 3 && heads > 0 && x.shape[2] % heads == 0, "\(x.shape) does not divide into \(heads) heads")
      return x.reshape([x.shape[0], x.shape[1], heads, x.shape[2] / heads]).transpose(1, 2)
    }

    /// 0 where `allowed`, minus infinity elsewhere.
    private static func bias(_ allowed: Tensor, _ dtype: DType) -> Tensor {
      torch.where(allowed, Tensor.zeros([], dtype: dtype), Tensor.full([], .double(-.infinity), dtype: dtype))
    }

    /// What is added to the scores: the mask, the causal frontier, the sliding window and the padding.
    private static func scoreBias(_ call: Call, _ q: Int, _ kv: Int, past: Int?, _ dtype: DType) throws -> Tensor {
      var total = Tensor.zeros([q, kv], dtype: dtype)
      if var mask = try call.optional(3) {
        if mask.shape[-1] < kv {
          let pad: Scalar = mask.dtype == .bool ? false : .double(-.infinity)
          mask = mask.constantPadND([0, kv - mask.shape[-1]], value: pad)
        }
        total = total + (mask.dtype == .bool ? bias(mask, dtype) : mask)
      }
      let lengths = try call.optional(6)?.to(.int64)
      // How many keys come before the queries: of an internal cache the same for all, of an external one each its own.
      let offset: Tensor =
        past == nil && lengths != nil
        ? lengths!.reshape([-1, 1, 1, 1]) - q : Tensor.full([], .int(past ?? 0), dtype: .int64)
      let distance = Tensor.arange(.int(q)).unsqueeze(1) + offset - Tensor.arange(.int(kv)).unsqueeze(0)
      if call.bool("is_causal") { total = total + bias(distance >= 0, dtype) }
      let (left, right) = (call.int("left_window_size", -1), call.int("right_window_size", -1))
      if left >= 0 { total = total + bias(distance <= left, dtype) }
      if right >= 0 { total = total + bias(distance >= -right, dtype) }
      if let lengths {
        total = total + bias(Tensor.arange(.int(kv)).reshape([1, 1, 1, kv]) < lengths.reshape([-1, 1, 1, 1]), dtype)
      }
      return total
    }

    /// Softmax of the last dimension. In half precision every step is rounded, as ONNX's functions have it.
    private static func softmax(_ x: Tensor) -> Tensor {
      guard x.dtype.itemSize < 4 else { return x.softmax(dim: -1) }
      let powers = (x - x.amax(dim: [-1], keepdim: true)).exp()
      return powers / powers.sum(dim: [-1], keepdim: true)
    }

    private static func attention(_ call: Call) throws -> [Value] {
      let given = try call[0]
      let (qHeads, kvHeads) = (call.int("q_num_heads", 0), call.int("kv_num_heads", 0))
      let query = try split(call, given, heads: qHeads)
      var key = try split(call, try call[1], heads: kvHeads)
      var value = try split(call, try call[2], heads: kvHeads)
      let past = try call.optional(4)
      if let past { key = torch.cat([past, key], dim: 2) }
      if let past = try call.optional(5) { value = torch.cat([past, value], dim: 2) }
      let present = (key, value)
      if query.shape[1] != key.shape[1] {
        try call.check(key.shape[1] > 0 && query.shape[1] % key.shape[1] == 0, "\(query.shape[1]) query heads over \(key.shape[1]) key heads")
        key = key.repeatInterleave(query.shape[1] / key.shape[1], dim: 1)
        value = value.repeatInterleave(query.shape[1] / value.shape[1], dim: 1)
      }
      // Both factors take the root of the scale, which keeps half precision in range.
      // It is rounded to their type, which half precision shows.
      let scale = (call.has("scale") ? call.float("scale", 1) : 1 / Double(query.shape[3]).squareRoot()).squareRoot()
      let root = Tensor.full([], .double(scale), dtype: query.dtype)
      let mode = call.int("qk_matmul_output_mode", 0)
      var scores = (query * root).matmul((key * root).mT)
      var shown = scores
      let softcap = call.float("softcap", 0)
      if softcap > 0 { scores = (scores / softcap).tanh() * softcap }
      if mode == 1 { shown = scores }
      let bias = try scoreBias(call, query.shape[2], key.shape[2], past: past?.shape[2], query.dtype)
      scores = scores + bias
      if mode == 2 { shown = scores }
      let precision = call.has("softmax_precision") ? try call.elementType(call.int("softmax_precision", 1)).carrier : scores.dtype
      // A query that may look at nothing gets zero instead of NaN.
      let isBlind = bias.amax(dim: [-1], keepdim: true) .== -Double.infinity
      let soft = softmax(scores.to(precision))
      let weights = torch.where(isBlind, Tensor.zeros([], dtype: precision), soft).to(query.dtype)
      if mode == 3 { shown = weights }
      var y = weights.matmul(value)
      if given.ndim == 3 { y = y.transpose(1, 2).reshape([y.shape[0], y.shape[2], y.shape[1] * y.shape[3]]) }
      return [y, present.0, present.1, shown].map { Value($0) }
    }

    private static func rotary(_ call: Call) throws -> Tensor {
      let given = try call[0]
      let heads = call.int("num_heads", 0)
      // (batch, time, heads, size)
      let x: Tensor
      if given.ndim == 4 {
        x = given.transpose(1, 2)
      } else {
        try call.check(given.ndim == 3 && heads > 0 && given.shape[2] % heads == 0, "\(given.shape) does not divide into \(heads) heads")
        x = given.reshape([given.shape[0], given.shape[1], heads, given.shape[2] / heads])
      }
      let size = x.shape[3]
      let width = call.int("rotary_embedding_dim", 0) == 0 ? size : call.int("rotary_embedding_dim", 0)
      try call.check(width > 0 && width <= size && width % 2 == 0, "rotary_embedding_dim \(width) of \(size)")
      func cache(_ i: Int) throws -> Tensor {
        let table = try call[i]
        guard let positions = try call.optional(3) else { return table.unsqueeze(2) }
        let rows = table.indexSelect(0, positions.long().reshape([-1]))
        return rows.reshape(Array(positions.shape) + [table.shape[-1]]).unsqueeze(2)
      }
      let (cos, sin) = (try cache(1), try cache(2))
      let turned = x.narrow(3, 0, width)
      let interleaved = call.bool("interleaved")
      let a = interleaved ? turned.slice(dim: 3, start: 0, step: 2) : turned.narrow(3, 0, width / 2)
      let b = interleaved ? turned.slice(dim: 3, start: 1, step: 2) : turned.narrow(3, width / 2, width / 2)
      let (real, imaginary) = (cos * a - sin * b, sin * a + cos * b)
      let rotated =
        interleaved
        ? torch.stack([real, imaginary], dim: -1).reshape(like: turned) : torch.cat([real, imaginary], dim: 3)
      let y = torch.cat([rotated, x.narrow(3, width, size - width)], dim: 3)
      return given.ndim == 4 ? y.transpose(1, 2) : y.reshape(like: given)
    }

    /// Attention whose scores and probabilities go through graphs of the node.
    private static func flexible(_ call: Call) throws -> Tensor {
      let (q, v) = (try call[0], try call[2])
      var (key, value) = (try call[1], v)
      try call.check(q.ndim == 4 && key.ndim == 4 && value.ndim == 4, "query, key and value must have 4 dimensions")
      if q.shape[1] != key.shape[1] {
        try call.check(key.shape[1] > 0 && q.shape[1] % key.shape[1] == 0, "\(q.shape[1]) query heads over \(key.shape[1]) key heads")
        key = key.repeatInterleave(q.shape[1] / key.shape[1], dim: 1)
        value = value.repeatInterleave(q.shape[1] / value.shape[1], dim: 1)
      }
      let root = (call.has("scale") ? call.float("scale", 1) : 1 / Double(q.shape[3]).squareRoot()).squareRoot()
      let precision: DType =
        call.has("softmax_precision")
        ? try call.elementType(call.int("softmax_precision", 1)).carrier : q.dtype.itemSize < 4 ? .float32 : q.dtype
      func modified(_ name: String, _ x: Tensor) throws -> Tensor {
        guard call.has(name) else { return x }
        guard let result = try call.run(try call.graph(name), [Value(x)]).first?.tensor else {
          throw TorchError(.value, "\(name) must give one tensor")
        }
        return result
      }
      let scores = try modified("score_mod", (q * root).matmul((key * root).mT).to(precision))
      let weights = try modified("prob_mod", scores.softmax(dim: -1))
      return weights.matmul(value.to(precision)).to(v.dtype)
    }

    static let operators: [OperatorDeclaration] = [
      .values("Attention", attention),
      .tensor("RotaryEmbedding", rotary),
      .tensor("FlexAttention", domain: "ai.onnx.preview", flexible),
    ]
  }
}
