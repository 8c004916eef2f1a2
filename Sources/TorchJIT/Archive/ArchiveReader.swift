// TorchScript archives, reading: what `torch.jit.save` has written since PyTorch 1.4.
//
// A zip of entries under one folder of any name: `data.pkl` and `data/0`, … (the module's attributes), `constants.pkl`
// and `constants/0`, …, `code/…` (source text, whose debug files are of no interest), `extra/NAME`, `version`, `byteorder`.
// Classes are compiled as the pickles and other source files name them. Nothing in the file is trusted: names are looked
// up among the zip's entries only, and every size is checked before memory is taken.
// Reference: torch/csrc/jit/serialization/import.cpp of PyTorch.

import TorchSerialization

extension JIT {
  struct ArchiveReader {
    private let archive: TorchArchive

    init(_ file: ByteRegion) throws {
      guard ZipReader.looksLikeZip(file) else {
        // Another format gets its name said, a zip that has lost its end the zip reader's error.
        let format = (try? FileFormat(file)).map { " The file is \($0.title)." } ?? ""
        throw TorchError(
          .serialization, "PytorchStreamReader failed reading zip archive: failed finding central directory.\(format)")
      }
      archive = try TorchArchive(file, verifyingChecksums: true)
      if archive.contains("model.json") || archive.contains("attributes.pkl") {
        throw TorchError(
          .serialization,
          "The archive has TorchScript's format from before PyTorch 1.4 (`model.json`). In Python, load it with a later "
            + "PyTorch and save it again: `torch.jit.save(torch.jit.load(path), path)`.")
      }
      guard archive.contains("constants.pkl") else {
        let advice =
          archive.contains("data.pkl") ? " It is a checkpoint, no TorchScript archive: use `torch.load`." : ""
        throw TorchError(
          .serialization, "PytorchStreamReader failed locating file constants.pkl: file not found.\(advice)")
      }
    }

    /// The archive's module and the code that it runs, all of it compiled.
    func object(device: Device?) throws -> ScriptObject {
      let unit = CompilationUnit(constants: [], operatorVersion: archive.version) { qualifier in
        let record = "code/\(qualifier.replacing(".", with: "/")).py"
        guard archive.contains(record) else { return nil }
        guard let text = try archive.record(record).text else {
          throw TorchError(.serialization, "\(record) is not UTF-8 text")
        }
        return text
      }
      unit.constants = try constants(device, unit)
      let value = try ObjectUnpickler.value(
        archive.record("data.pkl"), archive.storages(), device: device, unit: unit)
      guard case .object(let object) = value, object.type.isModule else {
        throw TorchError(.serialization, "the archive holds a value of type \(value.type), not a module")
      }
      try unit.checkMissing()
      return object
    }

    /// What `CONSTANTS.c0`, … stand for: tensors and lists, and enumerations and objects of classes.
    private func constants(_ device: Device?, _ unit: CompilationUnit) throws -> [IValue] {
      let value = try ObjectUnpickler.value(
        archive.record("constants.pkl"), archive.storages(in: "constants/"), device: device, unit: unit)
      guard case .tuple(let tuple) = value else {
        throw TorchError(.serialization, "the archive's constants are a \(value.type), not a tuple")
      }
      return tuple.items
    }

    /// The text of `extra/name`; nil where there is none.
    func extraFile(_ name: String) throws -> [UInt8]? {
      archive.contains("extra/" + name) ? try archive.record("extra/" + name).array : nil
    }

    /// The same as text.
    func extraText(_ name: String) throws -> String? {
      guard archive.contains("extra/" + name) else { return nil }
      guard let text = try archive.record("extra/" + name).text else {
        throw TorchError(.serialization, "the extra file '\(name)' is not UTF-8 text: ask for it as bytes, [UInt8]")
      }
      return text
    }
  }
}
