// Gradients: leaves, backward, hooks.

import CTorch
import Torch

@_cdecl("st_tensor_set_requires_grad")
public func setRequiresGrad(_ handle: st_handle, _ requiresGrad: Int32) -> st_status {
  protected { try tensor(handle).requiresGrad_(requiresGrad != 0) }
}

@_cdecl("st_tensor_grad")
public func tensorGradient(_ handle: st_handle, _ gradient: UnsafeMutablePointer<st_handle>?) -> st_status {
  protected { try required(gradient, "gradient").pointee = try tensor(handle).grad?.handle() ?? 0 }
}

@_cdecl("st_tensor_set_grad")
public func setTensorGradient(_ handle: st_handle, _ gradient: st_handle) -> st_status {
  protected { try tensor(handle).grad = gradient == 0 ? nil : tensor(gradient) }
}

@_cdecl("st_tensor_retain_grad")
public func retainGradient(_ handle: st_handle) -> st_status { protected { try tensor(handle).retainGrad() } }

@_cdecl("st_tensor_grad_fn")
public func gradientFunction(_ handle: st_handle, _ result: UnsafeMutablePointer<st_value>?) -> st_status {
  protected {
    let name = try tensor(handle).gradFn?.name
    try required(result, "result").initialize(to: name.map { .text($0) } ?? st_value(ST_NONE))
  }
}

/// `count` tensors by handle; 0 stands for none.
private func tensors(_ handles: UnsafePointer<st_handle>?, _ count: Int64) throws -> [Tensor?] {
  guard count >= 0, count == 0 || handles != nil else { throw FaceError.argument("\(count) tensors at NULL") }
  return try (0..<Int(count)).map { handles![$0] == 0 ? nil : try tensor(handles![$0]) }
}

private func presentTensors(_ handles: UnsafePointer<st_handle>?, _ count: Int64) throws -> [Tensor] {
  try tensors(handles, count).map {
    guard let tensor = $0 else { throw FaceError.handle("0 stands for no tensor") }
    return tensor
  }
}

@_cdecl("st_backward")
public func backward(
  _ handles: UnsafePointer<st_handle>?, _ gradients: UnsafePointer<st_handle>?, _ count: Int64, _ retainGraph: Int32,
  _ createGraph: Int32
) -> st_status {
  protected {
    torch.autograd.backward(
      try presentTensors(handles, count), try gradients.map { try tensors($0, count) },
      retainGraph: retainGraph < 0 ? nil : retainGraph != 0, createGraph: createGraph != 0)
  }
}

@_cdecl("st_gradients")
public func gradients(
  _ outputs: UnsafePointer<st_handle>?, _ outputGradients: UnsafePointer<st_handle>?, _ outputCount: Int64,
  _ inputs: UnsafePointer<st_handle>?, _ inputCount: Int64, _ retainGraph: Int32, _ createGraph: Int32,
  _ allowUnused: Int32, _ results: UnsafeMutablePointer<st_handle>?
) -> st_status {
  protected {
    let results = try required(results, "results")
    let found = try torch.autograd.grad(
      presentTensors(outputs, outputCount), presentTensors(inputs, inputCount),
      gradOutputs: outputGradients.map { try tensors($0, outputCount) },
      retainGraph: retainGraph < 0 ? nil : retainGraph != 0, createGraph: createGraph != 0,
      allowUnused: allowUnused != 0)
    if let failure = found.compactMap({ $0?.failure }).first { throw failure }
    for (i, gradient) in found.enumerated() { results[i] = try gradient?.handle() ?? 0 }
  }
}

/// A hook that is on a tensor, for its handle.
private final class Hook {
  private let handle: HookHandle
  init(_ handle: HookHandle) { self.handle = handle }
  func remove() { handle.remove() }
}

@_cdecl("st_tensor_register_hook")
public func registerHook(
  _ handle: st_handle, _ hook: (@convention(c) (UnsafeMutableRawPointer?, st_handle) -> st_handle)?,
  _ deleter: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?, _ context: UnsafeMutableRawPointer?
) -> st_handle {
  protected(0) {
    let tensor = try tensor(handle)
    let hook = try required(hook, "hook")
    guard tensor.requiresGrad else {
      throw TorchError(.autograd, "cannot register a hook on a tensor that doesn't require gradient")
    }
    let context = Foreign(pointer: context)
    let owner = ForeignMemory { deleter?(context.pointer) }
    let registered = tensor.registerHook { gradient in
      withExtendedLifetime(owner) {
        guard let own = try? gradient.handle() else { return nil }
        let replacement = hook(context.pointer, own)
        guard replacement != 0 else { return nil }
        defer { _ = HandleTable.shared.remove(replacement) }
        return HandleTable.shared.object(replacement) as? Tensor
      }
    }
    return HandleTable.shared.add(Hook(registered))
  }
}

@_cdecl("st_hook_remove")
public func removeHook(_ handle: st_handle) -> st_status { protected { try object(handle, Hook.self).remove() } }
