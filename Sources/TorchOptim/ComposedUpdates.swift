// The pieces that update formulas are written in, for parameters the fused kernels do not take.
// They round as PyTorch's in-place operators of the same names do, up to fused multiply-adds.

import Foundation

extension Tensor {
  /// `self += value · a · b`
  func addcmulInPlace(_ a: Tensor, _ b: Tensor, _ value: Double) {
    add_(value == 1 ? a * b : (a * b) * value)
  }

  /// `self += value · a / b`
  func addcdivInPlace(_ a: Tensor, _ b: Tensor, _ value: Double) {
    add_(value == 1 ? a / b : (a * value) / b)
  }

  /// `self += weight · (end - self)`, computed from the nearer end.
  func lerpInPlace(_ end: Tensor, _ weight: Double) {
    if Swift.abs(weight) < 0.5 {
      add_((end - self) * weight)
    } else {
      copy_(end - (end - self) * (1 - weight))
    }
  }

  /// `self *= factor`
  func scaleInPlace(_ factor: Double) { copy_(self * factor) }
}

/// The gradient as the formulas take it: negated to maximize, with weight decay added.
func effectiveGradient(_ parameter: Tensor, maximize: Bool, weightDecay: Double) -> Tensor {
  let gradient = maximize ? -parameter.grad! : parameter.grad!
  return weightDecay == 0 ? gradient : gradient.add(parameter, alpha: Scalar(weightDecay))
}

extension Array where Element == Tensor {
  /// Splits parameters into those one fused call can take (contiguous, float32 or float64, their gradients and state
  /// as well), by dtype, and the rest.
  func fusable(state: (Tensor) -> [Tensor?]) -> (fused: [[Tensor]], composed: [Tensor]) {
    var float: [Tensor] = []
    var double: [Tensor] = []
    var rest: [Tensor] = []
    for parameter in self {
      let all = [parameter.grad] + state(parameter)
      let fits = parameter.isContiguous
        && all.allSatisfy { $0.map { $0.isValid && $0.isContiguous && $0.dtype == parameter.dtype && $0.shape == parameter.shape } ?? true }
      switch parameter.dtype {
      case .float32 where fits: float.append(parameter)
      case .float64 where fits: double.append(parameter)
      default: rest.append(parameter)
      }
    }
    return ([float, double].filter { !$0.isEmpty }, rest)
  }
}

/// `base` to the `exponent`, as Python's `**` computes it.
func power(_ base: Double, _ exponent: Int) -> Double { pow(base, Double(exponent)) }
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
