// `JIT.load` and `JIT.save`.
// Reference: https://pytorch.org/docs/stable/generated/torch.jit.load.html

import TorchSerialization

extension JIT {
  /// Reads a TorchScript archive: what `torch.jit.save` of PyTorch 1.6 to 2.15 wrote, or `ScriptModule.save`.
  ///
  /// The module is in the mode in which it was saved. Its code is compiled at once, so that operators that are not known
  /// are an error here, all of them named, and not in the middle of a run.
  ///
  /// ```swift
  /// let model = try JIT.load("model.pt").eval()
  /// let y = torch.noGrad { model(x) }
  /// ```
  /// - Parameter device: Where tensors go that were saved on another device. Without it, they go back to where they were,
  ///   which is an error where that device is not there.
  /// - Throws: `TorchError` of kind `.io`, `.device`, `.notImplemented` or `.serialization`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.jit.load.html
  public static func load(_ path: String, device: Device? = nil) throws -> ScriptModule {
    var none: [String: String] = [:]
    return try load(path, device: device, extraFiles: &none)
  }

  /// Reads an archive, and the files that were saved with it.
  ///
  /// ```swift
  /// var extra = ["labels.txt": ""]
  /// let model = try JIT.load("model.pt", extraFiles: &extra)
  /// ```
  /// - Parameter extraFiles: Its keys say which files to read; a file that is not in the archive leaves its value as it is.
  public static func load(
    _ path: String, device: Device? = nil, extraFiles: inout [String: String]
  ) throws -> ScriptModule {
    try load(ByteRegion(mapping: path), device, &extraFiles)
  }

  /// Reads an archive that is in memory already.
  public static func load(bytes: [UInt8], device: Device? = nil) throws -> ScriptModule {
    var none: [String: String] = [:]
    return try load(bytes: bytes, device: device, extraFiles: &none)
  }

  /// Reads an archive that is in memory already, and the files that were saved with it.
  public static func load(
    bytes: [UInt8], device: Device? = nil, extraFiles: inout [String: String]
  ) throws -> ScriptModule {
    try load(ByteRegion(bytes), device, &extraFiles)
  }

  /// Reads an archive, and the files that were saved with it, as bytes.
  public static func load(
    _ path: String, device: Device? = nil, extraFiles: inout [String: [UInt8]]
  ) throws -> ScriptModule {
    let reader = try ArchiveReader(ByteRegion(mapping: path))
    let object = try reader.object(device: device)
    for name in extraFiles.keys { if let bytes = try reader.extraFile(name) { extraFiles[name] = bytes } }
    return ScriptModule(object)
  }

  private static func load(
    _ file: ByteRegion, _ device: Device?, _ extraFiles: inout [String: String]
  ) throws -> ScriptModule {
    let reader = try ArchiveReader(file)
    let object = try reader.object(device: device)
    for name in extraFiles.keys { if let text = try reader.extraText(name) { extraFiles[name] = text } }
    return ScriptModule(object)
  }

  /// Writes `module` to a file; see `ScriptModule.save(to:extraFiles:)`.
  public static func save(_ module: ScriptModule, to path: String, extraFiles: [String: String] = [:]) throws {
    try module.save(to: path, extraFiles: extraFiles)
  }

  /// Writes `module` to a file with files of any bytes.
  public static func save(_ module: ScriptModule, to path: String, extraFiles: [String: [UInt8]]) throws {
    try module.save(to: path, extraFiles: extraFiles)
  }
}
