// The short way through + - * for small plain operands.
//
// A general call of an operator costs some hundred nanoseconds: its arguments are walked for gradients, invalid
// tensors and tracers, types are promoted, sizes broadcast, a plan of strides is made. Where two operands are plain
// (one dtype, one shape, contiguous, no mode that wants to see the call) none of that can matter, and this file
// does in about a hundred nanoseconds what the operator would do. It declines everything else.

import CTorchKernelHeaders

/// An arithmetic operator together with what its short way needs to know.
struct QuickArithmetic: Sendable {
  let function: MapFunction
  /// `AddBackward0`
  let gradientName: String
  /// The gradients by both operands.
  let pullback: @Sendable (_ g: Gradients, _ a: SavedTensor?, _ b: SavedTensor?) throws -> [Tensor?]
  /// Whether each operand is read by the gradient of the other one.
  let savesOperands: Bool
  /// The gradient by a tensor whose other operand is the number on its right.
  let scalarPullback: @Sendable (_ g: Tensor, _ number: Scalar) -> Tensor

  /// Beyond this many elements the work outweighs the call, and belongs on several threads.
  static let limit = 8192

  /// `a ∘ b`, or nil where the general way has to do it.
  @inline(__always)
  func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor? {
    guard a.dtype == b.dtype, a.shape == b.shape, isPlain(a), isPlain(b) else { return nil }
    let n = a.numel
    guard n <= QuickArithmetic.limit, let loop = function.loop(a.dtype)
    else { return nil }
    let modes = Modes.current
    let records = modes.isDisjoint(with: [.noGrad, .inference]) && !a.flags.union(b.flags).isDisjoint(with: .requiresGrad)
    if records, a.flags.union(b.flags).contains(.inference) { return nil }
    guard modes.isDisjoint(with: [.interposed, .anomaly, .batched]),
      let out = try? Tensor.uninitialized(a.shape, a.dtype)
    else { return nil }
    run(loop, n, out, a.pointer, a.dtype.itemSize, b.pointer, a.dtype.itemSize)
    if records { record(out, a, b) }
    return out
  }

  /// `a ∘ number`, or nil where the general way has to do it.
  @inline(__always)
  func callAsFunction(_ a: Tensor, _ number: Scalar) -> Tensor? {
    guard a.dtype == .float32 || a.dtype == .float64, number.category <= .floating, isPlain(a), !a.isWrappedNumber else { return nil }
    let n = a.numel
    let modes = Modes.current
    guard n <= QuickArithmetic.limit, let loop = function.loop(a.dtype), modes.isDisjoint(with: [.interposed, .anomaly, .batched]),
      let out = try? Tensor.uninitialized(a.shape, a.dtype)
    else { return nil }
    let value = number.doubleValue
    if a.dtype == .float32 {
      var element = Float(value)
      run(loop, n, out, a.pointer, 4, &element, 0)
    } else {
      var element = value
      run(loop, n, out, a.pointer, 8, &element, 0)
    }
    if modes.isDisjoint(with: [.noGrad, .inference]), a.flags.contains(.requiresGrad) {
      let node = Node(name: gradientName, edges: EdgeList(Edge(to: a), Edge(to: nil)))
      let rule = scalarPullback
      node.pullback = { g in [rule(g[0], number), nil] }
      node.attach(out)
    }
    return out
  }

  @inline(__always)
  private func isPlain(_ x: Tensor) -> Bool {
    x.flags.contains(.contiguous) && x.flags.isDisjoint(with: [.invalid, .differentiableView, .wrappedNumber])
      && x.storage.form == nil
  }

  @inline(__always)
  private func run(
    _ loop: tk_loop, _ n: Int, _ out: Tensor, _ a: UnsafeMutableRawPointer, _ aStride: Int, _ b: UnsafeMutableRawPointer,
    _ bStride: Int
  ) {
    let operands: InlineArray<3, UnsafeMutablePointer<CChar>?> = [
      out.storage.base.assumingMemoryBound(to: CChar.self), a.assumingMemoryBound(to: CChar.self),
      b.assumingMemoryBound(to: CChar.self),
    ]
    let strides: InlineArray<3, Int64> = [Int64(out.dtype.itemSize), Int64(aStride), Int64(bStride)]
    withUnsafeBytes(of: operands) { operands in
      withUnsafeBytes(of: strides) { strides in
        loop(
          Int64(n), operands.baseAddress!.assumingMemoryBound(to: UnsafeMutablePointer<CChar>?.self),
          strides.baseAddress!.assumingMemoryBound(to: Int64.self), nil)
      }
    }
  }

  @inline(never)
  private func record(_ out: Tensor, _ a: Tensor, _ b: Tensor) {
    let node = Node(name: gradientName, edges: EdgeList(Edge(to: a), Edge(to: b)))
    if savesOperands {
      let savedA = node.edges[1].isEmpty ? nil : SavedTensor(a, output: nil)
      let savedB = node.edges[0].isEmpty ? nil : SavedTensor(b, output: nil)
      let rule = pullback
      node.pullback = { g in try rule(g, savedA, savedB) }
    } else {
      let rule = pullback
      node.pullback = { g in try rule(g, nil, nil) }
    }
    node.attach(out)
  }
}

extension QuickArithmetic {
  static let add = QuickArithmetic(
    function: MapFunction("add"), gradientName: "AddBackward0",
    pullback: { g, _, _ in [g[0], g[0]] }, savesOperands: false, scalarPullback: { g, _ in g })

  static let sub = QuickArithmetic(
    function: MapFunction("sub"), gradientName: "SubBackward0",
    pullback: { g, _, _ in [g[0], g.needs(1) ? -g[0] : nil] }, savesOperands: false, scalarPullback: { g, _ in g })

  static let mul = QuickArithmetic(
    function: MapFunction("mul"), gradientName: "MulBackward0",
    pullback: { g, a, b in [try b.map { g[0] * (try $0.value.conj()) }, try a.map { g[0] * (try $0.value.conj()) }] },
    savesOperands: true, scalarPullback: { $0 * $1 })
}
