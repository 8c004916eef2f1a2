// Handles: numbers that stand for objects of the library.
//
// A handle is a place in a table and the number of times that the place was used before, so that a handle which was
// given back, or never given out, is found out. Objects are let go of outside of the lock: what they own may call back.

import CTorch
import Synchronization
import Torch

/// The objects that callers in other languages own.
final class HandleTable: Sendable {
  static let shared = HandleTable()

  private struct Slot {
    var object: AnyObject?
    var generation: UInt32 = 0
  }

  private struct State: @unchecked Sendable {
    // Unchecked: it is only touched under the lock, and the objects are of types that threads may share.
    var slots: [Slot] = []
    var free: [UInt32] = []
  }

  /// An object on its way out of the lock.
  private struct Held: @unchecked Sendable { let object: AnyObject? }

  private let state = Mutex(State())

  /// A new handle of `object`.
  func add(_ object: AnyObject) -> st_handle {
    let held = Held(object: object)
    return state.withLock { state in
      let index: Int
      if let free = state.free.popLast() {
        index = Int(free)
      } else {
        index = state.slots.count
        state.slots.append(Slot())
      }
      state.slots[index].object = held.object
      return UInt64(state.slots[index].generation) << 32 | UInt64(index + 1)
    }
  }

  /// The object `handle` stands for; nil where it stands for none.
  func object(_ handle: st_handle) -> AnyObject? {
    state.withLock { state in
      guard let index = HandleTable.index(handle, in: state) else { return Held(object: nil) }
      return Held(object: state.slots[index].object)
    }.object
  }

  /// Gives `handle` back; false where it stands for nothing.
  func remove(_ handle: st_handle) -> Bool {
    let held = state.withLock { state in
      guard let index = HandleTable.index(handle, in: state) else { return Held(object: nil) }
      let object = state.slots[index].object
      state.slots[index].object = nil
      state.slots[index].generation &+= 1
      state.free.append(UInt32(index))
      return Held(object: object)
    }
    return held.object != nil
  }

  var count: Int { state.withLock { $0.slots.count - $0.free.count } }

  private static func index(_ handle: st_handle, in state: borrowing State) -> Int? {
    let index = Int(handle & 0xFFFF_FFFF) - 1
    guard index >= 0, index < state.slots.count, state.slots[index].generation == UInt32(handle >> 32),
      state.slots[index].object != nil
    else { return nil }
    return index
  }
}

/// The object of type `type` that `handle` stands for.
func object<T: AnyObject>(_ handle: st_handle, _ type: T.Type) throws -> T {
  guard let object = HandleTable.shared.object(handle) else {
    throw FaceError.handle("\(handle) is no handle, or was given back")
  }
  guard let typed = object as? T else {
    throw FaceError.handle("expected a handle of a \(T.self), got one of a \(Swift.type(of: object))")
  }
  return typed
}

func tensor(_ handle: st_handle) throws -> Tensor { try object(handle, Tensor.self) }

extension Tensor {
  /// A new handle; an invalid tensor's error is thrown instead.
  func handle() throws -> st_handle {
    if let failure { throw failure }
    return HandleTable.shared.add(self)
  }

  /// The same number for every handle of this tensor.
  var identity: UInt64 { address(self) }
}

func address(_ object: AnyObject) -> UInt64 { UInt64(UInt(bitPattern: Unmanaged.passUnretained(object).toOpaque())) }

@_cdecl("st_retain")
public func retainHandle(_ handle: st_handle) -> st_handle {
  guard let object = HandleTable.shared.object(handle) else {
    LastError.set(FaceError.handle("\(handle) is no handle, or was given back"))
    return 0
  }
  return HandleTable.shared.add(object)
}

@_cdecl("st_release")
public func releaseHandle(_ handle: st_handle) -> st_status {
  if HandleTable.shared.remove(handle) { return 0 }
  LastError.set(FaceError.handle("\(handle) is no handle, or was given back"))
  return -1
}

@_cdecl("st_handle_count")
public func handleCount() -> Int64 { Int64(HandleTable.shared.count) }
