// ONNX operators that many rules write, with what the versions of the operator set differ in.

import TorchCore

extension ONNX.GraphWriter {
  typealias Wire = ONNX.Wire

  // MARK: Types and sizes

  func cast(_ x: Wire, to dtype: DType) -> Wire {
    emit("Cast", [x], ["to": .int(Int(ONNX.ElementType(dtype).rawValue))])
  }

  func shape(_ x: Wire) -> Wire { emit("Shape", [x]) }

  /// The size of dimension `axis`, a number.
  func size(_ x: Wire, _ axis: Int) -> Wire { gather(shape(x), int(axis), axis: 0) }

  /// The size of dimension `axis`, a list of one number.
  func sizeList(_ x: Wire, _ axis: Int) -> Wire { gather(shape(x), ints([axis]), axis: 0) }

  // MARK: Shapes

  func reshape(_ x: Wire, _ sizes: Wire) -> Wire { emit("Reshape", [x, sizes]) }
  /// -1 is what remains, 0 the size that the dimension has.
  func reshape(_ x: Wire, _ sizes: [Int]) -> Wire { reshape(x, ints(sizes)) }
  func squeeze(_ x: Wire, _ axes: [Int]) -> Wire { axes.isEmpty ? x : emit("Squeeze", [x, ints(axes)]) }
  func unsqueeze(_ x: Wire, _ axes: [Int]) -> Wire { axes.isEmpty ? x : emit("Unsqueeze", [x, ints(axes)]) }

  func transpose(_ x: Wire, _ order: [Int]) -> Wire {
    order == Array(order.indices) ? x : emit("Transpose", [x], ["perm": .ints(order)])
  }

  func concat(_ parts: [Wire], axis: Int) -> Wire {
    parts.count == 1 ? parts[0] : emit("Concat", parts, ["axis": .int(axis)])
  }

  func expand(_ x: Wire, _ sizes: Wire) -> Wire { emit("Expand", [x, sizes]) }

  func pad(_ x: Wire, _ amounts: Wire, _ value: Wire? = nil, mode: String = "constant") -> Wire {
    emit("Pad", [x, amounts, value], ["mode": .string(mode)])
  }

  // MARK: Parts

  func gather(_ x: Wire, _ indices: Wire, axis: Int) -> Wire { emit("Gather", [x, indices], ["axis": .int(axis)]) }

  func slice(_ x: Wire, _ starts: Wire, _ ends: Wire, axes: [Int], steps: Wire? = nil) -> Wire {
    emit("Slice", [x, starts, ends, ints(axes), steps])
  }

  func slice(_ x: Wire, axis: Int, _ start: Int, _ end: Int, step: Int = 1) -> Wire {
    slice(x, ints([start]), ints([end]), axes: [axis], steps: step == 1 ? nil : ints([step]))
  }

  /// Parts of the given sizes.
  func split(_ x: Wire, _ sizes: [Int], axis: Int) -> [Wire] {
    sizes.count == 1 ? [x] : emit("Split", [x, ints(sizes)], ["axis": .int(axis)], outputs: sizes.count)
  }

  // MARK: Reductions

  /// The axes are an input of all reductions from opset 18 on, of sums before that. nil stands for all.
  func reduce(_ op: String, _ x: Wire, _ axes: [Int]?, keep: Bool) -> Wire {
    let keepdims: ONNX.NodeAttribute = .int(keep ? 1 : 0)
    guard let axes else { return emit(op, [x], ["keepdims": keepdims]) }
    // A tensor without dimensions has none to reduce.
    if axes.isEmpty { return x }
    if opset >= 18 || op == "ReduceSum" { return emit(op, [x, ints(axes)], ["keepdims": keepdims]) }
    return emit(op, [x], ["axes": .ints(axes), "keepdims": keepdims])
  }

  // MARK: Arithmetic

  func add(_ a: Wire, _ b: Wire) -> Wire { emit("Add", [a, b]) }
  func sub(_ a: Wire, _ b: Wire) -> Wire { emit("Sub", [a, b]) }
  func mul(_ a: Wire, _ b: Wire) -> Wire { emit("Mul", [a, b]) }
  func div(_ a: Wire, _ b: Wire) -> Wire { emit("Div", [a, b]) }
  func pow(_ a: Wire, _ b: Wire) -> Wire { emit("Pow", [a, b]) }
  func not(_ a: Wire) -> Wire { emit("Not", [a]) }
  func select(_ condition: Wire, _ a: Wire, _ b: Wire) -> Wire { emit("Where", [condition, a, b]) }
  func matmul(_ a: Wire, _ b: Wire) -> Wire { emit("MatMul", [a, b]) }
}
