// Operators that move elements about without looking at them work on text as well: on the numbers of the texts.

import TorchCore

extension ONNX.OperatorDeclaration {
  /// An operator that only moves elements: text is moved by moving its indices.
  static func moving(
    _ name: String, since: Int = 1, type: Int? = 0, settings: Set<Int> = [],
    _ body: @escaping @Sendable (ONNX.Call) throws -> Tensor
  ) -> Self {
    values(name, since: since, settings: settings) { call in
      guard let text = call.textAsNumbers() else { return [call.typed(try body(call), like: type)] }
      return [try text.value(try body(text.call))]
    }
  }

  /// The same for several results.
  static func movingMany(
    _ name: String, since: Int = 1, _ body: @escaping @Sendable (ONNX.Call) throws -> [Tensor]
  ) -> Self {
    values(name, since: since) { call in
      guard let text = call.textAsNumbers() else { return try body(call).map { call.typed($0, like: 0) } }
      return try body(text.call).map { try text.value($0) }
    }
  }
}

extension ONNX.Call {
  /// A call whose text inputs are replaced by numbers that stand for the texts.
  struct NumberedText {
    let call: ONNX.Call
    let table: [String]

    func value(_ tensor: Tensor) throws -> ONNX.Value {
      if tensor.dtype == .bool { return ONNX.Value(tensor) }
      let elements = try tensor.toArray(Int.self).map { table.indices.contains($0) ? table[$0] : "" }
      return .strings(ONNX.StringTensor(elements, shape: Array(tensor.shape)))
    }
  }

  /// Nil where no input is text. Equal texts get equal numbers; the empty text is number 0.
  func textAsNumbers() -> NumberedText? {
    guard inputs.contains(where: { $0?.strings != nil }) else { return nil }
    var numbers = ["": 0]
    var table = [""]
    let replaced = inputs.map { value -> ONNX.Value? in
      guard let strings = value?.strings else { return value }
      let codes = strings.elements.map { text -> Int in
        if let known = numbers[text] { return known }
        numbers[text] = table.count
        table.append(text)
        return table.count - 1
      }
      guard let tensor = try? Tensor.from(codes, shape: Shape(checking: strings.shape)) else { return value }
      return ONNX.Value(tensor)
    }
    return NumberedText(call: ONNX.Call(step: step, inputs: replaced, frame: frame), table: table)
  }
}
