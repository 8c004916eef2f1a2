// Where case files lie: in a folder, or packed in a zip archive.

import Foundation
import TorchCore
import TorchSerialization

/// The files of a set of cases.
enum CaseFolder {
  case folder(URL)
  case archive(ZipReader)

  /// Opens the folder or the zip archive at `path`.
  init(_ path: String) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      self = .folder(URL(fileURLWithPath: path))
    } else {
      self = .archive(try ZipReader(ByteRegion(mapping: path)))
    }
  }

  func bytes(_ name: String) throws -> ByteRegion {
    switch self {
    case .folder(let url): return try ByteRegion(mapping: url.appendingPathComponent(name).path)
    case .archive(let archive):
      guard let entry = archive[name] else { throw TorchError(.data, "the archive of cases has no file '\(name)'") }
      return try archive.read(entry)
    }
  }

  func decode<T: Decodable>(_ type: T.Type, _ name: String) throws -> T {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(bytes(name).array))
  }
}
