// Modules in a row.

extension nn {
  /// Feeds each module's output to the next.
  ///
  /// ```swift
  /// let model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
  /// let logits = model(x)
  /// ```
  /// Its elements can be read, iterated over and replaced by index; a row of modules is named by `nn.Sequential([("fc", …)])`.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html
  public final class Sequential: Module, Layer, ReplacingContainer {
    public typealias Element = any Layer<Tensor, Tensor>
    private var elements: [(key: String, layer: Element)]

    public init(_ layers: Element...) {
      elements = layers.enumerated().map { (String($0), $1) }
    }

    public init(_ layers: [Element]) {
      elements = layers.enumerated().map { (String($0), $1) }
    }

    /// Modules with keys of their own.
    public init(_ layers: [(String, Element)]) {
      elements = layers.map { ($0, $1) }
    }

    public func forward(_ input: Tensor) -> Tensor {
      var x = input
      for (_, layer) in elements { x = layer(x) }
      return x
    }

    public func append(_ layer: Element) { elements.append((String(elements.count), layer)) }

    /// The module with this key.
    public subscript(key: String) -> Element? { elements.first { $0.key == key }?.layer }

    public override func listedMembers() -> Members? { Members(children: elements.map { ($0.key, $0.layer) }) }

    func replaceElements(_ change: (Module) throws -> Module) throws {
      for i in elements.indices { elements[i].layer = try replaced(elements[i].layer, change) }
    }
  }
}

extension nn.Sequential: RandomAccessCollection, MutableCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { elements.count }
  public subscript(index: Int) -> Element {
    get { elements[index].layer }
    set { elements[index].layer = newValue }
  }
}
