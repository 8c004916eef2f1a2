// Elementwise work on the CPU.

import CTorchKernelHeaders

extension CPUBackend {
  func map(
    _ function: MapFunction, into out: Tensor, _ a: Tensor, _ b: Tensor?, _ c: Tensor?, parameters: MapParameters
  ) throws {
    let loop = try function.requireLoop(a.dtype)
    if mapBlocked(loop, into: out, a, b, c, parameters) { return }
    var plan = MapPlan(out)
    plan.add(a)
    if let b { plan.add(b) }
    if let c { plan.add(c) }
    plan.run(loop, parameters)
  }

  func copy(_ source: Tensor, into target: Tensor) throws {
    var plan = MapPlan(target)
    plan.add(source)
    plan.run(tk_find_cast(source.dtype.kernel, target.dtype.kernel), .none)
  }

  func fill(_ target: Tensor, with value: Scalar) throws {
    if target.isContiguous {
      tk_fill(target.pointer, Int64(target.numel), target.dtype.kernel, value.kernel)
    } else {
      try copy(Tensor.full([], value, dtype: target.dtype), into: target)
    }
  }
}

/// Operands of an elementwise loop: pointers and byte strides over one shape. Operand 0 is the output.
struct MapPlan {
  private var pointers = InlineArray<5, UnsafeMutableRawPointer?>(repeating: nil)
  private var strides = InlineArray<5, InlineArray<12, Int64>>(repeating: InlineArray(repeating: 0))
  private var count = 0
  private let shape: Shape

  init(_ out: Tensor) {
    shape = out.shape
    add(out)
  }

  init(shape: Shape) { self.shape = shape }

  /// An operand of a one-dimensional plan.
  mutating func add(_ pointer: UnsafeMutableRawPointer, stride: Int) {
    pointers[count] = pointer
    strides[count][0] = Int64(stride)
    count += 1
  }

  mutating func add(_ tensor: Tensor) {
    let size = tensor.dtype.itemSize
    pointers[count] = tensor.pointer
    let seen = tensor.shape == shape ? tensor.strides : tensor.shape.broadcastStrides(tensor.strides, to: shape)
    for i in 0..<shape.count { strides[count][i] = Int64(seen[i] &* size) }
    count += 1
  }

  mutating func run(_ loop: tk_loop?, _ parameters: MapParameters) {
    var sizes = InlineArray<12, Int64>(repeating: 0)
    for i in 0..<shape.count { sizes[i] = Int64(shape[i]) }
    var scalars = InlineArray<4, tk_scalar>(repeating: tk_scalar(re: 0, im: 0, i: 0))
    for i in 0..<4 { scalars[i] = parameters[i].kernel }
    let (rank, count) = (Int32(shape.count), Int32(count))
    withUnsafeBytes(of: &sizes) { sizes in
      withUnsafeBytes(of: &pointers) { pointers in
        withUnsafeBytes(of: &strides) { strides in
          withUnsafeBytes(of: &scalars) { scalars in
            let rows = strides.baseAddress!.assumingMemoryBound(to: Int64.self)
            var rowPointers = InlineArray<5, UnsafePointer<Int64>?>(repeating: nil)
            for k in 0..<5 { rowPointers[k] = rows + 12 * k }
            withUnsafeBytes(of: &rowPointers) { rowPointers in
              tk_run_map(
                loop, rank, sizes.baseAddress!.assumingMemoryBound(to: Int64.self), count,
                pointers.baseAddress!.assumingMemoryBound(to: UnsafeMutableRawPointer?.self),
                rowPointers.baseAddress!.assumingMemoryBound(to: UnsafePointer<Int64>?.self),
                scalars.baseAddress!.assumingMemoryBound(to: tk_scalar.self))
            }
          }
        }
      }
    }
  }
}
