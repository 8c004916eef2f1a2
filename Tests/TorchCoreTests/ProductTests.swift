// Products large enough for kernels of their own, in every layout, against products in float64; products of groups.

import Testing
import Torch

@Suite struct ProductTests {
  private func random(_ shape: Shape, seed: UInt64, _ dtype: DType = .float32) -> Tensor {
    torch.randn(shape, generator: Generator(seed: seed)).to(dtype)
  }

  /// The largest difference from the product in float64, over the sums of the absolute products: within a few roundings of
  /// the dtype whatever the sizes are.
  private func expectClose(_ y: Tensor, _ a: Tensor, _ b: Tensor, plus c: Tensor? = nil, _ tolerance: Double) throws {
    let (a, b, c) = (a.to(.float64), b.to(.float64), c?.to(.float64))
    let expected = c.map { $0 + a.matmul(b) } ?? a.matmul(b)
    let size = c.map { $0.abs() + a.abs().matmul(b.abs()) } ?? a.abs().matmul(b.abs())
    #expect(y.shape == expected.shape)
    #expect(try ((y.to(.float64) - expected).abs() / size).amax().item(Double.self) < tolerance)
  }

  @Test(
    arguments: [DType.float32, .bfloat16],
    [[1, 2, 700, 300], [3, 5, 640, 129], [1, 200, 2, 900], [2, 97, 101, 103]])
  func largeProductsInEveryLayout(_ dtype: DType, _ sizes: [Int]) throws {
    // Of float32 the sums' roundings, of bfloat16 the result's.
    let tolerance = dtype == .float32 ? 2e-6 : 1 / 256.0
    let (batch, n, m, k) = (sizes[0], sizes[1], sizes[2], sizes[3])
    try withErrors {
      let plain = random([batch, n, k], seed: 1, dtype), other = random([batch, k, m], seed: 2, dtype)
      let turned = random([batch, k, n], seed: 3, dtype).transpose(1, 2)
      let otherTurned = random([batch, m, k], seed: 4, dtype).transpose(1, 2)
      let strided = random([batch, n, k, 2], seed: 5, dtype).select(3, 1)
      let padded = random([batch, k, m + 3], seed: 6, dtype).narrow(2, 1, m)
      for a in [plain, turned, strided] {
        for b in [other, otherTurned, padded] {
          try expectClose(a.bmm(b), a, b, tolerance)
          try expectClose(a[0].mm(b[0]), a[0], b[0], tolerance)
          let c = random([batch, n, m], seed: 7, dtype)
          try expectClose(c.baddbmm(a, b), a, b, plus: c, tolerance)
          try expectClose(c[0].addmm(a[0], b[0]), a[0], b[0], plus: c[0], tolerance)
          let row = c[0][0]
          try expectClose(row.addmm(a[0], b[0]), a[0], b[0], plus: row, tolerance)
        }
        let same = other.narrow(0, 0, 1).expand(batch, k, m)
        try expectClose(a.bmm(same), a, same, tolerance)
      }
    }
  }

  @Test func largeProductsKeepInfinitiesAndNaN() throws {
    let a = random([64, 80], seed: 1), b = random([80, 70], seed: 2)
    a[3, 5] = Double.nan
    b[7, 9] = Double.infinity
    let y = a.mm(b)
    let (row, rest) = (try y[3].isnan().all().item(Bool.self), try y[4].isnan().any().item(Bool.self))
    #expect(row && !rest)
    #expect(try y.select(1, 9)[4].isinf().item(Bool.self))
  }

  /// Results do not depend on who else multiplies.
  @Test func threadsMultiplyAtOnce() async throws {
    let a = random([96, 128], seed: 1), b = random([128, 64], seed: 2)
    let expected = try a.mm(b).toArray(Float.self)
    try await withThrowingTaskGroup(of: [Float].self) { group in
      for _ in 0..<8 {
        group.addTask {
          var last: [Float] = []
          for _ in 0..<50 { last = try a.mm(b).toArray(Float.self) }
          return last
        }
      }
      for try await result in group { #expect(result == expected) }
    }
  }

  @Test func productsOfGroups() throws {
    let grouped = try #require(OperatorRegistry.find("aten::_grouped_mm"))
    func call(_ a: Tensor, _ b: Tensor, _ ends: [Int]?) throws -> Tensor {
      let offsets: Value = ends.map { .tensor(Tensor($0, dtype: .int32)) } ?? .none
      return try grouped.callBoxed([.tensor(a), .tensor(b), offsets, .none, .none])[0].tensor!
    }
    func same(_ a: Tensor, _ b: Tensor) -> Bool { (try? a.equal(b)) ?? false }
    try withErrors {
      let x = random([6, 4], seed: 1), w = random([3, 4, 5], seed: 2)
      // The second group is empty, the last row belongs to none.
      let rows = try call(x, w, [2, 2, 5])
      #expect(same(rows, torch.cat([x[0..<2].mm(w[0]), x[2..<5].mm(w[2]), Tensor.zeros(1, 5)])))
      let y = random([4, 6], seed: 3), v = random([3, 5, 4], seed: 4)
      let columns = try call(v, y, [1, 4, 6])
      #expect(
        same(
          columns, torch.cat([v[0].mm(y[0..., 0..<1]), v[1].mm(y[0..., 1..<4]), v[2].mm(y[0..., 4..<6])], dim: 1)))
      let inner = try call(x.t(), x, [2, 6])
      #expect(same(inner, torch.stack([x[0..<2].t().mm(x[0..<2]), x[2..<6].t().mm(x[2..<6])])))
      #expect(try same(call(v, w, nil), v.bmm(w)))
    }
    for (a, b, ends, message) in [
      (
        Tensor.ones(2, 3), Tensor.ones(2, 3, 4), nil,
        "Have to provide offsets if there is a 2d matrix, or no offset if both matrices are 3d"
      ),
      (Tensor.ones(2, 3), Tensor.ones(2, 4, 4), [1, 2], "contraction dimension of mat_a and mat_b must match"),
      (Tensor.ones(2, 3), Tensor.ones(2, 3, 4), [2], "matrix batch sizes have to match"),
      (Tensor.ones(2, 3), Tensor.ones(2, 3, 4), [2, 3], "offs must not fall, and end at 2 at most, but got [2, 3]"),
    ] as [(Tensor, Tensor, [Int]?, String)] {
      #expect { try call(a, b, ends) } throws: { ($0 as? TorchError)?.message.contains(message) ?? false }
    }
  }
}
