// Kullback-Leibler divergences: which function is whose.
//
// The closed forms are in Divergence+Same.swift (two of a kind) and Divergence+Mixed.swift (two kinds).
// Reference: https://pytorch.org/docs/stable/distributions.html#module-torch.distributions.kl

import Synchronization

extension distributions {
  /// ∫ p log(p / q), batched; an invalid tensor where no closed form is known for the two types.
  ///
  /// ```swift
  /// print(distributions.klDivergence(distributions.Normal(0, 1), distributions.Normal(1, 1)))   // tensor(0.5000)
  /// ```
  /// Source: https://pytorch.org/docs/stable/distributions.html#torch.distributions.kl.kl_divergence
  public static func klDivergence(_ p: Distribution, _ q: Distribution) -> Tensor {
    guard let function = Divergence.find(p, q) else { return unknownDivergence(p, q) }
    return function(p, q)
  }

  /// Makes `function` the divergence of two types, also of their subclasses that have none of their own.
  ///
  /// Of several that fit, the one for the most specific type of p, then of q, is taken. Meant to be called at the start
  /// of a program: it replaces what was registered for the same two types, and holds for all threads.
  ///
  /// ```swift
  /// distributions.registerKL(MyNormal.self, distributions.Normal.self) { p, q in … }
  /// ```
  /// Source: https://pytorch.org/docs/stable/distributions.html#torch.distributions.kl.register_kl
  public static func registerKL<P: Distribution, Q: Distribution>(
    _ p: P.Type, _ q: Q.Type, _ function: @escaping @Sendable (P, Q) -> Tensor
  ) {
    let entry = Divergence(p, q, function)
    Divergence.registered.withLock { $0[entry.types] = entry.function }
  }

  static func unknownDivergence(_ p: Distribution, _ q: Distribution) -> Tensor {
    .invalid(TorchError(.notImplemented, "No KL(p || q) is implemented for p type \(p.name) and q type \(q.name)"))
  }

  /// A function for the divergence of two types.
  struct Divergence: Sendable {
    typealias Function = @Sendable (Distribution, Distribution) -> Tensor
    struct Types: Hashable, Sendable { let p, q: ObjectIdentifier }

    let types: Types
    let function: Function

    init<P: Distribution, Q: Distribution>(
      _ p: P.Type, _ q: Q.Type, _ function: @escaping @Sendable (P, Q) -> Tensor
    ) {
      types = Types(p: ObjectIdentifier(p), q: ObjectIdentifier(q))
      self.function = { function($0 as! P, $1 as! Q) }
    }

    fileprivate static let registered = Mutex<[Types: Function]>(
      Dictionary(uniqueKeysWithValues: (ofOneKind + ofTwoKinds).map { ($0.types, $0.function) }))

    fileprivate static func find(_ p: Distribution, _ q: Distribution) -> Function? {
      let (ps, qs) = (classes(p), classes(q))
      return registered.withLock { table in
        for p in ps { for q in qs { if let found = table[Types(p: p, q: q)] { return found } } }
        return nil
      }
    }

    /// The class of a distribution and those above it.
    private static func classes(_ x: Distribution) -> [ObjectIdentifier] {
      sequence(first: Mirror(reflecting: x)) { $0.superclassMirror }.map { ObjectIdentifier($0.subjectType) }
    }
  }
}
