// DLPack: tensors that libraries share without copying, in both of its forms.
// Reference: https://dmlc.github.io/dlpack/latest/

import CTorch
import Torch

extension DType {
  /// DLPack's type of one element.
  fileprivate var dlType: st_dl_type {
    let code: UInt8 =
      switch self {
      case .int8, .int16, .int32, .int64: 0
      case .uint8: 1
      case .float16, .float32, .float64: 2
      case .bfloat16: 4
      case .complex64, .complex128: 5
      case .bool: 6
      }
    return st_dl_type(code: code, bits: UInt8(8 * itemSize), lanes: 1)
  }

  fileprivate init(_ type: st_dl_type) throws {
    let found = DType.allCases.first { $0.dlType.code == type.code && $0.dlType.bits == type.bits }
    guard let found, type.lanes == 1 else {
      throw TorchError(.dtype, "Unsupported DLPack type: code \(type.code), \(type.bits) bits, \(type.lanes) lanes")
    }
    self = found
  }
}

/// What an exported tensor keeps alive: the storage, and the sizes and strides in memory.
private final class Export {
  let storage: Storage
  let numbers: UnsafeMutablePointer<Int64>
  let tensor: st_dl_tensor

  init(_ source: Tensor) throws {
    if let failure = source.failure { throw failure }
    storage = source.storage
    let rank = source.ndim
    numbers = .allocate(capacity: max(2 * rank, 1))
    for dim in 0..<rank {
      numbers[dim] = Int64(source.shape[dim])
      // The stride of a dimension of size 1 means nothing; some consumers expect it to be 1.
      numbers[rank + dim] = source.shape[dim] < 2 ? 1 : Int64(source.strides[dim])
    }
    tensor = st_dl_tensor(
      data: source.pinned(), device: st_dl_device(device_type: 1, device_id: 0), ndim: Int32(rank),
      dtype: source.dtype.dlType, shape: numbers, strides: numbers + rank, byte_offset: 0)
  }

  deinit { numbers.deallocate() }
}

@_cdecl("st_to_dlpack")
public func toDLPack(_ handle: st_handle) -> UnsafeMutablePointer<st_dl_managed>? {
  protected(nil) {
    let export = try Export(tensor(handle))
    let managed = UnsafeMutablePointer<st_dl_managed>.allocate(capacity: 1)
    managed.initialize(
      to: st_dl_managed(
        tensor: export.tensor, manager: Unmanaged.passRetained(export).toOpaque(),
        deleter: { managed in
          guard let managed, let manager = managed.pointee.manager else { return }
          Unmanaged<Export>.fromOpaque(manager).release()
          managed.deallocate()
        }))
    return managed
  }
}

@_cdecl("st_to_dlpack_versioned")
public func toDLPackVersioned(_ handle: st_handle, _ copied: Int32) -> UnsafeMutablePointer<st_dl_managed_versioned>? {
  protected(nil) {
    let export = try Export(tensor(handle))
    let managed = UnsafeMutablePointer<st_dl_managed_versioned>.allocate(capacity: 1)
    managed.initialize(
      to: st_dl_managed_versioned(
        major: 1, minor: 0, manager: Unmanaged.passRetained(export).toOpaque(),
        deleter: { managed in
          guard let managed, let manager = managed.pointee.manager else { return }
          Unmanaged<Export>.fromOpaque(manager).release()
          managed.deallocate()
        }, flags: copied != 0 ? UInt64(ST_DL_COPIED) : 0, tensor: export.tensor))
    return managed
  }
}

/// A tensor on what `source` describes.
private func imported(_ source: st_dl_tensor, drop: @escaping () -> Void) throws -> st_handle {
  guard [1, 3, 11, 13].contains(source.device.device_type) else {
    throw TorchError(
      .device, "DLPack device type \(source.device.device_type) is not supported: only memory of the CPU")
  }
  guard source.ndim >= 0, source.ndim <= Shape.maxRank, source.ndim == 0 || source.shape != nil else {
    throw TorchError(.shape, "tensors of more than \(Shape.maxRank) dimensions are not supported, got \(source.ndim)")
  }
  guard let offset = Int(exactly: source.byte_offset) else { throw TorchError(.value, "a byte offset beyond memory") }
  return try foreignTensor(
    source.data.map { $0 + offset }, DType(source.dtype),
    UnsafeBufferPointer(start: source.shape, count: Int(source.ndim)),
    source.strides.map { UnsafeBufferPointer(start: $0, count: Int(source.ndim)) }, drop: drop
  ).handle()
}

@_cdecl("st_from_dlpack")
public func fromDLPack(_ managed: UnsafeMutablePointer<st_dl_managed>?) -> st_handle {
  protected(0) {
    let managed = try required(managed, "managed")
    let owned = Foreign(pointer: managed)
    return try imported(managed.pointee.tensor) {
      let managed = owned.pointer!.assumingMemoryBound(to: st_dl_managed.self)
      managed.pointee.deleter?(managed)
    }
  }
}

@_cdecl("st_from_dlpack_versioned")
public func fromDLPackVersioned(_ managed: UnsafeMutablePointer<st_dl_managed_versioned>?) -> st_handle {
  protected(0) {
    let managed = try required(managed, "managed")
    guard managed.pointee.major == 1 else {
      throw TorchError(.value, "DLPack version \(managed.pointee.major) is not supported: only version 1")
    }
    let owned = Foreign(pointer: managed)
    return try imported(managed.pointee.tensor) {
      let managed = owned.pointer!.assumingMemoryBound(to: st_dl_managed_versioned.self)
      managed.pointee.deleter?(managed)
    }
  }
}
