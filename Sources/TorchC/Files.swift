// Files of tensors: torch.save, safetensors, npz.

import CTorch
import OrderedCollections
import Torch

private func path(_ text: UnsafePointer<CChar>?) throws -> String { String(cString: try required(text, "path")) }

private func dictionary(_ tensors: OrderedDictionary<String, Tensor>) throws -> st_value {
  try st_value(
    .dict(StateDictionary(OrderedDictionary(uniqueKeysWithValues: tensors.map { (.string($0), .tensor($1)) }))))
}

@_cdecl("st_load")
public func load(_ path: UnsafePointer<CChar>?, _ map: Int32, _ result: UnsafeMutablePointer<st_value>?) -> st_status {
  protected {
    try required(result, "result").initialize(to: st_value(torch.load(TorchC.path(path), mmap: map != 0)))
  }
}

@_cdecl("st_save")
public func save(_ value: UnsafePointer<st_value>?, _ blockBytes: Int64, _ path: UnsafePointer<CChar>?) -> st_status {
  protected {
    let value = try required(value, "value")
    try torch.save(ValueReader(value, blockBytes).state(value.pointee), to: TorchC.path(path))
  }
}

@_cdecl("st_safetensors_load")
public func loadSafetensors(
  _ path: UnsafePointer<CChar>?, _ map: Int32, _ result: UnsafeMutablePointer<st_value>?
) -> st_status {
  protected {
    try required(result, "result").initialize(to: dictionary(Safetensors.load(TorchC.path(path), mmap: map != 0)))
  }
}

@_cdecl("st_safetensors_metadata")
public func safetensorsMetadata(_ path: UnsafePointer<CChar>?, _ result: UnsafeMutablePointer<st_value>?) -> st_status {
  protected {
    var texts = StateDictionary<Tensor>()
    for (name, text) in try Safetensors.metadata(TorchC.path(path)).sorted(by: { $0.key < $1.key }) {
      texts.entries[.string(name)] = .string(text)
    }
    try required(result, "result").initialize(to: st_value(.dict(texts)))
  }
}

@_cdecl("st_safetensors_save")
public func saveSafetensors(
  _ tensors: UnsafePointer<st_value>?, _ blockBytes: Int64, _ metadata: UnsafePointer<st_value>?,
  _ metadataBytes: Int64, _ path: UnsafePointer<CChar>?
) -> st_status {
  protected {
    let tensors = try required(tensors, "tensors")
    try Safetensors.save(
      ValueReader(tensors, blockBytes).named(tensors.pointee), to: TorchC.path(path),
      metadata: metadata.map { try ValueReader($0, metadataBytes).texts($0.pointee) } ?? [:])
  }
}

@_cdecl("st_npz_load")
public func loadArchive(_ path: UnsafePointer<CChar>?, _ result: UnsafeMutablePointer<st_value>?) -> st_status {
  protected { try required(result, "result").initialize(to: dictionary(NumPy.loadArchive(TorchC.path(path)))) }
}

@_cdecl("st_npz_save")
public func saveArchive(
  _ tensors: UnsafePointer<st_value>?, _ blockBytes: Int64, _ path: UnsafePointer<CChar>?
) -> st_status {
  protected {
    let tensors = try required(tensors, "tensors")
    try NumPy.saveArchive(ValueReader(tensors, blockBytes).named(tensors.pointee), to: TorchC.path(path))
  }
}
