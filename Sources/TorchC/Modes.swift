// The thread's modes, random numbers, threads, defaults.

import CTorch
import Torch

@_cdecl("st_mode_get")
public func mode(_ mode: Int32) -> Int32 {
  switch UInt32(bitPattern: mode) {
  case ST_GRAD_MODE.rawValue: ThreadModes.recordsGradients ? 1 : 0
  case ST_INFERENCE_MODE.rawValue: ThreadModes.isInference ? 1 : 0
  default: 0
  }
}

@_cdecl("st_mode_set")
public func setMode(_ mode: Int32, _ enabled: Int32) -> Int32 {
  let before = TorchC.mode(mode)
  switch UInt32(bitPattern: mode) {
  case ST_GRAD_MODE.rawValue: ThreadModes.recordsGradients = enabled != 0
  case ST_INFERENCE_MODE.rawValue: ThreadModes.isInference = enabled != 0
  default: break
  }
  return before
}

@_cdecl("st_default_dtype")
public func defaultDType() -> Int32 { DType.default.rawValue }

@_cdecl("st_set_default_dtype")
public func setDefaultDType(_ code: Int32) -> st_status {
  protected {
    let dtype = try dtype(Int64(code))
    guard dtype.isFloatingPoint else {
      throw TorchError(.type, "only floating-point types are supported as the default type")
    }
    DType.setDefault(dtype)
  }
}

@_cdecl("st_generator_create")
public func createGenerator() -> st_handle { HandleTable.shared.add(Generator()) }

@_cdecl("st_generator_default")
public func defaultGenerator() -> st_handle { HandleTable.shared.add(Generator.default) }

@_cdecl("st_generator_seed")
public func seedGenerator(_ handle: st_handle, _ seed: UInt64) -> st_status {
  protected { try object(handle, Generator.self).manualSeed(seed) }
}

@_cdecl("st_generator_initial_seed")
public func initialSeed(_ handle: st_handle, _ seed: UnsafeMutablePointer<UInt64>?) -> st_status {
  protected { try required(seed, "seed").pointee = try object(handle, Generator.self).initialSeed }
}

@_cdecl("st_generator_state")
public func generatorState(_ handle: st_handle, _ bytes: UnsafeMutablePointer<st_value>?) -> st_status {
  protected {
    try required(bytes, "bytes").initialize(to: .text(try object(handle, Generator.self).state, ST_BYTES))
  }
}

@_cdecl("st_generator_set_state")
public func setGeneratorState(_ handle: st_handle, _ bytes: UnsafePointer<UInt8>?, _ count: Int64) -> st_status {
  protected {
    guard let bytes, count >= 0 else { throw FaceError.argument("\(count) bytes at NULL") }
    try object(handle, Generator.self).setState(Array(UnsafeBufferPointer(start: bytes, count: Int(count))))
  }
}

@_cdecl("st_num_threads")
public func numThreads() -> Int32 { Int32(torch.numThreads) }

@_cdecl("st_set_num_threads")
public func setNumThreads(_ count: Int32) -> st_status {
  protected {
    guard count > 0 else { throw TorchError(.value, "set_num_threads expects a positive integer") }
    torch.setNumThreads(Int(count))
  }
}

@_cdecl("st_set_print_options")
public func setPrintOptions(
  _ precision: Int32, _ threshold: Int64, _ edgeItems: Int64, _ lineWidth: Int64, _ scientific: Int32
) -> st_status {
  protected {
    guard precision >= 0, precision <= 64, threshold >= 0, edgeItems >= 0, lineWidth > 0 else {
      throw TorchError(.value, "print options must not be negative, and the precision at most 64")
    }
    PrintOptions.current = PrintOptions(
      precision: Int(precision), threshold: Int(threshold), edgeItems: Int(edgeItems), lineWidth: Int(lineWidth),
      sciMode: scientific < 0 ? nil : scientific != 0)
  }
}
