// Interpolation on the CPU: one dimension after the other, and grid sampling.

import CTorchKernelHeaders

extension CPUBackend {
  /// `x` (N, C, spatial…), contiguous, resampled by a table for each spatial dimension, the last one first. Steps
  /// between dimensions hold 16-bit floats as float32.
  func resample(_ x: Tensor, _ tables: [ResamplingTable]) throws -> Tensor {
    let lead = x.ndim - tables.count
    let dims = tables.indices.reversed().filter { !tables[$0].isIdentity }
    guard let final = dims.last else { return try x.packed() }
    var current = x
    for i in dims {
      var sizes = Array(current.shape)
      sizes[lead + i] = tables[i].outputSize
      let between: DType = x.dtype == .float16 || x.dtype == .bfloat16 ? .float32 : x.dtype
      let next = try Tensor.uninitialized(Shape(sizes), i == final || tables[i].picks ? x.dtype : between)
      try step(current, lead + i, tables[i], into: next)
      current = next
    }
    return current
  }

  private func step(_ x: Tensor, _ dim: Int, _ table: ResamplingTable, into out: Tensor) throws {
    let (outer, _, inner) = x.split(around: dim)
    if table.picks, x.dtype == out.dtype {
      table.withKernel { tk_resample_pick(x.dtype.itemSize, outer, inner, $0, x.pointer, out.pointer) }
    } else if x.dtype == .uint8 {
      let (integers, precision) = table.quantized()
      integers.withKernel {
        tk_resample_bytes(
          outer, inner, $0, precision, x.pointer.assumingMemoryBound(to: UInt8.self),
          out.pointer.assumingMemoryBound(to: UInt8.self))
      }
    } else {
      let done = table.withKernel {
        tk_resample(x.dtype.kernel, out.dtype.kernel, outer, inner, $0, x.pointer, out.pointer)
      }
      precondition(done, "resampling from \(x.dtype) to \(out.dtype)")
    }
  }

  /// Values of `x` at the positions in `grid`; all contiguous.
  func gridSample(_ sampling: GridSampling.Problem, _ x: Tensor, _ grid: Tensor, into out: Tensor) {
    var problem = kernel(sampling, x, grid)
    _ = tk_grid_sample(&problem, x.pointer, grid.pointer, out.pointer)
  }

  /// The gradients by `x`, which comes zeroed or not at all, and by `grid`.
  func gridSampleBackward(
    _ sampling: GridSampling.Problem, _ g: Tensor, _ x: Tensor, _ grid: Tensor, into byInput: Tensor?, _ byGrid: Tensor
  ) {
    var problem = kernel(sampling, x, grid)
    _ = tk_grid_sample_backward(&problem, g.pointer, x.pointer, grid.pointer, byInput?.pointer, byGrid.pointer)
  }

  private func kernel(_ sampling: GridSampling.Problem, _ x: Tensor, _ grid: Tensor) -> tk_grid_problem {
    var problem = tk_grid_problem()
    problem.dtype = x.dtype.kernel
    problem.mode = tk_grid_mode(UInt32(sampling.mode.rawValue))
    problem.padding = tk_grid_padding(UInt32(sampling.padding.rawValue))
    problem.align_corners = sampling.alignCorners
    problem.rank = Int32(x.ndim - 2)
    problem.n = Int64(x.shape[0])
    problem.c = Int64(x.shape[1])
    problem.points = Int64(grid.shape.dropFirst().dropLast().reduce(1, *))
    copySizes(Array(x.shape.dropFirst(2)), to: &problem.size)
    return problem
  }
}

extension ResamplingTable {
  fileprivate func withKernel<R>(_ body: (UnsafePointer<tk_resample_table>) -> R) -> R {
    starts.withUnsafeBufferPointer { starts in
      offsets.withUnsafeBufferPointer { offsets in
        weights.withUnsafeBufferPointer { weights in
          var table = tk_resample_table(
            n_in: Int64(inputSize), n_out: Int64(outputSize), starts: starts.baseAddress, offsets: offsets.baseAddress,
            weights: weights.baseAddress)
          return body(&table)
        }
      }
    }
  }
}
