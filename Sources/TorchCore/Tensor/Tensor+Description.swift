// PyTorch's printed form of tensors.
//
// Goals: the same text as PyTorch for every dtype, rank and size; only the elements that are shown are read.
// Reference: https://pytorch.org/docs/stable/generated/torch.set_printoptions.html

extension Tensor: CustomStringConvertible {
  /// The tensor as PyTorch prints it.
  ///
  /// ```swift
  /// print(Tensor([[1.5, 2], [3, 4]], requiresGrad: true))
  /// // tensor([[1.5000, 2.0000],
  /// //         [3.0000, 4.0000]], requires_grad=True)
  /// ```
  public var description: String { description(PrintOptions.current) }

  /// The same, printed by `options` instead of the process's.
  public func description(_ options: PrintOptions) -> String {
    if let sparseParts { return sparseDescription(sparseParts, options) }
    if let failure { return "<invalid tensor: \(failure.message)>" }
    if let batched = autograd?.batched { return batched.description(options) }
    let prefix = "tensor("
    var text = prefix
    if numel == 0 {
      text += "[]"
    } else {
      var writer = TensorWriter(device == .cpu ? self : cpu(), options)
      text += writer.text(dim: 0, indent: prefix.utf8.count)
    }
    return closed(text, indent: prefix.utf8.count, options)
  }

  /// `text` with what is said after the elements (device, size, dtype, gradient) and the closing bracket.
  private func closed(_ text: String, indent: Int, _ options: PrintOptions) -> String {
    var text = text
    // PyTorch counts from the line's newline, or from where one would be, and one more.
    var lineLength = text.utf8.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 2
    for suffix in suffixes(options) {
      let length = suffix.utf8.count
      if lineLength + length + 2 > options.lineWidth {
        text += ",\n" + String(repeating: " ", count: indent) + suffix
        lineLength = indent + length
      } else {
        text += ", " + suffix
        lineLength += length + 2
      }
    }
    return text + ")"
  }

  private func suffixes(_ options: PrintOptions) -> [String] {
    var list: [String] = []
    if device != .cpu { list.append("device='\(device)'") }
    if numel == 0 {
      // What no element can show: sizes other than (0,), and any dtype but the default.
      if ndim != 1 { list.append("size=" + shape.tupleDescription) }
      if dtype != .default { list.append("dtype=\(dtype)") }
    } else {
      if options.edgeItems == 0 { list.append("size=" + shape.tupleDescription) }
      if ![DType.default, DType.default.complexType, .int64, .bool].contains(dtype) { list.append("dtype=\(dtype)") }
    }
    if let name = gradFn?.name {
      list.append("grad_fn=<\(name)>")
    } else if requiresGrad {
      list.append("requires_grad=True")
    }
    return list
  }
}

extension Shape {
  /// Python's tuple form: `(2, 3)`, `(5,)`, `()`.
  var tupleDescription: String {
    "(" + map(String.init).joined(separator: ", ") + (count == 1 ? ",)" : ")")
  }
}

/// Writes the brackets and elements of one tensor.
struct TensorWriter {
  private let shape: Shape
  private let options: PrintOptions
  private let summarizes: Bool
  private let isComplex: Bool
  /// The elements that are shown, in the order of the text.
  private var elements: [Scalar] = []
  private var position = 0
  private var formatter: ElementFormatter
  private var imaginaryFormatter: ElementFormatter?

  init(_ tensor: Tensor, _ options: PrintOptions) {
    shape = tensor.shape
    self.options = options
    summarizes = tensor.numel > options.threshold
    isComplex = tensor.dtype.isComplex
    formatter = ElementFormatter(exact: [])
    if summarizes && options.edgeItems == 0 && !shape.isEmpty { return }
    let base = tensor.storage.pointer
    collect(tensor, dim: 0, offset: tensor.storageOffset, base)
    if isComplex {
      formatter = ElementFormatter(elements.map(\.complexValue.rawStorage.x), options)
      imaginaryFormatter = ElementFormatter(elements.map(\.complexValue.rawStorage.y), options)
    } else if tensor.dtype.isFloatingPoint {
      formatter = ElementFormatter(elements.map(\.doubleValue), options)
    } else {
      formatter = ElementFormatter(exact: elements)
    }
  }

  /// Whether the middle of dimension `dim` is left out.
  private func isCut(_ dim: Int) -> Bool { summarizes && shape[dim] > 2 * options.edgeItems }

  private func shownIndices(_ dim: Int) -> [Int] {
    let size = shape[dim]
    guard isCut(dim) else { return Array(0..<size) }
    return Array(0..<options.edgeItems) + Array((size - options.edgeItems)..<size)
  }

  private mutating func collect(_ tensor: Tensor, dim: Int, offset: Int, _ base: UnsafeMutableRawPointer) {
    if dim == shape.count {
      elements.append(tensor.scalar(at: offset, in: base))
      return
    }
    for index in shownIndices(dim) {
      collect(tensor, dim: dim + 1, offset: offset + index * tensor.strides[dim], base)
    }
  }

  /// The text of the next part of rank `shape.count - dim`, whose brackets open at column `indent`.
  mutating func text(dim: Int, indent: Int) -> String {
    let rank = shape.count - dim
    if rank == 0 { return nextElement() }
    if summarizes && options.edgeItems == 0 { return "[...]" }
    var parts: [String] = []
    for _ in shownIndices(dim) { parts.append(rank == 1 ? nextElement() : text(dim: dim + 1, indent: indent + 1)) }
    if isCut(dim) { parts.insert(rank == 1 ? " ..." : "...", at: options.edgeItems) }
    let margin = String(repeating: " ", count: indent + 1)
    if rank > 1 {
      return "[" + parts.joined(separator: "," + String(repeating: "\n", count: rank - 1) + margin) + "]"
    }
    let perLine = Swift.max(1, (options.lineWidth - indent) / elementLength)
    let lines = stride(from: 0, to: parts.count, by: perLine).map {
      parts[$0..<Swift.min($0 + perLine, parts.count)].joined(separator: ", ")
    }
    return "[" + lines.joined(separator: ",\n" + margin) + "]"
  }

  /// Characters an element takes with its comma and space.
  private var elementLength: Int {
    formatter.width + 2 + (imaginaryFormatter.map { $0.width + 1 } ?? 0)
  }

  private mutating func nextElement() -> String {
    defer { position += 1 }
    let element = elements[position]
    guard let imaginaryFormatter else { return formatter.text(element) }
    // `real` and `imaginary` of a number with an infinite part are NaN; the stored parts are what is shown.
    let (real, imaginary) = element.complexValue.rawStorage
    let imaginaryText = imaginaryFormatter.text(imaginary).drop { $0 == " " }
    let sign = imaginaryText.first == "-" ? "" : "+"
    return formatter.text(real) + sign + imaginaryText + "j"
  }
}
