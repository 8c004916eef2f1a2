// Which of PyTorch's formats a file is in.

import TorchCore

package enum CheckpointFile {
  /// The values of the checkpoint in `file`, whatever PyTorch wrote it.
  package static func read(
    _ file: ByteRegion, verifyingChecksums: Bool, safe: Set<String> = []
  ) throws -> StateTree<StoredTensor> {
    if ZipReader.looksLikeZip(file) {
      return try TorchArchive(file, verifyingChecksums: verifyingChecksums).checkpoint(safe: safe)
    }
    if LegacyCheckpoint.looksLegacy(file) { return try LegacyCheckpoint.checkpoint(file, safe: safe) }
    throw TorchError(.serialization, "Invalid magic number; corrupt file? \(guess(file))")
  }

  /// What else the file may be, for the message.
  private static func guess(_ file: ByteRegion) -> String {
    if file.count == 0 { return "The file is empty." }
    if file.starts(with: [0x93, 0x4E, 0x55, 0x4D]) { return "It is a NumPy array: use `NumPy.load`." }
    if file.starts(with: [0x89, 0x48, 0x44, 0x46]) { return "It is an HDF5 file, which Keras writes." }
    if let tar = try? file.slice(257, 5), tar.text == "ustar" {
      return "It is a tar archive, which PyTorch wrote before 0.2: load and save it again in Python."
    }
    if let brace = try? file.byte(8), brace == UInt8(ascii: "{") {
      return "It seems to be safetensors: use `Safetensors.load`."
    }
    if file.starts(with: [0x80]) { return "It is a bare pickle, not written by `torch.save`." }
    return "It is in no format of PyTorch's."
  }
}
