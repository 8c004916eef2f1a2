// The tape: nodes made at run time, one for each recorded operator call.
//
// A node knows where its inputs' gradients go (edges), what shapes its outputs had, and how to turn the
// gradients of its outputs into those of its inputs (the pullback, which owns the saved values). Saved values
// are dropped as soon as the pullback has run, unless the graph is to be kept.

import CTorchKernelHeaders

/// Turns the gradients of an operator's outputs into those of its tensor inputs: one entry for each `Tensor` or
/// `Tensor?` argument and for each element of a `[Tensor]` argument, in order; nil means zero.
public typealias Pullback = (Gradients) throws -> [Tensor?]

/// A recorded operator call.
public final class Node: @unchecked Sendable {
  // Unchecked: a node is built by one thread and run by the thread that calls backward; its mutable part is
  // written under the caller's ordering, as tensors are.

  /// PyTorch's name of it: `MulBackward0`.
  public let name: String
  /// Later calls have greater numbers; backward runs the greatest that is ready.
  let sequence: UInt64
  @exclusivity(unchecked) package var edges: EdgeList
  @exclusivity(unchecked) var outputs: OutputList
  @exclusivity(unchecked) var pullback: Pullback?
  /// Run on the gradients of the outputs before the pullback.
  var preHooks: [(Int, (Tensor) -> Tensor?)] = []
  /// Whether the rule has asked to keep a tensor that no graph may keep.
  var keepsInferenceTensor = false
  /// Which of the outputs take gradients.
  var attachedOutputs = 0..<Int.max
  /// What anomaly mode says about the forward call.
  var forwardCall: String?

  @inline(__always)
  init(name: String, edges: EdgeList) {
    self.name = name
    self.edges = edges
    outputs = OutputList()
    sequence = tk_next_sequence()
  }

  /// What backward must know of an output: a gradient that reaches it has this shape and dtype.
  struct OutputMeta {
    let shape: Shape
    let dtype: DType
  }

  /// Makes `tensor` the node's next output.
  @inline(__always)
  func attach(_ tensor: Tensor) {
    tensor.recordedGradFn = self
    tensor.outputNumber = Int32(outputs.count)
    tensor.flags.insert(.requiresGrad)
    outputs.append(OutputMeta(shape: tensor.shape, dtype: tensor.dtype))
  }

  /// Counts an output that is attached otherwise (an in-place twin's), or takes no gradient (an index).
  func addOutput(like tensor: Tensor) { outputs.append(OutputMeta(shape: tensor.shape, dtype: tensor.dtype)) }

  /// The functions that the gradients go to next, nil where an input takes none.
  public var nextFunctions: [Node?] { edges.map(\.node) }

  /// Note [Freeing graphs]
  ///
  /// A node holds the nodes behind it by its edges, and again by the tensors its pullback has saved. Freed one inside the
  /// other, a long chain would take a stack frame or more a node. So a dying node drops its pullback while its edges still
  /// hold the nodes behind it, and then frees those in a loop, each as it finds itself the last to hold it.
  deinit {
    pullback = nil
    guard var node = edges.takeNode() else { return }
    var others: [Node] = []
    while let other = edges.takeNode() { others.append(other) }
    while true {
      if isKnownUniquelyReferenced(&node) {
        node.pullback = nil
        if let next = node.edges.takeNode() {
          while let other = node.edges.takeNode() { others.append(other) }
          node = next
          continue
        }
      }
      guard let other = others.popLast() else { return }
      node = other
    }
  }
}

extension Node {
  /// What backward must know of the outputs; the first one inline.
  struct OutputList {
    private var first: OutputMeta?
    private var rest: [OutputMeta] = []

    var count: Int { first == nil ? 0 : 1 + rest.count }

    @inline(__always)
    mutating func append(_ output: OutputMeta) {
      if first == nil { first = output } else { rest.append(output) }
    }

    subscript(index: Int) -> OutputMeta { index == 0 ? first! : rest[index - 1] }
  }
}

extension Node: CustomStringConvertible {
  /// As Python shows it: `<MulBackward0 object at 0x7f…>`.
  public var description: String {
    let address = UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())
    return "<\(name) object at 0x\(String(address, radix: 16))>"
  }
}

/// Where the gradient of an operator's input goes: to the node that made it, or to the leaf itself.
package struct Edge {
  package internal(set) var node: Node?
  package let leaf: Tensor?
  package let output: Int

  /// The edge to `tensor`'s place in the graph; an edge to nowhere where it takes no gradient.
  @inline(__always)
  init(to tensor: Tensor?) {
    guard let tensor, tensor.requiresGrad else {
      node = nil
      leaf = nil
      output = 0
      return
    }
    node = tensor.recordedGradFn
    leaf = node == nil ? tensor : nil
    output = Int(tensor.outputNumber)
  }

  /// The edge to output `output` of `node`.
  init(node: Node?, output: Int) {
    self.node = node
    leaf = nil
    self.output = output
  }

  package var isEmpty: Bool { node == nil && leaf == nil }

  var identifier: ObjectIdentifier? { node.map(ObjectIdentifier.init) ?? leaf.map(ObjectIdentifier.init) }
}

/// The gradients of a node's outputs, as a pullback sees them.
public struct Gradients {
  var values: [Tensor?]
  let node: Node

  /// The gradient of output `index`; zeros where nothing has reached it.
  public subscript(index: Int) -> Tensor {
    values[index] ?? Tensor.zeros(node.outputs[index].shape, dtype: node.outputs[index].dtype)
  }

  /// The gradient of output `index` if one has reached it.
  public func ifPresent(_ index: Int) -> Tensor? { values[index] }

  /// Whether the gradient of input `index` is wanted at all.
  public func needs(_ index: Int) -> Bool { !node.edges[index].isEmpty }
}
