// The short-time Fourier transform and its inverse.
// Reference: https://pytorch.org/docs/stable/generated/torch.stft.html

enum ShortTimeFourier {
  /// The arguments that both directions share, defaults filled in.
  struct Frames {
    let size: Int
    let hop: Int
    let windowLength: Int
    let window: Tensor?

    init(_ size: Int, _ hop: Int?, _ windowLength: Int?, _ window: Tensor?) {
      self.size = size
      self.hop = hop ?? size >> 2
      self.windowLength = windowLength ?? size
      self.window = window
    }

    /// The call as PyTorch's messages begin with it.
    func call(_ name: String, _ x: String, _ options: [(String, String)]) -> String {
      let head = [
        x, "n_fft=\(size)", "hop_length=\(hop)", "win_length=\(windowLength)",
        "window=\(window.map { "torch.\($0.dtype.scalarTypeName)Tensor{\($0.shape.listDescription)}" } ?? "None")",
      ]
      return "\(name)(\((head + options.map { "\($0.0)=\($0.1)" }).joined(separator: ", "))) "
    }
  }

  private static func text(_ flag: Bool?) -> String { flag.map { $0 ? "1" : "0" } ?? "None" }

  // MARK: Forward

  private static func stft(
    _ x: Tensor, _ frames: Frames, center: Bool, mode: String, normalized: Bool, onesided: Bool?, returnComplex: Bool?,
    alignToWindow: Bool?
  ) throws -> Tensor {
    func fail(_ what: String) -> TorchError {
      let call = frames.call(
        "stft", "torch.\(x.dtype.scalarTypeName)Tensor\(x.shape.listDescription)",
        [
          ("normalized", text(normalized)), ("onesided", text(onesided)), ("return_complex", text(returnComplex)),
          ("align_to_window", text(alignToWindow)),
        ])
      return TorchError(.value, call + ": " + what)
    }
    let (n, length) = (frames.size, frames.windowLength)
    guard !center || alignToWindow == nil else {
      throw TorchError(.value, "stft only supports align_to_window for center = False.")
    }
    let isComplex = x.dtype.isComplex || frames.window?.dtype.isComplex == true
    guard returnComplex != nil || isComplex else {
      throw TorchError(
        .value,
        "stft requires the return_complex parameter be given for real inputs, and will further require that return_complex=True in a future PyTorch release.")
    }
    guard x.dtype.isDifferentiable else { throw fail("expected a tensor of floating point or complex values") }
    guard x.ndim == 1 || x.ndim == 2 else { throw fail("expected a 1D or 2D tensor") }
    var input = x.ndim == 1 ? x.unsqueeze(0) : x
    if center { input = PaddingModes.pad(input.unsqueeze(0), [n / 2, n / 2], mode, nil).squeeze(0) }
    try input.checkValid()
    let size = input.shape[1]
    guard n > 0, n <= size else { throw fail("expected 0 < n_fft < \(size), but got n_fft=\(length)") }
    guard frames.hop > 0 else { throw fail("expected hop_length > 0, but got hop_length=\(frames.hop)") }
    guard length > 0, length <= n else {
      throw fail("expected 0 < win_length <= n_fft, but got win_length=\(length)")
    }
    if let window = frames.window, window.ndim != 1 || window.shape[0] != length {
      throw fail(
        "expected a 1D window tensor of size equal to win_length=\(length), but got window with size \(window.shape.listDescription)")
    }
    var window = frames.window
    let left = (n - length) / 2
    if length < n {
      window = (window ?? Tensor.ones([length], dtype: x.dtype)).constantPadND([left, n - length - left])
    }
    var count = 1 + (size - n) / frames.hop
    if !center, alignToWindow == true {
      count = 1 + (size - length) / frames.hop
      input = input.constantPadND([left, left])
    }
    input = input.asStrided(
      [input.shape[0], count, n], [input.strides[0], frames.hop * input.strides[1], input.strides[1]])
    if let window { input = input * window }
    let half = onesided ?? !input.dtype.isComplex
    let norm = (normalized ? Fourier.Norm.byRootN : .none).rawValue
    let spectrum: Tensor
    if input.dtype.isComplex {
      guard !half else { throw TorchError(.value, "Cannot have onesided output if window or input is complex") }
      spectrum = Fourier.complexToComplex(input, [2], norm, true)
    } else {
      spectrum = Fourier.realToComplex(input, [2], norm, half)
    }
    let turned = spectrum.transpose(1, 2)
    let result = x.ndim == 1 ? turned.squeeze(0) : turned
    return returnComplex ?? isComplex ? result : torch.viewAsReal(result)
  }

  static let plain: Operator<Tensor, Int, Int?, Int?, Tensor?, Bool, Bool?, Bool?, Bool?, Tensor> = Operator(
    composite:
      "stft(Tensor self, int n_fft, int? hop_length=None, int? win_length=None, Tensor? window=None, bool normalized=False, bool? onesided=None, bool? return_complex=None, bool? align_to_window=None) -> Tensor"
  ) { x, n, hop, length, window, normalized, onesided, returnComplex, alignToWindow in
    try stft(
      x, Frames(n, hop, length, window), center: false, mode: "constant", normalized: normalized, onesided: onesided,
      returnComplex: returnComplex, alignToWindow: alignToWindow)
  }

  static let centered: Operator<Tensor, Int, Int?, Int?, Tensor?, Bool, String, Bool, Bool?, Bool?, Bool?, Tensor> =
    Operator(
      composite:
        "stft.center(Tensor self, int n_fft, int? hop_length=None, int? win_length=None, Tensor? window=None, bool center=True, str pad_mode=\"reflect\", bool normalized=False, bool? onesided=None, bool? return_complex=None, bool? align_to_window=None) -> Tensor"
    ) { x, n, hop, length, window, center, mode, normalized, onesided, returnComplex, alignToWindow in
      try stft(
        x, Frames(n, hop, length, window), center: center, mode: mode, normalized: normalized, onesided: onesided,
        returnComplex: returnComplex, alignToWindow: alignToWindow)
    }

  // MARK: Inverse

  /// Frames of `size`, `hop` apart, added where they overlap: (…, frames, size) to (…, length).
  private static func overlapAdd(_ frames: Tensor, _ length: Int, _ hop: Int) -> Tensor {
    let (batch, count, size) = (frames.shape[0], frames.shape[1], frames.shape[2])
    let starts = Tensor.arange(.int(0), .int(count)) * hop
    let places = (starts.unsqueeze(1) + Tensor.arange(.int(0), .int(size))).reshape([-1])
    return Tensor.zeros([batch, length], dtype: frames.dtype).indexAdd(1, places, frames.reshape([batch, -1]))
  }

  static let inverse: Operator<Tensor, Int, Int?, Int?, Tensor?, Bool, Bool, Bool?, Int?, Bool, Tensor> = Operator(
    composite:
      "istft(Tensor self, int n_fft, int? hop_length=None, int? win_length=None, Tensor? window=None, bool center=True, bool normalized=False, bool? onesided=None, int? length=None, bool return_complex=False) -> Tensor"
  ) { x, n, hop, windowLength, givenWindow, center, normalized, onesided, length, returnComplex in
    let frames = Frames(n, hop, windowLength, givenWindow)
    func fail(_ what: String) -> TorchError {
      let call = frames.call(
        "istft", "CPU\(x.dtype.scalarTypeName)Type\(x.shape.listDescription)",
        [
          ("center", text(center)), ("normalized", text(normalized)), ("onesided", text(onesided)),
          ("length", length.map(String.init) ?? "None"), ("return_complex", text(returnComplex)),
        ])
      return TorchError(.value, call + what)
    }
    guard x.dtype.isComplex else {
      throw TorchError(
        .dtype,
        "istft requires a complex-valued input tensor matching the output from stft with return_complex=True.")
    }
    guard x.numel > 0 else { throw fail("input tensor cannot be empty.") }
    guard x.ndim == 2 || x.ndim == 3 else {
      throw fail("expected a tensor with 3 or 4 dimensions, but got \(x.ndim + 1)")
    }
    let (count, size) = (x.shape[-1], x.shape[-2])
    let half = onesided ?? (size != n)
    if half, n / 2 + 1 != size {
      throw fail(
        "expected the frequency dimension (3rd to the last) of the input tensor to match n_fft / 2 + 1 when onesided=True, but got \(size)")
    }
    if !half, n != size {
      throw fail(
        "expected the frequency dimension (3rd to the last) of the input tensor to match n_fft when onesided=False, but got \(size)")
    }
    guard frames.hop > 0, frames.hop <= frames.windowLength else { throw fail("expected 0 < hop_length <= win_length") }
    guard frames.windowLength > 0, frames.windowLength <= n else { throw fail("expected 0 < win_length <= n_fft") }
    if let window = frames.window, window.ndim != 1 || window.shape[0] != frames.windowLength {
      throw fail("Invalid window shape. window has to be 1D and length of `win_length`")
    }
    var window = frames.window ?? Tensor.ones([frames.windowLength], dtype: x.dtype.realType)
    if frames.windowLength != n {
      let left = (n - frames.windowLength) / 2
      window = window.constantPadND([left, n - frames.windowLength - left])
    }
    let spectrum = (x.ndim == 2 ? x.unsqueeze(0) : x).transpose(1, 2)
    let norm = (normalized ? Fourier.Norm.byRootN : .byN).rawValue
    let signal: Tensor
    if returnComplex {
      guard !half else { throw TorchError(.value, "Cannot have onesided output if window or input is complex") }
      signal = Fourier.complexToComplex(spectrum, [2], norm, false)
    } else {
      guard !window.dtype.isComplex else {
        throw TorchError(.value, "Complex windows are incompatible with return_complex=False")
      }
      signal = Fourier.complexToReal(half ? spectrum : spectrum.narrow(2, 0, n / 2 + 1), [2], norm, n)
    }
    let whole = n + frames.hop * (count - 1)
    let start = center ? n / 2 : 0
    let end = length.map { start + $0 } ?? (center ? whole - n / 2 : whole)
    let sum = overlapAdd(signal * window, whole, frames.hop).slice(dim: 1, start: start, end: end)
    let weights = overlapAdd(window.square().expand([1, count, n]), whole, frames.hop).slice(dim: 1, start: start, end: end)
    let lowest = weights.abs().min()
    if try lowest.item().doubleValue < 1e-11 { throw fail("window overlap add min: \(try lowest.item())") }
    var y = sum / weights
    if end > whole { y = y.constantPadND([0, end - whole]) }
    return x.ndim == 2 ? y.squeeze(0) : y
  }

  static let operators: [AnyOperator] = [plain, centered, inverse]
}

extension Tensor {
  /// The Fourier transforms of overlapping frames of a signal (L) or of a batch of them (B, L): a complex tensor
  /// (…, nFFT / 2 + 1, frames), or the whole spectrum with `onesided: false`.
  ///
  /// ```swift
  /// let spectrum = signal.stft(400, hopLength: 160, window: torch.hannWindow(400))
  /// ```
  /// - Parameters:
  ///   - hopLength: from frame to frame, a quarter of `nFFT` unless given.
  ///   - window: of `winLength` elements, padded on both sides to `nFFT`; ones unless given.
  ///   - center: pads the signal so that frame t is centred on sample t · hopLength.
  ///   - returnComplex: false gives the real form with a last dimension of 2.
  ///
  /// Source: https://pytorch.org/docs/stable/generated/torch.stft.html
  public func stft(
    _ nFFT: Int, hopLength: Int? = nil, winLength: Int? = nil, window: Tensor? = nil, center: Bool = true,
    padMode: String = "reflect", normalized: Bool = false, onesided: Bool? = nil, returnComplex: Bool = true,
    alignToWindow: Bool? = nil
  ) -> Tensor {
    ShortTimeFourier.centered(
      self, nFFT, hopLength, winLength, window, center, padMode, normalized, onesided, returnComplex, alignToWindow)
  }

  /// The signal whose `stft` this is, by least squares.
  ///
  /// It is an error where the windows leave a sample uncovered.
  /// Source: https://pytorch.org/docs/stable/generated/torch.istft.html
  public func istft(
    _ nFFT: Int, hopLength: Int? = nil, winLength: Int? = nil, window: Tensor? = nil, center: Bool = true,
    normalized: Bool = false, onesided: Bool? = nil, length: Int? = nil, returnComplex: Bool = false
  ) -> Tensor {
    ShortTimeFourier.inverse(
      self, nFFT, hopLength, winLength, window, center, normalized, onesided, length, returnComplex)
  }
}

extension torch {
  /// See `Tensor.stft`.
  public static func stft(
    _ x: Tensor, _ nFFT: Int, hopLength: Int? = nil, winLength: Int? = nil, window: Tensor? = nil, center: Bool = true,
    padMode: String = "reflect", normalized: Bool = false, onesided: Bool? = nil, returnComplex: Bool = true,
    alignToWindow: Bool? = nil
  ) -> Tensor {
    ShortTimeFourier.centered(
      x, nFFT, hopLength, winLength, window, center, padMode, normalized, onesided, returnComplex, alignToWindow)
  }

  /// See `Tensor.istft`.
  public static func istft(
    _ x: Tensor, _ nFFT: Int, hopLength: Int? = nil, winLength: Int? = nil, window: Tensor? = nil, center: Bool = true,
    normalized: Bool = false, onesided: Bool? = nil, length: Int? = nil, returnComplex: Bool = false
  ) -> Tensor {
    ShortTimeFourier.inverse(
      x, nFFT, hopLength, winLength, window, center, normalized, onesided, length, returnComplex)
  }
}
