// Models that the tool can run, whatever their format.

import OrderedCollections
import Torch
import TorchSerialization

protocol Runnable {
  /// What runs the model on `inputs` and gives its results, flattened.
  /// - Throws: `TorchError` where the inputs do not fit the model's arguments.
  func call(with inputs: OrderedDictionary<String, Tensor>) throws -> () throws -> [Tensor]
}

enum Runnables {
  /// The model in a file, whose format is found by content.
  static func load(_ path: String, method: String) throws -> any Runnable {
    switch try naming(path, { try FileFormat(contentsOf: path) }) {
    case .torchScript: return try ScriptRunnable(naming(path) { try JIT.load(path, device: .cpu) }, method: method)
    case .onnx:
      guard method == "forward" else { throw TorchError(.value, "an ONNX model has no methods, so none called '\(method)'") }
      return try naming(path) { try ONNXRunnable(path) }
    case let format: throw TorchError(.value, "\(path) holds no program to run (\(format.title))")
    }
  }
}

/// A file's tensors as the arguments of a call: those called 0, 1, … in order, the others by name.
///
/// `NAME.0`, `NAME.KEY` are items of the argument `NAME`, or of the argument at that place.
struct NamedInputs {
  /// A tensor, or the items of an argument that has several.
  enum Item {
    case tensor(Tensor)
    case items(OrderedDictionary<String, Tensor>)
  }

  private var items: [Item?]

  subscript(index: Int) -> Item? { items[index] }

  init(_ items: [Item?]) { self.items = items }

  /// - Throws: `TorchError` of kind `.value` where a name is none of `names`, or an argument is given twice.
  init(_ inputs: OrderedDictionary<String, Tensor>, for names: [String]) throws {
    items = Array(repeating: nil, count: names.count)
    for (key, tensor) in inputs {
      let (index, item) = try NamedInputs.place(of: key, names)
      switch (items[index], item) {
      case (nil, nil): items[index] = .tensor(tensor)
      case (nil, let item?): items[index] = .items([item: tensor])
      case (.items(var known)?, let item?) where known[item] == nil:
        known[item] = tensor
        items[index] = .items(known)
      default: throw TorchError(.value, "the argument '\(names[index])' is given twice, once as '\(key)'")
      }
    }
  }

  private static func place(of key: String, _ names: [String]) throws -> (index: Int, item: String?) {
    if let index = names.firstIndex(of: key) { return (index, nil) }
    if let index = Int(key), names.indices.contains(index) { return (index, nil) }
    // Names may hold dots themselves: the longest wins.
    var end = key.endIndex
    while let dot = key[..<end].lastIndex(of: ".") {
      let (head, item) = (String(key[..<dot]), String(key[key.index(after: dot)...]))
      if let index = names.firstIndex(of: head) ?? Int(head).flatMap({ names.indices.contains($0) ? $0 : nil }) {
        return (index, item)
      }
      end = dot
    }
    let list = names.isEmpty ? "it takes none" : "its arguments are \(names.joined(separator: ", "))"
    throw TorchError(.value, "the model has no argument '\(key)'; \(list)")
  }
}
