// The random number generator: PyTorch's mt19937 with PyTorch's transformations, so that a seed gives PyTorch's numbers.
// Reference: https://pytorch.org/docs/stable/generated/torch.Generator.html

import CTorchKernelHeaders
import Synchronization

/// A source of random numbers with PyTorch's sequence for each seed.
///
/// ```swift
/// torch.manualSeed(0)
/// print(torch.rand(3))   // tensor([0.4963, 0.7682, 0.0885])
/// ```
public final class Generator: @unchecked Sendable {
  // Unchecked: the native generator is only touched under the lock.
  private let lock = Mutex<Void>(())
  private let native: OpaquePointer

  /// A generator with PyTorch's default seed.
  public init(seed: UInt64 = 67_280_421_310_721) { native = tk_generator_create(seed) }

  deinit { tk_generator_destroy(native) }

  /// The generator that draws use when they are given none.
  public static let `default` = Generator()

  /// Starts the sequence of `seed`; returns the generator.
  @discardableResult
  public func manualSeed(_ seed: UInt64) -> Generator {
    lock.withLock { _ in tk_generator_seed(native, seed) }
    return self
  }

  public var initialSeed: UInt64 { lock.withLock { _ in tk_generator_initial_seed(native) } }

  /// The state in the bytes of PyTorch's `get_rng_state()`, which either side can restore.
  public var state: [UInt8] {
    lock.withLock { _ in
      var bytes = [UInt8](repeating: 0, count: Int(TK_GENERATOR_STATE_SIZE))
      tk_generator_get_state(native, &bytes)
      return bytes
    }
  }

  /// Restores a state; one that is not of this form is refused and changes nothing.
  public func setState(_ bytes: [UInt8]) throws {
    let accepted = lock.withLock { _ in tk_generator_set_state(native, bytes, Int64(bytes.count)) }
    guard accepted else { throw TorchError(.value, "RNG state is wrong size or not valid") }
  }

  /// Runs a kernel on the native generator.
  func draw<R>(_ body: (OpaquePointer) throws -> R) rethrows -> R { try lock.withLock { _ in try body(native) } }

  /// 64 random bits.
  public func next() -> UInt64 { lock.withLock { _ in tk_generator_next64(native) } }
}

extension Generator: RandomNumberGenerator {}

extension torch {
  /// Starts the default generator's sequence of `seed`.
  @discardableResult
  public static func manualSeed(_ seed: UInt64) -> Generator { Generator.default.manualSeed(seed) }

  /// Starts the default generator's sequence of a seed that nobody can foresee, which is returned.
  /// Source: https://pytorch.org/docs/stable/generated/torch.seed.html
  @discardableResult
  public static func seed() -> UInt64 {
    var system = SystemRandomNumberGenerator()
    let seed = system.next()
    Generator.default.manualSeed(seed)
    return seed
  }

  /// The seed that the default generator has started from.
  /// Source: https://pytorch.org/docs/stable/generated/torch.initial_seed.html
  public static func initialSeed() -> UInt64 { Generator.default.initialSeed }

  /// The state of the default generator, in PyTorch's bytes.
  /// Source: https://pytorch.org/docs/stable/generated/torch.get_rng_state.html
  public static func getRNGState() -> [UInt8] { Generator.default.state }

  /// Sets the state of the default generator; bytes of another form are an error and change nothing.
  /// Source: https://pytorch.org/docs/stable/generated/torch.set_rng_state.html
  public static func setRNGState(_ state: [UInt8]) throws { try Generator.default.setState(state) }
}
