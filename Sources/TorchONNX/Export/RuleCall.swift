// What a rule sees of the call that it is asked to write: arguments by name, what is known of them, and the graph.

import TorchCore
import TorchJIT

extension ONNX {
  struct RuleCall {
    let schema: Schema
    let arguments: [Exported]
    let graph: GraphWriter
    /// The results for each variant of the example; nil where the call did not run.
    let results: [[JIT.IValue]]?

    var opset: Int { graph.opset }

    // MARK: Arguments

    /// The argument for the parameter of this name; nil where the overload has none.
    func find(_ name: String) -> Exported? {
      guard let index = index(name) ?? RuleCall.ofNumbers[name].flatMap(index), index < arguments.count else {
        return nil
      }
      return arguments[index]
    }

    private func index(_ name: String) -> Int? { schema.parameters.firstIndex { $0.name == name } }

    /// What the functions of numbers call their operands.
    private static let ofNumbers = ["self": "a", "other": "b", "exponent": "b"]

    func argument(_ name: String) throws -> Exported {
      guard let found = find(name) else { throw unsupported("there is no argument '\(name)'") }
      return found
    }

    /// Whether it is there and not None.
    func has(_ name: String) -> Bool { find(name).map { !$0.isNone } ?? false }

    /// The wire of a tensor or number.
    subscript(_ name: String) -> Wire {
      get throws { try wire(try argument(name), name) }
    }

    /// The wire of an argument that may be None.
    func optional(_ name: String) throws -> Wire? { has(name) ? try self[name] : nil }

    func wire(_ value: Exported, _ name: String = "self") throws -> Wire {
      switch value {
      case .tensor(let cell): return cell.wire
      case .number(let number): return number.wire
      case .constant(.tensor(let tensor)): return try graph.constant(tensor)
      case .constant(let value):
        if let (scalar, dtype) = value.scalar { return try graph.scalar(scalar, dtype) }
        throw unsupported("'\(name)' is a \(value.type)")
      case .missing(let why): throw unsupported(why)
      case .sequence(let sequence): return sequence.wire
      case .list, .tuple, .dict, .object: throw unsupported("'\(name)' is no tensor")
      }
    }

    /// The elements of a list of tensors.
    func list(_ name: String) throws -> [Exported] {
      guard let elements = try argument(name).elements else {
        throw unsupported("the length of '\(name)' is not fixed")
      }
      return elements
    }

    func wires(_ name: String) throws -> [Wire] { try list(name).map { try wire($0, name) } }

    // MARK: Settings, which must be known

    private func known(_ name: String) throws -> JIT.IValue {
      guard let value = try argument(name).constant else { throw unsupported("'\(name)' is not constant") }
      return value
    }

    func int(_ name: String) throws -> Int {
      guard let value = try known(name).int else { throw unsupported("'\(name)' is not an integer") }
      return value
    }
    func optionalInt(_ name: String) throws -> Int? { has(name) ? try int(name) : nil }

    func double(_ name: String) throws -> Double {
      guard let value = try known(name).double else { throw unsupported("'\(name)' is not a number") }
      return value
    }
    func optionalDouble(_ name: String) throws -> Double? { has(name) ? try double(name) : nil }

    /// False where the overload has no such parameter.
    func bool(_ name: String) throws -> Bool { has(name) ? try known(name).int ?? 0 != 0 : false }

    func string(_ name: String) throws -> String {
      guard let text = try known(name).string else { throw unsupported("'\(name)' is not text") }
      return text
    }
    func optionalString(_ name: String) throws -> String? { has(name) ? try string(name) : nil }

    func ints(_ name: String) throws -> [Int] {
      let value = try known(name)
      if let one = value.int { return [one] }
      guard let list = value.elements?.map(\.int), !list.contains(nil) else {
        throw unsupported("'\(name)' is not a list of integers")
      }
      return list.compactMap { $0 }
    }
    func optionalInts(_ name: String) throws -> [Int]? { has(name) ? try ints(name) : nil }

    /// A list of one number for each of `count` dimensions: one number stands for all.
    func extents(_ name: String, _ count: Int) throws -> [Int] {
      let list = try ints(name)
      return list.count == 1 ? Array(repeating: list[0], count: count) : list
    }

    func dtype(_ name: String) throws -> DType? {
      guard has(name) else { return nil }
      guard let code = try known(name).int, let dtype = DType(rawValue: Int32(code)) else {
        throw unsupported("'\(name)' is no dtype")
      }
      return dtype
    }

    func isConstant(_ name: String) -> Bool { find(name)?.constant != nil }

    // MARK: What is known of tensors

    func dtype(of name: String) throws -> DType { try dtype(of: try argument(name), name) }

    func dtype(of value: Exported, _ name: String = "self") throws -> DType {
      switch value {
      case .tensor(let cell): if let dtype = cell.dtype { return dtype }
      case .number(let number): return number.dtype
      case .constant(.tensor(let tensor)): return tensor.dtype
      case .constant(let value): if let (_, dtype) = value.scalar { return dtype }
      case .sequence(let sequence): if let dtype = sequence.element?.first?.dtype { return dtype }
      default: break
      }
      throw unsupported("the dtype of '\(name)' is not known")
    }

    func rank(_ name: String) throws -> Int { try rank(of: try argument(name), name) }

    func rank(of value: Exported, _ name: String = "self") throws -> Int {
      switch value {
      case .tensor(let cell): if let rank = cell.rank { return rank }
      case .constant(.tensor(let tensor)): return tensor.ndim
      case .constant, .number: return 0
      case .sequence(let sequence): if let rank = sequence.element?.first?.ndim { return rank }
      default: break
      }
      throw unsupported("the number of dimensions of '\(name)' is not known")
    }

    /// Sizes, nil where they differ between runs.
    func sizes(of name: String) throws -> [Int?] { try sizes(of: try argument(name), name) }

    func sizes(of value: Exported, _ name: String = "self") throws -> [Int?] {
      switch value {
      case .tensor(let cell): if let sizes = cell.sizes { return sizes }
      case .constant(.tensor(let tensor)): return Array(tensor.shape)
      case .constant, .number: return []
      default: break
      }
      throw unsupported("the sizes of '\(name)' are not known")
    }

    /// A size that must be the same in all runs.
    func fixedSize(_ name: String, _ axis: Int) throws -> Int {
      guard let size = try sizes(of: name)[axis] else {
        throw unsupported("dimension \(axis) of '\(name)' must have a fixed size")
      }
      return size
    }

    /// A dimension counted from the front. `extra` dimensions may come to those that the tensor has.
    func axis(_ name: String, of tensor: String = "self", extra: Int = 0) throws -> Int {
      axis(try int(name), try rank(tensor) + extra)
    }

    func axis(_ axis: Int, _ rank: Int) -> Int { axis < 0 ? axis + max(rank, 1) : axis }

    /// Dimensions counted from the front; nil where none are named, which stands for all.
    func axes(_ name: String, of tensor: String = "self") throws -> [Int]? {
      guard has(name) else { return nil }
      let (list, rank) = (try ints(name), try rank(tensor))
      return list.isEmpty ? nil : rank == 0 ? [] : list.map { axis($0, rank) }
    }

    /// The dtype of a result.
    func resultType(_ index: Int = 0) throws -> DType {
      let result = results?.first?[index]
      guard let dtype = result?.tensor?.dtype ?? result?.scalar?.1 else {
        throw unsupported("its result's dtype is not known")
      }
      return dtype
    }

    func resultRank(_ index: Int = 0) throws -> Int {
      guard let tensor = results?.first?[index].tensor else { throw unsupported("its result's rank is not known") }
      return tensor.ndim
    }

    // MARK: Operands

    /// An argument as a tensor of `dtype`.
    func operand(_ name: String, _ dtype: DType) throws -> Wire { try operand(try argument(name), dtype, name) }

    func operand(_ value: Exported, _ dtype: DType, _ name: String = "self") throws -> Wire {
      if case .constant(let constant) = value {
        if let tensor = constant.tensor {
          let typed = try withErrors { torch.noGrad { tensor.to(dtype) } }
          return try graph.constant(typed)
        }
        if let (scalar, _) = constant.scalar { return try graph.scalar(scalar, dtype) }
      }
      let own = try self.dtype(of: value, name)
      return own == dtype ? try wire(value, name) : graph.cast(try wire(value, name), to: dtype)
    }

    /// Whether two operands are the same value, in every run.
    func isSame(_ a: String, _ b: String) -> Bool {
      if case .tensor(let a)? = find(a), case .tensor(let b)? = find(b) { a.wire == b.wire } else { false }
    }

    // MARK: Sizes as values

    /// A list of integers, some of them computed at run time, as a tensor of one dimension.
    func sizeList(_ name: String) throws -> Wire {
      if let constant = try argument(name).constant, let one = constant.int { return graph.ints([one]) }
      return try sizeList(try list(name), name)
    }

    func sizeList(_ items: [Exported], _ name: String = "size") throws -> Wire {
      var parts: [Wire] = []
      var run: [Int] = []
      for item in items {
        if let constant = item.constant?.int {
          run.append(constant)
          continue
        }
        if !run.isEmpty { parts.append(graph.ints(run)) }
        run = []
        parts.append(graph.unsqueeze(try intWire(item, name), [0]))
      }
      if !run.isEmpty || parts.isEmpty { parts.append(graph.ints(run)) }
      return graph.concat(parts, axis: 0)
    }

    /// An integer as a tensor without dimensions.
    func intWire(_ name: String) throws -> Wire { try intWire(try argument(name), name) }

    func intWire(_ value: Exported, _ name: String) throws -> Wire {
      let wire = try operand(value, .int64, name)
      return try rank(of: value, name) == 0 ? wire : graph.reshape(wire, [])
    }

    /// An integer as a list of one.
    func intList(_ name: String) throws -> Wire {
      if let constant = try argument(name).constant?.int { return graph.ints([constant]) }
      return graph.unsqueeze(try intWire(name), [0])
    }

    // MARK: Failing

    /// Why the call cannot be written.
    func unsupported(_ why: String) -> TorchError { TorchError(.notImplemented, why) }

    func require(opset: Int, _ what: String) throws {
      if self.opset < opset { throw unsupported("\(what) needs opset \(opset)") }
    }
  }
}

extension JIT.IValue {
  /// A number, with the dtype that it has by itself.
  var scalar: (Scalar, DType)? {
    switch self {
    case .int(let value): (.int(value), .int64)
    case .double(let value): (.double(value), .float64)
    case .bool(let value): (.bool(value), .bool)
    default: nil
    }
  }
}
