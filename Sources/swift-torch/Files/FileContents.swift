// What a file of any format holds, as `inspect` shows it and `convert` takes it.

import OrderedCollections
import TorchCore
import TorchONNX
import TorchSerialization

struct FileContents {
  let path: String
  let format: FileFormat
  let size: Int
  /// The tensors and values; named tensors are one dictionary.
  let tree: StateTree<FileTensor>
  /// Texts and numbers that are about the tensors.
  var metadata: OrderedDictionary<String, StateValue> = [:]
  /// What the format itself says: its version, the number of files.
  var facts: OrderedDictionary<String, String> = [:]
  /// Why `torch.load` refuses the checkpoint for a class it holds objects of.
  var refusal: TorchError?
  /// Source text in the file, by its name.
  var sources: OrderedDictionary<String, String> = [:]

  /// Reads what can be known without the elements.
  init(_ path: String) throws {
    let file = try ByteRegion(mapping: path)
    self.path = path
    size = file.count
    format = try FileFormat(file)
    switch format {
    case .checkpoint, .legacyCheckpoint:
      let contents = try CheckpointFile.contents(file, verifyingChecksums: false)
      (tree, refusal) = (contents.tree, contents.refusal)
    case .torchScript:
      let archive = try TorchArchive(file, verifyingChecksums: false)
      tree = try archive.contents(safe: []).tree
      sources = try FileContents.sources(archive)
    case .safetensors:
      let (tensors, metadata) = try SafetensorsFile.contents(file)
      tree = FileContents.tree(tensors)
      for (key, text) in metadata.sorted(by: { $0.key < $1.key }) { self.metadata[key] = .string(text) }
    case .safetensorsIndex:
      let index = try SafetensorsIndex(contentsOf: path)
      tree = FileContents.tree(try index.tensors(beside: path))
      facts["files"] = index.files.map(\.file).joined(separator: ", ")
    case .numpyArray: tree = .tensor(try NumPyFile.contents(file))
    case .numpyArchive: tree = FileContents.tree(try NumPyFile.readArchive(file))
    case .gguf:
      let gguf = try GGUFFile(file)
      tree = FileContents.tree(gguf.tensors)
      metadata = gguf.metadata
      facts["version"] = String(gguf.version)
    case .onnx:
      let model = try ONNX.ModelFile(path)
      tree = FileContents.tree(model.tensors)
      for (key, text) in model.metadata { metadata[key] = .string(text) }
      facts = model.facts
      sources["graph"] = model.text
    }
  }

  private static func tree(_ tensors: OrderedDictionary<String, FileTensor>) -> StateTree<FileTensor> {
    var dictionary = StateDictionary<FileTensor>()
    for (name, tensor) in tensors { dictionary.entries[.string(name)] = .tensor(tensor) }
    return .dict(dictionary)
  }

  /// The code of a TorchScript archive, without its debug files.
  private static func sources(_ archive: TorchArchive) throws -> OrderedDictionary<String, String> {
    var sources: OrderedDictionary<String, String> = [:]
    let folder = archive.folder + "code/"
    for entry in archive.zip.entries where entry.name.hasPrefix(folder) && entry.name.hasSuffix(".py") {
      guard entry.size <= 1 << 26, let text = try archive.zip.read(entry).text else { continue }
      sources[String(entry.name.dropFirst(archive.folder.count))] = text
    }
    return sources
  }
}
