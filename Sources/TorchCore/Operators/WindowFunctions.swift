// Window functions of signal processing: hann, hamming, blackman, bartlett, kaiser.
// Reference: https://pytorch.org/docs/stable/torch.html#spectral-ops

import CTorchKernelHeaders
import RealModule

enum WindowFunctions {
  /// The window's value at `i` of a symmetric window of `n` > 1 elements.
  private typealias Profile = (_ i: Double, _ n: Double) -> Double

  private static func checked(_ name: String, _ length: Int, _ dtype: DType) throws {
    guard !dtype.isComplex else {
      throw TorchError(.notImplemented, "\"arange_cpu\" not implemented for '\(dtype.scalarTypeName)'")
    }
    guard dtype.isFloatingPoint else {
      throw TorchError(
        .dtype,
        "\(name) expects floating point dtypes, got: TensorOptions(dtype=\(dtype.cName), device=cpu, layout=Strided (default), requires_grad=false (default), pinned_memory=false, memory_format=(nullopt))")
    }
    guard length >= 0 else {
      throw TorchError(.value, "\(name) requires non-negative window_length, got window_length=\(length)")
    }
  }

  /// A periodic window is a symmetric one that is longer by one, without its last element.
  private static func made(
    _ name: String, _ length: Int, periodic: Bool, _ dtype: DType?, _ profile: Profile
  ) throws -> Tensor {
    let dtype = dtype ?? .default
    try checked(name, length, dtype)
    if length == 1 { return Tensor.ones([1], dtype: dtype) }
    try Storage.checkRoom(for: length)
    let n = Double(periodic ? length + 1 : length)
    return try Tensor.from((0..<length).map { profile(Double($0), n) }, shape: [length]).to(dtype)
  }

  static func bartlett(_ length: Int, periodic: Bool, _ dtype: DType?) throws -> Tensor {
    try made("bartlett_window", length, periodic: periodic, dtype) { i, n in
      let rising = 2 * i / (n - 1)
      return rising <= 1 ? rising : 2 - rising
    }
  }

  static func blackman(_ length: Int, periodic: Bool, _ dtype: DType?) throws -> Tensor {
    try made("blackman_window", length, periodic: periodic, dtype) { i, n in
      let angle = 2 * Double.pi * i / (n - 1)
      return 0.08 * Double.cos(2 * angle) - 0.5 * Double.cos(angle) + 0.42
    }
  }

  static func hamming(
    _ length: Int, periodic: Bool, alpha: Double = 0.54, beta: Double = 0.46, _ dtype: DType?,
    name: String = "hamming_window"
  ) throws -> Tensor {
    try made(name, length, periodic: periodic, dtype) { i, n in
      alpha - beta * Double.cos(2 * Double.pi * i / (n - 1))
    }
  }

  static func hann(_ length: Int, periodic: Bool, _ dtype: DType?) throws -> Tensor {
    try hamming(length, periodic: periodic, alpha: 0.5, beta: 0.5, dtype, name: "hann_window")
  }

  static func kaiser(_ length: Int, periodic: Bool, beta: Double, _ dtype: DType?) throws -> Tensor {
    let dtype = dtype ?? .default
    try checked("kaiser_window", length, dtype)
    if length <= 1 { return Tensor.ones([length], dtype: dtype) }
    let n = periodic ? length + 1 : length
    let place = (Tensor.arange(.int(0), .int(length), dtype: .float64) * (2 / Double(n - 1)) - 1).square()
    let inside = (1 - place).clamp(min: 0).sqrt() * beta
    return (SpecialFunctions.i0(inside) / SpecialFunctions.i0(Tensor.full([], .double(beta), dtype: .float64))).to(dtype)
  }

  // MARK: Operators

  private static let options = "ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool? pin_memory=None"

  /// A window of a length, periodic or not, with the numbers that shape it, if any are given.
  private typealias Make = (_ length: Int, _ periodic: Bool, _ numbers: [Double], _ dtype: DType?) throws -> Tensor

  /// A window function with each list of parameters that it takes.
  private static func family(_ name: String, _ make: @escaping Make) -> [AnyOperator] {
    func on(_ device: Device?, _ make: () throws -> Tensor) throws -> Tensor {
      try Conversion.checkDevice(device)
      return try make()
    }
    let parameters = "int window_length, bool periodic"
    let plain: [AnyOperator] = [
      Operator(composite: "\(name)(int window_length, *, \(options)) -> Tensor", twins: .out) {
        (n: Int, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in try on(device) { try make(n, true, [], dtype) }
      },
      Operator(composite: "\(name).periodic(\(parameters), *, \(options)) -> Tensor", twins: .out("periodic_out")) {
        (n: Int, periodic: Bool, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
        try on(device) { try make(n, periodic, [], dtype) }
      },
    ]
    func one(_ overload: String, _ number: String) -> AnyOperator {
      Operator(
        composite: "\(name).\(overload)(\(parameters), float \(number), *, \(options)) -> Tensor",
        twins: .out("\(overload)_out")
      ) { (n: Int, periodic: Bool, a: Double, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
        try on(device) { try make(n, periodic, [a], dtype) }
      }
    }
    switch name {
    case "kaiser_window": return plain + [one("beta", "beta")]
    case "hamming_window":
      let two = Operator(
        composite: "\(name).periodic_alpha_beta(\(parameters), float alpha, float beta, *, \(options)) -> Tensor",
        twins: .out("periodic_alpha_beta_out")
      ) { (n: Int, periodic: Bool, a: Double, b: Double, dtype: DType?, _: Ignored, device: Device?, _: Ignored) in
        try on(device) { try make(n, periodic, [a, b], dtype) }
      }
      return plain + [one("periodic_alpha", "alpha"), two]
    default: return plain
    }
  }

  static let operators: [AnyOperator] =
    family("bartlett_window") { try bartlett($0, periodic: $1, $3) }
    + family("blackman_window") { try blackman($0, periodic: $1, $3) }
    + family("hann_window") { try hann($0, periodic: $1, $3) }
    + family("hamming_window") { n, periodic, numbers, dtype in
      try hamming(n, periodic: periodic, alpha: numbers.first ?? 0.54, beta: numbers.count > 1 ? numbers[1] : 0.46, dtype)
    }
    + family("kaiser_window") { try kaiser($0, periodic: $1, beta: $2.first ?? 12, $3) }
}

extension torch {
  /// The Hann window, `(1 - cos(2πn / N)) / 2`: periodic for use as a filter's frame, else symmetric.
  ///
  /// ```swift
  /// print(torch.hannWindow(4))   // tensor([0.0000, 0.5000, 1.0000, 0.5000])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.hann_window.html
  public static func hannWindow(
    _ windowLength: Int, periodic: Bool = true, dtype: DType? = nil, requiresGrad: Bool = false
  ) -> Tensor {
    Tensor.made(requiresGrad) { try WindowFunctions.hann(windowLength, periodic: periodic, dtype) }
  }

  /// The Hamming window, `alpha - beta · cos(2πn / N)`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.hamming_window.html
  public static func hammingWindow(
    _ windowLength: Int, periodic: Bool = true, alpha: Double = 0.54, beta: Double = 0.46, dtype: DType? = nil,
    requiresGrad: Bool = false
  ) -> Tensor {
    Tensor.made(requiresGrad) {
      try WindowFunctions.hamming(windowLength, periodic: periodic, alpha: alpha, beta: beta, dtype)
    }
  }

  /// The Blackman window, `0.42 - 0.5 cos(2πn / N) + 0.08 cos(4πn / N)`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.blackman_window.html
  public static func blackmanWindow(
    _ windowLength: Int, periodic: Bool = true, dtype: DType? = nil, requiresGrad: Bool = false
  ) -> Tensor {
    Tensor.made(requiresGrad) { try WindowFunctions.blackman(windowLength, periodic: periodic, dtype) }
  }

  /// The triangle window.
  /// Source: https://pytorch.org/docs/stable/generated/torch.bartlett_window.html
  public static func bartlettWindow(
    _ windowLength: Int, periodic: Bool = true, dtype: DType? = nil, requiresGrad: Bool = false
  ) -> Tensor {
    Tensor.made(requiresGrad) { try WindowFunctions.bartlett(windowLength, periodic: periodic, dtype) }
  }

  /// The Kaiser window, `I₀(beta · √(1 - (2n / N - 1)²)) / I₀(beta)`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.kaiser_window.html
  public static func kaiserWindow(
    _ windowLength: Int, periodic: Bool = true, beta: Double = 12, dtype: DType? = nil, requiresGrad: Bool = false
  ) -> Tensor {
    Tensor.made(requiresGrad) { try WindowFunctions.kaiser(windowLength, periodic: periodic, beta: beta, dtype) }
  }
}
