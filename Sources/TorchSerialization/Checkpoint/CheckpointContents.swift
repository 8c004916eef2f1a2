// What a checkpoint holds, and why it may not be loaded.
//
// Classes that are not allowed become plain data while the pickle is read, so that the error can say where in the
// checkpoint the object is and what it seems to be: a whole module, a namedtuple, an `argparse.Namespace`. No value
// leaves here as long as one of them was named.

import TorchCore

package struct CheckpointContents {
  /// The values, with objects of refused classes as data and tensors that cannot be read.
  package let tree: StateTree<FileTensor>
  /// The classes that `torch.load` would refuse, in the order of the file.
  private let refused: [String]

  /// Reads a checkpoint's pickle.
  /// - Parameters:
  ///   - size: The bytes the pickle takes.
  ///   - unpickle: Runs the machine by the rules it is given.
  static func read(
    _ size: Int, safe: Set<String>, _ unpickle: (PickleRules) throws -> PickleGraph,
    persistent: @escaping (PickleValue) throws -> PickleValue
  ) throws -> CheckpointContents {
    let refused = RefusedClasses()
    do {
      let graph = try unpickle(TorchGlobals.rules(safe: safe, refused: refused, persistent: persistent))
      return CheckpointContents(tree: try StateTree(graph, pickleSize: size), refused: refused.names)
    } catch {
      // An object that acts as data does not bear everything a class may do; the class is the reason then.
      guard let name = refused.names.first else { throw error }
      throw RefusedClasses.refusal(of: name)
    }
  }

  /// The values, where all are allowed and can be read.
  package func stored() throws -> StateTree<StoredTensor> {
    if let refusal { throw refusal }
    return try tree.stored()
  }

  /// Why the values are not allowed; nil where they are.
  package var refusal: TorchError? { refused.isEmpty ? nil : RefusedClasses.refusal(refused, in: tree) }
}

/// The classes that a pickle names and that are not allowed.
package final class RefusedClasses {
  package private(set) var names: [String] = []

  func add(_ name: String) { if !names.contains(name) { names.append(name) } }

  /// The error for a class of which no more is known.
  static func refusal(of name: String) -> TorchError { refusal(of: name, path: nil, arguments: [], state: .none) }

  static func refusal(_ names: [String], in tree: StateTree<FileTensor>) -> TorchError {
    guard let found = object(tree, Set(names), "") else { return refusal(of: names[0]) }
    return refusal(of: found.name, path: found.path, arguments: found.arguments, state: found.state)
  }

  private static func refusal(
    of name: String, path: String?, arguments: [StateTree<FileTensor>], state: StateTree<FileTensor>
  ) -> TorchError {
    let place = path.map { $0.isEmpty ? "" : " at '\($0)'" } ?? ""
    let short = name.split(separator: ".").last.map(String.init) ?? name
    let isModule = ["_modules", "_parameters"].contains { !state[$0].isNone } || name.hasPrefix("torch.nn.modules.")
    let advice: String
    if isModule || path == nil && ["__main__.", "torchvision.models."].contains(where: name.hasPrefix) {
      advice =
        "It seems to be a whole module of class \(short)\(place), which only Python can rebuild. In Python, run "
        + "`model = torch.load(path, weights_only=False)` and `torch.save(model.state_dict(), \"state.pt\")`, "
        + "then load that file."
    } else if name == "argparse.Namespace" {
      advice = "In Python, save `vars(args)` instead of the namespace\(place), or name the class in `safeGlobals`."
    } else if !arguments.isEmpty, state.isNone {
      advice =
        "In Python, save the \(short)\(place) as plain values (of a namedtuple, `value._asdict()`), or name the class in "
        + "`safeGlobals` to have it as data."
    } else {
      advice =
        "In Python, save only the tensors and plain values, without the \(short)\(place); or name the class in "
        + "`safeGlobals` to have it as data."
    }
    return TorchError(
      .serialization, "Unsupported global: GLOBAL \(name) was not an allowed global by default. \(advice)")
  }

  private typealias Found = (
    name: String, path: String, arguments: [StateTree<FileTensor>], state: StateTree<FileTensor>
  )

  /// The first object of one of the classes, from the root down.
  private static func object(_ value: StateTree<FileTensor>, _ names: Set<String>, _ path: String) -> Found? {
    func down(_ key: String) -> String { path.isEmpty ? key : path + "." + key }
    func search(_ items: [StateTree<FileTensor>]) -> Found? {
      for (index, item) in items.enumerated() {
        if let found = object(item, names, down(String(index))) { return found }
      }
      return nil
    }
    switch value {
    case .object(let name, let arguments, let state):
      if names.contains(name) { return (name, path, arguments, state) }
      return search(arguments) ?? object(state, names, path)
    case .list(let items), .tuple(let items), .set(let items): return search(items)
    case .dict(let dictionary):
      for (key, item) in dictionary.entries {
        if let found = object(item, names, down(key.description)) { return found }
      }
      for (_, item) in dictionary.attributes { if let found = object(item, names, path) { return found } }
      return nil
    default: return nil
    }
  }
}
