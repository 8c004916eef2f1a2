// Note [Blocked storage]
//
// oneDNN's convolutions are fastest on layouts such as nChw16c, where 16 channels lie together. A storage may
// keep its elements so between the operators that know of it (convolution, pooling, normalization, elementwise
// functions, their derivatives). Its tensor says "contiguous NCHW" all the while: the first access by anybody
// else turns the elements back into plain strides. Users never see anything but strided semantics.
//
// Only a storage made by such an operator, as one whole contiguous tensor, is ever in such a form; views made of
// it merely share it, and their first access makes it plain for all. A storage whose memory others know (`pin`) stays
// plain. The indices of max pooling use the same device: they stay oneDNN's one-byte workspace until somebody reads
// them.

import COneDNNHeaders
import CTorchKernelHeaders
import Synchronization

/// How a storage's bytes are arranged when they are not the elements in plain strides.
class StorageForm: @unchecked Sendable {
  // Unchecked: immutable, and the layouts and plans it points at are oneDNN's shared read-only objects.

  /// The logical shape whose row-major order is the plain form.
  let shape: Shape
  let dtype: DType
  /// Bytes in this form.
  let byteCount: Int

  init(shape: Shape, dtype: DType, byteCount: Int) {
    self.shape = shape
    self.dtype = dtype
    self.byteCount = byteCount
  }

  /// Writes the elements at `source`, in this form, to `target` in plain strides.
  func makePlain(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) throws {
    fatalError("a storage form must say how it becomes plain")
  }
}

/// A blocked layout of oneDNN's. Layouts are interned there: equal ones have the same handle.
final class BlockedLayout: StorageForm, @unchecked Sendable {
  let handle: OpaquePointer
  /// Whether there are more elements in memory than in the tensor (channels padded to a full block).
  let isPadded: Bool

  init(_ handle: OpaquePointer, shape: Shape, dtype: DType) {
    var info = tdnn_layout_info()
    tdnn_layout_get_info(handle, &info)
    self.handle = handle
    isPadded = info.has_padding
    super.init(shape: shape, dtype: dtype, byteCount: Int(info.bytes))
  }

  override func makePlain(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) throws {
    try oneDNN(tdnn_reorder(handle, source, try plainLayout(shape, dtype), target))
  }
}

/// oneDNN's description of a contiguous tensor.
func plainLayout(_ shape: Shape, _ dtype: DType) throws -> OpaquePointer {
  var sizes = shape.map(Int64.init)
  guard let layout = tdnn_layout_strided(tdnn_dtype(UInt32(dtype.rawValue)), Int32(sizes.count), &sizes, nil) else {
    throw TorchError(.state, String(cString: tdnn_error_message()))
  }
  return layout
}

/// Throws what oneDNN says unless it says all is well.
func oneDNN(_ status: tdnn_status) throws {
  if status == TDNN_OK { return }
  throw TorchError(
    status == TDNN_OUT_OF_MEMORY ? .memory : status == TDNN_UNSUPPORTED ? .notImplemented : .state,
    String(cString: tdnn_error_message()))
}

extension Storage {
  private static let formLock = Mutex<Void>(())

  /// A storage whose elements are arranged as `form` says.
  convenience init(_ form: StorageForm) throws {
    try self.init(byteCount: form.byteCount)
    self.form = form
  }

  /// Turns the elements back into plain strides.
  @inline(never)
  func makePlain() {
    Storage.formLock.withLock { _ in
      guard let form else { return }
      let bytes = form.shape.numel * form.dtype.itemSize
      // A reader cannot be told of the failure; running out of memory here ends the program with the reason.
      guard let memory = tk_alloc(bytes) else { fatalError(Storage.outOfMemory(bytes).description) }
      do { try form.makePlain(base, memory) } catch { fatalError("\(error)") }
      replaceForm(byteCount: bytes, with: memory)
    }
  }
}

extension Tensor {
  /// The blocked layout this tensor is kept in, if it is the whole of a blocked storage.
  @inline(__always)
  var blockedLayout: BlockedLayout? {
    guard let layout = storage.form as? BlockedLayout, isContiguous, storageOffset == 0, shape == layout.shape else {
      return nil
    }
    return layout
  }
}

extension CPUBackend {
  /// Runs an elementwise loop straight over blocked memory, where all operands that are not single elements are
  /// kept in one layout without padding. The result is then kept in that layout too.
  func mapBlocked(
    _ loop: tk_loop, into out: Tensor, _ a: Tensor, _ b: Tensor?, _ c: Tensor?, _ parameters: MapParameters
  ) -> Bool {
    guard a.storage.form != nil || b?.storage.form != nil || c?.storage.form != nil else { return false }
    guard out.isContiguous, out.storageOffset == 0, out.storage.byteCount == out.numel * out.dtype.itemSize,
      out.storage.mayBeBlocked
    else { return false }
    var layout: BlockedLayout?
    func takes(_ operand: Tensor?) -> Bool {
      guard let operand, operand.numel != 1 else { return true }
      guard let found = operand.blockedLayout, !found.isPadded, found.shape == out.shape else { return false }
      if let layout, layout.handle != found.handle { return false }
      layout = found
      return true
    }
    guard takes(a), takes(b), takes(c), let layout, layout.dtype == out.dtype else { return false }
    var plan = MapPlan(shape: [out.numel])
    for operand in [out, a, b, c] {
      guard let operand else { continue }
      if operand.numel == 1 && out.numel != 1 {
        plan.add(operand.pointer, stride: 0)
      } else {
        plan.add(operand === out ? out.storage.base : operand.storage.formBase, stride: operand.dtype.itemSize)
      }
    }
    plan.run(loop, parameters)
    out.storage.form = layout
    return true
  }
}
