// Functions of lists, whatever their elements are.

extension JIT.Builtins {
  typealias List = JIT.ListObject

  static let lists = family {
    JIT.Builtin("aten::len.t(t[] a) -> int") { (a: List) in a.items.count }
    JIT.Builtin("aten::__getitem__.t(t[](a) list, int idx) -> t(*)") { (list: List, i: Int) in
      list.items[try list.position(i)]
    }
    JIT.Builtin("aten::select.t(t[](a) list, int idx) -> t(*)") { (list: List, i: Int) in
      list.items[try list.position(i)]
    }
    JIT.Builtin("aten::_set_item.t(t[](a!) l, int idx, t(b -> *) el) -> t[](a!)") {
      (list: List, i: Int, element: JIT.IValue) -> List in
      list.items[try list.position(i)] = element
      return list
    }
    JIT.Builtin("aten::append.t(t[](a!) self, t(c -> *) el) -> t[](a!)") { (list: List, element: JIT.IValue) -> List in
      list.items.append(element)
      return list
    }
    JIT.Builtin(procedure: "aten::extend.t(t[](a!) self, t[] other) -> ()") { (list: List, other: List) in
      list.items += other.items
    }
    JIT.Builtin(procedure: "aten::insert.t(t[](a!) self, int idx, t(b -> *) el) -> ()") {
      (list: List, i: Int, element: JIT.IValue) in
      let count = list.items.count
      list.items.insert(element, at: i < 0 ? max(i + count, 0) : min(i, count))
    }
    JIT.Builtin("aten::pop.t(t[](a!) self, int idx=-1) -> t(*)") { (list: List, i: Int) in
      if list.items.isEmpty { throw TorchError(.index, "pop from empty list") }
      return list.items.remove(at: try list.position(i))
    }
    JIT.Builtin(procedure: "aten::Delete.t(t[](a!) self, int idx) -> ()") { (list: List, i: Int) in
      if list.items.isEmpty { throw TorchError(.index, "pop index out of range") }
      list.items.remove(at: try list.position(i))
    }
    JIT.Builtin(procedure: "aten::reverse.t(t[](a!) self) -> ()") { (list: List) in list.items.reverse() }
    JIT.Builtin(procedure: "aten::clear.t(t[](a!) self) -> ()") { (list: List) in list.items = [] }
    JIT.Builtin("aten::copy.t(t[](a) self) -> t[]") { (list: List) in list.with(list.items) }
    JIT.Builtin("aten::list.t(t[] l) -> t[]") { (list: List) in list.with(list.items) }
    JIT.Builtin("aten::slice.t(t[] l, int? start=None, int? end=None, int step=1) -> t[]") {
      (list: List, start: Int?, end: Int?, step: Int) in
      list.with(try sliced(list.items.count, start, end, step).map { list.items[$0] })
    }
    JIT.Builtin("aten::add.t(t[] a, t[] b) -> t[]") { (a: List, b: List) in a.with(a.items + b.items) }
    JIT.Builtin("aten::add_.t(t[](a!) self, t[] b) -> t[]") { (a: List, b: List) -> List in
      a.items += b.items
      return a
    }
    JIT.Builtin("aten::mul.left_t(t[] l, int n) -> t[]") { (list: List, n: Int) in
      list.with(try repeated(list.items, n))
    }
    JIT.Builtin("aten::mul.right_(int n, t[] l) -> t[]") { (n: Int, list: List) in
      list.with(try repeated(list.items, n))
    }
    JIT.Builtin("aten::mul_.t(t[](a!) l, int n) -> t[](a!)") { (list: List, n: Int) -> List in
      list.items = try repeated(list.items, n)
      return list
    }
    // Tuples of several types have a length too.
    JIT.Builtin("aten::len.any(Any[] a) -> int") { (x: [JIT.IValue]) -> JIT.IValue in
      guard let elements = x[0].elements else { throw x[0].mismatch("List[Any]") }
      return .int(elements.count)
    }
  }

  /// The places that Python's `[start:end:step]` picks of `count`.
  static func sliced(_ count: Int, _ start: Int?, _ end: Int?, _ step: Int) throws -> StrideTo<Int> {
    guard step != 0 else { throw TorchError(.value, "List slice should have non-zero step") }
    let (low, high) = step > 0 ? (0, count) : (-1, count - 1)
    func clamped(_ i: Int?, _ otherwise: Int) -> Int {
      guard let i else { return otherwise }
      return min(max(i < 0 ? i &+ count : i, low), high)
    }
    return step > 0
      ? stride(from: clamped(start, low), to: clamped(end, high), by: step)
      : stride(from: clamped(start, high), to: clamped(end, low), by: step)
  }

  static func repeated(_ items: [JIT.IValue], _ n: Int) throws -> [JIT.IValue] {
    guard n > 0 else { return [] }
    let (total, overflow) = items.count.multipliedReportingOverflow(by: n)
    guard !overflow, total < 1 << 40 else {
      throw TorchError(.memory, "a list of \(items.count) elements, \(n) times, is too long")
    }
    return (0..<n).flatMap { _ in items }
  }
}

extension JIT.ListObject {
  /// The place of Python's index `i`.
  func position(_ i: Int) throws -> Int {
    let normalized = i < 0 ? i + items.count : i
    guard items.indices.contains(normalized) else { throw TorchError(.index, "list index out of range") }
    return normalized
  }

  /// Another list for elements of the same type.
  func with(_ items: [JIT.IValue]) -> JIT.ListObject { JIT.ListObject(elementType, items) }
}
