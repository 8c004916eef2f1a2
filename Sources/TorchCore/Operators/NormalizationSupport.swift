// What normalizations share: dtypes of parameters, and gradients that are not wanted.

enum NormalizationSupport {
  /// The dtype of statistics: that of the input, or float32 where a 16-bit input has float32 parameters.
  static func statisticsType(_ x: Tensor, _ parameters: [Tensor?], kernel: String) throws -> DType {
    guard x.dtype.isFloatingPoint else {
      throw TorchError(.notImplemented, "\"\(kernel)\" not implemented for '\(x.dtype.scalarTypeName)'")
    }
    let others = parameters.compactMap { $0 }.filter { $0.dtype != x.dtype }
    guard !others.isEmpty else { return x.dtype }
    guard x.dtype == .float16 || x.dtype == .bfloat16, others.allSatisfy({ $0.dtype == .float32 }) else {
      throw TorchError(.dtype, "mixed dtype (CPU): expect parameter to have scalar type of Float")
    }
    return .float32
  }

  /// A parameter or statistic as kernels take it.
  static func computed(_ part: Tensor?, _ x: Tensor) throws -> Tensor? {
    guard let part else { return nil }
    return try (part.dtype == x.dtype.computed ? part : part.to(x.dtype.computed)).rowMajor()
  }

  /// An output that a mask has left out.
  static func absent(_ x: Tensor) -> Tensor { Tensor.zeros([0], dtype: x.dtype) }

  /// Adds what flows through the statistics: of a mean, gradient / n; of rstd = 1 / √(var + ε), -rstd³ (x - mean) / n.
  static func adding(
    _ byMean: Tensor?, _ byDeviation: Tensor?, to gradient: Tensor, _ x: Tensor, _ mean: Tensor, _ rstd: Tensor,
    count: Int
  ) -> Tensor {
    var result = gradient
    if let byMean { result = result + byMean / count }
    if let byDeviation { result = result - byDeviation * rstd * rstd * rstd * (x - mean) / count }
    return result.dtype == gradient.dtype ? result : result.to(gradient.dtype)
  }
}
