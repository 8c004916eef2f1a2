// A checkpoint in either of PyTorch's formats.

import TorchCore

package enum CheckpointFile {
  /// The values of the checkpoint in `file`, whatever PyTorch wrote it.
  package static func read(
    _ file: ByteRegion, verifyingChecksums: Bool, safe: Set<String> = []
  ) throws -> StateTree<StoredTensor> {
    try contents(file, verifyingChecksums: verifyingChecksums, safe: safe).stored()
  }

  /// What the checkpoint holds, also what cannot be loaded of it.
  package static func contents(
    _ file: ByteRegion, verifyingChecksums: Bool, safe: Set<String> = []
  ) throws -> CheckpointContents {
    if LegacyCheckpoint.looksLegacy(file) { return try LegacyCheckpoint.checkpoint(file, safe: safe) }
    let other: String
    if ZipReader.looksLikeZip(file) {
      if (try? FileFormat(file)) == .numpyArchive {
        other = "It is \(FileFormat.numpyArchive.title): use `\(FileFormat.numpyArchive.loader)`."
      } else {
        let archive = try TorchArchive(file, verifyingChecksums: verifyingChecksums)
        if archive.contains("data.pkl") { return try archive.checkpoint(safe: safe) }
        other = "It is a zip archive without `data.pkl`."
      }
    } else {
      do {
        let format = try FileFormat(file)
        other = "It is \(format.title): use `\(format.loader)`."
      } catch let error as TorchError {
        other = error.message
      }
    }
    throw TorchError(.serialization, "Invalid magic number; corrupt file? \(other)")
  }
}
