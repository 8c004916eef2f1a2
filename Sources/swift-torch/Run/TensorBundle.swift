// Named tensors in a file: a model's arguments and results.

import OrderedCollections
import TorchCore
import TorchSerialization

enum TensorBundle {
  /// The tensors of a file, whose format is found by content. That of an `.npy` file is called 0.
  static func read(_ path: String) throws -> OrderedDictionary<String, Tensor> {
    switch try FileFormat(contentsOf: path) {
    case .safetensors, .safetensorsIndex: return try Safetensors.load(path)
    case .numpyArchive: return try NumPy.loadArchive(path)
    case .numpyArray: return ["0": try NumPy.load(path)]
    case let format:
      throw TorchError(.value, "\(path) is no .safetensors, .npz or .npy file, from which arguments come (\(format.title))")
    }
  }

  /// Tensors by their place.
  static func numbered(_ tensors: [Tensor]) -> OrderedDictionary<String, Tensor> {
    OrderedDictionary(uniqueKeysWithValues: tensors.enumerated().map { (String($0.offset), $0.element) })
  }

  /// Formats of results, by the file's name.
  enum Target {
    case safetensors, npz, npy

    init(_ path: String) throws {
      let name = path.lowercased()
      if name.hasSuffix(".safetensors") {
        self = .safetensors
      } else if name.hasSuffix(".npz") {
        self = .npz
      } else if name.hasSuffix(".npy") {
        self = .npy
      } else {
        throw TorchError(.value, "the format of '\(path)' is not known by its name: use .safetensors, .npz or .npy")
      }
    }

    func write(_ tensors: OrderedDictionary<String, Tensor>, to path: String) throws {
      switch self {
      case .safetensors: try Safetensors.save(tensors, to: path)
      case .npz: try NumPy.saveArchive(tensors, to: path)
      case .npy:
        guard tensors.count == 1 else {
          throw TorchError(.value, "an .npy file holds one array, and the model gave \(tensors.count): write .npz")
        }
        try NumPy.save(tensors.values[0], to: path)
      }
    }
  }
}
