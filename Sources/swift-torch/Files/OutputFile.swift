// What can be known of a file before it is read or written.

import Foundation
import TorchCore

/// Runs `body`, which reads the file at `path`, so that its errors say which file it is.
func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch let error as TorchError {
    let text = error.description
    throw text.contains(path) ? error : TorchError(error.kind, "\(path): \(text)")
  }
}

enum OutputFile {
  /// - Throws: `TorchError` of kind `.io` where no file can be at `path`, so that no work is done in vain.
  static func check(_ path: String) throws {
    let url = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw TorchError(.io, "cannot write \(path): Is a directory")
    }
    let folder = url.deletingLastPathComponent().path
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      throw TorchError(.io, "cannot write \(path): No such file or directory")
    }
    guard isFolder.boolValue else { throw TorchError(.io, "cannot write \(path): Not a directory") }
  }
}
