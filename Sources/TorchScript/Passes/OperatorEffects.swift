// What an operator does besides giving results: what it writes to, whose memory its results share, random draws.
//
// Schemas say most of it (`Tensor(a!)`, `-> Tensor(a)`). What PyTorch's schemas leave out is listed here.

import Synchronization

extension JIT {
  /// The effects of an operator, by its schema.
  struct OperatorEffects: Sendable {
    /// Parameters that it writes to.
    let written: [Int]
    /// Parameters whose memory a result may share.
    let shared: [Int]
    /// It draws random numbers, unless its arguments say otherwise (see `Node.isRandom`).
    let isRandom: Bool

    private static let known = Mutex<[ObjectIdentifier: OperatorEffects]>([:])

    static func of(_ op: AnyOperator) -> OperatorEffects {
      let key = ObjectIdentifier(op)
      if let found = known.withLock({ $0[key] }) { return found }
      let made = OperatorEffects(op)
      known.withLock { $0[key] = made }
      return made
    }

    private init(_ op: AnyOperator) {
      let (parameters, base) = (op.schema.parameters, op.schema.baseName)
      var written = parameters.indices.filter { parameters[$0].isWritten }
      if OperatorEffects.movingStatistics.contains(base) {
        written += parameters.indices.filter { ["running_mean", "running_var"].contains(parameters[$0].name) }
      }
      let text = op.schema.text
      var shared: [Int] = []
      if OperatorEffects.isAnnotated(text.suffix(after: ") -> ")) {
        let list = ScriptType.split(text.prefix(before: ") -> ").suffix(after: "(")).filter { $0 != "*" }
        shared = list.indices.filter { OperatorEffects.isAnnotated(list[$0][...]) }
      } else if op.isView || OperatorEffects.passingThrough.contains(base) {
        shared = [0]
      }
      self.written = written
      self.shared = shared
      isRandom =
        parameters.contains { $0.type.hasPrefix("Generator") }
        || base.hasPrefix("rand") || OperatorEffects.dropouts.contains(base)
        || OperatorEffects.sometimesRandom.contains(base)
    }

    /// `(a)`, `(a!)` or `(a -> *)` after a type.
    private static func isAnnotated(_ text: Substring) -> Bool {
      var rest = text[...]
      while let open = rest.firstIndex(of: "(") {
        rest = rest[rest.index(after: open)...]
        guard let letter = rest.first, letter.isLowercase else { continue }
        let next = rest.dropFirst().first
        if next == ")" || next == "!" || next == " " { return true }
      }
      return false
    }

    /// They move the running statistics in training, which their schemas do not tell.
    private static let movingStatistics: Set = [
      "batch_norm", "instance_norm", "native_batch_norm", "_batch_norm_impl_index", "_native_batch_norm_legit",
      "_batch_norm_with_update",
    ]

    /// They return their input itself where there is nothing to do.
    private static let passingThrough: Set = [
      "dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout", "pad", "constant_pad_nd", "type_as",
    ]

    private static let dropouts: Set = [
      "dropout", "dropout_", "feature_dropout", "feature_dropout_", "alpha_dropout", "alpha_dropout_",
      "feature_alpha_dropout", "feature_alpha_dropout_", "native_dropout",
    ]

    private static let sometimesRandom: Set = [
      "rrelu", "rrelu_", "rrelu_with_noise", "lstm", "gru", "rnn_tanh", "rnn_relu", "scaled_dot_product_attention",
    ]
  }
}

extension JIT.Node {
  /// Whether running it draws random numbers. Dropout outside of training does not.
  package var isRandom: Bool {
    guard case .operator(let op) = target, JIT.OperatorEffects.of(op).isRandom else { return false }
    if isConstant("train", false) || isConstant("training", false) { return false }
    if argument("train") == nil, argument("training") == nil, isZero("dropout_p") { return false }
    return !isZero("p") && !isZero("dropout")
  }

  private func isConstant(_ name: String, _ value: Bool) -> Bool { argument(name)?.constant?.bool == value }
  private func isZero(_ name: String) -> Bool { argument(name)?.constant?.double == 0 }

  /// The input for the parameter of this name.
  package func argument(_ name: String) -> JIT.GraphValue? {
    guard let index = signature?.parameters.firstIndex(where: { $0.name == name }), index < inputs.count else {
      return nil
    }
    return inputs[index]
  }

  /// Whether it does something that outlives its results: it must stay, and in its place.
  var hasSideEffects: Bool {
    switch target {
    case .operator: return isRandom
    // What it writes to its arguments is the alias analysis's concern.
    case .builtin(let builtin): return !builtin.isPure && !builtin.schema.parameters.contains { $0.isWritten }
    case .function: return true
    case .none: return !JIT.Node.harmless.contains(kind)
    }
  }

  /// Kinds without a target that do nothing but give results.
  private static let harmless: Set = [
    "prim::Constant", "prim::ListConstruct", "prim::TupleConstruct", "prim::DictConstruct", "prim::ListUnpack",
    "prim::TupleUnpack", "prim::TupleIndex", "prim::TupleSlice", "prim::GetAttr", "prim::If", "prim::Loop",
    "prim::unchecked_cast", "prim::unchecked_unwrap_optional", "prim::Uninitialized", "prim::isinstance",
    "prim::NumToTensor", "prim::CreateObject", "prim::EnumName", "prim::EnumValue", "prim::dtype", "prim::device",
    "prim::data", "prim::shape", "prim::is_cuda", "prim::layout", "prim::requires_grad",
  ]
}

extension String {
  fileprivate func suffix(after separator: String) -> Substring { self[...].suffix(after: separator) }
  fileprivate func prefix(before separator: String) -> Substring {
    firstRange(of: separator).map { self[..<$0.lowerBound] } ?? self[...]
  }
}

extension Substring {
  fileprivate func suffix(after separator: String) -> Substring {
    firstRange(of: separator).map { self[$0.upperBound...] } ?? ""
  }
}
