// The edges of a node, the first two inline: most operators have no more, and recording is a hot path.

package struct EdgeList: RandomAccessCollection, MutableCollection {
  private var first: Edge
  private var second: Edge
  private var rest: [Edge]
  package private(set) var count: Int

  package init() {
    first = Edge(to: nil)
    second = first
    rest = []
    count = 0
  }

  @inline(__always)
  init(_ first: Edge, _ second: Edge) {
    self.first = first
    self.second = second
    rest = []
    count = 2
  }

  package mutating func append(_ edge: Edge) {
    switch count {
    case 0: first = edge
    case 1: second = edge
    default: rest.append(edge)
    }
    count += 1
  }

  /// Takes one of the nodes out, if there is any; its edge leads nowhere then.
  @inline(__always)
  mutating func takeNode() -> Node? {
    if let node = first.node.take() { return node }
    if let node = second.node.take() { return node }
    while let last = rest.popLast() {
      count -= 1
      if let node = last.node { return node }
    }
    return nil
  }

  package var startIndex: Int { 0 }
  package var endIndex: Int { count }

  package subscript(index: Int) -> Edge {
    @inline(__always)
    get {
      precondition(index >= 0 && index < count)
      return index == 0 ? first : index == 1 ? second : rest[index - 2]
    }
    set {
      precondition(index >= 0 && index < count)
      switch index {
      case 0: first = newValue
      case 1: second = newValue
      default: rest[index - 2] = newValue
      }
    }
  }
}

extension EdgeList: ExpressibleByArrayLiteral {
  package init(arrayLiteral edges: Edge...) {
    self.init()
    for edge in edges { append(edge) }
  }
}
