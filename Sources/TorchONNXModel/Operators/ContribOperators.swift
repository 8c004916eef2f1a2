// Operators of ONNX Runtime's own domain, com.microsoft, that its optimizer writes into models: fused activations,
// products and normalizations, and the attention of transformers.
//
// Reference: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md

import TorchCore

extension ONNX {
  enum ContribOperators {
    static let domain = "com.microsoft"

    /// What a fused operator does last.
    private static func activated(_ call: Call, _ x: Tensor) throws -> Tensor {
      let parameters = call.floats("activation_params")
      func parameter(_ i: Int, _ fallback: Double) -> Double { i < parameters.count ? parameters[i] : fallback }
      switch call.string("activation", "") {
      case "": return x
      case "Relu": return x.relu()
      case "Sigmoid": return x.sigmoid()
      case "Tanh": return x.tanh()
      case "LeakyRelu":
        let slope = parameters.first ?? call.float("activation_alpha", 0.01)
        return x.leakyRelu(negativeSlope: .double(slope))
      case "Clip": return x.clamp(min: .double(parameter(0, -.infinity)), max: .double(parameter(1, .infinity)))
      case "HardSigmoid": return (x * parameter(0, 0.2) + parameter(1, 0.5)).clamp(min: 0, max: 1)
      case let name: throw TorchError(.notImplemented, "unknown activation '\(name)'")
      }
    }

    private static func fusedMatMul(_ call: Call) throws -> Tensor {
      func turned(_ x: Tensor, _ side: String) -> Tensor {
        var x = x
        // The rows come first, before the batch dimensions.
        if call.bool("transBatch\(side)"), x.ndim > 2 { x = x.movedim([0], [x.ndim - 2]) }
        return call.bool("trans\(side)") && x.ndim > 1 ? x.transpose(-2, -1) : x
      }
      let product = turned(try call[0], "A").matmul(turned(try call[1], "B"))
      let alpha = call.float("alpha", 1)
      return alpha == 1 ? product : product * alpha
    }

    private static func fusedConv(_ call: Call) throws -> Tensor {
      var y = try Convolutions.convolve(call, try call[0], try call[1], try call.optional(2))
      if let sum = try call.optional(3) { y = y + sum }
      return try activated(call, y)
    }

    // MARK: Normalizations

    /// The sum of the input, what skips the layers before, and a bias, normalized; the sum is the fourth result.
    private static func skipLayerNorm(_ call: Call) throws -> [Value] {
      var sum = try call[0] + (try call[1])
      if let bias = try call.optional(4) { sum = sum + bias }
      let y = torch.layerNorm(
        sum, [sum.shape[-1]], weight: try call[2], bias: try call.optional(3), eps: call.float("epsilon", 1e-12))
      return [y, y, y, sum].map { Value($0) }
    }

    private static func skipRMSNorm(_ call: Call) throws -> [Value] {
      var sum = try call[0] + (try call[1])
      if let bias = try call.optional(3) { sum = sum + bias }
      let inner = Call(step: call.step, inputs: [Value(sum), call.optionalValue(2)], frame: call.frame)
      let y = try Normalization.rmsNorm(inner)
      return [y, y, y, sum].map { Value($0) }
    }

    private static func embedLayerNorm(_ call: Call) throws -> [Value] {
      let ids = try call[0].to(.int64)
      try call.check(ids.ndim == 2, "the ids must have 2 dimensions, got \(ids.shape)")
      let places = try call.optional(8)?.to(.int64) ?? Tensor.arange(.int(ids.shape[1])).unsqueeze(0)
      var sum = torch.embedding(try call[2], ids) + torch.embedding(try call[3], places)
      if let segments = try call.optional(1), let table = try call.optional(4) {
        sum = sum + torch.embedding(table, segments.to(.int64))
      }
      let y = torch.layerNorm(
        sum, [sum.shape[-1]], weight: try call[5], bias: try call[6], eps: call.float("epsilon", 1e-12))
      let lengths = try call.optional(7)?.sum(dim: [1]).to(.int32) ?? Tensor.zeros([ids.shape[0]], dtype: .int32)
      return [y, lengths, sum].map { Value($0) }
    }

    // MARK: Attention

    /// (batch, time, heads · size) to (batch, heads, time, size).
    private static func split(_ call: Call, _ x: Tensor, _ heads: Int) throws -> Tensor {
      if x.ndim == 4 { return x }
      try call.check(x.ndim == 3 && heads > 0 && x.shape[2] % heads == 0, "\(x.shape) does not divide into \(heads) heads")
      return x.reshape([x.shape[0], x.shape[1], heads, x.shape[2] / heads]).transpose(1, 2)
    }

    /// What a padding mask adds to the scores: (batch, keys), (batch, queries, keys), or the keys' counts, (batch).
    private static func maskBias(_ call: Call, _ mask: Tensor, keys: Int, _ dtype: DType) throws -> Tensor {
      let fill = Tensor.full([], .double(call.float("mask_filter_value", -10000)), dtype: dtype)
      let allowed: Tensor
      switch mask.ndim {
      case 1: allowed = (Tensor.arange(.int(keys)).unsqueeze(0) < mask.to(.int64).unsqueeze(1)).reshape([-1, 1, 1, keys])
      case 2: allowed = mask.to(.bool).reshape([mask.shape[0], 1, 1, mask.shape[1]])
      case 3: allowed = mask.to(.bool).unsqueeze(1)
      default: allowed = mask.to(.bool)
      }
      return torch.where(allowed, Tensor.zeros([], dtype: dtype), fill)
    }

    /// Attention of split heads, joined again to (batch, time, heads · size).
    private static func attend(
      _ call: Call, _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor?, bias: Tensor?
    ) throws -> Tensor {
      let given = call.float("scale", 0)
      let scale = given != 0 ? given : 1 / Double(q.shape[3]).squareRoot()
      var scores = q.matmul(k.transpose(-2, -1)) * scale
      if let bias { scores = scores + bias }
      if let mask { scores = scores + (try maskBias(call, mask, keys: k.shape[2], q.dtype)) }
      if call.bool("unidirectional") {
        let (rows, columns) = (q.shape[2], k.shape[2])
        let allowed = Tensor.arange(.int(columns)).unsqueeze(0) <= Tensor.arange(.int(rows)).unsqueeze(1) + (columns - rows)
        scores = torch.where(allowed, scores, Tensor.full([], .double(-.infinity), dtype: q.dtype))
      }
      let y = scores.softmax(dim: -1).matmul(v).transpose(1, 2)
      return y.reshape([y.shape[0], y.shape[1], y.shape[2] * y.shape[3]])
    }

    /// Self-attention with the products for queries, keys and values in one.
    private static func attention(_ call: Call) throws -> [Value] {
      let (x, weight) = (try call[0], try call[1])
      try call.check(x.ndim == 3 && weight.ndim == 2, "an input \(x.shape) with weights \(weight.shape)")
      let heads = try call.requiredInt("num_heads")
      var all = x.matmul(weight)
      if let bias = try call.optional(2) { all = all + bias }
      let third = weight.shape[1] / 3
      let sizes = call.optionalInts("qkv_hidden_sizes") ?? [third, third, third]
      try call.check(sizes.count == 3 && sizes.reduce(0, +) == weight.shape[1], "qkv_hidden_sizes \(sizes)")
      let parts = all.split(sizes, dim: 2)
      let q = try split(call, parts[0], heads)
      var (k, v) = (try split(call, parts[1], heads), try split(call, parts[2], heads))
      if let past = try call.optional(4) {
        k = torch.cat([past.select(0, 0), k], dim: 2)
        v = torch.cat([past.select(0, 1), v], dim: 2)
      }
      let y = try attend(call, q, k, v, mask: try call.optional(3), bias: try call.optional(5))
      return call.wants(1) ? [Value(y), Value(torch.stack([k, v]))] : [Value(y)]
    }

    private static func multiHead(_ call: Call) throws -> [Value] {
      let heads = try call.requiredInt("num_heads")
      var query = try call[0]
      guard var key = try call.optional(1), var value = try call.optional(2) else {
        throw TorchError(.notImplemented, "packed queries, keys and values are not supported")
      }
      if let bias = try call.optional(3) {
        let size = query.shape[-1]
        let parts = bias.split([size, size, bias.numel - 2 * size], dim: 0)
        query = query + parts[0]
        if key.ndim == 3 { (key, value) = (key + parts[1], value + parts[2]) }
      }
      let q = try split(call, query, heads)
      var (k, v) = (try split(call, key, heads), try split(call, value, heads))
      if let past = try call.optional(6) { k = torch.cat([past, k], dim: 2) }
      if let past = try call.optional(7) { v = torch.cat([past, v], dim: 2) }
      let y = try attend(call, q, k, v, mask: try call.optional(4), bias: try call.optional(5))
      return [y, k, v].map { Value($0) }
    }

    static let operators: [OperatorDeclaration] = [
      .tensor("Gelu", domain: domain) { call in try call[0].gelu() },
      .tensor("BiasGelu", domain: domain) { call in (try call[0] + (try call[1])).gelu() },
      .tensor("FastGelu", domain: domain) { call in
        let x = try call[0]
        return try (call.optional(1).map { x + $0 } ?? x).gelu(approximate: "tanh")
      },
      .tensor("QuickGelu", domain: domain) { call in
        let x = try call[0]
        return x * (x * call.float("alpha", 1.702)).sigmoid()
      },
      .tensor("FusedMatMul", domain: domain, fusedMatMul),
      .tensor("FusedGemm", domain: domain) { call in try activated(call, Products.gemm(call)) },
      .tensor("FusedConv", domain: domain, fusedConv),
      .tensor("BiasSoftmax", domain: domain) { call in
        let x = try call[0] + (try call[1])
        return x.softmax(dim: try call.axis(call.int("axis", 1), x.ndim))
      },
      .values("SkipLayerNormalization", domain: domain, skipLayerNorm),
      .values("SkipSimplifiedLayerNormalization", domain: domain, skipRMSNorm),
      .values("EmbedLayerNormalization", domain: domain, embedLayerNorm),
      // ONNX Runtime writes this one without its domain.
      .tensor("SimplifiedLayerNormalization", Normalization.rmsNorm),
      .values("Attention", domain: domain, attention),
      .values("MultiHeadAttention", domain: domain, multiHead),
    ]
  }
}
