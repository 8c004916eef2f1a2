// Note [Blocked storage]
//
// oneDNN's convolutions are fastest on layouts such as nChw16c, where 16 channels lie together. A storage may
// keep its elements so between the operators that know of it (convolution, pooling, normalization, elementwise
// functions, their derivatives). Its tensor says "contiguous NCHW" all the while: the first access by anybody
// else turns the elements back into plain strides. Users never see anything but strided semantics.
//
// Only a storage made by such an operator, as one whole contiguous tensor, is ever blocked; views made of it
// merely share it, and their first access leaves the blocked layout for all.

import COneDNNShim
import CTorchKernels
import Synchronization

/// An arrangement of elements other than plain strides.
final class BlockedLayout: Sendable {
  let description: tdnn_layout
  /// The logical shape whose row-major order is the plain form.
  let shape: Shape
  let dtype: DType

  init(_ description: tdnn_layout, shape: Shape, dtype: DType) {
    self.description = description
    self.shape = shape
    self.dtype = dtype
  }

  var byteCount: Int { Int(description.bytes) }

  /// Whether there are more elements in memory than in the tensor (channels padded to a full block).
  var isPadded: Bool { byteCount != shape.numel * dtype.itemSize }

  func isSame(as other: BlockedLayout) -> Bool {
    if self === other { return true }
    var (a, b) = (description, other.description)
    return tdnn_layout_equal(&a, &b)
  }
}

extension Storage {
  private static let layoutLock = Mutex<Void>(())

  /// A storage whose elements are arranged as `layout` says.
  convenience init(blocked layout: BlockedLayout) throws {
    try self.init(byteCount: layout.byteCount)
    blocked = layout
  }

  /// Turns the elements back into plain strides.
  @inline(never)
  func leaveBlockedLayout() {
    Storage.layoutLock.withLock { _ in
      guard let layout = blocked else { return }
      let bytes = layout.shape.numel * layout.dtype.itemSize
      guard let memory = tk_alloc(bytes) else { fatalError(Storage.outOfMemory(bytes).description) }
      var from = layout.description
      var to = tdnn_plain_layout(of: layout.shape, layout.dtype)
      let status = tdnn_reorder(&from, base, &to, memory)
      precondition(status == TDNN_OK, String(cString: tdnn_last_error()))
      replace(byteCount: bytes, with: memory)
      blocked = nil
    }
  }
}

extension Tensor {
  /// The layout this tensor is kept in, if it is the whole of a blocked storage.
  @inline(__always)
  var blockedLayout: BlockedLayout? {
    guard let layout = storage.blocked, isContiguous, storageOffset == 0, shape == layout.shape else { return nil }
    return layout
  }
}

extension CPUBackend {
  /// Runs an elementwise loop straight over blocked memory, where all operands that are not single elements are
  /// kept in one layout without padding. The result is then kept in that layout too.
  func mapBlocked(
    _ loop: tk_loop, into out: Tensor, _ a: Tensor, _ b: Tensor?, _ c: Tensor?, _ parameters: MapParameters
  ) throws -> Bool {
    guard a.storage.blocked != nil || b?.storage.blocked != nil || c?.storage.blocked != nil else { return false }
    guard out.isContiguous, out.storageOffset == 0, out.storage.byteCount == out.numel * out.dtype.itemSize else { return false }
    var layout: BlockedLayout?
    for operand in [a, b, c] {
      guard let operand, operand.numel != 1 else { continue }
      guard let found = operand.blockedLayout, !found.isPadded, found.shape == out.shape else { return false }
      guard layout.map({ $0.isSame(as: found) }) ?? true else { return false }
      layout = found
    }
    guard let layout, layout.dtype == out.dtype else { return false }
    let flat: Shape = [out.numel]
    func whole(_ tensor: Tensor) -> Tensor {
      guard tensor.numel != 1 else { return tensor.alias(shape: [1], strides: [0], offset: tensor.storageOffset) }
      return Tensor(storage: Storage(sharing: tensor.storage.base, byteCount: tensor.storage.byteCount, keeper: nil), shape: flat, dtype: tensor.dtype)
    }
    var plan = MapPlan(whole(out))
    plan.add(whole(a))
    if let b { plan.add(whole(b)) }
    if let c { plan.add(whole(c)) }
    plan.run(loop, parameters)
    out.storage.blocked = layout
    return true
  }
}
