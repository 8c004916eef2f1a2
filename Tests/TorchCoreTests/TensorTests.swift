// Corner cases of tensors: empty and zero-dimensional ones, NaN, layouts, blocked storage, type promotion.

import Foundation
import Testing
import TestSupport
@preconcurrency import Torch

@Suite struct TensorTests {
  // MARK: Empty and zero-dimensional tensors

  @Test func emptyTensors() throws {
    let e = Tensor.zeros(0, 3)
    #expect(e.numel == 0 && (e + 1).shape == [0, 3] && (e + Tensor.ones(3)).shape == [0, 3])
    #expect(try e.sum().item(Float.self) == 0 && e.prod().item(Float.self) == 1)
    #expect(try e.mean().item(Float.self).isNaN)
    #expect(try e.sum(dim: 0).toArray(Float.self) == [0, 0, 0])
    #expect(try e.mean(dim: 0).toArray(Float.self).allSatisfy(\.isNaN))
    #expect(e.sum(dim: 1).shape == [0])
    #expect(e.t().shape == [3, 0] && e.reshape(3, 0, 2).shape == [3, 0, 2] && e.flatten().shape == [0])
    #expect(try Tensor.zeros(2, 0).matmul(Tensor.zeros(0, 3)).toArray(Float.self) == [0, 0, 0, 0, 0, 0])
    #expect(e.matmul(Tensor.zeros(3, 4)).shape == [0, 4])
    #expect(try Tensor.zeros(2, 0, 4).sum(dim: 1).toArray(Float.self) == Array(repeating: 0, count: 8))
    #expect(torch.cat([e, Tensor.ones(2, 3)]).shape == [2, 3])
    #expect(e.softmax(dim: 1).shape == [0, 3] && e.softmax(dim: 0).shape == [0, 3])
    #expect(e.max(dim: 1).values.shape == [0])
    #expect(e[e > 0].shape == [0] && e[Tensor.zeros(0, dtype: .int64)].shape == [0, 3])
    #expect(torch.conv2d(Tensor.zeros(0, 1, 5, 5), Tensor.zeros(2, 1, 3, 3)).shape == [0, 2, 3, 3])
    #expect(torch.maxPool2d(Tensor.zeros(0, 1, 4, 4), 2).shape == [0, 1, 2, 2])
    #expect(try e.all().item(Bool.self) && !e.any().item(Bool.self))
    #expect(e.clone().shape == [0, 3] && e.to(.int64).shape == [0, 3] && e.add_(e).shape == [0, 3])
    let x = Tensor.zeros(0, 3, requiresGrad: true)
    (x * 2).sum().backward()
    #expect(x.grad!.shape == [0, 3])
    #expect("\(e)" == "tensor([], size=(0, 3))")
    #expect(torch.rand(0).shape == [0] && torch.randn(3, 0).shape == [3, 0] && torch.randperm(0).shape == [0])
    #expect(try e.toArray(Float.self) == [] && e.scalars().isEmpty)
  }

  @Test func zeroDimensionalTensors() throws {
    let s = Tensor(3.0)
    #expect(s.shape == [] && s.ndim == 0 && s.numel == 1 && s.isContiguous)
    #expect(try s.sum(dim: 0).item(Float.self) == 3 && s.max(dim: 0).values.item(Float.self) == 3)
    #expect(try s.max(dim: -1).indices.item(Int.self) == 0)
    #expect(s.softmax(dim: 0).shape == [] && s.transpose(0, -1).shape == [] && s.t().shape == [])
    #expect(s.reshape(1, 1).shape == [1, 1] && s.flatten().shape == [1] && s.unsqueeze(0).shape == [1])
    #expect(s.view([]).shape == [] && s.expand(2, 3).shape == [2, 3] && s.squeeze().shape == [])
    #expect((s + Tensor.ones(2)).shape == [2] && (s * s).shape == [])
    let x = Tensor(2.0, requiresGrad: true)
    (x * x).backward()
    #expect(try x.grad!.item(Float.self) == 4)
    #expect(try torch.stack([s, s]).toArray(Float.self) == [3, 3])
    s.fill_(5)
    #expect(try s.item(Float.self) == 5)
  }

  @Test func notANumberGoesWhereItShould() throws {
    let n = Float.nan
    let x = Tensor([1, n, 3])
    let y = Tensor([n, 2, 2])
    func texts(_ t: Tensor) throws -> [String] { try t.toArray(Float.self).map { "\($0)" } }
    #expect(try texts(x.maximum(y)) == ["nan", "nan", "3.0"])
    #expect(try texts(x.minimum(y)) == ["nan", "nan", "2.0"])
    #expect(try texts(x.relu()) == ["1.0", "nan", "3.0"])
    #expect(try texts(x.clamp(min: 2)) == ["2.0", "nan", "3.0"])
    #expect(try texts(x.max()) == ["nan"] && texts(x.min()) == ["nan"])
    #expect(try x.argmax().item(Int.self) == 1 && x.argmin().item(Int.self) == 1)
    #expect(try texts(x.sum()) == ["nan"] && texts(x.softmax(dim: 0)) == ["nan", "nan", "nan"])
    #expect(try (x .== x).toArray(Bool.self) == [true, false, true])
    #expect(try (x .!= x).toArray(Bool.self) == [false, true, false])
    #expect(try (x < y).toArray(Bool.self) == [false, false, false])
    #expect(try texts(x.sign()) == ["1.0", "0.0", "1.0"] || texts(x.sign()) == ["1.0", "nan", "1.0"])
    #expect(try x.to(.bool).toArray(Bool.self) == [true, true, true])
    #expect(try texts(torch.maxPool2d(x.view(1, 1, 1, 3), [1, 3])) == ["nan"])
    #expect(try texts(torch.maxPool2d(Tensor([1, 2, n, 4]).view(1, 1, 2, 2), 2)) == ["nan"])
    #expect(try Tensor([Double.nan, .infinity, -.infinity]).mean().item(Double.self).isNaN)
  }

  // MARK: Layouts

  /// Every operator with a gradient case gives on inputs of another layout what it gives on contiguous ones.
  @Test(arguments: GradientTests.cases) func layoutsDoNotMatter(_ test: GradientCase) throws {
    let op = try #require(OperatorRegistry.find(test.op))
    // as_strided speaks of the memory itself.
    guard !test.op.hasPrefix("as_strided") else { return }
    let arguments = test.arguments()
    let plain = try op.callBoxed(arguments.map { relaid($0) { $0.detach().contiguous() } }).flatMap(GradientTests.tensors)
    for (name, layout) in layouts {
      let error = failure {
        let found = try op.callBoxed(arguments.map { relaid($0, layout) }).flatMap(GradientTests.tensors)
        #expect(found.count == plain.count)
        for (a, b) in zip(found, plain) {
          #expect(a.shape == b.shape && a.dtype == b.dtype, "\(name)")
          #expect(try closeTo(a, b), "\(name)")
        }
      }
      // Views alone may refuse a layout.
      let isRefusal = error?.message.hasPrefix("view size is not compatible") == true || test.op == "view_as_complex"
      if let error, !isRefusal { Issue.record("\(name): \(error)") }
    }
  }

  /// The same for their gradients.
  @Test(arguments: GradientTests.cases) func gradientsDoNotDependOnLayout(_ test: GradientCase) throws {
    let op = try #require(OperatorRegistry.find(test.op))
    guard !test.op.hasPrefix("as_strided"), !test.op.hasPrefix("view"), !test.op.hasPrefix("_unsafe_view") else { return }
    func gradients(_ layout: (Tensor) -> Tensor) throws -> [Tensor?] {
      let arguments = test.arguments()
      let leaves = arguments.flatMap(GradientTests.tensors).filter(\.requiresGrad)
      let outputs = try op.callBoxed(arguments.map { relaid($0, layout) }).flatMap(GradientTests.tensors)
        .filter(\.requiresGrad)
      let generator = Generator(seed: 11)
      let cotangents = outputs.map { layout(torch.randn($0.shape, dtype: $0.dtype, generator: generator)) }
      return try torch.autograd.grad(outputs, leaves, gradOutputs: cotangents, allowUnused: true)
    }
    try withErrors {
      let plain = try gradients { $0.contiguous() }
      for (name, layout) in layouts {
        for (a, b) in zip(try gradients(layout), plain) {
          #expect((a == nil) == (b == nil), "\(name)")
          if let a, let b { #expect(try a.shape == b.shape && closeTo(a, b), "\(name)") }
        }
      }
    }
  }

  // MARK: Blocked storage (see Storage+Blocked.swift)

  /// conv → relu → pool, whose values oneDNN may keep in its own layout.
  private func blocked() -> Tensor {
    let generator = Generator(seed: 1)
    let x = torch.randn(4, 1, 12, 12, generator: generator)
    let w = torch.randn(32, 1, 3, 3, generator: generator)
    let v = torch.randn(32, 32, 3, 3, generator: generator)
    return torch.maxPool2d(torch.conv2d(torch.conv2d(x, w).relu(), v).relu(), 2)
  }

  private func plainTwin() throws -> Tensor {
    // The same values by way of an array: in plain strides for sure.
    let b = blocked()
    return try Tensor.from(b.toArray(Float.self), shape: b.shape)
  }

  @Test func blockedValuesAgreeWithDoublePrecision() throws {
    let generator = Generator(seed: 1)
    let x = torch.randn(4, 1, 12, 12, generator: generator).double()
    let w = torch.randn(32, 1, 3, 3, generator: generator).double()
    let v = torch.randn(32, 32, 3, 3, generator: generator).double()
    let wanted = torch.maxPool2d(torch.conv2d(torch.conv2d(x, w).relu(), v).relu(), 2)
    let worst = try distance(blocked(), wanted.toArray(Double.self))
    #expect(worst < 1e-4, "\(worst)")
  }

  @Test func blockedStorageIsSeenAsPlainByEverybody() throws {
    let plain = try plainTwin()
    let readers: [(String, (Tensor) -> Tensor)] = [
      ("view", { $0.view(4, -1) }), ("transpose", { $0.transpose(1, 3) }), ("contiguous", { $0.transpose(1, 3).contiguous() }),
      ("select", { $0[2] }), ("slice", { $0[1..<3, 4...] }), ("step", { $0.slice(dim: 1, start: 1, step: 3) }),
      ("index", { $0[Tensor([3, 0])] }), ("mask", { $0[$0 > 1] }), ("clone", { $0.clone() }),
      ("clone of a view", { $0[1].clone() }), ("detach", { $0.detach() }), ("to", { $0.double() }),
      ("add", { $0 + $0 }), ("add number", { $0 * 2 - 1 }), ("add plain", { $0 + Tensor.ones($0.shape) }),
      ("broadcast", { $0 + Tensor.arange(32).reshape(1, 32, 1, 1) }), ("sum", { $0.sum(dim: [0, 2]) }),
      ("matmul", { $0.flatten(1).matmul(Tensor.ones(512, 2)) }), ("cat", { torch.cat([$0, $0], dim: 1) }),
      ("softmax", { $0.softmax(dim: 1) }), ("pool", { torch.maxPool2d($0, 2) }), ("alias", { $0[...] }),
      ("conv", { torch.conv2d($0, Tensor.ones(1, 32, 2, 2)) }), ("as_strided", { $0.asStrided([3, 2], [1, 7], storageOffset: 5) }),
      ("fill", { $0.clone().fill_(2) }), ("where", { torch.where($0 > 0, $0, $0 * 2) }), ("expand", { $0[0].expand(2, 32, 4, 4) }),
      ("in place", { $0.add_(Tensor(1.0)) }), ("in place part", { x in x[1].zero_(); return x }),
      ("assignment", { x in x[0, 1] = 7; return x }), ("in place relu", { $0.sub_(Tensor(1.0)).relu_() }),
      ("copy", { $0.copy_($0.flip()) }), ("uniform", { $0.uniform_(generator: Generator(seed: 2)) }),
      ("older view", { x in let v = x[0]; x.mul_(Tensor(3.0)); return v }),
      ("write through a view", { x in x.view(-1)[5] = 100; return x }),
      ("max", { $0.max(dim: 1).indices }), ("batch norm", { x in
        try! OperatorRegistry.call("batch_norm", [.tensor(x), .none, .none, .none, .none, .bool(true), .double(0.1), .double(1e-5), .bool(false)])[0].tensor!
      }),
    ]
    for (name, read) in readers {
      let (found, wanted) = (read(blocked()), read(plain.clone()))
      #expect(found.shape == wanted.shape && found.strides == wanted.strides && found.dtype == wanted.dtype, "\(name)")
      #expect(try closeTo(found, wanted, 1e-5), "\(name)")
    }
  }

  @Test func sharedBlockedStorageSeesWritesOfItsViews() throws {
    let b = blocked()
    let (alias, detached, part) = (b[...], b.detach(), b[1, 2])
    part.fill_(42)
    for x in [b, alias, detached] { #expect(try x[1, 2].toArray(Float.self) == Array(repeating: 42, count: 16)) }
    b.zero_()
    #expect(try part.sum().item(Float.self) == 0 && alias.sum().item(Float.self) == 0)
  }

  @Test func gradientsThroughBlockedStorage() throws {
    func gradient(_ dtype: DType, _ readsBetween: Bool) throws -> Tensor {
      let generator = Generator(seed: 1)
      let x = torch.randn(2, 1, 12, 12, generator: generator).to(dtype).requiresGrad_()
      let w = torch.randn(32, 1, 3, 3, generator: generator).to(dtype)
      let c = torch.conv2d(x, w)
      if readsBetween { _ = try c.toArray(Float.self) }
      let r = c.relu()
      let p = torch.maxPool2d(r, 2)
      if readsBetween { _ = try (r[0].sum() + p.view(-1)[3]).item() }
      (p * p).sum().backward()
      return x.grad!
    }
    let wanted = try gradient(.float64, false).toArray(Double.self)
    #expect(try distance(gradient(.float32, false), wanted) < 1e-4)
    #expect(try distance(gradient(.float32, true), wanted) < 1e-4)
  }

  @Test func manyThreadsReadOneBlockedTensor() throws {
    let plain = try plainTwin()
    let kernel = torch.randn(8, 32, 2, 2, generator: Generator(seed: 5))
    let wanted: [[Float]] = try [
      plain.toArray(), (plain + plain).toArray(), torch.maxPool2d(plain, 2).toArray(), torch.conv2d(plain, kernel).toArray(),
      plain[1].relu().toArray(),
    ]
    let wrong = Counter()
    for _ in 0..<60 {
      let shared = blocked()
      let group = DispatchGroup()
      for n in 0..<5 {
        group.enter()
        Thread.detachNewThread {
          let found: [Float]? =
            switch n {
            case 0: try? shared.toArray()
            case 1: try? (shared + shared).toArray()
            case 2: try? torch.maxPool2d(shared, 2).toArray()
            case 3: try? torch.conv2d(shared, kernel).toArray()
            default: try? shared[1].relu().toArray()
            }
          let close = found.map { zip($0, wanted[n]).allSatisfy { abs($0 - $1) <= 1e-3 * Swift.max(1, abs($1)) } }
          if found?.count != wanted[n].count || close != true { wrong.increment() }
          group.leave()
        }
      }
      group.wait()
    }
    #expect(wrong.value == 0)
  }

  // MARK: Types

  @Test func typesPromoteAsInPyTorch() throws {
    let table = try fixture("promotion/table.json", Promotions.self)
    for row in table.rows {
      let (a, b) = (Operand(row[0]!, row[1]!), Operand(row[2]!, row[3]!))
      let results: [(String, String?, () -> Tensor)] = [
        ("+", row[4], { a.plus(b) }), ("*", row[5], { a.times(b) }), ("/", row[6], { a.over(b) }),
      ]
      for (sign, wanted, compute) in results {
        guard let wanted else { continue }
        #expect(compute().dtype.name == wanted, "\(row[0]!) \(row[1]!) \(sign) \(row[2]!) \(row[3]!)")
      }
    }
  }

  /// Under another default dtype. The default belongs to the process, so only the pure rule is asked here.
  @Test func promotionOfDTypesIsSymmetric() {
    for a in DType.allCases {
      for b in DType.allCases {
        #expect(DType.promote(a, b) == DType.promote(b, a))
        #expect(DType.promote(a, a) == a)
      }
    }
  }

  /// Long expressions must type-check in an instant (few overloads; see the house style). This compiles, so they do.
  @Test func aLongExpressionTypeChecks() throws {
    let (a, b, c) = (Tensor(2.0, dtype: .float64), Tensor(3.0, dtype: .float64), Tensor(5.0, dtype: .float64))
    let y = a * b + c / 2 - 3 * a + (b - 1) * (c + 0.5) / (a * a + 1) - b * c * 2 + 4 / a - (1 - b) * (2 - c) + a * 0.25 - b / 8 + -c * 3
    #expect(try abs(y.item(Double.self) + 44.175) < 1e-9, "\(y)")
  }
}

/// Layouts that hold the same values: dimensions reversed in memory, gaps between elements, an offset.
private let layouts: [(String, @Sendable (Tensor) -> Tensor)] = [
  ("reversed", { x in
    let order = Array((0..<x.ndim).reversed())
    return x.permute(order).contiguous().permute(order)
  }),
  ("stepped", { x in x.ndim == 0 ? x : torch.stack([x, Tensor.zeros(like: x)], dim: -1).select(-1, 0) }),
  ("offset", { x in x.ndim == 0 ? torch.stack([Tensor.zeros(like: x), x])[1] : torch.cat([x, x], dim: 0).slice(start: x.shape[0]) }),
]

private func relaid(_ value: Value, _ layout: (Tensor) -> Tensor) -> Value {
  switch value {
  case .tensor(let tensor): .tensor(layout(tensor))
  case .list(let values): .list(values.map { relaid($0, layout) })
  default: value
  }
}

private func closeTo(_ a: Tensor, _ b: Tensor, _ tolerance: Double = 1e-12) throws -> Bool {
  try distance(a, b.toArray(Double.self)) <= tolerance
}

private final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  var value: Int { lock.withLock { count } }
  func increment() { lock.withLock { count += 1 } }
}

private struct Promotions: Decodable {
  let rows: [[String?]]
}

/// A tensor with or without dimensions, or a number.
private struct Operand {
  enum Number { case bool(Bool), int(Int), double(Double), complex }
  var tensor: Tensor?
  var number: Number?

  init(_ kind: String, _ dtype: String) {
    let type = DType.allCases.first { $0.name == dtype }!
    switch (kind, dtype) {
    case ("dimensioned", _): tensor = Tensor.ones(2, dtype: type)
    case ("zero", _): tensor = Tensor.ones([], dtype: type)
    case (_, "bool"): number = .bool(true)
    case (_, "int64"): number = .int(2)
    case (_, "float64"): number = .double(1.5)
    default: number = .complex
    }
  }

  /// As boxed calls see it: there a number beside a tensor is a wrapped number.
  private var value: Value {
    if let tensor { return .tensor(tensor) }
    switch number! {
    case .bool(let b): return .bool(b)
    case .int(let n): return .int(n)
    case .double(let d): return .double(d)
    case .complex: return .scalar(.complex(.init(1, 2)))
    }
  }

  private func call(_ name: String, _ other: Operand, _ rest: Value...) -> Tensor {
    try! OperatorRegistry.call(name, [value, other.value] + rest)[0].tensor!
  }

  /// By the operator in Swift where both sides have one, so that its short way is taken too.
  private func apply(
    _ other: Operand, _ tensors: (Tensor, Tensor) -> Tensor, _ right: (Tensor, any ScalarConvertible) -> Tensor,
    _ left: (any ScalarConvertible, Tensor) -> Tensor, _ boxed: () -> Tensor
  ) -> Tensor {
    if let tensor, let second = other.tensor { return tensors(tensor, second) }
    switch (tensor, number, other.tensor, other.number) {
    case (let t?, _, _, .int(let n)?): return right(t, n)
    case (let t?, _, _, .double(let d)?): return right(t, d)
    case (_, .int(let n)?, let t?, _): return left(n, t)
    case (_, .double(let d)?, let t?, _): return left(d, t)
    default: return boxed()
    }
  }

  func plus(_ other: Operand) -> Tensor {
    apply(other, +, { $0 + $1 }, { $0 + $1 }) { call("add.Tensor", other, .int(1)) }
  }
  func times(_ other: Operand) -> Tensor {
    apply(other, *, { $0 * $1 }, { $0 * $1 }) { call("mul.Tensor", other) }
  }
  func over(_ other: Operand) -> Tensor {
    apply(other, /, { $0 / $1 }, { $0 / $1 }) { call("div.Tensor", other) }
  }
}
