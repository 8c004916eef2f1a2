// TorchScript archives, writing: what `torch.jit.save` writes and `torch.jit.load` reads.
//
// A zip of stored entries under one folder: `data.pkl` (the module's attributes), `data/0`, … (its tensors' storages),
// `code/…` (its classes), `constants.pkl` and `constants/0`, …, `extra/NAME`, `version`, `byteorder`. Everything is made
// before the first byte is written, and the file replaces an old one only when it is whole.
// Reference: torch/csrc/jit/serialization/export_module.cpp of PyTorch.
// Departure: source text is stored uncompressed, and there are no debug files.

import TorchSerialization

extension JIT {
  struct ArchiveWriter {
    private let printer = PythonPrinter()
    private let object: ScriptObject

    init(_ object: ScriptObject) { self.object = object }

    func write(to path: String, extraFiles: [String: [UInt8]]) throws {
      try printer.add(.classType(object.type))
      let data = try ObjectPickler.pickle(.object(object), printer)
      // The pickle may name classes that no code does: those of values in attributes of type `Any`.
      try printer.addMentioned()
      let constants = try ObjectPickler.pickle(.tuple(printer.constants), printer)
      for name in extraFiles.keys where name.isEmpty || name.split(separator: "/").contains("..") {
        throw TorchError(.value, "'\(name)' cannot be the name of an extra file")
      }
      let folder = ArchiveWriter.stem(of: path) + "/"
      try AtomicFile.write(to: path) { sink in
        var zip = ZipWriter()
        for (name, bytes) in extraFiles.sorted(by: { $0.key < $1.key }) {
          try zip.add("\(folder)extra/\(name)", ByteRegion(bytes), to: &sink)
        }
        for (key, storage) in data.storages.enumerated() {
          try zip.add("\(folder)data/\(key)", storage.bytes(), to: &sink)
        }
        try zip.add(folder + "data.pkl", ByteRegion(data.bytes), to: &sink)
        for (qualifier, text) in printer.files {
          try zip.add("\(folder)code/\(qualifier.replacing(".", with: "/")).py", ByteRegion(text.utf8), to: &sink)
        }
        for (key, storage) in constants.storages.enumerated() {
          try zip.add("\(folder)constants/\(key)", storage.bytes(), to: &sink)
        }
        try zip.add(folder + "constants.pkl", ByteRegion(constants.bytes), to: &sink)
        try zip.add(folder + "version", ByteRegion("\(version)\n".utf8), to: &sink)
        try zip.add(folder + "byteorder", ByteRegion("little".utf8), to: &sink)
        try zip.finish(folder, &sink)
      }
    }

    /// PyTorch gives old archives the old meaning of these operators, so the file has to say that it means the new one.
    private static let changed: [String: Int] = [
      "aten::div": 4, "aten::div_": 4, "aten::full": 5, "aten::linspace": 8, "aten::logspace": 9, "aten::gelu": 10,
    ]

    /// The oldest version of the format whose operators are those that are used.
    private var version: Int { printer.operatorNames.compactMap { ArchiveWriter.changed[$0] }.max() ?? 3 }

    /// The folder in the archive is named after the file, as PyTorch's are.
    private static func stem(of path: String) -> String {
      let name = path.split(separator: "/").last.map(String.init) ?? "archive"
      let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
      return stem.isEmpty ? "archive" : stem
    }
  }
}
