// The tensors of a case file, built with the strides and offsets that the cases ask for.

import ComplexModule
import OrderedCollections
import TorchCore
import TorchSerialization

struct CaseTensors {
  private let stored: OrderedDictionary<String, StoredTensor>

  init(_ file: ByteRegion) throws { stored = try SafetensorsFile.read(file).tensors }

  /// The elements stored under `key`, row-major, as a tensor of `dtype`.
  func value(_ key: String, _ dtypeName: String) throws -> Tensor {
    guard let entry = stored[key], let dtype = DType(name: dtypeName) else {
      throw Mismatch("there is no tensor '\(key)' of \(dtypeName)")
    }
    // One by one, so that a tensor we cannot make fails its own case only.
    var importer = TensorImporter(mapped: false)
    let tensor = try importer.tensor(entry)
    guard dtype.isComplex else {
      guard tensor.dtype == dtype else { throw Mismatch("the stored tensor is \(tensor.dtype), not \(dtypeName)") }
      return tensor
    }
    // Complex numbers are stored as pairs in a last dimension of 2.
    let parts = try tensor.toArray(Double.self)
    let numbers = stride(from: 0, to: parts.count, by: 2).map { Complex(parts[$0], parts[$0 + 1]) }
    return try Tensor.from(numbers, shape: Shape(tensor.shape.dropLast())).to(dtype)
  }

  /// A fresh tensor of the elements, layout and `requiresGrad` of `input`.
  func leaf(_ input: StoredInput, grad: Bool) throws -> Tensor {
    let tensor = try torch.noGrad { () throws -> Tensor in
      let value = try value(input.tensor, input.dtype)
      guard let strides = input.strides else { return value.clone() }
      if input.storage == true {
        return value.clone().asStrided(input.shape, strides, storageOffset: input.storageOffset ?? 0).detach()
      }
      return try strided(value, input.shape, strides, input.storageOffset ?? 0)
    }
    guard tensor.shape == input.shape else { throw Mismatch("the stored tensor has sizes \(tensor.shape)") }
    return grad && input.requiresGrad == true ? tensor.requiresGrad_() : tensor
  }

  private func strided(_ value: Tensor, _ shape: [Int], _ strides: [Int], _ offset: Int) throws -> Tensor {
    let last = value.numel == 0 ? 0 : 1 + zip(shape, strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
    let buffer = Tensor.zeros([offset + last], dtype: value.dtype)
    // Elements that lie on one another are equal; those of stride 0 are written once.
    let written = zip(shape, strides).map { $1 == 0 && $0 > 1 ? 1 : $0 }
    let source = zip(written, shape).enumerated().reduce(value) { part, entry in
      entry.element.0 == entry.element.1 ? part : part.narrow(entry.offset, 0, 1)
    }
    if value.numel > 0 { buffer.asStrided(written, strides, storageOffset: offset).copy_(source) }
    return buffer.asStrided(shape, strides, storageOffset: offset).detach()
  }
}

/// Why a case fails.
struct Mismatch: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
