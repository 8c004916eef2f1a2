// What a Python process needs that ctypes alone cannot do safely: letting go of Python objects from any thread, and
// destructors of capsules, which run while their object is already dying. The library is not linked to Python; the package
// hands the interpreter's functions over.

import CTorch
import Synchronization

private let interpreter = Mutex<st_python_functions?>(nil)

@_cdecl("st_python_start")
public func startPython(_ functions: UnsafePointer<st_python_functions>?) {
  guard let functions else { return }
  let copy = functions.pointee
  interpreter.withLock { $0 = copy }
}

@_cdecl("st_python_drop")
public func dropPythonObject(_ object: UnsafeMutableRawPointer?) {
  // After the interpreter's end there is nothing to give the object back to.
  guard let python = interpreter.withLock({ $0 }), python.is_initialized() != 0 else { return }
  let state = python.ensure()
  python.decrement(object)
  python.release(state)
}

@_cdecl("st_python_drop_capsule")
public func dropPythonCapsule(_ capsule: UnsafeMutableRawPointer?) {
  guard let python = interpreter.withLock({ $0 }) else { return }
  if python.capsule_is_valid(capsule, "dltensor") != 0 {
    let managed = python.capsule_pointer(capsule, "dltensor")?.assumingMemoryBound(to: st_dl_managed.self)
    managed?.pointee.deleter?(managed)
  } else if python.capsule_is_valid(capsule, "dltensor_versioned") != 0 {
    let managed = python.capsule_pointer(capsule, "dltensor_versioned")?
      .assumingMemoryBound(to: st_dl_managed_versioned.self)
    managed?.pointee.deleter?(managed)
  }
}
