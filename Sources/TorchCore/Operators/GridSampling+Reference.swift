// The gradients of grid sampling in tensor operations, whose derivative is the second derivative.
//
// What decides where to read (floors, clamps, reflections) is computed outside of the graph; a position's dependence on the
// grid is put back as its slope, so that the derivative at a kink is the kernel's.

extension GridSampling {
  /// The taps of all points along one dimension: where they are, whether that is inside, their weight and its derivative.
  private struct Tap {
    let index: Tensor
    let inside: Tensor
    let weight: Tensor
    let slope: Tensor
  }

  static func referenceBackward(
    _ problem: Problem, _ g: Tensor, _ x: Tensor, _ grid: Tensor
  ) -> (byInput: Tensor, byGrid: Tensor) {
    let rank = x.ndim - 2
    let (n, c) = (x.shape[0], x.shape[1])
    let sizes = Array(x.shape.dropFirst(2))
    let points = grid.shape.dropFirst().dropLast().reduce(1, *)
    let flat = x.reshape([n, c, sizes.reduce(1, *)])
    let gradient = g.reshape([n, c, points])
    let positions = grid.reshape([n, points, rank])
    // Coordinate 0 belongs to the last dimension.
    let taps = (0..<rank).map { k in along(problem, positions.select(-1, k), sizes[rank - 1 - k]) }
    var byInput = Tensor.zeros(flat.shape, dtype: x.dtype)
    var byPosition = Array(repeating: Tensor.zeros([n, points], dtype: x.dtype), count: rank)
    var choice = Array(repeating: 0, count: rank)
    while true {
      let chosen = (0..<rank).map { taps[$0][choice[$0]] }
      var index = Tensor.zeros([n, points], dtype: .int64)
      var inside = Tensor.ones([n, points], dtype: x.dtype)
      for k in (0..<rank).reversed() {
        index = index * sizes[rank - 1 - k] + chosen[k].index
        inside = inside * chosen[k].inside
      }
      let place = index.unsqueeze(1).expand([n, c, points])
      func product(slopeOf dim: Int?) -> Tensor {
        (0..<rank).reduce(inside) { $0 * ($1 == dim ? chosen[$1].slope : chosen[$1].weight) }.unsqueeze(1)
      }
      byInput = byInput.scatterAdd(2, place, gradient * product(slopeOf: nil))
      let read = flat.gather(2, place) * gradient
      for k in 0..<rank { byPosition[k] = byPosition[k] + (read * product(slopeOf: k)).sum(dim: 1) }
      guard let next = (0..<rank).first(where: { choice[$0] + 1 < taps[$0].count }) else { break }
      for k in 0..<next { choice[k] = 0 }
      choice[next] += 1
    }
    return (byInput.reshape(Array(x.shape)), torch.stack(byPosition, dim: -1).reshape(Array(grid.shape)))
  }

  private static func along(_ problem: Problem, _ position: Tensor, _ size: Int) -> [Tap] {
    let last = Double(size - 1)
    func tap(_ place: Tensor, _ weight: Tensor, _ slope: Tensor) -> Tap {
      torch.noGrad {
        let inside = (place >= 0) .& (place <= last)
        return Tap(
          index: place.clamp(min: 0, max: .double(last)).to(.int64), inside: inside.to(position.dtype), weight: weight,
          slope: slope)
      }
    }
    let scale = problem.alignCorners ? last / 2 : Double(size) / 2
    let (start, slope): (Tensor, Tensor) = torch.noGrad {
      let pixels = (position + 1) * scale - (problem.alignCorners ? 0 : 0.5)
      let raw = (pixels, Tensor.full(pixels.shape, .double(scale), dtype: position.dtype))
      return problem.mode == .cubic ? raw : padded(problem, raw, size)
    }
    let one = Tensor.ones(position.shape, dtype: position.dtype)
    if problem.mode == .nearest { return [tap(torch.noGrad { start.round() }, one, one * 0)] }
    let low = torch.noGrad { start.floor() }
    // How far past `low`, as a function of the grid.
    let t = (start - low) + slope * (position - position.detach())
    if problem.mode == .linear { return [tap(low, 1 - t, -slope), tap(low + 1, t, slope)] }
    let a = -0.75
    func near(_ x: Tensor) -> (Tensor, Tensor) {
      let (cubic, square) = (a + 2, a + 3)
      let (inner, slope): (Tensor, Tensor) = (x * cubic - square, x * (3 * cubic) - 2 * square)
      return (inner * x * x + 1, slope * x)
    }
    func far(_ x: Tensor) -> (Tensor, Tensor) {
      let (inner, slope): (Tensor, Tensor) = ((x * a - 5 * a) * x + 8 * a, x * (3 * a) - 10 * a)
      return (inner * x - 4 * a, slope * x + 8 * a)
    }
    let weights = [far(t + 1), near(t), near(1 - t), far(2 - t)]
    return weights.enumerated().map { i, both in
      let place = torch.noGrad { padded(problem, (low + (i - 1), one), size).0 }
      return tap(place, both.0, (i < 2 ? both.1 : -both.1) * slope)
    }
  }

  /// Positions moved inside as the padding mode says, and their slopes.
  private static func padded(_ problem: Problem, _ place: (Tensor, Tensor), _ size: Int) -> (Tensor, Tensor) {
    var (value, slope) = place
    let last = Double(size - 1)
    if problem.padding == .zeros { return place }
    if problem.padding == .reflection {
      let (low, span) = problem.alignCorners ? (0.0, last) : (-0.5, Double(size))
      if span == 0 {
        (value, slope) = (value * 0, slope * 0)
      } else {
        let from = value - low
        let away = from.abs()
        let flips = (away / span).floor()
        let extra = away - flips * span
        let isEven = flips.remainder(2) .== 0
        let forward = slope * torch.where(from < 0, -Tensor.ones(like: from), Tensor.ones(like: from))
        value = torch.where(isEven, extra + low, -extra + (span + low))
        slope = torch.where(isEven, forward, -forward)
      }
    }
    let isInside = (value > 0) .& (value < last)
    return (value.clamp(min: 0, max: .double(last)), slope * isInside.to(slope.dtype))
  }
}
