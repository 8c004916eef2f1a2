// Tensors: on memory of the caller's, and what can be asked of them.

import CTorch
import Torch

/// Memory of someone else; what tells them that it is not needed any more.
final class ForeignMemory {
  private let drop: () -> Void
  init(_ drop: @escaping () -> Void) { self.drop = drop }
  deinit { drop() }
}

/// A tensor on memory of someone else's, who is told by `drop` when the last tensor on it is gone.
///
/// Everything that can fail comes before `drop` is bound to a life, so that a failed call never calls it.
func foreignTensor(
  _ data: UnsafeMutableRawPointer?, _ dtype: DType, _ sizes: UnsafeBufferPointer<Int64>,
  _ strides: UnsafeBufferPointer<Int64>?, drop: @escaping () -> Void
) throws -> Tensor {
  let shape = try Shape(checking: sizes.map(Int.init))
  guard shape.allSatisfy({ $0 >= 0 }), let count = shape.checkedNumel,
    !count.multipliedReportingOverflow(by: dtype.itemSize).overflow
  else { throw TorchError(.shape, "sizes \(shape.listDescription) are not possible") }
  let steps = strides.map { Shape($0.map(Int.init)) } ?? shape.contiguousStrides
  guard steps.allSatisfy({ $0 >= 0 }) || count == 0 else {
    throw TorchError(.value, "tensors with negative strides are not supported, got \(steps.listDescription)")
  }
  // An empty tensor's strides lead nowhere.
  let used = count == 0 ? shape.contiguousStrides : steps
  var last = 0
  for (size, step) in zip(shape, used) where count > 0 {
    let (span, overflow) = (size - 1).multipliedReportingOverflow(by: step)
    let (sum, overflow2) = last.addingReportingOverflow(span)
    guard !overflow, !overflow2, sum < Int.max / dtype.itemSize else {
      throw TorchError(.value, "sizes \(shape.listDescription) and strides \(used.listDescription) are not possible")
    }
    last = sum
  }
  guard data != nil || count == 0 else { throw FaceError.argument("'data' must not be NULL") }
  let base = count == 0 ? UnsafeMutableRawPointer(bitPattern: 64)! : data!
  guard UInt(bitPattern: base) % UInt(min(dtype.itemSize, 8)) == 0 else {
    throw TorchError(.value, "the memory is not aligned to elements of \(dtype)")
  }
  let storage = Storage(
    sharing: base, byteCount: count == 0 ? 0 : (last + 1) * dtype.itemSize, keeper: ForeignMemory(drop))
  _ = storage.pin()
  return try Tensor(sharing: storage, shape: shape, strides: used, offset: 0, dtype: dtype)
}

@_cdecl("st_tensor_from_memory")
public func tensorFromMemory(
  _ data: UnsafeMutableRawPointer?, _ code: Int32, _ rank: Int64, _ sizes: UnsafePointer<Int64>?,
  _ strides: UnsafePointer<Int64>?, _ deleter: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?,
  _ context: UnsafeMutableRawPointer?
) -> st_handle {
  protected(0) {
    guard rank >= 0, rank <= Shape.maxRank, sizes != nil || rank == 0 else {
      throw TorchError(.shape, "tensors of more than \(Shape.maxRank) dimensions are not supported, got \(rank)")
    }
    let context = Foreign(pointer: context)
    return try foreignTensor(
      data, dtype(Int64(code)), UnsafeBufferPointer(start: sizes, count: Int(rank)),
      strides.map { UnsafeBufferPointer(start: $0, count: Int(rank)) }, drop: { deleter?(context.pointer) }
    ).handle()
  }
}

/// A pointer that means something to someone else only.
struct Foreign: @unchecked Sendable { let pointer: UnsafeMutableRawPointer? }

@_cdecl("st_tensor_get_info")
public func tensorInfo(_ handle: st_handle, _ info: UnsafeMutablePointer<st_tensor_info>?) -> st_status {
  protected {
    let tensor = try tensor(handle)
    let info = try required(info, "info")
    info.pointee = st_tensor_info()
    info.pointee.rank = Int64(tensor.ndim)
    info.pointee.dtype = tensor.dtype.rawValue
    var flags: UInt32 = 0
    if tensor.requiresGrad { flags |= ST_REQUIRES_GRAD.rawValue }
    if tensor.isLeaf { flags |= ST_IS_LEAF.rawValue }
    if tensor.isContiguous { flags |= ST_IS_CONTIGUOUS.rawValue }
    if tensor.isInference { flags |= ST_IS_INFERENCE.rawValue }
    if tensor.grad != nil { flags |= ST_HAS_GRAD.rawValue }
    info.pointee.flags = flags
    info.pointee.offset = Int64(tensor.storageOffset)
    info.pointee.version = Int64(tensor.version)
    info.pointee.numel = Int64(tensor.numel)
    info.pointee.identity = tensor.identity
    info.pointee.storage = address(tensor.storage)
    info.pointee.storage_bytes = Int64(tensor.storage.byteCount)
    withUnsafeMutablePointer(to: &info.pointee.sizes) { $0.store(tensor.shape) }
    withUnsafeMutablePointer(to: &info.pointee.strides) { $0.store(tensor.strides) }
  }
}

extension UnsafeMutablePointer {
  /// Writes the numbers of a shape to the start of a C array.
  fileprivate func store(_ shape: Shape) {
    let target = UnsafeMutableRawPointer(self).assumingMemoryBound(to: Int64.self)
    for (i, size) in shape.enumerated() { target[i] = Int64(size) }
  }
}

extension Tensor {
  /// The address of the first element, for others to look at.
  func pinned() -> UnsafeMutableRawPointer { storage.pin() + storageOffset * dtype.itemSize }
}

@_cdecl("st_tensor_data")
public func tensorData(_ handle: st_handle) -> UnsafeMutableRawPointer? {
  protected(nil) { try tensor(handle).pinned() }
}

@_cdecl("st_tensor_storage")
public func tensorStorage(_ handle: st_handle) -> st_handle {
  protected(0) { HandleTable.shared.add(try tensor(handle).storage) }
}

@_cdecl("st_tensor_item")
public func tensorItem(_ handle: st_handle, _ result: UnsafeMutablePointer<st_value>?) -> st_status {
  protected { try required(result, "result").initialize(to: st_value(try tensor(handle).item())) }
}

@_cdecl("st_tensor_describe")
public func tensorDescription(_ handle: st_handle, _ result: UnsafeMutablePointer<st_value>?) -> st_status {
  protected { try required(result, "result").initialize(to: .text(try tensor(handle).description)) }
}

@_cdecl("st_tensor_set_data")
public func setTensorData(_ handle: st_handle, _ source: st_handle) -> st_status {
  protected { try tensor(handle).setData(tensor(source)) }
}
