// The line search of LBFGS: brackets, then refines, a step length that satisfies the strong Wolfe conditions.
// Reference: Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6.

enum WolfeSearch {
  /// A length tried: the loss there, the gradient, and its slope along the direction.
  private struct Point {
    var length: Double
    var loss: Double
    var gradient: Tensor
    var slope: Double
  }

  /// `f(t) ≤ f(0) + c₁·t·f'(0)`: the loss falls enough.
  private static let c1 = 1e-4
  /// `|f'(t)| ≤ c₂·|f'(0)|`: the slope flattens enough.
  private static let c2 = 0.9

  static func run(
    length: Double, direction: Tensor, loss: Double, gradient: Tensor, slope: Double, toleranceChange: Double,
    maxEvaluations: Int, evaluate: (Double) throws -> (loss: Double, gradient: Tensor)
  ) throws -> (loss: Double, gradient: Tensor, length: Double, evaluations: Int) {
    let reach = try direction.abs().max().item(Double.self)
    var evaluations = 0
    func at(_ length: Double) throws -> Point {
      let (loss, gradient) = try evaluate(length)
      evaluations += 1
      return Point(
        length: length, loss: loss, gradient: gradient, slope: try gradient.dot(direction).item(Double.self))
    }
    func fallsTooLittle(_ p: Point) -> Bool { p.loss > loss + c1 * p.length * slope }
    func isFlat(_ p: Point) -> Bool { abs(p.slope) <= -c2 * slope }

    let start = Point(length: 0, loss: loss, gradient: gradient, slope: slope)
    var (previous, now) = (start, try at(length))
    var bracket: [Point] = []
    var iterations = 0
    var done = false
    while iterations < maxEvaluations {
      if fallsTooLittle(now) || (iterations > 1 && now.loss >= previous.loss) {
        bracket = [previous, now]
        break
      }
      if isFlat(now) {
        bracket = [now]
        done = true
        break
      }
      if now.slope >= 0 {
        bracket = [previous, now]
        break
      }
      let bounds = (now.length + 0.01 * (now.length - previous.length), now.length * 10)
      let next = interpolated(previous, now, bounds: bounds)
      previous = now
      now = try at(next)
      iterations += 1
    }
    if iterations == maxEvaluations { bracket = [start, now] }

    var stalled = false
    var (low, high) = bracket[0].loss <= bracket[bracket.count - 1].loss ? (0, 1) : (1, 0)
    while !done && iterations < maxEvaluations {
      if abs(bracket[1].length - bracket[0].length) * reach < toleranceChange { break }
      var t = interpolated(bracket[0], bracket[1])
      let (left, right) = (
        Swift.min(bracket[0].length, bracket[1].length), Swift.max(bracket[0].length, bracket[1].length)
      )
      // A length close to an end of the bracket twice in a row, or on it, makes no progress: go a tenth inside.
      let margin = 0.1 * (right - left)
      if Swift.min(right - t, t - left) < margin {
        if stalled || t >= right || t <= left {
          t = abs(t - right) < abs(t - left) ? right - margin : left + margin
          stalled = false
        } else {
          stalled = true
        }
      } else {
        stalled = false
      }
      now = try at(t)
      iterations += 1
      if fallsTooLittle(now) || now.loss >= bracket[low].loss {
        bracket[high] = now
        (low, high) = bracket[0].loss <= bracket[1].loss ? (0, 1) : (1, 0)
      } else {
        if isFlat(now) {
          done = true
        } else if now.slope * (bracket[high].length - bracket[low].length) >= 0 {
          bracket[high] = bracket[low]
        }
        bracket[low] = now
      }
    }
    let best = bracket[low]
    return (best.loss, best.gradient, best.length, evaluations)
  }

  /// The minimum of the cubic through two points with their slopes, within `bounds` or between the points.
  private static func interpolated(_ a: Point, _ b: Point, bounds: (Double, Double)? = nil) -> Double {
    let (left, right) = a.length <= b.length ? (a, b) : (b, a)
    let (low, high) = bounds ?? (left.length, right.length)
    let d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.length - b.length)
    let square = d1 * d1 - a.slope * b.slope
    guard square >= 0 else { return (low + high) / 2 }
    let d2 = square.squareRoot()
    let share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2)
    let minimum = right.length - (right.length - left.length) * share
    return Swift.min(Swift.max(minimum, low), high)
  }
}
