// The documented thread-local modes: gradient recording, inference, interposition, anomaly detection.

import CTorchKernelHeaders

/// Switches of the calling thread that operators look at.
struct Modes: OptionSet {
  var rawValue: UInt32

  /// Operators are not recorded for differentiation.
  static let noGrad = Modes(rawValue: 1)
  /// As `noGrad`; moreover results can never take part in recording.
  static let inference = Modes(rawValue: 2)
  /// An interposer (tracer, profiler, …) sees every outermost operator call.
  static let interposed = Modes(rawValue: 4)
  /// Backward checks every gradient for NaN, and nodes remember the forward call that made them.
  static let anomaly = Modes(rawValue: 8)
  /// Rules of derivatives run with recording on (`createGraph`).
  static let createGraph = Modes(rawValue: 16)

  /// A kernel runs whose call is being recorded.
  static let recorded = Modes(rawValue: 32)
  /// A function runs on a batch as if on one sample (vmap).
  static let batched = Modes(rawValue: 64)
  /// Derivatives' saved values are left out, to be computed again (`CheckpointFrame`).
  static let checkpointed = Modes(rawValue: 128)

  @inline(__always)
  static var current: Modes {
    get { Modes(rawValue: tk_modes()) }
    set { tk_set_modes(newValue.rawValue) }
  }

  @inline(__always)
  var recordsGradients: Bool { isDisjoint(with: [.noGrad, .inference]) }

  /// Runs `body` with `change` made to this thread's modes.
  @inline(__always)
  static func with<R, E: Error>(_ change: (inout Modes) -> Void, _ body: () throws(E) -> R) throws(E) -> R {
    let saved = current
    var modes = saved
    change(&modes)
    current = modes
    defer { current = saved }
    return try body()
  }
}

extension torch {
  /// Runs `body` without recording for differentiation.
  ///
  /// ```swift
  /// let y = torch.noGrad { x * 2 }
  /// print(y.requiresGrad)   // false
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.no_grad.html
  public static func noGrad<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    try Modes.with({ $0.insert(.noGrad) }, body)
  }

  /// Runs `body` with recording on, inside a `noGrad` too.
  public static func enableGrad<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    try Modes.with({ $0.subtract([.noGrad, .inference]) }, body)
  }

  /// Runs `body` with recording on or off.
  public static func setGradEnabled<R, E: Error>(_ enabled: Bool, _ body: () throws(E) -> R) throws(E) -> R {
    enabled ? try enableGrad(body) : try noGrad(body)
  }

  /// Runs `body` without recording; tensors made in it cannot be used where recording is on.
  /// Source: https://pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html
  public static func inferenceMode<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    try Modes.with({ $0.insert(.inference) }, body)
  }

  public static var isGradEnabled: Bool { Modes.current.recordsGradients }
  public static var isInferenceModeEnabled: Bool { Modes.current.contains(.inference) }
}

/// The calling thread's modes as switches, for callers in other languages, which cannot hand over a closure.
package enum ThreadModes {
  package static var recordsGradients: Bool {
    get { Modes.current.recordsGradients }
    set { set(.noGrad, !newValue) }
  }

  package static var isInference: Bool {
    get { Modes.current.contains(.inference) }
    set { set(.inference, newValue) }
  }

  private static func set(_ mode: Modes, _ isOn: Bool) {
    var modes = Modes.current
    if isOn { modes.insert(mode) } else { modes.remove(mode) }
    Modes.current = modes
  }
}
