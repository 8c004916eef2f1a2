// Whether a value is what a case expects.
//
// The tolerances are those the cases state: |y − e| ≤ atol + rtol·|e|, NaN equal to NaN, infinities to their like.
// Without tolerances (integers, bool) values are equal.

import ComplexModule
import TorchCore

extension Expectation {
  /// Throws a `Mismatch` that begins with `what` where `value` is something else.
  func check(_ value: Value, _ tensors: CaseTensors, _ what: String, unordered: Bool = false) throws {
    if meta == true { return try checkKind(value, what) }
    if let expected = scalar?.scalar { return try checkNumber(value, expected, what) }
    guard none != true else {
      guard case .tensor(let tensor) = value else { return }
      let isZero = try tensor.detach().toArray(Complex<Double>.self).allSatisfy { $0 == .zero }
      guard isZero else { throw Mismatch("\(what): expected no gradient") }
      return
    }
    guard let key = tensor, let dtypeName = dtype else { throw Mismatch("\(what): nothing is expected") }
    let expected = try tensors.value(key, dtypeName)
    // An undefined gradient is zero.
    let actual = value.tensor?.detach() ?? Tensor.zeros(expected.shape, dtype: expected.dtype)
    guard actual.dtype == expected.dtype else {
      throw Mismatch("\(what): dtype \(actual.dtype) is not \(expected.dtype)")
    }
    guard actual.shape == expected.shape else {
      throw Mismatch("\(what): sizes \(actual.shape) are not \(expected.shape)")
    }
    if let rtol, let atol {
      try Self.checkClose(actual, expected, rtol, atol, what, unordered: unordered)
    } else {
      let (a, b) = (try actual.toArray(Int.self), try expected.toArray(Int.self))
      let wrong = zip(a, b).count { $0 != $1 }
      guard wrong == 0 else { throw Mismatch("\(what): \(wrong) of \(a.count) differ") }
    }
  }

  private func checkKind(_ value: Value, _ what: String) throws {
    guard let dtype, let shape else { return }
    guard let tensor = value.tensor, tensor.dtype.name == dtype, tensor.shape == shape else {
      throw Mismatch("\(what): expected \(dtype)\(shape)")
    }
  }

  private func checkNumber(_ value: Value, _ expected: Scalar, _ what: String) throws {
    guard case .scalar(let actual) = value else { throw Mismatch("\(what): not a number") }
    func close(_ a: Double, _ b: Double) -> Bool { a == b || a.isNaN && b.isNaN || abs(a - b) <= 1e-6 * abs(b) + 1e-6 }
    let isSame =
      switch (actual, expected) {
      case (.int(let a), .int(let b)): a == b
      case (.bool(let a), .bool(let b)): a == b
      case (.double(let a), .double(let b)): close(a, b)
      case (.complex(let a), .complex(let b)): close(a.rawStorage.x, b.rawStorage.x) && close(a.rawStorage.y, b.rawStorage.y)
      default: false
      }
    guard isSame else { throw Mismatch("\(what): \(actual) is not \(expected)") }
  }

  private static func checkClose(
    _ actual: Tensor, _ expected: Tensor, _ rtol: Double, _ atol: Double, _ what: String, unordered: Bool
  ) throws {
    var wrong = 0
    var worst = 0.0
    let count = expected.numel
    if actual.dtype.isComplex {
      let (a, b) = (try actual.toArray(Complex<Double>.self), try expected.toArray(Complex<Double>.self))
      func close(_ a: Complex<Double>, _ b: Complex<Double>) -> Bool {
        if a == b { return true }
        guard a.isFinite, b.isFinite else {
          let ((ax, ay), (bx, by)) = (a.rawStorage, b.rawStorage)
          return a.isNaNLike && b.isNaNLike || ax == bx && ay == by
        }
        return (a - b).length <= atol + rtol * b.length
      }
      if unordered, b.allSatisfy({ e in a.contains { close($0, e) } }), a.allSatisfy({ y in b.contains { close(y, $0) } }) {
        return
      }
      for (y, e) in zip(a, b) where !close(y, e) {
        wrong += 1
        worst = max(worst, (y - e).length)
      }
    } else {
      let (a, b) = (try actual.toArray(Double.self), try expected.toArray(Double.self))
      func close(_ y: Double, _ e: Double) -> Bool {
        if y == e || y.isNaN && e.isNaN { return true }
        return y.isFinite && e.isFinite && abs(y - e) <= atol + rtol * abs(e)
      }
      if unordered, b.allSatisfy({ e in a.contains { close($0, e) } }), a.allSatisfy({ y in b.contains { close(y, $0) } }) {
        return
      }
      for (y, e) in zip(a, b) where !close(y, e) {
        wrong += 1
        worst = max(worst, abs(y - e))
      }
    }
    guard wrong == 0 else {
      throw Mismatch("\(what): \(wrong) of \(count) beyond rtol \(rtol), atol \(atol); the largest error is \(worst)")
    }
  }
}

extension Complex<Double> {
  fileprivate var isNaNLike: Bool { rawStorage.x.isNaN || rawStorage.y.isNaN }
}
