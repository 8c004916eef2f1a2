// Attention whose memory is a matrix that each step updates, instead of all keys and values.
// Reference: https://onnx.ai/onnx/operators/onnx__LinearAttention.html

import TorchCore

extension ONNX {
  enum LinearAttention {
    private static func run(_ call: Call) throws -> [Value] {
      let rule = call.string("update_rule", "gated_delta")
      let gated = rule.hasPrefix("gated"), corrected = rule.hasSuffix("delta")
      try call.check(["linear", "gated", "delta", "gated_delta"].contains(rule), "unknown update_rule '\(rule)'")
      let (qHeads, heads) = (try call.requiredInt("q_num_heads"), try call.requiredInt("kv_num_heads"))
      try call.check(heads > 0 && qHeads > 0 && qHeads % heads == 0, "\(qHeads) query heads over \(heads)")
      let given = try call[0]
      /// (batch, time, heads · size) to (batch, heads, time, size), in float32.
      func split(_ x: Tensor, _ n: Int) throws -> Tensor {
        try call.check(x.ndim == 3 && x.shape[2] % n == 0, "\(x.shape) does not divide into \(n) heads")
        return x.reshape([x.shape[0], x.shape[1], n, x.shape[2] / n]).transpose(1, 2).float()
      }
      let (q, k, v) = (try split(given, qHeads), try split(try call[1], heads), try split(try call[2], heads))
      let (batch, steps, keySize, valueSize) = (q.shape[0], q.shape[2], k.shape[3], v.shape[3])
      let decay = gated ? try split(try call[4], heads) : nil
      let beta: Tensor?
      if corrected {
        let rate = try call[5]
        beta = try split(rate, rate.shape[-1])
      } else {
        beta = nil
      }
      let past = try call.optional(3)
      var state = past?.float() ?? Tensor.zeros([batch, heads, keySize, valueSize], dtype: .float32)
      let given0 = call.float("scale", 0)
      let scale = given0 == 0 ? 1 / Double(keySize).squareRoot() : given0
      var outputs: [Tensor] = []
      for t in 0..<steps {
        let kt = k.select(2, t)
        var vt = v.select(2, t)
        if let decay { state = state * decay.select(2, t).exp().unsqueeze(-1) }
        if let beta { vt = beta.select(2, t) * (vt - kt.unsqueeze(-2).matmul(state).squeeze(-2)) }
        state = state + kt.unsqueeze(-1) * vt.unsqueeze(-2)
        let memory = qHeads == heads ? state : state.repeatInterleave(qHeads / heads, dim: 1)
        outputs.append(q.select(2, t).unsqueeze(-2).matmul(memory).squeeze(-2) * scale)
      }
      // (batch, heads, size) a step to (batch, time, heads · size)
      let y =
        outputs.isEmpty
        ? Tensor.zeros([batch, 0, qHeads * valueSize], dtype: given.dtype)
        : torch.stack(outputs, dim: 1).reshape([batch, steps, qHeads * valueSize]).to(given.dtype)
      return [Value(y), Value(state.to(past?.dtype ?? given.dtype))]
    }

    static let operators: [OperatorDeclaration] = [.values("LinearAttention", run)]
  }
}
