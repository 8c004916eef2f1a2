// How tensors are printed: digits, line length, when to leave elements out.

import Synchronization

/// Settings of a tensor's printed form; the names and values are PyTorch's.
/// Source: https://pytorch.org/docs/stable/generated/torch.set_printoptions.html
public struct PrintOptions: Sendable, Hashable {
  /// Digits after the point.
  public var precision = 4
  /// Tensors of more elements are summarised.
  public var threshold = 1000
  /// Elements kept at each end of a summarised dimension.
  public var edgeItems = 3
  /// Characters a line may have.
  public var lineWidth = 80
  /// Scientific notation always or never; nil lets the values decide.
  public var sciMode: Bool?

  public init(
    precision: Int = 4, threshold: Int = 1000, edgeItems: Int = 3, lineWidth: Int = 80, sciMode: Bool? = nil
  ) {
    self.precision = precision
    self.threshold = threshold
    self.edgeItems = edgeItems
    self.lineWidth = lineWidth
    self.sciMode = sciMode
  }

  public static let standard = PrintOptions()
  public static let short = PrintOptions(precision: 2, edgeItems: 2)
  public static let full = PrintOptions(threshold: .max)

  private static let shared = Mutex(PrintOptions())

  /// What `description` uses, in the whole process.
  public static var current: PrintOptions {
    get { shared.withLock { $0 } }
    set { shared.withLock { $0 = newValue } }
  }
}

extension torch {
  /// Changes how tensors are printed. What is left out stays as it is, but for `sciMode`, which becomes automatic.
  ///
  /// ```swift
  /// torch.setPrintOptions(precision: 2)
  /// print(Tensor([1.12345]))   // tensor([1.12])
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.set_printoptions.html
  public static func setPrintOptions(
    precision: Int? = nil, threshold: Int? = nil, edgeItems: Int? = nil, lineWidth: Int? = nil,
    profile: PrintOptions? = nil, sciMode: Bool? = nil
  ) {
    var options = profile ?? PrintOptions.current
    if let precision { options.precision = precision }
    if let threshold { options.threshold = threshold }
    if let edgeItems { options.edgeItems = edgeItems }
    if let lineWidth { options.lineWidth = lineWidth }
    options.sciMode = sciMode
    PrintOptions.current = options
  }
}
