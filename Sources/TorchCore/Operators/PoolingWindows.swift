// Where the windows of a pooling lie, one dimension at a time.
// Reference: https://pytorch.org/docs/stable/nn.html#pooling-layers

/// The windows along one dimension: result `j` is made of the inputs `low[j]..<high[j]`.
struct PoolingWindows {
  let inputSize: Int
  let outputSize: Int
  private(set) var low: [Int64] = []
  private(set) var high: [Int64] = []
  /// What sums are divided by, along this dimension.
  private(set) var count: [Int64] = []
  /// Whether each plane has windows of its own, one set after the other.
  private(set) var perPlane = false

  private mutating func append(_ range: Range<Int>, count: Int) {
    low.append(Int64(range.lowerBound))
    high.append(Int64(range.upperBound))
    self.count.append(Int64(count))
  }

  /// Windows of one size, `stride` apart, over an input padded at both ends. `countsPadding`: a mean's divisor does.
  static func sliding(_ geometry: Pooling.Geometry, countsPadding: Bool) -> [PoolingWindows] {
    geometry.input.indices.map { i in
      let (n, padding) = (geometry.input[i], geometry.padding[i])
      var windows = PoolingWindows(inputSize: n, outputSize: geometry.output[i])
      for j in 0..<geometry.output[i] {
        let start = j * geometry.stride[i] - padding
        let end = Swift.min(start + geometry.kernel[i], n + padding)
        let (low, high) = (Swift.max(start, 0), Swift.min(end, n))
        windows.append(low..<Swift.max(low, high), count: countsPadding ? end - start : high - low)
      }
      return windows
    }
  }

  /// Windows that divide the input evenly, give or take one element.
  static func adaptive(_ input: [Int], _ output: [Int]) -> [PoolingWindows] {
    zip(input, output).map { n, size in
      var windows = PoolingWindows(inputSize: n, outputSize: size)
      for j in 0..<size {
        let range = (j * n / size)..<(((j + 1) * n + size - 1) / size)
        windows.append(range, count: range.count)
      }
      return windows
    }
  }

  /// Windows of size `kernel` at random steps: `samples` has a number in 0..<1 for each plane. Steps are computed in the
  /// dtype of the samples, because rounding decides where windows begin.
  static func fractional(_ n: Int, _ size: Int, kernel: Int, samples: [Double], dtype: DType) -> PoolingWindows {
    func round(_ x: Double) -> Double {
      switch dtype {
      case .float64: return x
      case .float16: return Double(Float16(x))
      case .bfloat16:
        let bits = Float(x).bitPattern
        return Double(Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000))
      default: return Double(Float(x))
      }
    }
    var windows = PoolingWindows(inputSize: n, outputSize: size)
    windows.perPlane = true
    let step = size > 1 ? round(Double(n - kernel) / Double(size - 1)) : 0
    for sample in samples {
      let origin = Int(round(sample * step))
      for j in 0..<size {
        let start = j == size - 1 ? n - kernel : Int(round(round(Double(j) + sample) * step)) - origin
        windows.append(start..<start + kernel, count: kernel)
      }
    }
    return windows
  }

  /// One window of one element: what stands for a dimension that is not there.
  static let trivial: PoolingWindows = {
    var windows = PoolingWindows(inputSize: 1, outputSize: 1)
    windows.append(0..<1, count: 1)
    return windows
  }()
}

/// Gradients of maxima: they go to where the maxima were, by flat positions in the spatial part.
enum PoolingMaxima {
  static func scatter(_ g: Tensor, _ shape: Shape, _ indices: Tensor, rank: Int) -> Tensor {
    let lead = Array(shape.dropLast(rank))
    let flat = Tensor.zeros(Shape(lead + [shape.suffix(rank).reduce(1, *)]), dtype: g.dtype)
    let spread = lead + [indices.shape.suffix(rank).reduce(1, *)]
    return flat.scatterAdd(-1, indices.reshape(spread), g.reshape(spread)).reshape(Array(shape))
  }

  static func gather(_ x: Tensor, _ indices: Tensor, rank: Int) -> Tensor {
    let lead = Array(x.shape.dropLast(rank))
    let flat = x.reshape(lead + [x.shape.suffix(rank).reduce(1, *)])
    let places = indices.reshape(lead + [indices.shape.suffix(rank).reduce(1, *)])
    return flat.gather(-1, places).reshape(Array(indices.shape))
  }
}
