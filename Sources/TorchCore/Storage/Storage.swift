// The memory behind tensors.
//
// A storage owns a run of bytes on one device. Views share it. Its version counts the in-place writes, which is
// how autograd notices that a value it saved is gone. On the CPU the bytes may be kept in a blocked (oneDNN)
// layout between the operators that work on it; whoever asks for `pointer` gets plain strides (Note [Blocked
// storage] in Storage+Blocked.swift). Unsafe pointers live here and in the kernels only.

import CTorchKernelHeaders
import Foundation

/// Bytes that one or more tensors are views of.
public final class Storage: @unchecked Sendable {
  // Unchecked because elements are plain memory: concurrent reads are safe, ordering writes is the caller's duty.
  // The one write that a read can cause, becoming plain, is guarded by a lock.

  /// The elements in plain strides; while `form` is set, `form.byteCount` bytes of another arrangement.
  @exclusivity(unchecked) var base: UnsafeMutableRawPointer
  @exclusivity(unchecked) public private(set) var byteCount: Int
  public let device: Device
  /// How many in-place writes this memory has seen.
  @exclusivity(unchecked) package var version: UInt32 = 0
  @exclusivity(unchecked) var form: StorageForm?
  @exclusivity(unchecked) private var owner: Owner
  /// Note [Packed weights].
  @exclusivity(unchecked) var packedWeight: PackedWeight?
  /// The blocked memory and its form, kept after becoming plain: another thread may be reading them.
  @exclusivity(unchecked) private var retiredMemory: UnsafeMutableRawPointer?
  @exclusivity(unchecked) private var retiredForm: StorageForm?
  /// Others (a NumPy array, another library) look at the memory: it must stay where it is, and in plain strides.
  @exclusivity(unchecked) package private(set) var isPinned = false

  private enum Owner {
    case pool(capacity: Int)
    /// Memory of someone else (a mapped file, a NumPy array), given back by dropping `keeper`.
    case external(keeper: AnyObject?)
  }

  /// Uninitialised memory from the caching allocator.
  @inline(__always)
  init(byteCount: Int, device: Device = .cpu) throws {
    guard let memory = tk_alloc(byteCount) else { throw Storage.outOfMemory(byteCount) }
    base = memory
    self.byteCount = byteCount
    self.device = device
    owner = .pool(capacity: byteCount)
  }

  /// Throws where there is no room for `count` items: asked before an array of them is made, which would stop the program.
  static func checkRoom(for count: Int, of bytes: Int = 8) throws {
    let (total, overflow) = Swift.max(count, 0).multipliedReportingOverflow(by: bytes)
    // Systems that grant any amount would stop the program when it is written to.
    if overflow || UInt64(total) > ProcessInfo.processInfo.physicalMemory { throw outOfMemory(overflow ? .max : total) }
    _ = try Storage(byteCount: total)
  }

  /// Memory that `keeper` keeps alive; no copy is made.
  public init(sharing memory: UnsafeMutableRawPointer, byteCount: Int, keeper: AnyObject?) {
    base = memory
    self.byteCount = byteCount
    device = .cpu
    owner = .external(keeper: keeper)
  }

  deinit {
    if case .pool(let capacity) = owner { tk_free(base, capacity) }
    if let retiredMemory { tk_free(retiredMemory, retiredForm!.byteCount) }
  }

  /// Whether nobody else can write to the memory.
  var ownsMemory: Bool { if case .pool = owner { true } else { false } }

  static func outOfMemory(_ bytes: Int) -> TorchError {
    TorchError(
      .memory,
      "DefaultCPUAllocator: can't allocate memory: you tried to allocate \(bytes) bytes. Error code 12 (Cannot allocate memory)")
  }

  /// The elements in plain layout.
  @inline(__always)
  public var pointer: UnsafeMutableRawPointer {
    if form != nil { makePlain() }
    return base
  }

  /// The elements in plain layout, for others to look at: from now on they are neither moved nor rearranged.
  package func pin() -> UnsafeMutableRawPointer {
    let plain = pointer
    isPinned = true
    return plain
  }

  /// Whether an operator may put elements of another arrangement here: others' memory stays as they know it.
  var mayBeBlocked: Bool {
    if isPinned { return false }
    if case .pool = owner { return true } else { return false }
  }

  /// The bytes in the form that a reader has seen, even where the storage has become plain since.
  var formBase: UnsafeMutableRawPointer {
    let current = base
    return retiredMemory ?? current
  }

  /// Becomes plain: `memory` has the elements. Readers of the blocked form may still be at work, so that its memory
  /// lives as long as the storage.
  func replaceForm(byteCount newCount: Int, with memory: UnsafeMutableRawPointer) {
    retiredForm = form
    retiredMemory = base
    base = memory
    byteCount = newCount
    owner = .pool(capacity: newCount)
    self.form = nil
  }

  /// Replaces the memory, as `resize_` needs.
  func replace(byteCount newCount: Int, with memory: UnsafeMutableRawPointer) {
    if case .pool(let capacity) = owner { tk_free(base, capacity) }
    base = memory
    byteCount = newCount
    owner = .pool(capacity: newCount)
  }

  /// Grows or shrinks to `newCount` bytes, as `resize_` needs.
  func resize(byteCount newCount: Int) throws {
    let old = pointer
    guard newCount > byteCount else { return }
    if isPinned { throw TorchError(.state, "Trying to resize storage that is not resizable") }
    guard let memory = tk_alloc(newCount) else { throw Storage.outOfMemory(newCount) }
    memory.copyMemory(from: old, byteCount: byteCount)
    replace(byteCount: newCount, with: memory)
  }

  @inline(__always)
  func bumpVersion() { version &+= 1 }
}

/// The caching allocator's figures and switches.
public enum Allocator {
  public struct Statistics: Sendable {
    /// Bytes in use by storages, bytes kept for reuse, the most that was in use, the most that is kept.
    public let inUse, cached, peak, limit: Int
    /// Requests served from the cache, and from the system.
    public let hits, misses: Int
  }

  public static var statistics: Statistics {
    let s = tk_allocator_stats()
    return Statistics(
      inUse: Int(s.in_use), cached: Int(s.cached), peak: Int(s.peak), limit: Int(s.limit), hits: Int(s.hits),
      misses: Int(s.misses))
  }

  /// Bounds the bytes kept for reuse.
  public static func setLimit(_ bytes: Int) { tk_allocator_set_limit(Int64(bytes)) }

  /// Gives all cached memory back to the system.
  public static func emptyCache() { tk_allocator_empty_cache() }

  public static func resetPeak() { tk_allocator_reset_peak() }
}
