// The C face of the library: functions that C, and through it Python, can call. They are described in
// `CTorch/swift_torch.h`; their files here are
//
//   Handles          numbers that stand for objects
//   LastError        what went wrong, for each thread
//   Values*          between the header's tagged values and the core's
//   Tensors, Gradients, Operators, Modes, Files, Modules
//   DLPack, Python   memory shared with other libraries
//
// Every function catches every error, and checks what it is given before it uses it.

import CTorch

@_cdecl("st_abi_version")
public func abiVersion() -> Int32 { ST_ABI_VERSION }
