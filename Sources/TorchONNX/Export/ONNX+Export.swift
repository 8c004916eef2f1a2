// `ONNX.export`: a model as a file that other runtimes run.
//
//   nn.Module ── trace ──► Graph ── passes ──► Graph ── ExportJob: Exporter, Rules/ ──► GraphProto ── ModelWriter ──► file
//
// Reference: https://pytorch.org/docs/stable/onnx_torchscript.html

import TorchCore
import TorchJIT
import TorchNN

extension ONNX {
  /// Writes `model`, as it is run on `input`, to an ONNX file at `path`.
  ///
  /// The model is traced in evaluation mode. Parameters and buffers are initializers, under their keys in the state dict.
  /// Sizes are fixed to those of the example but for the dynamic axes.
  ///
  /// ```swift
  /// try ONNX.export(
  ///   model, torch.randn(1, 1, 28, 28), to: "model.onnx", inputNames: ["input"], outputNames: ["output"],
  ///   dynamicAxes: ["input": [0: "batch_size"], "output": [0: "batch_size"]])
  /// ```
  /// - Parameters:
  ///   - input: An example; several inputs are a tuple.
  ///   - inputNames: Names of the tensors in the input, in order; the rest get names of their own.
  ///   - outputNames: Names of the tensors in the result; those in a dictionary have their keys else.
  ///   - dynamicAxes: Axes of inputs and outputs whose size each run chooses. Axes of one name have one size.
  ///   - exportParams: Whether the file holds the parameters; without them they are inputs.
  ///   - opset: The version of ONNX's operators, 17 to 21.
  /// - Throws: `TorchError` of kind `.notImplemented` that names all operators that ONNX or that version cannot express;
  ///   nothing is written then.
  ///
  /// Source: https://pytorch.org/docs/stable/onnx_torchscript.html#torch.onnx.export
  public static func export<Model: nn.Layer>(
    _ model: Model, _ input: Model.Input, to path: String, inputNames: [String] = [], outputNames: [String] = [],
    dynamicAxes: [String: DynamicAxes] = [:], exportParams: Bool = true, opset: Int = 20
  ) throws {
    try export(
      model, input, to: path, inputNames: inputNames, outputNames: outputNames, dynamicAxes: dynamicAxes,
      exportParams: exportParams, opset: opset
    ) { model, input in model(input) }
  }

  /// Writes what `call` does with `model` and the example `input`: for modules that are called with several arguments or
  /// options.
  ///
  /// ```swift
  /// try ONNX.export(attention, (q, k, v), to: "attention.onnx", inputNames: ["query", "key", "value"]) { attention, x in
  ///   attention(x.0, x.1, x.2, needWeights: false).output
  /// }
  /// ```
  public static func export<Model: nn.Module, Input, Output>(
    _ model: Model, _ input: Input, to path: String, inputNames: [String] = [], outputNames: [String] = [],
    dynamicAxes: [String: DynamicAxes] = [:], exportParams: Bool = true, opset: Int = 20,
    _ call: @escaping (Model, Input) throws -> Output
  ) throws {
    let settings = ExportSettings(
      inputNames: inputNames, outputNames: outputNames, dynamicAxes: dynamicAxes, exportParams: exportParams,
      opset: opset)
    try recorded(model, input, settings, call).write(to: path)
  }

  /// The same, with tensors in a file beside the model from `messageLimit` bytes on.
  package static func export<Model: nn.Layer>(
    _ model: Model, _ input: Model.Input, to path: String, messageLimit: Int
  ) throws {
    let settings = ExportSettings(inputNames: [], outputNames: [], dynamicAxes: [:], opset: 20)
    try recorded(model, input, settings) { $0($1) }.write(to: path, limit: messageLimit)
  }

  private static func recorded<Model: nn.Module, Input, Output>(
    _ model: Model, _ input: Input, _ settings: ExportSettings, _ call: @escaping (Model, Input) throws -> Output
  ) throws -> ModelWriter {
    let modes = model.modules().map { ($0, $0.training) }
    model.eval()
    // A module's mode goes for its children too, so parents come first.
    defer { for (module, training) in modes { module.train(training) } }
    let recording = try torch.noGrad {
      try JIT.record(model, input, dynamicSizes: settings.openSizes) { model, input in try call(model, input) }
    }
    let example = try ExampleValue.value(input)
    let job = ExportJob(
      graph: recording.graph, root: nil, parameters: recording.parameters, example: [example], settings: settings)
    return try job.run()
  }
}

extension ONNX {
  /// Writes what a function of TorchScript does, or a method of `object`, as it is run on the example `inputs`.
  ///
  /// Branches and loops that sizes, types or settings decide are written in place; those that depend on the data become
  /// `If` and `Loop`.
  package static func export(
    _ function: JIT.Function, of object: JIT.ScriptObject? = nil, _ inputs: [JIT.IValue], to path: String,
    inputNames: [String] = [], outputNames: [String] = [], dynamicAxes: [String: DynamicAxes] = [:],
    exportParams: Bool = true, opset: Int = 20
  ) throws {
    let settings = ExportSettings(
      inputNames: inputNames, outputNames: outputNames, dynamicAxes: dynamicAxes, exportParams: exportParams,
      opset: opset)
    try ExportJob(graph: function.graph, root: object, example: inputs, settings: settings).run().write(to: path)
  }
}

extension ONNX {
  /// Writes a TorchScript module's `forward`, as it is run on the example `inputs`, to an ONNX file at `path`.
  ///
  /// The module is written in evaluation mode. Branches and loops that sizes, types or settings decide are written in
  /// place; those that depend on the data become `If` and `Loop`.
  ///
  /// ```swift
  /// let model = try JIT.load("model.pt")
  /// try ONNX.export(model, [.tensor(image)], to: "model.onnx", dynamicAxes: ["x": [0: "batch"]])
  /// ```
  /// - Parameters:
  ///   - inputs: A value for each parameter; those that are left out have their defaults. Numbers, texts, `None` and lists
  ///     of them are built in: the model's inputs are the tensors.
  ///   - inputNames: Names of the tensors in the inputs; without them, those of the method's parameters.
  /// - Throws: `TorchError` of kind `.notImplemented` that names all operators that cannot be expressed; nothing is
  ///   written then.
  ///
  /// Source: https://pytorch.org/docs/stable/onnx_torchscript.html#torch.onnx.export
  public static func export(
    _ module: JIT.ScriptModule, _ inputs: [JIT.IValue], to path: String, inputNames: [String]? = nil,
    outputNames: [String] = [], dynamicAxes: [String: DynamicAxes] = [:], exportParams: Bool = true, opset: Int = 20
  ) throws {
    let method = try module.method("forward")
    let parameters = method.function.signature.parameters.dropFirst()
    var inputs = inputs
    for parameter in parameters.dropFirst(inputs.count) {
      guard let standard = parameter.defaultValue else { break }
      inputs.append(standard)
    }
    let names = zip(parameters, inputs).flatMap { ExportJob.inputNames(of: $1, called: $0.name) }
    let modes = module.modules().map { ($0, $0.training) }
    module.eval()
    defer { for (module, training) in modes { module.train(training) } }
    try torch.noGrad {
      try export(
        method.function, of: module.object, inputs, to: path,
        inputNames: inputNames ?? names, outputNames: outputNames,
        dynamicAxes: dynamicAxes, exportParams: exportParams, opset: opset)
    }
  }
}

extension ONNX.ExportSettings {
  /// The sizes that a trace has to leave open.
  fileprivate var openSizes: JIT.DynamicSizes {
    if dynamicAxes.isEmpty { return .none }
    guard dynamicAxes.keys.allSatisfy({ inputNames.contains($0) || outputNames.contains($0) }) else { return .all }
    return .dims(inputNames.map { Array((dynamicAxes[$0]?.names ?? [:]).keys).sorted() })
  }
}

extension ONNX {
  /// Examples as values of a graph.
  enum ExampleValue {
    static func value(_ any: Any) throws -> JIT.IValue {
      if let tensor = any as? Tensor { return .tensor(tensor) }
      let mirror = Mirror(reflecting: any)
      let parts = mirror.children.map(\.value)
      switch mirror.displayStyle {
      case .tuple: return .tuple(try parts.map(value))
      case .collection: return .list(JIT.ListObject(.tensor, try parts.map(value)))
      case .optional: return try parts.first.map(value) ?? .none
      case .dictionary:
        let dict = JIT.DictObject(.string, .tensor)
        for (key, tensor) in (any as? [String: Tensor] ?? [:]).sorted(by: { $0.key < $1.key }) {
          dict[.string(key)] = .tensor(tensor)
        }
        return .dict(dict)
      default: throw TorchError(.type, "an input is a \(type(of: any)), not a tensor or tensors in tuples and arrays")
      }
    }
  }
}
