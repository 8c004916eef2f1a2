// `torch.save` and `torch.load`.
// Reference: https://pytorch.org/docs/stable/notes/serialization.html. Departures: files are always read as with
// `weights_only=True`, and a mapped load may be written to (the file stays as it is).

import OrderedCollections
import TorchCore

extension torch {
  /// Writes `value` to a file that PyTorch's `torch.load` reads, also with `weights_only=True`.
  ///
  /// Tensors that share memory do so after loading. The file is replaced as a whole or, when anything fails, not at all.
  ///
  /// ```swift
  /// try torch.save(["epoch": 3, "weight": .tensor(weight)], to: "checkpoint.pt")
  /// ```
  /// - Throws: `TorchError` of kind `.io` where the file cannot be written (a full disk), of kind `.serialization` for
  ///   values a file cannot hold, and the error an invalid tensor carries.
  /// Source: https://pytorch.org/docs/stable/generated/torch.save.html
  public static func save(_ value: StateValue, to path: String) throws {
    var exporter = TensorExporter()
    try TorchArchive.write(value.map { try exporter.stored($0) }, to: path)
  }

  /// Writes one tensor.
  public static func save(_ tensor: Tensor, to path: String) throws { try save(.tensor(tensor), to: path) }

  /// Writes a state dict, which Python loads as an `OrderedDict`.
  public static func save(_ state: OrderedDictionary<String, Tensor>, to path: String) throws {
    try save(StateValue(state), to: path)
  }

  /// Writes named tensors, in the order of their names.
  public static func save(_ tensors: [String: Tensor], to path: String) throws {
    var value = StateDictionary<Tensor>()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) { value.entries[.string(name)] = .tensor(tensor) }
    try save(.dict(value), to: path)
  }

  /// Reads what `torch.save` wrote: in Python, here, in the zip format or the one before PyTorch 1.6.
  ///
  /// Nothing in the file is run. Values other than tensors, numbers, strings and containers of them are refused by
  /// name, so are whole modules; in Python, save `model.state_dict()` instead. So are tensors of kinds that there are
  /// none of here (quantized, sparse, `float8_e4m3fn`).
  ///
  /// ```swift
  /// let state = try torch.load("model.pt").stateDict()
  /// print(state["conv1.weight"]!.shape)   // torch.Size([32, 1, 3, 3])
  /// ```
  /// - Parameters:
  ///   - mapLocation: Where tensors go that were saved on another device. Without it, they go back to where they were,
  ///     which is an error where that device is not there.
  ///   - mmap: Leaves the elements in the file until they are used: loading takes no time and no memory. The file must
  ///     not be shortened meanwhile; replacing it is harmless. Checksums are not verified.
  ///   - safeGlobals: Further classes (`argparse.Namespace`) to keep as plain data (`StateTree.object`).
  /// - Throws: `TorchError` of kind `.io`, `.device` or `.serialization`; where a tensor cannot be read, it names it.
  /// Source: https://pytorch.org/docs/stable/generated/torch.load.html
  public static func load(
    _ path: String, mapLocation: Device? = nil, mmap: Bool = false, safeGlobals: Set<String> = []
  ) throws -> StateValue {
    try load(ByteRegion(mapping: path), mapLocation, mapped: mmap, safeGlobals)
  }

  /// Reads a file that is in memory already.
  public static func load(
    bytes: [UInt8], mapLocation: Device? = nil, safeGlobals: Set<String> = []
  ) throws -> StateValue {
    try load(ByteRegion(bytes), mapLocation, mapped: false, safeGlobals)
  }

  private static func load(
    _ file: ByteRegion, _ device: Device?, mapped: Bool, _ safeGlobals: Set<String>
  ) throws -> StateValue {
    var importer = TensorImporter(mapped: mapped)
    return try CheckpointFile.read(file, verifyingChecksums: !mapped, safe: safeGlobals).map { stored in
      try MapLocation.check(device, stored.storage.location)
      return try importer.tensor(stored)
    }
  }
}

/// Where the tensors of a file go.
package enum MapLocation {
  /// Throws where a storage saved on the device `location` can neither come to `device` nor go back.
  /// - Parameter argument: The call and the argument that name a device, for the advice.
  package static func check(_ device: Device?, _ location: String, argument: String = "torch.load with mapLocation: .cpu")
    throws
  {
    if let device {
      guard device.kind == .cpu else {
        throw TorchError(
          .device, "cannot load to \(device): load to the CPU and move the tensors with `to(_:)`")
      }
    } else if location.hasPrefix("cuda") {
      throw TorchError(
        .device,
        "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are running "
          + "on a CPU-only machine, please use \(argument) to map your storages to the CPU.")
    } else if location != "cpu" {
      throw TorchError(
        .device,
        "don't know how to restore data location of torch.storage.UntypedStorage (tagged with \(location)); "
          + "use \(argument) to map your storages to the CPU.")
    }
  }
}

extension StateTree where Leaf == Tensor {
  /// A state dict, as an `OrderedDict`.
  public init(_ state: OrderedDictionary<String, Tensor>) {
    var value = StateDictionary<Tensor>(isOrdered: true)
    for (name, tensor) in state { value.entries[.string(name)] = .tensor(tensor) }
    self = .dict(value)
  }

  /// The tensors of a dictionary of nothing else.
  /// - Throws: `TorchError` of kind `.serialization` that names what is not a tensor.
  public func stateDict() throws -> OrderedDictionary<String, Tensor> {
    guard let dictionary else {
      throw TorchError(
        .serialization, "the value is no state dict; checkpoints often keep it under a key such as 'model'")
    }
    var state: OrderedDictionary<String, Tensor> = [:]
    for (key, value) in dictionary.entries {
      guard let name = key.string, let tensor = value.tensor else {
        throw TorchError(
          .serialization,
          "the value is no state dict: '\(key)' is no tensor (its keys are \(keys.prefix(8).map(\.description).joined(separator: ", ")))"
        )
      }
      state[name] = tensor
    }
    return state
  }
}
