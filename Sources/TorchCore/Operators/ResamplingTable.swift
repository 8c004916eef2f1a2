// Interpolation weights: which inputs of one dimension each result is made of.
//
// Every mode of interpolation is a product of weights along its dimensions, so a table for each dimension is all that a
// backend needs; the table's transpose gives the derivative. Positions are computed in the type that PyTorch
// computes them in, because rounding decides between neighbours.
// Reference: https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html

import RealModule

/// How a value between elements is found.
enum ResamplingMethod: Sendable {
  case nearest, nearestExact, linear, cubic
  /// With a filter as wide as the step between samples, so that shrinking does not alias.
  case smoothLinear, smoothCubic, smoothLanczos

  var isSmooth: Bool { self == .smoothLinear || self == .smoothCubic || self == .smoothLanczos }
  var picks: Bool { self == .nearest || self == .nearestExact }
}

/// For result `j`, the inputs from `starts[j]` on, with weights from `offsets[j]` up to `offsets[j + 1]`.
struct ResamplingTable {
  let inputSize: Int
  private(set) var starts: [Int64] = []
  private(set) var offsets: [Int64] = [0]
  private(set) var weights: [Double] = []

  var outputSize: Int { starts.count }

  private init(inputSize: Int) { self.inputSize = inputSize }

  /// - Parameters:
  ///   - alignCorners: whether the first and last elements keep their places, rather than the outer borders.
  ///   - scale: how many times greater the result is said to be; nil: as its size is.
  init(
    _ method: ResamplingMethod, _ inputSize: Int, _ outputSize: Int, alignCorners: Bool, scale: Double?, _ dtype: DType
  ) {
    self.init(inputSize: inputSize)
    if dtype == .float64 || dtype == .uint8 {
      fill(method, outputSize, alignCorners, scale, Double.self)
    } else {
      fill(method, outputSize, alignCorners, scale, Float.self)
    }
  }

  /// Whether each result is one of the inputs.
  var picks: Bool { weights.count == starts.count && weights.allSatisfy { $0 == 1 } }

  /// Whether the results are the inputs.
  var isIdentity: Bool {
    inputSize == outputSize && picks && starts.enumerated().allSatisfy { $0.offset == Int($0.element) }
  }

  /// The table of the derivative: which results each input went to.
  func transposed() -> ResamplingTable {
    var first = Array(repeating: outputSize, count: inputSize)
    var last = Array(repeating: -1, count: inputSize)
    func forEachWeight(_ body: (Int, Int, Double) -> Void) {
      for j in 0..<outputSize {
        for k in Int(offsets[j])..<Int(offsets[j + 1]) { body(j, Int(starts[j]) + k - Int(offsets[j]), weights[k]) }
      }
    }
    forEachWeight { j, i, _ in
      first[i] = Swift.min(first[i], j)
      last[i] = j
    }
    var result = ResamplingTable(inputSize: outputSize)
    for i in 0..<inputSize {
      result.starts.append(Int64(last[i] < 0 ? 0 : first[i]))
      result.offsets.append(result.offsets[i] + Int64(last[i] < 0 ? 0 : last[i] - first[i] + 1))
    }
    var transposed = Array(repeating: 0.0, count: Int(result.offsets[inputSize]))
    forEachWeight { j, i, weight in transposed[Int(result.offsets[i]) + j - Int(result.starts[i])] += weight }
    result.weights = transposed
    return result
  }

  /// Weights as integers scaled by a power of two, as large as 16 bits allow: PyTorch's arithmetic on bytes.
  func quantized() -> (table: ResamplingTable, precision: Int32) {
    let greatest = weights.max() ?? 0
    var precision: Int32 = 0
    while precision < 22, Int(0.5 + greatest * Double(1 << (precision + 1))) < 1 << 15 { precision += 1 }
    var table = self
    let scale = Double(1 << precision)
    table.weights = weights.map { ($0 * scale + ($0 < 0 ? -0.5 : 0.5)).rounded(.towardZero) }
    return (table, precision)
  }

  // MARK: Weights

  /// Appends a result made of neighbouring inputs, the first of which is `start`; those outside count as the border.
  private mutating func append(clamping start: Int, _ values: some Sequence<Double>) {
    let begin = Swift.min(Swift.max(start, 0), inputSize - 1)
    var last = begin
    var count = 0
    for (i, value) in values.enumerated() {
      let place = Swift.min(Swift.max(start + i, 0), inputSize - 1)
      if count > 0, place == last { weights[weights.count - 1] += value } else { weights.append(value); count += 1 }
      last = place
    }
    starts.append(Int64(begin))
    offsets.append(Int64(weights.count))
  }

  private mutating func fill<C: BinaryFloatingPoint>(
    _ method: ResamplingMethod, _ outputSize: Int, _ alignCorners: Bool, _ scale: Double?, _ type: C.Type
  ) {
    let step: C
    if alignCorners {
      step = outputSize > 1 ? C(inputSize - 1) / C(outputSize - 1) : 0
    } else if let scale, scale > 0 {
      step = C(1 / scale)
    } else {
      step = C(inputSize) / C(outputSize)
    }
    for j in 0..<outputSize {
      switch method {
      case .nearest, .nearestExact:
        // PyTorch computes these positions in float32 for every dtype.
        let place = method == .nearest ? Float(j) * Float(step) : Float((Double(j) + 0.5) * Double(Float(step)))
        append(clamping: Swift.min(Int(place.rounded(.down)), inputSize - 1), CollectionOfOne(1))
      case .linear where inputSize == outputSize:
        append(clamping: j, CollectionOfOne(1))
      case .linear:
        let place = alignCorners ? step * C(j) : Swift.max(step * (C(j) + 0.5) - 0.5, 0)
        let low = Swift.min(Int(place.rounded(.down)), inputSize - 1)
        let fraction = Swift.min(Swift.max(place - C(low), 0), 1)
        append(clamping: low, [Double(1 - fraction), Double(fraction)])
      case .cubic:
        let place = alignCorners ? step * C(j) : step * (C(j) + 0.5) - 0.5
        let low = Swift.min(Int(place.rounded(.down)), inputSize - 1)
        let t = Swift.min(Swift.max(place - C(low), 0), 1)
        let a = C(-0.75)
        let taps = [Self.cubic(t + 1, a), Self.cubic(t, a), Self.cubic(1 - t, a), Self.cubic(2 - t, a)]
        append(clamping: low - 1, taps.map { Double($0) })
      case .smoothLinear, .smoothCubic, .smoothLanczos:
        appendSmooth(method, step * (C(j) + 0.5), step)
      }
    }
  }

  /// A filter around `centre`, as wide as `step` where that is more than one element; its weights add up to one.
  private mutating func appendSmooth<C: BinaryFloatingPoint>(_ method: ResamplingMethod, _ centre: C, _ step: C) {
    let halfWidth: C = method == .smoothLinear ? 1 : method == .smoothCubic ? 2 : 3
    let support = step >= 1 ? halfWidth * step : halfWidth
    let narrowing: C = step >= 1 ? 1 / step : 1
    let low = Swift.max(Int(centre - support + 0.5), 0)
    let high = Swift.min(Int(centre + support + 0.5), inputSize)
    var taps: [C] = []
    for i in low..<Swift.max(high, low) {
      let x = ((C(i) - centre + 0.5) * narrowing).magnitude
      switch method {
      case .smoothCubic: taps.append(Self.cubic(x, -0.5))
      case .smoothLanczos: taps.append(C(Self.lanczos(Double(x))))
      default: taps.append(x < 1 ? 1 - x : 0)
      }
    }
    let total = taps.reduce(0, +)
    append(clamping: low, taps.map { Double(total == 0 ? $0 : $0 / total) })
  }

  /// Keys' cubic convolution, for x ≥ 0.
  private static func cubic<C: BinaryFloatingPoint>(_ x: C, _ a: C) -> C {
    if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    // `2 - t` may be 2 exactly.
    return 0
  }

  private static func lanczos(_ x: Double) -> Double {
    func sinc(_ x: Double) -> Double { x == 0 ? 1 : Double.sin(.pi * x) / (.pi * x) }
    return x < 3 ? sinc(x) * sinc(x / 3) : 0
  }
}
