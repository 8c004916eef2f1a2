// Note [Packed weights]
//
// oneDNN wants a convolution's weight in a layout of its own, for Winograd's method even transformed. Outside of training
// the weight is the same from call to call, so its storage keeps what was made of it last, with the version it was made
// from: a write to the weight makes it anew. A recorded call drops it, because training changes the weight each step.
// Memory that is someone else's is not followed: a NumPy array can be written to without anybody here knowing.

import COneDNNHeaders
import Synchronization

/// A weight in the layout that a kernel has asked for.
final class PackedWeight: Sendable {
  let layout: UInt
  let version: UInt32
  let memory: Storage

  init(layout: OpaquePointer, version: UInt32, memory: Storage) {
    self.layout = UInt(bitPattern: layout)
    self.version = version
    self.memory = memory
  }
}

extension Storage {
  private static let packedLock = Mutex<Void>(())

  /// What `pack` makes of the elements for `layout`, remembered until the elements change.
  func packed(for layout: OpaquePointer, _ pack: () throws -> Storage) rethrows -> Storage {
    guard ownsMemory else { return try pack() }
    let now = version
    let known = Storage.packedLock.withLock { _ in packedWeight }
    if let known, known.layout == UInt(bitPattern: layout), known.version == now { return known.memory }
    let made = PackedWeight(layout: layout, version: now, memory: try pack())
    Storage.packedLock.withLock { _ in packedWeight = made }
    return made.memory
  }

  func dropPacked() {
    if packedWeight != nil { Storage.packedLock.withLock { _ in packedWeight = nil } }
  }
}
