// The guide's listings in Swift: each prints what its Python original prints, so that a test can hold them together.

import Torch

/// Where a listing's lines go: to standard output, or to a test.
public typealias Printer = (Any) -> Void

/// One program of the guide.
public struct Listing: Sendable {
  /// `04`, as the guide counts.
  public let number: String
  public let title: String
  let run: @Sendable (Printer) throws -> Void

  /// Runs the program from PyTorch's seed 0.
  public func run(print: Printer) throws {
    torch.manualSeed(0)
    try withErrors { try run(print) }
  }

  public static let all: [Listing] = [
    Listing(number: "01", title: "Creating tensors", run: creatingTensors),
    Listing(number: "02", title: "Tensor properties and attributes", run: properties),
    Listing(number: "03", title: "Mathematical operations", run: mathematics),
    Listing(number: "04", title: "Indexing and slicing", run: indexing),
    Listing(number: "05", title: "Reshaping tensors", run: reshaping),
    Listing(number: "06", title: "Concatenation and stacking", run: joining),
    Listing(number: "09", title: "Basic gradient computation", run: gradients),
    Listing(number: "10", title: "Controlling gradient computation", run: controllingGradients),
    Listing(number: "11", title: "The computational graph", run: computationalGraph),
    Listing(number: "12", title: "Jacobian-vector product", run: jacobianVectorProduct),
    Listing(number: "17", title: "TorchScript", run: torchScript),
    Listing(number: "18", title: "ONNX export", run: onnxExport),
    Listing(number: "19", title: "Mobile deployment", run: mobileDeployment),
    Listing(number: "22", title: "Code structure", run: codeStructure),
  ]
}

/// A Boolean as Python prints it.
func python(_ value: Bool) -> Scalar { .bool(value) }
