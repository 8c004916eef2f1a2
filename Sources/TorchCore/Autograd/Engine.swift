// Runs the tape backwards.
//
// Nodes run in the reverse of the order in which they were made, each once all gradients of its outputs have
// arrived; that is PyTorch's order, so that sums of gradients come out in PyTorch's order too. Broadcasting is
// undone here, once: a gradient that does not have its target's shape is summed to it.
// Reference: https://pytorch.org/docs/stable/notes/autograd.html

import CTorchKernelHeaders

enum Engine {
  struct Options {
    var keepGraph = false
    var createGraph = false
  }

  /// Carries gradients from `roots` to the leaves they depend on and adds them to the leaves' `grad`; where
  /// `captures` is given, returns the gradients of those tensors instead and leaves every `grad` alone.
  static func run(
    roots: [(tensor: Tensor, gradient: Tensor)], captures: [Tensor]?, options: Options
  ) throws -> [Tensor?] {
    var pass = Pass(options: options, captures: captures)
    return try Modes.with({
      $0.subtract([.noGrad, .inference, .createGraph])
      $0.insert(options.createGraph ? .createGraph : .noGrad)
    }) {
      try pass.run(roots)
    }
  }

  /// A node or a leaf that waits for the gradients of its outputs.
  private final class Work {
    let edge: Edge
    var missing = 0
    var gradients: [Tensor?]
    /// Which captured tensors want the gradient of which output.
    var captures: [(output: Int, slot: Int)] = []
    /// Whether a captured tensor lies behind it, that is, whether it has to run at all.
    var isNeeded = true

    init(_ edge: Edge) {
      self.edge = edge
      gradients = Array(repeating: nil, count: edge.node?.outputs.count ?? 1)
    }
  }

  private struct Pass {
    let options: Options
    let capturing: [Tensor]?
    var works: [ObjectIdentifier: Work] = [:]
    var ready = ReadyQueue()
    var captured: [Tensor?]

    init(options: Options, captures: [Tensor]?) {
      self.options = options
      capturing = captures
      captured = Array(repeating: nil, count: captures?.count ?? 0)
    }

    mutating func run(_ roots: [(tensor: Tensor, gradient: Tensor)]) throws -> [Tensor?] {
      let rootEdges = roots.map { Edge(to: $0.tensor) }
      countDependencies(from: rootEdges)
      if let capturing { markNeeded(capturing, rootEdges) }
      for (edge, root) in zip(rootEdges, roots) { try deliver(root.gradient, to: edge, from: nil, 0) }
      for edge in rootEdges {
        guard let work = works[edge.identifier!], work.missing == 0 else { continue }
        ready.insertIfAbsent(work)
      }
      while let work = ready.popLast() { try execute(work) }
      return captured
    }

    /// Counts, for everything reachable, how many gradients it has to wait for.
    private mutating func countDependencies(from roots: [Edge]) {
      var stack: [Node] = []
      func visit(_ edge: Edge, _ works: inout [ObjectIdentifier: Work]) -> Work? {
        guard let id = edge.identifier else { return nil }
        if let known = works[id] { return known }
        let work = Work(edge)
        works[id] = work
        if let node = edge.node { stack.append(node) }
        return work
      }
      for root in roots { _ = visit(root, &works) }
      while let node = stack.popLast() {
        for edge in node.edges { visit(edge, &works)?.missing += 1 }
      }
    }

    /// Marks what leads to a captured tensor; the rest need not run.
    private mutating func markNeeded(_ tensors: [Tensor], _ roots: [Edge]) {
      for work in works.values { work.isNeeded = false }
      for (slot, tensor) in tensors.enumerated() {
        let edge = Edge(to: tensor)
        guard let id = edge.identifier, let work = works[id] else { continue }
        work.captures.append((edge.output, slot))
        work.isNeeded = true
      }
      // A node made later never feeds one made earlier, so one sweep from the earliest settles everything.
      let nodes = works.values.filter { $0.edge.node != nil }.sorted { $0.edge.node!.sequence < $1.edge.node!.sequence }
      for work in nodes where !work.isNeeded {
        work.isNeeded = work.edge.node!.edges.contains { $0.identifier.flatMap { works[$0]?.isNeeded } ?? false }
      }
    }

    /// Adds `gradient`, entry `index` of what `maker` returned, to what waits at `edge`.
    private func deliver(_ gradient: consuming Tensor, to edge: Edge, from maker: Node?, _ index: Int) throws {
      guard let id = edge.identifier, let work = works[id] else { return }
      let shape = edge.node?.outputs[edge.output].shape ?? edge.leaf!.shape
      let dtype = edge.node?.outputs[edge.output].dtype ?? edge.leaf!.dtype
      if gradient.shape != shape {
        guard shape.canExpand(to: gradient.shape) else {
          throw TorchError(
            .autograd,
            "Function \(maker?.name ?? "GraphRoot") returned an invalid gradient at index \(index) - got \(gradient.shape.listDescription) but expected shape compatible with \(shape.listDescription)")
        }
        gradient = gradient.sumToSize(shape)
      }
      if gradient.dtype != dtype { gradient = gradient.dtype.isComplex && !dtype.isComplex ? gradient.real.to(dtype) : gradient.to(dtype) }
      if !gradient.isSparse { try gradient.checkValid() }
      if let sum = work.gradients[edge.output] {
        // A dense tensor takes a sparse one in, not the other way round.
        work.gradients[edge.output] = sum.isSparse && !gradient.isSparse ? gradient + sum : sum + gradient
      } else {
        work.gradients[edge.output] = gradient
      }
    }

    private mutating func execute(_ work: Work) throws {
      defer { work.gradients = [] }
      guard let node = work.edge.node else {
        try finishLeaf(work)
        return
      }
      if work.isNeeded { try run(node, work) }
      for edge in node.edges {
        guard let id = edge.identifier, let next = works[id] else { continue }
        next.missing -= 1
        if next.missing == 0 { ready.insertIfAbsent(next) }
      }
    }

    private mutating func run(_ node: Node, _ work: Work) throws {
      for (output, hook) in node.preHooks {
        guard let gradient = work.gradients[output] else { continue }
        if let replaced = hook(gradient) { work.gradients[output] = try Engine.checked(replaced, for: gradient) }
      }
      for (output, slot) in work.captures { captured[slot] = work.gradients[output] }
      guard work.gradients.contains(where: { $0 != nil }), leadsOn(node) else { return }
      guard let pullback = node.pullback else { throw Engine.freed }
      let gradients = Gradients(values: work.gradients, node: node)
      work.gradients = []
      var results = try pullback(gradients)
      if !options.keepGraph { node.pullback = nil }
      if Modes.current.contains(.anomaly) { try Engine.checkForNaN(results, node) }
      for i in node.edges.indices where i < results.count && !node.edges[i].isEmpty {
        guard let gradient = results[i].take() else { continue }
        try deliver(gradient, to: node.edges[i], from: node, i)
      }
    }

    /// A captured node need not run further where nothing behind it is wanted.
    private func leadsOn(_ node: Node) -> Bool {
      capturing == nil || node.edges.contains { $0.identifier.flatMap { works[$0]?.isNeeded } ?? false }
    }

    private mutating func finishLeaf(_ work: Work) throws {
      guard let leaf = work.edge.leaf, var gradient = work.gradients[0].take() else { return }
      for hook in leaf.autograd?.hooks ?? [] {
        if let replaced = hook.body(gradient) { gradient = try Engine.checked(replaced, for: gradient) }
      }
      if capturing != nil {
        for (_, slot) in work.captures { captured[slot] = gradient }
      } else {
        leaf.accumulate(&gradient, createGraph: options.createGraph)
      }
    }
  }

  /// Works whose gradients have all arrived, the latest made on top. Leaves come before all nodes.
  private struct ReadyQueue {
    private var heap: [Work] = []
    private var present: Set<ObjectIdentifier> = []

    private func rank(_ work: Work) -> UInt64 { work.edge.node?.sequence ?? .max }

    mutating func insertIfAbsent(_ work: Work) {
      guard present.insert(ObjectIdentifier(work)).inserted else { return }
      heap.append(work)
      var child = heap.count - 1
      while child > 0 {
        let parent = (child - 1) / 2
        guard rank(heap[parent]) < rank(heap[child]) else { break }
        heap.swapAt(parent, child)
        child = parent
      }
    }

    mutating func popLast() -> Work? {
      guard !heap.isEmpty else { return nil }
      heap.swapAt(0, heap.count - 1)
      let top = heap.removeLast()
      var parent = 0
      while true {
        var largest = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && rank(heap[child]) > rank(heap[largest]) {
          largest = child
        }
        if largest == parent { return top }
        heap.swapAt(parent, largest)
        parent = largest
      }
    }
  }

  static let freed = TorchError(
    .autograd,
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.")

  /// What a hook may put in a gradient's place.
  private static func checked(_ replaced: Tensor, for gradient: Tensor) throws -> Tensor {
    if !replaced.isSparse { try replaced.checkValid() }
    guard replaced.shape == gradient.shape else {
      throw TorchError(.autograd, "hook has changed the size of value")
    }
    return replaced
  }

  private static func checkForNaN(_ gradients: [Tensor?], _ node: Node) throws {
    for (i, gradient) in gradients.enumerated() {
      guard let gradient = gradient?.sparseParts?.values ?? gradient, gradient.dtype.isDifferentiable, gradient.hasNaN else { continue }
      let origin = node.forwardCall.map { "\nForward call that caused the error: \($0)" } ?? ""
      throw TorchError(.autograd, "Function '\(node.name)' returned nan values in its \(i)th output.\(origin)")
    }
  }
}

extension Tensor {
  /// Adds `gradient` to `grad`, taking its memory over where nobody else has it.
  fileprivate func accumulate(_ gradient: inout Tensor, createGraph: Bool) {
    let meta = ensureAutograd()
    if gradient.isSparse || meta.grad?.isSparse == true {
      meta.grad = meta.grad.map { $0.isSparse && !gradient.isSparse ? gradient + $0 : $0 + gradient } ?? gradient
    } else if let present = meta.grad {
      if createGraph { meta.grad = present + gradient } else { present.add_(gradient) }
    } else if createGraph {
      meta.grad = gradient.clone()
    } else {
      meta.grad = Tensor.isOwnedAlone(&gradient) ? gradient : gradient.detach().clone().contiguous()
    }
    for hook in meta.postAccumulateHooks { hook.body(self) }
  }

  /// Whether nobody else holds this tensor or its memory, so that it may be kept without a copy.
  private static func isOwnedAlone(_ tensor: inout Tensor) -> Bool {
    isKnownUniquelyReferenced(&tensor) && isKnownUniquelyReferenced(&tensor.storage) && tensor.isContiguous
      && !tensor.flags.contains(.requiresGrad)
  }
}
