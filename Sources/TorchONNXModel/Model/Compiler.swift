// From the messages of a file to a program: names become slots, functions are put in place, constants are computed.
//
// Hostile files: names that are not there, nodes out of order and functions that call themselves are errors; the number
// of steps is bounded, because functions that call functions can grow without bound.

import SwiftProtobuf
import TorchCore
import TorchNN

extension ONNX {
  final class Compiler {
    /// The most steps that a model may come to once functions are expanded.
    static let stepLimit = 1 << 20
    static let functionDepthLimit = 64
    /// Inputs and results of what is computed while loading have at most so many elements.
    static let foldingLimit = 1 << 16

    struct FunctionKey: Hashable {
      let domain: String
      let name: String
      let overload: String
    }

    /// Names that a node can refer to.
    final class Scope {
      let program: Program
      let parent: Scope?
      var slots: [String: Int] = [:]
      init(_ program: Program, parent: Scope?) {
        self.program = program
        self.parent = parent
      }
    }

    /// How the nodes of a graph or function are read.
    struct Context {
      var opsets: [String: Int]
      /// What a function's attributes are in this call of it.
      var bindings: [String: Onnx_AttributeProto] = [:]
      var depth = 0
    }

    let reader: TensorReader
    let functions: [FunctionKey: Onnx_FunctionProto]
    /// Stored tensors that are the model's state, by name.
    private(set) var state: [(name: String, slot: TensorSlot)] = []
    /// Operators without an implementation.
    private var missing: Set<String> = []
    private var stepCount = 0

    init(_ model: Onnx_ModelProto, _ reader: TensorReader) {
      self.reader = reader
      functions = Dictionary(
        model.functions.map { (FunctionKey(domain: Compiler.domain($0.domain), name: $0.name, overload: $0.overload), $0) },
        uniquingKeysWith: { first, _ in first })
    }

    static func domain(_ text: String) -> String { text == "ai.onnx" ? "" : text }

    static func opsets(_ imports: [Onnx_OperatorSetIdProto]) -> [String: Int] {
      Dictionary(imports.map { (domain($0.domain), Int($0.version)) }, uniquingKeysWith: max)
    }

    /// The whole model.
    /// - Throws: `TorchError` of kind `.notImplemented` that names all operators without an implementation.
    func compile(_ model: Onnx_ModelProto) throws -> Program {
      var opsets = Compiler.opsets(model.opsetImport)
      if opsets[""] == nil { opsets[""] = 1 }
      let program = try program(model.graph, parent: nil, Context(opsets: opsets), isModel: true)
      if !missing.isEmpty {
        throw TorchError(
          .notImplemented,
          "the model uses operators that are not implemented: \(missing.sorted().joined(separator: ", "))")
      }
      return program
    }

    // MARK: Graphs

    private func program(
      _ graph: Onnx_GraphProto, parent: Scope?, _ context: Context, isModel: Bool = false
    ) throws -> Program {
      let program = Program()
      let scope = Scope(program, parent: parent)
      for input in graph.input { program.inputs.append(try define(input.name, scope)) }
      let inputs = Set(graph.input.map(\.name))
      let weights = isModel ? Weights(graph, opset: context.opsets[""] ?? 1) : nil
      for tensor in graph.initializer {
        let value = try reader.value(tensor)
        // Old files list every stored tensor as an input too, whose default it is then.
        let slot = inputs.contains(tensor.name) ? scope.slots[tensor.name]! : try define(tensor.name, scope)
        if let kind = weights?.kind(of: tensor.name, value), case .tensor(let tensor2, _) = value {
          let holder: TensorSlot = kind == .parameter ? Parameter<Tensor>(wrappedValue: tensor2) : Buffer<Tensor>(wrappedValue: tensor2)
          state.append((tensor.name, holder))
          program.state.append((slot, holder))
        } else {
          program.constants[slot] = value
        }
      }
      for tensor in graph.sparseInitializer {
        program.constants[try define(tensor.values.name, scope)] = try reader.value(tensor)
      }
      let given = Set(program.inputs)
      for node in graph.node { try add(node, scope, context, overridable: given) }
      for output in graph.output {
        program.outputs.append(try slot(output.name, scope, "the graph's outputs"))
        program.outputNames.append(output.name)
      }
      program.finish()
      return program
    }

    private func define(_ name: String, _ scope: Scope) throws -> Int {
      let slot = scope.program.slotCount
      guard scope.slots.updateValue(slot, forKey: name) == nil else {
        throw TorchError(.serialization, "the value '\(name)' is defined twice")
      }
      scope.program.slotCount += 1
      return slot
    }

    private func slot(_ name: String, _ scope: Scope, _ user: @autoclosure () -> String) throws -> Int {
      guard let slot = find(name, scope) else {
        throw TorchError(.serialization, "\(user()) use '\(name)', which nothing before defines")
      }
      return slot
    }

    /// The slot of a name in the scope's own program; a name of a program around it is captured.
    private func find(_ name: String, _ scope: Scope) -> Int? {
      if let slot = scope.slots[name] { return slot }
      guard let parent = scope.parent, let outer = find(name, parent) else { return nil }
      let inner = scope.program.slotCount
      scope.program.slotCount += 1
      scope.slots[name] = inner
      if let constant = parent.program.constants[outer] {
        scope.program.constants[inner] = constant
      } else {
        scope.program.captures.append((outer, inner))
      }
      return inner
    }

    // MARK: Nodes

    private func add(_ node: Onnx_NodeProto, _ scope: Scope, _ context: Context, overridable: Set<Int> = []) throws {
      let domain = Compiler.domain(node.domain)
      let name = node.name.isEmpty ? node.output.first ?? "" : node.name
      if let function = functions[FunctionKey(domain: domain, name: node.opType, overload: node.overload)] {
        return try inline(function, node, name, scope, context)
      }
      // A domain that is not imported is left to its first version, as other readers of ONNX do.
      let opset = context.opsets[domain] ?? 1
      guard let declaration = OperatorTable.find(domain, node.opType, opset: opset) else {
        missing.insert("\(domain.isEmpty ? "" : domain + ".")\(node.opType) (opset \(opset))")
        for output in node.output where !output.isEmpty { _ = try define(output, scope) }
        return
      }
      stepCount += 1
      guard stepCount <= Compiler.stepLimit else {
        throw TorchError(.serialization, "the model has more than \(Compiler.stepLimit) nodes")
      }
      var attributes: [String: Attribute] = [:]
      for proto in try bound(node.attribute, context) {
        attributes[proto.name] = try Attribute(proto, reader) { try self.program($0, parent: scope, context) }
      }
      let inputs = try node.input.map { $0.isEmpty ? -1 : try slot($0, scope, "the inputs of node '\(name)'") }
      let outputs = try node.output.map { $0.isEmpty ? -1 : try define($0, scope) }
      let step = Program.Step(
        declaration: declaration, name: name, attributes: attributes, opset: opset, inputs: inputs, outputs: outputs)
      if missing.isEmpty, !fold(step, scope.program, overridable) { scope.program.steps.append(step) }
    }

    /// The attributes of a node in a function, with those that refer to the function's own put in.
    private func bound(_ attributes: [Onnx_AttributeProto], _ context: Context) throws -> [Onnx_AttributeProto] {
      attributes.compactMap { proto in
        guard !proto.refAttrName.isEmpty else { return proto }
        guard var value = context.bindings[proto.refAttrName] else { return nil }
        value.name = proto.name
        return value
      }
    }

    private func inline(
      _ function: Onnx_FunctionProto, _ node: Onnx_NodeProto, _ name: String, _ scope: Scope, _ context: Context
    ) throws {
      guard context.depth < Compiler.functionDepthLimit else {
        throw TorchError(.serialization, "function '\(function.name)' is called more than \(Compiler.functionDepthLimit) deep")
      }
      var inner = Context(opsets: Compiler.opsets(function.opsetImport), depth: context.depth + 1)
      for proto in function.attributeProto { inner.bindings[proto.name] = proto }
      for proto in try bound(node.attribute, context) { inner.bindings[proto.name] = proto }
      let body = Scope(scope.program, parent: nil)
      for (i, formal) in function.input.enumerated() {
        if i < node.input.count, !node.input[i].isEmpty {
          body.slots[formal] = try slot(node.input[i], scope, "the inputs of node '\(name)'")
        } else {
          // An input that is not given is a slot that never has a value.
          body.slots[formal] = scope.program.slotCount
          scope.program.slotCount += 1
        }
      }
      for node in function.node { try add(node, body, inner) }
      for (formal, actual) in zip(function.output, node.output) where !actual.isEmpty {
        guard scope.slots.updateValue(try slot(formal, body, "the outputs of function '\(function.name)'"), forKey: actual) == nil
        else { throw TorchError(.serialization, "the value '\(actual)' is defined twice") }
      }
    }

    // MARK: Constants

    /// Computes a step whose inputs are all known, and says whether it did. What fails here is left to fail when the
    /// model runs, where the message reaches whoever gave the input.
    private func fold(_ step: Program.Step, _ program: Program, _ overridable: Set<Int>) -> Bool {
      guard step.declaration.isPure, step.programs.isEmpty, stepCount < Compiler.stepLimit else { return false }
      let frame = Frame(count: program.slotCount)
      for slot in step.inputs where slot >= 0 {
        guard let value = program.constants[slot], !overridable.contains(slot), Compiler.size(value) <= Compiler.foldingLimit
        else { return false }
        frame.values[slot] = value
      }
      let isConstant = step.declaration.name == "Constant"
      guard (try? torch.noGrad { try withErrors { try step.run(frame) } }) != nil else { return false }
      let results = step.outputs.filter { $0 >= 0 }.compactMap { slot in frame.values[slot].map { (slot, $0) } }
      guard isConstant || results.allSatisfy({ Compiler.size($0.1) <= Compiler.foldingLimit }) else { return false }
      for (slot, value) in results { program.constants[slot] = value }
      return true
    }

    private static func size(_ value: Value) -> Int {
      switch value {
      case .tensor(let tensor, _): tensor.numel
      case .strings(let strings): strings.elements.count
      case .sequence(let values): values.reduce(0) { $0 + size($1) }
      case .none: 0
      }
    }
  }

  /// Which stored tensors of a graph are trained.
  struct Weights {
    enum Kind { case parameter, buffer }

    private var trained: Set<String> = []

    init(_ graph: Onnx_GraphProto, opset: Int) {
      func visit(_ graph: Onnx_GraphProto, depth: Int) {
        for node in graph.node {
          let settings = OperatorTable.find(Compiler.domain(node.domain), node.opType, opset: opset)?.settings ?? []
          for (i, input) in node.input.enumerated() where !settings.contains(i) { trained.insert(input) }
          for attribute in node.attribute where attribute.hasG && depth < 64 { visit(attribute.g, depth: depth + 1) }
        }
      }
      visit(graph, depth: 0)
    }

    /// Parameters are floating point tensors that are more than one number, and used as more than settings (such as
    /// the statistics of a batch normalization, which are buffers); other types are constants of the program: nil.
    func kind(of name: String, _ value: Value) -> Kind? {
      guard case .tensor(let tensor, let type) = value, type.isNative, tensor.dtype.isFloatingPoint else { return nil }
      return tensor.ndim > 0 && trained.contains(name) ? .parameter : .buffer
    }
  }
}
