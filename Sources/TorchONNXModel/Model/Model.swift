// A loaded ONNX model: a module that runs the file's graph.

import TorchCore
import TorchNN

extension ONNX {
  /// A model read from an ONNX file.
  ///
  /// Its nodes run on the framework's operators, so gradients flow through it. Stored floating point tensors are its
  /// parameters, under their names in the file: a model written from PyTorch has PyTorch's state-dict keys. Single
  /// numbers and tensors that serve as settings or statistics are buffers.
  ///
  /// ```swift
  /// let model = try ONNX.load("classifier.onnx")
  /// let logits = model(["image": x])["logits"]!
  /// let optimizer = optim.SGD(model.parameters(), lr: 0.01)   // fine-tuning
  /// ```
  public final class Model: nn.Module, nn.Layer {
    /// An input or output of the model.
    public struct Port: Sendable {
      public enum Dimension: Sendable, Hashable {
        case fixed(Int)
        /// A size that each call chooses: `batch`.
        case named(String)
        case unknown
      }

      public let name: String
      /// As ONNX writes it: `tensor(float)`, `seq(tensor(int64))`; empty where the file does not say.
      public let type: String
      /// Nil where it is no tensor.
      public let elementType: ElementType?
      /// Nil where the file does not say.
      public let shape: [Dimension]?
    }

    /// What a call must give: inputs that have no default in the file.
    public let inputs: [Port]
    public let outputs: [Port]
    /// The version of the standard operators.
    public let opset: Int
    /// The program that wrote the file.
    public let producer: String
    public let metadata: [String: String]

    private let program: Program
    private let allInputs: [Port]
    private let defaults: Set<String>
    private let state: [(name: String, slot: TensorSlot)]

    init(_ proto: Onnx_ModelProto, _ reader: TensorReader) throws {
      let compiler = Compiler(proto, reader)
      program = try compiler.compile(proto)
      state = compiler.state
      defaults = Set(proto.graph.initializer.map(\.name))
      allInputs = proto.graph.input.map { Port($0) }
      inputs = allInputs.filter { [defaults] in !defaults.contains($0.name) }
      outputs = proto.graph.output.map { Port($0) }
      opset = Compiler.opsets(proto.opsetImport)[""] ?? 1
      producer = [proto.producerName, proto.producerVersion].filter { !$0.isEmpty }.joined(separator: " ")
      metadata = Dictionary(proto.metadataProps.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
      super.init()
      // Files hold models that are to be run; `train()` changes nothing but this flag.
      eval()
    }

    public override func listedMembers() -> nn.Members? {
      var members = nn.Members()
      for (name, slot) in state {
        if let parameter = slot as? ParameterSlot { members.parameters.append((name, parameter)) }
        if let buffer = slot as? BufferSlot { members.buffers.append((name, buffer)) }
      }
      return members
    }

    public override var typeName: String { "ONNXModel" }

    public override var extraRepr: String {
      "inputs=[\(inputs.map(\.name).joined(separator: ", "))], outputs=[\(outputs.map(\.name).joined(separator: ", "))], opset=\(opset)"
    }

    /// The number of nodes that a call runs, once constants are folded.
    public var nodeCount: Int { program.steps.count }

    // MARK: Running

    /// Runs the model on values of any type.
    /// - Throws: `TorchError` where an input is missing, unknown or of another type or size than the file declares, or
    ///   where a node fails, whose name the message has.
    public func run(_ arguments: [String: Value]) throws -> [String: Value] {
      let known = Set(allInputs.map(\.name))
      if let unknown = arguments.keys.sorted().first(where: { !known.contains($0) }) {
        throw TorchError(
          .value, "the model has no input '\(unknown)'; its inputs are \(inputs.map(\.name).joined(separator: ", "))")
      }
      let values = try allInputs.map { port -> Value? in
        guard let value = arguments[port.name] else {
          if defaults.contains(port.name) { return nil }
          throw TorchError(.value, "input '\(port.name)' is missing")
        }
        try port.check(value)
        return value
      }
      let results = try withErrors { try program.run(values) }
      return Dictionary(zip(outputs.map(\.name), results), uniquingKeysWith: { first, _ in first })
    }

    /// Runs the model on tensors by name; an error becomes an invalid tensor, as in any tensor expression.
    public func callAsFunction(_ arguments: [String: Tensor]) -> [String: Tensor] {
      do {
        return try tensors(run(arguments.mapValues { Value($0) }))
      } catch {
        let failure = Tensor.invalid(error as? TorchError ?? TorchError(.value, "\(error)"))
        return Dictionary(outputs.map { ($0.name, failure) }, uniquingKeysWith: { first, _ in first })
      }
    }

    /// Runs the model on tensors in the order of its inputs.
    public func callAsFunction(_ arguments: Tensor...) -> [Tensor] { hooked(arguments) { forward($0) } }

    public func forward(_ arguments: [Tensor]) -> [Tensor] {
      guard arguments.count <= allInputs.count else {
        let failure = Tensor.invalid(
          TorchError(.value, "the model takes \(inputs.count) inputs, \(arguments.count) were given"))
        return outputs.map { _ in failure }
      }
      let order = arguments.count > inputs.count ? allInputs : inputs
      let results = callAsFunction(
        Dictionary(zip(order.map(\.name), arguments), uniquingKeysWith: { first, _ in first }))
      return outputs.map { results[$0.name]! }
    }

    private func tensors(_ values: [String: Value]) throws -> [String: Tensor] {
      try values.mapValues { value in
        guard let tensor = value.tensor else {
          throw TorchError(.type, "an output is a \(value.type), not a tensor of numbers: use run")
        }
        return tensor
      }
    }
  }
}

extension ONNX.Model.Port {
  init(_ proto: Onnx_ValueInfoProto) {
    name = proto.name
    type = ONNX.Model.Port.text(proto.type)
    guard case .tensorType(let tensor)? = proto.type.value else {
      (elementType, shape) = (nil, nil)
      return
    }
    elementType = ONNX.ElementType(rawValue: tensor.elemType)
    shape =
      tensor.hasShape
      ? tensor.shape.dim.map { dim in
        switch dim.value {
        // Some exporters write -1 where a size is not known.
        case .dimValue(let size)? where size >= 0: .fixed(Int(size))
        case .dimParam(let name)? where !name.isEmpty: .named(name)
        default: .unknown
        }
      } : nil
  }

  private static func text(_ type: Onnx_TypeProto) -> String {
    switch type.value {
    case .tensorType(let tensor)?: "tensor(\(ONNX.ElementType(rawValue: tensor.elemType)?.name ?? "?"))"
    case .sparseTensorType(let tensor)?: "sparse_tensor(\(ONNX.ElementType(rawValue: tensor.elemType)?.name ?? "?"))"
    case .sequenceType(let sequence)?: "seq(\(text(sequence.elemType)))"
    case .optionalType(let optional)?: "optional(\(text(optional.elemType)))"
    case .mapType(let map)?: "map(\(text(map.valueType)))"
    case .opaqueType?, nil: ""
    }
  }

  /// Compares a value with what the file declares.
  func check(_ value: ONNX.Value) throws {
    func refuse() -> TorchError {
      let sizes = shape.map { $0.map(\.description).joined(separator: ", ") }
      let given = value.shape.map { "[\($0.map(String.init).joined(separator: ", "))]" } ?? ""
      return TorchError(
        .value, "input '\(name)' is a \(value.type)\(given), the model declares \(type)\(sizes.map { "[\($0)]" } ?? "")")
    }
    guard let elementType else { return }
    switch value {
    case .tensor(let tensor, let type):
      if let failure = tensor.failure { throw failure }
      // A type that is carried by a wider one may be given as the carrier.
      guard type == elementType || tensor.dtype == elementType.carrier else { throw refuse() }
    case .strings: guard elementType == .string else { throw refuse() }
    case .sequence, .none: throw refuse()
    }
    guard let shape, let given = value.shape else { return }
    guard shape.count == given.count else { throw refuse() }
    for (declared, size) in zip(shape, given) {
      if case .fixed(let fixed) = declared, fixed != size { throw refuse() }
    }
  }
}

extension ONNX.Model.Port.Dimension: CustomStringConvertible {
  public var description: String {
    switch self {
    case .fixed(let size): String(size)
    case .named(let name): name
    case .unknown: "?"
    }
  }
}
