// Between the framework's tensors and the tensors of files.
//
// Both ways, tensors that share memory go on sharing it: each storage is converted once.

import OrderedCollections
import TorchCore

/// Gives tensors to a writer, without copying.
package struct TensorExporter {
  private var storages: [ObjectIdentifier: StoredStorage] = [:]

  package init() {}

  package mutating func stored(_ tensor: Tensor) throws -> StoredTensor {
    if let failure = tensor.failure { throw failure }
    guard tensor.device.kind == .cpu else {
      throw TorchError(.device, "a tensor on \(tensor.device) must be copied to the CPU before it is saved")
    }
    let storage = tensor.storage
    let stored =
      storages[ObjectIdentifier(storage)]
      ?? StoredStorage(
        ByteRegion(base: storage.pointer, count: storage.byteCount, owner: storage), dtype: nil)
    storages[ObjectIdentifier(storage)] = stored
    // As in PyTorch, being the result of a recorded operation is not saved; requiring a gradient is.
    return try StoredTensor(
      storage: stored, dtype: tensor.dtype, shape: Array(tensor.shape), strides: Array(tensor.strides),
      storageOffset: tensor.storageOffset, requiresGrad: tensor.requiresGrad)
  }

  static func named(_ tensors: some Sequence<(key: String, value: Tensor)>) throws -> [(
    name: String, tensor: StoredTensor
  )] {
    var exporter = TensorExporter()
    return try tensors.map { ($0.key, try exporter.stored($0.value)) }
  }
}

/// Makes tensors of what a reader found.
package struct TensorImporter {
  /// Whether tensors may lie in the mapped file itself.
  package let mapped: Bool
  private var storages: [ObjectIdentifier: Storage] = [:]

  package init(mapped: Bool) { self.mapped = mapped }

  package mutating func tensor(_ stored: StoredTensor) throws -> Tensor {
    let shape = try Shape(checking: stored.shape)
    let tensor = try Tensor(
      sharing: storage(stored), shape: shape, strides: Shape(checking: stored.strides), offset: stored.storageOffset,
      dtype: stored.dtype)
    guard stored.requiresGrad else { return tensor }
    guard stored.dtype.isDifferentiable else {
      throw TorchError(.autograd, "only Tensors of floating point and complex dtype can require gradients")
    }
    return tensor.requiresGrad_()
  }

  private mutating func storage(_ stored: StoredTensor) throws -> Storage {
    let id = ObjectIdentifier(stored.storage)
    if let known = storages[id] { return known }
    let bytes = try stored.storage.bytes()
    let storage: Storage
    if bytes.isAligned(to: min(stored.dtype.itemSize, 8)), mapped || !bytes.isMapped {
      storage = Storage(sharing: bytes.base, byteCount: bytes.count, keeper: bytes.owner)
    } else {
      storage = try withErrors { Tensor.empty([bytes.count], dtype: .uint8) }.storage
      bytes.withBytes {
        if let source = $0.baseAddress { storage.pointer.copyMemory(from: source, byteCount: $0.count) }
      }
    }
    storages[id] = storage
    return storage
  }

  static func named(
    _ tensors: OrderedDictionary<String, StoredTensor>, mapped: Bool
  ) throws -> OrderedDictionary<String, Tensor> {
    var importer = TensorImporter(mapped: mapped)
    return try tensors.mapValues { try importer.tensor($0) }
  }
}
