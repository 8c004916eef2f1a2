// Lists and tables of modules and of parameters. They hold; what is computed with them is the owner's.

/// A container whose elements can be exchanged for others of its element type.
protocol ReplacingContainer: nn.Module {
  func replaceElements(_ change: (nn.Module) throws -> nn.Module) throws
}

extension ReplacingContainer {
  /// `change` of an element as a container of `Element` can hold it.
  func replaced<Element>(_ element: nn.Module, _ change: (nn.Module) throws -> nn.Module) throws -> Element {
    let new = try change(element)
    guard let fitting = new as? Element else {
      throw TorchError(.type, "a \(typeName) of \(Element.self) cannot hold a \(new.typeName)")
    }
    return fitting
  }
}

extension nn {
  /// Modules in an array whose parameters are found.
  ///
  /// ```swift
  /// let blocks = nn.ModuleList((0..<6).map { _ in Block(width: 64) })
  /// for block in blocks { x = block(x) }
  /// ```
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
  public final class ModuleList<Element: Module>: Module, CollapsingDescription, ReplacingContainer {
    private var elements: [Element]

    public init(_ modules: [Element] = []) { elements = modules }
    public convenience init(_ modules: Element...) { self.init(modules) }

    public func append(_ module: Element) { elements.append(module) }
    public func append(contentsOf modules: some Sequence<Element>) { elements.append(contentsOf: modules) }
    public func insert(_ module: Element, at index: Int) { elements.insert(module, at: index) }
    @discardableResult
    public func remove(at index: Int) -> Element { elements.remove(at: index) }

    public override func listedMembers() -> Members? {
      Members(children: elements.enumerated().map { (String($0), $1) })
    }

    func replaceElements(_ change: (Module) throws -> Module) throws {
      for i in elements.indices { elements[i] = try replaced(elements[i], change) }
    }
  }
}

extension nn.ModuleList: RandomAccessCollection, MutableCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { elements.count }
  public subscript(index: Int) -> Element {
    get { elements[index] }
    set { elements[index] = newValue }
  }
}

extension nn {
  /// Modules by key, in order of insertion.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
  public final class ModuleDict<Element: Module>: Module, Sequence, ReplacingContainer {
    private var elements: OrderedDictionary<String, Element>

    public init(_ modules: OrderedDictionary<String, Element> = [:]) { elements = modules }

    public var keys: [String] { Array(elements.keys) }
    public var values: [Element] { Array(elements.values) }
    public var count: Int { elements.count }

    public subscript(key: String) -> Element? {
      get { elements[key] }
      set { elements[key] = newValue }
    }

    public func makeIterator() -> AnyIterator<(key: String, value: Element)> {
      var iterator = elements.makeIterator()
      return AnyIterator { iterator.next().map { ($0.key, $0.value) } }
    }

    public override func listedMembers() -> Members? { Members(children: elements.map { ($0.key, $0.value) }) }

    func replaceElements(_ change: (Module) throws -> Module) throws {
      for key in elements.keys { elements[key] = try replaced(elements[key]!, change) }
    }
  }

  /// Parameters in an array.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html
  public final class ParameterList: Module {
    private var slots: [Parameter<Tensor>]

    public init(_ tensors: [Tensor] = []) { slots = tensors.map { Parameter(wrappedValue: $0) } }

    public func append(_ tensor: Tensor) { slots.append(Parameter(wrappedValue: tensor)) }

    public override func listedMembers() -> Members? {
      Members(parameters: slots.enumerated().map { (String($0), $1) })
    }

    public override var extraRepr: String { nn.describe(slots.enumerated().map { (String($0), $1.wrappedValue) }) }
  }

  /// Parameters by key, in order of insertion.
  /// Source: https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
  public final class ParameterDict: Module {
    private var slots: OrderedDictionary<String, Parameter<Tensor>> = [:]

    public init(_ tensors: OrderedDictionary<String, Tensor> = [:]) {
      for (key, tensor) in tensors { slots[key] = Parameter(wrappedValue: tensor) }
    }

    public var keys: [String] { Array(slots.keys) }

    public subscript(key: String) -> Tensor? {
      get { slots[key]?.wrappedValue }
      set {
        guard let newValue else { return slots[key] = nil }
        if let slot = slots[key] { slot.wrappedValue = newValue } else { slots[key] = Parameter(wrappedValue: newValue) }
      }
    }

    public override func listedMembers() -> Members? { Members(parameters: slots.map { ($0.key, $0.value) }) }

    public override var extraRepr: String { nn.describe(slots.map { ($0.key, $0.value.wrappedValue) }) }
  }

  fileprivate static func describe(_ parameters: [(key: String, tensor: Tensor)]) -> String {
    parameters.map { key, tensor in
      let size = tensor.shape.map(String.init).joined(separator: "x")
      // PyTorch indents these once more than a module's other lines.
      return "  (\(key)): Parameter containing: [\(tensor.dtype) of size \(size)]"
    }.joined(separator: "\n")
  }
}

extension nn.ParameterList: RandomAccessCollection, MutableCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { slots.count }
  public subscript(index: Int) -> Tensor {
    get { slots[index].wrappedValue }
    set { slots[index].wrappedValue = newValue }
  }
}
